//! The JSON Schemas of the files that users write, from the types that read them and the contracts
//! of the providers.
//!
//! Every provider has a branch of its own (`if` its name, `then` its schema), so that an editor
//! completes and checks its permission names, settings, and limits, and an error is never about
//! another provider's form.

mod assignments;
mod permissions;
mod roles;

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    contract::{Length, OnRemove, ResourceType, Setting, SettingForm, Spec},
    model::{Code, Untrusted},
};

use self::{
    assignments::assignment_of,
    permissions::permissions_of,
    roles::{has_instances, roles_of, scope_of},
};
use super::{
    config_file::ConfigFile,
    definition_file::{DefinitionFile, FROM},
};

/// Keys of roles and sets, and names of targets.
pub(crate) const KEY: &str = "^[a-z0-9][a-z0-9._-]{0,63}$";
/// A permission in a flat list.
const PERMISSION: &str = "^[A-Za-z0-9_][A-Za-z0-9_.:/*-]{0,127}$";
/// A resource or an access; `:` joins the two.
const PERMISSION_PART: &str = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$";
/// An id or a path segment in `settings`.
const SETTING_ID: &str = "^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*$";

/// The path of a group in `settings`: segments as above.
const SETTING_PATH: &str =
    "^[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*)*$";

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of `rolecall.yaml`.
pub fn config_schema(specs: &[&dyn Spec]) -> Value {
    let (mut root, mut defs) = template::<ConfigFile>();
    let target = defs.remove("TargetEntry").unwrap_or_default();
    let mut branches = Vec::new();
    for spec in specs {
        let name = format!("target.{}", spec.name());
        branches.push(branch(*spec, &name));
        defs.insert(name, target_of(*spec, target.clone()));
    }
    let known: Vec<&str> = specs.iter().map(|spec| spec.name()).collect();
    let provider = at(&target, "/properties/provider/description");
    let mut any_target = json!({
        "description": at(&target, "/description"),
        "type": "object",
        "required": ["provider", "files"],
        "properties": { "provider": { "description": provider, "enum": known } }
    });
    if !branches.is_empty() {
        edit(&mut any_target, "", |target| {
            target.insert("allOf".into(), Value::Array(branches));
        });
    }
    defs.insert("Target".into(), any_target);
    edit(&mut root, "/properties/targets", |targets| {
        targets.insert("additionalProperties".into(), json!({ "$ref": "#/$defs/Target" }));
        targets.insert("propertyNames".into(), json!({ "pattern": KEY }));
        targets.insert("minProperties".into(), json!(1));
    });
    let lints: Vec<&str> =
        Code::ALL.iter().filter(|code| code.lint().is_some()).map(|code| code.as_str()).collect();
    edit(&mut root, "/properties/lints", |entry| {
        entry.insert("propertyNames".into(), json!({ "enum": lints }));
    });
    edit(&mut root, "/properties/apply_from/items", |items| {
        items.insert("minLength".into(), json!(1));
    });
    finish("urn:rolecall:schema:config:1", "rolecall.yaml", root, defs)
}

/// Permissions of live lists that are kept beside definitions, by provider.
pub type Kept = BTreeMap<&'static str, BTreeSet<Untrusted>>;

/// The schema of a definition file.
pub fn definitions_schema(specs: &[&dyn Spec]) -> Value {
    definitions_schema_with(specs, &Kept::new())
}

/// The same, and an editor completes what `kept` has too. What is no permission by its spelling is left
/// out.
pub fn definitions_schema_with(specs: &[&dyn Spec], kept: &Kept) -> Value {
    let (template_root, template_defs) = template::<DefinitionFile>();
    let mut defs = Map::new();
    let mut branches = Vec::new();
    for spec in specs {
        branches.push(branch(*spec, spec.name()));
        let rename = |value: &Value| renamed(value, spec.name());
        let mut file = rename(&template_root);
        let mut own: Map<String, Value> =
            template_defs.iter().map(|(name, value)| (name.clone(), rename(value))).collect();
        specialise(*spec, kept.get(spec.name()), &mut file, &mut own);
        defs.insert(spec.name().into(), file);
        defs.extend(own.into_iter().map(|(name, value)| (format!("{}.{name}", spec.name()), value)));
    }
    let known: Vec<&str> = specs.iter().map(|spec| spec.name()).collect();
    let root = json!({
        "description": at(&template_root, "/description"),
        "type": "object",
        "required": ["provider"],
        "properties": {
            "provider": { "description": at(&template_root, "/properties/provider/description"), "enum": known }
        },
        "allOf": branches
    });
    finish("urn:rolecall:schema:definitions:1", "Role definitions", root, defs)
}

