//! What a plan says, sorted for reading: shared by text and Markdown, which only differ in how it
//! looks. Everything borrowed from the document is still unescaped.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::origins::{Told, has_origin};
use crate::{
    model::{Address, Untrusted},
    plan::{
        document::{
            Action, Attested, Blame, Change, Guard, Kept, Left, Origin, PlanDocument, Reason, ScopeChange,
            Summary, TargetPlan, VerdictOutcome,
        },
        holders::words,
    },
};

/// What an address says in its path, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// `role`, `permission`, `default`, or `assignment`.
    pub(super) kind: String,
    /// Scope of an assignment: kind and path; of a level no path.
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
        let scope = parts.next().filter(|part| *part != "-");
        let scope = scope.map(|part| part.split_once('=').unwrap_or((part, "")));
        let class = parts.next().and_then(|part| part.split_once(':')).map(|(class, _)| decode(class));
        Self { kind, scope: scope.map(|(kind, path)| (decode(kind), decode(path))), class }
    }
}

/// Whether an address is that of a permission, whose name alone could be that of a role.
pub(in crate::render) fn is_permission(address: &Address) -> bool {
    Place::of(address).kind == "permission"
}

/// Where the role of an address lives, where that is not the target itself: the same role may live in
/// many places.
pub(super) fn lives_in(address: &Address) -> Option<String> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut parts = address.as_str().split('/').skip(1);
    let (kind, key) = (parts.next()?, parts.next()?);
    let (_, scope) = key.split_once('@').filter(|_| kind == "role")?;
    Some(match scope.split_once('=') {
        Some((kind, path)) => format!("{} {}", decode(kind), decode(path)),
        None => decode(scope),
    })
}

/// Whether the change is about who holds a role.
pub(super) fn is_assignment(change: &Change) -> bool {
    matches!(change.action, Action::Assign | Action::Reassign | Action::Unassign)
        || Place::of(&change.address).kind == "assignment"
}

/// Changes of everything but assignments: roles first, then the default, in the plan's order.
pub(super) fn objects(changes: &[Change]) -> Vec<&Change> {
    let mut changes: Vec<_> = changes.iter().filter(|change| !is_assignment(change)).collect();
    changes.sort_by_key(|change| change.action == Action::SetDefault);
    changes
}

/// A point in time to the minute, in UTC; as it stands where it is none.
pub(super) fn minute(time: &Untrusted) -> String {
    match time.raw().parse::<jiff::Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => time.raw().to_owned(),
    }
}

/// The day of a point in time.
pub(super) fn day(time: &Untrusted) -> String {
    match time.raw().parse::<jiff::Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d").to_string(),
        Err(_) => time.raw().to_owned(),
    }
}

/// Who wrote a line: author, commit, day. Unescaped.
pub(super) fn blame(blame: &Blame) -> [String; 3] {
    let commit = short(&blame.commit);
    [blame.author.raw().to_owned(), commit.get(..8).unwrap_or(commit).to_owned(), day(&blame.time)]
}

/// Whether nobody can tell what was changed outside git, although there is a revision to compare
/// with: a record of the last apply would tell.
pub(super) fn lacks_record(plan: &PlanDocument, target: &TargetPlan) -> bool {
    plan.revisions.base.is_some()
        && target.applied.is_none()
        && !target.emulator
        && target.changes.iter().any(|change| has_origin(change, Origin::Undetermined))
}

/// What a scope change is about, in words; the name in the config stands beside them.
pub(super) fn scope_words(change: &ScopeChange) -> &'static str {
    let (before, after) = (change.before.is_some(), change.after.is_some());
    match (change.what.raw(), before, after) {
        ("manage.roles", ..) => "how roles are managed",
        ("manage.assignments", ..) => "how assignments are managed",
        ("files", true, false) => "files that are no longer read",
        ("files", false, true) => "files that are read from now on",
        ("files", ..) => "files that are read",
        ("guards.max_deletes", ..) => "most roles that one plan may delete",
        ("guards.max_unassigns", ..) => "most people who may lose a role in one plan",
        ("guards.min_admins", ..) => "fewest administrators that have to remain",
        ("credential", ..) => "variable that holds the credential",
        ("tenant", ..) => "tenant",
        ("host" | "url" | "settings.url", ..) => "host",
        ("provider", ..) => "provider",
        ("target", false, true) => "the target is new",
        ("target", true, false) => "the target is dropped, and what it managed stays as it is",
        ("target", ..) => "target",
        ("on_unassign", ..) => "what people get when a role is taken from them",
        ("emulator", ..) => "whether the emulator stands in",
        (what, ..) if what.starts_with("settings.") => "setting",
        (what, ..) if what.starts_with("protect") => "what is protected",
        _ => "",
    }
}

