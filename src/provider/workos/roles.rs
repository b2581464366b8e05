//! From WorkOS's roles to live objects.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    slug::{self, ORGANIZATION},
    spec::{ENVIRONMENT_ROLE, ORGANIZATION_ROLE},
    wire::{RoleKind, RoleList},
};
use crate::model::{
    Key, Kind, RoleId, Scope, Untrusted, Value,
    live::{Live, LiveObject},
    object::field,
};

/// The role that every environment has and that cannot be deleted.
pub(super) const MEMBER: &str = "member";

/// What one list of roles says.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// Those that belong to the place that was asked for.
    pub(super) objects: Vec<LiveObject>,
    /// Slugs of all that can be held there.
    pub(super) slugs: BTreeSet<Untrusted>,
    /// The same in the order of priority, the highest first.
    pub(super) order: Vec<Untrusted>,
    /// Whether any of them is for another type of resource than organizations.
    pub(super) on_resources: bool,
    /// WorkOS's id of the role `member`.
    pub(super) member: Option<Untrusted>,
    /// Why this may not be all of them.
    pub(super) incomplete: Option<String>,
}

impl Roles {
    /// Checks and takes over a list: that of the environment, or of one organization, where the roles
    /// of the environment stand too. The error says what is wrong with the answer.
    pub(super) fn new(list: &RoleList<'_>, organization: Option<&str>) -> Result<Self, String> {
        let mut roles = Self::default();
        let (class, own, scope) = match organization {
            None => (ENVIRONMENT_ROLE, RoleKind::Environment, Scope::Target),
            Some(id) => (ORGANIZATION_ROLE, RoleKind::Organization, Scope::within(ORGANIZATION, id)),
        };
        for (index, role) in list.data.0.iter().enumerate() {
            let slug = Untrusted::from(&*role.slug.0);
            if !roles.slugs.insert(slug.clone()) {
                return Err(format!("data[{index}]: the slug {slug:?} stands there twice"));
            }
            roles.order.push(slug.clone());
            roles.on_resources |= role.resource_type_slug.0 != ORGANIZATION;
            if role.kind == RoleKind::Environment && slug.raw() == MEMBER {
                roles.member = Some(Untrusted::from(&*role.id.0));
            }
            if role.kind != own {
                if organization.is_none() {
                    return Err(format!("data[{index}]: {slug:?} is no role of the environment"));
                }
                continue;
            }
            let text = |text: &str| Live::Known(Value::Text(Some(text.into())));
            let permissions = role.permissions.0.iter().map(|slug| Untrusted::from(&*slug.0)).collect();
            let description = role.description.as_ref().map(|text| Untrusted::from(&*text.0));
            let fits = slug::is_role_slug(slug.raw());
            roles.objects.push(LiveObject {
                id: Some(slug::role_id(organization, slug.raw())),
                builtin: organization.is_none() && slug.raw() == MEMBER,
                fields: BTreeMap::from([
                    (field::NAME, text(&role.name.0)),
                    (field::SLUG, text(slug.raw())),
                    (field::DESCRIPTION, Live::Known(Value::Text(description))),
                    (field::RESOURCE_TYPE, text(&role.resource_type_slug.0)),
                    (field::PERMISSIONS, Live::Known(Value::Set(permissions))),
                ]),
                holders: None,
                locked: (!fits).then(|| format!("its slug {slug:?} is none that a request can name").into()),
                key: Key { kind: Kind::Role, class, scope: scope.clone(), name: slug, role: None },
            });
        }
        roles.incomplete = if list.list_metadata.as_ref().is_some_and(|cursors| cursors.after.is_some()) {
            Some("the answer names a next page, and lists of roles have none".to_owned())
        } else if roles.member.is_none() {
            Some(format!("the role `{MEMBER}`, which every environment has, is not in it"))
        } else {
            None
        };
        if let Some(why) = &mut roles.incomplete {
            let of = organization.map_or_else(|| "the environment".to_owned(), |id| format!("`{id}`"));
            *why = format!("the list of the roles of {of} is not complete: {why}");
        }
        Ok(roles)
    }

    /// The role that `slug` means in an organization; `None` where there is none.
    pub(super) fn held(&self, slug: &str, organization: &str) -> Option<RoleId> {
        let slug = Untrusted::from(slug);
        let own = self.objects.iter().any(|object| object.key.name == slug);
        let id = || slug::role_id(own.then_some(organization), slug.raw());
        self.slugs.contains(&slug).then(|| RoleId::Live(id()))
    }
}
