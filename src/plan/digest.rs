//! Digests: SHA-256 over RFC 8785 JSON with a domain prefix, of what a reviewer approves.
//!
//! The layout of files, revisions, times, statistics, and rendered text are not in them; names of
//! roles are in them only where the name itself is the change. A change of what they cover needs a
//! new format version, because approvals refer to them.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::document::{Action, Change, FORMAT_VERSION, FieldChange, FieldValue, TargetPlan};
use crate::model::{Address, Untrusted};

/// The canonical form of `content`.
fn canonical(content: &impl Serialize) -> Vec<u8> {
    // Only a number that is not finite cannot be written, and a plan has none; even then two contents
    // keep two digests.
    serde_json_canonicalizer::to_vec(content)
        .unwrap_or_else(|_| serde_json::to_vec(content).unwrap_or_default())
}

/// A hash that has begun with its domain.
fn hasher(domain: &str) -> Sha256 {
    let mut hasher = Sha256::new();
    hasher.update(format!("rolecall/{domain}/v{FORMAT_VERSION}\n"));
    hasher
}

/// `sha256:` and 64 hexadecimal digits.
fn finish(hasher: Sha256) -> Untrusted {
    let mut text = "sha256:".to_owned();
    for byte in hasher.finalize() {
        let _infallible = write!(text, "{byte:02x}");
    }
    text.into()
}

/// The digest of `content` in `domain`.
fn digest(domain: &str, content: &impl Serialize) -> Untrusted {
    let mut hasher = hasher(domain);
    hasher.update(canonical(content));
    finish(hasher)
}

/// Eight hexadecimal digits that stand for `text`.
pub(super) fn short(text: &str) -> String {
    digest("name", &text).raw().chars().skip("sha256:".len()).take(8).collect()
}

/// One element of a change: what a reviewer approves one by one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Element {
    /// Address of the object.
    pub address: String,
    /// The field; empty for the object as such.
    pub field: String,
    /// The member of a set; empty for other fields.
    pub value: String,
    /// Before, as canonical JSON.
    pub before: String,
    /// After, as canonical JSON.
    pub after: String,
}

impl Element {
    /// The digest of the element.
    pub fn digest(&self) -> Untrusted {
        digest("element", self)
    }
}

/// The elements of a change, sorted.
pub fn elements(change: &Change) -> Vec<Element> {
    let element = |field: &str, value: &str, before: &Value, after: &Value| Element {
        address: change.address.as_str().to_owned(),
        field: field.to_owned(),
        value: value.to_owned(),
        before: before.to_string(),
        after: after.to_string(),
    };
    // Which object it is: one that was deleted and made anew under the same name is another one.
    let exists = |is: bool| match &change.id {
        Some(id) if is => json!(id),
        _ => json!(is),
    };
    let mut elements =
        vec![element("", "", &exists(change.before.is_some()), &exists(change.after.is_some()))];
    if change.adopts {
        elements.push(element("adopts", "", &json!(false), &json!(true)));
    }
    for effect in &change.side_effects {
        elements.push(element("side_effect", effect.raw(), &json!(false), &json!(true)));
    }
    for field in &change.fields {
        match field {
            FieldChange::Set { field, added, removed } => {
                let one = |member: &super::document::Element, before: bool| {
                    element(field.raw(), member.value.raw(), &json!(before), &json!(!before))
                };
                elements.extend(added.iter().map(|member| one(member, false)));
                elements.extend(removed.iter().map(|member| one(member, true)));
            }
            FieldChange::Value { field, before, after, .. } => {
                elements.push(element(field.raw(), "", &value(before.as_ref()), &value(after.as_ref())));
            }
        }
    }
    elements.sort();
    elements
}

/// The digest of a change.
pub fn change(change: &Change) -> Untrusted {
    digest("change", &change_content(change))
}

/// What the digest of a change covers, borrowed: a plan can hold tens of thousands.
#[derive(Serialize)]
struct ChangeContent<'a> {
    address: &'a Address,
    action: Action,
    id: &'a Option<Untrusted>,
    before: Option<BTreeMap<&'a str, Canonical<'a>>>,
    after: Option<BTreeMap<&'a str, Canonical<'a>>>,
    adopts: bool,
    manual: &'a Option<Vec<Untrusted>>,
    side_effects: &'a [Untrusted],
}

/// A field's value with canonical ids: the name of a role is left out.
#[derive(Serialize)]
#[serde(untagged)]
enum Canonical<'a> {
    Role { role: &'a Untrusted },
    Other(&'a FieldValue),
}

impl<'a> From<&'a FieldValue> for Canonical<'a> {
    fn from(value: &'a FieldValue) -> Self {
        match value {
            FieldValue::Role(role) => Self::Role { role: &role.role },
            other => Self::Other(other),
        }
    }
}

fn change_content(change: &Change) -> ChangeContent<'_> {
    fn fields(fields: Option<&BTreeMap<String, FieldValue>>) -> Option<BTreeMap<&str, Canonical<'_>>> {
        Some(fields?.iter().map(|(name, value)| (name.as_str(), value.into())).collect())
    }
    ChangeContent {
        address: &change.address,
        action: change.action,
        id: &change.id,
        before: fields(change.before.as_ref()),
        after: fields(change.after.as_ref()),
        adopts: change.adopts,
        manual: &change.manual,
        side_effects: &change.side_effects,
    }
}

/// A field's value as canonical ids and JSON.
fn value(value: Option<&FieldValue>) -> Value {
    json!(value.map(Canonical::from))
}

/// The digest of a target: whose it is, what is owned and guarded, and every change.
pub fn target(target: &TargetPlan, credential: &str) -> Untrusted {
    // The canonical form sorts keys, and `changes` comes before all others. One change after the
    // other goes into the hash, so that a large plan does not stand in memory once more.
    let mut hasher = hasher("target");
    hasher.update("{\"changes\":[");
    for (index, change) in target.changes.iter().enumerate() {
        if index > 0 {
            hasher.update(",");
        }
        hasher.update(canonical(&change_content(change)));
    }
    hasher.update("],");
    let mut others = json!({
        "name": target.name,
        "provider": target.provider,
        "identity": target.identity,
        "credential": credential,
        "manage": target.manage,
        "guards": target.guards,
        "selection": target.selection,
        "scope_changes": target.scope_changes,
    });
    if target.pending_only {
        others["pending_only"] = json!(true);
    }
    let others = canonical(&others);
    hasher.update(others.strip_prefix(b"{").unwrap_or(&others));
    finish(hasher)
}

/// The digest of a plan; `None` where a target has none.
pub fn plan(targets: &[TargetPlan]) -> Option<Untrusted> {
    let digests: Option<Vec<_>> =
        targets.iter().map(|target| Some((target.name.clone(), target.digest.clone()?))).collect();
    Some(whole(&digests?))
}

/// The digest of a plan whose targets have these names and digests.
pub(super) fn whole(targets: &[(Untrusted, Untrusted)]) -> Untrusted {
    let targets: Vec<Value> =
        targets.iter().map(|(name, digest)| json!({ "name": name, "digest": digest })).collect();
    digest("plan", &json!({ "targets": targets }))
}
