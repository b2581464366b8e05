//! Who holds what.

use std::collections::BTreeSet;

use super::{Lowering, MOST_FROM_TABLES};
use crate::{
    contract::{PrincipalClass, has_place},
    definition::{
        de::{Spanned, Text},
        declared::Use,
        definition_file::{AssignmentEntry, FROM, TableEntry},
        parsed, place, principal, suggest,
        table::{Cell, Named, Table},
        validate::short,
    },
    model::{
        Code, Finding, Scope, Site, SourceId,
        config::Placed,
        desired::{DesiredAssignment, DesiredState, Exclusive, Spelling},
    },
};

impl<'a> Lowering<'a, '_> {
    pub(super) fn assignment(
        &mut self,
        entry: &'a AssignmentEntry,
        source: SourceId,
        desired: &mut DesiredState,
    ) {
        let role = self.declared.role(&entry.role, source, Use::Assign, self.findings);
        let expires = entry.expires.as_ref().and_then(|text| self.date(text, source));
        let classes = self.spec().principals();
        let places = place::places(entry.scope.as_ref(), source, self.findings);
        let mut some = false;
        for (field, list) in &entry.principals {
            some |= classes.iter().any(|class| class.field == field.value.as_str());
            for (class, places) in by_class(classes, field.value.as_str(), &places) {
                let places = self.places_of(&places, class, field, source);
                for text in list {
                    let principal = self.principal(text, source, class);
                    let (Some(role), Some(value)) = (&role, principal) else { continue };
                    for (scope, place) in &places {
                        desired.assignments.push(DesiredAssignment {
                            role: role.clone(),
                            scope: scope.clone(),
                            class: class.class,
                            principal: Placed { value: value.clone(), site: text.span.site(source) },
                            place: *place,
                            expires,
                        });
                    }
                }
            }
        }
        for (field, table) in &entry.tables {
            let Some(name) = field.value.as_str().strip_suffix(FROM) else { continue };
            some |= classes.iter().any(|class| class.field == name);
            for (class, places) in by_class(classes, name, &places) {
                let places = self.places_of(&places, class, field, source);
                let people = self.people(table, source, class);
                self.from_tables = self.from_tables.saturating_add(people.len().saturating_mul(places.len()));
                if self.from_tables > MOST_FROM_TABLES {
                    self.findings.push(too_many_from_tables(table.file.span.site(source)));
                    return;
                }
                let Some(role) = &role else { continue };
                for principal in people {
                    desired.assignments.extend(places.iter().map(|(scope, place)| DesiredAssignment {
                        role: role.clone(),
                        scope: scope.clone(),
                        class: class.class,
                        principal: principal.clone(),
                        place: *place,
                        expires,
                    }));
                }
            }
        }
        for field in &entry.exclusive {
            some |= role.is_some() && classes.iter().any(|class| class.field == field.value.as_str());
            for (class, places) in by_class(classes, field.value.as_str(), &places) {
                let places = self.places_of(&places, class, field, source);
                let Some(role) = &role else { continue };
                desired.exclusive.extend(places.into_iter().map(|(scope, place)| Exclusive {
                    role: role.clone(),
                    scope,
                    class: class.class,
                    place,
                }));
            }
        }
        if !some {
            let fields: BTreeSet<&str> = classes.iter().map(|class| class.field).collect();
            let fields = suggest::list(fields);
            let finding = Finding::new(Code::MissingField, "an assignment that names nobody")
                .at(entry.role.span.site(source), "for this role")
                .help(format!("List somebody under {fields}."));
            self.findings.push(finding);
        }
    }

    /// The principals in a column of a table; cells that are empty are left to a lint.
    fn people(
        &mut self,
        entry: &TableEntry,
        source: SourceId,
        class: &PrincipalClass,
    ) -> Vec<Placed<Spelling>> {
        let (table, at) = match self.input.tables.get(entry.file.value.as_str()).map(|named| &**named) {
            Some(Named::Read(at, table)) => (table, *at),
            Some(Named::Not(finding)) => {
                let finding = Finding::clone(finding).at(entry.file.span.site(source), "named here");
                self.findings.push(finding);
                return Vec::new();
            }
            None => return Vec::new(),
        };
        if !table.is_whole() {
            // Reported once, with the file itself; here so that the target counts as wrong.
            self.findings.extend(parsed::relocated(&table.findings, at));
            return Vec::new();
        }
        let columns = table.columns(entry.column.value.as_str());
        let column = match columns.as_slice() {
            [(column, _)] => *column,
            found => {
                let finding = no_column(entry, table, found, source, at);
                self.findings.push(finding);
                return Vec::new();
            }
        };
        let mut people = Vec::new();
        for cell in table.cells(column).filter(|cell| !cell.text.is_empty()) {
            match principal::in_table(&cell.text, class) {
                Ok(value) => people.push(Placed { value, site: cell.span.site(at) }),
                Err(why) => {
                    let finding = Finding::new(Code::PrincipalSpelling, why)
                        .at(cell.span.site(at), "")
                        .help(principal::accepted(class));
                    self.findings.push(finding);
                }
            }
        }
        people
    }

    /// The places where principals of a class can hold a role, each with where it is written; the others
    /// are reported.
    fn places_of(
        &mut self,
        places: &[place::Place],
        class: &PrincipalClass,
        field: &Spanned<Text>,
        source: SourceId,
    ) -> Vec<(Scope, Site)> {
        let mut possible = Vec::with_capacity(places.len());
        for (scope, span) in places {
            let site = span.unwrap_or(field.span).site(source);
            let Some(place::Refusal { code, what, help }) = place::refused(class.scopes, scope) else {
                possible.push((scope.clone(), site));
                continue;
            };
            let text = format!("{} cannot hold a role there: {what}", class.field);
            let finding = Finding::new(code, text).at(site, "").help(help);
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
        possible
    }

    fn principal(
        &mut self,
        text: &Spanned<Text>,
        source: SourceId,
        class: &PrincipalClass,
    ) -> Option<Spelling> {
        match principal::parse(text.value.as_str(), class) {
            Ok(spelling) => Some(spelling),
            Err(why) => {
                let finding = Finding::new(Code::PrincipalSpelling, why)
                    .at(text.span.site(source), "")
                    .help(principal::accepted(class));
                self.findings.push(finding);
                None
            }
        }
    }

    fn date(&mut self, text: &Spanned<Text>, source: SourceId) -> Option<jiff::civil::Date> {
        let word = text.value.as_str();
        let shaped = word.len() == 10 && word.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date = shaped.then(|| word.parse().ok()).flatten();
        if date.is_none() {
            let finding = Finding::new(Code::Grammar, format!("`{}` is no date", short(word)))
                .at(text.span.site(source), "")
                .help("Write the last day on which it holds as YYYY-MM-DD.");
            self.findings.push(finding);
        }
        date
    }
}

