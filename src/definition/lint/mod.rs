//! Lints: what is allowed and still worth a look. One per file, and one table of all.

mod empty_cell;
mod granted_by_base;
mod identical_roles;
mod named_after_person;
mod no_description;
mod other_scope;
mod permissions;
mod powerful_default;
mod subsumed_role;
mod too_many_roles;
mod unknown_to_open_catalogue;
mod unused_role;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Code, Finding, Level, Site, SourceId, Untrusted, config::LintLevel, desired::DesiredState,
};

use super::{
    context::{Context, Hit},
    directive::Directive,
};

/// A lint.
struct Lint {
    code: Code,
    run: fn(&Context<'_>) -> Vec<Hit>,
    /// Whether what it says in the same words of several places is said once, at the first.
    once: bool,
}

impl Lint {
    /// One that says something of every place.
    const fn new(code: Code, run: fn(&Context<'_>) -> Vec<Hit>) -> Self {
        Self { code, run, once: false }
    }
}

/// Every lint, by code.
const LINTS: &[Lint] = &[
    Lint::new(Code::NoDescription, no_description::run),
    Lint::new(Code::NamedAfterPerson, named_after_person::run),
    Lint::new(Code::IdenticalRoles, identical_roles::run),
    Lint::new(Code::SubsumedRole, subsumed_role::run),
    Lint::new(Code::UnusedRole, unused_role::run),
    Lint::new(Code::TooManyRoles, too_many_roles::run),
    Lint::new(Code::PowerfulDefault, powerful_default::run),
    Lint::new(Code::GrantedByBase, granted_by_base::run),
    Lint { once: true, ..Lint::new(Code::UnknownToOpenCatalogue, unknown_to_open_catalogue::run) },
    Lint::new(Code::OtherScope, other_scope::run),
    Lint::new(Code::EmptyCell, empty_cell::run),
];

/// The definitions with each role and each list once, where some stand in several places; `None` where
/// none does.
pub(crate) fn once(desired: &DesiredState) -> Option<DesiredState> {
    let mut seen = BTreeSet::new();
    if desired.roles.iter().all(|role| seen.insert(&role.key)) {
        return None;
    }
    let mut once = desired.clone();
    once.roles.dedup_by(|later, first| later.key == first.key);
    Some(once)
}

/// First and last byte of a line, and the level that a comment sets for it.
type Line = (u32, u32, LintLevel);

/// Who sets the level of a lint: a comment beats the command line, which beats the config, which
/// beats the default.
pub(crate) struct Levels<'a> {
    command_line: &'a BTreeMap<Code, LintLevel>,
    config: &'a BTreeMap<Code, LintLevel>,
    comments: BTreeMap<(SourceId, Code), Vec<Line>>,
    /// Codes that some comment wants reported.
    wanted: BTreeSet<Code>,
}

impl<'a> Levels<'a> {
    /// Collects what was said; `comments` come with the source they stand in.
    pub(crate) fn new(
        command_line: &'a BTreeMap<Code, LintLevel>,
        config: &'a BTreeMap<Code, LintLevel>,
        directives: impl Iterator<Item = (SourceId, Directive)>,
    ) -> Self {
        let mut comments: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut wanted = BTreeSet::new();
        for (source, directive) in directives {
            if directive.level != LintLevel::Allow {
                wanted.insert(directive.code);
            }
            let line = (directive.line.start, directive.line.end, directive.level);
            comments.entry((source, directive.code)).or_default().push(line);
        }
        // Where two comments concern one line, the one that stands later in the file counts.
        for lines in comments.values_mut() {
            lines.sort_by_key(|(start, ..)| *start);
        }
        Self { command_line, config, comments, wanted }
    }

    fn general(&self, code: Code) -> LintLevel {
        let said = self.command_line.get(&code).or_else(|| self.config.get(&code)).copied();
        said.or_else(|| code.lint()).unwrap_or(LintLevel::Allow)
    }

    fn comment(&self, code: Code, site: Site) -> Option<LintLevel> {
        let lines = self.comments.get(&(site.source, code))?;
        let after = lines.partition_point(|(start, ..)| *start <= site.start);
        let (_, end, level) = lines.get(after.checked_sub(1)?)?;
        (site.start <= *end).then_some(*level)
    }

    fn of(&self, code: Code, anchors: &[Site]) -> LintLevel {
        let comment = anchors.iter().find_map(|site| self.comment(code, *site));
        comment.unwrap_or_else(|| self.general(code))
    }
}

/// Runs every lint that anybody wants.
pub(crate) fn run(context: &Context<'_>, levels: &Levels<'_>, findings: &mut Vec<Finding>) {
    for lint in LINTS {
        if levels.general(lint.code) == LintLevel::Allow && !levels.wanted.contains(&lint.code) {
            continue;
        }
        let mut found = Vec::new();
        for Hit { mut finding, anchors } in (lint.run)(context) {
            finding.level = match levels.of(lint.code, &anchors) {
                LintLevel::Allow => continue,
                LintLevel::Warn => Level::Warning,
                LintLevel::Deny => Level::Error,
            };
            found.push(finding);
        }
        findings.extend(if lint.once { once_each(found) } else { found });
    }
}

/// Of findings that say the same the one at the first place, which counts the others.
fn once_each(mut found: Vec<Finding>) -> Vec<Finding> {
    found.sort_by_key(|finding| finding.labels.first().map(|label| label.site));
    let mut first: BTreeMap<(Level, Untrusted), (usize, usize)> = BTreeMap::new();
    let mut each: Vec<Finding> = Vec::new();
    for finding in found {
        let known = first.entry((finding.level, finding.message.clone()));
        let (_, more) = known.and_modify(|(_, more)| *more += 1).or_insert((each.len(), 0));
        if *more == 0 {
            each.push(finding);
        }
    }
    for (index, more) in first.into_values().filter(|(_, more)| *more > 0) {
        let Some(finding) = each.get_mut(index) else { continue };
        let places = if more == 1 { "1 more place".to_owned() } else { format!("{more} more places") };
        let help = finding.help.as_ref().map_or("", Untrusted::raw);
        finding.help = Some(format!("{help} It stands in {places}.").trim_start().into());
    }
    each
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_lint() {
        let known: Vec<Code> = LINTS.iter().map(|lint| lint.code).collect();
        let all: Vec<Code> = Code::ALL.iter().copied().filter(|code| code.lint().is_some()).collect();
        assert_eq!(known, all);
    }
}