/// Whether [`scope_words`] say already that something came or went.
pub(super) fn is_one_sided(change: &ScopeChange) -> bool {
    matches!(change.what.raw(), "files" | "target")
}

/// What `--pending-only` left alone, as the changes that it would have been.
pub(super) fn left(target: &TargetPlan) -> Vec<Change> {
    let change = |left: &Left| Change {
        address: left.address.clone(),
        title: left.title.clone(),
        action: left.action,
        origin: left.origin,
        digest: Untrusted::default(),
        id: None,
        before: None,
        after: None,
        adopts: false,
        manual: None,
        blocked_by: Vec::new(),
        reason: None,
        granted_by_base: Vec::new(),
        fields: left.fields.clone(),
        side_effects: Vec::new(),
        steps: None,
        holders: None,
        held_as: BTreeMap::new(),
        given_by: None,
        definition: None,
        activity: Vec::new(),
        verdicts: Vec::new(),
    };
    target.left.iter().map(change).collect()
}

/// The changes by hand that a change waits for, the first few, as the rest of a sentence.
pub(super) fn waits_for(change: &Change) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<&str> = change.blocked_by.iter().take(SHOWN).map(|address| address.as_str()).collect();
    let more = change.blocked_by.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let done = if change.blocked_by.len() == 1 { "which is" } else { "which are" };
    format!("{}{more}, {done} done by hand.", shown.join(", "))
}

pub(super) fn reason_sentence(reason: Reason) -> &'static str {
    match reason {
        Reason::BaseChanged => "Only the base role changed at the provider; this one follows.",
        Reason::Expired => "The assignment has expired.",
        Reason::RoleRemoved => "The role is removed and its holders move on.",
        Reason::NotInExclusiveList => "An exclusive list does not name this principal.",
        Reason::NeverDeclared => "Git never declared it, and the mode is authoritative.",
        Reason::NoLongerDeclared => "Git declared it before, and the definitions no longer do.",
        Reason::RoleReplaced => "A new role takes the place of the one that is held.",
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
        Reason::RoleReplaced => "the role is replaced",
    }
}

/// The title of what `--pending-only` left alone.
pub(super) const LEFT: &str = "Left alone by --pending-only";
/// How that comes into a plan.
pub(super) const INCLUDE: &str = "A plan without `--pending-only` includes it.";
/// What such a plan is.
pub(super) const ONLY_PENDING: &str = "only what the definitions changed (--pending-only)";
/// Why nothing is called drift.
pub(super) const NO_RECORD: &str = "no record of an apply that counts here: what was changed outside git cannot be told from what was never put in place";
pub(super) const ADOPTS: &str = "Takes over a live role that no earlier revision is known to declare.";
pub(super) const RELEASED: &str = "It is no longer managed, and stays as it is.";

/// What somebody did outside git.
fn done(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "changed",
        Action::Rename => "renamed",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
        Action::Assign => "given",
        Action::Reassign => "moved",
        Action::Unassign => "taken away",
        Action::SetDefault => "default role",
        Action::Release => "released",
    }
}

