//! The plan as a document: what `plan --format json` prints, a plan file holds, and every renderer
//! takes. `schema/plan.schema.json` is generated from these types.

mod unmanaged;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Address, Untrusted};

pub(super) use self::unmanaged::is_zero;
pub use self::unmanaged::{Kept, Unmanaged, UnmanagedRole};

/// The version of the format that this program reads and writes. A change of what a digest covers,
/// or of a field's meaning, needs a new one.
pub const FORMAT_VERSION: u32 = 1;

/// A plan for one or more targets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDocument {
    /// Always 1.
    pub format_version: u32,
    /// Version of the program that wrote it.
    pub rolecall: Untrusted,
    /// `sha256:…` over all targets; `null` where a target failed.
    pub digest: Option<Untrusted>,
    /// What was planned.
    pub revisions: Revisions,
    /// The targets, sorted by name.
    pub targets: Vec<TargetPlan>,
    /// Statistics of the run: the only part that may differ between two equal plans.
    #[serde(default)]
    pub run: Option<RunStatistics>,
}

/// Revisions and inputs of a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revisions {
    /// The planned commit; `null` outside git.
    pub desired: Option<Untrusted>,
    /// The branch it was planned on; `null` on a detached head and outside git.
    pub branch: Option<Untrusted>,
    /// The commit that the target branch holds; `null` where there is none.
    pub base: Option<Untrusted>,
    /// How the base was found, in words: `origin/main`, `the commit before`, `--base v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_name: Option<Untrusted>,
    /// The tree of the merge of the two, where the base is not part of the planned commit's history
    /// and both were merged in memory.
    pub merged: Option<Untrusted>,
    /// Whether a file that the plan reads differs from the commit.
    pub dirty: bool,
    /// The day of the plan (UTC), `YYYY-MM-DD`: it decides what has expired.
    pub today: Untrusted,
}

/// The plan of one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetPlan {
    /// Name of the target.
    pub name: Untrusted,
    /// Its provider.
    pub provider: Untrusted,
    /// Whether the emulator stood in for the provider.
    pub emulator: bool,
    /// Who the target is; `null` where that could not be read.
    pub identity: Option<Identity>,
    /// `sha256:…` of this target; `null` where it failed.
    pub digest: Option<Untrusted>,
    /// The last recorded apply; `null` where none is known.
    pub applied: Option<Applied>,
    /// Why there is no plan for this target.
    pub error: Option<TargetError>,
    /// What is owned.
    pub manage: Manage,
    /// The guards in force.
    pub guards: Guards,
    /// What of the target was planned: patterns of `--only`, empty for everything.
    pub selection: Vec<Untrusted>,
    /// Whether what somebody changed outside git was left alone (`--pending-only`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending_only: bool,
    /// What `--pending-only` left alone, in the order of addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Left>,
    /// Changes of what is managed and guarded.
    pub scope_changes: Vec<ScopeChange>,
    /// What will happen, in the order of addresses.
    pub changes: Vec<Change>,
    /// What guards say about the plan as a whole.
    pub verdicts: Vec<Verdict>,
    /// Problems of the definitions that only live could show; not part of the digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<PlanFinding>,
    /// What is there and left alone.
    pub unmanaged: Unmanaged,
    /// What is as it is wanted because somebody attested it: the API does not tell, and nobody verified
    /// it. Not part of the digest.
    #[serde(default, skip_serializing_if = "Attested::is_empty")]
    pub attested: Attested,
    /// What the reader should know: incomplete reads, unknown fields, a missing base.
    pub notes: Vec<Untrusted>,
    /// People whom a text of this target names, as they are written: who may not name them, masks them.
    /// Not part of the digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Untrusted>,
    /// How many changes of each kind.
    pub summary: Summary,
}

/// How much rests on what somebody attested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attested {
    /// Declared roles of which the API does not tell everything.
    pub roles: u32,
    /// Declared assignments that the API does not tell.
    pub assignments: u32,
    /// Whether the API tells nothing of what is live, and nothing is attested either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nothing: bool,
}

impl Attested {
    /// Whether nothing does.
    pub fn is_empty(&self) -> bool {
        self.roles == 0 && self.assignments == 0 && !self.nothing
    }

    /// Both together.
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        all.into_iter().fold(Self::default(), |sum, one| Self {
            roles: sum.roles.saturating_add(one.roles),
            assignments: sum.assignments.saturating_add(one.assignments),
            nothing: sum.nothing || one.nothing,
        })
    }
}

/// Verified identity of a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Host.
    pub host: Untrusted,
    /// Tenant as the API reports it.
    pub tenant: Option<Untrusted>,
    /// What stands for the tenant where the API reports none.
    pub anchor: Option<Untrusted>,
}

impl From<&crate::model::live::Identity> for Identity {
    fn from(identity: &crate::model::live::Identity) -> Self {
        let crate::model::live::Identity { host, tenant, anchor } = identity.clone();
        Self { host, tenant, anchor }
    }
}

