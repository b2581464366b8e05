//! Laying out text for a terminal: spans of colour, filled into lines of a given width.

use std::fmt;

use anstyle::{AnsiColor, Effects};
use unicode_width::UnicodeWidthChar;

use crate::render::{Style, escape};

/// Narrower terminals are treated as this wide.
const MIN_WIDTH: usize = 24;

/// The meaning of a span, which gives it its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Strong,
    Dim,
    Add,
    Remove,
    Change,
    Notice,
    Refuse,
    /// The emulator stands in for a real tenant.
    Emulator,
    /// A word that is new in a changed text.
    AddWord,
    /// A word that is gone from a changed text.
    RemoveWord,
}

impl Paint {
    fn style(self) -> anstyle::Style {
        let color = |color: AnsiColor| anstyle::Style::new().fg_color(Some(color.into()));
        match self {
            Self::Plain => anstyle::Style::new(),
            Self::Strong => anstyle::Style::new().bold(),
            Self::Dim => anstyle::Style::new().dimmed(),
            Self::Add => color(AnsiColor::Green),
            Self::Remove => color(AnsiColor::Red),
            Self::Change => color(AnsiColor::Yellow),
            Self::Notice => color(AnsiColor::Cyan),
            Self::Refuse => color(AnsiColor::Red).bold(),
            Self::Emulator => color(AnsiColor::Yellow).effects(Effects::BOLD | Effects::INVERT),
            Self::AddWord => color(AnsiColor::Green).effects(Effects::BOLD | Effects::UNDERLINE),
            Self::RemoveWord => color(AnsiColor::Red).effects(Effects::BOLD | Effects::UNDERLINE),
        }
    }
}

/// A piece of a paragraph.
#[derive(Clone, Debug)]
struct Span {
    paint: Paint,
    text: String,
    /// Never broken, not even where it is longer than a line: something to copy.
    solid: bool,
    /// May be broken at its spaces.
    breaks: bool,
}

/// A paragraph under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Text(Vec<Span>);

impl Text {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds text of our own.
    pub(super) fn own(mut self, paint: Paint, text: impl fmt::Display) -> Self {
        self.0.push(Span { paint, text: text.to_string(), solid: false, breaks: true });
        self
    }

    /// Adds text that somebody else wrote. Spaces at its ends are shown.
    pub(super) fn said(mut self, paint: Paint, text: &str) -> Self {
        let text = shown(text);
        self.0.push(Span { paint, text, solid: false, breaks: true });
        self
    }

    /// Adds a name. It is quoted where it could be mistaken for two names, or for words of ours.
    pub(super) fn name(self, paint: Paint, name: &str) -> Self {
        let confusing =
            |c| matches!(c, ',' | ';' | ':' | '(' | ')' | '"' | '|' | '>' | '\u{2192}' | '\u{b7}');
        if name.is_empty() || name.contains("  ") || name.contains(confusing) || name.trim() != name {
            self.own(paint, "\"").said(paint, name).own(paint, "\"")
        } else {
            self.said(paint, name)
        }
    }

    /// Adds a part of a text that somebody else wrote.
    pub(super) fn part(mut self, paint: Paint, text: &str) -> Self {
        let text = escape::terminal(text).into_owned();
        self.0.push(Span { paint, text, solid: false, breaks: true });
        self
    }

    /// Adds a sentence that may quote somebody else. What stands in backticks, such as a command, is
    /// broken only where it does not fit on a line, and then only at its spaces.
    pub(super) fn prose(mut self, paint: Paint, text: &str) -> Self {
        for (index, part) in shown(text).split_inclusive('`').enumerate() {
            self.0.push(Span { paint, text: part.to_owned(), solid: false, breaks: index % 2 == 0 });
        }
        self
    }

    /// Adds text that somebody else wrote and that a reader may want to copy: it is never broken.
    pub(super) fn copied(mut self, paint: Paint, text: &str) -> Self {
        self.0.push(Span { paint, text: shown(text), solid: true, breaks: false });
        self
    }

    /// Adds another paragraph as one word: it is broken only where it does not fit on a line.
    pub(super) fn together(mut self, text: Self) -> Self {
        self.0.extend(text.0.into_iter().map(|span| Span { breaks: false, ..span }));
        self
    }

    /// Adds another paragraph.
    pub(super) fn then(mut self, text: Self) -> Self {
        self.0.extend(text.0);
        self
    }

    /// Adds a space.
    pub(super) fn space(self) -> Self {
        self.own(Paint::Plain, " ")
    }
}

fn shown(text: &str) -> String {
    let escaped = escape::terminal(text);
    let core = escaped.trim_matches(' ');
    if core.len() == escaped.len() {
        return escaped.into_owned();
    }
    let before = escaped.len() - escaped.trim_start_matches(' ').len();
    let after = if core.is_empty() { 0 } else { escaped.len() - before - core.len() };
    format!("{}{core}{}", "\\u{20}".repeat(before), "\\u{20}".repeat(after))
}