/// The schema of a definition file without the names of permissions, for the validator: a rule
/// judges these with better words, and comparing with hundreds of names in turn is slow.
pub(crate) fn without_permission_names(mut schema: Value) -> Value {
    if let Some(Value::Object(defs)) = schema.get_mut("$defs") {
        let permissions = defs.iter_mut().filter(|(name, _)| name.ends_with(".Permission"));
        for (_, permission) in permissions {
            edit(permission, "", |permission| {
                permission.retain(|keyword, _| matches!(keyword.as_str(), "type" | "pattern"));
            });
        }
    }
    schema
}

/// The fields that a definition file can have with some provider, each under the name of the type
/// it belongs to; for telling an unknown field from one that this provider does not have.
pub(crate) fn vocabulary(specs: &[&dyn Spec]) -> BTreeSet<(&'static str, String)> {
    let (root, defs) = template::<DefinitionFile>();
    let mut words: BTreeSet<(&'static str, String)> = BTreeSet::new();
    let mut add = |of: &'static str, schema: &Value| {
        let fields = schema.get("properties").and_then(Value::as_object);
        words.extend(fields.into_iter().flatten().map(|(field, _)| (of, field.clone())));
    };
    add("file", &root);
    for (of, name) in [("role", "RoleEntry"), ("assignment", "AssignmentEntry")] {
        add(of, defs.get(name).unwrap_or(&Value::Null));
    }
    words.extend(ELSEWHERE.iter().map(|(of, field)| (*of, (*field).to_owned())));
    for principal in specs.iter().flat_map(|spec| spec.principals()) {
        words.insert(("assignment", principal.field.to_owned()));
        words.insert(("assignment", format!("{}{FROM}", principal.field)));
    }
    words
}

/// Fields of products whose contract offers them one day: with every other provider they are not
/// unknown, but unsupported. A field moves from here into the types when a contract has it.
const ELSEWHERE: &[(&str, &str)] = &[
    ("assignment", "users"),
    ("assignment", "service_users"),
    ("assignment", "groups"),
    ("assignment", "idp_groups"),
    ("assignment", "saml_groups"),
    ("assignment", "ldap_groups"),
];

/// Schema and definitions of a type, without `null` where a field is only absent.
fn template<T: JsonSchema>() -> (Value, Map<String, Value>) {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    let mut root: Value = schema.into();
    tidy(&mut root);
    let mut defs = Map::new();
    if let Some(object) = root.as_object_mut() {
        object.remove("$schema");
        object.remove("title");
        if let Some(Value::Object(found)) = object.remove("$defs") {
            defs = found;
        }
    }
    (root, defs)
}

/// Takes `null` and formats of numbers out of a generated schema.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for keyword in ["format", "default"] {
                object.remove(keyword);
            }
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(any)) = object.get_mut("anyOf") {
                any.retain(|schema| schema.get("type").is_none_or(|kind| kind != "null"));
                if let [Value::Object(only)] = any.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    for (keyword, value) in only {
                        object.entry(keyword).or_insert(value);
                    }
                }
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// The same schema with references into the definitions of `provider`.
fn renamed(value: &Value, provider: &str) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| match value.as_str().and_then(|text| text.strip_prefix("#/$defs/")) {
                Some(name) if key == "$ref" => (key.clone(), json!(format!("#/$defs/{provider}.{name}"))),
                _ => (key.clone(), renamed(value, provider)),
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| renamed(item, provider)).collect(),
        other => other.clone(),
    }
}

fn branch(spec: &dyn Spec, name: &str) -> Value {
    json!({
        "if": { "properties": { "provider": { "const": spec.name() } }, "required": ["provider"] },
        "then": { "$ref": format!("#/$defs/{name}") }
    })
}

