//! Objects as the API shows them.

use serde_json::{Value, json};

use super::caller::Request;
use super::objects::{Group, Membership, Permission, Role, User};
use super::switches::{GROUP_ROLES, PERMISSION_ORDER};
use super::world::{Organization, OrganizationFacts};

/// A role with all its fields.
pub(super) fn role(request: Request<'_>, role: &Role, custom: bool) -> Value {
    let mut permissions: Vec<&String> = role.permissions.iter().collect();
    match request.switches.get(&PERMISSION_ORDER) {
        "sent" => {}
        "reversed" => permissions.sort_by(|a, b| b.cmp(a)),
        _ => permissions.sort(),
    }
    json!({
        "object": "role", "id": role.id, "slug": role.slug, "name": role.name, "description": role.description,
        "type": if custom { "OrganizationRole" } else { "EnvironmentRole" },
        "resource_type_slug": role.resource_type_slug, "permissions": permissions,
        "created_at": role.created_at, "updated_at": role.updated_at,
    })
}

/// A permission.
pub(super) fn permission(permission: &Permission) -> Value {
    json!({
        "object": "permission", "id": permission.id, "slug": permission.slug, "name": permission.name,
        "description": permission.description, "system": permission.system,
        "resource_type_slug": permission.resource_type_slug,
        "created_at": permission.created_at, "updated_at": permission.updated_at,
    })
}

/// An organization.
pub(super) fn organization(facts: &OrganizationFacts) -> Value {
    let domains: Vec<Value> = facts
        .domains
        .iter()
        .map(|domain| {
            json!({
                "object": "organization_domain", "id": domain.id, "organization_id": facts.id,
                "domain": domain.domain, "state": domain.state,
                "created_at": domain.created_at, "updated_at": domain.created_at,
            })
        })
        .collect();
    let mut shown = json!({
        "object": "organization", "id": facts.id, "name": facts.name, "domains": domains,
        "metadata": facts.metadata, "external_id": facts.external_id,
        "allow_profiles_outside_organization": facts.allow_profiles_outside_organization,
        "created_at": facts.created_at, "updated_at": facts.updated_at,
    });
    if let (Some(fields), Some(customer)) = (shown.as_object_mut(), &facts.stripe_customer_id) {
        fields.insert("stripe_customer_id".to_owned(), json!(customer));
    }
    shown
}

fn user(user: &User) -> Value {
    let name = [&user.first_name, &user.last_name].into_iter().flatten().cloned().collect::<Vec<_>>();
    json!({
        "object": "user", "id": user.id, "email": user.email, "email_verified": true,
        "first_name": user.first_name, "last_name": user.last_name,
        "name": (!name.is_empty()).then(|| name.join(" ")),
        "profile_picture_url": null, "external_id": user.external_id, "metadata": {},
        "last_sign_in_at": null, "locale": null,
        "created_at": user.created_at, "updated_at": user.updated_at,
    })
}

/// A membership without roles, as lists within groups and resources show it.
///
/// The published description has no `user` here; the vendor's own client requires it.
pub(super) fn membership_base(
    request: Request<'_>,
    organization: &Organization,
    membership: &Membership,
) -> Value {
    json!({
        "object": "organization_membership", "id": membership.id, "user_id": membership.user,
        "organization_id": organization.facts.id, "organization_name": organization.facts.name,
        "status": membership.status, "directory_managed": membership.directory_managed,
        "custom_attributes": membership.custom_attributes,
        "user": request.environment.users.get(&membership.user).map(user),
        "created_at": membership.created_at, "updated_at": membership.updated_at,
    })
}

/// A membership.
pub(super) fn membership(
    request: Request<'_>,
    organization: &Organization,
    membership: &Membership,
) -> Value {
    let mut slugs: Vec<&str> = membership.roles.iter().map(String::as_str).collect();
    if request.switches.is(&GROUP_ROLES, "shown") {
        let own = &organization.facts.resource_id;
        for through in super::held::through_groups(request, organization, membership) {
            if through.resource == own && !slugs.contains(&through.role) {
                slugs.push(through.role);
            }
        }
    }
    let roles: Vec<Value> = slugs.iter().map(|slug| json!({ "slug": slug })).collect();
    let mut shown = membership_base(request, organization, membership);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("role".to_owned(), roles.first().cloned().unwrap_or_default());
        fields.insert("roles".to_owned(), Value::Array(roles));
    }
    shown
}

/// A group.
pub(super) fn group(organization: &str, group: &Group) -> Value {
    json!({
        "object": "group", "id": group.id, "organization_id": organization, "name": group.name,
        "description": group.description, "created_at": group.created_at, "updated_at": group.updated_at,
    })
}
