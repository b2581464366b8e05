//! What breaks the grammar, in words, and what else does behind the first error.

use granit_parser::{ErrorKind, ScanError};

use crate::model::{Code, Finding, Site, SourceId};

use super::{Builder, DEEPEST};
use crate::definition::span::Span;

/// Most syntax errors that are looked for in one file.
const MOST_ERRORS: usize = 10;
/// Files above this size are not searched for more than the first syntax error.
const LARGEST_RECOVERED: usize = 1 << 20;

/// Further errors: the block of the last one is blanked and the text is read again, because a
/// grammar error says nothing about the blocks beside it.
pub(super) fn more_errors(
    text: &str,
    first: Span,
    error: &ScanError,
    source: SourceId,
    findings: &mut Vec<Finding>,
) {
    if text.len() > LARGEST_RECOVERED || unclosed(error) {
        return;
    }
    let mut copy = text.as_bytes().to_vec();
    let mut last = first;
    for _ in 1..MOST_ERRORS {
        blank_block(&mut copy, last.start as usize);
        let Ok(blanked) = std::str::from_utf8(&copy) else { return };
        let Some(error) = Builder::new(blanked, source).run(blanked) else { return };
        let span = error_span(blanked, &error);
        if unclosed(&error) || span.start <= last.start {
            return;
        }
        findings.push(error_finding(blanked, &error, span, source));
        last = span;
    }
}

/// Whether the error is that something never ends: what follows it is then not worth reading.
fn unclosed(error: &ScanError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::UnclosedFlowCollection { .. }
            | ErrorKind::UnexpectedEof
            | ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofImplicitFlowMapping
            | ErrorKind::UnexpectedEofBlockSequence
            | ErrorKind::UnexpectedEofBlockMapping
            | ErrorKind::RecursionLimitExceeded
            | ErrorKind::DocumentIndicatorInQuotedScalar
    )
}

/// Overwrites the line of byte `at`, and the lines after it that are indented deeper, with spaces.
fn blank_block(text: &mut [u8], at: usize) {
    let at = at.min(text.len());
    let mut start =
        text.get(..at).and_then(|before| before.iter().rposition(|b| *b == b'\n')).map_or(0, |i| i + 1);
    let indent = |line: &[u8]| line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let mut outer = None;
    while start < text.len() {
        let length =
            text.get(start..).map_or(0, |rest| rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()));
        let Some(line) = text.get_mut(start..start + length) else { return };
        let blank = line.iter().all(u8::is_ascii_whitespace);
        match outer {
            None => outer = Some(indent(line)),
            Some(outer) if !blank && indent(line) <= outer => return,
            Some(_) => {}
        }
        for byte in line.iter_mut().filter(|b| **b != b'\r') {
            *byte = b' ';
        }
        start += length + 1;
    }
}

/// The character that an error points at, or the last one of the text.
pub(super) fn error_span(text: &str, error: &ScanError) -> Span {
    let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    match text.get(at..).and_then(|rest| rest.chars().next()) {
        Some(c) if c != '\n' && c != '\r' => Span::new(at, at + c.len_utf8()),
        Some(_) => Span::new(at, at),
        None => Span::new(text.trim_end().len(), text.trim_end().len()),
    }
}

