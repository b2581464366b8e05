//! A plan for a terminal.
//!
//! | sign | what happens |
//! |---|---|
//! | `+` | a role is created, a permission comes, a principal gets a role |
//! | `~` | a role changes, a principal gets another role in place of one |
//! | `-` | a role is deleted, a permission goes, a role is taken from a principal |
//! | `-/+` | a new one takes the place of a role, because a field of it cannot change |
//! | `→` (`>`) | a role is renamed, perhaps with other changes |
//! | `◆` (`*`) | another role becomes the default |
//! | `○` (`o`) | it is no longer managed, and stays |
//! | `=` | it stays as it is, shown for context |
//! | `!` | what is managed or guarded changes, or a guard refuses |
//!
//! Signs in parentheses are those of a terminal without Unicode.

mod assignments;
pub(super) mod change;
mod reasons;
pub(super) mod remarks;

pub use self::reasons::reasons;
use self::remarks::{finding, help, verdicts};
use super::{
    drift::{self, outside, ways_out},
    origins::Told,
    page::{Page, Paint, Text},
    refusals::refusals,
    view::{
        INCLUDE, LEFT, NO_RECORD, ONLY_PENDING, capitalized, count, counts, has_special_guards,
        has_special_mode, headline, is_one_sided, is_quiet, kept, lacks_record, left, lives_in, minute,
        objects, others_left, scope_words, short,
    },
};
use crate::{
    model::Untrusted,
    plan::document::{Identity, Place, PlanDocument, Revisions, ScopeChange, TargetPlan, Unmanaged},
    render::Style,
};

/// From so many targets without changes on, their names flow in one paragraph.
const FOLD: usize = 10;

/// The plan in full. The last line says in numbers what happens.
pub fn render(plan: &PlanDocument, style: Style) -> String {
    let mut page = Page::new(style);
    let signs = Signs::of(style);
    revisions(&mut page, &plan.revisions);
    targets(&mut page, plan, signs);
    page.blank();
    if let Some(digest) = &plan.digest {
        page.put(0, 2, &Text::new().own(Paint::Dim, "Digest ").copied(Paint::Dim, digest.raw()));
    }
    conclusion(&mut page, plan, signs);
    page.into_string()
}

/// Only the conclusion: who failed, what is refused, and the numbers. [`reasons`] says why.
pub fn quiet(plan: &PlanDocument, style: Style) -> String {
    let mut page = Page::new(style);
    conclusion(&mut page, plan, Signs::of(style));
    page.into_string()
}

/// A plan whose changes are drift, told as what somebody did outside git since the last apply, with
/// the two ways out. The last line says in numbers what it is.
pub fn drift(plan: &PlanDocument, style: Style) -> String {
    let mut page = Page::new(style);
    let signs = Signs { told: Told::Report, ..Signs::of(style) };
    let ways_out = ways_out(plan);
    let plan = outside(plan);
    page.put(
        0,
        2,
        &Text::new().own(Paint::Strong, "Drift: what was changed outside git since the last apply"),
    );
    revisions(&mut page, &plan.revisions);
    targets(&mut page, &plan, signs);
    page.blank();
    if let Some(ways_out) = ways_out {
        page.put(0, 2, &Text::new().prose(Paint::Plain, &ways_out));
    }
    page.put(0, 2, &Text::new().own(Paint::Strong, drift::headline(&plan.targets, signs.minus)));
    page.into_string()
}

/// Only the numbers of [`drift`].
pub fn drift_quiet(plan: &PlanDocument, style: Style) -> String {
    let mut page = Page::new(style);
    let line = drift::headline(&outside(plan).targets, Signs::of(style).minus);
    page.put(0, 2, &Text::new().own(Paint::Strong, line));
    page.into_string()
}

/// Why targets of [`drift`] were not read. What guards say of a plan is no part of it.
pub fn drift_reasons(plan: &PlanDocument, style: Style) -> String {
    reasons(&outside(plan), style)
}