/// The action in the words of whoever tells it.
pub(super) fn told_verb(action: Action, told: Told) -> String {
    match told {
        Told::Plan => verb(action).to_owned(),
        Told::Left => format!(
            "would {}",
            if action == Action::SetDefault { "change the default" } else { verb(action) }
        ),
        Told::Report => done(action).to_owned(),
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

/// The same as the beginning of a sentence.
pub(super) fn capitalized(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Whether there is nothing to say about the target but that nothing changes.
pub(super) fn is_quiet(target: &TargetPlan) -> bool {
    target.error.is_none()
        && target.changes.is_empty()
        && target.scope_changes.is_empty()
        // That a guard has nothing to say says nothing where nothing changes.
        && target.verdicts.iter().all(|verdict| verdict.outcome == VerdictOutcome::NotApplicable)
        && target.left.is_empty()
        && target.notes.is_empty()
        && target.findings.is_empty()
        && target.unmanaged.kept.is_empty()
        && target.unmanaged.unread == 0
}

/// Who keeps a role against the definitions, as whole sentences; unescaped.
pub(super) fn kept(target: &TargetPlan, names: bool) -> Vec<String> {
    let sentence = |kept: &Kept| {
        let (who, keep, them) = match kept.number {
            1 => (format!("1 {}", kept.class.raw()), "keeps", "it"),
            n => (format!("{n} {}s", kept.class.raw()), "keep", "them"),
        };
        let place = kept.place.as_ref().map_or_else(String::new, |place| format!(" in {}", place.raw()));
        let although = match kept.reason {
            Reason::Expired => "though the assignment has expired",
            Reason::NotInExclusiveList => "though its list is exclusive and leaves them out",
            Reason::NeverDeclared => "though git never declared it",
            _ => "though git no longer declares it",
        };
        let role = kept.role.name.raw();
        let why = kept.why.raw().trim_end_matches('.');
        let mut people: Vec<&str> = kept.people.iter().map(Untrusted::raw).collect();
        let more = usize::try_from(kept.number).unwrap_or(usize::MAX).saturating_sub(people.len());
        let others = format!("{more} more");
        if more > 0 {
            people.push(&others);
        }
        let people = if names { format!(": {}", people.join(", ")) } else { String::new() };
        format!("{who} {keep} `{role}`{place}, {although}: {why}. rolecall leaves {them} alone{people}.")
    };
    target.unmanaged.kept.iter().map(sentence).collect()
}

/// How many assignments stay although the definitions would take them away.
pub(super) fn kept_number<'a>(targets: impl IntoIterator<Item = &'a TargetPlan>) -> u64 {
    targets.into_iter().flat_map(|target| &target.unmanaged.kept).map(|kept| kept.number).sum()
}

/// `2 assignments stay against the definitions`; nothing where there are none.
pub(super) fn against(kept: u64) -> Option<String> {
    match kept {
        0 => None,
        1 => Some("1 assignment stays against the definitions".to_owned()),
        n => Some(format!("{n} assignments stay against the definitions")),
    }
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

/// How many hold a role, and how many groups give it to whoever is in them, where that is known.
pub(super) fn holders(change: &Change) -> Option<String> {
    let groups = change.given_by.filter(|groups| *groups > 0);
    let held = change.holders.map(|holders| match (holders, groups) {
        (0, None) => "held by nobody".to_owned(),
        (0, Some(_)) => "held by nobody directly".to_owned(),
        (many, _) => format!("held by {}", words(many, &change.held_as)),
    });
    let given = groups.map(|groups| match groups {
        1 => "given by 1 group".to_owned(),
        many => format!("given by {many} groups"),
    });
    match (held, given) {
        (Some(held), Some(given)) => Some(format!("{held}, {given}")),
        (held, given) => held.or(given),
    }
}

/// `1 role`, `2 roles`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What is left alone beside roles: `12 assignments`, `3 permissions`.
pub(super) fn others_left(target: &TargetPlan) -> Vec<String> {
    let left = &target.unmanaged;
    let all = [
        (left.assignments, "assignment", "assignments"),
        (left.permissions, "permission that git does not declare", "permissions that git does not declare"),
    ];
    all.into_iter()
        .filter_map(|(number, one, many)| Some((number.filter(|number| *number > 0)?, one, many)))
        .map(|(number, one, many)| count(usize::try_from(number).unwrap_or(usize::MAX), one, many))
        .collect()
}

/// `1 to create, 2 to change; 3 assignments (+2 −1); 1 scope change`; empty where nothing changes.
pub(super) fn counts<'a>(targets: impl IntoIterator<Item = &'a TargetPlan>, minus: &str) -> String {
    let mut scope_changes = 0;
    let mut changes = Vec::new();
    for target in targets {
        scope_changes += target.scope_changes.len();
        changes.extend(&target.changes);
    }
    let summary = Summary::of(changes.iter().copied());
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
        let waiting = changes.iter().filter(|change| !change.blocked_by.is_empty()).count();
        let waiting = if waiting > 0 { format!(", {waiting} waiting for that") } else { String::new() };
        parts.push(format!("{} by hand{waiting}", summary.manual));
    }
    let whole = |origin| changes.iter().filter(|change| change.origin == origin).count() == changes.len();
    let some = |origin| changes.iter().filter(|change| has_origin(change, origin)).count();
    match some(Origin::Drift) {
        0 => {}
        _ if whole(Origin::Drift) => parts.push("all of it drift".to_owned()),
        number => parts.push(format!("drift in {number} of them")),
    }
    match some(Origin::Unread) {
        0 => {}
        _ if whole(Origin::Unread) => {
            parts.push("all of it not read".to_owned());
        }
        number => parts.push(format!("{number} of them not read")),
    }
    parts.join("; ")
}

/// `2 roles and 1 assignment match what was attested, not verified`; `None` where nothing rests on that.
pub(super) fn attested<'a>(all: impl IntoIterator<Item = &'a Attested>) -> Option<String> {
    let Attested { roles, assignments, nothing } = Attested::sum(all);
    if nothing && roles == 0 && assignments == 0 {
        return Some("What is live cannot be read, and nothing of it is attested".to_owned());
    }
    let number = |number: u32, one, many| {
        (number > 0).then(|| count(usize::try_from(number).unwrap_or(usize::MAX), one, many))
    };
    let parts: Vec<String> =
        [number(roles, "role", "roles"), number(assignments, "assignment", "assignments")]
            .into_iter()
            .flatten()
            .collect();
    let verb = if roles.saturating_add(assignments) == 1 { "matches" } else { "match" };
    (!parts.is_empty()).then(|| format!("{} {verb} what was attested, not verified", parts.join(" and ")))
}

