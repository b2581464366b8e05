//! Encoders for text that somebody else wrote, one for each format.
//!
//! They show rather than strip: what a terminal would obey, reorder, or not draw becomes a visible
//! escape such as `\u{202e}`, so that two different texts give two different outputs. Letters that
//! merely resemble each other (Latin `a`, Cyrillic `а`) stay as they are.

use std::{borrow::Cow, fmt::Write as _, ops::Range};

use unicode_general_category::{GeneralCategory, get_general_category};

/// So many combining marks may stand on one character. Living scripts need fewer; more of them draw
/// over the lines above and below.
const MARKS: u8 = 4;

/// Where the text will stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// One line, possibly its beginning.
    Line,
    /// Several lines: line feeds stay.
    Block,
    /// Somewhere behind a delimiter, never at the beginning of a line.
    Fragment,
}

/// One character and what becomes of it.
#[derive(Clone, Copy)]
pub(super) enum Piece {
    /// Harmless as it is.
    Plain(char),
    /// To be written as an escape.
    Shown(char),
}

/// Cuts `text` into characters and judges each of them, with its range of bytes.
pub(super) fn pieces(text: &str, context: Context, mut each: impl FnMut(Range<usize>, Piece)) {
    let mut marks = 0;
    let mut line_start = context != Context::Fragment;
    for (at, c) in text.char_indices() {
        let rest = || text.get(at..).unwrap_or_default();
        let plain = match c {
            '\n' => context == Context::Block,
            // A workflow command of GitHub begins a line, spaces before it are skipped.
            ':' => !(line_start && rest().starts_with("::")),
            // `##[command]`, an older spelling that the runner finds anywhere in a line; other
            // CI systems write `##name[`.
            '[' => !text
                .get(..at)
                .unwrap_or_default()
                .trim_end_matches(|before: char| before.is_ascii_alphabetic())
                .ends_with("##"),
            c if c.is_ascii() => !c.is_ascii_control(),
            c if is_mark(c) => !is_hidden(c) && marks > 0,
            c => !is_hidden(c),
        };
        marks = match (plain, is_mark(c)) {
            (true, true) => marks - 1,
            // A mark on an ASCII character either has a spelling as one character, which looks the
            // same, or disguises the character; on an escape or on nothing it hits our own text.
            (true, false) if !c.is_ascii() => MARKS,
            _ => 0,
        };
        line_start = context == Context::Block && c == '\n' || line_start && c == ' ';
        each(at..at + c.len_utf8(), if plain { Piece::Plain(c) } else { Piece::Shown(c) });
    }
}

/// Whether `c` cannot be seen, steers the text around it, or has no agreed look: controls, formats
/// (bidirectional, zero-width, tags), spaces other than the ordinary one, line and paragraph
/// separators, variation selectors, fillers, private use, unassigned.
pub fn is_hidden(c: char) -> bool {
    use GeneralCategory::{
        Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, SpaceSeparator, Surrogate, Unassigned,
    };
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let category = get_general_category(c);
    matches!(
        category,
        Control
            | Format
            | Surrogate
            | Unassigned
            | PrivateUse
            | LineSeparator
            | ParagraphSeparator
            | SpaceSeparator
    ) || matches!(c,
        // Drawn as nothing although their category is a letter, a mark, or a symbol
        // (Default_Ignorable_Code_Point in Unicode's DerivedCoreProperties, and blank Braille).
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

fn is_mark(c: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    !c.is_ascii() && matches!(get_general_category(c), EnclosingMark | NonspacingMark | SpacingMark)
}

/// For a terminal, on one line: hidden characters become `\u{202e}`, line feed and tab `\n`, `\t`.
///
/// Backslashes stay, except that those right before `n`, `t`, `u{`, or an escape are doubled. So an
/// odd number of them begins an escape, the text can be read back, and no two texts look alike.
/// What a CI system would obey in its log (`::error` at the beginning of a line, `##[group]`) loses
/// one character to an escape.
pub fn terminal(text: &str) -> Cow<'_, str> {
    visible(text, Context::Line)
}

/// As [`terminal`], but line feeds stay.
pub fn terminal_block(text: &str) -> Cow<'_, str> {
    visible(text, Context::Block)
}

fn visible(text: &str, context: Context) -> Cow<'_, str> {
    let ascii = |b: u8| b == b' ' || b.is_ascii_graphic() && !matches!(b, b'\\' | b':' | b'[');
    if text.bytes().all(ascii) {
        return Cow::Borrowed(text);
    }
    let mut out = Visible::default();
    pieces(text, context, |range, piece| {
        let rest = text.get(range.end..).unwrap_or_default();
        out.push(piece, rest);
    });
    if out.text == text { Cow::Borrowed(text) } else { Cow::Owned(out.text) }
}

/// Writes pieces for a terminal.
#[derive(Default)]
pub(super) struct Visible {
    pub(super) text: String,
    /// Backslashes at the end of `text` that stand for themselves.
    backslashes: usize,
    /// The text is a line of a file: a backslash and `n` are common there, so they stay, and a tab
    /// becomes `\u{9}`.
    file: bool,
}

impl Visible {
    /// For a line of a file.
    pub(super) fn of_file() -> Self {
        Self { file: true, ..Self::default() }
    }

