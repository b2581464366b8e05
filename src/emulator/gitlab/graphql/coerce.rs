//! Values that are sent, against the types that are asked for.

use std::collections::BTreeMap;

use graphql_parser::query as ast;
use graphql_parser::schema::Type;
use serde_json::{Map, Value, json};

use crate::emulator::switch::Switches;

use super::schema::{Kind, Schema, TypeRef};

/// A value in a query.
pub(super) type Literal<'a> = ast::Value<'a, String>;

/// Where in a value something is wrong, and what.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) path: Vec<Value>,
    pub(super) explanation: String,
}

/// Coerces the value of a variable.
pub(super) fn coerce(
    schema: &Schema,
    switches: &Switches,
    of: &TypeRef,
    value: &Value,
    path: &[Value],
    problems: &mut Vec<Problem>,
) -> Value {
    let mut wrong = |explanation: String| {
        problems.push(Problem { path: path.to_vec(), explanation });
        Value::Null
    };
    match of {
        Type::NonNullType(_) if value.is_null() => wrong("Expected value to not be null".to_owned()),
        Type::NonNullType(inner) => coerce(schema, switches, inner, value, path, problems),
        _ if value.is_null() => Value::Null,
        Type::ListType(inner) => {
            let one = [value.clone()];
            let items = value.as_array().map_or(&one[..], Vec::as_slice);
            let item = |(index, item)| {
                let path: Vec<Value> = path.iter().cloned().chain([json!(index)]).collect();
                coerce(schema, switches, inner, item, &path, problems)
            };
            items.iter().enumerate().map(item).collect()
        }
        Type::NamedType(name) => match schema.kind(name) {
            Some(Kind::Input(fields)) => match value.as_object() {
                Some(sent) => input(schema, switches, name, fields, sent, path, problems),
                None => wrong(format!("Expected {value} to be a key-value object")),
            },
            _ => scalar(schema, switches, name, value).unwrap_or_else(wrong),
        },
    }
}

fn input(
    schema: &Schema,
    switches: &Switches,
    name: &str,
    fields: &BTreeMap<String, TypeRef>,
    sent: &Map<String, Value>,
    path: &[Value],
    problems: &mut Vec<Problem>,
) -> Value {
    let below = |field: &str| -> Vec<Value> { path.iter().cloned().chain([json!(field)]).collect() };
    for field in sent.keys().filter(|field| !fields.contains_key(*field)) {
        problems.push(Problem { path: below(field), explanation: format!("Field is not defined on {name}") });
    }
    let mut result = Map::new();
    for (field, of) in fields {
        match sent.get(field) {
            Some(value) => {
                let value = coerce(schema, switches, of, value, &below(field), problems);
                result.insert(field.clone(), value);
            }
            None if matches!(of, Type::NonNullType(_)) => problems.push(Problem {
                path: below(field),
                explanation: "Expected value to not be null".to_owned(),
            }),
            None => {}
        }
    }
    Value::Object(result)
}

/// A value of a scalar or an enum, or why it is none.
fn scalar(schema: &Schema, switches: &Switches, name: &str, value: &Value) -> Result<Value, String> {
    if let Some(values) = schema.values(name, switches) {
        let known = value.as_str().is_some_and(|value| values.iter().any(|known| known == value));
        return if known {
            Ok(value.clone())
        } else {
            Err(format!("Expected {value} to be one of: {}", values.join(", ")))
        };
    }
    let coerced = match (name, value) {
        ("ID", Value::Number(number)) => number.as_i64().map(|number| json!(number.to_string())),
        ("ID" | "String" | "Time", Value::String(_)) | ("Boolean", Value::Bool(_)) => Some(value.clone()),
        ("Int", Value::Number(number)) => {
            number.as_i64().filter(|number| i32::try_from(*number).is_ok()).map(Value::from)
        }
        (_, Value::String(text)) if model(name).is_some() => return gid(name, text).map(|id| json!(id)),
        _ => None,
    };
    coerced.ok_or_else(|| format!("Could not coerce value {value} to {name}"))
}

/// The model that an id type is of.
fn model(name: &str) -> Option<&'static str> {
    match name {
        "MemberRoleID" => Some("MemberRole"),
        "UserID" => Some("User"),
        "AuthzLdapAdminRoleLinkID" => Some("Authz::LdapAdminRoleLink"),
        _ => None,
    }
}

/// The number of a global id of the right model.
fn gid(name: &str, text: &str) -> Result<u64, String> {
    let (model_sent, id) = text
        .strip_prefix("gid://gitlab/")
        .and_then(|rest| rest.rsplit_once('/'))
        .filter(|(model, id)| !model.is_empty() && !id.is_empty())
        .ok_or_else(|| format!("\"{text}\" is not a valid GitLab ID."))?;
    let wanted = model(name).unwrap_or_default();
    if model_sent != wanted {
        return Err(format!("\"{text}\" does not represent an instance of {wanted}"));
    }
    // An id that is no number is one that nothing has.
    Ok(id.parse().unwrap_or(u64::MAX))
}

/// A value of a query as JSON, with the values of variables in place; `None` for an absent variable.
pub(super) fn to_json(value: &Literal<'_>, variables: &Map<String, Value>) -> Option<Value> {
    Some(match value {
        ast::Value::Variable(name) => return variables.get(name).cloned(),
        ast::Value::Int(number) => number.as_i64().map_or(Value::Null, Value::from),
        ast::Value::Float(number) => json!(number),
        ast::Value::String(text) | ast::Value::Enum(text) => json!(text),
        ast::Value::Boolean(flag) => json!(flag),
        ast::Value::Null => Value::Null,
        ast::Value::List(items) => items.iter().filter_map(|item| to_json(item, variables)).collect(),
        ast::Value::Object(fields) => fields
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), to_json(value, variables)?)))
            .collect(),
    })
}

/// Turns ids of a literal into numbers, as [`coerce`] does with those of variables; the literal has been checked.
pub(super) fn literal(
    schema: &Schema,
    switches: &Switches,
    of: &TypeRef,
    value: &Literal<'_>,
    variables: &Map<String, Value>,
) -> Option<Value> {
    match (of, value) {
        (_, ast::Value::Variable(name)) => variables.get(name).cloned(),
        (_, ast::Value::Null) => Some(Value::Null),
        (Type::NonNullType(inner), _) => literal(schema, switches, inner, value, variables),
        (Type::ListType(inner), ast::Value::List(items)) => {
            Some(items.iter().filter_map(|item| literal(schema, switches, inner, item, variables)).collect())
        }
        (Type::ListType(inner), _) => {
            literal(schema, switches, inner, value, variables).map(|item| json!([item]))
        }
        (Type::NamedType(name), ast::Value::Object(sent)) => {
            let Some(Kind::Input(fields)) = schema.kind(name) else {
                return None;
            };
            let field = |(name, value): (&String, &Literal<'_>)| {
                Some((name.clone(), literal(schema, switches, fields.get(name)?, value, variables)?))
            };
            Some(Value::Object(sent.iter().filter_map(field).collect()))
        }
        (Type::NamedType(name), _) => {
            to_json(value, variables).and_then(|value| scalar(schema, switches, name, &value).ok())
        }
    }
}

/// Whether a literal without variables is a value of a scalar or enum.
pub(super) fn is_scalar(schema: &Schema, switches: &Switches, name: &str, value: &Literal<'_>) -> bool {
    let is_enum = schema.values(name, switches).is_some();
    if is_enum != matches!(value, ast::Value::Enum(_)) {
        return false;
    }
    to_json(value, &Map::new()).is_some_and(|value| scalar(schema, switches, name, &value).is_ok())
}
