//! What else has to be read before a plan can be made: who holds which role, and where.

use super::{Input, needs_members};
use crate::{
    contract::{self, RoleClass, ScopeForm, Spec, has_place},
    model::{Kind, Scope, field, live::Query},
    plan::{
        change::{Change, Plan, What},
        document::{Action, Guard},
    },
};

/// What to read instead of what was read; `None` where that is enough. `members` is the query with
/// everybody whom the definitions name.
///
/// Where the API does not count a role's holders, its members have to be read wherever it can be held:
/// before it goes, and before it gains in a change that takes it over.
pub fn wider(input: Input<'_>, plan: &Plan, members: impl FnOnce() -> Query) -> Option<Query> {
    let read = &input.live.read;
    let mut query = match !read.members && needs_members(input) {
        true => Query { everywhere: read.everywhere, ..members() },
        false => read.clone(),
    };
    // A permission that goes is taken from every role that has it: all of them are named.
    let goes = |change: &Change| matches!(change.what, What::Permission { after: None, .. });
    let inside = |class: &RoleClass| class.scopes.iter().any(|place| place.form == ScopeForm::Instance);
    query.everywhere |= plan.changes.iter().any(goes) && input.spec.roles().iter().any(inside);
    for change in &plan.changes {
        let Some((scope, inside)) = depends_on_holders(input.spec, change) else { continue };
        query.members = true;
        for class in input.spec.principals() {
            if inside && class.is_inside(scope) {
                query.inside.insert(scope.clone());
            }
            let instances = class.scopes.iter().any(|place| place.form == ScopeForm::Instance);
            if instances && !matches!(scope, Scope::In { .. }) {
                query.everywhere = true;
            } else if change.holders.is_none() && has_place(class.scopes, scope) {
                let known = query.places(Kind::Assignment, class.class);
                if !known.into_iter().any(|place| input.live.place(place) == Some(scope)) {
                    let place = (Kind::Assignment, class.class);
                    query.places.entry(place).or_default().insert(scope.clone());
                }
            }
        }
    }
    (query != *read).then_some(query)
}

/// Where the role of a change lives that depends on who holds it, and of which nothing tells how many
/// do, or somebody does who may not be named yet; and whether it is held in places inside that one.
fn depends_on_holders<'c>(spec: &dyn Spec, change: &'c Change) -> Option<(&'c Scope, bool)> {
    let What::Role { class, scope, before: Some(before), .. } = &change.what else { return None };
    let vacancy = || contract::role_class(spec, class).is_some_and(|class| class.delete_needs_vacancy);
    let goes = matches!(change.action, Action::Delete | Action::Replace) && vacancy();
    let adopts = change.verdicts.iter().any(|verdict| verdict.guard == Guard::Adopt);
    let depends = goes && change.holders != Some(0) || adopts && change.holders.is_none();
    let kind = before.fields.get(field::RESOURCE_TYPE);
    depends.then(|| (scope, contract::is_held_inside(spec, class, kind)))
}
