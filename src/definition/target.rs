//! One target: from its files to what it declares and what is wrong with it. Two loads whose target
//! has the same files share the result.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    contract::Spec,
    model::{
        Code, Finding, Label, Level, Site, SourceId, Untrusted,
        config::{LintLevel, Target},
        desired::DesiredState,
    },
};

use super::{
    cache::Parsed,
    catalogue_file::CatalogueFile,
    check,
    context::Context,
    declared::{Declared, Input},
    lint, lower,
    table::Tables,
};

/// Most results that are kept: each of a large target takes as much memory as all of its roles.
const MOST_KEPT: usize = 8;

/// Everything that the result depends on.
pub(crate) struct Question<'a> {
    /// The configuration as it is written.
    pub(crate) config: &'a Arc<str>,
    /// The target.
    pub(crate) target: &'a Target,
    /// Its provider.
    pub(crate) spec: &'a dyn Spec,
    /// Its files in order of path; `None` for one that could not be read.
    pub(crate) files: Vec<(SourceId, Option<Parsed>)>,
    /// Files that serve other targets too.
    pub(crate) shared: &'a BTreeSet<SourceId>,
    /// Tables of people that files name.
    pub(crate) tables: &'a Tables,
    /// The live catalogue that is kept beside the definitions.
    pub(crate) live: Option<CatalogueFile>,
    /// The day that counts as today.
    pub(crate) today: jiff::civil::Date,
    /// Levels of lints, and those of the command line by themselves; `None` leaves lints out.
    pub(crate) lints: Option<(&'a lint::Levels<'a>, &'a BTreeMap<Code, LintLevel>)>,
}

/// What came of a target.
#[derive(Clone)]
pub(crate) struct Answer {
    /// What it declares, without the parts that are wrong.
    pub(crate) desired: Arc<DesiredState>,
    /// Every permission that is written somewhere, each once.
    names: Arc<Vec<Untrusted>>,
    /// What is wrong between its files.
    pub(crate) findings: Vec<Finding>,
    /// What lints found; empty where they were left out.
    lints: Vec<Finding>,
}

impl Answer {
    /// Everything that was found, rules first.
    pub(crate) fn all_findings(self) -> (Arc<DesiredState>, Vec<Finding>) {
        let mut findings = self.findings;
        findings.extend(self.lints);
        (self.desired, findings)
    }
}

/// An answer about the same target, some of whose files are the same.
struct Alike {
    desired: Arc<DesiredState>,
    names: Arc<Vec<Untrusted>>,
    files: BTreeSet<SourceId>,
}

/// Answers that other loads may share, the latest last.
#[derive(Default)]
pub(crate) struct Answers(Mutex<VecDeque<Kept>>);

/// An answer and the question that it belongs to.
struct Kept {
    config: Arc<str>,
    target: Arc<str>,
    /// With whether each file serves other targets too.
    files: Vec<(SourceId, Parsed, bool)>,
    tables: Tables,
    live: Option<CatalogueFile>,
    today: jiff::civil::Date,
    /// Levels of the command line; `None` where lints were left out.
    lints: Option<BTreeMap<Code, LintLevel>>,
    answer: Answer,
}

impl Kept {
    fn answers(&self, question: &Question<'_>) -> bool {
        let same = |(known, asked): (&(SourceId, Parsed, bool), &(SourceId, Option<Parsed>))| {
            known.0 == asked.0
                && asked.1.as_ref().is_some_and(|file| Arc::ptr_eq(&known.1, file))
                && known.2 == question.shared.contains(&asked.0)
        };
        self.config == *question.config
            && self.target == question.target.name
            && self.files.len() == question.files.len()
            && self.files.iter().zip(&question.files).all(same)
            && self.tables == *question.tables
            && self.live == question.live
            && self.today == question.today
            && question.lints.as_ref().is_none_or(|(_, levels)| self.lints.as_ref() == Some(*levels))
    }

    /// The files that are the same, where the rest of the target is and nothing is wrong with it.
    fn shares(&self, question: &Question<'_>) -> Option<BTreeSet<SourceId>> {
        let same = self.config == *question.config
            && self.target == question.target.name
            && self.live == question.live
            && self.today == question.today
            && self.answer.findings.is_empty();
        let known: BTreeMap<SourceId, (&Parsed, bool)> =
            self.files.iter().map(|(source, file, shared)| (*source, (file, *shared))).collect();
        let is_same = |(source, file): &&(SourceId, Option<Parsed>)| {
            let known = known.get(source).filter(|known| known.1 == question.shared.contains(source));
            known.is_some_and(|(known, _)| file.as_ref().is_some_and(|file| Arc::ptr_eq(known, file)))
        };
        same.then(|| question.files.iter().filter(is_same).map(|(source, _)| *source).collect())
    }
}

