//! One file, from bytes to typed content: everything that does not depend on other files.

use std::{cell::RefCell, sync::Arc};

use serde::de::DeserializeOwned;

use crate::model::{Code, Finding, Source, SourceId};

use super::{
    de,
    directive::{self, Directive},
    hidden, leak,
    node::{Key, Node},
    span::Span,
    syntax,
    validate::{self, Checker, Path},
};

/// The source that findings of a file point at until it has its own.
const HERE: SourceId = SourceId(0);

/// A file after everything that can be said of it alone.
#[derive(Debug)]
pub(crate) struct FileOf<T> {
    /// Its text; where it is not UTF-8, what of it is.
    pub(crate) text: Arc<str>,
    /// What it says, without the parts that are wrong; `None` where nothing can be used.
    pub(crate) content: Option<T>,
    /// What is wrong, pointing at source 0.
    pub(crate) findings: Vec<Finding>,
    /// Comments that set lints.
    pub(crate) directives: Vec<Directive>,
    /// Credentials in plain text.
    pub(crate) secrets: Vec<Span>,
    /// The targets of a configuration, from the first byte of the name to the last of the entry.
    pub(crate) extents: Vec<(Arc<str>, Span)>,
    /// What it declares, but in a part that cannot be used.
    pub(crate) lost: Lost,
}

/// What a file declares although it cannot be used, so that a reference to it is no error.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Keys under `roles`.
    pub(crate) roles: Vec<Arc<str>>,
    /// Keys under `permission_sets`.
    pub(crate) sets: Vec<Arc<str>>,
    /// It may declare more than could be made out.
    pub(crate) more: bool,
}

/// Reads bytes as a file of type `T`.
pub(crate) fn read<T: DeserializeOwned + Send>(bytes: Vec<u8>, checker: &Checker) -> FileOf<T> {
    let mut findings = Vec::new();
    let text: Arc<str> = match String::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(error) => return not_utf8(&error),
    };
    hidden::check(&text, HERE, &mut findings);
    let parsed = syntax::parse(&text, HERE);
    // A character that YAML does not allow is said once, as what it is.
    let start = |finding: &Finding| finding.labels.first().map(|label| label.site.start);
    let hidden: Vec<_> = findings.iter().map(start).collect();
    let syntax = parsed.findings.into_iter();
    findings.extend(syntax.filter(|one| one.code != Code::Syntax || !hidden.contains(&start(one))));
    let secrets = leak::find(&text, parsed.root.as_ref());
    leak::report(&secrets, HERE, &mut findings);
    let directives = directive::read(&text, &parsed.comments, HERE, &mut findings);

    let targets = parsed.root.as_ref().and_then(|root| root.get("targets"));
    let extent = |(key, value): &(Key<'_>, Node<'_>)| {
        (key.text.as_ref().into(), Span { start: key.span.start, end: value.span.end.max(key.span.end) })
    };
    let extents = targets.map(|targets| targets.entries().iter().map(extent).collect()).unwrap_or_default();
    let mut lost = Lost::default();
    let mut content = None;
    match parsed.root {
        Some(mut root) if !parsed.broken => {
            let (prune, early) = check(&root, &text, checker, &mut findings);
            if !prune.is_empty() {
                lost = harvest(&root);
                if leave_out(&mut root, prune) {
                    content = typed(&root, &text, &mut findings);
                }
            } else if let Some((typed, mut found)) = early {
                content = typed;
                findings.append(&mut found);
            } else {
                content = typed(&root, &text, &mut findings);
            }
            if content.is_none() && lost.roles.is_empty() && lost.sets.is_empty() {
                lost = harvest(&root);
            }
        }
        Some(root) => {
            lost = harvest(&root);
            lost.more = true;
        }
        None => lost.more = parsed.broken,
    }
    FileOf { text, content, findings, directives, secrets, extents, lost }
}

/// Files from this size on are read as their type while the schema is checked, on a second thread.
const LARGE: usize = 1 << 20;

/// Typed content with what was found on the way.
type Early<T> = (Option<T>, Vec<Finding>);

