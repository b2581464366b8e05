//! Text to tree. Only this file and `error` name the YAML parser.
//!
//! Everything that YAML allows and a definition does not need is refused here, with its place:
//! tags, several documents, keys that are not text, keys that stand twice, deep nesting, and
//! aliases that expand to too much.

mod error;

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle};

use crate::model::{Code, Finding, SourceId};

use error::{error_finding, error_span, more_errors, tab, tag, too_deep};

use super::{
    node::{Key, Kind, Node},
    scalar::{self, Scalar},
    span::Span,
    validate::short,
};

/// Deepest nesting of lists and mappings.
const DEEPEST: usize = 128;
/// Most nodes that the aliases of one file may add.
const MOST_ALIASED: usize = 100_000;
/// Most nodes that may stand under anchors; nested anchors count again.
const MOST_ANCHORED: usize = 1_000_000;
/// In mappings with more keys than this, doubles are found by hashing.
const MANY_KEYS: usize = 16;

/// A comment and its place, from `#` to the end of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    /// Where it stands.
    pub(crate) span: Span,
    /// Whether nothing else stands on its line.
    pub(crate) alone: bool,
}

/// What came of a text.
#[derive(Debug, Default)]
pub(crate) struct Parsed<'t> {
    /// The tree; of a text with errors what could be understood.
    pub(crate) root: Option<Node<'t>>,
    /// The comments, in order.
    pub(crate) comments: Vec<Comment>,
    /// What is wrong. An error of the grammar comes with `broken`.
    pub(crate) findings: Vec<Finding>,
    /// Whether the grammar was violated, so that parts of the tree are missing.
    pub(crate) broken: bool,
}

/// Parses `text`, which is file `source`.
pub(crate) fn parse(text: &str, source: SourceId) -> Parsed<'_> {
    let mut builder = Builder::new(text, source);
    let failure = builder.run(text);
    let mut findings = std::mem::take(&mut builder.findings);
    let broken = failure.is_some();
    if let Some(error) = failure {
        let first = error_span(text, &error);
        findings.push(error_finding(text, &error, first, source));
        more_errors(text, first, &error, source, &mut findings);
    }
    // A document without content has one empty value.
    let root = builder.finish().filter(|root| root.span.start < root.span.end);
    if root.is_none() && !broken && findings.is_empty() {
        let finding = Finding::new(Code::Empty, "the file holds nothing")
            .at(Span::new(0, 0).site(source), "")
            .help("Write definitions into it, or delete it.");
        findings.push(finding);
    }
    Parsed { root, comments: builder.comments, findings, broken }
}

/// A collection that is still open.
struct Open<'t> {
    span: Span,
    anchor: usize,
    /// Height of the deepest child, and number of nodes inside.
    height: usize,
    size: usize,
    inside: Inside<'t>,
}

enum Inside<'t> {
    List(Vec<Node<'t>>),
    Map {
        entries: Vec<(Key<'t>, Node<'t>)>,
        /// The key whose value comes next; `Skip` drops the value.
        key: Pending<'t>,
        /// Texts of keys, once there are many.
        seen: HashSet<Cow<'t, str>>,
        block: bool,
    },
}

enum Pending<'t> {
    None,
    Key(Key<'t>),
    Skip,
}

/// A finished node with what aliases to it would cost.
#[derive(Clone)]
struct Finished<'t> {
    node: Node<'t>,
    height: usize,
    size: usize,
}

