//! Tables of people: CSV files from whose columns assignments take principals.
//!
//! The values come from the `csv` crate, as spreadsheets write them. It does not tell where in a record
//! a cell stands, so that its place is found beside it.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{Code, Finding, SourceId};

use super::{hidden, leak, span::Span};

/// The source that findings of a table point at until it has its own.
const HERE: SourceId = SourceId(0);
/// How many faults of one kind are reported one by one.
const MOST: usize = 20;

/// A table as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its text; what of it is UTF-8.
    pub(crate) text: Arc<str>,
    /// The first line.
    header: Vec<Cell>,
    /// The lines below it, as long as the header.
    records: Vec<Vec<Cell>>,
    /// What is wrong, pointing at source 0; with an error there are no records.
    pub(crate) findings: Vec<Finding>,
    /// Credentials in plain text.
    pub(crate) secrets: Vec<Span>,
}

/// What came of every table that some file names, by the path as it is written.
pub(crate) type Tables = BTreeMap<Arc<str>, Arc<Named>>;

/// A table that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// It was read; its findings are reported with the file.
    Read(SourceId, Table),
    /// It cannot be read: what to say wherever it is named, without the place.
    Not(Box<Finding>),
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// What it holds.
    pub(crate) text: Box<str>,
    /// Where that stands, quotes included.
    pub(crate) span: Span,
}

/// Whether a path is that of a table: nothing else is read as one, and no table as anything else.
pub fn is_table(path: &str) -> bool {
    path.ends_with(".csv")
}

impl Table {
    /// Reads the bytes of a file.
    pub(crate) fn read(bytes: Vec<u8>) -> Self {
        let mut findings = Vec::new();
        let text: Arc<str> = match String::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(error) => {
                let (text, finding) = super::parsed::not_text(&error, HERE);
                let secrets = leak::find(&text, None);
                return Self {
                    text,
                    header: Vec::new(),
                    records: Vec::new(),
                    findings: vec![finding],
                    secrets,
                };
            }
        };
        hidden::check(&text, HERE, &mut findings);
        let secrets = leak::find(&text, None);
        leak::report(&secrets, HERE, &mut findings);
        let mut lines = lines(&text, &mut findings).into_iter();
        let header = lines.next().unwrap_or_default();
        if header.is_empty() && findings.is_empty() {
            findings.push(
                Finding::new(Code::Table, "this table has no header")
                    .at(Span::new(0, 0).site(HERE), "")
                    .help("Name the columns in the first line, with commas between them."),
            );
        }
        let records: Vec<Vec<Cell>> = lines.collect();
        let uneven = records.iter().filter(|record| record.len() != header.len() && !header.is_empty());
        for record in uneven.take(MOST) {
            let (cells, columns) = (count(record.len(), "cell"), count(header.len(), "column"));
            let text = format!("a line with {cells}, and the header names {columns}");
            let Some(first) = record.first() else { continue };
            findings.push(
                Finding::new(Code::Table, text)
                    .at(first.span.site(HERE), "")
                    .help("Put a cell that holds a comma between double quotes."),
            );
        }
        let records = if findings.is_empty() { records } else { Vec::new() };
        Self { text, header, records, findings, secrets }
    }

    /// The columns of this name: of how many the header tells.
    pub(crate) fn columns(&self, name: &str) -> Vec<(usize, &Cell)> {
        self.header.iter().enumerate().filter(|(_, cell)| *cell.text == *name).collect()
    }

    /// Whether it can be used.
    pub(crate) fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    /// The names of all columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.header.iter().map(|cell| &*cell.text)
    }

    /// The cells of a column, from the top.
    pub(crate) fn cells(&self, column: usize) -> impl Iterator<Item = &Cell> {
        self.records.iter().filter_map(move |record| record.get(column))
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Every line that is not blank; a byte order mark at the start is none of it.
fn lines(text: &str, findings: &mut Vec<Finding>) -> Vec<Vec<Cell>> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = text.get(start..).unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(body.as_bytes());
    let (mut lines, mut record) = (Vec::new(), csv::StringRecord::new());
    // Text in memory that is UTF-8 leads to no error.
    while let Ok(true) = reader.read_record(&mut record) {
        let at = record.position().map_or(0, |place| usize::try_from(place.byte()).unwrap_or(usize::MAX));
        let places = places(body, at);
        let fault = match places.fault {
            None if places.spans.len() != record.len() => Some((at, "this line cannot be read as cells")),
            fault => fault,
        };
        if let Some((at, fault)) = fault {
            let finding =
                Finding::new(Code::Table, fault).at(Span::new(start + at, start + at + 1).site(HERE), "");
            findings.push(finding.help(
                "A cell in double quotes ends with its second one; a quote inside it is written twice.",
            ));
            break;
        }
        let cells = record
            .iter()
            .zip(places.spans)
            .map(|(text, (from, to))| Cell { text: text.into(), span: Span::new(start + from, start + to) });
        lines.push(cells.collect());
    }
    lines
}