    /// Adds text of our own.
    pub(super) fn literal(&mut self, text: &str) {
        self.text.push_str(text);
        self.backslashes = 0;
    }

    /// Adds `piece`; `rest` is what follows it in the input.
    pub(super) fn push(&mut self, piece: Piece, rest: &str) {
        let escape_like = match piece {
            Piece::Shown(_) => true,
            Piece::Plain('n' | 't') => !self.file,
            Piece::Plain(c) => c == 'u' && rest.starts_with('{'),
        };
        if escape_like {
            self.text.extend(std::iter::repeat_n('\\', self.backslashes));
        }
        self.backslashes = if matches!(piece, Piece::Plain('\\')) { self.backslashes + 1 } else { 0 };
        match piece {
            Piece::Plain(c) => self.text.push(c),
            Piece::Shown('\n') => self.text.push_str("\\n"),
            Piece::Shown('\t') if !self.file => self.text.push_str("\\t"),
            // Writing to a string does not fail.
            Piece::Shown(c) => drop(write!(self.text, "\\u{{{:x}}}", u32::from(c))),
        }
    }
}

/// Inline text that renders as itself in the Markdown of GitHub and of forges like it.
///
/// Punctuation with a meaning becomes an HTML entity, which no parser takes for structure. Mentions,
/// references, emoji, and links are looked for in the finished page again, where an entity is its
/// character; so those characters also get a `<span>` of their own, which ends the text that is
/// searched. GitHub documents that way for `$`:
/// <https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/writing-mathematical-expressions>.
/// Spaces that HTML would drop become no-break spaces; a real no-break space is shown as an escape.
pub fn markdown(text: &str) -> String {
    inline(&terminal(text))
}

/// Encodes text that is visible already.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let list_number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let list_number =
        if list_number.len() < text.len() { text.len() - list_number.len() } else { usize::MAX };
    let mut hex = 0;
    for (at, c) in text.char_indices() {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + c.len_utf8()..).unwrap_or_default();
        let next = after.chars().next();
        // A commit is linked from seven digits on: no piece is longer than six.
        hex = if c.is_ascii_hexdigit() { hex + 1 } else { 0 };
        if hex == 7 || cut(c, before, next) {
            let _ = write!(out, "<span>&#{};</span>", u32::from(c));
            hex = 0;
        } else if c == ' ' && (before.is_empty() || before.ends_with(' ') || next.is_none()) {
            out.push_str("&nbsp;");
        } else if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '!' | '^')
            || before.is_empty() && matches!(c, '-' | '+' | '=' | '/')
            || at == list_number && matches!(c, '.' | ')')
        {
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether the text has to be cut at `c`: a mention, reference, link, emoji, or formula starts here.
fn cut(c: char, before: &str, next: Option<char>) -> bool {
    let last_three = || before.get(before.len().saturating_sub(3)..).unwrap_or_default();
    let last_four = || before.get(before.len().saturating_sub(4)..).unwrap_or_default();
    match c {
        '@' | '#' | '$' | '~' => true,
        // `http://`, `mailto:`, `:smile:`
        ':' => next.is_some_and(|next| next != ' '),
        '.' => last_three().eq_ignore_ascii_case("www"),
        // `GH-1`, and the `JIRA-1` that a repository may define; security advisories.
        '-' => next.is_some_and(|next| next.is_ascii_digit()) || last_four().eq_ignore_ascii_case("GHSA"),
        // Merge request, epic, milestone, alert, iteration of other forges.
        '!' | '&' | '%' | '^' | '*' => {
            next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '"'))
        }
        _ => false,
    }
}

/// An inline code span. In a table a `|` would end the cell even there, and elsewhere a backslash
/// before it would be seen; so text with one becomes an HTML `<code>` element instead.
pub fn markdown_code(text: &str) -> String {
    let text = terminal(text);
    if text.is_empty() || text.contains('|') {
        return format!("<code>{}</code>", inline(&text));
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let blank = text.bytes().all(|b| b == b' ');
    // One space on both sides is taken away by the parser, if not all is spaces.
    let pad = if !blank && (text.starts_with([' ', '`']) || text.ends_with([' ', '`'])) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A fenced code block that holds the text byte for byte, for text that people copy and programs read. It
/// ends in a line feed, which is added where the text has none. `None` where something in the text would
/// have to be shown as an escape. Of `lang` only letters, digits, `+`, `-`, `_` are used.
pub fn markdown_fence(text: &str, lang: &str) -> Option<String> {
    let mut harmless = true;
    pieces(text, Context::Block, |_, piece| harmless &= matches!(piece, Piece::Plain(_)));
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let lang: String =
        lang.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_')).collect();
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    harmless.then(|| format!("{fence}{lang}\n{text}{end}{fence}\n"))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The message of a GitHub workflow command. A line feed of the text is shown as `\n`; who wants
/// several lines joins encoded parts with `%0A`.
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
pub fn github_data(text: &str) -> String {
    // The terminal's rules leave neither; this says what the format needs all the same.
    terminal(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property (`file=`, `title=`) of a GitHub workflow command.
pub fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text or an attribute's value in HTML.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in terminal(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
