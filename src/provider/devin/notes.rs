//! What changes of assignments bring along that no line of a plan shows.

use std::collections::BTreeSet;

use super::{
    place::{self, Place},
    spec::{IDP_GROUP, SERVICE_USER},
};
use crate::{
    contract::Moved,
    model::{Scope, Untrusted, desired::Spelling, live::LiveState},
};

/// Most names in one sentence.
const SHOWN: usize = 10;

/// Whole sentences: groups that are registered first, when a group's members notice, accounts and
/// memberships that go.
pub(super) fn notes(moved: &[Moved<'_>], live: &LiveState) -> Vec<String> {
    let mut notes = Vec::new();
    let groups: BTreeSet<&str> =
        moved.iter().filter(|one| one.class == IDP_GROUP).map(|one| one.principal.raw()).collect();
    let unknown = |one: &&Moved<'_>| {
        let spelling = Spelling::Handle(one.principal.clone());
        one.class == IDP_GROUP && one.after.is_some() && live.directory.find(IDP_GROUP, &spelling).is_none()
    };
    let new: BTreeSet<&str> = moved.iter().filter(unknown).map(|one| one.principal.raw()).collect();
    if !new.is_empty() {
        notes.push(format!(
            "Registered first, because Devin does not know them yet: {}. Devin takes any name: make sure that the identity provider has such groups.",
            listed(new)
        ));
    }
    if !groups.is_empty() {
        notes.push(format!(
            "Who is in the groups {} notices the change at the next sign-in, or through SCIM.",
            listed(groups)
        ));
    }
    let gone = |of: fn(&Place<'_>) -> bool, class: fn(&str) -> bool| -> BTreeSet<&str> {
        let gone =
            moved.iter().filter(|one| one.class != IDP_GROUP && one.after.is_none() && class(one.class));
        let gone = gone.filter(|one| place::place(one.scope).is_ok_and(|place| of(&place)));
        gone.map(|one| Untrusted::raw(one.title)).collect()
    };
    let everywhere = |place: &Place<'_>| matches!(place, Place::Enterprise);
    let people = gone(everywhere, |class| class != SERVICE_USER);
    if !people.is_empty() {
        notes.push(format!(
            "Removed from the enterprise, with every role in every organization: {}. They have to be invited anew to come back.",
            listed(people)
        ));
    }
    let service_users = gone(everywhere, |class| class == SERVICE_USER);
    if !service_users.is_empty() {
        notes.push(format!("Deleted, with their keys: the service users {}.", listed(service_users)));
    }
    let members = gone(|place| matches!(place, Place::Organization(_)), |_| true);
    if !members.is_empty() {
        notes
            .push(format!("Removed from the organization in which they lose the role: {}.", listed(members)));
    }
    notes
}

/// What goes with a role that is taken: no call takes the role alone.
pub(super) fn with_the_role(class: &str, scope: &Scope) -> Option<&'static str> {
    match (class, place::place(scope).ok()?) {
        (IDP_GROUP, _) => None,
        (_, Place::Organization(_)) => Some("the membership of the organization ends"),
        (SERVICE_USER, Place::Enterprise) => Some("the service user is deleted, with its keys"),
        (_, Place::Enterprise) => Some("the account is deleted, with every role in every organization"),
    }
}

fn listed(names: BTreeSet<&str>) -> String {
    let more = match names.len().checked_sub(SHOWN) {
        None | Some(0) => String::new(),
        Some(more) => format!(", and {more} more"),
    };
    let shown: Vec<String> = names.into_iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    format!("{}{more}", shown.join(", "))
}
