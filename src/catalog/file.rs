//! The form of the files under `data/`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Builtin, Catalogue, Meaning, Seat};
use crate::model::Untrusted;

/// A file. Names and titles of built-in roles are written plainly on one line: they are borrowed
/// from the file, and a test reads every file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    /// The word in `provider:`.
    provider: &'static str,
    as_of: &'static str,
    sources: Vec<&'static str>,
    closed: bool,
    #[serde(default)]
    whole: bool,
    #[serde(default)]
    builtin_closed: bool,
    #[serde(default)]
    accesses: BTreeMap<&'static str, BTreeSet<String>>,
    #[serde(default)]
    prefixes: BTreeMap<&'static str, &'static str>,
    #[serde(default)]
    form: &'static str,
    builtin: Vec<Builtin>,
    permissions: Vec<Permission>,
}

/// A permission; what the fields say stands at [`Meaning`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Permission {
    name: Untrusted,
    title: String,
    area: String,
    description: String,
    #[serde(default)]
    tags: BTreeSet<String>,
    #[serde(default)]
    scopes: BTreeSet<String>,
    #[serde(default)]
    included: BTreeMap<String, BTreeSet<String>>,
    #[serde(default)]
    requires: BTreeSet<Untrusted>,
    #[serde(default)]
    seat: Seat,
    since: Option<String>,
    flag: Option<String>,
    label: Option<String>,
    #[serde(default)]
    aliases: BTreeSet<String>,
    #[serde(default)]
    unconfirmed: BTreeSet<String>,
    remark: Option<String>,
}

/// Reads the file of a provider.
///
/// # Errors
///
/// What does not have the form, belongs to another provider, or stands there twice. The files are
/// part of the program, and the tests of this room read each of them.
pub(super) fn parse(provider: &str, text: &'static str) -> Result<Catalogue, String> {
    let data: Data = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    if data.provider != provider {
        return Err(format!("it belongs to {}", data.provider));
    }
    let mut permissions = BTreeMap::new();
    for permission in data.permissions {
        let name = permission.name.clone();
        if permissions.insert(name, permission.into()).is_some() {
            return Err("a permission stands there twice".to_owned());
        }
    }
    Ok(Catalogue {
        closed: data.closed,
        whole: data.whole,
        builtin_closed: data.builtin_closed,
        permissions,
        accesses: data.accesses,
        prefixes: data.prefixes,
        form: data.form,
        builtin: data.builtin,
        as_of: data.as_of,
        sources: data.sources,
    })
}

impl From<Permission> for Meaning {
    fn from(permission: Permission) -> Self {
        Self {
            title: permission.title,
            tags: permission.tags,
            area: permission.area,
            description: permission.description,
            scopes: permission.scopes,
            included: permission.included,
            requires: permission.requires,
            seat: permission.seat,
            since: permission.since,
            flag: permission.flag,
            label: permission.label,
            aliases: permission.aliases,
            unconfirmed: permission.unconfirmed,
            remark: permission.remark,
        }
    }
}
