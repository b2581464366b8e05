//! Whether definitions that were read back are the old ones and what was to be added, and nothing
//! else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::draft::Additions;
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
            class: spec.roles().first().map_or("", |class| class.class),
            id: new.id.clone(),
            name: new.name.clone(),
            description: new.description.clone().map(Some),
            permissions: new.permissions.clone(),
            ..Role::default()
        };
        wanted.roles.insert((new.key.clone(), Scope::Target), role);
    }
    if let Some(key) = &additions.default {
        wanted.default = Some(Some(RoleName::Key(key.clone())));
    }
    for assignment in &additions.assignments {
        let people = assignment.people.iter().flat_map(|(_, people)| people);
        wanted.assignments.extend(people.map(|person| {
            (assignment.role.clone(), Scope::Target, person.class, person.spelling.clone(), None)
        }));
    }
    let found = content(after);
    let differs = [
        (wanted.roles != found.roles, "other roles"),
        (wanted.default != found.default, "another default role"),
        (wanted.assignments != found.assignments, "other assignments"),
        (wanted.exclusive != found.exclusive, "other exclusive lists"),
        (wanted.removed != found.removed, "other removals"),
    ];
    differs.iter().find(|(differs, _)| *differs).map_or(Ok(()), |(_, what)| Err(*what))
}
