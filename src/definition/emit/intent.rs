//! Whether definitions that were read back are the old ones and what was to be added, and nothing
//! else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{draft::Additions, revise::RoleRevision};
use crate::{
    contract::Spec,
    model::{
        Scope, Untrusted,
        desired::{DesiredRole, DesiredState, Protect, RoleName, RoleRef, Spelling},
    },
};

/// What definitions say, without the places where they say it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Content {
    roles: BTreeMap<(Arc<str>, Scope), Role>,
    default: Option<Option<RoleName>>,
    assignments: BTreeSet<(RoleName, Scope, &'static str, Spelling, Option<jiff::civil::Date>)>,
    exclusive: BTreeSet<(RoleName, Scope, &'static str)>,
    removed: BTreeSet<(RoleName, Option<RoleName>)>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Role {
    class: &'static str,
    id: Option<Untrusted>,
    name: Untrusted,
    previously: BTreeSet<Untrusted>,
    description: Option<Option<Untrusted>>,
    base: Option<RoleName>,
    permissions: BTreeSet<Untrusted>,
    except: BTreeSet<Untrusted>,
    protect: BTreeSet<Protect>,
    allow_gap: bool,
}

fn named(role: &RoleRef) -> RoleName {
    role.value.clone()
}

fn role(role: &DesiredRole) -> Role {
    Role {
        class: role.class,
        id: role.id.as_ref().map(|id| id.value.clone()),
        name: role.name.value.clone(),
        previously: role.previously.iter().map(|name| name.value.clone()).collect(),
        description: role.description.as_ref().map(|text| text.value.clone()),
        base: role.base.as_ref().map(named),
        permissions: role.permissions.keys().cloned().collect(),
        except: role.except.keys().cloned().collect(),
        protect: role.protect.clone(),
        allow_gap: role.allow_gap,
    }
}

fn content(desired: &DesiredState) -> Content {
    Content {
        roles: desired.roles.iter().map(|one| ((one.key.clone(), one.scope.clone()), role(one))).collect(),
        default: desired.default.as_ref().map(|default| default.role.as_ref().map(named)),
        assignments: desired
            .assignments
            .iter()
            .map(|one| {
                (named(&one.role), one.scope.clone(), one.class, one.principal.value.clone(), one.expires)
            })
            .collect(),
        exclusive: desired
            .exclusive
            .iter()
            .map(|one| (named(&one.role), one.scope.clone(), one.class))
            .collect(),
        removed: desired
            .removed
            .iter()
            .map(|one| (named(&one.role), one.reassign_to.as_ref().map(named)))
            .collect(),
    }
}

/// Whether `after` says what `before` says, and the additions.
///
/// # Errors
///
/// What differs, in a few words.
pub fn check(
    before: &DesiredState,
    additions: &Additions,
    after: &DesiredState,
    spec: &dyn Spec,
) -> Result<(), &'static str> {
    let mut wanted = content(before);
    for new in &additions.roles {
        let role = Role {
            class: new.kind.or_else(|| spec.roles().first().map(|class| class.class)).unwrap_or_default(),
            id: new.id.clone(),
            name: new.name.clone(),
            description: new.description.clone().map(Some),
            base: new.base.clone().map(RoleName::Builtin),
            permissions: new.permissions.clone(),
            ..Role::default()
        };
        let scope = new.level.clone().map_or(Scope::Target, Scope::Level);
        wanted.roles.insert((new.key.clone(), scope), role);
    }
    if let Some(key) = &additions.default {
        wanted.default = Some(Some(RoleName::Key(key.clone())));
    }
    for assignment in &additions.assignments {
        let people = assignment.people.iter().flat_map(|(_, people)| people);
        wanted.assignments.extend(people.map(|person| {
            (assignment.role.clone(), assignment.scope.clone(), person.class, person.spelling.clone(), None)
        }));
    }
    differs(&wanted, &content(after))
}

fn differs(wanted: &Content, found: &Content) -> Result<(), &'static str> {
    let differs = [
        (wanted.roles != found.roles, "other roles"),
        (wanted.default != found.default, "another default role"),
        (wanted.assignments != found.assignments, "other assignments"),
        (wanted.exclusive != found.exclusive, "other exclusive lists"),
        (wanted.removed != found.removed, "other removals"),
    ];
    differs.iter().find(|(differs, _)| *differs).map_or(Ok(()), |(_, what)| Err(*what))
}

