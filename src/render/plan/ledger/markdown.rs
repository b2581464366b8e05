//! The result for a pull-request's comment or a step summary.

use std::collections::BTreeMap;

use super::{LISTS, conclusion, of, unverified, verified};
use crate::{
    model::Untrusted,
    plan::{
        ApplyDocument,
        document::{Action, VerdictOutcome},
        outcome::{ChangeOutcome, ChangeStatus, TargetOutcome, TargetResult},
        people,
    },
    render::{
        advice,
        escape::{markdown, markdown_code},
        plan::{
            markdown::{
                MIN_CHARS, MarkdownOptions, clip_digest, clipped,
                fit::{self, Block, Item, Section, Subject},
                revisions,
            },
            refusals::{allowable, guard_name, refusal_words, refused},
            view::{count, is_permission, lives_in, verb},
        },
    },
};

/// The result in full, as far as it fits.
pub fn render(outcome: &ApplyDocument, options: &MarkdownOptions) -> String {
    let masked;
    let outcome = match options.names {
        true => outcome,
        false => {
            masked = people::masked_outcome(outcome);
            &masked
        }
    };
    let sentences = conclusion(outcome, true);
    let (first, more) =
        sentences.split_first().map_or(("", Vec::new()), |(first, more)| (first, more.to_vec()));
    let mut head = format!("### {first}\n\n");
    if !more.is_empty() {
        head.push_str(&format!("**{}**\n\n", more.join(" ")));
    }
    head.push_str(&revisions(&outcome.revisions));
    let blocks: Vec<_> = outcome.targets.iter().map(|target| block(target, options)).collect();
    let digest = match &outcome.digest {
        Some(digest) => format!("Digest <code>{}</code>", clip_digest(digest)),
        None => "No digest, as a target had no plan".to_owned(),
    };
    let foot = format!("{digest} · rolecall {}\n", clipped(outcome.rolecall.raw()));
    fit::page(&head, &blocks, &foot, options.max_chars.max(MIN_CHARS))
}

fn block(target: &TargetOutcome, options: &MarkdownOptions) -> Block {
    let mut facts = vec![markdown(target.provider.raw())];
    if target.emulator {
        facts.push("**EMULATOR**".to_owned());
    }
    if let Some(identity) = &target.identity {
        facts.push(markdown(identity.host.raw()));
        facts.extend(identity.tenant.as_ref().map(|tenant| format!("tenant {}", markdown(tenant.raw()))));
    }
    let heading = format!("#### {}\n\n{}\n\n", markdown(target.name.raw()), facts.join(" · "));
    let mut sections = vec![Section { items: whole(target), ..Section::default() }, verdicts(target)];
    for (status, title) in LISTS {
        let changes = of(target, status);
        let items = if options.names { changes.into_iter().map(item).collect() } else { anonymous(&changes) };
        let done = matches!(status, ChangeStatus::Applied | ChangeStatus::Already);
        let (head, tail) = if done && items.len() > 8 {
            let head = format!("<details><summary><b>{title}</b> ({})</summary>\n\n", items.len());
            (head, "\n</details>\n\n".to_owned())
        } else {
            (format!("##### {title}\n\n"), "\n".to_owned())
        };
        sections.push(Section { head, tail, items });
    }
    sections.push(Section { items: verification(target, options), ..Section::default() });
    Block { heading, sections }
}

/// What is to say about the target as a whole.
fn whole(target: &TargetOutcome) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(error) = &target.error {
        let help = error.help.as_ref().map(|help| format!("<br>Help: {}", advice::markdown(help.raw())));
        let message = advice::prose(error.message.raw());
        let text = format!("**Failed:** {message}{}\n\n", help.unwrap_or_default());
        let brief = format!("**Failed:** {}\n\n", clipped(error.message.raw()));
        items.push(Item::new(Subject::Failure, 1, text).brief(brief));
    }
    match target.result {
        TargetResult::Refused => {
            items.push(Item::new(Subject::Refusal, 1, "**Refused:** nothing was sent.\n\n".to_owned()));
        }
        TargetResult::NothingToDo => {
            items.push(Item::new(Subject::Unchanged, 1, "Nothing to do.\n\n".to_owned()));
        }
        TargetResult::Applied | TargetResult::Waiting | TargetResult::Partly | TargetResult::Failed => {}
    }
    if let Some(why) = &target.not_recorded {
        let text = format!("The apply was not recorded: {}\n\n", advice::prose(why.raw()));
        items.push(Item::new(Subject::Note, 1, text));
    }
    items
}

fn verdicts(target: &TargetOutcome) -> Section {
    let mut items = Vec::new();
    for refusal in refused(&target.verdicts) {
        let mut text = format!("- **Refused: {}**", refusal_words(refusal.guard));
        if let Some(name) = allowable(refusal.guard) {
            text.push_str(&format!(" [{}]", markdown_code(name)));
        }
        let brief = format!("{text}\n");
        let messages: Vec<_> = refusal.messages.iter().map(|message| advice::prose(message.raw())).collect();
        text.push_str(&format!(": {}", messages.join("<br>")));
        for help in refusal.helps {
            text.push_str(&format!("<br>Help: {}", advice::markdown(help.raw())));
        }
        text.push('\n');
        items.push(Item::new(Subject::Refusal, 1, text).brief(brief));
    }
    for verdict in &target.verdicts {
        let (subject, word) = match verdict.outcome {
            VerdictOutcome::Refused => continue,
            VerdictOutcome::Allowed => (Subject::Allowed, "Allowed by hand"),
            VerdictOutcome::NotApplicable => (Subject::Unmanaged, "Not applicable"),
        };
        let head = format!("- {word} ({})", markdown_code(guard_name(verdict.guard)));
        let mut text = format!("{head}: {}", advice::prose(verdict.message.raw()));
        if let Some(reason) = &verdict.reason {
            text.push_str(&format!("<br>Reason given: {}", markdown(reason.raw())));
        }
        text.push('\n');
        items.push(Item::new(subject, 1, text).brief(format!("{head}\n")));
    }
    Section { head: "##### Guards\n\n".to_owned(), tail: "\n".to_owned(), items }
}