/// A word: its runs of colour, its width, and the spaces before it.
#[derive(Default)]
struct Word {
    runs: Vec<(Paint, String)>,
    width: usize,
    spaces: usize,
    solid: bool,
}

impl Word {
    /// Whether it may stand over the edge: something to copy, or what looks like an id, an address,
    /// a digest, a path, an option. A reader would copy only a half of it.
    fn is_whole(&self) -> bool {
        const LONGEST: usize = 200;
        let copied = |c: char| c.is_ascii_graphic() && c != '\\';
        let mark = |c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '/' | ':' | '.' | '@' | '=' | '%');
        let mut chars = self.runs.iter().flat_map(|(_, run)| run.chars());
        let whole = self.width <= LONGEST && chars.clone().all(copied) && chars.any(mark);
        self.solid || whole
    }

    /// Its parts between spaces.
    fn parts(self) -> Vec<Self> {
        let mut parts = vec![Self { spaces: self.spaces, solid: self.solid, ..Self::default() }];
        for (paint, run) in &self.runs {
            for c in run.chars() {
                match (c, parts.last_mut()) {
                    (' ', _) => parts.push(Self { spaces: 1, solid: self.solid, ..Self::default() }),
                    (c, Some(part)) => part.push(*paint, c),
                    (_, None) => {}
                }
            }
        }
        parts
    }

    fn push(&mut self, paint: Paint, c: char) {
        self.width += c.width().unwrap_or(0);
        match self.runs.last_mut() {
            Some((last, text)) if *last == paint => text.push(c),
            _ => self.runs.push((paint, c.to_string())),
        }
    }
}

/// The text so far.
pub(super) struct Page {
    style: Style,
    /// Columns by which everything is moved to the right.
    shift: usize,
    out: String,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { style, shift: 0, out: String::new() }
    }

    pub(super) fn into_string(self) -> String {
        self.out
    }

    /// Moves everything that follows to the right by so many columns, instead of by others before.
    pub(super) fn shift(&mut self, columns: usize) {
        self.shift = columns;
    }

    /// An empty line, unless there is one already or nothing yet.
    pub(super) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// An empty line, even at the beginning: what stands below another page is apart from it.
    pub(super) fn separate(&mut self) {
        if !self.out.ends_with("\n\n") && self.out != "\n" {
            self.out.push('\n');
        }
    }

    /// Puts something to copy on a line of its own, whole, however long it is.
    pub(super) fn copy(&mut self, indent: usize, text: &str) {
        self.put(indent, indent, &Text::new().copied(Paint::Strong, text));
    }

    /// Fills `text` into lines: the first at column `indent`, the others at `hang`.
    pub(super) fn put(&mut self, indent: usize, hang: usize, text: &Text) {
        let width = self.style.width.max(MIN_WIDTH);
        let (indent, hang) = (indent + self.shift, hang + self.shift);
        let (indent, hang) = (indent.min(width / 2), hang.min(width / 2));
        let mut line = Line { style: self.style, column: indent, indent, runs: Vec::new() };
        for word in words(text) {
            let room = if line.runs.is_empty() { width - indent } else { width - hang };
            // What is to stay together and fits nowhere is broken at its spaces after all.
            let words = if word.solid || word.width <= room { vec![word] } else { word.parts() };
            for word in words {
                let fits = |column: usize| column + word.width <= width;
                if !line.runs.is_empty() && !fits(line.column + word.spaces) {
                    line.end(&mut self.out, hang);
                }
                let spaces = if line.runs.is_empty() { 0 } else { word.spaces };
                if spaces > 0 {
                    line.push(between(line.runs.last(), word.runs.first()), &" ".repeat(spaces), spaces);
                }
                if fits(line.column) || word.is_whole() {
                    let mut rest = word.width;
                    for (paint, run) in &word.runs {
                        line.push(*paint, run, std::mem::take(&mut rest));
                    }
                    continue;
                }
                for (paint, run) in &word.runs {
                    for c in run.chars() {
                        let wide = c.width().unwrap_or(0);
                        if line.column + wide > width && line.column > hang {
                            line.end(&mut self.out, hang);
                        }
                        line.push(*paint, c.encode_utf8(&mut [0; 4]), wide);
                    }
                }
            }
        }
        line.end(&mut self.out, 0);
    }
}

/// The paint of the spaces between two words.
fn between(before: Option<&(Paint, String)>, after: Option<&(Paint, String)>) -> Paint {
    match (before, after) {
        (Some((before, _)), Some((after, _))) if before == after => *before,
        _ => Paint::Plain,
    }
}

fn words(text: &Text) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = Word::default();
    let mut spaces = 0;
    for span in &text.0 {
        for c in span.text.chars() {
            if c == ' ' && span.breaks {
                if !word.runs.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                spaces += 1;
                continue;
            }
            if word.runs.is_empty() {
                word.spaces = std::mem::take(&mut spaces);
            }
            word.solid |= span.solid;
            word.push(span.paint, c);
        }
    }
    if !word.runs.is_empty() {
        words.push(word);
    }
    words
}