/// What a change of definitions means.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// A role says something else.
    Role {
        /// Its key.
        key: Arc<str>,
        /// What.
        change: RoleRevision,
    },
    /// A role is no longer declared, nor who holds it.
    Gone {
        /// Its key.
        key: Arc<str>,
    },
    /// Somebody is no longer assigned.
    Left {
        /// The role.
        role: RoleName,
        /// Where, as it was written.
        scope: Scope,
        /// Class of the principal.
        class: &'static str,
        /// Who, as it was written.
        who: Spelling,
    },
    /// Somebody is assigned.
    Joined {
        /// The role.
        role: RoleName,
        /// Where, as it is written.
        scope: Scope,
        /// Class of the principal.
        class: &'static str,
        /// Who, as it is written.
        who: Spelling,
    },
    /// Another default role; `None` is that it is no longer managed.
    Default(Option<Option<RoleName>>),
    /// Something that definitions cannot say: it is never found.
    Impossible,
}

/// Whether `after` says what `before` says with the changes made.
///
/// A permission that a role's own list loses may still come from a set; nothing else may differ.
///
/// # Errors
///
/// What differs, in a few words.
pub fn check_revised<'m>(
    before: &DesiredState,
    meanings: impl IntoIterator<Item = &'m Meaning>,
    after: &DesiredState,
) -> Result<(), &'static str> {
    let (mut wanted, found) = (content(before), content(after));
    let mut gone: BTreeSet<&Arc<str>> = BTreeSet::new();
    let meanings: Vec<&Meaning> = meanings.into_iter().collect();
    for meaning in &meanings {
        match meaning {
            Meaning::Role { key, change } => {
                let id = (key.clone(), Scope::Target);
                let Some(role) = wanted.roles.get_mut(&id) else { return Err("other roles") };
                role.id = change.id.clone().or(role.id.take());
                if let Some(name) = &change.name {
                    role.name = name.clone();
                }
                role.description = change.description.clone().or(role.description.take());
                role.permissions.extend(change.grant.iter().cloned());
                let remains = |permission: &&Untrusted| {
                    found.roles.get(&id).is_some_and(|role| role.permissions.contains(*permission))
                };
                for permission in change.revoke.iter().filter(|permission| !remains(permission)) {
                    role.permissions.remove(permission);
                }
                role.except.extend(change.except.iter().cloned());
                role.except.retain(|permission| !change.readmit.contains(permission));
            }
            Meaning::Gone { key } => {
                gone.insert(key);
            }
            Meaning::Left { role, scope, class, who } => {
                // The last day goes with the assignment.
                wanted.assignments.retain(|(r, s, c, w, _)| (r, s, c, w) != (role, scope, class, who));
            }
            Meaning::Joined { .. } => {} // Behind all who left.
            Meaning::Impossible => return Err("something that definitions cannot say"),
            Meaning::Default(role) => wanted.default.clone_from(role),
        }
    }
    let is_gone = |role: &RoleName| matches!(role, RoleName::Key(key) if gone.contains(key));
    wanted.roles.retain(|(key, _), _| !gone.contains(key));
    wanted.assignments.retain(|(role, ..)| !is_gone(role));
    wanted.exclusive.retain(|(role, ..)| !is_gone(role));
    for meaning in meanings {
        if let Meaning::Joined { role, scope, class, who } = meaning {
            wanted.assignments.insert((role.clone(), scope.clone(), *class, who.clone(), None));
        }
    }
    differs(&wanted, &found)
}
