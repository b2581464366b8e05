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
    workflow::catalog::{Catalogues, Form, Shipped, TargetCatalogue},
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
            text = text.own(Paint::Dim, format!(" ({})", role.title));
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
    let mut count = Text::new().own(Paint::Plain, format!("{} permissions", target.permissions.len()));
    count = count.own(Paint::Dim, format!("; compared with rolecall {version}: "));
    count = count.own(Paint::Add, format!("{} new", target.new.len())).own(Paint::Dim, ", ");
    page.put(2, 4, &count.own(Paint::Remove, format!("{} gone", target.gone.len())).own(Paint::Dim, "."));
}

/// One line for each permission, or for each resource with its accesses.
fn permissions(page: &mut Page, all: &BTreeMap<&Untrusted, Mark>, shipped: Option<&Shipped>) {
    if shipped.is_some_and(|shipped| shipped.form == Form::Flat) {
        let title = |name: &Untrusted| {
            shipped?.permissions.iter().find(|one| one.permission == *name).map(|one| one.title.as_str())
        };
        for (name, mark) in all {
            let (indent, text) = mark.begin();
            let mut text = text.said(mark.paint(), name.raw());
            if let Some(title) = title(name).filter(|title| !title.is_empty()) {
                text = text.own(Paint::Dim, "  ").own(Paint::Dim, title);
            }
            page.put(indent, 6, &text);
        }
        return;
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