/// Checks the schema; of a large file also the typed content, which counts if nothing is wrong.
fn check<T: DeserializeOwned + Send>(
    root: &Node<'_>,
    text: &str,
    checker: &Checker,
    findings: &mut Vec<Finding>,
) -> (Vec<Path>, Option<Early<T>>) {
    if text.len() < LARGE {
        return (checker.check(root, HERE, findings), None);
    }
    std::thread::scope(|scope| {
        let early = scope.spawn(|| {
            let mut found = Vec::new();
            let content = typed(root, text, &mut found);
            (content, found)
        });
        let prune = checker.check(root, HERE, findings);
        (prune, early.join().ok())
    })
}

/// What decodes of a text that is not UTF-8, for the excerpt, and the finding; what does not is shown
/// as U+FFFD.
pub(crate) fn not_text(error: &std::string::FromUtf8Error, source: SourceId) -> (Arc<str>, Finding) {
    let at = error.utf8_error().valid_up_to();
    let bytes = error.as_bytes();
    let line = bytes.get(..at).unwrap_or_default().iter().filter(|b| **b == b'\n').count() + 1;
    let start =
        bytes.get(..at).and_then(|before| before.iter().rposition(|b| *b == b'\n')).map_or(0, |n| n + 1);
    let column = String::from_utf8_lossy(bytes.get(start..at).unwrap_or_default()).chars().count() + 1;
    let byte = bytes.get(at).copied().unwrap_or_default();
    let message =
        format!("the file is not UTF-8: line {line}, column {column} (byte {at}) holds 0x{byte:02X}");
    let help = match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "It seems to be UTF-16. Save it as UTF-8.",
        _ if bytes.contains(&0) => "It seems to be no text at all. Narrow the `files:` of the target.",
        _ => "Save it as UTF-8.",
    };
    let span = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
    let finding = Finding::new(Code::NotUtf8, message).at(span.site(source), "").help(help);
    (String::from_utf8_lossy(bytes).into(), finding)
}

fn not_utf8<T>(error: &std::string::FromUtf8Error) -> FileOf<T> {
    let (text, finding) = not_text(error, HERE);
    let lost = Lost { more: true, ..Lost::default() };
    let secrets = leak::find(&text, None);
    FileOf {
        text,
        content: None,
        findings: vec![finding],
        directives: Vec::new(),
        secrets,
        extents: Vec::new(),
        lost,
    }
}

/// Takes the unusable parts out; whether anything is left to use.
fn leave_out(root: &mut Node<'_>, mut prune: Vec<Path>) -> bool {
    if prune.iter().any(Vec::is_empty) {
        return false;
    }
    // From the end, so that an index still means what it meant; inner paths before outer ones.
    prune.sort_by(|a, b| {
        let step =
            |step: &String| step.parse::<usize>().map_or((1, 0, step.clone()), |n| (0, n, String::new()));
        b.iter().map(step).cmp(a.iter().map(step))
    });
    for path in &prune {
        root.prune(path);
    }
    true
}

fn typed<T: DeserializeOwned>(root: &Node<'_>, text: &str, findings: &mut Vec<Finding>) -> Option<T> {
    let look_alikes = RefCell::default();
    let content = de::from_node(root, &look_alikes);
    for (span, what) in look_alikes.into_inner() {
        findings.push(validate::look_alike(span, what, span.slice(text), HERE));
    }
    match content {
        Ok(content) => Some(content),
        Err(error) => {
            let span = error.span.unwrap_or(root.span);
            findings.push(Finding::new(Code::Schema, error.message).at(span.site(HERE), ""));
            None
        }
    }
}

/// The keys that a tree declares.
fn harvest(root: &Node<'_>) -> Lost {
    let keys = |field: &str| {
        let entries = root.get(field).map(Node::entries).unwrap_or_default();
        entries.iter().map(|(key, _)| key.text.as_ref().into()).collect()
    };
    Lost { roles: keys("roles"), sets: keys("permission_sets"), more: false }
}

/// The same findings in their own source.
pub(crate) fn relocated(findings: &[Finding], source: SourceId) -> impl Iterator<Item = Finding> {
    findings.iter().cloned().map(move |mut finding| {
        for label in &mut finding.labels {
            label.site.source = source;
        }
        finding
    })
}

/// A source for a file that was read.
pub(crate) fn source_of(path: &Arc<str>, revision: Option<&Arc<str>>, text: &Arc<str>) -> Source {
    Source::new(Arc::clone(path), revision.cloned(), Arc::clone(text))
}
