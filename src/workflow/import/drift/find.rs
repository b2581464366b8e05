//! From what drifted to what the definitions should say in the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    people::Moved,
    take::{self, Input, Left},
};
use crate::{
    contract::{self, PermissionForm},
    definition::{Loaded, emit::PermissionRevision},
    model::{
        Kind, RoleId, Scope, Site, Untrusted, Value,
        desired::{DesiredRole, DesiredState, Protect},
        field,
        live::{Live, LiveObject},
    },
    plan::{
        change::{Change, RoleState, What},
        document::Reason,
        resolve::{Resolved, ResolvedRole},
    },
};

/// A declared role: its key, and one of the places where it lives.
pub(super) type Id = (Arc<str>, Scope);

pub(super) fn id(role: &DesiredRole) -> Id {
    (role.key.clone(), role.scope.clone())
}

/// What the definitions should say in the end.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// New names and descriptions.
    pub(super) names: BTreeMap<Id, Untrusted>,
    pub(super) descriptions: BTreeMap<Id, Option<Untrusted>>,
    /// The full set of every role: what one gains, no other gets through its base.
    pub(super) permissions: BTreeMap<Id, BTreeSet<Untrusted>>,
    /// What roles gained or lost live.
    pub(super) drifted: BTreeMap<Id, BTreeSet<Untrusted>>,
    /// How many hold a role that drifted.
    pub(super) holders: BTreeMap<Id, Option<u64>>,
    /// Roles that are gone.
    pub(super) gone: BTreeSet<Id>,
    /// Permissions that are resources of their own: what they are called, or that they are gone.
    pub(super) own: BTreeMap<Untrusted, Option<PermissionRevision>>,
    /// The default role; the outer `None` is that it did not drift.
    pub(super) default: Option<Option<RoleId>>,
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
}

/// What to call a role, with its place where that is not the whole target.
pub(super) fn named(role: &DesiredRole) -> String {
    match contract::manual::place(&role.scope) {
        Some(place) => format!("`{}` in {place}", role.key),
        None => format!("`{}`", role.key),
    }
}