/// The last recorded apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// The applied commit.
    pub revision: Untrusted,
    /// When, RFC 3339.
    pub time: Untrusted,
    /// Digest of the plan that was applied.
    pub digest: Untrusted,
    /// Who applied, as the record tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Untrusted>,
}

/// Why a target has no plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetError {
    /// The exit code that it leads to.
    pub exit: u8,
    /// What happened, where, and why.
    pub message: Untrusted,
    /// What to do.
    pub help: Option<Untrusted>,
}

/// What is owned, per kind of object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manage {
    /// `additive`, `declared`, or `authoritative`.
    pub roles: Untrusted,
    /// `additive`, `declared`, or `authoritative`.
    pub assignments: Untrusted,
}

/// The guards in force, as they are written in the config.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guards {
    /// A number, or a percentage such as `10%`; always text, such as `"3"`.
    pub max_deletes: Untrusted,
    /// A number, or a percentage such as `10%`; always text, such as `"3"`.
    pub max_unassigns: Untrusted,
    /// A number.
    pub min_admins: u32,
}

/// A change of what is managed and guarded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeChange {
    /// What: `manage.roles`, `files`, `guards.max_deletes` ...
    pub what: Untrusted,
    /// Before.
    pub before: Option<Untrusted>,
    /// After.
    pub after: Option<Untrusted>,
}

/// A difference that `--pending-only` left alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// What it is about.
    pub address: Address,
    /// What to call it: a role's name, a person's name.
    pub title: Untrusted,
    /// What a plan without `--pending-only` would do.
    pub action: Action,
    /// Why the difference exists.
    pub origin: Origin,
    /// What differs, field by field.
    pub fields: Vec<FieldChange>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// What it is about.
    pub address: Address,
    /// What to call it: a role's name, a person's name.
    pub title: Untrusted,
    /// What happens.
    pub action: Action,
    /// Why the difference exists.
    pub origin: Origin,
    /// `sha256:…` of the change.
    pub digest: Untrusted,
    /// The provider's id of the object, where it exists.
    pub id: Option<Untrusted>,
    /// All managed fields before; `null` where the object does not exist.
    pub before: Option<BTreeMap<String, FieldValue>>,
    /// All managed fields after; `null` where it is deleted.
    pub after: Option<BTreeMap<String, FieldValue>>,
    /// Whether a live object that git never declared is taken over.
    pub adopts: bool,
    /// Numbered steps for a person, where the provider has no API for this.
    pub manual: Option<Vec<Untrusted>>,
    /// Changes that a person has to make first, by address: until then this one waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked_by: Vec<Address>,
    /// Why, where that is not plain from the definitions.
    pub reason: Option<Reason>,
    /// What differs, field by field.
    pub fields: Vec<FieldChange>,
    /// What the role's base grants whatever the role says, sorted: not part of its own permissions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted_by_base: Vec<Untrusted>,
    /// What else happens at the provider because of this change.
    pub side_effects: Vec<Untrusted>,
    /// In which steps it is made, where there are several. They depend on what else is planned, so that no
    /// digest covers them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Untrusted>,
    /// How many principals hold the role now, where that is known.
    pub holders: Option<u64>,
    /// The same by class of principals, where not all of them are people for sure: a service user is none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held_as: BTreeMap<Untrusted, u64>,
    /// How many groups and links give the role to whoever is in them; they are not among `holders`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_by: Option<u64>,
    /// Where it is defined.
    pub definition: Option<Place>,
    /// Who did what to it at the provider lately, newest first, where that was asked for and the
    /// provider tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activity: Vec<Activity>,
    /// What guards say about it.
    pub verdicts: Vec<Verdict>,
}

/// Something that somebody did at the provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Who, as the provider's audit log calls them.
    pub actor: Untrusted,
    /// When: RFC 3339, or as the audit log spells it where that cannot be understood.
    pub time: Untrusted,
    /// What, in the words of the audit log.
    pub what: Untrusted,
}

/// Who wrote a line last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blame {
    /// The full id of the commit.
    pub commit: Untrusted,
    /// Name of its author.
    pub author: Untrusted,
    /// When, RFC 3339.
    pub time: Untrusted,
    /// The first line of its message.
    pub summary: Untrusted,
}

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A role or permission is made.
    Create,
    /// Its fields change.
    Update,
    /// Its name changes, perhaps with other fields.
    Rename,
    /// A new one takes its place because a field cannot change.
    Replace,
    /// It goes.
    Delete,
    /// A principal gets a role.
    Assign,
    /// A principal gets another role in place of one.
    Reassign,
    /// A role is taken from a principal.
    Unassign,
    /// The default role changes.
    SetDefault,
    /// It is no longer managed, and stays.
    Release,
}

/// Why a difference exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The definitions changed.
    Pending,
    /// They changed earlier, and it was not applied yet.
    Unapplied,
    /// Somebody changed the live state outside git.
    Drift,
    /// Nobody can tell: there is no record of the last apply.
    Undetermined,
    /// Nobody can tell whether it differs: what is live was not read. A guard refuses the plan.
    Unread,
    /// The elements of the change have different origins.
    Mixed,
}

