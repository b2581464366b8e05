//! Who holds which role in an organization.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    MEMBER_READS,
    pages::{self, List},
    roles::Roles,
    slug::ORGANIZATION,
    spec::{MEMBERSHIP, ROLES_OF_A_MEMBER, SEVERAL},
    wire,
};
use crate::{
    contract::is_safe_id,
    model::{
        Key, Kind, RoleId, Scope, Untrusted, Value,
        live::{Live, LiveObject},
        object::field,
    },
    provider::{ReadError, http::Reading},
};

/// Every status: without it only active memberships are listed, and somebody who is invited or
/// suspended holds a role all the same.
pub(super) const ALL_STATUSES: &str = "active,inactive,pending";

/// The members of one organization.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// A slot for each.
    pub(super) objects: Vec<LiveObject>,
    /// Id and e-mail address of each.
    pub(super) people: BTreeMap<Untrusted, Untrusted>,
    /// Why somebody's role is not known.
    pub(super) incomplete: Option<String>,
}

impl Members {
    /// The same, without what members hold in the organization where only who they are is `asked` for.
    pub(super) fn only(self, asked: bool) -> Self {
        if asked { self } else { Self { people: self.people, ..Self::default() } }
    }
}

/// Reads all memberships of an organization.
pub(super) async fn list(
    reading: &Reading,
    organization: &str,
    wave: u32,
) -> Result<Vec<wire::Membership>, ReadError> {
    let query = [("organization_id", organization), ("statuses", ALL_STATUSES)];
    let segments = &["user_management", "organization_memberships"];
    let list = List { segments, query: &query, wave, quota: Some(MEMBER_READS) };
    let listed: pages::Listed<wire::Membership> = pages::read(reading, list, None).await?;
    Ok(listed.items)
}

/// The slugs of the roles that a membership has.
pub(super) fn held(membership: &wire::Membership) -> BTreeSet<&str> {
    let roles = membership.roles.0.iter().map(|role| &*role.slug);
    roles.chain([&*membership.role.slug]).collect()
}

/// From memberships to slots: one for each member, or, where they hold `several`, one for each of
/// their roles. Without that, somebody with several roles has a slot that cannot be read: what a plan
/// would put in its place takes the others away.
pub(super) fn resolve(
    memberships: &[wire::Membership],
    organization: &str,
    roles: &Roles,
    several: bool,
) -> Members {
    let mut members = Members::default();
    let mut unknown: Vec<&str> = Vec::new();
    let mut with_several: Vec<&str> = Vec::new();
    // A member who moved between pages is listed twice; then nobody knows which of two roles it is.
    let mut of: BTreeMap<&str, (&wire::Membership, Vec<Live>)> = BTreeMap::new();
    for membership in memberships {
        let (user, id) = (&*membership.user_id, Untrusted::from(membership.user_id.as_str()));
        if membership.organization_id != organization || !is_safe_id(&id) {
            unknown.push(user);
            continue;
        }
        let held = held(membership);
        let mut lives: Vec<Live> =
            held.iter().map(|slug| roles.held(slug, organization).map_or(Live::Unreadable, known)).collect();
        if lives.contains(&Live::Unreadable) {
            unknown.push(user);
        }
        if lives.len() != 1 && !several {
            with_several.push(user);
            lives = vec![Live::Unreadable];
        }
        members.people.insert(id, membership.user.email.as_str().into());
        match of.get_mut(user) {
            Some((_, first)) if *first != lives => *first = vec![Live::Unreadable],
            Some(_) => {}
            None => {
                of.insert(user, (membership, lives));
            }
        }
    }
    for (user, (membership, lives)) in of {
        let slots = lives.into_iter().map(|live| slot(user, membership, organization, live, several));
        members.objects.extend(slots);
    }
    members.incomplete = if !unknown.is_empty() {
        Some(format!(
            "in `{organization}` the answer does not tell which role {} {}; plan again",
            people(&unknown),
            if unknown.len() == 1 { "holds" } else { "hold" }
        ))
    } else if !with_several.is_empty() {
        Some(format!(
            "in `{organization}` {} {} several roles, and `settings.{ROLES_OF_A_MEMBER}` does not say `{SEVERAL}`",
            people(&with_several),
            if with_several.len() == 1 { "holds" } else { "hold" }
        ))
    } else {
        None
    };
    members
}

fn known(role: RoleId) -> Live {
    Live::Known(Value::Role(Some(role)))
}

fn slot(
    user: &str,
    membership: &wire::Membership,
    organization: &str,
    live: Live,
    several: bool,
) -> LiveObject {
    let role = match &live {
        Live::Known(Value::Role(role)) if several => role.clone(),
        _ => None,
    };
    LiveObject {
        key: Key {
            kind: Kind::Assignment,
            class: MEMBERSHIP,
            scope: Scope::within(ORGANIZATION, organization),
            name: user.into(),
            role,
        },
        id: Some(membership.id.as_str().into()),
        builtin: false,
        fields: BTreeMap::from([(field::ROLE, live)]),
        holders: None,
        locked: locked(membership, several),
    }
}

/// Why a membership cannot be changed, where that is so.
fn locked(membership: &wire::Membership, several: bool) -> Option<Untrusted> {
    if membership.directory_managed {
        let why = "a directory manages this membership, and gives it the role of the identity provider again at each synchronization";
        return Some(why.into());
    }
    let held = held(membership);
    (held.len() > 1 && !several).then(|| {
        let held: Vec<String> = held.into_iter().map(|slug| format!("`{slug}`")).collect();
        format!(
            "they hold several roles ({}), and the target does not say that members do: `settings: {{ {ROLES_OF_A_MEMBER}: {SEVERAL} }}`",
            held.join(", ")
        )
        .into()
    })
}

/// Some of `users`, and how many more.
fn people(users: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = users.iter().take(SHOWN).map(|user| format!("{user:?}")).collect();
    match users.len().checked_sub(SHOWN) {
        None | Some(0) => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}
