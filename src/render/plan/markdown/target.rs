//! One target: scope changes, removals, changes, additions, and what is left alone.

use super::{
    super::{
        fields::fields,
        lists::assignments,
        origins::Told,
        refusals::{all_refused, allowable, guard_name, refusal_words, verdicts},
        view::{
            INCLUDE, LEFT, NO_RECORD, ONLY_PENDING, capitalized, count, has_special_guards, has_special_mode,
            is_assignment, is_one_sided, is_quiet, kept, lacks_record, left, lives_in, minute, objects,
            others_left, scope_words, short, verb,
        },
    },
    MarkdownOptions, assignments as people, change, clipped,
    fit::{Block, Item, Section, Subject},
};
use crate::{
    plan::document::{
        Action, Change, FindingLevel, Origin, PlanDocument, PlanFinding, TargetPlan, UnmanagedRole,
        VerdictOutcome,
    },
    render::{
        advice,
        escape::{markdown, markdown_code},
    },
};

/// A section that is longer is folded.
const LARGE: usize = 1_500;

/// Everything about the target but its refusals, which stand on top of the page.
pub(super) fn block(
    plan: &PlanDocument,
    target: &TargetPlan,
    options: &MarkdownOptions,
    told: Told,
) -> Block {
    let sums = people::places(&target.changes);
    let mut sections = vec![failure(target, told), scope(target), allowed(target, options), sums];
    // What somebody changed outside git stands apart, so that a reviewer sees the change at hand.
    let apart = |change: &Change| told == Told::Plan && change.origin == Origin::Drift;
    let (drift, rest): (Vec<Change>, Vec<Change>) = target.changes.iter().cloned().partition(apart);
    for (subject, title, open) in [
        (Subject::Removal, "Removals", true),
        (Subject::Change, "Changes", false),
        (Subject::Addition, "Additions", false),
        (Subject::Release, "No longer managed, stays as it is", false),
    ] {
        let title = match (told, subject) {
            (Told::Report, Subject::Removal) => "Taken away outside git",
            (Told::Report, Subject::Change) => "Changed outside git",
            (Told::Report, Subject::Addition) => "Added outside git",
            _ => title,
        };
        sections.push(folded(title, items(&rest, &[subject], options, told), open));
    }
    let all = [Subject::Removal, Subject::Change, Subject::Addition, Subject::Release];
    let drift = items(&drift, &all, options, told);
    sections.push(if rest.is_empty() { folded(DRIFT, drift, true) } else { closed(DRIFT, drift) });
    sections.push(pending_only(target, options));
    sections.push(remarks(target, options, told));
    if is_quiet(target) {
        let words = match target.selection.as_slice() {
            _ if told == Told::Report && !target.attested.is_empty() => "No drift in what can be read.\n\n",
            _ if told == Told::Report => "No drift.\n\n",
            [] => "No changes.\n\n",
            _ => "No changes in this selection.\n\n",
        };
        let items = vec![Item::new(Subject::Unchanged, 1, words.to_owned())];
        sections.insert(0, Section { items, ..Section::default() });
    }
    Block { heading: heading(plan, target, told), sections }
}

const DRIFT: &str = "Drift: changed outside git, and put back by this plan";

/// The changes of these subjects, in this order.
fn items(changes: &[Change], subjects: &[Subject], options: &MarkdownOptions, told: Told) -> Vec<Item> {
    let (objects, groups) = (objects(changes), assignments(changes));
    let of_subject = |subject: &Subject| {
        let subject = *subject;
        let roles = objects.iter().filter(move |change| subject_of(change) == subject).map(move |change| {
            Item::new(subject, 1, change::full(change, options, told)).brief(change::brief(change, told))
        });
        let people = groups.iter().flat_map(move |group| people::items(group, subject, options, told));
        roles.chain(people).collect::<Vec<_>>()
    };
    subjects.iter().flat_map(of_subject).collect()
}

/// What `--pending-only` left alone.
fn pending_only(target: &TargetPlan, options: &MarkdownOptions) -> Section {
    let all = [Subject::Removal, Subject::Change, Subject::Addition, Subject::Release];
    let items = items(&left(target), &all, options, Told::Left);
    let items: Vec<Item> = items.into_iter().map(|item| item.about(Subject::Left)).collect();
    let mut section = closed(LEFT, items);
    section.tail = format!("{}\n\n{}", advice::prose(INCLUDE), section.tail);
    section
}

/// A section that is closed until somebody opens it.
fn closed(title: &str, items: Vec<Item>) -> Section {
    let number: usize = items.iter().map(Item::number).sum();
    let head = format!("<details><summary><b>{title}</b> ({number})</summary>\n\n");
    Section { head, tail: "</details>\n\n".to_owned(), items }
}

fn subject_of(change: &Change) -> Subject {
    match change.action {
        Action::Delete | Action::Replace => Subject::Removal,
        Action::Create => Subject::Addition,
        Action::Release => Subject::Release,
        _ if fields(change).iter().any(|field| field.removes()) => Subject::Removal,
        _ => Subject::Change,
    }
}

