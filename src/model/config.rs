//! What `rolecall.yaml` says, after it was checked.

use std::{collections::BTreeMap, sync::Arc};

use super::{Code, Site, Untrusted};

/// A value with the place it was written at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub site: Site,
}

/// The whole configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The targets, in the order they were written.
    pub targets: Vec<Target>,
    /// Guards that hold for every target.
    pub guards: Guards,
    /// Levels that the config gives to lints.
    pub lints: BTreeMap<Code, LintLevel>,
    /// Branches from which `apply` is allowed; `None` is anywhere.
    pub apply_from: Option<Vec<Untrusted>>,
    /// Where applies are recorded.
    pub record: Record,
    /// Whether pages on a forge name people, where the repository is known to be private.
    pub names: bool,
}

/// Where a complete apply is recorded. Of an emulator it is always beside the emulator's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// As a commit under a ref of its own.
    #[default]
    Git,
    /// In a file under `.rolecall/runs/`, which git ignores.
    File,
    /// Nowhere.
    None,
}

/// One live tenant of a provider and the files that describe it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its name, `[a-z0-9][a-z0-9._-]{0,63}`.
    pub name: Arc<str>,
    /// Name of the provider, one that the registry knows.
    pub provider: &'static str,
    /// Patterns of the definition files.
    pub files: Vec<Placed<Arc<str>>>,
    /// What is owned.
    pub manage: Manage,
    /// Provider's settings, by name; names and forms were checked against the contract.
    pub settings: BTreeMap<String, Placed<Untrusted>>,
    /// Where the credential comes from.
    pub credential: CredentialSource,
    /// Whether the in-process emulator stands in for the provider.
    pub emulator: bool,
    /// What taking a role from somebody means.
    pub on_unassign: OnUnassign,
    /// Where the target is declared.
    pub site: Site,
}

/// What is owned, per kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manage {
    /// Roles.
    pub roles: Mode,
    /// Assignments.
    pub assignments: Mode,
}

/// How much of what is live belongs to git.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Creates and grants, never removes: live and git united, inside a role too.
    Additive,
    /// Manages what is declared and leaves everything else alone.
    #[default]
    Declared,
    /// Also removes what git never declared.
    Authoritative,
}

impl Mode {
    /// As it is written in the config.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Additive => "additive",
            Self::Declared => "declared",
            Self::Authoritative => "authoritative",
        }
    }
}

/// Name of the environment variable that holds a credential or the path of a file with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// The variable holds the credential.
    Env(Arc<str>),
    /// The variable holds the path of a file with the credential.
    FileEnv(Arc<str>),
}

impl CredentialSource {
    /// The variable's name.
    pub fn variable(&self) -> &str {
        match self {
            Self::Env(name) | Self::FileEnv(name) => name,
        }
    }
}

/// What taking a role from somebody means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnUnassign {
    /// Such a plan is refused.
    #[default]
    Refuse,
    /// The person gets this role instead: `builtin:NAME` or a key.
    To(Placed<Arc<str>>),
    /// The person keeps the base access of the membership.
    KeepBase,
    /// The person leaves the organization or group.
    RemoveMember,
}

/// Limits that a plan may not exceed without `--allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    /// Most roles that one plan may delete.
    pub max_deletes: Limit,
    /// Most people that one plan may take a role from.
    pub max_unassigns: Limit,
    /// Fewest holders of the built-in administrator role that have to remain.
    pub min_admins: u32,
}

impl Default for Guards {
    fn default() -> Self {
        Self { max_deletes: Limit::Count(3), max_unassigns: Limit::Percent(10), min_admins: 2 }
    }
}

/// A number, or a share of what is live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// This many.
    Count(u32),
    /// This share in percent of what exists; always allows one.
    Percent(u32),
}

/// What a lint does when it finds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LintLevel {
    /// Nothing.
    Allow,
    /// A warning.
    Warn,
    /// An error.
    Deny,
}
