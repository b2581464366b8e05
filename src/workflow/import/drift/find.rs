//! From what drifted to the changes of files that would say it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    name_of,
    people::Moved,
    step::{Line, Rank, Step},
    take::{self, Input, Left, is_live},
};
use crate::{
    contract::{self, PermissionForm},
    definition::{
        Loaded,
        emit::{self, Meaning, PermissionRevision, Revision, RoleRevision},
    },
    model::{
        Kind, RoleId, Scope, Site, Untrusted, Value,
        desired::{DesiredRole, DesiredState, Protect, RoleName, Via},
        field,
        live::{Live, LiveObject},
    },
    plan::{
        change::{Change, RoleState, What},
        document::Reason,
        holders,
        resolve::{Resolved, ResolvedRole},
    },
    repo,
};

/// The stage at which people move.
pub(super) const PEOPLE: usize = 1;
/// The stage at which roles go.
pub(super) const GONE: usize = 2;

/// A declared role: its key, and one of the places where it lives.
type Id = (Arc<str>, Scope);

fn id(role: &DesiredRole) -> Id {
    (role.key.clone(), role.scope.clone())
}

/// What the definitions should say in the end.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// New names and descriptions.
    names: BTreeMap<Id, Untrusted>,
    descriptions: BTreeMap<Id, Option<Untrusted>>,
    /// The full set of every role: what one gains, no other gets through its base.
    permissions: BTreeMap<Id, BTreeSet<Untrusted>>,
    /// What roles gained or lost live.
    drifted: BTreeMap<Id, BTreeSet<Untrusted>>,
    /// How many hold a role that drifted.
    holders: BTreeMap<Id, Option<u64>>,
    /// Roles that are gone.
    gone: BTreeSet<Id>,
    /// Permissions that are resources of their own: what they are called, or that they are gone.
    own: BTreeMap<Untrusted, Option<PermissionRevision>>,
    /// The default role; the outer `None` is that it did not drift.
    default: Option<Option<RoleId>>,
    /// Who holds what.
    pub(super) people: Vec<Moved>,
}

