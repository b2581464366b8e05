//! Whether definitions that were read back are the old ones and what was to be added, and nothing
//! else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;

use super::{
    draft::Additions,
    revise::{PermissionRevision, RoleRevision},
};
use crate::{
    contract::{self, Spec},
    model::{
        Scope, Untrusted,
        desired::{DesiredPermission, DesiredRole, DesiredState, Protect, RoleName, RoleRef, Spelling},
    },
};

/// What definitions say, without the places where they say it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Content {
    roles: BTreeMap<(Arc<str>, Scope), Role>,
    default: Option<Option<RoleName>>,
    assignments: BTreeSet<(RoleName, Scope, &'static str, Spelling, Option<Date>)>,
    exclusive: BTreeSet<(RoleName, Scope, &'static str)>,
    removed: BTreeSet<(RoleName, Option<RoleName>)>,
    permissions: BTreeMap<Untrusted, Permission>,
    removed_permissions: BTreeSet<Untrusted>,
}

/// Name, description, and type of resource.
type Permission = (Untrusted, Option<Option<Untrusted>>, Option<Untrusted>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Role {
    class: &'static str,
    id: Option<Untrusted>,
    slug: Option<Untrusted>,
    name: Untrusted,
    resource_type: Option<Untrusted>,
    previously: BTreeSet<Untrusted>,
    description: Option<Option<Untrusted>>,
    base: Option<RoleName>,
    permissions: BTreeSet<Untrusted>,
    except: BTreeSet<Untrusted>,
    protect: BTreeSet<Protect>,
    allow_gap: bool,
}

impl Role {
    /// What it grants, its base aside.
    fn effective(&self) -> BTreeSet<Untrusted> {
        self.permissions.difference(&self.except).cloned().collect()
    }

    /// Id, name, and description as a change wants them.
    fn texts(&mut self, change: &RoleRevision) {
        self.id = change.id.clone().or(self.id.take());
        if let Some(name) = &change.name {
            self.name.clone_from(name);
        }
        self.description = change.description.clone().or(self.description.take());
    }
}

fn named(role: &RoleRef) -> RoleName {
    role.value.clone()
}

fn role(role: &DesiredRole) -> Role {
    Role {
        class: role.class,
        id: role.id.as_ref().map(|id| id.value.clone()),
        slug: role.slug.as_ref().map(|slug| slug.value.clone()),
        resource_type: role.resource_type.as_ref().map(|kind| kind.value.clone()),
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
        permissions: desired.permissions.iter().map(|(slug, one)| (slug.clone(), permission(one))).collect(),
        removed_permissions: desired.removed_permissions.keys().cloned().collect(),
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
        let target = [Scope::Target];
        let scopes = if new.scopes.is_empty() { &target[..] } else { &new.scopes };
        let class = new.kind.or_else(|| contract::class_at(spec, scopes)).unwrap_or_default();
        let has_slug = contract::role_class(spec, class).is_some_and(|class| class.slug.is_some());
        let role = Role {
            class,
            id: new.id.clone(),
            slug: has_slug.then(|| new.slug.clone().unwrap_or_else(|| Untrusted::new(new.key.clone()))),
            name: new.name.clone(),
            resource_type: new.resource_type.clone(),
            description: new.description.clone().map(Some),
            base: new.base.clone().map(RoleName::Builtin),
            permissions: new.permissions.clone(),
            ..Role::default()
        };
        for scope in scopes {
            let differs = match scope {
                Scope::In { path, .. } => new.overrides.get(path),
                Scope::Target | Scope::Level(_) => None,
            };
            let differs = differs.cloned().unwrap_or_default();
            let mut here = role.clone();
            here.name = differs.name.unwrap_or(here.name);
            here.description = differs.description.map(Some).or(here.description);
            here.permissions.extend(differs.permissions);
            here.except.extend(differs.except);
            wanted.roles.insert((new.key.clone(), scope.clone()), here);
        }
    }
    wanted.permissions.extend(additions.permissions.iter().map(|new| {
        let said = (new.name.clone(), new.description.clone().map(Some), new.resource_type.clone());
        (new.slug.clone(), said)
    }));
    if let Some(key) = &additions.default {
        wanted.default = Some(Some(RoleName::Key(key.clone())));
    }
    for assignment in &additions.assignments {
        let people = assignment.people.iter().flat_map(|(_, people)| people);
        wanted.assignments.extend(people.map(|person| {
            let (role, scope) = (assignment.role.clone(), assignment.scope.clone());
            (role, scope, person.class, person.spelling.clone(), assignment.expires)
        }));
    }
    differs(&wanted, &content(after))
}

fn permission(one: &DesiredPermission) -> Permission {
    let description = one.description.as_ref().map(|text| text.value.clone());
    (one.name.value.clone(), description, one.resource_type.as_ref().map(|kind| kind.value.clone()))
}

fn differs(wanted: &Content, found: &Content) -> Result<(), &'static str> {
    let differs = [
        (wanted.roles != found.roles, "other roles"),
        (wanted.default != found.default, "another default role"),
        (wanted.assignments != found.assignments, "other assignments"),
        (wanted.exclusive != found.exclusive, "other exclusive lists"),
        (wanted.removed != found.removed, "other removals"),
        (wanted.permissions != found.permissions, "other permissions"),
        (wanted.removed_permissions != found.removed_permissions, "other removals of permissions"),
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
    /// A role says something else in one of its places.
    RoleIn {
        /// Its key.
        key: Arc<str>,
        /// The place, as it is written.
        scope: Scope,
        /// What.
        change: RoleRevision,
    },
    /// A role is no longer declared in one of its places.
    GoneFrom {
        /// Its key.
        key: Arc<str>,
        /// The place, as it is written.
        scope: Scope,
    },
    /// A permission says something else; `None` where it is no longer declared.
    Permission {
        /// Its slug.
        slug: Untrusted,
        /// What.
        change: Option<PermissionRevision>,
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
        /// The last day of it.
        expires: Option<Date>,
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
                // Wherever it lives.
                let all: Vec<_> = wanted.roles.keys().filter(|(other, _)| other == key).cloned().collect();
                if all.is_empty() {
                    return Err("other roles");
                }
                for id in all {
                    let Some(role) = wanted.roles.get_mut(&id) else { continue };
                    role.texts(change);
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
            }
            Meaning::RoleIn { key, scope, change } => {
                let id = (key.clone(), scope.clone());
                let (Some(role), Some(after)) = (wanted.roles.get_mut(&id), found.roles.get(&id)) else {
                    return Err("other roles");
                };
                role.texts(change);
                let mut set = role.effective();
                set.extend(change.grant.union(&change.readmit).cloned());
                set.retain(|permission| {
                    !change.revoke.contains(permission) && !change.except.contains(permission)
                });
                if set != after.effective() {
                    return Err("other permissions of a role");
                }
                // Which list says it there is all the same.
                role.permissions.clone_from(&after.permissions);
                role.except.clone_from(&after.except);
            }
            Meaning::GoneFrom { key, scope } => {
                wanted.roles.remove(&(key.clone(), scope.clone()));
            }
            Meaning::Permission { slug, change: None } => {
                wanted.permissions.remove(slug);
            }
            Meaning::Permission { slug, change: Some(change) } => {
                let Some((name, description, _)) = wanted.permissions.get_mut(slug) else {
                    return Err("other permissions");
                };
                if let Some(new) = &change.name {
                    name.clone_from(new);
                }
                *description = change.description.clone().or(description.take());
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
        if let Meaning::Joined { role, scope, class, who, expires } = meaning {
            wanted.assignments.insert((role.clone(), scope.clone(), *class, who.clone(), *expires));
        }
    }
    differs(&wanted, &found)
}
