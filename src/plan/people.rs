//! People in the texts of a plan: what guards, notes, and findings say may name somebody. Where people are
//! only to be counted, every spelling of everybody who is known stands as [`SOMEBODY`] there.
//!
//! Who is named is found out when the plan is made, as only then everybody is known: by every way to write
//! a principal that the provider told, the names beside ids, everybody who holds something, and everybody
//! whom the definitions name. The document keeps those who really occur.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashSet},
};

use percent_encoding::percent_decode_str;

use super::{
    difference::document::DiffDocument,
    document::{Change, PlanDocument, TargetError, TargetPlan, Verdict},
    outcome::{ApplyDocument, TargetOutcome},
};
use crate::model::{
    Address, Code, Finding, Kind, Site, Sources, Untrusted, desired::DesiredState, live::LiveState,
};

/// What stands in place of somebody.
pub const SOMEBODY: &str = "(a person)";

/// Ways to write people.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// By their first run of letters and digits in small letters, the longest first.
    known: BTreeMap<String, Vec<String>>,
}

impl People {
    /// These spellings; the empty ones are left out.
    pub fn new<'a>(spellings: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for spelling in spellings {
            let spelling = spelling.trim_matches(|c: char| !c.is_alphanumeric());
            if !spelling.is_empty() {
                known.entry(first(spelling).to_lowercase()).or_default().insert(spelling.to_owned());
            }
        }
        let longest_first = |set: BTreeSet<String>| {
            let mut list: Vec<String> = set.into_iter().collect();
            list.sort_by_key(|spelling| std::cmp::Reverse(spelling.len()));
            list
        };
        Self { known: known.into_iter().map(|(key, set)| (key, longest_first(set))).collect() }
    }

    /// The text without anybody, and without anything that looks like an e-mail address.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = String::new();
        let mut from = 0;
        self.each(text, |start, spelling| {
            out.push_str(text.get(from..start).unwrap_or_default());
            out.push_str(SOMEBODY);
            from = start + spelling.len();
        });
        let masked = match from {
            0 => Cow::Borrowed(text),
            _ => Cow::Owned(out + text.get(from..).unwrap_or_default()),
        };
        match without_addresses(&masked) {
            Some(text) => Cow::Owned(text),
            None => masked,
        }
    }

    /// Every place where somebody is named, with the spelling as it is known.
    fn each<'p>(&'p self, text: &str, mut found: impl FnMut(usize, &'p str)) {
        let mut before: Option<char> = None;
        let mut skip = 0;
        for (at, c) in text.char_indices() {
            let begins = c.is_alphanumeric() && !before.is_some_and(char::is_alphanumeric);
            if begins && at >= skip {
                let rest = text.get(at..).unwrap_or_default();
                let known = self.known.get(&first(rest).to_lowercase()).into_iter().flatten();
                let fits = |spelling: &&String| {
                    let length = spelling.len();
                    let same = rest.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(spelling));
                    let after = rest.get(length..).and_then(|rest| rest.chars().next());
                    same && !after.is_some_and(char::is_alphanumeric)
                        && (is_telling(spelling) || is_quoted(before))
                };
                if let Some(spelling) = known.clone().find(fits) {
                    found(at, spelling);
                    skip = at + spelling.len();
                }
            }
            before = Some(c);
        }
    }
}

/// Whether a spelling is more than a number or a letter, which stand everywhere.
fn is_telling(spelling: &str) -> bool {
    let number = spelling.bytes().all(|b| b.is_ascii_digit());
    spelling.len() >= if number { 4 } else { 2 }
}

/// Whether what follows is quoted: `(7)`, `user:7`.
fn is_quoted(before: Option<char>) -> bool {
    before.is_some_and(|c| "(`\"':#".contains(c))
}

