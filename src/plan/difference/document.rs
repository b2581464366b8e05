//! The difference of two revisions as a document: what `diff --format json` prints and every renderer
//! takes. `schema/diff.schema.json` is generated from these types.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    model::{Address, Untrusted},
    plan::document::ScopeChange,
};

/// The version of the format that this program writes.
pub const FORMAT_VERSION: u32 = 1;

/// What differs between the definitions of two revisions.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DiffDocument {
    /// Always 1.
    #[schemars(extend("const" = 1))]
    pub format_version: u32,
    /// Version of the program that wrote it.
    pub rolecall: Untrusted,
    /// What is compared with.
    pub a: Side,
    /// What is compared.
    pub b: Side,
    /// Whether anything differs, as far as both can be read.
    pub differs: bool,
    /// Patterns of `--only`; empty for everything.
    pub selection: Vec<Untrusted>,
    /// Changes of guards and of what branches may be applied from, which concern every target.
    pub policies: Vec<ScopeChange>,
    /// The selected targets of either side, sorted by name.
    pub targets: Vec<TargetDifference>,
    /// How many differences there are of each kind, in all targets.
    pub summary: Summary,
}

/// One of the two revisions.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Side {
    /// The revision as it was named; `null` for the work tree.
    pub revision: Option<Untrusted>,
    /// The full id of its commit; `null` for the work tree.
    pub commit: Option<Untrusted>,
    /// The revision with which the named one has this best common ancestor (`A...B`).
    pub merge_base_with: Option<Untrusted>,
    /// Whether it has no configuration at all, and so no target.
    pub absent: bool,
    /// How many errors its definitions have; they are printed to standard error.
    pub errors: usize,
}

/// `a` is what is compared with, `b` is what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The first revision.
    A,
    /// The second revision.
    B,
}

/// What differs in one target.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TargetDifference {
    /// Its name.
    pub name: Untrusted,
    /// Its name in `a`, where that was another.
    pub name_before: Option<Untrusted>,
    /// What became of it.
    pub status: TargetStatus,
    /// Its provider; `null` where no side tells.
    pub provider: Option<Untrusted>,
    /// Whether the emulator stands in for the provider.
    pub emulator: bool,
    /// The sides whose definitions of this target have errors: then nothing is compared.
    pub broken: Vec<Which>,
    /// Changes of what is managed and guarded.
    pub scope_changes: Vec<ScopeChange>,
    /// Files that are still there and are no longer read for this target.
    pub files_left: Vec<Untrusted>,
    /// Files that were there before and are read for this target now.
    pub files_joined: Vec<Untrusted>,
    /// Lines that changed the permissions of several roles, in the order of places.
    pub causes: Vec<Cause>,
    /// Roles that differ, in the order of addresses.
    pub roles: Vec<RoleDifference>,
    /// Permissions declared as resources of their own that differ, in the order of addresses: the key is
    /// the slug, and none of them has permissions itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permission_definitions: Vec<RoleDifference>,
    /// The default role, where it differs.
    pub default: Option<DefaultDifference>,
    /// Who holds what, where that differs, in the order of scopes and principals.
    pub assignments: Vec<AssignmentDifference>,
    /// Lists that became, or are no longer, the whole truth for their role.
    pub exclusive: Vec<ExclusiveDifference>,
    /// Entries under `removed` that differ.
    pub removed: Vec<RemovedDifference>,
    /// How many differences there are of each kind.
    pub summary: Summary,
}

/// What became of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetStatus {
    /// Nothing differs.
    Same,
    /// Something differs.
    Changed,
    /// Only `b` has it.
    Added,
    /// Only `a` has it: what it declared is no longer managed.
    Dropped,
    /// The definitions of a side have errors, so that nobody can tell.
    Unknown,
}

/// A line, or several lines of one set or role, that changed the permissions of several roles.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Cause {
    /// The permission set that changed; `null` where it is a role that others start from.
    pub set: Option<Untrusted>,
    /// The key of the role that others start from.
    pub role: Option<Untrusted>,
    /// The set whose inclusion came or went; `null` where permissions came or went.
    pub include: Option<Untrusted>,
    /// The lines: of `b` for what comes, of `a` for what goes.
    pub places: Vec<Place>,
    /// Permissions that all of the roles gain.
    pub added: Vec<Untrusted>,
    /// Permissions that all of the roles lose.
    pub removed: Vec<Untrusted>,
    /// The roles.
    pub roles: Vec<RoleName>,
}

/// A role by address and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct RoleName {
    /// Its address.
    pub address: Address,
    /// Its name.
    pub name: Untrusted,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Place {
    /// Path relative to the root of the definitions.
    pub file: Untrusted,
    /// Line, from 1.
    pub line: u32,
    /// The side that has it.
    pub side: Which,
}

/// What became of a role, an assignment, or an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Only `b` has it.
    Added,
    /// Only `a` has it.
    Removed,
    /// It has another name or key; more may differ.
    Renamed,
    /// Something of it differs.
    Changed,
}

/// A role that differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RoleDifference {
    /// Its address; in `a` where it was removed.
    pub address: Address,
    /// What became of it.
    pub what: What,
    /// Whether it is only no longer managed, because its file is no longer read for the target: it
    /// stays at the provider.
    pub released: bool,
    /// Its key.
    pub key: Untrusted,
    /// Its key in `a`, where that was another.
    pub key_before: Option<Untrusted>,
    /// Its name at the provider.
    pub name: Untrusted,
    /// Its name in `a`, where that was another.
    pub name_before: Option<Untrusted>,
    /// What differs beside name and permissions. Of a role that comes or goes: all of it.
    pub fields: Vec<FieldDifference>,
    /// Its permissions after sets, base roles, and `except`.
    pub permissions: Permissions,
    /// Where it is defined: in `b`, or in `a` where it was removed.
    pub definition: Option<Place>,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FieldDifference {
    /// Its name as it is written: `description`, `base`, `protect`, `previously`, `id`, `slug`,
    /// `resource_type`, `allow_gap`.
    pub field: &'static str,
    /// Before.
    pub before: Text,
    /// After.
    pub after: Text,
}