fn targets(page: &mut Page, plan: &PlanDocument, signs: Signs) {
    let several = plan.targets.len() > 1;
    let quiet: Vec<_> = plan.targets.iter().filter(|target| is_quiet(target)).collect();
    let fold = quiet.len() > FOLD;
    for target in plan.targets.iter().filter(|target| !several || !is_quiet(target)) {
        whole(page, plan, target, signs, several);
    }
    page.blank();
    if several && fold {
        folded(page, &quiet, signs);
    } else if several {
        for target in quiet {
            unchanged(page, target, signs);
        }
    }
}

/// The symbols of a terminal.
#[derive(Clone, Copy)]
pub(super) struct Signs {
    pub(super) arrow: &'static str,
    pub(super) minus: &'static str,
    pub(super) dot: &'static str,
    pub(super) more: &'static str,
    pub(super) rename: &'static str,
    pub(super) default: &'static str,
    pub(super) release: &'static str,
    /// From where differences are told.
    pub(super) told: Told,
}

impl Signs {
    pub(super) fn of(style: Style) -> Self {
        if style.unicode {
            Self {
                arrow: "→",
                minus: "−",
                dot: " · ",
                more: "…",
                rename: "→",
                default: "◆",
                release: "○",
                told: Told::Plan,
            }
        } else {
            Self {
                arrow: "->",
                minus: "-",
                dot: ", ",
                more: "...",
                rename: ">",
                default: "*",
                release: "o",
                told: Told::Plan,
            }
        }
    }
}

/// Which commit, on which branch, against what.
pub(super) fn revisions(page: &mut Page, revisions: &Revisions) {
    let mut text = Text::new();
    text = match &revisions.desired {
        Some(commit) => text.own(Paint::Dim, "Commit ").copied(Paint::Plain, short(commit)),
        None if revisions.branch.is_some() => text.own(Paint::Dim, "No commit yet"),
        None => text.own(Paint::Dim, "Files outside git"),
    };
    if let Some(branch) = &revisions.branch {
        text = text.own(Paint::Dim, " on ").said(Paint::Plain, branch.raw());
    }
    if let Some(base) = &revisions.base {
        let merged = revisions.merged.is_some();
        text = text.own(Paint::Dim, if merged { ", merged with " } else { ", compared with " });
        text = match &revisions.base_name {
            Some(name) => text
                .said(Paint::Plain, name.raw())
                .own(Paint::Dim, " (")
                .copied(Paint::Dim, short(base))
                .own(Paint::Dim, ")"),
            None => text.copied(Paint::Plain, short(base)),
        };
        if merged {
            text = text.own(Paint::Notice, " in memory, as the branch is behind");
        }
    }
    if revisions.dirty {
        text = text.own(Paint::Notice, ", with changes that are not committed");
    }
    text = text.own(Paint::Dim, ", ").said(Paint::Dim, revisions.today.raw());
    page.put(0, 2, &text);
}

/// Name, provider, host, tenant.
pub(super) fn header(
    (name, provider): (&Untrusted, &Untrusted),
    emulator: bool,
    identity: Option<&Identity>,
    signs: Signs,
) -> Text {
    let mut text = Text::new().name(Paint::Strong, name.raw()).own(Paint::Dim, "  ");
    text = text.said(Paint::Dim, provider.raw());
    if emulator {
        text = text.own(Paint::Dim, signs.dot).own(Paint::Emulator, "EMULATOR");
    }
    if let Some(identity) = identity {
        text = text.own(Paint::Dim, signs.dot).said(Paint::Dim, identity.host.raw());
        let (word, who) = match (&identity.tenant, &identity.anchor) {
            (Some(tenant), _) => ("tenant ", Some(tenant)),
            (None, anchor) => ("known by ", anchor.as_ref()),
        };
        if let Some(who) = who {
            text = text.own(Paint::Dim, signs.dot).own(Paint::Dim, word).said(Paint::Dim, who.raw());
        }
    }
    text
}