fn folded(title: &str, items: Vec<Item>, open: bool) -> Section {
    let size: usize = items.iter().map(Item::len).sum();
    let number: usize = items.iter().map(Item::number).sum();
    if size <= LARGE {
        return Section { head: format!("##### {title}\n\n"), tail: String::new(), items };
    }
    let open = if open { " open" } else { "" };
    let head = format!("<details{open}><summary><b>{title}</b> ({number})</summary>\n\n");
    Section { head, tail: "</details>\n\n".to_owned(), items }
}

fn heading(plan: &PlanDocument, target: &TargetPlan, told: Told) -> String {
    let several = plan.targets.len() > 1;
    let mut out = if several { format!("#### {}\n\n", markdown(target.name.raw())) } else { String::new() };
    let mut facts = Vec::new();
    if !several {
        facts.push(format!("**{}**", markdown(target.name.raw())));
    }
    facts.push(markdown(target.provider.raw()));
    if target.emulator {
        facts.push("**EMULATOR**".to_owned());
    }
    if let Some(identity) = &target.identity {
        facts.push(markdown(identity.host.raw()));
        if let Some(tenant) = &identity.tenant {
            facts.push(format!("tenant {}", markdown(tenant.raw())));
        } else if let Some(anchor) = &identity.anchor {
            facts.push(format!("known by {}", markdown(anchor.raw())));
        }
    }
    if has_special_mode(target) {
        let (roles, assignments) = (&target.manage.roles, &target.manage.assignments);
        facts.push(format!(
            "manage: roles **{}**, assignments **{}**",
            markdown(roles.raw()),
            markdown(assignments.raw())
        ));
    }
    if has_special_guards(target) {
        let guards = &target.guards;
        facts.push(format!(
            "guards: max&#95;deletes {}, max&#95;unassigns {}, min&#95;admins {}",
            markdown(guards.max_deletes.raw()),
            markdown(guards.max_unassigns.raw()),
            guards.min_admins
        ));
    }
    if !target.selection.is_empty() {
        let patterns: Vec<_> = target.selection.iter().map(|pattern| markdown_code(pattern.raw())).collect();
        facts.push(format!("only {}", patterns.join(", ")));
    }
    if target.pending_only {
        facts.push(format!("**{ONLY_PENDING}**"));
    }
    if let Some(applied) = &target.applied {
        let actor = applied.actor.as_ref().map(|actor| format!(" by {}", markdown(actor.raw())));
        facts.push(format!(
            "last recorded {}{} at {}",
            markdown(&minute(&applied.time)),
            actor.unwrap_or_default(),
            markdown_code(short(&applied.revision))
        ));
    } else if told == Told::Plan && lacks_record(plan, target) {
        facts.push(NO_RECORD.to_owned());
    }
    out.push_str(&format!("{}\n\n", facts.join(" · ")));
    out
}

fn failure(target: &TargetPlan, told: Told) -> Section {
    let word = if told == Told::Report { "Not read:" } else { "No plan:" };
    let mut items = Vec::new();
    if let Some(error) = &target.error {
        let mut full = format!("**{word}** {}\n\n", advice::prose(error.message.raw()));
        if let Some(help) = &error.help {
            full.push_str(&format!("Help: {}\n\n", advice::markdown(help.raw())));
        }
        let brief = format!("**{word}** {}\n\n", clipped(error.message.raw()));
        items.push(Item::new(Subject::Failure, 1, full).brief(brief));
    }
    Section { items, ..Section::default() }
}

fn scope(target: &TargetPlan) -> Section {
    let side = |side: &Option<_>| {
        side.as_ref()
            .map_or_else(|| "(none)".to_owned(), |s: &crate::model::Untrusted| markdown_code(s.raw()))
    };
    let items = target
        .scope_changes
        .iter()
        .map(|change| {
            let words = match scope_words(change) {
                "" => format!("**{}**", markdown(change.what.raw())),
                words => format!("**{}** ({})", capitalized(words), markdown_code(change.what.raw())),
            };
            let sides = match (&change.before, &change.after) {
                (None, None) => String::new(),
                (Some(one), None) | (None, Some(one)) if is_one_sided(change) => {
                    format!(": {}", markdown_code(one.raw()))
                }
                (before, after) => format!(": {} → {}", side(before), side(after)),
            };
            let full = format!("- {words}{sides}\n");
            Item::new(Subject::Scope, 1, full).brief(format!("- **{}**\n", clipped(change.what.raw())))
        })
        .collect();
    Section { head: "##### What is managed and guarded changes\n\n".to_owned(), tail: "\n".to_owned(), items }
}

/// `, delete **Old role**`: what a verdict is about. Of a person only that it is about one, where
/// people are not named.
fn about(change: Option<&Change>, private: bool) -> String {
    match change {
        Some(_) if private => ", an assignment".to_owned(),
        Some(change) => format!(", {} **{}**", verb(change.action), markdown(change.title.raw())),
        None => String::new(),
    }
}

