//! The lines of files that a report shows: hidden characters visible, credentials masked, long lines
//! cut around what is underlined.

use std::{collections::BTreeMap, ops::Range};

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use unicode_width::UnicodeWidthStr;

use super::{Spot, bytes, ceil, floor};
use crate::{
    model::{Finding, Label, Site, Source, SourceId, Sources, site::Position},
    render::{
        Style,
        escape::{Context, Piece, Visible, pieces, terminal},
    },
};

/// What stands in place of a credential, whatever its length.
const MASK: &str = "****";

/// Bytes that are never shown, in order and without overlap.
#[derive(Debug, Default)]
pub(super) struct Masks(BTreeMap<SourceId, Vec<Range<usize>>>);

impl Masks {
    pub(super) fn new(sites: impl Iterator<Item = Site>, sources: &Sources) -> Self {
        let mut masks: BTreeMap<SourceId, Vec<Range<usize>>> = BTreeMap::new();
        for site in sites {
            if let Some(source) = sources.get(site.source) {
                masks.entry(site.source).or_default().push(bytes(site, &source.text));
            }
        }
        for ranges in masks.values_mut() {
            ranges.sort_unstable_by_key(|range| (range.start, range.end));
            ranges.dedup_by(|next, kept| {
                let overlap = next.start <= kept.end;
                if overlap {
                    kept.end = kept.end.max(next.end);
                }
                overlap
            });
        }
        Self(masks)
    }

    fn hide(&self, source: SourceId, bytes: &Range<usize>) -> bool {
        let ranges = self.0.get(&source).map_or(&[][..], Vec::as_slice);
        let next = ranges.partition_point(|range| range.end <= bytes.start);
        ranges.get(next).is_some_and(|range| range.start < bytes.end)
    }
}

/// Neighbouring lines of one file.
#[derive(Debug)]
struct Part {
    /// Where they stand in [`Excerpts::text`].
    range: Range<usize>,
    name: String,
    /// Number of the first line, from 0.
    line: usize,
    count: usize,
}

/// All lines that one report shows, possibly of several files, and the labels in them.
#[derive(Debug, Default)]
pub(super) struct Excerpts {
    text: String,
    parts: Vec<Part>,
    pub(super) labels: Vec<LabeledSpan>,
    /// The true places of the labels.
    places: Vec<(SourceSpan, Position)>,
}

/// A label within its line.
struct Mark<'a> {
    label: &'a Label,
    bytes: Range<usize>,
    at: Position,
    primary: bool,
}

/// The marks of lines, by number from 1.
type Lines<'a> = BTreeMap<u32, Vec<Mark<'a>>>;