fn header_of(target: &TargetPlan, signs: Signs) -> Text {
    let names = (&target.name, &target.provider);
    header(names, target.emulator, target.identity.as_ref(), signs)
}

fn nothing(signs: Signs) -> &'static str {
    if signs.told == Told::Report { "no drift" } else { "no changes" }
}

/// A target without changes, on one line.
fn unchanged(page: &mut Page, target: &TargetPlan, signs: Signs) {
    let mut text = header_of(target, signs).own(Paint::Plain, signs.dot).own(Paint::Plain, nothing(signs));
    if let Some(left) = left_alone(target, false) {
        text = text
            .own(Paint::Dim, signs.dot)
            .own(Paint::Dim, signs.told.unmanaged())
            .own(Paint::Dim, ": ")
            .then(left);
    }
    page.put(0, 2, &text);
}

/// Many targets without changes, by name.
fn folded(page: &mut Page, targets: &[&TargetPlan], signs: Signs) {
    let mut text = Text::new()
        .own(Paint::Plain, format!("{} in {} targets: ", capitalized(nothing(signs)), targets.len()));
    for (index, target) in targets.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        text = text.own(Paint::Dim, comma).name(Paint::Dim, target.name.raw());
        if target.emulator {
            text = text.own(Paint::Dim, " ").own(Paint::Emulator, "EMULATOR");
        }
    }
    page.put(0, 2, &text);
    let roles: usize = targets.iter().map(|target| target.unmanaged.roles.len()).sum();
    let sum = |of: fn(&Unmanaged) -> Option<u64>| {
        let all: u64 = targets.iter().filter_map(|target| of(&target.unmanaged)).sum();
        usize::try_from(all).unwrap_or(usize::MAX)
    };
    let assignments = sum(|left| left.assignments);
    let permissions = sum(|left| left.permissions);
    let parts = [
        (roles, "role", "roles"),
        (assignments, "assignment", "assignments"),
        (permissions, "permission", "permissions"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| count(number, one, many))
        .collect();
    if !parts.is_empty() {
        let text = format!("{} there: {}.", capitalized(signs.told.unmanaged()), parts.join(signs.dot));
        page.put(2, 2, &Text::new().own(Paint::Dim, text));
    }
}

fn whole(page: &mut Page, plan: &PlanDocument, target: &TargetPlan, signs: Signs, several: bool) {
    page.blank();
    page.put(0, 2, &header_of(target, signs));
    circumstances(page, plan, target, signs.told);
    let report = signs.told == Told::Report;
    if let Some(error) = &target.error {
        let text = Text::new()
            .own(Paint::Refuse, if report { "Not read: " } else { "No plan: " })
            .prose(Paint::Plain, error.message.raw());
        page.put(2, 4, &text);
        help(page, 4, error.help.as_ref());
    }
    if !target.scope_changes.is_empty() {
        page.blank();
        page.put(2, 4, &Text::new().own(Paint::Strong, "What is managed and guarded changes"));
        for change in &target.scope_changes {
            page.put(4, 8, &scope_change(change, signs));
        }
    }
    for change in objects(&target.changes) {
        page.blank();
        change::put(page, change, signs);
    }
    assignments::put(page, &target.changes, signs);
    if !target.verdicts.is_empty() {
        page.blank();
        verdicts(page, 2, &target.verdicts);
    }
    if target.error.is_none() && target.changes.is_empty() && target.scope_changes.is_empty() {
        let text = match target.selection.as_slice() {
            _ if report && !target.attested.is_empty() => "No drift in what can be read.",
            _ if report => "No drift.",
            [] => "No changes.",
            _ => "No changes in this selection.",
        };
        page.put(2, 4, &Text::new().own(Paint::Plain, text));
    }
    pending_only(page, target, signs);
    let kept = kept(target, true);
    if !kept.is_empty() {
        page.blank();
    }
    for sentence in kept {
        page.put(2, 4, &Text::new().own(Paint::Notice, "Stays: ").prose(Paint::Plain, &sentence));
    }
    if let Some(left) = left_alone(target, true) {
        page.blank();
        page.put(
            2,
            4,
            &Text::new()
                .own(Paint::Dim, capitalized(signs.told.unmanaged()) + ": ")
                .then(left)
                .own(Paint::Dim, "."),
        );
    }
    if !target.findings.is_empty() {
        page.blank();
        for item in &target.findings {
            finding(page, item);
        }
    }
    if !target.notes.is_empty() {
        page.blank();
        for note in &target.notes {
            page.put(2, 4, &Text::new().own(Paint::Notice, "Note: ").prose(Paint::Plain, note.raw()));
        }
    }
    if several {
        page.blank();
        if let Some(digest) = &target.digest {
            page.put(2, 4, &Text::new().own(Paint::Dim, "Digest ").copied(Paint::Dim, digest.raw()));
        }
        let counts = counts([target], signs.minus);
        if !counts.is_empty() {
            page.put(2, 4, &Text::new().own(Paint::Strong, counts).own(Paint::Plain, "."));
        }
    }
}

