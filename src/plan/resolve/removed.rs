//! Which roles go on purpose, and which earlier revisions protect.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    super::{change::Verdict, document::Guard, temporary},
    ResolvedRemoval, Resolver,
};
use crate::{
    contract,
    definition::emit,
    model::{
        Address, Code, Finding, Kind, RoleId, Scope, Site, Untrusted, Value,
        desired::{DesiredRole, Protect, Removal, RoleName, RoleRef},
        field,
        live::{Live, LiveObject},
    },
};

/// Most lines that a message offers.
const MOST_LINES: usize = 3;

impl<'a> Resolver<'a> {
    pub(super) fn removed(&mut self) -> BTreeMap<Untrusted, ResolvedRemoval<'a>> {
        let mut removed: BTreeMap<Untrusted, ResolvedRemoval<'a>> = BTreeMap::new();
        let matched = self.matches.iter().enumerate();
        let declared: BTreeMap<&Untrusted, usize> =
            matched.filter_map(|(index, (live, _))| Some((live.as_ref()?.id.as_ref()?, index))).collect();
        let mut missing: BTreeMap<(Site, Untrusted), Missing<'a>> = BTreeMap::new();
        let mut present: BTreeSet<Site> = BTreeSet::new();
        for (removal, earlier) in self.removals() {
            let site = removal.role.site;
            let mut is_missing = |name: &Untrusted, at: Option<&'a Scope>| {
                let of = missing.entry((site, name.clone())).or_insert_with(|| Missing::of(removal));
                of.places.extend(at);
            };
            let names = self.removed_names(&removal.role.value, earlier);
            let known = earlier.and_then(|role| self.known_as(role));
            let free = |found: &Vec<&'a LiveObject>| {
                found.iter().all(|live| live.id.as_ref().is_none_or(|id| !declared.contains_key(id)))
            };
            let written = earlier.map(|role| &role.scope).or(removal.scope.as_ref());
            let place = written.and_then(|scope| self.input.live.place(scope));
            if written.is_some() && place.is_none() {
                // A place that is not there has no role; one that is written wrongly hides one.
                is_missing(&names.first().cloned().unwrap_or_default(), written);
                if let Some(scope) = removal.scope.as_ref().filter(|_| !self.was_removed(removal)) {
                    self.place(scope, site);
                }
                continue;
            }
            let bearing = |name: &Untrusted| {
                let found = self.by_live_name.get(name).into_iter().flatten().copied();
                let found: Vec<_> =
                    found.filter(|live| place.is_none_or(|place| live.key.scope == *place)).collect();
                (!found.is_empty()).then_some(found)
            };
            // What the product shows, where a slug is what roles are known by.
            let shown = |name: &Untrusted| {
                let shows = |live: &&LiveObject| {
                    let here = place.is_none_or(|place| live.key.scope == *place);
                    here && shown_name(live).is_some_and(|shown| shown == name)
                };
                let found: Vec<_> = self.by_id.values().copied().filter(shows).collect();
                (!found.is_empty()).then_some(found)
            };
            let by_name = matches!(removal.role.value, RoleName::Live(_));
            let first = || bearing(names.first()?);
            let others = || names.iter().skip(1).filter_map(bearing).find(|found| free(found));
            let named = || first().or_else(others).or_else(|| shown(names.first().filter(|_| by_name)?));
            let candidates = known.map(|(live, _)| vec![live]).or_else(named).unwrap_or_default();
            let name = candidates
                .first()
                .map_or_else(|| names.first().cloned().unwrap_or_default(), |live| live.key.name.clone());
            // A key without a place means the role in each of them.
            let scopes: BTreeSet<&Scope> = candidates.iter().map(|live| &live.key.scope).collect();
            let everywhere = !by_name && removal.scope.is_none() && scopes.len() == candidates.len();
            match candidates.as_slice() {
                [] => is_missing(&name, written),
                several if several.len() > 1 && !everywhere => {
                    let message = format!("{} live roles are named `{}`", several.len(), name.raw());
                    // Those that stay declared are not meant.
                    let free = several
                        .iter()
                        .filter(|live| live.id.as_ref().is_none_or(|id| !declared.contains_key(id)));
                    let to = removal.reassign_to.as_ref().map(reference);
                    let lines: Vec<String> = free
                        .map(|live| emit::removal(live.key.name.raw(), &live.key.scope, to.as_deref()))
                        .map(|line| format!("`{line}`"))
                        .take(MOST_LINES)
                        .collect();
                    let help = match lines.as_slice() {
                        [] => "Say which one: `scope` beside it.".to_owned(),
                        lines => format!("Say which one: {}.", lines.join(" or ")),
                    };
                    let help = (scopes.len() > 1).then_some(help);
                    self.error(Code::Ambiguous, removal.role.site, message, "more than one live role", help);
                }
                _ => {}
            }
            if candidates.len() > 1 && !everywhere {
                continue;
            }
            present.extend(candidates.first().map(|_| site));
            let recorded = known.is_some_and(|(_, recorded)| recorded);
            for live in candidates {
                self.remove(removal, live, &names, recorded, &declared, &mut removed);
            }
        }
        for ((site, name), missing) in &missing {
            self.note_missing(name, missing, present.contains(site), &removed);
        }
        for removal in removed.values() {
            if let Some(RoleId::Live(to)) = &removal.reassign_to
                && let Some(gone) = removed.get(to)
            {
                let name = gone.live.key.name.raw();
                let message = format!(
                    "the holders of `{}` would move to `{name}`, which is removed too",
                    removal.live.key.name.raw()
                );
                let finding = Finding::new(Code::UnknownRole, message)
                    .at(removal.site, "its holders move")
                    .at(gone.site, "removed here")
                    .help("Name a role that stays.");
                self.findings.push(finding);
            }
        }
        removed
    }

    /// Whether the last recorded apply carried the same removal out: its place may be gone since.
    fn was_removed(&self, removal: &Removal) -> bool {
        let same = |one: &Removal| (&one.role.value, &one.scope) == (&removal.role.value, &removal.scope);
        self.input.earlier.applied.is_some_and(|applied| applied.removed.iter().any(same))
    }

    /// One live role goes on purpose.
    fn remove(
        &mut self,
        removal: &'a Removal,
        live: &'a LiveObject,
        names: &[Untrusted],
        recorded: bool,
        declared: &BTreeMap<&Untrusted, usize>,
        removed: &mut BTreeMap<Untrusted, ResolvedRemoval<'a>>,
    ) {
        let name = live.key.name.clone();
        if live.builtin {
            let message = format!("`{}` is a built-in role and is never deleted", name.raw());
            self.error(Code::Unsupported, removal.role.site, message, "built-in role", None);
            return;
        }
        if let Some(index) = live.id.as_ref().and_then(|id| declared.get(id)) {
            let role = &self.input.desired.roles[*index];
            // Who removes a name does not mean a role that gives the name up.
            let by_name = matches!(removal.role.value, RoleName::Live(_));
            let bears = role.id.is_some()
                || [&role.name].into_iter().chain(&role.previously).any(|given| given.value == name);
            if by_name && !bears {
                return;
            }
            let finding = Finding::new(
                Code::RemovedButDeclared,
                format!("role `{}` is removed and declared", role.key),
            )
            .at(removal.role.site, "removed here")
            .at(role.site, "declared here")
            .help("Keep one of the two.");
            self.findings.push(finding);
            return;
        }
        let reassign_to = removal.reassign_to.as_ref().and_then(|role| self.reassigned_to(role, live));
        if let Some(id) = &live.id {
            let site = removal.role.site;
            let unproven = recorded && !names.contains(&live.key.name);
            removed.insert(id.clone(), ResolvedRemoval { live, reassign_to, site, unproven });
        }
    }

    /// Where the holders of a removed role go: to a role that can be held wherever it is.
    fn reassigned_to(&mut self, to: &'a RoleRef, live: &LiveObject) -> Option<RoleId> {
        let at = &live.key.scope;
        let role = self.counting_role(to, at)?;
        let kind = |role: &RoleId| self.resource_type(role);
        let own = live.id.clone().map(RoleId::Live).and_then(|id| kind(&id));
        let (Some(own), Some(other)) = (own, kind(&role)) else { return Some(role) };
        if own == other {
            return Some(role);
        }
        let message = format!(
            "role `{}` is for resources of the type `{}`, and its holders would get one for `{}`",
            live.key.name.raw(),
            own.raw(),
            other.raw()
        );
        let help = format!("Name a role whose type is `{}`.", own.raw());
        self.error(Code::Unsupported, to.site, message, "of another type", Some(help));
        None
    }

    /// `protect` of an earlier revision still holds: it is lifted in a change of its own. A role is
    /// known by its id, written or recorded, else by its name, and by its key where that is still
    /// declared.
    pub(super) fn protected(&self) -> BTreeMap<Untrusted, BTreeSet<Protect>> {
        let mut protected: BTreeMap<Untrusted, BTreeSet<Protect>> = BTreeMap::new();
        let desired = self.input.desired.roles.iter().zip(&self.matches);
        let by_key: BTreeMap<(&str, &Scope), &LiveObject> =
            desired.filter_map(|(role, (live, _))| Some(((&*role.key, &role.scope), (*live)?))).collect();
        let earlier = self.input.earlier.protecting().flat_map(|state| &state.roles);
        for role in earlier.filter(|role| !role.protect.is_empty()) {
            let key = &(&*role.key, &role.scope);
            let by_id = role.id.as_ref().and_then(|id| self.by_id.get(&id.value)).copied();
            let known = [self.recorded_id(role), self.attested_id(role)].into_iter().flatten();
            let known = known.filter_map(|id| self.by_id.get(id)).copied();
            let by_name = if by_id.is_some() { Vec::new() } else { self.named_as(role) };
            let found = by_id.into_iter().chain(known).chain(by_name);
            for live in found.chain(by_key.get(key).copied()) {
                if let Some(id) = &live.id {
                    protected.entry(id.clone()).or_default().extend(&role.protect);
                }
            }
        }
        protected
    }

    /// Live roles that bear the name of an earlier one; where none does, one of the names that it had
    /// before: perhaps it was never renamed.
    fn named_as(&self, role: &DesiredRole) -> Vec<&'a LiveObject> {
        let bearing = |name: &Untrusted| -> Vec<&'a LiveObject> {
            let named = self.by_live_name.get(name).into_iter().flatten().copied();
            named.filter(|live| Some(&live.key.scope) == self.input.live.place(&role.scope)).collect()
        };
        let interrupted = temporary::name(&self.address(role));
        let names = [&role.natural().value].into_iter().chain(role.previously.iter().map(|name| &name.value));
        names.chain([&interrupted]).map(bearing).find(|found| !found.is_empty()).unwrap_or_default()
    }

    pub(super) fn address(&self, role: &DesiredRole) -> Address {
        Address::role(&self.input.target.name, &role.key, &role.scope)
    }

    /// The id that the record of the last apply has for a key. Of a role that no request tells of it would
    /// only be the name that it had.
    pub(super) fn recorded_id(&self, role: &DesiredRole) -> Option<&'a Untrusted> {
        let class = contract::role_class(self.input.spec, role.class);
        let ids = self.input.earlier.ids.filter(|_| class.is_none_or(|class| class.listed));
        ids?.get(&self.address(role))
    }

    /// The id that a reviewed snapshot has for a key.
    pub(super) fn attested_id(&self, role: &DesiredRole) -> Option<&'a Untrusted> {
        let at = self.input.live.place(&role.scope)?.clone();
        self.input.live.keys.get(&(Arc::clone(&role.key), at))
    }

    /// Each removal, once for every place in which an earlier revision had its key, with one such role.
    fn removals(&self) -> Vec<(&'a Removal, Option<&'a DesiredRole>)> {
        let parts = |removal: &'a Removal| {
            let earlier = match &removal.role.value {
                RoleName::Key(key) => self.earlier_with(key),
                RoleName::Builtin(_) | RoleName::Live(_) => Vec::new(),
            };
            let here = |role: &&DesiredRole| removal.scope.as_ref().is_none_or(|scope| *scope == role.scope);
            let earlier: Vec<_> = earlier.into_iter().filter(here).map(Some).collect();
            let parts = if earlier.is_empty() { vec![None] } else { earlier };
            parts.into_iter().map(move |role| (removal, role))
        };
        self.input.desired.removed.iter().flat_map(parts).collect()
    }

    /// The live role that the record or a snapshot has for a key that is removed, and whether the record
    /// alone does; a name is never looked up there.
    fn known_as(&self, declared: &DesiredRole) -> Option<(&'a LiveObject, bool)> {
        let fitting = |id: &Untrusted| {
            let live = self.by_id.get(id).copied()?;
            let here = self.input.live.place(&declared.scope) == Some(&live.key.scope);
            (live.key.class == declared.class && here).then_some(live)
        };
        let attested = self.attested_id(declared).and_then(fitting);
        let recorded = self.recorded_id(declared).and_then(fitting);
        let live = recorded.or(attested)?;
        Some((live, attested.is_none_or(|attested| attested.id != live.id)))
    }

    /// The roles that had this key in earlier revisions, one for each place.
    fn earlier_with(&self, key: &str) -> Vec<&'a DesiredRole> {
        let from = self.earlier_roles.range((key, &Scope::Target)..);
        let same = from.take_while(|((found, _), _)| *found == key);
        same.filter_map(|(_, roles)| roles.first().copied()).collect()
    }

    /// The live names that `removed` may mean, the likeliest first: a key stands for those that it had
    /// in earlier revisions.
    fn removed_names(&self, role: &RoleName, earlier: Option<&DesiredRole>) -> Vec<Untrusted> {
        let key = match role {
            RoleName::Live(name) | RoleName::Builtin(name) => return vec![name.clone()],
            RoleName::Key(key) => key,
        };
        let Some(first) = earlier else { return vec![Untrusted::new(key.clone())] };
        let all = || self.earlier_roles.get(&(&**key, &first.scope)).into_iter().flatten();
        let names = all().map(|role| &role.natural().value);
        // With a record the names that were in place are known, and who bears an older one today is
        // another role.
        let unknown = self.input.earlier.applied.is_none();
        let before = all().filter(|_| unknown).flat_map(|role| &role.previously).map(|name| &name.value);
        let interrupted = temporary::name(&self.address(first));
        names.chain(before).chain([&interrupted]).cloned().collect()
    }

    /// A role that is not there needs no removal, where the whole list was read. Of a key that stood in
    /// several places, those in which it is gone already need no word while the others are `present`.
    fn note_missing(
        &mut self,
        name: &Untrusted,
        missing: &Missing<'a>,
        present: bool,
        removed: &BTreeMap<Untrusted, ResolvedRemoval<'a>>,
    ) {
        if let Some(why) = self.input.live.incomplete_anywhere(Kind::Role) {
            self.verdicts.push(nobody_can_tell(name, why));
            return;
        }
        if present && !missing.says_where {
            return;
        }
        // Those that stay declared, or go, are not meant.
        let declared: BTreeSet<&Untrusted> =
            self.matches.iter().filter_map(|(live, _)| live.as_ref()?.id.as_ref()).collect();
        let alike = |(id, object): &(&&Untrusted, &&LiveObject)| {
            let known = declared.contains(**id) || removed.contains_key(**id);
            !object.builtin && !known && slug(object.key.name.raw()) == slug(name.raw())
        };
        let here: BTreeSet<&Scope> =
            missing.places.iter().filter_map(|scope| self.input.live.place(scope)).collect();
        let near = self.by_id.iter().filter(alike).map(|(_, object)| *object);
        // The nearest is the one in the place that is meant.
        let near = near.min_by_key(|object| !here.contains(&object.key.scope));
        let hint = near.map_or_else(String::new, |object| {
            let line = emit::removal(object.key.name.raw(), &object.key.scope, None);
            let place = contract::manual::place(&object.key.scope);
            format!(
                " A live role is named `{}`{}: write `{}` if you mean it.",
                object.key.name.raw(),
                place.map_or_else(String::new, |place| format!(" in {place}")),
                line.trim_start_matches("- ")
            )
        });
        let mut places: Vec<String> =
            missing.places.iter().filter_map(|scope| contract::manual::place(scope)).collect();
        if let Some(more) = places.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
            places.truncate(MOST_LINES);
            places.push(format!("in {more} more places"));
        }
        let (name, places) = (name.raw(), places.join(" or "));
        let missing = match (places.is_empty(), missing.says_where) {
            (true, _) => format!("`removed` names `{name}`, and no live role has that name."),
            (_, true) => {
                format!("`removed` names `{name}` in {places}, and no live role has that name there.")
            }
            (_, false) => format!("`removed` names `{name}`, and no live role has that name in {places}."),
        };
        self.notes.push(format!("{missing}{hint}").into());
    }
}

