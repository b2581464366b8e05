//! Permission sets with everything that they include.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    catalog::Catalogue,
    model::{
        Code, Finding, Site, SourceId, Untrusted,
        config::Placed,
        desired::{DesiredSet, Via},
    },
};

use super::{
    de::{Spanned, Text},
    declared::{Declaration, Declared},
    definition_file::RoleEntry,
    forms::{Permissions, SetEntry},
};

/// Most permissions of all sets or roles of a target after every inclusion and every base.
pub(crate) const MOST_EXPANDED: usize = 4_000_000;

/// A permission and what brings it, by permission; each once.
pub(crate) type Expanded = Arc<Vec<(Untrusted, Via)>>;

/// A permission at its place.
pub(crate) struct Named {
    /// Canonical spelling.
    pub(crate) permission: Untrusted,
    /// Its place.
    pub(crate) site: Site,
    /// The key of the resource above it.
    pub(crate) resource: Option<Site>,
}

/// Canonical spellings, each kept once.
pub(crate) struct Names<'a> {
    /// By resource, and by access or by the whole name where there is no resource.
    known: HashMap<Option<&'a str>, BTreeMap<&'a str, Untrusted>>,
    /// What other spellings of the catalogue mean.
    spellings: HashMap<&'a str, &'a Untrusted>,
}

impl<'a> Names<'a> {
    /// Names as `catalogue` spells them.
    pub(crate) fn new(catalogue: &'a Catalogue) -> Self {
        let spellings = catalogue.permissions.iter();
        let spellings =
            spellings.flat_map(|(name, meaning)| meaning.spellings().map(move |other| (other, name)));
        Self { known: HashMap::new(), spellings: spellings.collect() }
    }

    /// All of them; one with several spellings more than once.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Untrusted> {
        self.known.values().flat_map(BTreeMap::values)
    }

    /// Permissions in canonical spelling with their places.
    pub(crate) fn of(&mut self, permissions: &'a Permissions, source: SourceId) -> Vec<Named> {
        match permissions {
            Permissions::Flat(list) => {
                let (known, spellings) = (self.known.entry(None).or_default(), &self.spellings);
                let named = list.iter().map(|item| {
                    let text = &item.value.0;
                    let canonical = || match spellings.get(&**text) {
                        Some(name) => (*name).clone(),
                        None => Untrusted::new(Arc::clone(text)),
                    };
                    let name = known.entry(text).or_insert_with(canonical);
                    Named { permission: name.clone(), site: item.span.site(source), resource: None }
                });
                named.collect()
            }
            Permissions::ByResource(entries) => {
                let mut all = Vec::with_capacity(entries.iter().map(|(_, accesses)| accesses.len()).sum());
                for (resource, accesses) in entries {
                    let area = resource.value.as_str();
                    let known = self.known.entry(Some(area)).or_default();
                    let at = resource.span.site(source);
                    all.extend(accesses.iter().map(|access| {
                        let word = access.value.as_str();
                        let name =
                            known.entry(word).or_insert_with(|| Untrusted::from(format!("{area}:{word}")));
                        Named { permission: name.clone(), site: access.span.site(source), resource: Some(at) }
                    }));
                }
                all
            }
        }
    }
}

/// The lists of permissions of each set and role, and the key of the one that they stand in.
pub(crate) fn lists<'a>(declared: &Declared<'a>) -> impl Iterator<Item = (Site, Vec<&'a Permissions>)> {
    let sets = declared.sets.values().map(|set| (set.site, parts(set.entry).1.into_iter().collect()));
    let roles = declared.roles.values().map(|role| {
        let RoleEntry { permissions, except, overrides, .. } = role.entry;
        let everywhere = [permissions.as_ref(), except.as_ref()];
        let somewhere =
            overrides.0.iter().flat_map(|(_, body)| [body.permissions.as_ref(), body.except.as_ref()]);
        (role.site, everywhere.into_iter().chain(somewhere).flatten().collect())
    });
    sets.chain(roles)
}

/// Includes and permissions of a set.
fn parts(entry: &SetEntry) -> (&[Spanned<Text>], Option<&Permissions>) {
    match entry {
        SetEntry::Permissions(permissions) => (&[], Some(permissions)),
        SetEntry::Full(body) => (&body.include, body.permissions.as_ref()),
    }
}