/// What `--pending-only` left alone, and how it comes into a plan.
fn pending_only(page: &mut Page, target: &TargetPlan, signs: Signs) {
    let left = left(target);
    if left.is_empty() {
        return;
    }
    let signs = Signs { told: Told::Left, ..signs };
    page.blank();
    page.put(2, 4, &Text::new().own(Paint::Strong, LEFT));
    page.shift(2);
    for change in objects(&left) {
        page.blank();
        change::put(page, change, signs);
    }
    assignments::put(page, &left, signs);
    page.blank();
    page.put(2, 4, &Text::new().prose(Paint::Plain, INCLUDE));
    page.shift(0);
}

/// Mode, guards, selection, and the last apply, where they are not what everybody expects.
fn circumstances(page: &mut Page, plan: &PlanDocument, target: &TargetPlan, told: Told) {
    if has_special_mode(target) {
        let text = Text::new()
            .own(Paint::Notice, "manage: roles ")
            .said(Paint::Notice, target.manage.roles.raw())
            .own(Paint::Notice, ", assignments ")
            .said(Paint::Notice, target.manage.assignments.raw());
        page.put(2, 4, &text);
    }
    if has_special_guards(target) {
        let guards = &target.guards;
        let text = Text::new()
            .own(Paint::Dim, "guards: max_deletes ")
            .said(Paint::Dim, guards.max_deletes.raw())
            .own(Paint::Dim, ", max_unassigns ")
            .said(Paint::Dim, guards.max_unassigns.raw())
            .own(Paint::Dim, format_args!(", min_admins {}", guards.min_admins));
        page.put(2, 4, &text);
    }
    if !target.selection.is_empty() {
        let mut text = Text::new().own(Paint::Notice, "only: ");
        for (index, pattern) in target.selection.iter().enumerate() {
            text = text
                .own(Paint::Notice, if index == 0 { "" } else { ", " })
                .said(Paint::Notice, pattern.raw());
        }
        page.put(2, 4, &text);
    }
    if target.pending_only {
        page.put(2, 4, &Text::new().own(Paint::Notice, ONLY_PENDING));
    }
    if let Some(applied) = &target.applied {
        let mut text =
            Text::new().own(Paint::Dim, "last recorded: ").said(Paint::Dim, &minute(&applied.time));
        if let Some(actor) = &applied.actor {
            text = text.own(Paint::Dim, " by ").said(Paint::Dim, actor.raw());
        }
        text = text.own(Paint::Dim, " at ").copied(Paint::Dim, short(&applied.revision));
        page.put(2, 4, &text);
    } else if told == Told::Plan && lacks_record(plan, target) {
        page.put(2, 4, &Text::new().own(Paint::Dim, NO_RECORD));
    }
}