/// The line that is being filled.
struct Line {
    style: Style,
    column: usize,
    indent: usize,
    runs: Vec<(Paint, String)>,
}

impl Line {
    fn push(&mut self, paint: Paint, text: &str, width: usize) {
        self.column += width;
        match self.runs.last_mut() {
            Some((last, run)) if *last == paint => run.push_str(text),
            _ => self.runs.push((paint, text.to_owned())),
        }
    }

    /// Writes the line and starts another at column `next`.
    fn end(&mut self, out: &mut String, next: usize) {
        // Where a paragraph was broken, a colon pair that stood inside a text may begin a line, and
        // a CI system would take the line for a command.
        let mut start = self.runs.iter().flat_map(|(_, run)| run.chars());
        if start.next() == Some(':')
            && start.next() == Some(':')
            && let Some((_, run)) = self.runs.first_mut()
        {
            run.replace_range(..1, "\\u{3a}");
        }
        if !self.runs.is_empty() {
            out.push_str(&" ".repeat(self.indent));
        }
        for (paint, run) in self.runs.drain(..) {
            let style = paint.style();
            if self.style.color && !style.is_plain() {
                out.push_str(&format!("{style}{run}{style:#}"));
            } else {
                out.push_str(&run);
            }
        }
        out.push('\n');
        self.column = next;
        self.indent = next;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn page(width: usize, color: bool, text: &Text) -> String {
        let mut page = Page::new(Style { color, unicode: true, width });
        page.put(2, 4, text);
        page.into_string()
    }

    #[test]
    fn fills_and_hangs() {
        let text = Text::new().own(Paint::Add, "one two three").space().said(Paint::Plain, "four five six");
        assert_eq!(page(24, false, &text), "  one two three four\n    five six\n");
    }

    #[test]
    fn a_digest_is_never_broken_and_a_name_is() {
        let long = "x".repeat(30);
        let copied = page(24, false, &Text::new().copied(Paint::Plain, &long));
        assert_eq!(copied, format!("  {long}\n"));
        let said = page(24, false, &Text::new().said(Paint::Plain, &long));
        assert_eq!(said, format!("  {}\n    {}\n", "x".repeat(22), "x".repeat(8)));
    }

    #[test]
    fn a_command_in_backticks_stays_on_one_line() {
        let text = Text::new().prose(Paint::Plain, "To see all of it: `rolecall plan -v`, and wait.");
        assert_eq!(page(24, false, &text), "  To see all of it:\n    `rolecall plan -v`,\n    and wait.\n");
    }

    #[test]
    fn what_is_copied_is_never_broken() {
        for whole in [
            "6e951e03-ff38-4491-8aab-4c6c6fc10375",
            "reviews/role/security-reviewer",
            "https://api.acme.test/v1/roles",
            "--expect-plan=sha256:0123456789",
        ] {
            let out = page(24, false, &Text::new().said(Paint::Plain, &format!("It is {whole}.")));
            assert!(out.contains(whole), "{out}");
        }
    }

    #[test]
    fn a_command_that_fits_nowhere_is_broken_at_its_spaces() {
        let text = Text::new().prose(Paint::Plain, "`rolecall apply --allow max_deletes --reason TEXT`");
        assert_eq!(
            page(24, false, &text),
            "  `rolecall apply\n    --allow max_deletes\n    --reason TEXT`\n"
        );
    }

    #[test]
    fn a_command_of_a_ci_system_never_begins_a_line() {
        let text =
            Text::new().own(Paint::Plain, "a long beginning").space().said(Paint::Plain, "x ::error::y");
        assert_eq!(page(24, false, &text), "  a long beginning x\n    \\u{3a}:error::y\n");
    }

    #[test]
    fn spaces_at_the_ends_are_seen() {
        assert_eq!(page(80, false, &Text::new().said(Paint::Plain, " a ")), "  \\u{20}a\\u{20}\n");
        assert_eq!(page(80, false, &Text::new().said(Paint::Plain, "  ")), "  \\u{20}\\u{20}\n");
    }

    #[test]
    fn colour_is_closed_on_every_line() {
        let text = Text::new().own(Paint::Add, "aaaaaaaaaa bbbbbbbbbb ccccc");
        let out = page(24, true, &text);
        for line in out.lines() {
            assert!(line.trim_start().starts_with("\u{1b}[32m"), "{line:?}");
            assert!(line.ends_with("\u{1b}[0m"), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn never_wider_than_asked(text in any::<String>(), width in MIN_WIDTH..120) {
            let out = page(width, false, &Text::new().said(Paint::Plain, &text));
            for line in out.lines() {
                let columns: usize = line.chars().map(|c| c.width().unwrap_or(0)).sum();
                // But for what is copied as a whole.
                let whole = line.trim_start().chars().all(|c| c.is_ascii_graphic() && c != '\\');
                prop_assert!(whole || columns <= width, "{line:?} is {columns} wide ({})", line.width());
                prop_assert!(!line.trim_start().starts_with("::"));
            }
        }
    }
}
