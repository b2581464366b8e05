//! What has to be read: the places and people that the definitions name, those of the base, and those
//! of the last apply.

use crate::{
    contract::{self, ScopeForm, ScopeSpec, Spec},
    model::{
        Kind, Scope, Value,
        config::{Mode, Target},
        desired::{DesiredRole, DesiredState, Removal, RoleName},
        live::Query,
    },
};

/// What to read for `states`; `members` is whether it matters who holds which role.
///
/// Classes that live in the target itself are always asked for.
pub fn query<'a>(
    states: impl IntoIterator<Item = &'a DesiredState>,
    spec: &dyn Spec,
    target: &Target,
    members: bool,
) -> Query {
    let manage = target.manage;
    let everywhere = [manage.roles, manage.assignments].contains(&Mode::Authoritative);
    let mut query = Query { roles: true, members, everywhere, ..Query::default() };
    if manage.assignments == Mode::Authoritative {
        query.inside.extend(everything_inside(spec));
    }
    let roles = spec.roles().iter().map(|class| (Kind::Role, class.class, class.scopes));
    let people = spec.principals().iter().map(|class| (Kind::Assignment, class.class, class.scopes));
    for (kind, class, scopes) in roles.chain(people) {
        if contract::has_place(scopes, &Scope::Target) {
            query.places.entry((kind, class)).or_default().insert(Scope::Target);
        }
    }
    let states: Vec<&DesiredState> = states.into_iter().collect();
    // What is removed without saying where may be anywhere, unless a definition with its key tells.
    let inside = |scopes: &[ScopeSpec]| scopes.iter().any(|place| place.form == ScopeForm::Instance);
    let told = |removal: &Removal| match &removal.role.value {
        RoleName::Key(key) => states.iter().any(|state| state.roles.iter().any(|role| role.key == *key)),
        RoleName::Builtin(_) => true,
        RoleName::Live(_) => false,
    };
    let mut removed = states.iter().flat_map(|state| &state.removed);
    if spec.roles().iter().any(|class| inside(class.scopes)) {
        query.everywhere |= removed.any(|removal| removal.scope.is_none() && !told(removal));
    }
    for state in states {
        for role in &state.roles {
            query.places.entry((Kind::Role, role.class)).or_default().insert(role.scope.clone());
        }
        for removal in &state.removed {
            for class in spec.roles().iter().filter(|_| removal.scope.is_some()) {
                query.places.entry((Kind::Role, class.class)).or_default().extend(removal.scope.clone());
            }
        }
        let mut last = None;
        for assignment in &state.assignments {
            // Those of one list stand together.
            let place = (assignment.class, &assignment.scope);
            if last.replace(place) != Some(place) {
                let places = query.places.entry((Kind::Assignment, assignment.class)).or_default();
                places.insert(assignment.scope.clone());
            }
            if members {
                let people = query.people.entry(assignment.class).or_default();
                people.insert(assignment.principal.value.clone());
            }
        }
        for list in &state.exclusive {
            let place = (Kind::Assignment, list.class);
            query.places.entry(place).or_default().insert(list.scope.clone());
        }
    }
    query
}

/// What [`Query::inside`] says where every place inside others matters; nothing where there is none.
pub fn everything_inside(spec: &dyn Spec) -> Option<Scope> {
    spec.principals().iter().any(|class| class.inside.is_some()).then_some(Scope::Target)
}

/// Widens `query` where the definitions no longer have a role of which a plan has to know who holds it
/// before it goes, wherever that is: then everything is read at once. `before` is what earlier revisions
/// declared.
pub fn read_ahead<'a>(
    query: &mut Query,
    desired: &DesiredState,
    before: impl IntoIterator<Item = &'a DesiredState>,
    spec: &dyn Spec,
    target: &Target,
) {
    let inside = |scopes: &[ScopeSpec]| scopes.iter().any(|place| place.form == ScopeForm::Instance);
    let principals = spec.principals();
    // Where the provider counts who holds a role, its number comes first.
    let listed = principals.iter().any(|class| inside(class.scopes) && !class.counted);
    if target.manage.roles == Mode::Additive || !listed {
        return;
    }
    let stays = |role: &DesiredRole| {
        let name = &role.natural().value;
        desired.roles.iter().filter(|now| now.scope == role.scope).any(|now| {
            now.key == role.key
                || now.natural().value == *name
                || now.previously.iter().any(|before| before.value == *name)
                || now.id.as_ref().is_some_and(|id| role.id.as_ref().is_some_and(|old| old.value == id.value))
        })
    };
    let matters = |role: &DesiredRole| {
        !matches!(role.scope, Scope::In { .. })
            && contract::role_class(spec, role.class).is_some_and(|class| class.delete_needs_vacancy)
    };
    let before = before.into_iter().flat_map(|state| &state.roles);
    for role in before.filter(|role| matters(role) && !stays(role)) {
        query.members = true;
        query.everywhere = true;
        let kind = role.resource_type.as_ref().map(|kind| Value::Text(Some(kind.value.clone())));
        if contract::is_held_inside(spec, role.class, kind.as_ref()) {
            query.inside.insert(Scope::Target);
        }
    }
}
