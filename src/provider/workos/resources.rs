//! Who holds which role on a resource of an organization. Roles that a group gives there are the group's.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{
    groups,
    pages::{self, List},
    roles::Roles,
    slug::Resource,
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
    provider::{ReadError, http::Reading},
};

/// What of a role assignment says that no group gives it.
const DIRECT: &str = "direct";

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

/// From assignments to slots. `users` are the users of memberships by the ids of these.
pub(super) fn resolve(
    listed: &Listed<'_>,
    groups: Option<&groups::Listed>,
    users: &BTreeMap<&str, &str>,
    organization: &str,
    roles: &Roles,
) -> Held {
    let mut held = Held::default();
    for (resource, assignments) in listed {
        let scope = resource.within(organization);
        held.places.insert(resource.within(resource.organization), scope.clone());
        for one in assignments.iter().filter(|one| one.source.kind == DIRECT) {
            let role = roles.held(&one.role.slug, organization);
            let user = users.get(&*one.organization_membership_id);
            let user = user.map(|user| Untrusted::from(*user)).filter(is_safe_id);
            let (Some(role), Some(user)) = (role, user) else {
                held.incomplete.get_or_insert_with(|| {
                    format!(
                        "in `{organization}` a role on {:?} is one that was not in the lists; plan again",
                        resource.external_id
                    )
                });
                continue;
            };
            held.objects.push(slot(RESOURCE_MEMBER, &scope, user, &one.id, role));
        }
        for (group, given) in groups.into_iter().flatten() {
            let here = given.iter().filter(|given| {
                given.resource.resource_type_slug == resource.kind
                    && given.resource.external_id == resource.external_id
            });
            for given in here {
                let Some(role) = roles.held(&given.role.slug, organization) else { continue };
                held.objects.push(slot(RESOURCE_GROUP, &scope, group.id.as_str().into(), &given.id, role));
            }
        }
    }
    held
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
