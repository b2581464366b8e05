//! What an editor completes where permissions stand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{PERMISSION, PERMISSION_PART, edit, literally};
use crate::{
    catalog::Meaning,
    contract::{PermissionForm, Spec},
    model::Untrusted,
};

/// What stands beside a permission that only a live list has.
const NEW: &str = "In the live list that is kept here; rolecall ships nothing about it.";

/// Every permission with what is known of it: those that ship, and those that are kept.
fn known<'a>(
    spec: &'a dyn Spec,
    kept: Option<&'a BTreeSet<Untrusted>>,
) -> BTreeMap<&'a str, Option<&'a Meaning>> {
    let kept = kept.into_iter().flatten().map(Untrusted::raw);
    let spelled = kept.filter(|name| is_permission(name, spec.permission_form()));
    let shipped = spec.catalogue().permissions.iter();
    spelled
        .map(|name| (name, None))
        .chain(shipped.map(|(name, meaning)| (name.raw(), Some(meaning))))
        .collect()
}

/// Whether a name has the spelling that [`PERMISSION`] or [`PERMISSION_PART`] asks for.
fn is_permission(name: &str, form: PermissionForm) -> bool {
    let word = |text: &str, most: usize, others: &str| {
        text.len() <= most
            && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
    };
    match form {
        PermissionForm::Flat => word(name, 128, "_.:/*-"),
        PermissionForm::ResourceAccess => name
            .rsplit_once(':')
            .is_some_and(|(resource, access)| word(resource, 64, "_.-") && word(access, 64, "_.-")),
    }
}

/// What the names of permissions are.
pub(super) fn permissions_of(
    spec: &dyn Spec,
    kept: Option<&BTreeSet<Untrusted>>,
    defs: &mut Map<String, Value>,
) {
    let catalogue = spec.catalogue();
    let flat = spec.permission_form() == PermissionForm::Flat;
    let known = known(spec, kept);
    // Editors show `enumDescriptions` beside what they complete. Language servers for YAML offer only
    // the first of several schemas that are each a `const`.
    let words = |names: Vec<(&str, String)>, others: &[&str], pattern: &str| {
        let (known, about): (Vec<&str>, Vec<String>) = names.into_iter().unzip();
        let list = json!({ "enum": known, "enumDescriptions": about });
        let others = others.iter().map(|other| literally(other)).collect::<Vec<_>>().join("|");
        match (catalogue.closed, known.is_empty(), others.is_empty()) {
            (true, _, true) => {
                let mut list = list;
                edit(&mut list, "", |list| {
                    list.insert("type".into(), json!("string"));
                });
                list
            }
            (true, _, false) => {
                json!({ "type": "string", "anyOf": [list, { "pattern": format!("^(?:{others})$") }] })
            }
            (false, true, _) => json!({ "type": "string", "pattern": pattern }),
            (false, false, true) => json!({ "type": "string", "pattern": pattern, "anyOf": [list, {}] }),
            (false, false, false) => {
                let pattern = format!("(?:{pattern})|^(?:{others})$");
                json!({ "type": "string", "pattern": pattern, "anyOf": [list, {}] })
            }
        }
    };
    let reference = json!({ "$ref": format!("#/$defs/{}.Permission", spec.name()) });
    let permissions = if flat {
        let names = known.iter().map(|(name, meaning)| {
            (*name, meaning.map_or_else(|| NEW.to_owned(), |meaning| meaning.explained()))
        });
        let others: Vec<&str> = catalogue.permissions.values().flat_map(Meaning::spellings).collect();
        defs.insert("Permission".into(), words(names.collect(), &others, PERMISSION));
        json!({ "description": "Permissions by name.", "type": "array", "items": reference })
    } else {
        let parts: Vec<(&str, &str)> = known.keys().filter_map(|name| name.rsplit_once(':')).collect();
        let accesses: BTreeSet<&str> = parts.iter().map(|(_, access)| *access).collect();
        let accesses = accesses.iter().map(|access| (*access, String::new())).collect();
        defs.insert("Permission".into(), words(accesses, &[], PERMISSION_PART));
        let list = json!({ "type": "array", "items": reference });
        let resources: BTreeSet<&str> = parts.iter().map(|(resource, _)| *resource).collect();
        let properties: Map<String, Value> = resources
            .into_iter()
            .map(|resource| {
                let titles: Vec<&str> = known
                    .iter()
                    .filter(|(name, _)| name.rsplit_once(':').is_some_and(|(r, _)| r == resource))
                    .filter_map(|(_, meaning)| Some(meaning.as_ref()?.title.as_str()))
                    .collect();
                let about = if titles.is_empty() { NEW.to_owned() } else { titles.join("; ") };
                let mut entry = list.clone();
                edit(&mut entry, "", |entry| {
                    entry.insert("description".into(), json!(about));
                });
                (resource.to_owned(), entry)
            })
            .collect();
        json!({
            "description": "Resources, each with a list of accesses.",
            "type": "object",
            "propertyNames": { "pattern": PERMISSION_PART },
            "properties": properties,
            "additionalProperties": if catalogue.closed { json!(false) } else { list }
        })
    };
    defs.insert("Permissions".into(), permissions);
}
