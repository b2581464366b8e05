//! `rolecall.yaml` as it is written. The comments are what an editor shows.

use schemars::JsonSchema;

use super::{
    de::{Entries, Spanned, Text},
    forms::{LimitEntry, LintWord, ManageEntry, OnUnassignEntry, OneOrMany, RecordWord},
};

/// The targets whose roles are kept here, and the guards that hold for them.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// Version of this format: 1.
    #[schemars(extend("enum" = [1]))]
    #[expect(dead_code, reason = "there is one version, and the schema checks it")]
    pub(crate) version: u32,
    /// Live tenants by name, each with the files that describe it.
    pub(crate) targets: Entries<TargetEntry>,
    /// Limits that a plan may not exceed without `--allow`.
    #[serde(default)]
    pub(crate) guards: Option<GuardsEntry>,
    /// Levels of lints by code.
    #[serde(default)]
    pub(crate) lints: Entries<LintWord>,
    /// Branches from which `apply` is allowed. Absent: anywhere.
    #[serde(default)]
    pub(crate) apply_from: Option<Vec<Spanned<Text>>>,
    /// Where a complete apply is recorded, so that later plans can tell drift from what was not applied yet: `git` is a ref of its own (`refs/rolecall/applied/…`), `file` a file under `.rolecall/runs/`, `none` nowhere. Default: `git`.
    #[serde(default)]
    pub(crate) record: Option<RecordWord>,
    /// What comments, issues, and summaries on a forge show.
    #[serde(default)]
    pub(crate) comments: Option<CommentsEntry>,
}

/// What comments, issues, and summaries on a forge show.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentsEntry {
    /// Whether people are named where the repository is known to be private; else they are only counted. Default: false.
    #[serde(default)]
    pub(crate) names: Option<bool>,
}

/// One live tenant of a provider, and the files that describe it.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetEntry {
    /// The product.
    pub(crate) provider: Spanned<Text>,
    /// Patterns of the definition files, relative to this file. They end in `.yaml` or `.yml`.
    pub(crate) files: OneOrMany,
    /// What belongs to git: `declared` manages what is declared and leaves the rest alone, `additive` never removes, `authoritative` also removes what git never declared. One word, or one for `roles` and one for `assignments`.
    #[serde(default)]
    pub(crate) manage: Option<ManageEntry>,
    /// What the provider needs to know to find the tenant.
    #[serde(default)]
    pub(crate) settings: Entries<Spanned<Text>>,
    /// What taking a role from somebody means.
    #[serde(default)]
    pub(crate) on_unassign: Option<Spanned<OnUnassignEntry>>,
    /// Where the credential comes from: the name of an environment variable, never the credential itself.
    #[serde(default)]
    pub(crate) credential: Option<CredentialEntry>,
    /// Plans and applies against an in-process emulator: no server, no account.
    #[serde(default)]
    pub(crate) emulator: bool,
}

/// Where a credential comes from. Give one of the two.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CredentialEntry {
    /// The environment variable that holds the credential.
    #[serde(default)]
    pub(crate) env: Option<Spanned<Text>>,
    /// The environment variable that holds the path of a file with the credential.
    #[serde(default)]
    pub(crate) file_env: Option<Spanned<Text>>,
}

/// Limits that a plan may not exceed without `--allow`.
#[derive(Clone, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GuardsEntry {
    /// Most roles that one plan may delete: a number, or a percentage such as "10%". Default: 3.
    #[serde(default)]
    pub(crate) max_deletes: Option<LimitEntry>,
    /// Most people that one plan may take a role from: a number, or a percentage. Default: "10%".
    #[serde(default)]
    pub(crate) max_unassigns: Option<LimitEntry>,
    /// Fewest holders of the built-in administrator role that have to remain. Default: 2.
    #[serde(default)]
    pub(crate) min_admins: Option<u32>,
}
