//! The types of the schema, read from its text once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use graphql_parser::schema::{self as ast, Definition, TypeDefinition};

use crate::emulator::gitlab::{abilities, levels};
use crate::emulator::switch::Switches;

const TEXT: &str = include_str!("schema.graphql");

/// A type reference such as `[MemberRolePermission!]`.
pub(super) type TypeRef = ast::Type<'static, String>;

/// What gives the values of an enum for a version.
type Values = fn(&Switches) -> Vec<String>;

/// What a name stands for.
#[derive(Debug)]
pub(super) enum Kind {
    Scalar,
    Enum(Vec<String>),
    /// Values that depend on the version.
    VersionEnum(Values),
    Object(BTreeMap<String, FieldType>),
    Input(BTreeMap<String, TypeRef>),
}

/// A field of an object.
#[derive(Debug)]
pub(super) struct FieldType {
    pub(super) arguments: BTreeMap<String, TypeRef>,
    pub(super) of: TypeRef,
}

/// All types by name.
#[derive(Debug)]
pub(super) struct Schema(BTreeMap<String, Kind>);

/// The schema, or why its text is wrong.
pub(super) static SCHEMA: LazyLock<Result<Schema, String>> = LazyLock::new(read);

fn read() -> Result<Schema, String> {
    let document = ast::parse_schema::<String>(TEXT).map_err(|error| error.to_string())?.into_static();
    let mut types = BTreeMap::new();
    for definition in document.definitions {
        let Definition::TypeDefinition(definition) = definition else {
            return Err("the schema has something besides types".to_owned());
        };
        let inputs = |values: Vec<ast::InputValue<'static, String>>| {
            values.into_iter().map(|value| (value.name, value.value_type)).collect()
        };
        let (name, kind) = match definition {
            TypeDefinition::Scalar(scalar) => (scalar.name, Kind::Scalar),
            TypeDefinition::Enum(one) => {
                (one.name, Kind::Enum(one.values.into_iter().map(|value| value.name).collect()))
            }
            TypeDefinition::InputObject(input) => (input.name, Kind::Input(inputs(input.fields))),
            TypeDefinition::Object(object) => {
                let fields = object.fields.into_iter().map(|field| {
                    (field.name, FieldType { arguments: inputs(field.arguments), of: field.field_type })
                });
                (object.name, Kind::Object(fields.collect()))
            }
            TypeDefinition::Interface(_) | TypeDefinition::Union(_) => {
                return Err("the schema has interfaces or unions".to_owned());
            }
        };
        types.insert(name, kind);
    }
    let dynamic: [(&str, Values); 6] = [
        ("MemberRolePermission", |switches| permissions(switches, None)),
        ("MemberRoleStandardPermission", |switches| permissions(switches, Some(false))),
        ("MemberRoleAdminPermission", |switches| permissions(switches, Some(true))),
        ("MemberRolesAccessLevel", |switches| {
            let bases = levels::all(switches).filter(|level| levels::is_base(*level, switches));
            bases.map(|level| levels::name(level).to_owned()).collect()
        }),
        ("MemberAccessLevelName", |switches| {
            levels::all(switches).map(|level| levels::name(level).to_owned()).collect()
        }),
        ("AccessLevelEnum", |switches| {
            let known = levels::all(switches).map(levels::name);
            ["NO_ACCESS"].into_iter().chain(known).chain(["ADMIN"]).map(str::to_owned).collect()
        }),
    ];
    types.extend(dynamic.map(|(name, values)| (name.to_owned(), Kind::VersionEnum(values))));
    Ok(Schema(types))
}

fn permissions(switches: &Switches, admin: Option<bool>) -> Vec<String> {
    let all = abilities::all(switches).into_iter();
    all.filter(|ability| admin.is_none_or(|admin| ability.admin == admin))
        .map(|ability| ability.value())
        .collect()
}

impl Schema {
    pub(super) fn kind(&self, name: &str) -> Option<&Kind> {
        self.0.get(name)
    }

    /// A field of an object type.
    pub(super) fn field(&self, object: &str, name: &str) -> Option<&FieldType> {
        match self.kind(object)? {
            Kind::Object(fields) => fields.get(name),
            _ => None,
        }
    }

    /// The values of an enum; none for what is no enum.
    pub(super) fn values(&self, name: &str, switches: &Switches) -> Option<Vec<String>> {
        match self.kind(name)? {
            Kind::Enum(values) => Some(values.clone()),
            Kind::VersionEnum(values) => Some(values(switches)),
            _ => None,
        }
    }
}

/// The name within lists and exclamation marks.
pub(super) fn named(of: &TypeRef) -> &str {
    match of {
        ast::Type::NamedType(name) => name,
        ast::Type::ListType(inner) | ast::Type::NonNullType(inner) => named(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_the_schema_uses_is_a_type_of_it() {
        let schema = SCHEMA.as_ref().unwrap();
        let known = |of: &TypeRef| assert!(schema.kind(named(of)).is_some(), "{}", named(of));
        for kind in schema.0.values() {
            match kind {
                Kind::Object(fields) => {
                    fields.values().for_each(|field| {
                        known(&field.of);
                        field.arguments.values().for_each(known);
                    });
                }
                Kind::Input(fields) => fields.values().for_each(known),
                Kind::Scalar | Kind::Enum(_) | Kind::VersionEnum(_) => {}
            }
        }
    }
}