/// Whether a person would be named who is not to be.
fn is_private(change: Option<&Change>, options: &MarkdownOptions) -> bool {
    !options.names && change.is_some_and(is_assignment)
}

/// What guards refuse in this target.
pub(super) fn refusals(target: &TargetPlan, options: &MarkdownOptions) -> Vec<Item> {
    all_refused(target)
        .into_iter()
        .map(|(refusal, change)| {
            let private = is_private(change, options);
            let words = capitalized(refusal_words(refusal.guard));
            let mut full = format!("- **{words}**{}", about(change, private));
            if let Some(name) = allowable(refusal.guard) {
                full.push_str(&format!(" [{}]", markdown_code(name)));
            }
            if !private {
                let messages: Vec<_> =
                    refusal.messages.iter().map(|message| advice::prose(message.raw())).collect();
                full.push_str(&format!(": {}", messages.join("<br>")));
            }
            for help in refusal.helps.iter().filter(|_| !private) {
                full.push_str(&format!("<br>Help: {}", advice::markdown(help.raw())));
            }
            full.push('\n');
            let brief = format!("- **{words}** in {}\n", clipped(target.name.raw()));
            Item::new(Subject::Refusal, 1, full).brief(brief)
        })
        .collect()
}

fn allowed(target: &TargetPlan, options: &MarkdownOptions) -> Section {
    let items = verdicts(target)
        .into_iter()
        .filter(|(verdict, _)| verdict.outcome == VerdictOutcome::Allowed)
        .map(|(verdict, change)| {
            let private = is_private(change, options);
            let name = markdown_code(guard_name(verdict.guard));
            let mut text = format!("- {name}{}", about(change, private));
            if !private {
                text.push_str(&format!(": {}", advice::prose(verdict.message.raw())));
            }
            if let Some(reason) = &verdict.reason {
                text.push_str(&format!("<br>Reason given: {}", markdown(reason.raw())));
            }
            text.push('\n');
            Item::new(Subject::Allowed, 1, text)
        })
        .collect();
    Section { head: "##### Allowed by hand\n\n".to_owned(), tail: "\n".to_owned(), items }
}

/// A problem of the definitions that live shows.
fn finding(finding: &PlanFinding, options: &MarkdownOptions) -> String {
    let word = match finding.level {
        FindingLevel::Error => "Error",
        FindingLevel::Warning => "Warning",
    };
    let code = markdown_code(finding.code.raw());
    let mut text = format!("- **{word}** {code}: {}", advice::prose(finding.message.raw()));
    if let Some(place) = &finding.place {
        text.push_str(&format!(" · {}", change::place(place, options)));
    }
    if let Some(help) = &finding.help {
        text.push_str(&format!("<br>Help: {}", advice::markdown(help.raw())));
    }
    text.push('\n');
    text
}

/// Notes, guards that have nothing to say, and what is left alone.
fn remarks(target: &TargetPlan, options: &MarkdownOptions, told: Told) -> Section {
    let mut items: Vec<Item> =
        target.findings.iter().map(|one| Item::new(Subject::Note, 1, finding(one, options))).collect();
    let notes = target
        .notes
        .iter()
        .map(|note| Item::new(Subject::Note, 1, format!("- Note: {}\n", advice::prose(note.raw()))));
    items.extend(notes);
    for sentence in kept(target, options.names) {
        items.push(Item::new(Subject::Note, 1, format!("- Stays: {}\n", advice::prose(&sentence))));
    }
    for (verdict, _) in verdicts(target) {
        if verdict.outcome == VerdictOutcome::NotApplicable {
            let guard = markdown_code(guard_name(verdict.guard));
            let line = format!("- Not applicable ({guard}): {}\n", advice::prose(verdict.message.raw()));
            items.push(Item::new(Subject::Unmanaged, 1, line));
        }
    }
    if let Some(left) = left_alone(target, true) {
        let what = capitalized(told.unmanaged());
        let mut item = Item::new(Subject::Unmanaged, 1, format!("- {what}: {left}.\n"));
        if let Some(brief) = left_alone(target, false) {
            item = item.brief(format!("- {what}: {brief}.\n"));
        }
        items.push(item);
    }
    Section { head: String::new(), tail: "\n".to_owned(), items }
}

/// `2 roles that git does not declare: A, B; 12 assignments; 3 permissions that git does not declare`.
pub(super) fn left_alone(target: &TargetPlan, names: bool) -> Option<String> {
    let roles = &target.unmanaged.roles;
    let mut parts = Vec::new();
    if !roles.is_empty() {
        let number = count(roles.len(), "role", "roles");
        parts.push(if names {
            let name = |role: &UnmanagedRole| match lives_in(&role.address) {
                Some(place) => format!("{} in {}", markdown(role.name.raw()), markdown(&place)),
                None => markdown(role.name.raw()),
            };
            let names: Vec<String> = roles.iter().map(name).collect();
            format!("{number} that git does not declare: {}", names.join(", "))
        } else {
            number
        });
    }
    parts.extend(others_left(target));
    (!parts.is_empty()).then(|| parts.join("; "))
}
