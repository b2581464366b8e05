//! Entries of lists and mappings, between brackets or one a line: which bytes they take, how they
//! go, and where others come.

use std::collections::BTreeSet;

use super::Obstacle;
use crate::definition::node::{Key, Kind, Node};

/// A range of bytes and what comes into its place.
#[derive(Clone, Debug)]
pub(super) struct Edit {
    start: usize,
    end: usize,
    text: String,
    /// Whether `text` are whole lines.
    lines: bool,
}

/// An entry to add, in both forms.
pub(super) struct New {
    /// Between brackets.
    pub(super) flow: String,
    /// Lines, without the indentation that all of them have; with the dash, and with the last line
    /// end.
    pub(super) block: String,
}

/// A list or mapping.
pub(super) struct Holder<'a> {
    /// The key that it stands under; `None` at the top and in a list.
    pub(super) key: Option<&'a Key<'a>>,
    /// The list or mapping.
    pub(super) node: &'a Node<'a>,
    /// Whether the comment right above an entry goes with it, and a blank line.
    pub(super) sections: bool,
}

impl Holder<'_> {
    /// Whether it stands between brackets.
    pub(super) fn is_flow(&self, text: &str) -> bool {
        self.node.span.slice(text).starts_with(['{', '['])
    }

    fn is_list(&self) -> bool {
        matches!(self.node.kind, Kind::List(_))
    }
}

/// The text of a file.
pub(super) struct Sheet<'a> {
    pub(super) text: &'a str,
}

