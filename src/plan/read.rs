//! Reading a plan document back, strictly: a plan file is a claim that somebody may have edited.

use std::fmt;

use serde::{Deserialize, de::IgnoredAny};

use super::document::{FORMAT_VERSION, PlanDocument, Summary};
use crate::model::{Address, Untrusted};

/// Largest plan that is read, in bytes.
pub const MAX_BYTES: usize = 64 << 20;

/// Why a text is not a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanReadError {
    /// What is wrong: one sentence each, all that were found.
    pub messages: Vec<Untrusted>,
    /// What to do.
    pub help: &'static str,
}

const WRITE_AGAIN: &str = "Write the plan again with `rolecall plan -o FILE`.";

impl PlanReadError {
    fn new(message: String, help: &'static str) -> Self {
        Self { messages: vec![message.into()], help }
    }
}

/// Only the version, whatever else there is.
#[derive(Deserialize)]
#[serde(expecting = "a JSON object")]
struct Head {
    format_version: Option<serde_json::Value>,
    #[serde(flatten)]
    _rest: std::collections::BTreeMap<String, IgnoredAny>,
}

impl PlanDocument {
    /// Reads a plan as `plan --format json` and `plan -o FILE` write it. Whether it is in itself
    /// consistent, [`PlanDocument::check_integrity`] tells.
    ///
    /// # Errors
    /// If `text` is larger than 64 MiB, is not JSON, has another format version, lacks a field or
    /// has one too many, holds an address or a digest that no plan can hold, or counts its changes
    /// wrongly. Everything that is wrong with addresses, digests and counts is said at once.
    pub fn read(text: &str) -> Result<Self, PlanReadError> {
        if text.len() > MAX_BYTES {
            let mebibytes = text.len().div_ceil(1 << 20);
            return Err(PlanReadError::new(
                format!("The plan is {mebibytes} MiB large; at most 64 MiB are read."),
                "Plan fewer targets at once with `--target` or `--shard`.",
            ));
        }
        let head: Head = serde_json::from_str(text)
            .map_err(|error| PlanReadError::new(format!("This is not a plan: {error}."), WRITE_AGAIN))?;
        match head.format_version {
            Some(version) if version == FORMAT_VERSION => {}
            Some(version) => {
                let version: String = version.to_string().chars().take(40).collect();
                return Err(PlanReadError::new(
                    format!(
                        "The plan has format version {version}; this program reads version {FORMAT_VERSION}."
                    ),
                    "Use the version of rolecall that wrote it, or write the plan again.",
                ));
            }
            None => {
                return Err(PlanReadError::new(
                    "This is not a plan: it has no `format_version`.".to_owned(),
                    WRITE_AGAIN,
                ));
            }
        }
        let plan: Self = serde_json::from_str(text)
            .map_err(|error| PlanReadError::new(format!("The plan is malformed: {error}."), WRITE_AGAIN))?;
        let messages = plan.problems();
        if messages.is_empty() { Ok(plan) } else { Err(PlanReadError { messages, help: WRITE_AGAIN }) }
    }

    /// What the types alone cannot exclude.
    fn problems(&self) -> Vec<Untrusted> {
        let mut problems = Vec::new();
        let mut digest = |place: fmt::Arguments<'_>, digest: Option<&Untrusted>| {
            if digest.is_some_and(|digest| !is_digest(digest.raw())) {
                problems
                    .push(format!("{place} is not a digest: `sha256:` and 64 hexadecimal digits.").into());
            }
        };
        digest(format_args!("`digest`"), self.digest.as_ref());
        for (t, target) in self.targets.iter().enumerate() {
            digest(format_args!("`targets[{t}].digest`"), target.digest.as_ref());
            let applied = target.applied.as_ref().map(|applied| &applied.digest);
            digest(format_args!("`targets[{t}].applied.digest`"), applied);
            for (c, change) in target.changes.iter().enumerate() {
                digest(format_args!("`targets[{t}].changes[{c}].digest`"), Some(&change.digest));
            }
        }
        let malformed = " is not an address.";
        for (t, target) in self.targets.iter().enumerate() {
            for (c, change) in target.changes.iter().enumerate() {
                if !is_address(&change.address) {
                    problems.push(format!("`targets[{t}].changes[{c}].address`{malformed}").into());
                }
            }
            for (r, role) in target.unmanaged.roles.iter().enumerate() {
                if !is_address(&role.address) {
                    problems.push(format!("`targets[{t}].unmanaged.roles[{r}].address`{malformed}").into());
                }
            }
            if target.summary != Summary::of(&target.changes) {
                problems.push(format!("`targets[{t}].summary` does not count its changes.").into());
            }
        }
        for (t, pair) in self.targets.windows(2).enumerate() {
            if pair.first().map(|target| &target.name) >= pair.get(1).map(|target| &target.name) {
                let next = t + 1;
                problems
                    .push(format!("`targets[{next}].name` is not in order, or stands there twice.").into());
            }
        }
        problems
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// `TARGET/…`, of the characters that an address can have.
fn is_address(address: &Address) -> bool {
    let parts = address.as_str().split_once('/');
    address.is_well_formed() && parts.is_some_and(|(target, rest)| !target.is_empty() && !rest.is_empty())
}