fn subject(status: ChangeStatus) -> Subject {
    match status {
        ChangeStatus::Failed | ChangeStatus::Unconfirmed => Subject::Failed,
        ChangeStatus::NotAttempted => Subject::NotAttempted,
        ChangeStatus::Manual | ChangeStatus::Blocked => Subject::Manual,
        ChangeStatus::Applied | ChangeStatus::Already => Subject::Done,
    }
}

fn item(change: &ChangeOutcome) -> Item {
    let verb = verb(change.action);
    let title = |encode: fn(&str) -> String| {
        let who = match change.action {
            Action::SetDefault => verb.to_owned(),
            Action::Assign | Action::Reassign | Action::Unassign => {
                format!("**{}**", encode(change.title.raw()))
            }
            _ => {
                let what = if is_permission(&change.address) { " permission" } else { "" };
                let place = lives_in(&change.address);
                let place = place.map_or_else(String::new, |place| format!(" in {}", encode(&place)));
                return format!("- {verb}{what} **{}**{place}", encode(change.title.raw()));
            }
        };
        let role = |role: &Option<Untrusted>| role.as_ref().map(|role| encode(role.raw()));
        let after = role(&change.after).unwrap_or_else(|| "no role".to_owned());
        let before = role(&change.before).map(|role| format!(" (was {role})")).unwrap_or_default();
        format!("- {who} → {after}{before}")
    };
    let mut text = format!("{} · {}", title(markdown), markdown_code(change.address.as_str()));
    if let Some(reason) = &change.reason {
        text.push_str(&format!("<br>{}", advice::prose(reason.raw())));
    }
    if let Some(help) = &change.help {
        text.push_str(&format!("<br>Help: {}", advice::markdown(help.raw())));
    }
    text.push('\n');
    Item::new(subject(change.status), 1, text).brief(format!("{}\n", title(clipped)))
}

/// Most reasons that are told of assignments that are only counted.
const REASONS: usize = 8;

/// Assignments by number, each reason with the number of those that it is about; everything else by name.
fn anonymous(changes: &[&ChangeOutcome]) -> Vec<Item> {
    let is_person = |change: &ChangeOutcome| {
        matches!(change.action, Action::Assign | Action::Reassign | Action::Unassign)
    };
    let mut items: Vec<_> =
        changes.iter().filter(|change| !is_person(change)).map(|change| item(change)).collect();
    for action in [Action::Assign, Action::Reassign, Action::Unassign] {
        let same: Vec<_> = changes.iter().filter(|change| change.action == action).collect();
        if let Some(first) = same.first() {
            let number = count(same.len(), "assignment", "assignments");
            let brief = format!("- {} ({number})\n", verb(action));
            let text = format!("{brief}{}", reasons(&same));
            items.push(Item::new(subject(first.status), same.len(), text).brief(brief));
        }
    }
    items
}

/// Why changes ended as they did, and what to do: a line for each reason, the one of most people first.
fn reasons(changes: &[&&ChangeOutcome]) -> String {
    let mut numbers: BTreeMap<(String, String), usize> = BTreeMap::new();
    for change in changes {
        let raw = |text: &Option<Untrusted>| text.as_ref().map_or("", |text| text.raw()).to_owned();
        *numbers.entry((raw(&change.reason), raw(&change.help))).or_default() += 1;
    }
    let mut told: Vec<_> = numbers.into_iter().filter(|((reason, _), _)| !reason.is_empty()).collect();
    told.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let mut lines: String = told
        .iter()
        .take(REASONS)
        .map(|((reason, help), number)| {
            let help =
                if help.is_empty() { String::new() } else { format!("<br>Help: {}", advice::markdown(help)) };
            format!("  - {}: {}{help}\n", count(*number, "assignment", "assignments"), advice::prose(reason))
        })
        .collect();
    if let Some(more) = told.len().checked_sub(REASONS).filter(|more| *more > 0) {
        lines.push_str(&format!("  - and {more} more reasons\n"));
    }
    lines
}

fn verification(target: &TargetOutcome, options: &MarkdownOptions) -> Vec<Item> {
    if target.result == TargetResult::NothingToDo {
        return Vec::new();
    }
    if target.verification.verified {
        return vec![Item::new(Subject::Note, 1, format!("{}\n\n", verified([target])))];
    }
    let Some(untold) = unverified(target) else { return Vec::new() };
    let mut text = "**Not verified:** reading back found differences or failed.\n\n".to_owned();
    let brief = text.clone();
    for remaining in untold {
        let person =
            remaining.address.as_ref().is_some_and(|address| address.as_str().contains("/assignment/"));
        if person && !options.names {
            text.push_str("- an assignment\n");
            continue;
        }
        let address =
            remaining.address.as_ref().map(|address| format!("{}: ", markdown_code(address.as_str())));
        text.push_str(&format!(
            "- {}{}\n",
            address.unwrap_or_default(),
            advice::prose(remaining.message.raw())
        ));
    }
    text.push('\n');
    vec![Item::new(Subject::Failure, 1, text).brief(brief)]
}