fn finish(id: &str, title: &str, root: Value, defs: Map<String, Value>) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), json!(DRAFT));
    schema.insert("$id".into(), json!(id));
    schema.insert("title".into(), json!(title));
    if let Value::Object(mut root) = root {
        // Without any provider there is no branch, and an empty list of them is no valid schema.
        root.retain(|keyword, value| keyword != "allOf" || value != &json!([]));
        schema.extend(root);
    }
    schema.insert("$defs".into(), Value::Object(defs));
    Value::Object(schema)
}

fn at(value: &Value, pointer: &str) -> Value {
    value.pointer(pointer).cloned().unwrap_or_default()
}

fn edit(value: &mut Value, pointer: &str, change: impl FnOnce(&mut Map<String, Value>)) {
    if let Some(Value::Object(object)) = value.pointer_mut(pointer) {
        change(object);
    }
}

/// A target of one provider.
fn target_of(spec: &dyn Spec, mut target: Value) -> Value {
    edit(&mut target, "", |target| {
        target.insert("description".into(), json!(format!("A live tenant of {}.", spec.title())));
    });
    edit(&mut target, "/properties/provider", |provider| {
        provider.clear();
        provider.insert("const".into(), json!(spec.name()));
        provider.insert("description".into(), json!(spec.title()));
    });
    let settings: Map<String, Value> =
        spec.settings().iter().map(|setting| (setting.name.to_owned(), setting_schema(setting))).collect();
    edit(&mut target, "/properties/settings", |entry| {
        entry.insert("properties".into(), Value::Object(settings));
        entry.insert("additionalProperties".into(), json!(false));
    });
    let (words, to) = unassign_forms(spec);
    edit(&mut target, "/properties/on_unassign", |entry| {
        entry.insert("else".into(), json!({ "type": "string", "enum": words }));
        if !to {
            entry.insert("then".into(), json!(false));
        }
    });
    edit(&mut target, "/properties/credential", |entry| {
        let about = format!(
            "Where the credential comes from: `{{ env: NAME }}` or `{{ file_env: NAME }}` with {0}, {0}_SUFFIX, or ROLECALL_CREDENTIAL_SUFFIX. Absent: {0}.",
            spec.credential()
        );
        entry.insert("description".into(), json!(about));
    });
    target
}

/// What `on_unassign` can say with a provider: words, and whether another role can be named.
///
/// A class whose assignments simply go needs nothing; one that always holds some role can only be
/// given another.
pub(crate) fn unassign_forms(spec: &dyn Spec) -> (&'static [&'static str], bool) {
    let any = |wanted: &[OnRemove]| spec.principals().iter().any(|class| wanted.contains(&class.on_remove));
    let words: &[&str] = match (any(&[OnRemove::FallsBack]), any(&[OnRemove::Membership])) {
        (true, _) => &["refuse", "keep_base", "remove_member"],
        (false, true) => &["refuse", "remove_member"],
        (false, false) => &["refuse"],
    };
    (words, any(&[OnRemove::AnotherRole, OnRemove::FallsBack, OnRemove::Membership]))
}

fn setting_schema(setting: &Setting) -> Value {
    let mut schema = match setting.form {
        SettingForm::Id => json!({ "type": "string", "pattern": SETTING_ID, "maxLength": 255 }),
        SettingForm::Url => {
            json!({ "type": "string", "pattern": "^https?://[^/?#@\\s]+[^?#\\s]*$", "maxLength": 2048 })
        }
        SettingForm::Path => json!({ "type": "string", "pattern": SETTING_PATH, "maxLength": 255 }),
        SettingForm::Words(words) => json!({ "type": "string", "enum": words }),
    };
    edit(&mut schema, "", |object| {
        object.insert("description".into(), json!(setting.about));
        object.insert("examples".into(), json!([setting.example]));
    });
    schema
}

