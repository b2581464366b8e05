//! The lists of `rolecall catalog`.
//!
//! `+` before a permission: live, and not in the list that ships with the program. `-`: the other way
//! round.

use std::collections::{BTreeMap, BTreeSet};

use schemars::generate::SchemaSettings;

use super::{
    Style, advice, json,
    page::{Page, Paint, Text},
};
use crate::{
    model::Untrusted,
    workflow::catalog::{Catalogues, Form, Permission, Shipped, TargetCatalogue},
};

/// Targets with what is new and gone, or else what ships with the program.
pub fn text(catalogues: &Catalogues, style: Style) -> String {
    let mut page = Page::new(style);
    if catalogues.targets.is_empty() {
        for shipped in &catalogues.providers {
            page.blank();
            self::shipped(&mut page, catalogues.rolecall, shipped);
        }
    }
    for target in &catalogues.targets {
        page.blank();
        let shipped = catalogues.providers.iter().find(|shipped| Some(shipped.provider) == target.provider);
        self::target(&mut page, style, catalogues.rolecall, target, shipped);
    }
    page.into_string()
}

/// Why targets have no list, one after the other; empty where each has one.
pub fn reasons(catalogues: &Catalogues, style: Style) -> String {
    let failed = catalogues.targets.iter().filter_map(|target| Some((target, target.error.as_ref()?)));
    failed
        .map(|(target, error)| {
            let message = format!("{}: {}", target.name.raw(), error.message.raw());
            advice::error(&message, error.help.as_ref().map(Untrusted::raw), style)
        })
        .collect()
}

/// The lists as they are.
pub fn json(catalogues: &Catalogues) -> String {
    json::to_string(catalogues)
}

/// The JSON Schema (draft 2020-12) of what [`json()`] writes: `schema/catalog.schema.json`.
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Catalogues>();
    schema.insert("$id".to_owned(), "urn:rolecall:schema:catalog:1".into());
    schema.insert("title".to_owned(), "rolecall catalog".into());
    json::to_string(&schema.to_value())
}

/// How a permission compares with the list that ships.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Both,
    New,
    Gone,
}

impl Mark {
    fn sign(self) -> &'static str {
        match self {
            Self::Both => "",
            Self::New => "+",
            Self::Gone => "-",
        }
    }

    /// The beginning of a line, and the column where it begins: names stand below each other.
    fn begin(self) -> (usize, Text) {
        match self {
            Self::Both => (4, Text::new()),
            Self::New | Self::Gone => (2, Text::new().own(self.paint(), self.sign()).space()),
        }
    }

    fn paint(self) -> Paint {
        match self {
            Self::Both => Paint::Plain,
            Self::New => Paint::Add,
            Self::Gone => Paint::Remove,
        }
    }
}

fn shipped(page: &mut Page, version: &str, shipped: &Shipped) {
    let head = Text::new().own(Paint::Strong, shipped.provider).own(Paint::Dim, "  ");
    let what =
        if shipped.closed { "all permissions" } else { "documented permissions; the API may have more" };
    let head = head.own(Paint::Dim, format!("{what}, as of rolecall {version}"));
    page.put(0, 2, &head);
    let all: BTreeMap<&Untrusted, Mark> =
        shipped.permissions.iter().map(|one| (&one.permission, Mark::Both)).collect();
    permissions(page, &all, Some(shipped));
    if !shipped.builtin.is_empty() {
        let mut text = Text::new().own(Paint::Dim, "built-in roles: ");
        for (index, role) in shipped.builtin.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            text = text.own(Paint::Plain, comma).own(Paint::Plain, format!("builtin:{}", role.id));
            let scope = role.scope.map(|scope| format!(", {scope}")).unwrap_or_default();
            text = text.own(Paint::Dim, format!(" ({}{scope})", role.title));
        }
        page.put(2, 4, &text);
    }
}

