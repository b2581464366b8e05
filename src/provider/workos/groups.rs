//! WorkOS's own groups of an organization, and the roles that they give there. Groups of an identity
//! provider are something else: no API tells or sets their roles.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{
    pages::{self, List},
    roles::Roles,
    slug::ORGANIZATION,
    spec::GROUP,
    wire,
};
use crate::{
    contract::is_safe_id,
    model::{
        Key, Kind, Scope, Untrusted, Value,
        live::{Live, LiveObject},
        object::field,
    },
    provider::{ReadError, RequestLine, http::Reading},
};

/// The groups of one organization.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// A slot for each role that a group gives in the organization as a whole.
    pub(super) objects: Vec<LiveObject>,
    /// Id and name of each group.
    pub(super) names: BTreeMap<Untrusted, Untrusted>,
    /// Why some group's role is not known.
    pub(super) incomplete: Option<String>,
}

impl Groups {
    /// The same, without what groups give in the organization where only their names are `asked` for.
    pub(super) fn only(self, asked: bool) -> Self {
        if asked { self } else { Self { names: self.names, ..Self::default() } }
    }
}

/// Every group of an organization with what it gives.
pub(super) type Listed = Vec<(wire::Group, Vec<wire::GroupRole>)>;

/// Reads the groups of an organization: pages of groups, then the roles of all of them at once.
pub(super) async fn list(reading: &Reading, organization: &str, wave: u32) -> Result<Listed, ReadError> {
    let segments = &["organizations", organization, "groups"];
    let list = List { segments, query: &[], wave, quota: None };
    let groups: pages::Listed<wire::Group> = pages::read(reading, list, None).await?;
    if let Some(group) = groups.items.iter().find(|group| !is_safe_id(&group.id.as_str().into())) {
        let request = RequestLine::from("GET /organizations/…/groups");
        let what = format!("answered with an unexpected body: {:?} is no id of a group", group.id);
        return Err(reading.connection().malformed(&request, &what).into());
    }
    let wave = wave + groups.pages;
    let roles = groups.items.iter().map(|group| async move {
        let segments = &["authorization", "groups", &group.id, "role_assignments"];
        let list = List { segments, query: &[], wave, quota: None };
        pages::read::<wire::GroupRole>(reading, list, None).await
    });
    let roles = join_all(roles).await;
    groups.items.into_iter().zip(roles).map(|(group, roles)| Ok((group, roles?.items))).collect()
}

/// From groups to slots. What a group gives on another resource than the organization is not of this
/// kind, and left alone.
pub(super) fn resolve(listed: Listed, organization: &str, roles: &Roles) -> Groups {
    let mut groups = Groups::default();
    for (group, given) in listed {
        let id = Untrusted::from(group.id.as_str());
        groups.names.insert(id.clone(), group.name.as_str().into());
        for given in given.iter().filter(|given| given.resource.resource_type_slug == ORGANIZATION) {
            let Some(role) = roles.held(&given.role.slug, organization) else {
                groups.incomplete.get_or_insert_with(|| {
                    format!(
                        "in `{organization}` the group {:?} gives a role that was not in the list of roles; plan again",
                        group.name
                    )
                });
                continue;
            };
            groups.objects.push(LiveObject {
                key: Key {
                    kind: Kind::Assignment,
                    class: GROUP,
                    scope: Scope::within(ORGANIZATION, organization),
                    name: id.clone(),
                    role: Some(role.clone()),
                },
                id: Some(given.id.as_str().into()),
                builtin: false,
                fields: BTreeMap::from([(field::ROLE, Live::Known(Value::Role(Some(role))))]),
                holders: None,
                locked: None,
            });
        }
    }
    groups
}
