//! From what the definitions should say in the end to the steps that are left to make, stage by stage.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    find::{Finder, Wanted, id, named},
    name_of,
    pieces::Piece,
    step::{Line, Rank, Step},
    take::is_live,
};
use crate::{
    definition::emit::{Meaning, PermissionRevision, Revision},
    model::{Kind, RoleId, Scope, Site, Untrusted, desired::RoleName},
    plan::{holders, resolve::ResolvedRole},
    repo,
};

/// The stage at which people move.
pub(super) const PEOPLE: usize = 1;
/// The stage at which roles go.
pub(super) const GONE: usize = 2;

impl Finder<'_> {
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

/// A reference to a role as it is written.
pub(super) fn written(role: &RoleName) -> String {
    match role {
        RoleName::Key(key) => key.to_string(),
        RoleName::Builtin(id) => format!("builtin:{}", id.raw()),
        RoleName::Live(name) => name.raw().to_owned(),
    }
}
