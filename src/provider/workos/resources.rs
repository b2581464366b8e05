//! Who holds which role on a resource of an organization. Roles that a group gives there are the group's.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{
    groups,
    pages::{self, List},
    roles::Roles,
    slug::{ORGANIZATION, Resource},
    spec::{RESOURCE_GROUP, RESOURCE_MEMBER},
    wire,
};
use crate::{
    contract::is_safe_id,
    model::{
        Key, Kind, RoleId, Scope, Untrusted, Value,
        live::{Live, LiveObject},
        object::field,
    },
    provider::{ReadError, RequestLine, http::Reading},
};

/// What of a role assignment says that no group gives it.
const DIRECT: &str = "direct";

/// Whether a member holds a role without a group that gives it.
pub(super) fn is_direct(assignment: &wire::RoleAssignment) -> bool {
    assignment.source.kind == DIRECT
}

/// Resources with what is held on each.
pub(super) type Listed<'a> = Vec<(Resource<'a>, Vec<wire::RoleAssignment>)>;

/// Reads the resources of an organization that are asked for, all at once; one that does not exist is
/// left out.
pub(super) async fn list<'a>(
    reading: &Reading,
    organization: &str,
    asked: &BTreeSet<Resource<'a>>,
    wave: u32,
) -> Result<Listed<'a>, ReadError> {
    let read = asked.iter().map(|resource| async move {
        let Resource { kind, external_id, .. } = resource;
        let organizations = ["authorization", "organizations", organization, "resources"];
        let segments = [&organizations[..], &[kind, external_id, "role_assignments"]].concat();
        let list = List { segments: &segments, query: &[], wave, quota: None };
        let listed: Option<pages::Listed<wire::RoleAssignment>> = pages::read_if_any(reading, list).await?;
        Ok(listed.map(|listed| (*resource, listed.items)))
    });
    let read: Result<Vec<Option<_>>, ReadError> = join_all(read).await.into_iter().collect();
    Ok(read?.into_iter().flatten().collect())
}

/// Reads what members hold, by the ids of their memberships, on whichever resource, all at once; one who left
/// meanwhile holds nothing.
pub(super) async fn of_members(
    reading: &Reading,
    memberships: impl Iterator<Item = &str>,
    wave: u32,
) -> Result<Vec<wire::RoleAssignment>, ReadError> {
    let read = memberships.map(|membership| async move {
        if !is_safe_id(&membership.into()) {
            let what = format!("answered with an unexpected body: {membership:?} is no id of a membership");
            let request = RequestLine::from("GET /user_management/organization_memberships");
            return Err(reading.connection().malformed(&request, &what).into());
        }
        let segments = &["authorization", "organization_memberships", membership, "role_assignments"];
        let list = List { segments, query: &[], wave, quota: None };
        pages::read_if_any::<wire::RoleAssignment>(reading, list).await
    });
    let read: Result<Vec<_>, ReadError> = join_all(read).await.into_iter().collect();
    Ok(read?.into_iter().flatten().flat_map(|listed| listed.items).collect())
}

/// What is held on resources, as far as it can be told.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// A slot for each role that somebody has.
    pub(super) objects: Vec<LiveObject>,
    /// Each resource as it was asked for, with its canonical spelling.
    pub(super) places: BTreeMap<Scope, Scope>,
    /// Why something is not known.
    pub(super) incomplete: Option<String>,
}

/// What was read of the resources of one organization.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'f> {
    /// Resources that are named, with what is held on each.
    pub(super) named: &'f Listed<'f>,
    /// What members hold on whichever resource, where that was asked.
    pub(super) of_members: Option<&'f [wire::RoleAssignment]>,
    /// What groups give, where that was asked: of resources that are named, or of all.
    pub(super) groups: Option<&'f groups::Listed>,
}

/// From assignments to slots. `users` are the users of memberships by the ids of these.
pub(super) fn resolve(
    found: Found<'_>,
    users: &BTreeMap<&str, &str>,
    organization: &str,
    roles: &Roles,
) -> Held {
    let mut held = Held::default();
    let mut named: BTreeSet<Scope> = BTreeSet::new();
    for (resource, assignments) in found.named {
        let scope = resource.within(organization);
        held.places.insert(resource.within(resource.organization), scope.clone());
        // One resource may be written in two ways.
        if named.insert(scope.clone()) {
            held.places.insert(scope.clone(), scope.clone());
            for one in assignments {
                held.member(&scope, one, users, organization, roles);
            }
        }
    }
    let all = found.of_members.is_some();
    for one in found.of_members.into_iter().flatten() {
        let Some(scope) = held.place(&one.resource, organization, all) else { continue };
        if !named.contains(&scope) {
            held.member(&scope, one, users, organization, roles);
        }
    }
    for (group, given) in found.groups.into_iter().flatten() {
        for given in given {
            let Some(scope) = held.place(&given.resource, organization, all) else { continue };
            match roles.held(&given.role.slug, organization) {
                Some(role) => {
                    let name = group.id.as_str().into();
                    held.objects.push(slot(RESOURCE_GROUP, &scope, name, &given.id, role));
                }
                None => held.unknown(organization, &given.resource.external_id),
            }
        }
    }
    // Somebody who moved between pages is listed twice.
    held.objects.sort_by(|a, b| a.key.cmp(&b.key));
    held.objects.dedup_by(|a, b| a.key == b.key);
    held
}

impl Held {
    /// Where a role is given; `None` where that is the organization itself, or a resource that nobody named
    /// unless `all` are asked for.
    fn place(&mut self, resource: &wire::Resource, organization: &str, all: bool) -> Option<Scope> {
        let wire::Resource { external_id, resource_type_slug: kind } = resource;
        let scope = Resource { organization, kind, external_id }.within(organization);
        if self.places.contains_key(&scope) {
            return Some(scope);
        }
        if !all || kind == ORGANIZATION {
            return None;
        }
        if Resource::of(&scope).is_none() {
            self.incomplete.get_or_insert_with(|| {
                format!("in `{organization}` somebody holds a role on {external_id:?}, which no definition can name")
            });
            return None;
        }
        self.places.insert(scope.clone(), scope.clone());
        Some(scope)
    }

    /// Adds what a member holds; roles that a group gives are the group's.
    fn member(
        &mut self,
        scope: &Scope,
        one: &wire::RoleAssignment,
        users: &BTreeMap<&str, &str>,
        organization: &str,
        roles: &Roles,
    ) {
        if !is_direct(one) {
            return;
        }
        let role = roles.held(&one.role.slug, organization);
        let user = users.get(&*one.organization_membership_id);
        let user = user.map(|user| Untrusted::from(*user)).filter(is_safe_id);
        match (role, user) {
            (Some(role), Some(user)) => {
                self.objects.push(slot(RESOURCE_MEMBER, scope, user, &one.id, role));
            }
            _ => self.unknown(organization, &one.resource.external_id),
        }
    }

    fn unknown(&mut self, organization: &str, external_id: &str) {
        self.incomplete.get_or_insert_with(|| {
            format!(
                "in `{organization}` a role on {external_id:?} is one that was not in the lists; plan again"
            )
        });
    }
}

fn slot(class: &'static str, scope: &Scope, name: Untrusted, id: &str, role: RoleId) -> LiveObject {
    LiveObject {
        key: Key { kind: Kind::Assignment, class, scope: scope.clone(), name, role: Some(role.clone()) },
        id: Some(id.into()),
        builtin: false,
        fields: BTreeMap::from([(field::ROLE, Live::Known(Value::Role(Some(role))))]),
        holders: None,
        locked: None,
    }
}
