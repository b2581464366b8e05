//! Makes the changes of files: all that can be made together, each read back and held against what
//! was meant.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    super::{
        Options, Problem,
        overlay::Overlay,
        prepare::{self, Input as Prepare},
    },
    find::{Finder, Wanted},
    stages::{GONE, PEOPLE},
    step::{Line, Rank, Step},
};
use crate::{
    contract::Spec,
    definition::{
        self, LoadOptions, Loaded, ParseCache,
        emit::{self, Revision},
    },
    model::{
        Finding, Level, RoleId, Site, Untrusted,
        config::Target,
        desired::DesiredState,
        files::{FileErrorKind, Files},
        live::LiveState,
    },
    plan::{
        change::{Change, What},
        document::Reason,
        earlier::Earlier,
        resolve,
    },
    workflow::{Exit, Failure},
};

/// Edits show what a base or a set still brings; so often they are looked at again.
const ROUNDS: usize = 6;

/// What is taken over into what.
pub struct Input<'a> {
    /// The work tree.
    pub files: &'a dyn Files,
    /// Name of the configuration in it.
    pub config_path: &'a str,
    /// Every provider.
    pub specs: &'a [&'a dyn Spec],
    /// The target.
    pub target: &'a Target,
    /// Its provider.
    pub spec: &'a dyn Spec,
    /// What is live.
    pub live: &'a LiveState,
    /// What drifted: the changes that would put live back to what was applied.
    pub drift: &'a [Change],
    /// What git held before.
    pub earlier: Earlier<'a>,
    /// Who holds the roles, too.
    pub assignments: bool,
    /// Where new roles go (`--out`).
    pub out: Option<&'a str>,
    /// The day.
    pub today: jiff::civil::Date,
    /// Files that were parsed before.
    pub cache: &'a ParseCache,
}

/// What is not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// What would be written, or what happened.
    pub what: Untrusted,
    /// Why it is not.
    pub why: Untrusted,
    /// Where a person would write it: path, and line from 1.
    pub place: Option<(Arc<str>, u32)>,
    /// Text that a person can add.
    pub paste: Option<String>,
}

impl Left {
    /// Where, what, and why, in one line.
    pub fn sentence(&self) -> String {
        let place = self.place.as_ref().map_or_else(String::new, |(path, line)| format!("{path}:{line}: "));
        format!("{place}{} – {}", self.what.raw(), self.why.raw())
    }
}

/// What came of a target.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// What is taken over, what gives access first.
    pub lines: Vec<Line>,
    /// What protection forbids to take over.
    pub refused: Vec<Left>,
    /// What could not be written safely.
    pub by_hand: Vec<Left>,
    /// What is left alone, with the reason.
    pub left: Vec<Left>,
    /// Every file that differs from the work tree, by path, those of earlier targets among them.
    pub texts: BTreeMap<Arc<str>, String>,
}

impl Taken {
    /// What is not taken over, each with what becomes of it.
    pub fn not_taken(&self) -> impl Iterator<Item = (&'static str, &Left)> {
        let refused = self.refused.iter().map(|left| ("refused", left));
        let by_hand = self.by_hand.iter().map(|left| ("by hand", left));
        refused.chain(by_hand).chain(self.left.iter().map(|left| ("left alone", left)))
    }
}

/// Takes over what drifted; `texts` are files that differ from the work tree already.
///
/// # Errors
///
/// Where the definitions are not valid, or do not fit what is live.
pub fn take(input: &Input<'_>, texts: BTreeMap<Arc<str>, String>) -> Result<Taken, Problem> {
    let mut work = Work { input, taken: Taken { texts, ..Taken::default() }, lines: BTreeSet::new() };
    work.run()?;
    work.taken.lines = work.lines.into_iter().collect();
    Ok(work.taken)
}

struct Work<'a> {
    input: &'a Input<'a>,
    taken: Taken,
    lines: BTreeSet<Line>,
}

/// Why a step cannot be made.
struct Why {
    text: String,
    place: Option<(Arc<str>, u32)>,
}

