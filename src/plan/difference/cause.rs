//! Which line made a permission come or go, and which roles it concerns.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    rc::Rc,
};

use super::{
    Input,
    document::{Cause, RoleDifference, RoleName, Which},
    expand::{Bringer, View},
    matching::Pairs,
};
use crate::model::{Site, Untrusted, desired::Via};

/// Most steps on the way from role to set, over all roles: a hostile graph of sets shall not take
/// long. Beyond them a permission has no line that it is grouped by.
const MOST_STEPS: usize = 5_000_000;

/// The line of a set, or of a role that others start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line<'a> {
    which: Which,
    site: Site,
    subject: Subject<'a>,
    /// The set that is included there.
    include: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject<'a> {
    Set(&'a str),
    Role(&'a str),
}

/// From the sets that a set includes, directly or not, to the first inclusion on the way that the
/// other side does not have.
type Ways<'a> = HashMap<&'a str, Option<Line<'a>>>;

/// Looks for the lines of one side that the other does not have.
pub(super) struct Finder<'a, 'v> {
    has: &'v View<'a>,
    lacks: &'v View<'a>,
    pairs: &'v Pairs<'a>,
    ways: RefCell<HashMap<&'a str, Rc<Ways<'a>>>>,
    steps: Cell<usize>,
}

impl<'a, 'v> Finder<'a, 'v> {
    /// `has` is the side with the permission.
    pub(super) fn new(has: &'v View<'a>, lacks: &'v View<'a>, pairs: &'v Pairs<'a>) -> Self {
        Self { has, lacks, pairs, ways: RefCell::default(), steps: Cell::new(0) }
    }

    /// The line that brings `permission`, where it could bring it to several roles and the other side
    /// does not have it.
    pub(super) fn line(&self, permission: &Untrusted, bringer: Bringer<'a>) -> Option<Line<'a>> {
        let which = self.has.which;
        let owner = bringer.owner;
        let key = match which {
            Which::A => self.pairs.after(&owner.key),
            Which::B => self.pairs.before(&owner.key),
        };
        let other = self.lacks.roles.get(key);
        match bringer.via {
            Via::Own(site) => {
                let stood = other?.permissions.get(permission).is_some_and(|via| matches!(via, Via::Own(_)));
                (!stood).then_some(Line {
                    which,
                    site: *site,
                    subject: Subject::Role(&owner.key),
                    include: None,
                })
            }
            Via::Set { name, site } => {
                let stood = self.lacks.desired.sets.get(name);
                if stood.is_none_or(|set| !set.permissions.contains_key(permission)) {
                    return Some(Line { which, site: *site, subject: Subject::Set(name), include: None });
                }
                // The set had it before: some inclusion on the way to the set is new. Where that is the
                // role's own, it concerns this role alone.
                let other = other?;
                let leads = |start: &'a str| {
                    if start == &**name { Some(None) } else { self.ways(start).get(&**name).copied() }
                };
                let (old, new): (Vec<_>, Vec<_>) = owner
                    .include
                    .iter()
                    .partition(|include| other.include.iter().any(|known| known.value == include.value));
                if new.iter().any(|include| leads(&include.value).is_some()) {
                    return None;
                }
                old.iter().find_map(|include| leads(&include.value)).flatten()
            }
            Via::Base(_) => None,
        }
    }

    fn ways(&self, start: &'a str) -> Rc<Ways<'a>> {
        if let Some(known) = self.ways.borrow().get(start) {
            return Rc::clone(known);
        }
        let found = Rc::new(self.walk(start));
        self.ways.borrow_mut().insert(start, Rc::clone(&found));
        found
    }

    fn walk(&self, start: &'a str) -> Ways<'a> {
        let mut ways: Ways<'a> = HashMap::new();
        let mut next: VecDeque<(&'a str, Option<Line<'a>>)> = VecDeque::from([(start, None)]);
        let mut seen: HashSet<&str> = HashSet::from([start]);
        while let Some((name, new)) = next.pop_front() {
            let Some(set) = self.has.desired.sets.get(name) else { continue };
            let other = self.lacks.desired.sets.get(name);
            for include in &set.include {
                self.steps.set(self.steps.get() + 1);
                if self.steps.get() > MOST_STEPS {
                    return ways;
                }
                if !seen.insert(&include.value) {
                    continue;
                }
                let stood =
                    other.is_some_and(|set| set.include.iter().any(|known| known.value == include.value));
                let line = Line {
                    which: self.has.which,
                    site: include.site,
                    subject: Subject::Set(name),
                    include: Some(&include.value),
                };
                let first = new.or((!stood).then_some(line));
                ways.insert(&include.value, first);
                next.push_back((&include.value, first));
            }
        }
        ways
    }
}

/// A role that differs, with the line of each permission that comes and of each that goes.
pub(super) struct Traced<'a> {
    pub(super) role: RoleDifference,
    pub(super) added: Vec<Option<Line<'a>>>,
    pub(super) removed: Vec<Option<Line<'a>>>,
}

/// Lines of one subject that concern the same roles.
#[derive(Default)]
struct Group {
    lines: Vec<(Which, Site)>,
    added: Vec<Untrusted>,
    removed: Vec<Untrusted>,
}

/// Groups the permissions of `roles` by the lines that concern at least two of them.
pub(super) fn group(input: &Input<'_>, roles: &mut [Traced<'_>]) -> Vec<Cause> {
    let mut by_line: BTreeMap<(Line<'_>, bool, Untrusted), Vec<usize>> = BTreeMap::new();
    for (index, traced) in roles.iter().enumerate() {
        let permissions = &traced.role.permissions;
        for (comes, list, lines) in
            [(true, &permissions.added, &traced.added), (false, &permissions.removed, &traced.removed)]
        {
            for (permission, line) in list.iter().zip(lines) {
                if let Some(line) = line {
                    by_line.entry((*line, comes, permission.value.clone())).or_default().push(index);
                }
            }
        }
    }
    by_line.retain(|_, concerned| concerned.len() > 1);
    let mut groups: BTreeMap<(Subject<'_>, Option<&str>, &[usize]), Group> = BTreeMap::new();
    for ((line, comes, permission), concerned) in &by_line {
        let group = groups.entry((line.subject, line.include, concerned.as_slice())).or_default();
        group.lines.push((line.which, line.site));
        let list = if *comes { &mut group.added } else { &mut group.removed };
        list.push(permission.clone());
    }
    let mut causes: Vec<(Vec<usize>, Cause)> = groups
        .into_iter()
        .map(|((subject, include, concerned), mut group)| {
            group.added.sort();
            group.removed.sort();
            let mut places: Vec<_> =
                group.lines.iter().filter_map(|(which, site)| input.place(*which, *site)).collect();
            places.sort();
            places.dedup();
            let (set, role) = match subject {
                Subject::Set(name) => (Some(name.into()), None),
                Subject::Role(key) => (None, Some(key.into())),
            };
            let names = concerned.iter().filter_map(|index| roles.get(*index)).map(|traced| RoleName {
                address: traced.role.address.clone(),
                name: traced.role.name.clone(),
            });
            let cause = Cause {
                set,
                role,
                include: include.map(Into::into),
                places,
                added: group.added,
                removed: group.removed,
                roles: names.collect(),
            };
            (concerned.to_vec(), cause)
        })
        .collect();
    causes
        .sort_by(|(_, a), (_, b)| (&a.places, &a.added, &a.removed).cmp(&(&b.places, &b.added, &b.removed)));
    drop(by_line);
    for (number, (concerned, cause)) in causes.iter().enumerate() {
        for index in concerned {
            let Some(Traced { role, added, removed }) = roles.get_mut(*index) else { continue };
            for (list, lines, of) in [
                (&mut role.permissions.added, &*added, &cause.added),
                (&mut role.permissions.removed, &*removed, &cause.removed),
            ] {
                for (permission, line) in list.iter_mut().zip(lines) {
                    let here = line.is_some_and(|line| line.belongs_to(cause));
                    if here && of.binary_search(&permission.value).is_ok() {
                        permission.cause = Some(number);
                    }
                }
            }
        }
    }
    causes.into_iter().map(|(_, cause)| cause).collect()
}

impl Line<'_> {
    fn belongs_to(&self, cause: &Cause) -> bool {
        let subject = match self.subject {
            Subject::Set(name) => cause.set.as_ref().is_some_and(|set| set.raw() == name),
            Subject::Role(key) => cause.role.as_ref().is_some_and(|role| role.raw() == key),
        };
        subject && self.include == cause.include.as_ref().map(Untrusted::raw)
    }
}