/// Looks for drift in one reading of the definitions.
pub(super) struct Finder<'a> {
    pub(super) input: &'a Input<'a>,
    pub(super) loaded: &'a Loaded,
    pub(super) desired: &'a DesiredState,
    pub(super) resolved: &'a Resolved<'a>,
    /// Declared roles by live id.
    by_id: BTreeMap<&'a Untrusted, &'a ResolvedRole<'a>>,
    /// What protection forbids.
    pub(super) refused: Vec<Left>,
    /// What is left alone.
    pub(super) left: Vec<Left>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(
        input: &'a Input<'a>,
        loaded: &'a Loaded,
        desired: &'a DesiredState,
        resolved: &'a Resolved<'a>,
    ) -> Self {
        let by_id = resolved.roles.iter().filter_map(|role| Some((role.live?.id.as_ref()?, role))).collect();
        Self { input, loaded, desired, resolved, by_id, refused: Vec::new(), left: Vec::new() }
    }

    /// The declared role that a change is about.
    fn role(&self, change: &Change) -> Option<&'a ResolvedRole<'a>> {
        let by_id = change.id.as_ref().and_then(|id| self.by_id.get(id)).copied();
        by_id.or_else(|| self.resolved.roles.iter().find(|role| role.address == change.address))
    }

    /// The declared role that is this live one.
    pub(super) fn declared(&self, id: &Untrusted) -> Option<&'a ResolvedRole<'a>> {
        self.by_id.get(id).copied()
    }

    pub(super) fn path(&self, site: Site) -> Arc<str> {
        let source = self.loaded.sources.get(site.source);
        source.map_or_else(|| "".into(), |source| source.path.clone())
    }

    pub(super) fn leave(&mut self, what: String, why: &str, site: Option<Site>) {
        let place = take::place(self.loaded, site);
        self.left.push(Left { what: what.into(), why: why.into(), place, paste: None });
    }

    fn refuse(&mut self, what: String, role: &ResolvedRole<'_>, protect: Protect) {
        let place = take::place(self.loaded, Some(role.desired.site));
        let why = format!(
            "the role is protected against it (`protect` with `{}`, here or in an earlier revision)",
            protect.as_str()
        );
        self.refused.push(Left { what: what.into(), why: why.into(), place, paste: None });
    }

    /// What may not happen to a role: the strictest of the definitions, the base, and the last apply.
    fn protection(&self, change: &Change, role: &ResolvedRole<'_>) -> BTreeSet<Protect> {
        let id = role.live.and_then(|live| live.id.as_ref());
        let earlier = id.and_then(|id| self.resolved.protected.get(id));
        // Of a role that is gone nobody knows the id any more: its key has to do.
        let same =
            |other: &&DesiredRole| (&other.key, &other.scope) == (&role.desired.key, &role.desired.scope);
        let states = self.input.earlier.base.into_iter().chain(self.input.earlier.applied);
        let by_key = states.flat_map(|state| state.roles.iter().filter(same)).flat_map(|role| &role.protect);
        let own = change.protect.iter().chain(&role.desired.protect);
        own.chain(earlier.into_iter().flatten()).chain(by_key).copied().collect()
    }

    /// What the definitions should say, with what is refused and what is left alone.
    pub(super) fn wanted(&mut self) -> Wanted {
        let mut wanted = Wanted::default();
        for role in &self.resolved.roles {
            wanted.permissions.insert(id(role.desired), role.permissions.keys().cloned().collect());
        }
        let drift = self.input.drift;
        for change in drift {
            match &change.what {
                What::Role { before: Some(before), after: Some(after), .. } => {
                    self.changed(change, before, after, &mut wanted);
                }
                What::Role { before: None, .. } => self.gone(change, &mut wanted),
                What::Role { .. } if change.reason == Some(Reason::NeverDeclared) => {}
                What::Role { .. } => self.leave(
                    format!("role `{}` is there again", change.title.raw()),
                    "`removed` names it; take it out there and run `rolecall import` to declare it",
                    None,
                ),
                What::Permission { .. } if change.reason == Some(Reason::NeverDeclared) => {}
                What::Permission { slug, before, after } => {
                    self.permission(slug, before.as_ref(), after.as_ref(), &mut wanted);
                }
                What::Default { .. } | What::Assignment { .. } => {}
            }
        }
        for change in drift {
            match &change.what {
                What::Default { before, after } => self.default(before.as_ref(), after.as_ref(), &mut wanted),
                What::Assignment { class, scope, principal, before, after } if self.input.assignments => {
                    let (scope, principal, role) = (scope.clone(), principal.clone(), before.clone());
                    let moved = Moved { class, scope, principal, role };
                    // Whoever held a role that is put back gets it back.
                    let back = matches!(after, Some(RoleId::New(address)) if self.stays(address, &wanted));
                    if back {
                        self.leave(
                            self.called(&moved),
                            "their role is deleted, and is put back by the next apply",
                            None,
                        );
                    } else if self.is_moved(&moved, change, after.as_ref()) {
                        wanted.people.push(moved);
                    }
                }
                What::Role { .. } | What::Permission { .. } | What::Assignment { .. } => {}
            }
        }
        wanted
    }

    /// Whether the definitions keep a role that is not live.
    fn stays(&self, address: &crate::model::Address, wanted: &Wanted) -> bool {
        let role = self.resolved.roles.iter().find(|role| role.address == *address);
        role.is_some_and(|role| !wanted.gone.contains(&id(role.desired)))
    }

    /// A role that is there and differs.
    fn changed(&mut self, change: &Change, before: &RoleState, after: &RoleState, wanted: &mut Wanted) {
        let Some(role) = self.role(change) else {
            return self.leave(
                format!("role `{}` changed", change.title.raw()),
                "git no longer declares it",
                None,
            );
        };
        let (key, id) = (named(role.desired), id(role.desired));
        let site = Some(role.desired.site);
        if change.reason == Some(Reason::BaseChanged) {
            let why = "the provider changed its base role; the next apply follows";
            return self.leave(format!("role {key} lacks permissions of its base"), why, site);
        }
        let protect = self.protection(change, role);
        wanted.holders.insert(id.clone(), change.holders);
        if before.name != after.name && role.desired.name.value != before.name {
            let what = format!("role {key} is named `{}`", before.name.raw());
            if role.desired.name.value != after.name {
                self.leave(what, "git gave it another name since", site);
            } else if protect.contains(&Protect::Rename) {
                self.refuse(what, role, Protect::Rename);
            } else {
                wanted.names.insert(id.clone(), before.name.clone());
            }
        }
        if before.description != after.description {
            self.description(change, role, before, after, wanted);
        }
        let Some(now) = &before.permissions else {
            let what = format!("the permissions of role {key}");
            return self.leave(what, "they cannot be read", site);
        };
        let then = after.permissions.clone().unwrap_or_default();
        let mut set = wanted.permissions.remove(&id).unwrap_or_default();
        for permission in now.symmetric_difference(&then) {
            let gained = now.contains(permission);
            if set.contains(permission) == gained {
                continue;
            }
            let flat = self.input.spec.permission_form() == PermissionForm::Flat;
            let (what, protect_of) = if gained {
                (format!("role {key} gained `{}`", permission.raw()), Protect::Add)
            } else {
                (format!("role {key} lost `{}`", permission.raw()), Protect::Remove)
            };
            if protect.contains(&protect_of) {
                self.refuse(what, role, protect_of);
            } else if !flat && !permission.raw().contains(':') {
                self.leave(what, "the permission names no access, so that definitions cannot say it", site);
            } else {
                wanted.drifted.entry(id.clone()).or_default().insert(permission.clone());
                if gained {
                    set.insert(permission.clone());
                } else {
                    set.remove(permission);
                }
            }
        }
        wanted.permissions.insert(id, set);
    }

    fn description(
        &mut self,
        change: &Change,
        role: &ResolvedRole<'_>,
        before: &RoleState,
        after: &RoleState,
        wanted: &mut Wanted,
    ) {
        let key = named(role.desired);
        let text = |text: Option<&Option<Untrusted>>| text.cloned().flatten().filter(|text| !text.is_empty());
        // What is not managed does not drift.
        let Some(declared) = &role.desired.description else { return };
        let (now, said) = (text(before.description.as_ref()), text(Some(&declared.value)));
        let what = format!("the description of role {key}");
        let site = Some(declared.site);
        let live = self.input.live.of(Kind::Role).find(|live| live.id == change.id);
        let unreadable =
            |live: &LiveObject| matches!(live.fields.get(field::DESCRIPTION), Some(Live::Unreadable));
        if live.is_some_and(unreadable) {
            self.leave(what, "it cannot be read", site);
        } else if now == said {
        } else if said != text(after.description.as_ref()) {
            self.leave(what, "git changed it since, too", site);
        } else {
            wanted.descriptions.insert(id(role.desired), now);
        }
    }

    /// A role that is not there any more.
    fn gone(&mut self, change: &Change, wanted: &mut Wanted) {
        let Some(role) = self.role(change).filter(|role| role.live.is_none()) else { return };
        let what = format!("role {} is deleted", named(role.desired));
        if let Some(why) = self.input.live.incomplete_anywhere(Kind::Role) {
            let why = format!("the read is incomplete: {}", why.raw());
            self.leave(what, &why, Some(role.desired.site));
        } else if self.protection(change, role).contains(&Protect::Delete) {
            self.refuse(what, role, Protect::Delete);
        } else {
            wanted.gone.insert(id(role.desired));
        }
    }

    /// A permission that is a resource of its own, and differs or is gone.
    fn permission(
        &mut self,
        slug: &Untrusted,
        before: Option<&RoleState>,
        after: Option<&RoleState>,
        wanted: &mut Wanted,
    ) {
        let declared = self.desired.permissions.get(slug);
        let site = declared.map(|declared| declared.site);
        let what = |what: &str| format!("permission `{}` {what}", slug.raw());
        let (Some(declared), Some(after)) = (declared, after) else {
            let why = match before {
                Some(_) => "`removed` names it; take it out there and run `rolecall import` to declare it",
                None => "git no longer declares it",
            };
            return self.leave(what("is there again"), why, site);
        };
        let Some(before) = before else {
            wanted.own.insert(slug.clone(), None);
            return;
        };
        let since = "git changed it since, too";
        let mut change = PermissionRevision::default();
        if before.name != after.name && declared.name.value != before.name {
            match declared.name.value == after.name {
                true => change.name = Some(before.name.clone()),
                false => self.leave(what("has another name"), since, site),
            }
        }
        let text = |text: Option<&Option<Untrusted>>| text.cloned().flatten().filter(|text| !text.is_empty());
        // What is not managed does not drift.
        if let Some(said) = &declared.description {
            let (now, then) = (text(before.description.as_ref()), text(after.description.as_ref()));
            let said = text(Some(&said.value));
            if now != then && now != said {
                match said == then {
                    true => change.description = Some(now),
                    false => self.leave(what("has another description"), since, site),
                }
            }
        }
        if before.fields != after.fields {
            let why = "a type never changes: somebody deleted it and made another one with its slug";
            self.leave(what("is for another type of resource"), why, site);
        }
        if change != PermissionRevision::default() {
            wanted.own.insert(slug.clone(), Some(change));
        }
    }

    fn default(&mut self, before: Option<&RoleId>, after: Option<&RoleId>, wanted: &mut Wanted) {
        let Some(declared) = &self.resolved.default else { return };
        let site = Some(declared.site);
        let live = self.input.live.of(Kind::Default).next();
        let known = live.and_then(|live| live.fields.get(field::ROLE)?.value());
        if !matches!(known, Some(Value::Role(_))) {
            self.leave("the default role".to_owned(), "it cannot be read", site);
        } else if declared.role.as_ref() == before {
        } else if declared.role.as_ref() != after {
            self.leave("the default role".to_owned(), "git changed it since, too", site);
        } else {
            wanted.default = Some(before.cloned());
        }
    }

    /// The changes that are left to make at a stage: first roles, then people, who may hold a role that
    /// has become declared, then roles that go, when nobody is assigned to them any more.
    pub(super) fn steps(&mut self, wanted: &Wanted, stage: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut by_key: BTreeMap<&Arc<str>, Vec<&ResolvedRole<'_>>> = BTreeMap::new();
        for role in &self.resolved.roles {
            by_key.entry(&role.desired.key).or_default().push(role);
        }
        for roles in by_key.values() {
            self.steps_of(roles, wanted, &mut steps);
        }
        for (slug, change) in wanted.own.iter().filter(|(_, change)| change.is_some() || stage >= GONE) {
            steps.extend(self.permission_step(slug, change.as_ref()));
        }
        if stage >= PEOPLE {
            self.default_step(wanted, &mut steps);
            steps.extend(wanted.people.iter().filter_map(|moved| self.person_step(moved)));
        }
        if stage >= GONE {
            for roles in by_key.values() {
                let gone: Vec<&ResolvedRole<'_>> =
                    roles.iter().copied().filter(|role| wanted.gone.contains(&id(role.desired))).collect();
                match gone.as_slice() {
                    [] => {}
                    [first, ..] if gone.len() == roles.len() => steps.push(self.drop_step(first)),
                    some => steps.extend(some.iter().map(|role| self.leave_step(role))),
                }
            }
        }
        for step in &mut steps {
            self.share(step);
        }
        steps
    }

    /// A file that serves several targets is not changed for one of them.
    fn share(&self, step: &mut Step) {
        let Some(config) = &self.loaded.config else { return };
        let others = config.targets.iter().filter(|other| other.name != self.input.target.name);
        let serves = |target: &crate::model::config::Target, path: &str| {
            let patterns: Vec<Arc<str>> = target.files.iter().map(|pattern| pattern.value.clone()).collect();
            repo::is_meant(&patterns, path)
        };
        for other in others {
            if let Some((path, _)) = step.edits.iter().find(|(path, _)| serves(other, path)) {
                let note = format!(
                    " (`{path}` is also a file of target `{}`: check that both shall change)",
                    other.name
                );
                step.by_hand.push_str(&note);
                return;
            }
        }
    }

    /// What is said of a role in all of its places: where everything of it drifted alike, in the role
    /// itself, otherwise under `overrides`.
    fn steps_of(&self, roles: &[&ResolvedRole<'_>], wanted: &Wanted, steps: &mut Vec<Step>) {
        let stay: Vec<&ResolvedRole<'_>> =
            roles.iter().copied().filter(|role| !wanted.gone.contains(&id(role.desired))).collect();
        let changes: Vec<Vec<Piece>> = stay.iter().map(|role| self.pieces(role, wanted)).collect();
        let (Some(first), Some(pieces)) = (stay.first(), changes.first()) else { return };
        let alike = |other: &Vec<Piece>| {
            other.len() == pieces.len() && other.iter().zip(pieces).all(|(a, b)| a.change == b.change)
        };
        if stay.len() == roles.len() && changes.iter().all(alike) {
            steps.extend(pieces.iter().map(|piece| self.role_step(first, piece, None, wanted)));
            return;
        }
        for (role, pieces) in stay.iter().zip(&changes) {
            let place = Some(&role.desired.scope);
            steps.extend(pieces.iter().map(|piece| self.role_step(role, piece, place, wanted)));
        }
    }

    /// One change of a role: everywhere, or in one place.
    fn role_step(
        &self,
        role: &ResolvedRole<'_>,
        piece: &Piece,
        place: Option<&Scope>,
        wanted: &Wanted,
    ) -> Step {
        let key = &role.desired.key;
        let name = match place {
            Some(_) => named(role.desired),
            None => format!("`{key}`"),
        };
        let held = match wanted.holders.get(&id(role.desired)).copied().flatten() {
            Some(number) if number > 0 => {
                let kinds = holders::kinds(self.input.spec, number, &BTreeMap::new());
                let hold = if number == 1 { "holds" } else { "hold" };
                format!(", which {} {hold},", holders::words(number, &kinds))
            }
            _ => String::new(),
        };
        let subject = format!("role {name}{held}");
        let lines = piece.lines.iter().map(|(rank, verb, object)| Line::new(*rank, &subject, verb, object));
        let mut change = piece.change.clone();
        if place.is_some() {
            // What the role itself says stays for its other places.
            change.except.extend(change.revoke.iter().cloned());
        }
        let (revision, meaning) = match place {
            Some(Scope::In { path, .. }) => (
                Revision::RoleIn { key: key.clone(), path: path.clone(), change: change.clone() },
                Meaning::RoleIn { key: key.clone(), scope: role.desired.scope.clone(), change },
            ),
            _ => (
                Revision::Role { key: key.clone(), change: change.clone() },
                Meaning::Role { key: key.clone(), change },
            ),
        };
        let under = if place.is_some() { ", under `overrides`" } else { "" };
        Step {
            id: format!("{} {name}", piece.what),
            lines: lines.collect(),
            edits: vec![(self.path(role.desired.site), revision)],
            means: vec![meaning],
            site: Some(piece.site),
            by_hand: format!("role {name}{under}: {}", piece.by_hand),
        }
    }

    /// What the definition of a role has to say otherwise.
    fn pieces(&self, role: &ResolvedRole<'_>, wanted: &Wanted) -> Vec<Piece> {
        let id = id(role.desired);
        let key = &role.desired.key;
        let mut pieces = Vec::new();
        let piece = |what, lines, change, by_hand, site| Piece { what, lines, change, by_hand, site };
        // Where another role has the name, only the id tells which one is meant.
        let own_id = role.live.filter(|_| role.desired.id.is_none()).and_then(|live| {
            let twin = |other: &&LiveObject| other.key == live.key && other.id != live.id;
            let shared = self.input.live.of(Kind::Role).any(|other| twin(&other));
            live.id.clone().filter(|_| shared)
        });
        if let Some(id) = own_id {
            let line = (Rank::Texts, "needs", "its `id`: another role has its name".to_owned());
            let by_hand = format!("the line `id: {}`", id.raw());
            let change = RoleRevision { id: Some(id), ..RoleRevision::default() };
            pieces.push(piece("id", vec![line], change, by_hand, role.desired.site));
        }
        if let Some(name) = wanted.names.get(&id).filter(|name| **name != role.desired.name.value) {
            let naming = role.live.map(|live| emit::naming(key, live, self.input.live, self.input.spec));
            // A slug tells which role it is, whatever it is called.
            let unnamed = role.desired.id.is_none() && role.desired.slug.is_none();
            let id = naming.and_then(Result::ok).flatten().filter(|_| unnamed);
            let line = (Rank::Texts, "is named", format!("`{}`", name.raw()));
            let by_hand = format!("the name `{}`", name.raw());
            let change = RoleRevision { name: Some(name.clone()), id, ..RoleRevision::default() };
            pieces.push(piece("name", vec![line], change, by_hand, role.desired.name.site));
        }
        if let (Some(text), Some(declared)) = (wanted.descriptions.get(&id), &role.desired.description)
            && *text != declared.value.clone().filter(|text| !text.is_empty())
        {
            let what = if text.is_some() { "another description" } else { "no description" };
            let line = (Rank::Texts, "has", what.to_owned());
            let change = RoleRevision { description: Some(text.clone()), ..RoleRevision::default() };
            pieces.push(piece("description", vec![line], change, what.to_owned(), declared.site));
        }
        let Some(set) = wanted.permissions.get(&id) else { return pieces };
        let drifted =
            |permission: &Untrusted| wanted.drifted.get(&id).is_some_and(|set| set.contains(permission));
        let names = |set: &BTreeSet<Untrusted>| {
            set.iter().map(|one| format!("`{}`", one.raw())).collect::<Vec<_>>().join(", ")
        };
        let (mut give, mut take) = (RoleRevision::default(), RoleRevision::default());
        let (mut gives, mut takes) = (Vec::new(), Vec::new());
        for permission in set.iter().filter(|permission| !role.permissions.contains_key(*permission)) {
            let excepted = role.desired.except.contains_key(permission);
            let into = if excepted { &mut give.readmit } else { &mut give.grant };
            into.insert(permission.clone());
            let name = permission.raw().to_owned();
            gives.push(match drifted(permission) {
                true => (Rank::Gives, "gained", name),
                false => (Rank::Texts, "keeps of its own", name),
            });
        }
        for (permission, via) in role.permissions.iter().filter(|(permission, _)| !set.contains(*permission))
        {
            let own = matches!(via, Via::Own(_));
            let into = if own { &mut take.revoke } else { &mut take.except };
            into.insert(permission.clone());
            let name = permission.raw().to_owned();
            takes.push(match drifted(permission) {
                true => (Rank::Takes, "lost", name),
                false => (Rank::Texts, "still goes without", name),
            });
        }
        if !gives.is_empty() {
            let added: BTreeSet<Untrusted> = give.grant.union(&give.readmit).cloned().collect();
            let by_hand = format!("add {}", names(&added));
            pieces.push(piece("grant", gives, give, by_hand, role.desired.site));
        }
        if !takes.is_empty() {
            let gone: BTreeSet<Untrusted> = take.revoke.union(&take.except).cloned().collect();
            let by_hand = format!("take out {}", names(&gone));
            pieces.push(piece("revoke", takes, take, by_hand, role.desired.site));
        }
        pieces
    }

    /// A declared permission is called otherwise, or goes; `None` where the definitions say so already.
    fn permission_step(&self, slug: &Untrusted, change: Option<&PermissionRevision>) -> Option<Step> {
        let declared = self.desired.permissions.get(slug)?;
        let subject = format!("permission `{}`", slug.raw());
        let text = |text: &Option<Untrusted>| text.clone().filter(|text| !text.is_empty());
        let (mut lines, mut by_hand) = (Vec::new(), Vec::new());
        let change = match change {
            None => {
                lines.push(Line::new(Rank::Takes, &subject, "is", "deleted"));
                by_hand.push("take it out".to_owned());
                None
            }
            Some(change) => {
                let name = change.name.clone().filter(|name| *name != declared.name.value);
                let said = declared.description.as_ref().map(|said| text(&said.value));
                let description = change.description.clone().filter(|new| said.as_ref() != Some(&text(new)));
                if let Some(name) = &name {
                    lines.push(Line::new(Rank::Texts, &subject, "is named", &format!("`{}`", name.raw())));
                    by_hand.push(format!("the name `{}`", name.raw()));
                }
                if let Some(description) = &description {
                    let what = if description.is_some() { "another description" } else { "no description" };
                    lines.push(Line::new(Rank::Texts, &subject, "has", what));
                    by_hand.push(what.to_owned());
                }
                Some(PermissionRevision { name, description })
            }
        };
        (!lines.is_empty()).then(|| Step {
            id: format!("permission {}", slug.raw()),
            lines,
            edits: vec![(
                self.path(declared.site),
                Revision::Permission { slug: slug.clone(), change: change.clone() },
            )],
            means: vec![Meaning::Permission { slug: slug.clone(), change }],
            site: Some(declared.site),
            by_hand: format!("{subject}: {}", by_hand.join(", ")),
        })
    }

    fn default_step(&mut self, wanted: &Wanted, steps: &mut Vec<Step>) {
        let (Some(role), Some(declared)) = (&wanted.default, &self.resolved.default) else { return };
        if declared.role == *role {
            return;
        }
        let possible = self.input.spec.default_role();
        let (written, means) = match role {
            None if possible.is_some_and(|possible| possible.none) => (Some("none".to_owned()), Some(None)),
            None => (None, None),
            Some(role) => match self.named(role) {
                Some(name) => (Some(written(&name)), Some(Some(name))),
                None => {
                    let name = name_of(self.input.live, self.desired, role);
                    let what = format!("the default role is `{}`", name.raw());
                    let why = "it is not declared: `rolecall import` it first";
                    return self.by_hand_once(what, why, declared.site, steps);
                }
            },
        };
        let called = role.as_ref().map_or_else(
            || "none".to_owned(),
            |role| format!("`{}`", name_of(self.input.live, self.desired, role).raw()),
        );
        let rank = if role.is_some() { Rank::Gives } else { Rank::Takes };
        steps.push(Step {
            id: "default".to_owned(),
            lines: vec![Line::new(rank, "the default role", "is", &called)],
            edits: vec![(self.path(declared.site), Revision::Default(written))],
            means: vec![Meaning::Default(means)],
            site: Some(declared.site),
            by_hand: format!("the default role {called}"),
        });
    }

    /// A step that cannot be made, so that it is said once.
    pub(super) fn by_hand_once(&self, what: String, why: &str, site: Site, steps: &mut Vec<Step>) {
        let mut step = Step {
            id: what.clone(),
            lines: Vec::new(),
            edits: Vec::new(),
            means: vec![Meaning::Impossible],
            site: Some(site),
            by_hand: what,
        };
        step.by_hand.push_str(" – ");
        step.by_hand.push_str(why);
        steps.push(step);
    }

    fn drop_step(&self, role: &ResolvedRole<'_>) -> Step {
        let key = &role.desired.key;
        let names = |name: &RoleName| matches!(name, RoleName::Key(other) if other == key);
        let mut paths = BTreeSet::from([self.path(role.desired.site)]);
        let assigned = self.desired.assignments.iter().filter(|one| names(&one.role.value));
        paths.extend(assigned.map(|one| self.path(one.role.site)));
        let exclusive = self.desired.exclusive.iter().filter(|list| names(&list.role.value));
        paths.extend(exclusive.map(|list| self.path(list.role.site)));
        Step {
            id: format!("drop {key}"),
            lines: vec![Line::new(Rank::Takes, &format!("role `{key}`"), "is", "deleted")],
            edits: paths.into_iter().map(|path| (path, Revision::DropRole { key: key.clone() })).collect(),
            means: vec![Meaning::Gone { key: key.clone() }],
            site: Some(role.desired.site),
            by_hand: format!("role `{key}`: take it out, with its assignments and what refers to it"),
        }
    }

    /// A role is gone from one of its places, and lives on in others.
    fn leave_step(&self, role: &ResolvedRole<'_>) -> Step {
        let (key, scope) = id(role.desired);
        let name = named(role.desired);
        let (edits, meaning) = match &scope {
            Scope::In { path, .. } => {
                let revision = Revision::LeavePlace { key: key.clone(), path: path.clone() };
                let meaning = Meaning::GoneFrom { key, scope: scope.clone() };
                (vec![(self.path(role.desired.site), revision)], meaning)
            }
            Scope::Target | Scope::Level(_) => (Vec::new(), Meaning::Impossible),
        };
        Step {
            id: format!("leave {name}"),
            lines: vec![Line::new(Rank::Takes, &format!("role {name}"), "is", "deleted")],
            edits,
            means: vec![meaning],
            site: Some(role.desired.place),
            by_hand: format!("role {name}: take the place out of its `scope`, with who holds it there"),
        }
    }

    /// How the definitions name a role; `None` where they do not declare it.
    pub(super) fn named(&self, role: &RoleId) -> Option<RoleName> {
        let RoleId::Live(id) = role else { return None };
        if let Some(role) = self.declared(id) {
            return Some(RoleName::Key(role.desired.key.clone()));
        }
        let live = self.input.live.of(Kind::Role).find(|live| is_live(role, live.id.as_ref()))?;
        live.builtin.then(|| RoleName::Builtin(id.clone()))
    }
}

/// One thing that the definition of a role has to say otherwise.
struct Piece {
    /// Which kind of thing, the same whenever it is looked for.
    what: &'static str,
    /// What it does, how, and what about: the lines of the summary without whom it is about.
    lines: Vec<(Rank, &'static str, String)>,
    change: RoleRevision,
    /// What a person would write.
    by_hand: String,
    site: Site,
}

/// What to call a role, with its place where that is not the whole target.
fn named(role: &DesiredRole) -> String {
    match contract::manual::place(&role.scope) {
        Some(place) => format!("`{}` in {place}", role.key),
        None => format!("`{}`", role.key),
    }
}

/// A reference to a role as it is written.
pub(super) fn written(role: &RoleName) -> String {
    match role {
        RoleName::Key(key) => key.to_string(),
        RoleName::Builtin(id) => format!("builtin:{}", id.raw()),
        RoleName::Live(name) => name.raw().to_owned(),
    }
}
