//! What came of an apply, as a document: what `apply --format json` prints and every renderer of
//! results takes. `schema/apply.schema.json` is generated from these types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{Action, Attested, Identity, Revisions, RunStatistics, TargetError, Verdict};
use crate::model::{Address, Untrusted};

/// The version of the format of [`ApplyDocument`].
pub const FORMAT_VERSION: u32 = 1;

/// The result of an apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyDocument {
    /// Always 1.
    pub format_version: u32,
    /// Version of the program that wrote it.
    pub rolecall: Untrusted,
    /// `sha256:…` of the plan that was carried out; `null` where a target had no plan.
    pub digest: Option<Untrusted>,
    /// What was applied.
    pub revisions: Revisions,
    /// The targets, sorted by name.
    pub targets: Vec<TargetOutcome>,
    /// How many changes of all targets ended how.
    pub summary: OutcomeSummary,
    /// Statistics of the run.
    #[serde(default)]
    pub run: Option<RunStatistics>,
}

/// What came of one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetOutcome {
    /// Name of the target.
    pub name: Untrusted,
    /// Its provider.
    pub provider: Untrusted,
    /// Whether the emulator stood in for the provider.
    pub emulator: bool,
    /// Who the target is; `null` where that could not be read.
    pub identity: Option<Identity>,
    /// `sha256:…` of the target's plan; `null` where there was none.
    pub digest: Option<Untrusted>,
    /// How it ended as a whole.
    pub result: TargetResult,
    /// Why the target as a whole could not be applied.
    pub error: Option<TargetError>,
    /// Every planned change, in the order of addresses.
    pub changes: Vec<ChangeOutcome>,
    /// Guards that refused, or that would have and were allowed, with the reason that was given.
    pub verdicts: Vec<Verdict>,
    /// People whom a text of the target's plan names, as they are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<Untrusted>,
    /// What reading everything back at the end said.
    pub verification: Verification,
    /// What rests on what somebody attested: reading back does not show it.
    #[serde(default, skip_serializing_if = "Attested::is_empty")]
    pub attested: Attested,
    /// How many changes ended how.
    pub summary: OutcomeSummary,
    /// How many assignments stay although the definitions would take them away.
    #[serde(default, skip_serializing_if = "super::document::is_zero")]
    pub kept: u64,
    /// How many lists of principals could not be read as a whole.
    #[serde(default, skip_serializing_if = "super::document::is_zero")]
    pub unread: u64,
    /// Where this apply was recorded, for plans to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Untrusted>,
    /// Why it was not recorded, where one could expect that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_recorded: Option<Untrusted>,
}

/// How a target ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetResult {
    /// Every change is in place or waits for a person, and reading back confirmed it.
    Applied,
    /// There was nothing to change.
    NothingToDo,
    /// Nothing could be sent: every change is a person's to make, or waits for one that is.
    Waiting,
    /// Some changes are in place, others are not.
    Partly,
    /// No change is in place because something went wrong.
    Failed,
    /// A guard or a check refused before the first write.
    Refused,
}

/// What came of one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeOutcome {
    /// What it is about.
    pub address: Address,
    /// What to call it.
    pub title: Untrusted,
    /// What was to happen.
    pub action: Action,
    /// Name of the role that the principal held, or that was the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Untrusted>,
    /// Name of the role that the principal was to get, or that was to be the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Untrusted>,
    /// How it ended.
    pub status: ChangeStatus,
    /// Why it did not end well, or was not attempted.
    pub reason: Option<Untrusted>,
    /// What to do.
    pub help: Option<Untrusted>,
}

/// How a change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStatus {
    /// It was sent, and reading back showed exactly the planned state.
    Applied,
    /// The planned state was there before anything was sent.
    Already,
    /// It was refused, or accepted and read back otherwise.
    Failed,
    /// It was sent, and nothing says whether it took effect: no answer, and it could not be read
    /// back.
    Unconfirmed,
    /// Nothing of it was sent.
    NotAttempted,
    /// The provider has no API for it, or not for all of it: a person has to do the rest.
    Manual,
    /// Nothing of it was sent: it waits for what a person has to do first.
    Blocked,
}

/// What reading everything back said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Whether everything was read back and nothing but manual steps remains.
    pub verified: bool,
    /// What a plan would still change, and why everything could not be read.
    pub remaining: Vec<Remaining>,
}

/// Something that a plan would still change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remaining {
    /// The object; `null` where it concerns the whole target.
    pub address: Option<Address>,
    /// What differs, one sentence that names the field.
    pub message: Untrusted,
}

/// How many changes ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field counts the status of its name")]
pub struct OutcomeSummary {
    pub applied: u32,
    pub already: u32,
    pub failed: u32,
    pub unconfirmed: u32,
    pub not_attempted: u32,
    pub manual: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub blocked: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde wants it")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl OutcomeSummary {
    /// Counts `changes`.
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a ChangeOutcome>) -> Self {
        let mut summary = Self::default();
        for change in changes {
            let count = match change.status {
                ChangeStatus::Applied => &mut summary.applied,
                ChangeStatus::Already => &mut summary.already,
                ChangeStatus::Failed => &mut summary.failed,
                ChangeStatus::Unconfirmed => &mut summary.unconfirmed,
                ChangeStatus::NotAttempted => &mut summary.not_attempted,
                ChangeStatus::Manual => &mut summary.manual,
                ChangeStatus::Blocked => &mut summary.blocked,
            };
            *count = count.saturating_add(1);
        }
        summary
    }

    /// How many changes there are.
    pub fn total(&self) -> u32 {
        let others = [self.failed, self.unconfirmed, self.not_attempted];
        others.into_iter().fold(self.settled(), u32::saturating_add)
    }

    /// How many are in place, or wait for a person.
    pub fn settled(&self) -> u32 {
        self.applied.saturating_add(self.already).saturating_add(self.waiting())
    }

    /// How many wait for a person.
    pub fn waiting(&self) -> u32 {
        self.manual.saturating_add(self.blocked)
    }
}