impl<'a> Sheet<'a> {
    /// The mapping of the file itself.
    pub(super) fn root(&self, node: &'a Node<'a>) -> Holder<'a> {
        Holder { key: None, node, sections: true }
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The first byte of the line that holds byte `at`.
    fn line_start(&self, at: usize) -> usize {
        self.slice(0, at).rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// One past the line end of the line that holds byte `at`.
    fn line_end(&self, at: usize) -> usize {
        self.slice(at, self.text.len()).find('\n').map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// How many blanks stand before byte `at`, where only they, and perhaps a dash, do.
    pub(super) fn column(&self, at: usize) -> usize {
        let line = self.slice(self.line_start(at), at);
        line.len() - line.trim_start_matches(' ').len()
    }

    /// The bytes of every entry.
    fn spans(&self, holder: &Holder<'_>) -> Result<Vec<(usize, usize)>, Obstacle> {
        let spans: Vec<(usize, usize)> = match &holder.node.kind {
            Kind::Map(entries) => entries
                .iter()
                .map(|(key, value)| {
                    let colon = self.after_colon(key).unwrap_or(key.span.end as usize);
                    (key.span.start as usize, (value.span.end as usize).max(colon))
                })
                .collect(),
            Kind::List(items) => {
                items.iter().map(|item| (item.span.start as usize, item.span.end as usize)).collect()
            }
            Kind::Scalar { .. } => Vec::new(),
        };
        let own = holder.node.span;
        let mut last = own.start as usize;
        for (start, end) in &spans {
            if *start < last || end < start || *end > self.text.len() {
                return Err(Obstacle::at(last, "stands behind an alias"));
            }
            last = *end;
        }
        if let Some(key) = holder.key {
            self.check_value(key, holder.node)?;
        }
        Ok(spans)
    }

    /// One past the colon of a key.
    fn after_colon(&self, key: &Key<'_>) -> Option<usize> {
        let end = key.span.end as usize;
        let rest = self.text.get(end..)?;
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest.get(blanks..)?.starts_with(':').then_some(end + blanks + 1)
    }

    /// Whether the value was written where its key is, and nowhere else.
    fn check_value(&self, key: &Key<'_>, value: &Node<'_>) -> Result<(), Obstacle> {
        let (start, colon) = (value.span.start as usize, key.span.end as usize);
        if value.span.start < value.span.end && start < colon {
            return Err(Obstacle::at(colon, "is an alias"));
        }
        if self.slice(colon, start).contains('&') {
            return Err(Obstacle::at(colon, "is anchored, so that other places may say the same"));
        }
        Ok(())
    }

    /// The value of a key becomes `text`.
    pub(super) fn replace(&self, key: &Key<'_>, value: &Node<'_>, text: String) -> Result<Edit, Obstacle> {
        self.check_value(key, value)?;
        let (start, end) = (value.span.start as usize, value.span.end as usize);
        let at = self.after_colon(key).ok_or(Obstacle::at(key.span.end as usize, "has no value"))?;
        if start < end {
            // The bytes of a text of several lines begin behind its `|` or `>`.
            let before = self.slice(at, start);
            let sign = before.trim_start().starts_with(['|', '>']);
            let start = if sign { at + before.len() - before.trim_start().len() } else { start };
            return Ok(Edit { start, end, text, lines: false });
        }
        Ok(Edit { start: at, end: at, text: format!(" {text}"), lines: false })
    }

    /// Whether nothing but a line end follows byte `at` on its line.
    pub(super) fn ends_line(&self, at: usize) -> bool {
        self.slice(at, self.line_end(at)).trim().is_empty()
    }

    /// Entries come before entry `index`, in the order of `added`.
    pub(super) fn insert_before(
        &self,
        holder: &Holder<'_>,
        index: usize,
        added: &[New],
    ) -> Result<Vec<Edit>, Obstacle> {
        if added.is_empty() {
            return Ok(Vec::new());
        }
        let spans = self.spans(holder)?;
        let Some((start, _)) = spans.get(index).copied() else {
            return self.rework(holder, &BTreeSet::new(), added);
        };
        if holder.is_flow(self.text) {
            let text = added.iter().map(|new| format!("{}, ", new.flow)).collect();
            return Ok(vec![Edit { start, end: start, text, lines: false }]);
        }
        let line = self.line_start(start);
        if !self.slice(line, start).trim().is_empty() {
            return self.rework(holder, &BTreeSet::new(), added);
        }
        let at = match index.checked_sub(1).and_then(|before| spans.get(before)) {
            Some((_, end)) => self.entry_end(*end, self.column(start), line),
            None => line,
        };
        Ok(vec![Edit { start: at, end: at, text: lines(added, self.column(start)), lines: true }])
    }

    /// Entries go, and others come behind the last that stays.
    pub(super) fn rework(
        &self,
        holder: &Holder<'_>,
        removed: &BTreeSet<usize>,
        added: &[New],
    ) -> Result<Vec<Edit>, Obstacle> {
        if removed.is_empty() && added.is_empty() {
            return Ok(Vec::new());
        }
        let spans = self.spans(holder)?;
        if holder.is_flow(self.text) {
            return Ok(self.rework_flow(holder, &spans, removed, added));
        }
        self.rework_block(holder, &spans, removed, added)
    }

    fn rework_flow(
        &self,
        holder: &Holder<'_>,
        spans: &[(usize, usize)],
        removed: &BTreeSet<usize>,
        added: &[New],
    ) -> Vec<Edit> {
        let own = (holder.node.span.start as usize, holder.node.span.end as usize);
        let new: Vec<&str> = added.iter().map(|new| new.flow.as_str()).collect();
        let kept = (0..spans.len()).rev().find(|index| !removed.contains(index));
        let Some(kept) = kept else {
            let text = match (holder.is_list(), new.is_empty()) {
                (true, _) => format!("[{}]", new.join(", ")),
                (false, true) => "{}".to_owned(),
                (false, false) => format!("{{ {} }}", new.join(", ")),
            };
            return vec![Edit { start: own.0, end: own.1, text, lines: false }];
        };
        let mut edits = Vec::new();
        for index in removed.iter().copied().filter(|index| *index < kept) {
            if let (Some((start, _)), Some((next, _))) = (spans.get(index), spans.get(index + 1)) {
                edits.push(Edit { start: *start, end: *next, text: String::new(), lines: false });
            }
        }
        let from = spans.get(kept).map_or(own.0, |(_, end)| *end);
        let to = spans.last().map_or(from, |(_, end)| *end);
        let text: String = new.iter().map(|new| format!(", {new}")).collect();
        if from < to || !text.is_empty() {
            edits.push(Edit { start: from, end: to, text, lines: false });
        }
        edits
    }

    fn rework_block(
        &self,
        holder: &Holder<'_>,
        spans: &[(usize, usize)],
        removed: &BTreeSet<usize>,
        added: &[New],
    ) -> Result<Vec<Edit>, Obstacle> {
        let dash = if holder.is_list() { "-" } else { "" };
        let Some((first, _)) = spans.first().copied() else {
            return Err(Obstacle::at(holder.node.span.start as usize, "is empty"));
        };
        let column = self.column(first);
        let mut edits = Vec::new();
        // Entries that go, one behind the other together: where they begin and end, and the last.
        let mut gone: Vec<(usize, usize, usize)> = Vec::new();
        let mut end_of_last = 0;
        let mut kept_end = None;
        for (index, (start, end)) in spans.iter().copied().enumerate() {
            let line = self.line_start(start);
            let before = self.slice(line, start);
            let clean = before.trim() == dash && self.column(start) == column;
            let next = spans.get(index + 1).map(|(next, _)| *next);
            let limit = next.map_or(self.text.len(), |next| self.line_start(next));
            let entry_end = self.entry_end(end, column, limit);
            if !self.is_tail(end) {
                return Err(Obstacle::at(start, "shares its line with something else"));
            }
            end_of_last = entry_end;
            if !removed.contains(&index) {
                kept_end = Some(entry_end);
                continue;
            }
            if !clean {
                // The first key behind a dash: the next one takes its place.
                let Some(next) = next.filter(|_| !removed.contains(&(index + 1)) && before.contains('-'))
                else {
                    return Err(Obstacle::at(start, "shares its line with something else"));
                };
                edits.push(Edit { start, end: next, text: String::new(), lines: false });
                continue;
            }
            let from = if holder.sections { self.comment_above(line, column) } else { line };
            match gone.last_mut() {
                Some((_, to, last)) if *last + 1 == index => (*to, *last) = (entry_end, index),
                _ => gone.push((from, entry_end, index)),
            }
        }
        for (mut from, mut to, last) in gone {
            if holder.sections && last + 1 < spans.len() {
                to = self.blank_below(to);
            } else if holder.sections {
                from = self.blank_above(from);
            }
            edits.push(Edit { start: from, end: to, text: String::new(), lines: false });
        }
        if !added.is_empty() {
            let at = kept_end.unwrap_or(end_of_last);
            edits.push(Edit { start: at, end: at, text: lines(added, column), lines: true });
        } else if kept_end.is_none() {
            let key = holder.key.ok_or(Obstacle::at(first, "is all that there is"))?;
            let at = self.after_colon(key).ok_or(Obstacle::at(first, "has no key with a colon"))?;
            let empty = if holder.is_list() { " []" } else { " {}" };
            edits.push(Edit { start: at, end: at, text: empty.to_owned(), lines: false });
        }
        Ok(edits)
    }

    /// Whether only blanks and a comment follow byte `at` on its line.
    fn is_tail(&self, at: usize) -> bool {
        let tail = self.slice(at, self.line_end(at)).trim_start();
        tail.is_empty() || tail.starts_with('#')
    }

    /// The end of the lines of an entry whose content ends at `end`: comments that are indented
    /// deeper than the entry belong to it.
    fn entry_end(&self, end: usize, column: usize, limit: usize) -> usize {
        let mut found = self.line_end(end).min(limit.max(end));
        let mut next = found;
        while next < limit {
            let after = self.line_end(next);
            let line = self.slice(next, after);
            let deeper = line.len() - line.trim_start_matches(' ').len() > column;
            if line.trim_start().starts_with('#') && deeper {
                found = after;
            } else if !line.trim().is_empty() {
                break;
            }
            next = after;
        }
        found
    }

    /// Where the comment begins that stands right above the line that begins at `line`.
    fn comment_above(&self, line: usize, column: usize) -> usize {
        let mut from = line;
        while from > 0 {
            let above = self.line_start(from - 1);
            let text = self.slice(above, from);
            let indent = text.len() - text.trim_start_matches(' ').len();
            if !text.trim_start().starts_with('#') || indent != column {
                break;
            }
            from = above;
        }
        // At the top of a file stands what is about the file.
        if from == 0 { line } else { from }
    }

    fn blank_below(&self, mut at: usize) -> usize {
        while at < self.text.len() && self.slice(at, self.line_end(at)).trim().is_empty() {
            at = self.line_end(at);
        }
        at
    }

    fn blank_above(&self, mut at: usize) -> usize {
        while at > 0 && self.slice(self.line_start(at - 1), at).trim().is_empty() {
            at = self.line_start(at - 1);
        }
        at
    }
}

/// The lines of new entries, indented.
fn lines(added: &[New], column: usize) -> String {
    let indent = " ".repeat(column);
    let all = added.iter().flat_map(|new| new.block.lines());
    all.map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{indent}{line}\n") }).collect()
}

/// The text with the edits made, with its own line ends.
pub(super) fn carry_out(text: &str, mut edits: Vec<Edit>) -> Result<String, Obstacle> {
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let windows = text.contains("\r\n");
    let (mut out, mut from) = (String::new(), 0);
    for edit in &edits {
        if edit.start < from {
            return Err(Obstacle::at(edit.start, "would be changed in two ways"));
        }
        out.push_str(text.get(from..edit.start).unwrap_or_default());
        if edit.lines && !out.is_empty() && !out.ends_with('\n') {
            out.push_str(if windows { "\r\n" } else { "\n" });
        }
        out.push_str(&if windows { edit.text.replace('\n', "\r\n") } else { edit.text.clone() });
        from = edit.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Ok(out)
}