/// Where a role that is removed is not.
struct Missing<'a> {
    /// Whether `removed` says where, rather than earlier revisions.
    says_where: bool,
    /// The places.
    places: BTreeSet<&'a Scope>,
}

impl Missing<'_> {
    fn of(removal: &Removal) -> Self {
        Self { says_where: removal.scope.is_some(), places: BTreeSet::new() }
    }
}

/// What is refused where a role goes that no list shows, because the list is not whole.
pub(in crate::plan) fn nobody_can_tell(name: &Untrusted, why: &Untrusted) -> Verdict {
    let message =
        format!("nobody can tell whether role `{}` is there to be removed: {}", name.raw(), why.raw());
    Verdict::refuse(Guard::Incomplete, message, None)
}

/// A reference to a role as it is written.
fn reference(role: &RoleRef) -> String {
    match &role.value {
        RoleName::Key(key) => key.to_string(),
        RoleName::Builtin(id) => format!("builtin:{}", id.raw()),
        RoleName::Live(name) => name.raw().to_owned(),
    }
}

/// What the product shows, where that is not what a role is known by.
fn shown_name(live: &LiveObject) -> Option<&Untrusted> {
    match live.fields.get(field::NAME).and_then(Live::value) {
        Some(Value::Text(Some(name))) if *name != live.key.name => Some(name),
        _ => None,
    }
}

/// Lower-case letters and digits with single dashes: how a name would be written as a key.
fn slug(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}