/// Where the cells of a record stand.
struct Places {
    spans: Vec<(usize, usize)>,
    /// What is wrong with it, and at which byte.
    fault: Option<(usize, &'static str)>,
}

/// The cells of the record that begins at `at`, behind line ends that belong to the one before.
fn places(body: &str, at: usize) -> Places {
    let bytes = body.as_bytes();
    let ends = |byte: Option<&u8>| matches!(byte, None | Some(b'\n' | b'\r'));
    let mut next = at;
    while next < bytes.len() && ends(bytes.get(next)) {
        next += 1;
    }
    let mut spans = Vec::new();
    loop {
        let first = next;
        if bytes.get(next) == Some(&b'"') {
            next += 1;
            loop {
                match (bytes.get(next), bytes.get(next + 1)) {
                    (Some(b'"'), Some(b'"')) => next += 2,
                    (Some(b'"'), _) => break,
                    (Some(_), _) => next += 1,
                    (None, _) => {
                        return Places { spans, fault: Some((first, "a double quote that does not end")) };
                    }
                }
            }
            next += 1;
            if !ends(bytes.get(next)) && bytes.get(next) != Some(&b',') {
                return Places { spans, fault: Some((next, "text behind a cell in double quotes")) };
            }
        } else {
            while !ends(bytes.get(next)) && bytes.get(next) != Some(&b',') {
                next += 1;
            }
        }
        spans.push((first, next));
        if bytes.get(next) != Some(&b',') {
            return Places { spans, fault: None };
        }
        next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        Table::read(text.as_bytes().to_vec())
    }

    /// The cells of a column with what stands in the text at their place.
    fn column(text: &str, name: &str) -> Vec<(String, String)> {
        let table = table(text);
        assert_eq!(table.findings, [], "{text:?}");
        let columns = table.columns(name);
        let [(column, _)] = columns.as_slice() else { return Vec::new() };
        let place =
            |cell: &Cell| table.text.get(cell.span.start as usize..cell.span.end as usize).map(str::to_owned);
        table.cells(*column).map(|cell| (cell.text.to_string(), place(cell).unwrap_or_default())).collect()
    }

    fn faults(text: &str) -> Vec<String> {
        let say = |finding: &Finding| {
            let at = finding.labels.first().map_or(0, |label| label.site.start);
            format!("{} {at} {}", finding.code, finding.message.raw())
        };
        table(text).findings.iter().map(say).collect()
    }

    #[test]
    fn cells_have_their_value_and_their_place() {
        let same = |texts: &[&str]| {
            texts.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect::<Vec<_>>()
        };
        for end in ["\n", "\r\n", "\r"] {
            for mark in ["", "\u{feff}"] {
                for last in ["", end] {
                    let text = format!("{mark}name,user{end}Mira,mira{end}{end}\u{d6}zg\u{fc}r,okan{last}");
                    assert_eq!(column(&text, "user"), same(&["mira", "okan"]), "{text:?}");
                    assert_eq!(column(&text, "name"), same(&["Mira", "\u{d6}zg\u{fc}r"]), "{text:?}");
                }
            }
        }
    }

    #[test]
    fn quotes_hold_commas_line_ends_and_quotes() {
        let text = "name,user\n\"Doe, \"\"Jo\"\"\",jo\n\"two\nlines\",\"mi\"\n,\n";
        let users = [("jo", "jo"), ("mi", "\"mi\""), ("", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(column(text, "user"), users);
        assert_eq!(column(text, "name")[0], ("Doe, \"Jo\"".to_owned(), "\"Doe, \"\"Jo\"\"\"".to_owned()));
    }

    #[test]
    fn what_is_no_table_is_said_with_its_place() {
        assert_eq!(faults(""), ["RC060 0 this table has no header"]);
        assert_eq!(faults("\n\n"), ["RC060 0 this table has no header"]);
        assert_eq!(
            faults("a,b\n1\n1,2\n1,2,3\n"),
            [
                "RC060 4 a line with 1 cell, and the header names 2 columns",
                "RC060 10 a line with 3 cells, and the header names 2 columns",
            ]
        );
        assert_eq!(faults("a\n\"b\n"), ["RC060 2 a double quote that does not end"]);
        assert_eq!(faults("a,b\n\"b\"c,d\n"), ["RC060 7 text behind a cell in double quotes"]);
        assert_eq!(
            faults("a\u{202e}b\n1\n"),
            ["RC011 1 U+202E is a character that changes the direction of text"]
        );
        let bytes = Table::read(b"a\nM\xfcller\n".to_vec());
        assert_eq!(bytes.findings.len(), 1);
        assert_eq!(bytes.findings[0].code, Code::NotUtf8);
        assert!(bytes.cells(0).next().is_none());
    }

    proptest::proptest! {
        /// Whatever stands in the cells and however they are written, they are read back.
        #[test]
        fn every_table_that_the_crate_writes_is_read(rows in proptest::collection::vec(proptest::collection::vec("[a-z\",\n\r =+@-]{0,5}", 3), 0..6)) {
            let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
            writer.write_record(["a", "b", "c"]).ok();
            for row in &rows {
                writer.write_record(row).ok();
            }
            let bytes = writer.into_inner().unwrap_or_default();
            let table = Table::read(bytes);
            proptest::prop_assert_eq!(&table.findings, &Vec::new());
            for column in 0..3 {
                let cells: Vec<&str> = table.cells(column).map(|cell| &*cell.text).collect();
                let wanted: Vec<&str> = rows.iter().map(|row| row[column].as_str()).collect();
                proptest::prop_assert_eq!(cells, wanted);
            }
        }
    }
}