/// The run of letters and digits that a text begins with.
fn first(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// The text without e-mail addresses; `None` where there are none.
fn without_addresses(text: &str) -> Option<String> {
    let local = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices('@') {
        let before = text.get(from..at).unwrap_or_default();
        let start = from + before.trim_end_matches(local).len();
        let after = text.get(at + 1..).unwrap_or_default();
        let host = after.find(|c| !domain(c)).and_then(|end| after.get(..end)).unwrap_or(after);
        let host = host.trim_end_matches(['.', '-']);
        if start < at && host.contains('.') {
            out.push_str(text.get(from..start).unwrap_or_default());
            out.push_str(SOMEBODY);
            from = at + 1 + host.len();
        }
    }
    (from > 0).then(|| out + text.get(from..).unwrap_or_default())
}

/// Everybody whom a text of `document` names, as they are known, sorted.
pub fn named(document: &TargetPlan, live: Option<&LiveState>, desired: &[&DesiredState]) -> Vec<Untrusted> {
    let mut all = Vec::new();
    let mut scanned = document.clone();
    texts(&mut scanned, &mut |text| all.push(text.clone()));
    let all: Vec<&str> = all.iter().map(Untrusted::raw).collect();
    named_in(&all, live.as_slice(), desired)
}

/// Everybody whom one of `texts` names, as they are known to the provider or the definitions, sorted.
pub fn named_in(texts: &[&str], live: &[&LiveState], desired: &[&DesiredState]) -> Vec<Untrusted> {
    let people = everybody(texts, live, desired);
    let mut found = BTreeSet::new();
    for text in texts {
        people.each(text, |_, spelling| {
            let _new = found.insert(spelling);
        });
    }
    found.into_iter().map(Untrusted::from).collect()
}

/// Those whom the provider and the definitions make known, and who may stand in one of `texts`.
fn everybody(texts: &[&str], live: &[&LiveState], desired: &[&DesiredState]) -> People {
    let told = live.iter().flat_map(|live| {
        let directory = live.directory.iter().flat_map(|(_, spelling, id)| [spelling.text().raw(), id.raw()]);
        let names = live.names.iter().flat_map(|((_, id), name)| [id.raw(), name.raw()]);
        let holders = live.of(Kind::Assignment).map(|object| object.key.name.raw());
        directory.chain(names).chain(holders).chain(live.caller.as_ref().map(Untrusted::raw))
    });
    let assignments = desired.iter().flat_map(|state| &state.assignments);
    let written = assignments.map(|assignment| assignment.principal.value.text().raw());
    // Texts are few and people may be many: only those count whose first word stands somewhere.
    let runs = texts.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let words: HashSet<String> = runs.filter(|run| !run.is_empty()).map(str::to_lowercase).collect();
    let stands = |spelling: &&str| {
        let spelling = spelling.trim_start_matches(|c: char| !c.is_alphanumeric());
        words.contains(&first(spelling).to_lowercase())
    };
    People::new(told.chain(written).filter(stands))
}

/// Findings without anybody whom the definitions or the provider make known, or whom a line of an assignment
/// names: for a page that only counts people.
pub fn masked_findings(
    findings: &[Finding],
    sources: &Sources,
    live: &[&LiveState],
    desired: &[&DesiredState],
) -> Vec<Finding> {
    let all = |finding: &Finding| -> Vec<Untrusted> {
        let texts = finding.labels.iter().map(|label| &label.text).chain(&finding.help);
        std::iter::once(&finding.message).chain(texts).cloned().collect()
    };
    let texts: Vec<Untrusted> = findings.iter().flat_map(all).collect();
    let texts: Vec<&str> = texts.iter().map(Untrusted::raw).collect();
    let known = everybody(&texts, live, desired);
    let mut findings = findings.to_vec();
    for finding in &mut findings {
        let written: Vec<&str> =
            finding.labels.iter().filter_map(|label| written_principal(label.site, sources)).collect();
        let written = People::new(written);
        // Whom a misspelled name may have meant, nobody but the provider knows.
        if [Code::PrincipalSpelling, Code::UnknownPrincipal].contains(&finding.code) {
            finding.message = finding.code.summary().into();
            finding.help = None;
        }
        let labels = finding.labels.iter_mut().map(|label| &mut label.text);
        for text in std::iter::once(&mut finding.message).chain(labels).chain(&mut finding.help) {
            mask(&known, text);
            mask(&written, text);
        }
    }
    findings
}

/// Keys of an assignment whose values are no people.
const NO_PEOPLE: [&str; 6] = ["role", "expires", "to", "in", "scope", "exclusive"];

/// The text at a place of a file, where it stands in an assignment and is not one of its other values. What
/// is wrong there may be no definition yet.
fn written_principal(site: Site, sources: &Sources) -> Option<&str> {
    let text = &*sources.get(site.source)?.text;
    let before = text.get(..site.start as usize)?;
    let section = before.lines().rev().find(|line| line.starts_with(|c: char| c.is_ascii_alphabetic()))?;
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start_matches([' ', '-', '{']);
    let key = line.split(':').next().unwrap_or_default().trim();
    let is_of_people = section.starts_with("assignments:") && !NO_PEOPLE.contains(&key);
    text.get(site.start as usize..site.end as usize).filter(|_| is_of_people)
}

/// A comparison of definitions without a person.
pub fn masked_difference(difference: &DiffDocument) -> DiffDocument {
    let mut difference = difference.clone();
    for assignment in difference.targets.iter_mut().flat_map(|target| &mut target.assignments) {
        assignment.principal = SOMEBODY.into();
    }
    difference
}

/// Everybody whom definitions name, as they are written.
pub fn declared<'a>(desired: impl IntoIterator<Item = &'a DesiredState>) -> BTreeSet<String> {
    let assignments = desired.into_iter().flat_map(|state| &state.assignments);
    assignments.map(|assignment| assignment.principal.value.text().raw().to_owned()).collect()
}

