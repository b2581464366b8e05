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
    contract::PermissionForm,
    definition::{
        Loaded,
        emit::{self, Meaning, Revision, RoleRevision},
    },
    model::{
        Kind, RoleId, Site, Untrusted, Value,
        desired::{DesiredState, Protect, RoleName, Via},
        field,
        live::{Live, LiveObject},
    },
    plan::{
        change::{Change, RoleState, What},
        document::Reason,
        resolve::{Resolved, ResolvedRole},
    },
    repo,
};

/// The stage at which people move.
pub(super) const PEOPLE: usize = 1;
/// The stage at which roles go.
pub(super) const GONE: usize = 2;

/// What the definitions should say in the end.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// New names and descriptions by key.
    names: BTreeMap<Arc<str>, Untrusted>,
    descriptions: BTreeMap<Arc<str>, Option<Untrusted>>,
    /// The full set of every role: what one gains, no other gets through its base.
    permissions: BTreeMap<Arc<str>, BTreeSet<Untrusted>>,
    /// What roles gained or lost live, by key.
    drifted: BTreeMap<Arc<str>, BTreeSet<Untrusted>>,
    /// How many hold a role that drifted.
    holders: BTreeMap<Arc<str>, Option<u64>>,
    /// Roles that are gone.
    gone: BTreeSet<Arc<str>>,
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
        let same = |other: &&crate::model::desired::DesiredRole| {
            (&other.key, &other.scope) == (&role.desired.key, &role.desired.scope)
        };
        let states = self.input.earlier.base.into_iter().chain(self.input.earlier.applied);
        let by_key = states.flat_map(|state| state.roles.iter().filter(same)).flat_map(|role| &role.protect);
        let own = change.protect.iter().chain(&role.desired.protect);
        own.chain(earlier.into_iter().flatten()).chain(by_key).copied().collect()
    }

    /// What the definitions should say, with what is refused and what is left alone.
    pub(super) fn wanted(&mut self) -> Wanted {
        let mut wanted = Wanted::default();
        for role in &self.resolved.roles {
            wanted.permissions.insert(role.desired.key.clone(), role.permissions.keys().cloned().collect());
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
                What::Role { .. } | What::Assignment { .. } => {}
            }
        }
        wanted
    }

    /// Whether the definitions keep a role that is not live.
    fn stays(&self, address: &crate::model::Address, wanted: &Wanted) -> bool {
        let role = self.resolved.roles.iter().find(|role| role.address == *address);
        role.is_some_and(|role| !wanted.gone.contains(&role.desired.key))
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
        let key = &role.desired.key;
        let site = Some(role.desired.site);
        if change.reason == Some(Reason::BaseChanged) {
            let why = "the provider changed its base role; the next apply follows";
            return self.leave(format!("role `{key}` lacks permissions of its base"), why, site);
        }
        let protect = self.protection(change, role);
        wanted.holders.insert(key.clone(), change.holders);
        if before.name != after.name && role.desired.name.value != before.name {
            let what = format!("role `{key}` is named `{}`", before.name.raw());
            if role.desired.name.value != after.name {
                self.leave(what, "git gave it another name since", site);
            } else if protect.contains(&Protect::Rename) {
                self.refuse(what, role, Protect::Rename);
            } else {
                wanted.names.insert(key.clone(), before.name.clone());
            }
        }
        if before.description != after.description {
            self.description(change, role, before, after, wanted);
        }
        let Some(now) = &before.permissions else {
            let what = format!("the permissions of role `{key}`");
            return self.leave(what, "they cannot be read", site);
        };
        let then = after.permissions.clone().unwrap_or_default();
        let mut set = wanted.permissions.remove(key).unwrap_or_default();
        for permission in now.symmetric_difference(&then) {
            let gained = now.contains(permission);
            if set.contains(permission) == gained {
                continue;
            }
            let flat = self.input.spec.permission_form() == PermissionForm::Flat;
            let (what, protect_of) = if gained {
                (format!("role `{key}` gained `{}`", permission.raw()), Protect::Add)
            } else {
                (format!("role `{key}` lost `{}`", permission.raw()), Protect::Remove)
            };
            if protect.contains(&protect_of) {
                self.refuse(what, role, protect_of);
            } else if !flat && !permission.raw().contains(':') {
                self.leave(what, "the permission names no access, so that definitions cannot say it", site);
            } else {
                wanted.drifted.entry(key.clone()).or_default().insert(permission.clone());
                if gained {
                    set.insert(permission.clone());
                } else {
                    set.remove(permission);
                }
            }
        }
        wanted.permissions.insert(key.clone(), set);
    }

    fn description(
        &mut self,
        change: &Change,
        role: &ResolvedRole<'_>,
        before: &RoleState,
        after: &RoleState,
        wanted: &mut Wanted,
    ) {
        let key = &role.desired.key;
        let text = |text: Option<&Option<Untrusted>>| text.cloned().flatten().filter(|text| !text.is_empty());
        // What is not managed does not drift.
        let Some(declared) = &role.desired.description else { return };
        let (now, said) = (text(before.description.as_ref()), text(Some(&declared.value)));
        let what = format!("the description of role `{key}`");
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
            wanted.descriptions.insert(key.clone(), now);
        }
    }

    /// A role that is not there any more.
    fn gone(&mut self, change: &Change, wanted: &mut Wanted) {
        let Some(role) = self.role(change).filter(|role| role.live.is_none()) else { return };
        let what = format!("role `{}` is deleted", role.desired.key);
        if let Some(why) = self.input.live.incomplete_anywhere(Kind::Role) {
            let why = format!("the read is incomplete: {}", why.raw());
            self.leave(what, &why, Some(role.desired.site));
        } else if self.protection(change, role).contains(&Protect::Delete) {
            self.refuse(what, role, Protect::Delete);
        } else {
            wanted.gone.insert(role.desired.key.clone());
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
        for role in &self.resolved.roles {
            if wanted.gone.contains(&role.desired.key) {
                continue;
            }
            self.role_steps(role, wanted, &mut steps);
        }
        if stage >= PEOPLE {
            self.default_step(wanted, &mut steps);
            steps.extend(wanted.people.iter().filter_map(|moved| self.person_step(moved)));
        }
        if stage >= GONE {
            let gone = self.resolved.roles.iter().filter(|role| wanted.gone.contains(&role.desired.key));
            steps.extend(gone.map(|role| self.drop_step(role)).collect::<Vec<_>>());
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

    fn role_steps(&self, role: &ResolvedRole<'_>, wanted: &Wanted, steps: &mut Vec<Step>) {
        let key = &role.desired.key;
        let path = self.path(role.desired.site);
        let held = match wanted.holders.get(key).copied().flatten() {
            Some(1) => ", which 1 person holds,".to_owned(),
            Some(count) if count > 1 => format!(", which {count} people hold,"),
            _ => String::new(),
        };
        let subject = format!("role `{key}`{held}");
        let step = |what: &str, lines: Vec<Line>, change: RoleRevision, by_hand: String, site: Site| Step {
            id: format!("{what} {key}"),
            lines,
            edits: vec![(path.clone(), Revision::Role { key: key.clone(), change: change.clone() })],
            means: vec![Meaning::Role { key: key.clone(), change }],
            site: Some(site),
            by_hand,
        };
        // Where another role has the name, only the id tells which one is meant.
        let id = role.live.filter(|_| role.desired.id.is_none()).and_then(|live| {
            let twin = |other: &&LiveObject| other.key.name == live.key.name && other.id != live.id;
            let shared = self.input.live.of(Kind::Role).any(|other| twin(&other));
            live.id.clone().filter(|_| shared)
        });
        if let Some(id) = id {
            let line = Line::new(Rank::Texts, &subject, "needs", "its `id`: another role has its name");
            let by_hand = format!("role `{key}`: the line `id: {}`", id.raw());
            let change = RoleRevision { id: Some(id), ..RoleRevision::default() };
            steps.push(step("id", vec![line], change, by_hand, role.desired.site));
        }
        if let Some(name) = wanted.names.get(key).filter(|name| **name != role.desired.name.value) {
            let naming = role.live.map(|live| emit::naming(key, live, self.input.live, self.input.spec));
            let id = naming.and_then(Result::ok).flatten().filter(|_| role.desired.id.is_none());
            let line = Line::new(Rank::Texts, &subject, "is named", &format!("`{}`", name.raw()));
            let by_hand = format!("role `{key}`: the name `{}`", name.raw());
            let change = RoleRevision { name: Some(name.clone()), id, ..RoleRevision::default() };
            steps.push(step("name", vec![line], change, by_hand, role.desired.name.site));
        }
        if let (Some(text), Some(declared)) = (wanted.descriptions.get(key), &role.desired.description)
            && *text != declared.value.clone().filter(|text| !text.is_empty())
        {
            let what = if text.is_some() { "another description" } else { "no description" };
            let line = Line::new(Rank::Texts, &subject, "has", what);
            let change = RoleRevision { description: Some(text.clone()), ..RoleRevision::default() };
            steps.push(step(
                "description",
                vec![line],
                change,
                format!("role `{key}`: {what}"),
                declared.site,
            ));
        }
        let Some(set) = wanted.permissions.get(key) else { return };
        let drifted =
            |permission: &Untrusted| wanted.drifted.get(key).is_some_and(|set| set.contains(permission));
        let names = |set: &BTreeSet<Untrusted>| {
            set.iter().map(|one| format!("`{}`", one.raw())).collect::<Vec<_>>().join(", ")
        };
        let (mut give, mut take) = (RoleRevision::default(), RoleRevision::default());
        let (mut gives, mut takes) = (Vec::new(), Vec::new());
        for permission in set.iter().filter(|permission| !role.permissions.contains_key(*permission)) {
            let excepted = role.desired.except.contains_key(permission);
            let into = if excepted { &mut give.readmit } else { &mut give.grant };
            into.insert(permission.clone());
            gives.push(if drifted(permission) {
                Line::new(Rank::Gives, &subject, "gained", permission.raw())
            } else {
                Line::new(Rank::Texts, &subject, "keeps of its own", permission.raw())
            });
        }
        for (permission, via) in role.permissions.iter().filter(|(permission, _)| !set.contains(*permission))
        {
            let own = matches!(via, Via::Own(_));
            let into = if own { &mut take.revoke } else { &mut take.except };
            into.insert(permission.clone());
            takes.push(if drifted(permission) {
                Line::new(Rank::Takes, &subject, "lost", permission.raw())
            } else {
                Line::new(Rank::Texts, &subject, "still goes without", permission.raw())
            });
        }
        if !gives.is_empty() {
            let added: BTreeSet<Untrusted> = give.grant.union(&give.readmit).cloned().collect();
            let by_hand = format!("role `{key}`: add {}", names(&added));
            steps.push(step("grant", gives, give, by_hand, role.desired.site));
        }
        if !takes.is_empty() {
            let gone: BTreeSet<Untrusted> = take.revoke.union(&take.except).cloned().collect();
            let by_hand = format!("role `{key}`: take out {}", names(&gone));
            steps.push(step("revoke", takes, take, by_hand, role.desired.site));
        }
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

/// A reference to a role as it is written.
pub(super) fn written(role: &RoleName) -> String {
    match role {
        RoleName::Key(key) => key.to_string(),
        RoleName::Builtin(id) => format!("builtin:{}", id.raw()),
        RoleName::Live(name) => name.raw().to_owned(),
    }
}