impl Answers {
    /// The answer, found now or before.
    pub(crate) fn of(&self, question: Question<'_>) -> Answer {
        let skip_lints = question.lints.is_none();
        let known = self.lock().iter().find(|kept| kept.answers(&question)).map(|kept| kept.answer.clone());
        if let Some(mut answer) = known {
            if skip_lints {
                answer.lints.clear();
            }
            return answer;
        }
        let files = question
            .files
            .iter()
            .map(|(id, file)| Some((*id, file.clone()?, question.shared.contains(id))))
            .collect::<Option<Vec<_>>>();
        let (config, target) = (Arc::clone(question.config), Arc::clone(&question.target.name));
        let (live, today, tables) = (question.live.clone(), question.today, question.tables.clone());
        let lints = question.lints.as_ref().map(|(_, levels)| (*levels).clone());
        // Lints look at every file.
        let alike = if skip_lints { self.alike(&question) } else { None };
        let answer = answer(question, alike.as_ref());
        if let Some(files) = files {
            let mut kept = self.lock();
            if kept.len() == MOST_KEPT {
                kept.pop_front();
            }
            let answer = answer.clone();
            kept.push_back(Kept { config, target, files, tables, live, today, lints, answer });
        }
        answer
    }

    /// The latest answer of the same target, with the files that it shares.
    fn alike(&self, question: &Question<'_>) -> Option<Alike> {
        let kept = self.lock();
        let (kept, files) = kept.iter().rev().find_map(|kept| Some((kept, kept.shares(question)?)))?;
        let Answer { desired, names, .. } = &kept.answer;
        Some(Alike { desired: Arc::clone(desired), names: Arc::clone(names), files })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer(question: Question<'_>, alike: Option<&Alike>) -> Answer {
    let Question { target, spec, files, shared, tables, live, today, lints: levels, .. } = question;
    let mut findings = Vec::new();
    let mut usable = Vec::new();
    for (source, file) in files {
        let Some(file) = file else { continue };
        match file.content.as_ref().map(|content| &content.provider) {
            Some(provider) if provider.value.as_str() != target.provider => findings.push(
                Finding::new(Code::OtherProvider, "this file is for another provider than its target")
                    .at(provider.span.site(source), "the provider of the file")
                    .at(target.site, format!("this target is of `{}`", target.provider))
                    .help("Narrow the `files:` of the target, or correct the provider."),
            ),
            _ => usable.push((source, file)),
        }
    }
    let input = Input { target, spec, files: usable, shared, tables, live, today };
    let declared = Declared::new(&input, &mut findings);
    let known =
        alike.map(|alike| lower::Known { desired: &alike.desired, names: &alike.names, files: &alike.files });
    let lower::Lowered { desired, names } = lower::lower(&input, &declared, known, &mut findings);
    let context = Context { input: &input, declared: &declared, desired: &desired, names: &names };
    check::run(&context, &mut findings);
    let mut lints = Vec::new();
    if let Some((levels, _)) = levels {
        // A role that lives in many places is one role to a reader.
        let once = lint::once(&desired);
        let context = Context { desired: once.as_ref().unwrap_or(&desired), ..context };
        lint::run(&context, levels, &mut lints);
        drop_lints_of_wrong_roles(&context, &findings, &mut lints);
    }
    Answer { desired: Arc::new(desired), names: Arc::new(names), findings, lints }
}

/// Takes out the lints about roles that have an error: a role of which a part was left out lacks
/// things that it does not lack.
fn drop_lints_of_wrong_roles(context: &Context<'_>, findings: &[Finding], lints: &mut Vec<Finding>) {
    let mut starts: BTreeMap<SourceId, BTreeSet<u32>> = BTreeMap::new();
    for role in &context.desired.roles {
        starts.entry(role.site.source).or_default().insert(role.site.start);
    }
    // A role reaches from its key to the next one, or to the end of its file.
    let role_at = |site: Site| {
        let start = starts.get(&site.source)?.range(..=site.start).next_back()?;
        Some((site.source, *start))
    };
    let of_files = context.input.files.iter().flat_map(|(source, file)| {
        let sites = file.findings.iter().filter(|finding| finding.level == Level::Error);
        sites.flat_map(|finding| &finding.labels).map(|label| Site { source: *source, ..label.site })
    });
    let of_target = findings.iter().filter(|finding| finding.level == Level::Error);
    let of_target = of_target.flat_map(|finding| &finding.labels).map(|label| label.site);
    let wrong: BTreeSet<(SourceId, u32)> = of_files.chain(of_target).filter_map(role_at).collect();
    if wrong.is_empty() {
        return;
    }
    let about = |label: &Label| role_at(label.site).is_some_and(|role| wrong.contains(&role));
    lints.retain(|finding| !finding.labels.iter().any(about));
}