/// Whether too little of it could be seen to say that it is as it should be.
fn is_unsure(target: &TargetPlan) -> bool {
    target.verdicts.iter().any(|verdict| matches!(verdict.guard, Guard::Incomplete | Guard::Unseen))
}

/// The last line of a text and the first of a comment: what happens, in numbers.
pub(super) fn headline(plan: &PlanDocument, minus: &str) -> String {
    let counts = counts(&plan.targets, minus);
    let failed = plan.targets.iter().filter(|target| target.error.is_some()).count();
    if failed > 0 && failed == plan.targets.len() {
        return format!("No plan: {} failed.", count(failed, "target", "targets"));
    }
    let left: usize = plan.targets.iter().map(|target| target.left.len()).sum();
    let selects = plan.targets.iter().any(|target| !target.selection.is_empty());
    let attested = attested(plan.targets.iter().map(|target| &target.attested));
    let against = against(kept_number(&plan.targets));
    let mut line = match counts.as_str() {
        "" if left > 0 => "No changes of the definitions".to_owned(),
        "" if selects => "No changes in what --only selects".to_owned(),
        "" if failed > 0 => "No changes in the other targets".to_owned(),
        "" if plan.targets.iter().any(|target| target.unmanaged.unread > 0 || is_unsure(target)) => {
            "No changes in what could be read".to_owned()
        }
        "" if against.is_some() => "No changes".to_owned(),
        "" if attested.is_some() => "No changes".to_owned(),
        "" => "No changes. Live matches the definitions".to_owned(),
        counts => format!("Plan: {counts}"),
    };
    if left > 0 {
        line.push_str(&format!("; {} left alone", count(left, "difference", "differences")));
    }
    if let Some(against) = against {
        line.push_str(&format!("; {against}"));
    }
    if failed > 0 {
        let all = plan.targets.len();
        line.push_str(&format!("; {failed} of {all} targets failed"));
    }
    line.push('.');
    // A line that says that nothing is to be done says what nobody looked at.
    if let Some(attested) = attested.filter(|_| counts.is_empty()) {
        line.push_str(&format!(" {attested}."));
    }
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