impl Work<'_> {
    fn run(&mut self) -> Result<(), Problem> {
        let mut failed: BTreeSet<String> = BTreeSet::new();
        let mut wanted: Option<Wanted> = None;
        for round in 0..ROUNDS {
            let loaded = self.load(&self.taken.texts);
            let desired = loaded.desired.get(&self.input.target.name).ok_or_else(invalid)?;
            let resolved = resolve::resolve(resolving(self.input, desired))
                .map_err(|findings| unfit(&loaded, &findings))?;
            let mut finder = Finder::new(self.input, &loaded, desired, &resolved);
            if wanted.is_none() {
                wanted = Some(finder.wanted());
                self.taken.refused.append(&mut finder.refused);
                self.taken.left.append(&mut finder.left);
            }
            let Some(wanted) = &wanted else { break };
            let mut steps = finder.steps(wanted, round);
            steps.retain(|step| !failed.contains(&step.id));
            if steps.is_empty() && round >= GONE {
                break;
            }
            let (made, not) = self.make(&loaded, &steps);
            for (step, why) in not {
                failed.insert(step.id.clone());
                for line in &step.lines {
                    self.lines.remove(line);
                }
                let place = why.place.or_else(|| place(&loaded, step.site));
                self.taken.by_hand.push(Left {
                    what: step.by_hand.as_str().into(),
                    why: why.text.into(),
                    place,
                    paste: None,
                });
            }
            if let Some((texts, steps)) = made {
                self.taken.texts = texts;
                self.lines.extend(steps.into_iter().flat_map(|step| step.lines.iter().cloned()));
            }
            if round + 1 == PEOPLE {
                self.new_roles()?;
            }
        }
        Ok(())
    }

    /// Roles that git owns as a whole and never declared are written as `import` does.
    fn new_roles(&mut self) -> Result<(), Problem> {
        let never = |change: &&Change| change.reason == Some(Reason::NeverDeclared);
        let roles =
            self.input.drift.iter().filter(never).filter_map(|change| match (&change.what, &change.id) {
                (What::Role { .. }, Some(id)) => Some(id.clone()),
                _ => None,
            });
        let ids: BTreeSet<Untrusted> = roles.collect();
        if ids.is_empty() {
            return Ok(());
        }
        let loaded = self.load(&self.taken.texts);
        if !loaded.desired.contains_key(&self.input.target.name) {
            return Err(invalid());
        }
        let files = self.overlay(&self.taken.texts);
        let options =
            Options { out: self.input.out.map(str::to_owned), role: None, assignments: false, force: false };
        let prepared = prepare::prepare(&Prepare {
            files: &files,
            config_path: self.input.config_path,
            specs: self.input.specs,
            loaded: &loaded,
            target: self.input.target,
            spec: self.input.spec,
            live: self.input.live,
            only: Some(ids),
            options: &options,
            today: self.input.today,
            cache: self.input.cache,
        });
        match prepared {
            Err(problem) => self.taken.by_hand.push(Left {
                what: "write the new roles".into(),
                why: problem.failure.message,
                place: None,
                paste: problem.paste,
            }),
            Ok(prepared) => {
                for role in &prepared.additions.roles {
                    let subject = format!("role `{}`", role.name.raw());
                    let line = |object: &str| Line::new(Rank::Gives, &subject, "is new, with", object);
                    self.lines.extend(role.permissions.iter().map(|permission| line(permission.raw())));
                    if role.permissions.is_empty() {
                        self.lines.insert(line("no permission"));
                    }
                }
                if let Some(key) = &prepared.additions.default {
                    self.lines.insert(Line::new(Rank::Gives, "the default role", "is", &format!("`{key}`")));
                }
                for skipped in prepared.additions.skipped {
                    let names: Vec<&str> = skipped.names.iter().map(Untrusted::raw).collect();
                    self.taken.by_hand.push(Left {
                        what: format!("write {} `{}`", skipped.what, names.join("`, `")).into(),
                        why: skipped.why,
                        place: None,
                        paste: None,
                    });
                }
                let texts = prepared.texts.into_iter().map(|text| (text.path, text.text));
                self.taken.texts.extend(texts);
            }
        }
        Ok(())
    }

    fn overlay<'o>(&'o self, texts: &'o BTreeMap<Arc<str>, String>) -> Overlay<'o> {
        Overlay {
            files: self.input.files,
            texts: texts.iter().map(|(path, text)| (&**path, text.as_str())).collect(),
        }
    }

    /// The definitions with these files; lints are no reason to leave anything out.
    fn load(&self, texts: &BTreeMap<Arc<str>, String>) -> Loaded {
        let options = LoadOptions {
            lints: BTreeMap::new(),
            skip_lints: true,
            revision: None,
            today: self.input.today,
            cache: self.input.cache,
        };
        definition::load(&self.overlay(texts), self.input.config_path, self.input.specs, &options)
    }

    /// Makes as many steps as can be made together; the others with what stands in the way.
    #[expect(clippy::type_complexity, reason = "the texts with the steps that made them")]
    fn make<'s>(
        &self,
        loaded: &Loaded,
        steps: &'s [Step],
    ) -> (Option<(BTreeMap<Arc<str>, String>, Vec<&'s Step>)>, Vec<(&'s Step, Why)>) {
        let mut made: Option<(BTreeMap<Arc<str>, String>, Vec<&Step>)> = None;
        let mut not = Vec::new();
        let mut waiting: Vec<Vec<&Step>> = vec![steps.iter().collect()];
        while let Some(mut some) = waiting.pop() {
            if some.is_empty() {
                continue;
            }
            let known = made.as_ref().map(|(_, steps)| steps.as_slice()).unwrap_or_default();
            let all: Vec<&Step> = known.iter().copied().chain(some.iter().copied()).collect();
            match self.try_all(loaded, &all) {
                Ok(texts) => made = Some((texts, all)),
                Err(why) => match some.as_slice() {
                    [step] => not.push((*step, why)),
                    _ => {
                        let rest = some.split_off(some.len() / 2);
                        waiting.extend([rest, some]);
                    }
                },
            }
        }
        (made, not)
    }

    /// The texts after all of these steps, read back.
    fn try_all(&self, loaded: &Loaded, steps: &[&Step]) -> Result<BTreeMap<Arc<str>, String>, Why> {
        let mut by_path: BTreeMap<&Arc<str>, Vec<&Revision>> = BTreeMap::new();
        for (path, revision) in steps.iter().flat_map(|step| &step.edits) {
            by_path.entry(path).or_default().push(revision);
        }
        let mut texts = self.taken.texts.clone();
        for (path, revisions) in by_path {
            let text = self.revised(path, &revisions)?;
            texts.insert(path.clone(), text);
        }
        let after = self.load(&texts);
        let why = |text: String| Why { text, place: None };
        for (name, before) in &loaded.desired {
            let Some(found) = after.desired.get(name) else {
                let first = after.findings.iter().find(|finding| finding.level == Level::Error);
                let said = first.map_or_else(String::new, |finding| {
                    format!(": {} {}", finding.code, finding.message.raw())
                });
                return Err(why(format!("the definitions would not be valid{said}")));
            };
            let own = *name == self.input.target.name;
            let means = steps.iter().flat_map(|step| &step.means).filter(|_| own);
            emit::check_revised(before, means, found)
                .map_err(|what| why(format!("the edit would mean {what} for target `{name}`")))?;
            if own && let Err(findings) = resolve::resolve(resolving(self.input, found)) {
                let first = findings.iter().find(|finding| finding.level == Level::Error);
                return Err(why(first.map_or_else(String::new, |finding| finding.message.raw().to_owned())));
            }
        }
        Ok(texts)
    }

    /// The text of one file after its edits.
    fn revised(&self, path: &Arc<str>, revisions: &[&Revision]) -> Result<String, Why> {
        let at = |text: String, place| Why { text, place };
        let old = match self.taken.texts.get(path) {
            Some(text) => text.clone(),
            None => match self.input.files.read(path) {
                Ok(bytes) => String::from_utf8(bytes)
                    .map_err(|_| at("the file is not UTF-8".to_owned(), Some((path.clone(), 1))))?,
                Err(error) if error.kind == FileErrorKind::NotFound => {
                    format!("provider: {}\n", self.input.spec.name())
                }
                Err(error) => return Err(at(error.message, None)),
            },
        };
        emit::revise(&old, revisions, self.input.spec).map_err(|obstacle| {
            let line = old.get(..obstacle.at).map_or(0, |before| before.matches('\n').count()) as u32 + 1;
            at(format!("what stands there {}", obstacle.why), Some((path.clone(), line)))
        })
    }
}