fn scope_change(change: &ScopeChange, signs: Signs) -> Text {
    let side = |text: Text, paint, side: &Option<Untrusted>| match side {
        Some(value) => text.said(paint, value.raw()),
        None => text.own(Paint::Dim, "(none)"),
    };
    let words = scope_words(change);
    let mut text = Text::new().own(Paint::Notice, "! ");
    text = if words.is_empty() {
        text.said(Paint::Plain, change.what.raw())
    } else {
        text.own(Paint::Plain, words)
            .own(Paint::Dim, " (")
            .said(Paint::Dim, change.what.raw())
            .own(Paint::Dim, ")")
    };
    // Where the words tell the direction, there is one side.
    match (&change.before, &change.after) {
        (None, None) => return text,
        (Some(one), None) | (None, Some(one)) if is_one_sided(change) => {
            return text.own(Paint::Plain, ":").space().said(Paint::Plain, one.raw());
        }
        _ => {}
    }
    let text = side(text.own(Paint::Plain, ":").space(), Paint::Remove, &change.before);
    side(text.space().own(Paint::Dim, signs.arrow).space(), Paint::Add, &change.after)
}

/// `2 roles that git does not declare: A, B; 12 assignments; 3 permissions that git does not declare`.
fn left_alone(target: &TargetPlan, names: bool) -> Option<Text> {
    let roles = &target.unmanaged.roles;
    let others = others_left(target);
    if roles.is_empty() && others.is_empty() {
        return None;
    }
    let mut text = Text::new();
    if !roles.is_empty() {
        let number = count(roles.len(), "role", "roles");
        text = if names {
            text.own(Paint::Dim, format_args!("{number} that git does not declare: "))
        } else {
            text.own(Paint::Dim, number)
        };
    }
    for (index, role) in roles.iter().enumerate().filter(|_| names) {
        text = text.own(Paint::Dim, if index == 0 { "" } else { ", " }).name(Paint::Plain, role.name.raw());
        if let Some(place) = lives_in(&role.address) {
            text = text.own(Paint::Dim, " in ").said(Paint::Dim, &place);
        }
    }
    for (index, number) in others.into_iter().enumerate() {
        let first = index == 0 && roles.is_empty();
        text = text.own(Paint::Dim, if first { "" } else { "; " }).own(Paint::Dim, number);
    }
    Some(text)
}

/// `roles/sets.yaml:4`.
pub(super) fn place(place: &Place) -> Text {
    Text::new().said(Paint::Dim, place.file.raw()).own(Paint::Dim, format_args!(":{}", place.line))
}

fn conclusion(page: &mut Page, plan: &PlanDocument, signs: Signs) {
    let names = |targets: &[&TargetPlan]| {
        let mut text = Text::new();
        for (index, target) in targets.iter().enumerate() {
            text = text
                .own(Paint::Plain, if index == 0 { "" } else { ", " })
                .name(Paint::Plain, target.name.raw());
        }
        text
    };
    let failed: Vec<_> = plan.targets.iter().filter(|target| target.error.is_some()).collect();
    if !failed.is_empty() {
        page.put(
            0,
            2,
            &Text::new().own(Paint::Refuse, "Failed: ").then(names(&failed)).own(Paint::Plain, "."),
        );
    }
    let refused: Vec<_> = plan.targets.iter().filter(|target| refusals(target) > 0).collect();
    if !refused.is_empty() {
        let number: usize = refused.iter().map(|target| refusals(target)).sum();
        let number = count(number, "refusal", "refusals");
        let text = Text::new()
            .own(Paint::Refuse, "Refused: ")
            .own(Paint::Plain, format_args!("{number}; nothing will be sent to "))
            .then(names(&refused))
            .own(Paint::Plain, ".");
        page.put(0, 2, &text);
    }
    page.put(0, 2, &Text::new().own(Paint::Strong, headline(plan, signs.minus)));
}

#[cfg(test)]
mod tests;
