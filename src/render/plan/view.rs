//! What a plan says, sorted for reading: shared by text and Markdown, which only differ in how it
//! looks. Everything borrowed from the document is still unescaped.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::{
    model::{Address, Untrusted},
    plan::document::{
        Action, Change, FieldChange, FieldValue, Guard, Origin, PlanDocument, Reason, Summary, TargetPlan,
        Verdict, VerdictOutcome,
    },
};

/// What an address says in its path, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// `role`, `permission`, `default`, or `assignment`.
    pub(super) kind: String,
    /// Scope of an assignment: kind and path.
    pub(super) scope: Option<(String, String)>,
    /// Class of the principal of an assignment.
    pub(super) class: Option<String>,
}

impl Place {
    pub(super) fn of(address: &Address) -> Self {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let mut parts = address.as_str().split('/').skip(1);
        let kind = decode(parts.next().unwrap_or_default());
        if kind != "assignment" {
            return Self { kind, ..Self::default() };
        }
        let scope = parts.next().and_then(|part| part.split_once('='));
        let class = parts.next().and_then(|part| part.split_once(':')).map(|(class, _)| decode(class));
        Self { kind, scope: scope.map(|(kind, path)| (decode(kind), decode(path))), class }
    }
}

/// Whether the change is about who holds a role.
pub(super) fn is_assignment(change: &Change) -> bool {
    matches!(change.action, Action::Assign | Action::Reassign | Action::Unassign)
        || Place::of(&change.address).kind == "assignment"
}

/// Changes of everything but assignments: roles first, then the default, in the plan's order.
pub(super) fn objects(target: &TargetPlan) -> Vec<&Change> {
    let mut changes: Vec<_> = target.changes.iter().filter(|change| !is_assignment(change)).collect();
    changes.sort_by_key(|change| change.action == Action::SetDefault);
    changes
}

/// The assignments that change the holders of one role in one scope.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    /// The role.
    pub(super) role: Option<&'a Untrusted>,
    /// Where: kind and path.
    pub(super) scope: Option<(String, String)>,
    /// Its changes, in the plan's order.
    pub(super) members: Vec<Member<'a>>,
}

/// One assignment.
#[derive(Clone, Debug)]
pub(super) struct Member<'a> {
    pub(super) change: &'a Change,
    /// Class of the principal, where it is not a user.
    pub(super) class: Option<String>,
    /// The role before, where there was one.
    pub(super) before: Option<&'a Untrusted>,
    /// The role after, where there is one.
    pub(super) after: Option<&'a Untrusted>,
}

impl Member<'_> {
    /// Whether there is nothing to say but who.
    pub(super) fn is_plain(&self) -> bool {
        let change = self.change;
        let moves = self.before.is_some() && self.after.is_some();
        !moves
            && change.reason.is_none()
            && change.manual.is_none()
            && !change.adopts
            && change.side_effects.is_empty()
            && change.verdicts.is_empty()
            && origin_word(change.origin).is_none()
    }
}

/// Groups the assignments by the role that people get, or lose where they get none.
pub(super) fn assignments(target: &TargetPlan) -> Vec<Group<'_>> {
    let mut groups = BTreeMap::<_, Vec<Member<'_>>>::new();
    for change in target.changes.iter().filter(|change| is_assignment(change)) {
        let place = Place::of(&change.address);
        let mut before = change.before.as_ref().and_then(|fields| role_name(fields.get("role")));
        let mut after = change.after.as_ref().and_then(|fields| role_name(fields.get("role")));
        for field in &change.fields {
            if let FieldChange::Value { field, before: old, after: new, .. } = field
                && field.raw() == "role"
            {
                before = before.or(role_name(old.as_ref()));
                after = after.or(role_name(new.as_ref()));
            }
        }
        let class = place.class.filter(|class| class != "user");
        let member = Member { change, class, before, after };
        groups.entry((after.or(before), place.scope)).or_default().push(member);
    }
    groups.into_iter().map(|((role, scope), members)| Group { role, scope, members }).collect()
}

fn role_name(value: Option<&FieldValue>) -> Option<&Untrusted> {
    match value {
        Some(FieldValue::Role(role)) => Some(&role.name),
        Some(FieldValue::Text(text)) => text.as_ref(),
        _ => None,
    }
}

/// How an origin is named where it is worth saying: what the definitions changed is what a plan is
/// for, and what nobody can tell is not said.
pub(super) fn origin_word(origin: Origin) -> Option<&'static str> {
    match origin {
        Origin::Drift => Some("drift"),
        Origin::Unapplied => Some("unapplied"),
        Origin::Pending | Origin::Undetermined | Origin::Mixed => None,
    }
}

/// What an origin means.
pub(super) fn origin_sentence(origin: Origin) -> Option<&'static str> {
    match origin {
        Origin::Drift => Some("drift: changed outside git"),
        Origin::Unapplied => Some("unapplied: merged earlier, not applied yet"),
        Origin::Pending | Origin::Undetermined | Origin::Mixed => None,
    }
}

pub(super) fn reason_sentence(reason: Reason) -> &'static str {
    match reason {
        Reason::BaseChanged => "Only the base role changed at the provider.",
        Reason::Expired => "The assignment has expired.",
        Reason::RoleRemoved => "The role is removed and its holders move on.",
        Reason::NotInExclusiveList => "An exclusive list does not name this principal.",
        Reason::NeverDeclared => "Git never declared it, and the mode is authoritative.",
        Reason::NoLongerDeclared => "Git declared it before, and the definitions no longer do.",
    }
}

