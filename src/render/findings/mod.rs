//! Findings, in one format per file. Every format gives them in the same order: those without a
//! place first, then by file, place, and code.

mod code_quality;
mod excerpt;
mod github;
mod json;
mod markdown;
mod sarif;
mod text;

use std::ops::Range;

use crate::model::{Finding, Label, Level, Site, Source, Sources, site::Position};

pub use self::{
    code_quality::code_quality,
    github::github,
    json::{Document, Item, Labelled, Place, Severity, Summary, json, schema},
    markdown::markdown_list as markdown,
    sarif::sarif,
    text::text,
};

/// The findings in the order in which every format gives them.
fn ordered<'a>(findings: &'a [Finding], sources: &Sources) -> Vec<&'a Finding> {
    let mut all: Vec<&Finding> = findings.iter().collect();
    all.sort_by_cached_key(|finding| {
        let site = finding.labels.first().map(|label| label.site);
        let source = site.and_then(|site| sources.get(site.source));
        let file = source.map(|source| (source.path.clone(), source.revision.clone()));
        (file, site.map(|site| (site.start, site.end)), finding.code)
    });
    all
}

/// How many there are of each level, and in how many files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    errors: usize,
    warnings: usize,
    files: usize,
}

impl Count {
    fn of(findings: &[&Finding], sources: &Sources) -> Self {
        let mut files: Vec<&str> = findings
            .iter()
            .filter_map(|finding| Some(&*sources.get(finding.labels.first()?.site.source)?.path))
            .collect();
        files.sort_unstable();
        files.dedup();
        let errors = findings.iter().filter(|finding| finding.level == Level::Error).count();
        Self { errors, warnings: findings.len() - errors, files: files.len() }
    }
}

/// `3 errors, 1 warning`
fn counted(errors: usize, warnings: usize) -> String {
    let one = |count: usize, what: &str| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        count => Some(format!("{count} {what}s")),
    };
    [one(errors, "error"), one(warnings, "warning")].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The places of a finding whose file is known, the primary first.
fn labels<'a>(finding: &'a Finding, sources: &'a Sources) -> impl Iterator<Item = (&'a Label, Spot<'a>)> {
    finding.labels.iter().filter_map(|label| Some((label, Spot::of(label.site, sources)?)))
}

/// A site with its lines and columns.
struct Spot<'a> {
    source: &'a Source,
    start: Position,
    /// Behind the last character.
    end: Position,
}

impl<'a> Spot<'a> {
    fn of(site: Site, sources: &'a Sources) -> Option<Self> {
        let source = sources.get(site.source)?;
        let bytes = bytes(site, &source.text);
        // An offset beyond 4 GiB does not occur: files are at most 16 MiB.
        let position = |offset: usize| source.position(u32::try_from(offset).unwrap_or(u32::MAX));
        Some(Self { source, start: position(bytes.start), end: position(bytes.end) })
    }
}

/// The bytes of `site` within `text`, widened to whole characters.
fn bytes(site: Site, text: &str) -> Range<usize> {
    let start = floor(text, site.start as usize);
    start..ceil(text, site.end as usize).max(start)
}

/// The last boundary of characters at or before `offset`.
fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The first boundary of characters at or after `offset`.
fn ceil(text: &str, offset: usize) -> usize {
    (offset..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// `path` from the repository's root, where `prefix` is the root of the definitions in it.
pub fn in_repository(prefix: &str, path: &str) -> String {
    match prefix.trim_end_matches('/') {
        "" => path.to_owned(),
        prefix => format!("{prefix}/{path}"),
    }
}

#[cfg(test)]
mod tests;