fn target(page: &mut Page, style: Style, version: &str, target: &TargetCatalogue, shipped: Option<&Shipped>) {
    let dot = if style.unicode { " · " } else { ", " };
    let mut head = Text::new().name(Paint::Strong, target.name.raw());
    head = head.own(Paint::Dim, "  ").own(Paint::Dim, target.provider.unwrap_or_default());
    if target.emulator {
        head = head.own(Paint::Dim, dot).own(Paint::Emulator, "EMULATOR");
    }
    if let Some(identity) = &target.identity {
        head = head.own(Paint::Dim, dot).said(Paint::Dim, identity.host.raw());
        if let Some(who) = identity.tenant.as_ref().or(identity.anchor.as_ref()) {
            head = head.own(Paint::Dim, dot).said(Paint::Dim, who.raw());
        }
    }
    page.put(0, 2, &head);
    if let Some(error) = &target.error {
        let mut lines = error.message.raw().split('\n');
        let first =
            Text::new().own(Paint::Refuse, "error: ").prose(Paint::Plain, lines.next().unwrap_or_default());
        page.put(2, 4, &first);
        for line in lines.chain(error.help.iter().flat_map(|help| help.raw().split('\n'))) {
            page.put(4, 4, &Text::new().prose(Paint::Notice, line));
        }
        return;
    }
    let new = |name: &Untrusted| if target.new.contains(name) { Mark::New } else { Mark::Both };
    let mut all: BTreeMap<&Untrusted, Mark> =
        target.permissions.iter().map(|name| (name, new(name))).collect();
    all.extend(target.gone.iter().map(|name| (name, Mark::Gone)));
    permissions(page, &all, shipped);
    if !target.live {
        let title = shipped.map_or_else(|| target.provider.unwrap_or_default(), |shipped| shipped.title);
        let text = format!(
            "{title} has no request that tells its permissions: these ship with rolecall {version}, and there may be more."
        );
        page.put(2, 4, &Text::new().own(Paint::Dim, text));
        return;
    }
    let mut count = Text::new().own(Paint::Plain, format!("{} permissions", target.permissions.len()));
    count = count.own(Paint::Dim, format!("; compared with rolecall {version}: "));
    count = count.own(Paint::Add, format!("{} new", target.new.len())).own(Paint::Dim, ", ");
    page.put(2, 4, &count.own(Paint::Remove, format!("{} gone", target.gone.len())).own(Paint::Dim, "."));
}

/// Permissions under the areas they belong to, those without one at the end; what a permission
/// allows stands below it.
fn by_area(page: &mut Page, all: &BTreeMap<&Untrusted, Mark>, shipped: &Shipped) {
    let known: BTreeMap<&Untrusted, &Permission> =
        shipped.permissions.iter().map(|one| (&one.permission, one)).collect();
    let mut areas: BTreeMap<(bool, &str), Vec<(&Untrusted, Mark)>> = BTreeMap::new();
    for (name, mark) in all {
        let area = known.get(name).map_or("", |one| one.area.as_str());
        areas.entry((area.is_empty(), area)).or_default().push((name, *mark));
    }
    let alone = areas.len() == 1;
    for ((unknown, area), names) in areas {
        match (unknown, alone) {
            (false, _) => page.put(2, 4, &Text::new().own(Paint::Dim, area)),
            (true, false) => page.put(2, 4, &Text::new().own(Paint::Dim, "Others")),
            (true, true) => {}
        }
        for (name, mark) in names {
            let (indent, text) = mark.begin();
            let mut text = text.said(mark.paint(), name.raw());
            let Some(one) = known.get(name) else {
                page.put(indent, 6, &text);
                continue;
            };
            if !one.title.is_empty() {
                text = text.own(Paint::Plain, "  ").own(Paint::Plain, &one.title);
            }
            page.put(indent, 6, &text);
            if !one.description.is_empty() {
                page.put(6, 6, &Text::new().own(Paint::Dim, &one.description));
            }
        }
    }
}