/// Why a change exists, where that is not plain from the definitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Only permissions that come from the base role differ.
    BaseChanged,
    /// The assignment has expired.
    Expired,
    /// The role is removed and its holders move on.
    RoleRemoved,
    /// An `exclusive` list does not name the principal.
    NotInExclusiveList,
    /// Git never declared it and the mode is `authoritative`.
    NeverDeclared,
    /// Git declared it before, and the definitions no longer do.
    NoLongerDeclared,
    /// A new role takes the place of the one that is held.
    RoleReplaced,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FieldValue {
    /// A flag.
    Flag(bool),
    /// A text, or none.
    Text(Option<Untrusted>),
    /// A set, sorted.
    Set(Vec<Untrusted>),
    /// A role.
    Role(RoleValue),
}

/// A role as a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleValue {
    /// The provider's id; for a role that this plan creates its address.
    pub role: Untrusted,
    /// Its name.
    pub name: Untrusted,
}

/// The difference in one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub enum FieldChange {
    /// Of a set.
    Set {
        /// Name of the field.
        field: Untrusted,
        /// What comes, sorted.
        added: Vec<Element>,
        /// What goes, sorted.
        removed: Vec<Element>,
    },
    /// Of anything else.
    Value {
        /// Name of the field.
        field: Untrusted,
        /// Before; `null` where it was not set.
        before: Option<FieldValue>,
        /// After.
        after: Option<FieldValue>,
        /// Why it differs.
        origin: Origin,
    },
}

/// A member of a set that comes or goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Element {
    /// The member.
    pub value: Untrusted,
    /// Why it differs.
    pub origin: Origin,
    /// What brings it, for a member that comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

/// What brings a member into a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Via {
    /// The file; `null` where a live base role brings it.
    pub file: Option<Untrusted>,
    /// The line in it.
    pub line: Option<u32>,
    /// The permission set, where one brings it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Untrusted>,
    /// The base role, where it brings it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Untrusted>,
    /// Who wrote the line, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Path relative to the root of the definitions.
    pub file: Untrusted,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Who wrote the line, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
}

/// What a guard says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Which guard.
    pub guard: Guard,
    /// Whether it refuses.
    pub outcome: VerdictOutcome,
    /// Why, and with what numbers.
    pub message: Untrusted,
    /// What to do.
    pub help: Option<Untrusted>,
    /// The reason that was given with `--allow`.
    pub reason: Option<Untrusted>,
}

/// A problem of the definitions that only live could show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanFinding {
    /// The stable code, `RC` and three digits.
    pub code: Untrusted,
    /// How much it weighs.
    pub level: FindingLevel,
    /// What is wrong.
    pub message: Untrusted,
    /// What to do.
    pub help: Option<Untrusted>,
    /// Where; `null` where it has no place in a file.
    pub place: Option<Place>,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingLevel {
    /// The definitions cannot be used.
    Error,
    /// Worth knowing; nothing is refused.
    Warning,
}

/// The guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Too many roles would be deleted.
    MaxDeletes,
    /// Too many people would lose a role.
    MaxUnassigns,
    /// Too few administrators would remain, or the caller would be moved.
    MinAdmins,
    /// Somebody would be given more than whoever the credential acts for holds, or nobody can tell.
    Escalation,
    /// A protected role would be deleted, renamed, or lose or gain permissions.
    Protect,
    /// A role that somebody holds would be deleted.
    Held,
    /// A live role with holders would be taken over and gain permissions.
    Adopt,
    /// A removal would follow from an incomplete read.
    Incomplete,
    /// Something that no API tells may use a role that would go.
    Unseen,
    /// Something cannot be changed, or cannot be read well enough to be changed.
    Blocked,
    /// Nothing says what taking the role from somebody means.
    OnUnassign,
    /// An `exclusive` list is not the whole truth, and no apply can make it so.
    Exclusive,
    /// What is managed or guarded would change in one apply with roles.
    ScopeChange,
    /// The base revision or the record of the last apply cannot be used, and the plan depends on it.
    Base,
}

/// Whether a guard refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictOutcome {
    /// It refuses; nothing of the target is applied.
    Refused,
    /// It would refuse, and a person allowed it with a reason.
    Allowed,
    /// It has nothing to say about this provider.
    NotApplicable,
}

/// How many changes of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field counts the action of its name")]
pub struct Summary {
    pub create: u32,
    pub update: u32,
    pub rename: u32,
    pub replace: u32,
    pub delete: u32,
    pub assign: u32,
    pub reassign: u32,
    pub unassign: u32,
    pub set_default: u32,
    pub release: u32,
    /// Changes with manual steps that wait for nothing; they count above too.
    pub manual: u32,
}

/// What a run cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunStatistics {
    /// Requests that were sent, retries included.
    pub requests: u32,
    /// The longest chain of requests that had to wait for each other.
    pub depth: u32,
    /// Requests that were repeated.
    pub retries: u32,
    /// Milliseconds from start to end.
    pub wall_ms: u64,
}