pub(super) fn error_finding(text: &str, error: &ScanError, span: Span, source: SourceId) -> Finding {
    let at = span.site(source);
    let line_start =
        text.get(..span.start as usize).map_or(0, |before| before.rfind('\n').map_or(0, |i| i + 1));
    let before = text.get(line_start..span.start as usize).unwrap_or_default();
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => too_deep(at),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => tab(tab_span(text, line_start, span).site(source)),
        _ if before.contains('\t') && before.trim().is_empty() => tab(at),
        _ if is_conflict(text, line_start) => {
            let line = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
            Finding::new(Code::Syntax, "git left a conflict in this file")
                .at(Span::new(line_start, line_start + line.trim_end().len()).site(source), "")
                .help("Resolve it, and remove the lines that begin with `<<<<<<<`, `=======`, and `>>>>>>>`.")
        }
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent => Finding::new(Code::Syntax, "a quoted text has no end")
            .at(at, "the file goes on until here")
            .help("Close it with the same quote that opens it."),
        ErrorKind::UnknownQuotedScalarEscape => {
            Finding::new(Code::Syntax, "an unknown escape in a quoted text")
                .at(at, "here")
                .help("Use single quotes, in which a backslash is a backslash.")
        }
        ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => {
            Finding::new(Code::Syntax, "an escape in a quoted text that names no character")
                .at(at, "here")
                .help(r"Write `\xHH`, `\uHHHH`, or `\UHHHHHHHH` with two, four, or eight hexadecimal digits, without braces; or use single quotes, in which a backslash is a backslash.")
        }
        ErrorKind::UnclosedFlowCollection { .. } => {
            Finding::new(Code::Syntax, "a bracket or brace is never closed")
                .at(at, "opened here")
                .help("Close every `[` with `]` and every `{` with `}`.")
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            Finding::new(Code::Syntax, "a bracket or brace is never closed")
                .at(at, "the file goes on until here")
                .help("Close every `[` with `]` and every `{` with `}`.")
        }
        ErrorKind::UndeclaredTagHandle | ErrorKind::ExpectedTagBang => tag(at),
        _ => {
            let (message, help) = in_words(error, before);
            Finding::new(Code::Syntax, message).at(at, "here").help(help)
        }
    }
}

/// The frequent errors in the words of somebody who writes a file; the parser's own for the rest.
fn in_words(error: &ScanError, before: &str) -> (String, &'static str) {
    const LINES: &str = "Check the indentation of this line and the lines above it, and quote text that holds `: `, ` #`, or begins with a sign.";
    match error.kind() {
        ErrorKind::MappingValueNotAllowed if before.contains(": ") => (
            "not YAML: a second `:` in one line".to_owned(),
            "Quote text that holds `: `. If the text is a key, begin a new line with it.",
        ),
        ErrorKind::MappingValueNotAllowed => (
            "not YAML: a `:` where no key can stand".to_owned(),
            "Check the indentation of this line, and that every `:` above it is followed by a space.",
        ),
        ErrorKind::SimpleKeyExpected => (
            "not YAML: neither `KEY: VALUE` nor the item of a list".to_owned(),
            "Write `:` and a space behind a key, and `- ` before an item.",
        ),
        ErrorKind::ExpectedBlockMappingKey => {
            ("not YAML: a line that is indented otherwise than its neighbours".to_owned(), LINES)
        }
        ErrorKind::UnexpectedCharacter { character } => {
            (format!("not YAML: a plain text cannot begin with `{character}`"), "Quote the text.")
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => (
            format!("not YAML: `{open}` is closed by `{close}`"),
            "Close every `[` with `]` and every `{` with `}`.",
        ),
        _ => (format!("not YAML: {}", error.info()), LINES),
    }
}

/// Whether the line that begins at `start` is one that git writes into a conflict.
fn is_conflict(text: &str, start: usize) -> bool {
    let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default().trim_end();
    line == "=======" || line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ")
}

/// What stands behind the tab: the parser may point at the line before.
fn tab_span(text: &str, line_start: usize, at: Span) -> Span {
    let mut start = line_start;
    for line in text.get(line_start..).unwrap_or_default().split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if line.get(..indent).unwrap_or_default().contains('\t') {
            let from = start + indent;
            let length = line.get(indent..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            return Span::new(from, from + length);
        }
        start += line.len();
    }
    at
}

pub(super) fn too_deep(at: Site) -> Finding {
    Finding::new(Code::TooDeep, format!("lists and mappings are nested more than {DEEPEST} deep"))
        .at(at, "here")
        .help("No definition needs this. Check the brackets and the indentation.")
}

pub(super) fn tab(at: Site) -> Finding {
    Finding::new(Code::Syntax, "a line is indented with a tab")
        .at(at, "a tab stands before this")
        .help("Indent with spaces: YAML does not allow tabs there.")
}

pub(super) fn tag(at: Site) -> Finding {
    Finding::new(Code::Tag, "YAML tags are not used in definitions")
        .at(at, "a tag")
        .help("Remove the tag; quote a value that has to be text.")
}