fn invalid() -> Problem {
    Failure::new(Exit::Invalid, "the definitions have errors").help("`rolecall validate` shows them.").into()
}

fn resolving<'d>(input: &'d Input<'_>, desired: &'d DesiredState) -> resolve::Input<'d> {
    resolve::Input {
        target: input.target,
        spec: input.spec,
        desired,
        live: input.live,
        earlier: input.earlier,
        today: input.today,
    }
}

/// The definitions of the work tree name what is not live.
fn unfit(loaded: &Loaded, findings: &[Finding]) -> Problem {
    let first = findings.iter().find(|finding| finding.level == Level::Error);
    let said = first.map_or_else(String::new, |finding| {
        let place = place(loaded, finding.labels.first().map(|label| label.site));
        let place = place.map_or_else(String::new, |(path, line)| format!("{path}:{line}: "));
        format!(": {place}{}", finding.message.raw())
    });
    let failure = Failure::new(Exit::Invalid, format!("the definitions do not fit what is live{said}"));
    match first.and_then(|finding| finding.help.as_ref()) {
        Some(help) => failure.help(help.raw()).into(),
        None => failure.into(),
    }
}

/// Path and line of a site.
pub(super) fn place(loaded: &Loaded, site: Option<Site>) -> Option<(Arc<str>, u32)> {
    let (source, position) = loaded.sources.locate(site?)?;
    Some((source.path.clone(), position.line))
}

/// Whether a role is the live one with this id.
pub(super) fn is_live(role: &RoleId, id: Option<&Untrusted>) -> bool {
    matches!((role, id), (RoleId::Live(role), Some(id)) if role == id)
}