/// Sets as they are written, and with everything that they include.
pub(crate) type Sets<'a> = (BTreeMap<Arc<str>, DesiredSet>, BTreeMap<&'a str, Expanded>);

/// Expands every set of a target.
pub(crate) fn expand<'a>(
    declared: &Declared<'a>,
    names: &mut Names<'a>,
    findings: &mut Vec<Finding>,
) -> Sets<'a> {
    let mut as_written = BTreeMap::new();
    let mut done: BTreeMap<&'a str, Expanded> = BTreeMap::new();
    let mut total = 0;
    for start in declared.sets.values() {
        // Depth first without recursion: a chain of includes can be as long as the files allow.
        let mut path: Vec<(&Declaration<'a, SetEntry>, usize)> = vec![(start, 0)];
        if done.contains_key(&**start.key) {
            continue;
        }
        while let Some((set, next)) = path.last_mut() {
            let (include, permissions) = parts(set.entry);
            if let Some(name) = include.get(*next) {
                *next += 1;
                let source = set.source;
                if done.contains_key(name.value.as_str()) {
                    continue;
                }
                let at = path.iter().position(|(set, _)| &**set.key == name.value.as_str());
                if let Some(at) = at {
                    let keys: Vec<&str> = path.iter().skip(at).map(|(set, _)| &**set.key).collect();
                    findings.push(cycle(name, source, &keys));
                    continue;
                }
                if let Some(found) = declared.set(name, source, findings) {
                    path.push((found, 0));
                }
                continue;
            }
            let set = *set;
            let own = permissions.map(|permissions| names.of(permissions, set.source)).unwrap_or_default();
            let desired = DesiredSet {
                site: set.site,
                include: placed(include, set.source),
                // Where a permission stands twice, the first line is the one that brings it.
                permissions: own.iter().rev().map(|named| (named.permission.clone(), named.site)).collect(),
            };
            as_written.insert(Arc::clone(set.key), desired);
            let mut all: Vec<(Untrusted, Via)> = Vec::with_capacity(own.len());
            for named in own {
                let via = Via::Set { name: Arc::clone(set.key), site: named.site };
                all.push((named.permission.clone(), via));
            }
            for name in include {
                if let Some(included) = done.get(name.value.as_str()) {
                    total += included.len();
                    if total <= MOST_EXPANDED {
                        all.extend(included.iter().cloned());
                    }
                }
            }
            unique(&mut all);
            done.insert(set.key, Arc::new(all));
            path.pop();
        }
    }
    if total > MOST_EXPANDED {
        findings.push(too_many());
    }
    (as_written, done)
}

/// Names of included sets with their places.
pub(crate) fn placed(include: &[Spanned<Text>], source: SourceId) -> Vec<Placed<Arc<str>>> {
    include
        .iter()
        .map(|name| Placed { value: Arc::clone(&name.value.0), site: name.span.site(source) })
        .collect()
}

/// Sorts by permission and keeps one way for each: the role itself, then the first set by name.
pub(crate) fn unique(all: &mut Vec<(Untrusted, Via)>) {
    fn rank(via: &Via) -> (bool, &str, Option<Site>) {
        match via {
            Via::Own(site) => (false, "", Some(*site)),
            Via::Set { name, site } => (true, name, Some(*site)),
            Via::Base(_) => (true, "", None),
        }
    }
    all.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| rank(&a.1).cmp(&rank(&b.1))));
    all.dedup_by(|later, first| later.0 == first.0);
}

/// The finding for definitions that grow beyond all use.
pub(crate) fn too_many() -> Finding {
    Finding::new(
        Code::TooLarge,
        format!("sets and base roles expand to more than {MOST_EXPANDED} permissions"),
    )
    .help("Include fewer sets in each other, and shorten chains of roles that start from each other.")
}

fn cycle(name: &Spanned<Text>, source: SourceId, keys: &[&str]) -> Finding {
    let mut path: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    path.push(format!("`{}`", name.value.as_str()));
    Finding::new(Code::Cycle, format!("permission sets include each other: {}", path.join(" → ")))
        .at(name.span.site(source), "this closes the circle")
        .help("Remove one of these inclusions.")
}