struct Builder<'t> {
    text: &'t str,
    source: SourceId,
    open: Vec<Open<'t>>,
    anchors: HashMap<usize, Finished<'t>>,
    aliased: usize,
    anchored: usize,
    root: Option<Node<'t>>,
    documents: usize,
    comments: Vec<Comment>,
    findings: Vec<Finding>,
    /// Collections that were opened below the deepest level and are skipped.
    skipped: usize,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, source: SourceId) -> Self {
        Self {
            text,
            source,
            open: Vec::new(),
            anchors: HashMap::new(),
            aliased: 0,
            anchored: 0,
            root: None,
            documents: 0,
            comments: Vec::new(),
            findings: Vec::new(),
            skipped: 0,
        }
    }

    /// Reads all events; the grammar error that ended it, if one did.
    fn run(&mut self, text: &'t str) -> Option<ScanError> {
        let options = granit_parser::options! {
            emit_unresolved_aliases: true,
            max_buffered_comment_events: 1_000_000,
            flow_nesting_limit: DEEPEST,
            block_nesting_limit: DEEPEST,
        };
        for next in Parser::new_from_str_with_options(text, options) {
            match next {
                Ok((event, span)) => {
                    let range = span.byte_range().unwrap_or(0..0);
                    let tag = span.tag_start().and_then(|mark| mark.byte_offset());
                    self.event(event, Span::new(range.start, range.end), tag);
                }
                Err(error) => return Some(error),
            }
        }
        None
    }

    /// The tree, with everything closed that an error left open.
    fn finish(&mut self) -> Option<Node<'t>> {
        while !self.open.is_empty() {
            let end = self.text.len() as u32;
            self.close(Span { start: end, end });
        }
        self.root.take()
    }

    fn event(&mut self, event: Event<'t>, span: Span, tag_at: Option<usize>) {
        let tagged = event.tag().is_some();
        if tagged && self.documents <= 1 {
            let at = tag_at.map_or(span, |at| Span::new(at, (span.start as usize).max(at + 1)));
            let end = at.start as usize + at.slice(self.text).trim_end().len();
            let at = Span::new(at.start as usize, end);
            self.findings.push(tag(at.site(self.source)));
        }
        match event {
            Event::Comment(..) => {
                let before = self.text.get(..span.start as usize).unwrap_or_default();
                let line = before.rfind('\n').map_or(before, |at| before.get(at + 1..).unwrap_or_default());
                let alone = line.trim_start_matches('\u{feff}').trim().is_empty();
                self.comments.push(Comment { span, alone });
            }
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents == 2 {
                    let at = Span::new(span.start as usize, span.end as usize);
                    let finding =
                        Finding::new(Code::SeveralDocuments, "a second document begins in this file")
                            .at(at.site(self.source), "here")
                            .help("Put it into a file of its own.");
                    self.findings.push(finding);
                }
            }
            _ if self.documents > 1 => {}
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain && !tagged;
                // The parser spells an absent value as `~`.
                let text = if plain && span.start == span.end { "".into() } else { text };
                let span = match style {
                    ScalarStyle::Literal | ScalarStyle::Folded => self.trimmed(span),
                    _ => span,
                };
                let node = Node { span, kind: Kind::Scalar { text, plain } };
                self.put(Finished { node, height: 0, size: 1 }, anchor);
            }
            Event::SequenceStart(_, anchor, _) => self.start(Inside::List(Vec::new()), span, anchor),
            Event::MappingStart(style, anchor, _) => {
                let inside = Inside::Map {
                    entries: Vec::new(),
                    key: Pending::None,
                    seen: HashSet::new(),
                    block: style == StructureStyle::Block,
                };
                self.start(inside, span, anchor);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => self.alias(id, span),
            Event::UnresolvedAlias(name) => {
                let finding =
                    Finding::new(Code::Alias, "an alias of something that is not anchored before it")
                        .at(span.site(self.source), "")
                        .help(format!("Write `&{name}` before the value that is meant, above this line."));
                self.findings.push(finding);
                self.put_nothing();
            }
            // Where stream and document begin and end; other events are not asked for.
            _ => {}
        }
    }

    fn trimmed(&self, span: Span) -> Span {
        Span::new(span.start as usize, span.start as usize + span.slice(self.text).trim_end().len())
    }

    fn start(&mut self, inside: Inside<'t>, span: Span, anchor: usize) {
        if self.skipped > 0 || self.open.len() >= DEEPEST {
            if self.skipped == 0 && !self.findings.iter().any(|finding| finding.code == Code::TooDeep) {
                self.findings.push(too_deep(span.site(self.source)));
            }
            self.skipped += 1;
            return;
        }
        self.open.push(Open { span, anchor, height: 0, size: 1, inside });
    }

    fn close(&mut self, end: Span) {
        if self.skipped > 0 {
            self.skipped -= 1;
            if self.skipped == 0 {
                self.put_nothing();
            }
            return;
        }
        let Some(open) = self.open.pop() else { return };
        let (kind, last) = match open.inside {
            Inside::List(items) => {
                let last = items.last().map(|item| item.span.end);
                (Kind::List(items), last)
            }
            Inside::Map { entries, .. } => {
                let last = entries.last().map(|(key, value)| value.span.end.max(key.span.end));
                (Kind::Map(entries), last)
            }
        };
        // A block ends where its last child does; the parser sees its end only at the next token.
        let bracket = matches!(end.slice(self.text), "]" | "}");
        let end = if bracket { end.end } else { last.unwrap_or(open.span.end).max(open.span.end) };
        let span = Span { start: open.span.start, end: end.max(open.span.start) };
        let node = Node { span, kind };
        self.put(Finished { node, height: open.height + 1, size: open.size }, open.anchor);
    }

    fn alias(&mut self, id: usize, span: Span) {
        let Some(target) = self.anchors.get(&id) else {
            let finding = Finding::new(Code::Alias, "an alias inside the value that it stands for")
                .at(span.site(self.source), "this would never end")
                .help("Write the value out.");
            self.findings.push(finding);
            return self.put_nothing();
        };
        let (height, size) = (target.height, target.size);
        if self.open.len() + height > DEEPEST {
            self.findings.push(too_deep(span.site(self.source)));
            return self.put_nothing();
        }
        if self.aliased + size > MOST_ALIASED {
            if self.aliased <= MOST_ALIASED {
                let finding = Finding::new(
                    Code::Alias,
                    format!("the aliases of this file add more than {MOST_ALIASED} values"),
                )
                .at(span.site(self.source), "the limit is exceeded here")
                .help("Use `permission_sets` and `include` instead of anchors.");
                self.findings.push(finding);
            }
            self.aliased = MOST_ALIASED + 1;
            return self.put_nothing();
        }
        self.aliased += size;
        let target = target.clone();
        self.put(target, 0);
    }

    /// In place of a value that cannot be used: its entry or item is left out.
    fn put_nothing(&mut self) {
        if let Some(Open { inside: Inside::Map { key, .. }, .. }) = self.open.last_mut()
            && self.skipped == 0
        {
            *key = match key {
                Pending::None => Pending::Skip,
                Pending::Key(_) | Pending::Skip => Pending::None,
            };
        }
    }

    fn put(&mut self, finished: Finished<'t>, anchor: usize) {
        if self.skipped > 0 {
            return;
        }
        if anchor != 0 {
            self.anchored += finished.size;
            if self.anchored <= MOST_ANCHORED {
                self.anchors.insert(anchor, finished.clone());
            } else if self.anchored - finished.size <= MOST_ANCHORED {
                let finding =
                    Finding::new(Code::Alias, format!("more than {MOST_ANCHORED} values are anchored"))
                        .at(finished.node.span.site(self.source), "the limit is exceeded here")
                        .help("Use `permission_sets` and `include` instead of anchors.");
                self.findings.push(finding);
            }
        }
        let Finished { node, height, size } = finished;
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        open.height = open.height.max(height);
        open.size += size;
        match &mut open.inside {
            Inside::List(items) => items.push(node),
            Inside::Map { entries, key, seen, block } => match std::mem::replace(key, Pending::None) {
                Pending::Key(key) => entries.push((key, node)),
                Pending::Skip => {}
                Pending::None => {
                    let block = *block;
                    let new = admit(node, entries, seen, self.source, &mut self.findings);
                    if let (Pending::Key(key), true) = (&new, block) {
                        indentation(self.text, key.span, self.source, &mut self.findings);
                    }
                    *key = new;
                }
            },
        }
    }
}