/// A text about a plan without anybody whom the plan makes known, and without the `others`.
pub fn masked_text(plan: Option<&PlanDocument>, others: &BTreeSet<String>, text: &str) -> String {
    let spellings: Vec<String> = plan.iter().flat_map(|plan| &plan.targets).flat_map(of_target).collect();
    let all = spellings.iter().chain(others).map(String::as_str);
    People::new(all).mask(text).into_owned()
}

/// Everybody whom a target names in texts, in what changes, and in what somebody did.
fn of_target(target: &TargetPlan) -> Vec<String> {
    let mut spellings: Vec<String> = target.people.iter().map(|who| who.raw().to_owned()).collect();
    let changes = target.changes.iter().map(|change| (&change.address, &change.title));
    let left = target.left.iter().map(|left| (&left.address, &left.title));
    spellings.extend(changes.chain(left).flat_map(|(address, title)| principal(address, title)));
    let actors = target.changes.iter().flat_map(|change| &change.activity).map(|one| &one.actor);
    let actors = actors.chain(target.applied.iter().filter_map(|applied| applied.actor.as_ref()));
    spellings.extend(actors.map(|actor| actor.raw().to_owned()));
    spellings
}

/// The plan without a person in any text: for a page that only counts people.
pub fn masked(plan: &PlanDocument) -> PlanDocument {
    let mut plan = plan.clone();
    for target in &mut plan.targets {
        let spellings = of_target(target);
        let people = People::new(spellings.iter().map(String::as_str));
        if let Some(applied) = &mut target.applied {
            applied.actor = None;
        }
        texts(target, &mut |text| mask(&people, text));
        for change in &mut target.changes {
            wait_for_people(change);
        }
        // Whom a misspelled name may have meant, nobody but the provider knows.
        for finding in &mut target.findings {
            let about_people = [Code::PrincipalSpelling, Code::UnknownPrincipal];
            if let Some(code) = about_people.iter().find(|code| finding.code.raw() == code.as_str()) {
                finding.message = code.summary().into();
                finding.help = None;
            }
        }
        target.people.clear();
    }
    plan
}

/// The result without a person in any text.
pub fn masked_outcome(outcome: &ApplyDocument) -> ApplyDocument {
    let mut outcome = outcome.clone();
    for target in &mut outcome.targets {
        let mut spellings: Vec<String> = target.people.iter().map(|who| who.raw().to_owned()).collect();
        spellings.extend(target.changes.iter().flat_map(|change| principal(&change.address, &change.title)));
        let people = People::new(spellings.iter().map(String::as_str));
        outcome_texts(target, &mut |text| mask(&people, text));
        target.people.clear();
    }
    outcome
}

fn mask(people: &People, text: &mut Untrusted) {
    if let Cow::Owned(masked) = people.mask(text.raw()) {
        *text = masked.into();
    }
}