/// One line for each permission, or for each resource with its accesses.
fn permissions(page: &mut Page, all: &BTreeMap<&Untrusted, Mark>, shipped: Option<&Shipped>) {
    if let Some(shipped) = shipped.filter(|shipped| shipped.form == Form::Flat) {
        return by_area(page, all, shipped);
    }
    let mut resources: BTreeMap<&str, Vec<(&str, Mark)>> = BTreeMap::new();
    for (name, mark) in all {
        let (resource, access) = name.raw().rsplit_once(':').unwrap_or((name.raw(), ""));
        resources.entry(resource).or_default().push((access, *mark));
    }
    for (resource, mut accesses) in resources {
        accesses.sort_by_key(|(access, _)| (order(access), *access));
        let marks: BTreeSet<&str> = accesses.iter().map(|(_, mark)| mark.sign()).collect();
        let whole = match accesses.first() {
            // The mark stands once where it is the same for all.
            Some((_, mark)) if marks.len() == 1 => *mark,
            _ => Mark::Both,
        };
        let (indent, text) = whole.begin();
        let mut text = text.said(whole.paint(), resource).own(Paint::Plain, ": ");
        for (index, (access, mark)) in accesses.iter().enumerate() {
            let sign = if whole == *mark { "" } else { mark.sign() };
            let comma = if index > 0 { ", " } else { "" };
            text = text.own(Paint::Plain, comma).own(mark.paint(), sign).said(mark.paint(), access);
        }
        page.put(indent, 6, &text);
    }
}

/// The usual accesses in the usual order, before all others.
fn order(access: &str) -> usize {
    ["read", "write", "delete"].iter().position(|usual| *usual == access).unwrap_or(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalog::Meaning, workflow::catalog::BuiltinRole};

    const STYLE: Style = Style { color: false, unicode: true, width: 60 };

    fn builtin(id: &'static str, title: &'static str, scope: Option<&'static str>) -> BuiltinRole {
        BuiltinRole { id, title, scope, number: None, administrator: false, assignable: true }
    }

    fn shipped() -> Shipped {
        let meaning = |title: &str, area: &str, description: &str| Meaning {
            title: title.into(),
            area: area.into(),
            description: description.into(),
            ..Meaning::default()
        };
        let permissions = [
            (
                "read_walls",
                meaning("View walls", "Walls", "Shows walls, and what stands behind each of them."),
            ),
            ("build_walls", meaning("Build walls", "Walls", "Builds walls.")),
            ("read_roofs", meaning("View roofs", "Roofs", "Shows roofs.")),
        ];
        Shipped {
            provider: "bricks",
            title: "Bricks",
            form: Form::Flat,
            closed: false,
            as_of: "2026",
            sources: vec!["https://bricks.example"],
            permissions: permissions
                .iter()
                .map(|(name, one)| Permission::new(&(*name).into(), one))
                .collect(),
            builtin: vec![builtin("mason", "Mason", Some("site")), builtin("guest", "Guest", None)],
        }
    }

    #[test]
    fn flat_names_stand_under_their_areas() {
        let catalogues = Catalogues {
            format_version: 1,
            rolecall: "0.1.0",
            providers: vec![shipped()],
            targets: Vec::new(),
        };
        insta::assert_snapshot!(text(&catalogues, STYLE), @"
        bricks  documented permissions; the API may have more, as of
          rolecall 0.1.0
          Roofs
            read_roofs  View roofs
              Shows roofs.
          Walls
            build_walls  Build walls
              Builds walls.
            read_walls  View walls
              Shows walls, and what stands behind each of them.
          built-in roles: builtin:mason (Mason, site), builtin:guest
            (Guest)
        ");
    }

    #[test]
    fn what_only_one_side_has_is_marked_and_what_nobody_described_comes_last() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
        let target = TargetCatalogue {
            name: "main".into(),
            provider: Some("bricks"),
            emulator: false,
            identity: None,
            live: true,
            permissions: names(&["read_walls", "read_cellars"]),
            new: names(&["read_cellars"]),
            gone: names(&["build_walls", "read_roofs"]),
            file: None,
            error: None,
        };
        let catalogues = Catalogues {
            format_version: 1,
            rolecall: "0.1.0",
            providers: vec![shipped()],
            targets: vec![target],
        };
        insta::assert_snapshot!(text(&catalogues, STYLE), @"
        main  bricks
          Roofs
          - read_roofs  View roofs
              Shows roofs.
          Walls
          - build_walls  Build walls
              Builds walls.
            read_walls  View walls
              Shows walls, and what stands behind each of them.
          Others
          + read_cellars
          2 permissions; compared with rolecall 0.1.0: 1 new, 2
            gone.
        ");
    }
}