/// Fills in what depends on the provider.
fn specialise(
    spec: &dyn Spec,
    kept: Option<&BTreeSet<Untrusted>>,
    file: &mut Value,
    defs: &mut Map<String, Value>,
) {
    edit(file, "", |file| {
        file.insert("description".into(), json!(format!("Roles of {}.", spec.title())));
    });
    edit(file, "/properties/provider", |provider| {
        provider.clear();
        provider.insert("const".into(), json!(spec.name()));
        provider.insert("description".into(), json!(spec.title()));
    });
    for field in ["/properties/roles", "/properties/permission_sets"] {
        edit(file, field, |entry| {
            entry.insert("propertyNames".into(), json!({ "pattern": KEY }));
        });
    }
    let builtin = builtin(spec);
    edit(file, "/properties", |fields| {
        match spec.default_role() {
            None => {
                fields.remove("default_role");
            }
            Some(default) => {
                let mut words = if default.builtin { builtin.clone() } else { Vec::new() };
                words.extend(default.none.then(|| "none".to_owned()));
                suggest(fields.get_mut("default_role"), &words);
            }
        }
        if spec.principals().is_empty() {
            fields.remove("assignments");
        }
    });
    permission_definitions_of(spec, file, defs);
    if let Some(entry) = defs.remove("RoleEntry") {
        roles_of(spec, &entry, defs);
    }
    if !spec.roles().iter().any(has_instances) {
        defs.remove("OverrideBody");
    }
    let places = spec.roles().iter().flat_map(|class| class.scopes);
    scope_of(&places.copied().collect::<Vec<_>>(), defs.get_mut("RemovedBody"));
    if let Some(assignment) = defs.get_mut("AssignmentEntry") {
        assignment_of(spec, assignment);
        suggest(assignment.pointer_mut("/properties/role"), &builtin);
    }
    suggest(
        defs.get_mut("RemovedBody").and_then(|body| body.pointer_mut("/properties/reassign_to")),
        &builtin,
    );
    permissions_of(spec, kept, defs);
}

/// Permissions as resources of their own, where the provider lets people make them.
fn permission_definitions_of(spec: &dyn Spec, file: &mut Value, defs: &mut Map<String, Value>) {
    let Some(class) = spec.permission_class() else {
        edit(file, "/properties", |fields| {
            fields.remove("permission_definitions");
        });
        defs.remove("PermissionEntry");
        if let Some(removed) = defs.get_mut("RemovedBody") {
            edit(removed, "/properties", |fields| {
                fields.remove("permission");
            });
        }
        return;
    };
    edit(file, "/properties/permission_definitions", |entry| {
        entry.insert("propertyNames".into(), json!({ "pattern": PERMISSION }));
    });
    let Some(permission) = defs.get_mut("PermissionEntry") else { return };
    edit(permission, "/properties/name", |name| bounds(name, class.name));
    described(permission, class.description);
    resource_type_of(class.resource_type, permission);
}

/// A description, which can be cleared.
fn described(object: &mut Value, length: Length) {
    edit(object, "/properties/description", |description| {
        description.insert("type".into(), json!(["string", "null"]));
        bounds(description, length);
    });
}

/// The type of resource of a role or permission, where it has one.
fn resource_type_of(resource_type: Option<ResourceType>, object: &mut Value) {
    match resource_type {
        Some(resource_type) => edit(object, "/properties/resource_type", |field| {
            bounds(field, resource_type.length);
            field.insert("examples".into(), json!([resource_type.usual]));
        }),
        None => edit(object, "/properties", |fields| {
            fields.remove("resource_type");
        }),
    }
}

/// Lets an editor complete `words` where any text is allowed.
#[expect(clippy::needless_pass_by_value, reason = "the reference to the field is used up")]
fn suggest(schema: Option<&mut Value>, words: &[String]) {
    if let Some(Value::Object(schema)) = schema
        && !words.is_empty()
    {
        schema.insert("anyOf".into(), json!([{ "enum": words }, {}]));
    }
}

fn builtin(spec: &dyn Spec) -> Vec<String> {
    spec.catalogue().builtin.iter().map(|builtin| format!("builtin:{}", builtin.id)).collect()
}

fn bounds(schema: &mut Map<String, Value>, length: Length) {
    if length.min > 0 {
        schema.insert("minLength".into(), json!(length.min));
    }
    if let Some(max) = length.max {
        schema.insert("maxLength".into(), json!(max));
    }
}

/// A pattern that matches `text` and nothing else within a longer one.
fn literally(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        if r"^$\.*+?()[]{}|/".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}
