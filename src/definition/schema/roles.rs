//! What a role may hold: its fields, where it lives, and what it starts from.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{bounds, builtin, described, edit, resource_type_of, suggest};
use crate::contract::{Base, Length, RoleClass, ScopeForm, ScopeSpec, Spec};

/// Roles of each class; which class one is of says its `kind`, or else a place that only it has.
pub(super) fn roles_of(spec: &dyn Spec, entry: &Value, defs: &mut Map<String, Value>) {
    let Some((first, others)) = spec.roles().split_first() else { return };
    let mut plain = entry.clone();
    role_of(spec, first, &mut plain);
    if others.is_empty() {
        edit(&mut plain, "/properties", |fields| {
            fields.remove("kind");
        });
        defs.insert("RoleEntry".into(), plain);
        return;
    }
    let kinds: Vec<&str> = spec.roles().iter().map(|class| class.class).collect();
    let kind_of = |role: &mut Value| {
        edit(role, "/properties/kind", |kind| {
            kind.insert("enum".into(), json!(kinds));
        });
    };
    kind_of(&mut plain);
    let reference = |class: &str| json!({ "$ref": format!("#/$defs/{}.RoleEntry.{class}", spec.name()) });
    let mut role = reference(first.class);
    defs.insert(format!("RoleEntry.{}", first.class), plain);
    for class in others {
        let mut own = entry.clone();
        role_of(spec, class, &mut own);
        kind_of(&mut own);
        defs.insert(format!("RoleEntry.{}", class.class), own);
        let mut is = json!({ "properties": { "kind": { "const": class.class } }, "required": ["kind"] });
        if let Some(place) = place_of_its_own(first, class) {
            is = json!({ "anyOf": [is, place] });
        }
        role = json!({ "if": is, "then": reference(class.class), "else": role });
    }
    defs.insert("RoleEntry".into(), role);
}

/// What a role says under `scope` that is of `class` without saying so; `None` where the first class,
/// which is that of a role that says nothing, has the same places.
fn place_of_its_own(first: &RoleClass, class: &RoleClass) -> Option<Value> {
    let has =
        |one: &&ScopeSpec| first.scopes.iter().any(|scope| (scope.form, scope.kind) == (one.form, one.kind));
    let own = class.scopes.iter().filter(|scope| !has(scope));
    let forms: Vec<Value> = own
        .filter_map(|scope| match scope.form {
            ScopeForm::Target => None,
            ScopeForm::Level => Some(json!({ "const": scope.kind })),
            ScopeForm::Instance => Some(json!({ "type": "object", "required": [scope.kind] })),
        })
        .collect();
    let scope = json!({ "properties": { "scope": { "anyOf": forms } }, "required": ["scope"], "not": { "required": ["kind"] } });
    (!forms.is_empty()).then_some(scope)
}

pub(super) fn has_instances(class: &RoleClass) -> bool {
    class.scopes.iter().any(|scope| scope.form == ScopeForm::Instance)
}

/// What can stand under `scope` of an object.
pub(super) fn scope_of(scopes: &[ScopeSpec], object: Option<&mut Value>) {
    let Some(object) = object else { return };
    let of = |form: ScopeForm| scopes.iter().filter(move |scope| scope.form == form);
    let levels: BTreeMap<&str, &str> = of(ScopeForm::Level).map(|scope| (scope.kind, scope.about)).collect();
    let kinds: BTreeMap<&str, &str> =
        of(ScopeForm::Instance).map(|scope| (scope.kind, scope.about)).collect();
    if levels.is_empty() && kinds.is_empty() {
        edit(object, "/properties", |fields| {
            fields.remove("scope");
        });
        return;
    }
    let (names, about): (Vec<&str>, Vec<&str>) = levels.iter().map(|(kind, about)| (*kind, *about)).unzip();
    let level = json!({ "type": "string", "enum": names, "enumDescriptions": about });
    let text = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
    let places: Map<String, Value> = kinds
        .iter()
        .map(|(kind, about)| {
            let list = json!({
                "description": about,
                "if": { "type": "array" },
                "then": { "items": text, "minItems": 1 },
                "else": text
            });
            ((*kind).to_owned(), list)
        })
        .collect();
    let places = json!({
        "type": "object",
        "properties": places,
        "additionalProperties": false,
        "minProperties": 1
    });
    edit(object, "/properties/scope", |scope| {
        scope.remove("type");
        let form = match (levels.is_empty(), kinds.is_empty()) {
            (true, _) => places,
            (false, true) => level,
            (false, false) => json!({ "if": { "type": "object" }, "then": places, "else": level }),
        };
        if let Value::Object(form) = form {
            scope.extend(form);
        }
    });
}

fn role_of(spec: &dyn Spec, class: &RoleClass, role: &mut Value) {
    scope_of(class.scopes, Some(role));
    edit(role, "/properties", |fields| {
        if !has_instances(class) {
            fields.remove("overrides");
        }
        match class.slug {
            None => {
                fields.remove("slug");
            }
            Some(slug) => {
                if let Some(Value::Object(field)) = fields.get_mut("slug") {
                    bounds(field, slug.length);
                }
            }
        }
        if class.description.is_none() {
            fields.remove("description");
        }
        match class.base {
            Base::None => {
                fields.remove("base");
            }
            Base::Copy => suggest(fields.get_mut("base"), &builtin(spec)),
            Base::Floor => {
                let bases = || spec.catalogue().builtin.iter().filter(|builtin| builtin.base);
                let mut words: Vec<String> = bases().map(|builtin| builtin.id.to_owned()).collect();
                words.extend(bases().map(|builtin| format!("builtin:{}", builtin.id)));
                suggest(fields.get_mut("base"), &words);
            }
        }
    });
    edit(role, "/properties/name", |name| bounds(name, class.name));
    edit(role, "/properties/previously/items", |name| bounds(name, Length { min: 1, max: None }));
    edit(role, "/properties/id", |id| bounds(id, Length { min: 1, max: Some(128) }));
    if let Some(length) = class.description {
        described(role, length);
    }
    resource_type_of(class.resource_type, role);
}