/// What an assignment tells about its principal: its title, and the id in its address, also as it is
/// spelled there.
fn principal(address: &Address, title: &Untrusted) -> Vec<String> {
    if !is_assignment(address) {
        return Vec::new();
    }
    let who = address.as_str().split('/').nth(3).and_then(|part| part.split_once(':'));
    let spelled = who.map(|(_, id)| id.to_owned());
    let id = spelled.as_deref().map(|id| percent_decode_str(id).decode_utf8_lossy().into_owned());
    [Some(title.raw().to_owned()), id, spelled].into_iter().flatten().collect()
}

fn is_assignment(address: &Address) -> bool {
    address.as_str().split('/').nth(1) == Some("assignment")
}

/// Of the changes that a change waits for, those of people are only counted.
fn wait_for_people(change: &mut Change) {
    let before = change.blocked_by.len();
    change.blocked_by.retain(|address| !is_assignment(address));
    let people = before - change.blocked_by.len();
    if people > 0 {
        let text = format!("It waits for {people} assignments that are made by hand.");
        change.side_effects.push(text.as_str().into());
    }
}

/// Every text of a target that is written in sentences.
fn texts(target: &mut TargetPlan, each: &mut dyn FnMut(&mut Untrusted)) {
    target.notes.iter_mut().for_each(&mut *each);
    error(&mut target.error, each);
    verdicts(&mut target.verdicts, each);
    for finding in &mut target.findings {
        each(&mut finding.message);
        finding.help.iter_mut().for_each(&mut *each);
    }
    if let Some(identity) = &mut target.identity {
        identity.anchor.iter_mut().for_each(&mut *each);
    }
    for change in &mut target.changes {
        verdicts(&mut change.verdicts, each);
        change.side_effects.iter_mut().for_each(&mut *each);
        change.steps.iter_mut().for_each(&mut *each);
        change.manual.iter_mut().flatten().for_each(&mut *each);
    }
}

/// Every text of an outcome that is written in sentences.
fn outcome_texts(target: &mut TargetOutcome, each: &mut dyn FnMut(&mut Untrusted)) {
    error(&mut target.error, each);
    verdicts(&mut target.verdicts, each);
    target.not_recorded.iter_mut().for_each(&mut *each);
    for change in &mut target.changes {
        change.reason.iter_mut().chain(&mut change.help).for_each(&mut *each);
    }
    target.verification.remaining.iter_mut().for_each(|remaining| each(&mut remaining.message));
}

fn error(error: &mut Option<TargetError>, each: &mut dyn FnMut(&mut Untrusted)) {
    if let Some(error) = error {
        each(&mut error.message);
        error.help.iter_mut().for_each(each);
    }
}

fn verdicts(verdicts: &mut [Verdict], each: &mut dyn FnMut(&mut Untrusted)) {
    for verdict in verdicts {
        each(&mut verdict.message);
        verdict.help.iter_mut().chain(&mut verdict.reason).for_each(&mut *each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        People::new(["mira", "Mira Okan", "okan.k", "1001", "7", "a", "Ünal"]).mask(text).into_owned()
    }

    #[test]
    fn everybody_who_is_known_is_masked_as_a_whole_word() {
        for (text, wanted) in [
            ("mira and Mira Okan (1001) lose it", "(a person) and (a person) ((a person)) lose it"),
            ("MIRA, okan.k", "(a person), (a person)"),
            ("miracle, admirals", "miracle, admirals"),
            ("7 of 10, a role", "7 of 10, a role"),
            ("user `7` or (a)", "user `(a person)` or ((a person))"),
            ("Ünal's role", "(a person)'s role"),
            ("somebody@acme.example.test.", "(a person)."),
            ("@mira a@b @ x@y", "@(a person) a@b @ x@y"),
            ("", ""),
        ] {
            assert_eq!(masked(text), wanted, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics_and_nobody_is_left(text in ".{0,40}", who in "[a-z]{3,8}") {
            let people = People::new([who.as_str()]);
            let once = people.mask(&format!("{text} {who}, {text}")).into_owned();
            let mut left = 0;
            people.each(&once, |_, _| left += 1);
            proptest::prop_assert!(left == 0 || "a person".contains(&who), "{once}");
        }
    }
}