impl Excerpts {
    pub(super) fn new(finding: &Finding, sources: &Sources, masks: &Masks, style: &Style) -> Self {
        // The file of the primary label comes first, then the others in the order of their labels.
        let mut files: Vec<(SourceId, &Source, Lines<'_>)> = Vec::new();
        for (index, label) in finding.labels.iter().enumerate() {
            let Some(spot) = Spot::of(label.site, sources) else { continue };
            let mark = Mark {
                label,
                bytes: bytes(label.site, &spot.source.text),
                at: spot.start,
                primary: index == 0,
            };
            let known = files.iter().position(|(id, ..)| *id == label.site.source);
            let at = known.unwrap_or_else(|| {
                files.push((label.site.source, spot.source, BTreeMap::new()));
                files.len() - 1
            });
            if let Some((_, _, lines)) = files.get_mut(at) {
                lines.entry(spot.start.line).or_default().push(mark);
            }
        }
        let mut excerpts = Self::default();
        for (id, source, lines) in files {
            for group in groups(lines) {
                excerpts.add_group(id, source, &group, masks, style);
            }
        }
        excerpts
    }

    /// Adds lines with marks that are near each other, and one line around each.
    fn add_group(&mut self, id: SourceId, source: &Source, lines: &Lines<'_>, masks: &Masks, style: &Style) {
        let mut last = None;
        for (number, marks) in lines {
            let Some(mark) = marks.first() else { continue };
            let line = line_around(&source.text, mark.bytes.start);
            let before = line.start.checked_sub(1).map(|end| line_around(&source.text, end));
            let after = source.text.get(line.end..).and_then(|rest| rest.find('\n'));
            let after = after.map(|feed| line_around(&source.text, line.end + feed + 1));
            // An empty piece behind the last line feed is no line.
            let after = after.filter(|after| after.start < source.text.len());
            let wanted = [
                before.map(|line| (number - 1, line, &[][..])),
                Some((*number, line, marks.as_slice())),
                after.filter(|_| !lines.contains_key(&(number + 1))).map(|line| (number + 1, line, &[][..])),
            ];
            for (number, line, marks) in wanted.into_iter().flatten() {
                if last.is_some_and(|last| last >= number) {
                    continue;
                }
                if last.is_none() {
                    self.parts.push(Part {
                        range: self.text.len()..self.text.len(),
                        name: name(source),
                        line: number as usize - 1,
                        count: 0,
                    });
                }
                last = Some(number);
                self.add_line(id, source, number, &line, marks, masks, style);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one caller")]
    fn add_line(
        &mut self,
        id: SourceId,
        source: &Source,
        number: u32,
        line: &Range<usize>,
        marks: &[Mark<'_>],
        masks: &Masks,
        style: &Style,
    ) {
        // ` 12 │ ` stands before the text; the line after may have one digit more.
        let room = style.width.saturating_sub((number + 1).to_string().len() + 4).max(20);
        let focus = marks.iter().find(|mark| mark.primary).or(marks.first());
        let focus = focus.map_or(line.start..line.start, |mark| mark.bytes.clone());
        let shown =
            ShownLine::new(&source.text, line, focus, room, style.unicode, &|bytes| masks.hide(id, bytes));
        let start = self.text.len();
        for mark in marks {
            let end = mark.bytes.end.min(line.end);
            let from = shown.place_of_start(mark.bytes.start.min(line.end));
            let to = shown.place_of_end(end).max(from);
            let span = SourceSpan::new((start + from).into(), to - from);
            let text = (!mark.label.text.is_empty()).then(|| terminal(mark.label.text.raw()).into_owned());
            self.labels.push(if mark.primary {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            });
            self.places.push((span, mark.at));
        }
        self.text.push_str(&shown.text);
        self.text.push('\n');
        if let Some(part) = self.parts.last_mut() {
            part.range.end = self.text.len();
            part.count += 1;
        }
    }
}

/// Groups marked lines whose surroundings touch, the one with the primary mark first.
fn groups(lines: Lines<'_>) -> Vec<Lines<'_>> {
    let mut groups: Vec<Lines<'_>> = Vec::new();
    for (number, marks) in lines {
        match groups.last_mut() {
            // One line after the last and one line before this one.
            Some(group) if group.last_key_value().is_some_and(|(last, _)| number - last <= 3) => {
                group.insert(number, marks);
            }
            _ => groups.push(BTreeMap::from([(number, marks)])),
        }
    }
    groups.sort_by_key(|group| !group.values().flatten().any(|mark| mark.primary));
    groups
}

/// `path`, or `revision:path` as git writes it.
pub(super) fn name(source: &Source) -> String {
    let path = terminal(&source.path);
    match &source.revision {
        Some(revision) => format!("{}:{path}", terminal(revision)),
        None => path.into_owned(),
    }
}

/// The line in which byte `at` stands, without its line feed or carriage return and line feed.
fn line_around(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |feed| feed + 1);
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    let length =
        if line.len() < rest.len() { line.strip_suffix('\r').unwrap_or(line).len() } else { line.len() };
    start..start + length
}

/// One line as it is shown, with the way from bytes of the file to bytes of this text.
struct ShownLine {
    text: String,
    units: Vec<Unit>,
    /// The units that stand between the ellipses.
    window: Range<usize>,
    /// Length of the ellipsis before the window.
    prefix: usize,
    /// Length of the text of all units.
    out_end: usize,
    /// Byte of the file behind the last unit.
    end: usize,
}

/// One character of the file.
struct Unit {
    /// Its byte in the file.
    at: usize,
    /// Its byte in the text of all units.
    out: usize,
    /// Its column there.
    column: usize,
    /// Behind the first character of something masked; takes no room of its own.
    masked: bool,
}

impl ShownLine {
    fn new(
        text: &str,
        line: &Range<usize>,
        focus: Range<usize>,
        room: usize,
        unicode: bool,
        hide: &dyn Fn(&Range<usize>) -> bool,
    ) -> Self {
        let ellipsis = if unicode { "…" } else { "..." };
        // A line may be megabytes long. A column takes at most 20 bytes (a character and its marks).
        let from = floor(text, focus.start.saturating_sub(room * 20).max(line.start));
        let to = ceil(text, focus.start.saturating_add(room * 20).min(line.end)).min(line.end).max(from);
        let slice = text.get(from..to).unwrap_or_default();
        let mut units: Vec<Unit> = Vec::with_capacity(slice.len());
        let mut visible = Visible::of_file();
        let (mut column, mut masked) = (0, false);
        pieces(slice, Context::Fragment, |range, piece: Piece| {
            let out = visible.text.len();
            let hidden = hide(&(from + range.start..from + range.end));
            units.push(Unit { at: from + range.start, out, column, masked: masked && hidden });
            if !hidden {
                visible.push(piece, slice.get(range.end..).unwrap_or_default());
            } else if !masked {
                visible.literal(MASK);
            }
            masked = hidden;
            column += visible.text.get(out..).unwrap_or_default().width();
        });
        let mut shown =
            Self { text: String::new(), window: 0..units.len(), prefix: 0, out_end: 0, end: to, units };
        shown.out_end = visible.text.len();
        let (mut cut_before, mut cut_after) = (from > line.start, to < line.end);
        if cut_before || cut_after || column > room {
            shown.window = shown.fit(&focus, room.saturating_sub(2 * ellipsis.width()), column);
            cut_before |= shown.window.start > 0;
            cut_after |= shown.window.end < shown.units.len();
        }
        if cut_before {
            shown.text.push_str(ellipsis);
            shown.prefix = ellipsis.len();
        }
        let window = shown.out(shown.window.start)..shown.out(shown.window.end);
        shown.text.push_str(visible.text.get(window).unwrap_or_default());
        if cut_after {
            shown.text.push_str(ellipsis);
        }
        shown
    }

    /// As many units around `focus` as `room` columns hold, of `total`.
    fn fit(&self, focus: &Range<usize>, room: usize, total: usize) -> Range<usize> {
        let count = self.units.len();
        let column = |unit: usize| self.units.get(unit).map_or(total, |unit| unit.column);
        let start = column(self.unit_of_start(focus.start));
        let end = column(self.unit_of_end(focus.end));
        // A quarter before it; less where its end would not fit; never less than its start.
        let left = start.saturating_sub(room / 4).max(end.saturating_sub(room)).min(start);
        // The rest of a masked text and marks have no column of their own and begin no window.
        let mut first = self.units.partition_point(|unit| unit.column < left);
        while first + 1 < count && column(first + 1) == column(first) {
            first += 1;
        }
        let limit = column(first) + room;
        let last = (first..count).find(|unit| column(unit + 1) > limit).unwrap_or(count);
        first..last.max(first + 1).min(count)
    }

    fn out(&self, unit: usize) -> usize {
        self.units.get(unit).map_or(self.out_end, |unit| unit.out)
    }

    /// The unit in which byte `at` of the file stands.
    fn unit_of_start(&self, at: usize) -> usize {
        if at >= self.end {
            return self.units.len();
        }
        let mut unit = self.units.partition_point(|unit| unit.at <= at).saturating_sub(1);
        while unit > 0 && self.units.get(unit).is_some_and(|unit| unit.masked) {
            unit -= 1;
        }
        unit
    }

    /// The first unit that begins at or behind byte `at` of the file.
    fn unit_of_end(&self, at: usize) -> usize {
        let mut unit = self.units.partition_point(|unit| unit.at < at);
        while self.units.get(unit).is_some_and(|unit| unit.masked) {
            unit += 1;
        }
        unit
    }

    /// Where in [`Self::text`] the character at byte `at` of the file begins.
    fn place_of_start(&self, at: usize) -> usize {
        self.place(self.unit_of_start(at))
    }

    /// Where in [`Self::text`] what ends before byte `at` of the file ends.
    fn place_of_end(&self, at: usize) -> usize {
        self.place(self.unit_of_end(at))
    }

    fn place(&self, unit: usize) -> usize {
        let unit = unit.clamp(self.window.start, self.window.end);
        self.prefix + self.out(unit) - self.out(self.window.start)
    }
}

/// miette asks with one line around a label for what to show, and with none for where it stands.
impl SourceCode for Excerpts {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        // A span over two parts is refused, so that they are shown one after the other.
        let part = self.parts.iter().find(|part| part.range.start <= start && end < part.range.end);
        let part = part.ok_or(MietteError::OutOfBounds)?;
        let place = self.places.iter().find(|(place, _)| place == span && before == 0 && after == 0);
        let (line, column) = match place {
            Some((_, place)) => (place.line as usize - 1, place.column as usize - 1),
            None => (part.line, 0),
        };
        let data = self.text.as_bytes().get(part.range.clone()).unwrap_or_default();
        let span = SourceSpan::new(part.range.start.into(), part.range.len());
        let contents = MietteSpanContents::new_named(part.name.clone(), data, span, line, column, part.count);
        Ok(Box::new(contents))
    }
}
