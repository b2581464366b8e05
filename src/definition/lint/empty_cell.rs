//! A line of a table of people that names nobody in the column that is asked for.

use std::collections::BTreeSet;

use crate::{
    definition::{
        context::{Context, Hit},
        table::Named,
        validate::short,
    },
    model::{Code, Finding},
};

/// How many are reported one by one for a column.
const MOST: usize = 20;

pub(super) fn run(context: &Context<'_>) -> Vec<Hit> {
    let mut seen = BTreeSet::new();
    let mut hits = Vec::new();
    for (source, file) in &context.input.files {
        let entries = file.content.iter().flat_map(|content| &content.assignments);
        for (_, entry) in entries.flat_map(|entry| &entry.tables) {
            let (path, name) = (&entry.file.value.0, entry.column.value.as_str());
            let Some(Named::Read(at, table)) = context.input.tables.get(path).map(|named| &**named) else {
                continue;
            };
            let columns = table.columns(name);
            let [(column, _)] = columns.as_slice() else { continue };
            if !seen.insert((*at, *column)) {
                continue;
            }
            let empty: Vec<_> = table.cells(*column).filter(|cell| cell.text.is_empty()).collect();
            for (index, cell) in empty.iter().enumerate().take(MOST) {
                let text = match empty.len().saturating_sub(MOST) {
                    more if more > 0 && index + 1 == MOST => {
                        format!("nobody stands in the column `{}` here and in {more} more lines", short(name))
                    }
                    _ => format!("nobody stands in the column `{}` here", short(name)),
                };
                let column = entry.column.span.site(*source);
                let finding = Finding::new(Code::EmptyCell, text)
                    .at(cell.span.site(*at), "empty")
                    .at(column, "this column")
                    .help(
                        "Fill it in, take the line out, or allow it in a comment where the table is named.",
                    );
                hits.push(Hit { finding, anchors: vec![column] });
            }
        }
    }
    hits
}
