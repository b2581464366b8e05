//! Fragments, which can lead to each other.

use std::collections::{BTreeMap, BTreeSet};

use graphql_parser::query::{FragmentDefinition, Selection, SelectionSet};

/// The fragments of a document by name.
pub(super) type Fragments<'a> = BTreeMap<&'a str, &'a FragmentDefinition<'a, String>>;

fn spreads<'a>(selection: &'a SelectionSet<'a, String>, into: &mut BTreeSet<&'a str>) {
    for item in &selection.items {
        match item {
            Selection::Field(field) => spreads(&field.selection_set, into),
            Selection::InlineFragment(fragment) => spreads(&fragment.selection_set, into),
            Selection::FragmentSpread(spread) => {
                into.insert(&spread.fragment_name);
            }
        }
    }
}

/// Whether a fragment leads to itself.
pub(super) fn loops(fragments: &Fragments<'_>, name: &str) -> bool {
    let mut reached = BTreeSet::new();
    let mut open = BTreeSet::from([name]);
    while let Some(next) = open.pop_first() {
        if !reached.insert(next) {
            continue;
        }
        if let Some(fragment) = fragments.get(next) {
            let mut further = BTreeSet::new();
            spreads(&fragment.selection_set, &mut further);
            if further.contains(name) {
                return true;
            }
            open.extend(further);
        }
    }
    false
}

/// The number of fields with all fragments in place.
pub(super) fn cost<'a>(
    fragments: &Fragments<'a>,
    selection: &'a SelectionSet<'a, String>,
    known: &mut BTreeMap<&'a str, u64>,
) -> u64 {
    let mut sum: u64 = 0;
    for item in &selection.items {
        let one = match item {
            Selection::Field(field) => cost(fragments, &field.selection_set, known).saturating_add(1),
            Selection::InlineFragment(fragment) => cost(fragments, &fragment.selection_set, known),
            Selection::FragmentSpread(spread) => {
                let name = spread.fragment_name.as_str();
                match (known.get(name), fragments.get(name)) {
                    (Some(cost), _) => *cost,
                    (None, Some(fragment)) => {
                        let found = cost(fragments, &fragment.selection_set, known).max(1);
                        known.insert(name, found);
                        found
                    }
                    (None, None) => 0,
                }
            }
        };
        sum = sum.saturating_add(one);
    }
    sum
}