/// The class of principals that a field means in each place, with the places of each: several classes can
/// share a field, and the first one that has a place is meant there.
fn by_class(
    classes: &'static [PrincipalClass],
    field: &str,
    places: &[place::Place],
) -> Vec<(&'static PrincipalClass, Vec<place::Place>)> {
    let mut meant: Vec<(&'static PrincipalClass, Vec<place::Place>)> = Vec::new();
    for place in places {
        let mut all = classes.iter().filter(|class| class.field == field);
        let has = |class: &&PrincipalClass| has_place(class.scopes, &place.0);
        let Some(class) = all.clone().find(has).or_else(|| all.next()) else { continue };
        match meant.iter_mut().find(|(known, _)| known.class == class.class) {
            Some((_, places)) => places.push(place.clone()),
            None => meant.push((class, vec![place.clone()])),
        }
    }
    meant
}

fn too_many_from_tables(site: Site) -> Finding {
    let text = format!("tables of people make more than {MOST_FROM_TABLES} assignments");
    Finding::new(Code::TooLarge, text)
        .at(site, "of this table, too")
        .help("Give roles to groups, or name fewer places.")
}

fn no_column(
    entry: &TableEntry,
    table: &Table,
    found: &[(usize, &Cell)],
    source: SourceId,
    at: SourceId,
) -> Finding {
    let column = entry.column.value.as_str();
    let site = entry.column.span.site(source);
    if let [first, again, ..] = found {
        return Finding::new(Code::Column, format!("the table has two columns `{}`", short(column)))
            .at(again.1.span.site(at), "again here")
            .at(first.1.span.site(at), "first here")
            .at(site, "named here")
            .help("Give each column a name of its own.");
    }
    let mut help = match suggest::nearest(column, table.names()) {
        Some(near) => format!("Did you mean `{}`?", short(near)),
        None => format!("Its columns are {}.", suggest::list(table.names().take(20))),
    };
    if table.names().count() == 1 && table.names().any(|name| name.contains([';', '\t'])) {
        help.push_str(" Columns have commas between them.");
    }
    Finding::new(Code::Column, format!("the table has no column `{}`", short(column))).at(site, "").help(help)
}