/// The same in a list, where there is no room for a sentence.
pub(super) fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::BaseChanged => "the base role changed",
        Reason::Expired => "expired",
        Reason::RoleRemoved => "the role is removed",
        Reason::NotInExclusiveList => "not in the exclusive list",
        Reason::NeverDeclared => "never declared",
        Reason::NoLongerDeclared => "no longer declared",
    }
}

pub(super) const ADOPTS: &str = "Takes over a live role that no earlier revision is known to declare.";
pub(super) const RELEASED: &str = "It is no longer managed, and stays as it is.";

/// A guard as the config and `--allow` spell it.
pub(super) fn guard_name(guard: Guard) -> &'static str {
    match guard {
        Guard::MaxDeletes => "max_deletes",
        Guard::MaxUnassigns => "max_unassigns",
        Guard::MinAdmins => "min_admins",
        Guard::Protect => "protect",
        Guard::Held => "held",
        Guard::Adopt => "adopt",
        Guard::Incomplete => "incomplete",
        Guard::Blocked => "blocked",
        Guard::OnUnassign => "on_unassign",
        Guard::ScopeChange => "scope_change",
        Guard::Base => "base",
    }
}

/// The verb of an action on a role or on the default.
pub(super) fn verb(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "change",
        Action::Rename => "rename",
        Action::Replace => "replace",
        Action::Delete => "delete",
        Action::Assign => "assign",
        Action::Reassign => "reassign",
        Action::Unassign => "unassign",
        Action::SetDefault => "default role",
        Action::Release => "release",
    }
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
    verdicts(target).iter().filter(|(verdict, _)| verdict.outcome == VerdictOutcome::Refused).count()
}

/// Whether there is nothing to say about the target but that nothing changes.
pub(super) fn is_quiet(target: &TargetPlan) -> bool {
    target.error.is_none()
        && target.changes.is_empty()
        && target.scope_changes.is_empty()
        && target.verdicts.is_empty()
        && target.notes.is_empty()
}

/// The manage modes, where one is not the default.
pub(super) fn has_special_mode(target: &TargetPlan) -> bool {
    target.error.is_none()
        && (target.manage.roles.raw() != "declared" || target.manage.assignments.raw() != "declared")
}

/// Whether the guards are not the default ones.
pub(super) fn has_special_guards(target: &TargetPlan) -> bool {
    let guards = &target.guards;
    guards.max_deletes.raw() != "3" || guards.max_unassigns.raw() != "10%" || guards.min_admins != 2
}

/// `1 role`, `2 roles`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `1 to create, 2 to change; 3 assignments (+2 −1); 1 scope change`; empty where nothing changes.
pub(super) fn counts<'a>(targets: impl IntoIterator<Item = &'a TargetPlan>, minus: &str) -> String {
    let mut scope_changes = 0;
    let mut changes = Vec::new();
    for target in targets {
        scope_changes += target.scope_changes.len();
        changes.extend(&target.changes);
    }
    let summary = Summary::of(changes);
    let mut objects = Vec::new();
    for (number, words) in [
        (summary.create, "to create"),
        (summary.update, "to change"),
        (summary.rename, "to rename"),
        (summary.replace, "to replace"),
        (summary.delete, "to delete"),
        (summary.release, "to release"),
    ] {
        if number > 0 {
            objects.push(format!("{number} {words}"));
        }
    }
    match summary.set_default {
        0 => {}
        1 => objects.push("a new default role".to_owned()),
        many => objects.push(format!("{many} new default roles")),
    }
    let mut parts = Vec::new();
    if !objects.is_empty() {
        parts.push(objects.join(", "));
    }
    let assignments = summary.assignments() as usize;
    if assignments > 0 {
        let signed: Vec<String> = [("+", summary.assign), ("~", summary.reassign), (minus, summary.unassign)]
            .into_iter()
            .filter(|(_, number)| *number > 0)
            .map(|(sign, number)| format!("{sign}{number}"))
            .collect();
        let total = count(assignments, "assignment", "assignments");
        parts.push(format!("{total} ({})", signed.join(" ")));
    }
    if scope_changes > 0 {
        parts.push(count(scope_changes, "scope change", "scope changes"));
    }
    if summary.manual > 0 {
        parts.push(format!("{} by hand", summary.manual));
    }
    parts.join("; ")
}

/// The last line of a text and the first of a comment: what happens, in numbers.
pub(super) fn headline(plan: &PlanDocument, minus: &str) -> String {
    let counts = counts(&plan.targets, minus);
    let failed = plan.targets.iter().filter(|target| target.error.is_some()).count();
    if failed > 0 && failed == plan.targets.len() {
        return format!("No plan: {} failed.", count(failed, "target", "targets"));
    }
    let mut line = match counts.as_str() {
        "" if failed > 0 => "No changes in the other targets".to_owned(),
        "" => "No changes. Live matches the definitions".to_owned(),
        counts => format!("Plan: {counts}"),
    };
    if failed > 0 {
        let all = plan.targets.len();
        line.push_str(&format!("; {failed} of {all} targets failed"));
    }
    line.push('.');
    line
}

/// A commit, short enough to read and long enough to be unique.
pub(super) fn short(revision: &Untrusted) -> &str {
    let raw = revision.raw();
    if raw.len() > 12 && raw.bytes().all(|b| b.is_ascii_hexdigit()) {
        raw.get(..12).unwrap_or(raw)
    } else {
        raw
    }
}