/// The value of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    /// Nothing is said, so it is not managed.
    #[default]
    Unmanaged,
    /// It is cleared.
    Cleared,
    /// A text.
    Text(Untrusted),
    /// A list, in the order of the texts.
    List(Vec<Untrusted>),
}

/// How the permissions of a role differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Permissions {
    /// The built-in role that it starts from, in `b` or in `a` where it was removed: what that grants is
    /// known only live, and comes on top of everything here.
    pub base: Option<Untrusted>,
    /// Gained.
    pub added: Vec<Permission>,
    /// Lost.
    pub removed: Vec<Permission>,
    /// How many are the same on both sides, beside those that only the base knows.
    pub unchanged: usize,
}

/// A permission that comes or goes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Permission {
    /// Its name.
    pub value: Untrusted,
    /// What brings it: in `b` where it comes, in `a` where it goes.
    pub via: Option<Via>,
    /// Whether it comes or goes only if the built-in base role grants it (`granted`), or only if that
    /// does not (`not_granted`); `null` where the definitions tell.
    pub only_if: Option<OnlyIf>,
    /// The line that caused it, as an index into `causes`; `null` where it changed this role alone.
    pub cause: Option<usize>,
}

/// What a permission's coming or going depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnlyIf {
    /// It comes or goes only if the base grants it.
    Granted,
    /// It comes or goes only if the base does not grant it.
    NotGranted,
}

/// What brings a permission into a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Via {
    /// The set that names it.
    pub set: Option<Untrusted>,
    /// The key of the base role that has it.
    pub base: Option<Untrusted>,
    /// The line that names it.
    pub place: Option<Place>,
}

/// The default role on both sides; a reference is a key, `builtin:ID`, or `none`, and `null` is not
/// managed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DefaultDifference {
    /// Before.
    pub before: Option<Untrusted>,
    /// After.
    pub after: Option<Untrusted>,
    /// Where it is written: in `b`, or in `a` where it was taken out.
    pub place: Option<Place>,
}

/// A principal whose role differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AssignmentDifference {
    /// Its address, with the principal as it is written.
    pub address: Address,
    /// `added`, `removed`, `changed` where it is another role or another last day.
    pub what: What,
    /// Kind of principal.
    pub kind: Untrusted,
    /// The principal as it is written.
    pub principal: Untrusted,
    /// The scope, `KIND=PATH`; `null` for the target itself.
    pub scope: Option<Untrusted>,
    /// The role in `a`: a key or `builtin:ID`.
    pub before: Option<Holding>,
    /// The role in `b`.
    pub after: Option<Holding>,
    /// Where it is written: in `b`, or in `a` where it was removed.
    pub place: Option<Place>,
}

/// A role that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Holding {
    /// A key or `builtin:ID`.
    pub role: Untrusted,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub expires: Option<Untrusted>,
}

/// A list that became, or is no longer, the whole truth.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExclusiveDifference {
    /// `added` or `removed`.
    pub what: What,
    /// A key or `builtin:ID`.
    pub role: Untrusted,
    /// Kind of principal.
    pub kind: Untrusted,
    /// The scope, `KIND=PATH`; `null` for the target itself.
    pub scope: Option<Untrusted>,
    /// Where it is written: in `b`, or in `a` where it was removed.
    pub place: Option<Place>,
}

/// An entry under `removed` that differs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RemovedDifference {
    /// `added`, `removed`, or `changed`.
    pub what: What,
    /// The role by its former key or by its live name; of a permission `permission` and its slug.
    pub role: Untrusted,
    /// Where its holders go, in `a`.
    pub reassign_before: Option<Untrusted>,
    /// Where its holders go, in `b`.
    pub reassign_after: Option<Untrusted>,
    /// Where it is written: in `b`, or in `a` where it was taken out.
    pub place: Option<Place>,
}

/// Numbers of differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Roles that only `b` has.
    pub roles_added: usize,
    /// Roles that only `a` has.
    pub roles_removed: usize,
    /// Roles that have another name or key.
    pub roles_renamed: usize,
    /// Roles of which something else differs.
    pub roles_changed: usize,
    /// Permissions that roles of both sides gain, counted in each.
    pub permissions_added: usize,
    /// Permissions that roles of both sides lose, counted in each.
    pub permissions_removed: usize,
    /// Assignments that only `b` has.
    pub assignments_added: usize,
    /// Assignments that only `a` has.
    pub assignments_removed: usize,
    /// Assignments to another role, or until another day.
    pub assignments_changed: usize,
    /// Changes of what is managed and guarded, with targets that come and go.
    pub scope: usize,
    /// Permissions declared as resources, the default role, exclusive lists, and entries under `removed`.
    pub other: usize,
}

impl std::ops::AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.roles_added += other.roles_added;
        self.roles_removed += other.roles_removed;
        self.roles_renamed += other.roles_renamed;
        self.roles_changed += other.roles_changed;
        self.permissions_added += other.permissions_added;
        self.permissions_removed += other.permissions_removed;
        self.assignments_added += other.assignments_added;
        self.assignments_removed += other.assignments_removed;
        self.assignments_changed += other.assignments_changed;
        self.scope += other.scope;
        self.other += other.other;
    }
}
