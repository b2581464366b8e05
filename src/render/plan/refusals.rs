//! What guards say, sorted for reading.

use crate::{
    assess::ALLOWABLE,
    model::Untrusted,
    plan::document::{Change, Guard, TargetPlan, Verdict, VerdictOutcome},
};

/// A guard as the config and `--allow` spell it.
pub(super) fn guard_name(guard: Guard) -> &'static str {
    match guard {
        Guard::MaxDeletes => "max_deletes",
        Guard::MaxUnassigns => "max_unassigns",
        Guard::MinAdmins => "min_admins",
        Guard::Escalation => "escalation",
        Guard::Protect => "protect",
        Guard::Held => "held",
        Guard::Adopt => "adopt",
        Guard::Incomplete => "incomplete",
        Guard::Blocked => "blocked",
        Guard::OnUnassign => "on_unassign",
        Guard::Exclusive => "exclusive",
        Guard::ScopeChange => "scope_change",
        Guard::Base => "base",
    }
}

/// What a refusal is about, in words: the headline of what the guard says.
pub(super) fn refusal_words(guard: Guard) -> &'static str {
    match guard {
        Guard::MaxDeletes => "too many roles would go",
        Guard::MaxUnassigns => "too many people would lose a role",
        Guard::MinAdmins => "administrators could be locked out",
        Guard::Escalation => "more would be given than the credential itself may do",
        Guard::Protect => "the role is protected",
        Guard::Held => "somebody still holds the role",
        Guard::Adopt => "nothing proves that git owns this role",
        Guard::Incomplete => "too little could be read",
        Guard::Blocked => "this cannot be changed",
        Guard::OnUnassign => "nothing says what they get instead",
        Guard::Exclusive => "an exclusive list cannot be kept",
        Guard::ScopeChange => "what is managed or guarded would change together with roles",
        Guard::Base => "the revision to compare with cannot be used",
    }
}

/// The guard's name, where `--allow` takes it.
pub(super) fn allowable(guard: Guard) -> Option<&'static str> {
    ALLOWABLE.iter().find(|(_, allowable)| *allowable == guard).map(|(name, _)| *name)
}

/// What one guard refuses about one thing, for one or more reasons.
#[derive(Clone, Debug)]
pub(super) struct Refusal<'a> {
    pub(super) guard: Guard,
    /// Messages, each once.
    pub(super) messages: Vec<&'a Untrusted>,
    /// What to do, each once.
    pub(super) helps: Vec<&'a Untrusted>,
}

/// The refusals among `verdicts`, one for each guard.
pub(super) fn refused(verdicts: &[Verdict]) -> Vec<Refusal<'_>> {
    let mut all: Vec<Refusal<'_>> = Vec::new();
    for verdict in verdicts.iter().filter(|verdict| verdict.outcome == VerdictOutcome::Refused) {
        let at = all.iter().position(|refusal| refusal.guard == verdict.guard).unwrap_or(all.len());
        if at == all.len() {
            all.push(Refusal { guard: verdict.guard, messages: Vec::new(), helps: Vec::new() });
        }
        if let Some(refusal) = all.get_mut(at) {
            if !refusal.messages.contains(&&verdict.message) {
                refusal.messages.push(&verdict.message);
            }
            refusal.helps.extend(verdict.help.as_ref().filter(|help| !refusal.helps.contains(help)));
        }
    }
    all
}

/// Every refusal of a target, with the change that it is about.
pub(super) fn all_refused(target: &TargetPlan) -> Vec<(Refusal<'_>, Option<&Change>)> {
    let whole = refused(&target.verdicts).into_iter().map(|refusal| (refusal, None));
    let of_changes = target
        .changes
        .iter()
        .flat_map(|change| refused(&change.verdicts).into_iter().map(move |refusal| (refusal, Some(change))));
    whole.chain(of_changes).collect()
}

/// Every verdict of a target with the change that it is about, the refusals first.
pub(super) fn verdicts(target: &TargetPlan) -> Vec<(&Verdict, Option<&Change>)> {
    let of_changes = target
        .changes
        .iter()
        .flat_map(|change| change.verdicts.iter().map(move |verdict| (verdict, Some(change))));
    let mut all: Vec<_> = target.verdicts.iter().map(|verdict| (verdict, None)).chain(of_changes).collect();
    all.sort_by_key(|(verdict, _)| match verdict.outcome {
        VerdictOutcome::Refused => 0,
        VerdictOutcome::Allowed => 1,
        VerdictOutcome::NotApplicable => 2,
    });
    all
}

/// How often guards refuse.
pub(super) fn refusals(target: &TargetPlan) -> usize {
    all_refused(target).len()
}