/// Checks a key of a mapping.
fn admit<'t>(
    node: Node<'t>,
    entries: &[(Key<'t>, Node<'t>)],
    seen: &mut HashSet<Cow<'t, str>>,
    source: SourceId,
    findings: &mut Vec<Finding>,
) -> Pending<'t> {
    let (text, plain) = match node.kind {
        Kind::Scalar { ref text, plain: true } if scalar::resolve(text) == Scalar::Null => {
            findings.push(not_text(node.span, "no key", source));
            return Pending::Skip;
        }
        Kind::Scalar { text, plain } => (text, plain),
        Kind::List(_) | Kind::Map(_) => {
            findings.push(not_text(node.span, "a list or mapping as a key", source));
            return Pending::Skip;
        }
    };
    let double = if entries.len() < MANY_KEYS {
        entries.iter().any(|(known, _)| known.text == text)
    } else {
        if seen.is_empty() {
            seen.extend(entries.iter().map(|(known, _)| known.text.clone()));
        }
        !seen.insert(text.clone())
    };
    if double {
        let first = entries.iter().find(|(known, _)| known.text == text).map(|(known, _)| known.span);
        let mut finding =
            Finding::new(Code::DuplicateKey, format!("`{}` stands twice in one mapping", short(&text)))
                .at(node.span.site(source), "again here")
                .help("Remove one of the two, or unite them.");
        if let Some(first) = first {
            finding = finding.at(first.site(source), "first here");
        }
        findings.push(finding);
        return Pending::Skip;
    }
    Pending::Key(Key { span: node.span, text, plain })
}

fn not_text(span: Span, what: &str, source: SourceId) -> Finding {
    Finding::new(Code::NotAStringKey, format!("{what}, where text is wanted"))
        .at(span.site(source), "")
        .help("Keys are text; quote a key that looks like something else.")
}

/// A tab before the key of a block mapping: some parsers accept it at the start of a file.
fn indentation(text: &str, key: Span, source: SourceId, findings: &mut Vec<Finding>) {
    let before = text.get(..key.start as usize).unwrap_or_default();
    let line = before.rfind('\n').map_or(before, |at| before.get(at + 1..).unwrap_or_default());
    if line.contains('\t') && line.trim().is_empty() {
        findings.push(tab(key.site(source)));
    }
}
