//! Objects as the API shows them.

use serde_json::{Map, Value, json};

use super::caller::Request;
use super::objects::{Group, Holder, Level, Organization, Role, ServiceUser, User};
use super::switches::{ENTERPRISE_ORG_ID, ORGANIZATION_LISTS};

/// The level as the API writes it.
fn level(level: Level) -> &'static str {
    match level {
        Level::Enterprise => "enterprise",
        Level::Org => "org",
    }
}

/// A role.
pub(super) fn role(role: &Role) -> Value {
    json!({ "role_id": role.id, "role_name": role.name, "role_type": level(role.level) })
}

/// An assignment: a role, where it counts, and the group that it comes through.
fn assignment(request: Request<'_>, id: &str, org: Option<&str>, group: Option<&str>) -> Option<Value> {
    let mut shown = Map::new();
    shown.insert("role".to_owned(), role(request.enterprise.roles.get(id)?));
    if let Some(group) = group {
        shown.insert("idp_group_name".to_owned(), json!(group));
    }
    if org.is_some() || request.switches.is(&ENTERPRISE_ORG_ID, "null") {
        shown.insert("org_id".to_owned(), json!(org));
    }
    Some(Value::Object(shown))
}

/// The assignments of a holder: all of them, or as seen in the list of one organization.
fn assignments<T: Holder>(
    request: Request<'_>,
    holder: &T,
    list: Option<&str>,
    group: Option<&str>,
) -> Vec<Value> {
    let only = list.filter(|_| request.switches.is(&ORGANIZATION_LISTS, "own"));
    let enterprise = holder.role().filter(|_| only.is_none()).map(|role| (role, None));
    let organizations = holder.organizations().iter();
    let organizations = organizations.filter(|(org, _)| only.is_none_or(|only| only == org.as_str()));
    enterprise
        .into_iter()
        .chain(organizations.map(|(org, role)| (role.as_str(), Some(org.as_str()))))
        .filter_map(|(role, org)| assignment(request, role, org, group))
        .collect()
}

/// The assignments that a user has through groups, all of them or those in one organization.
pub(super) fn through_groups(request: Request<'_>, user: &User, list: Option<&str>) -> Vec<Value> {
    let groups = user.groups.iter().filter_map(|name| request.enterprise.groups.get(name));
    groups
        .flat_map(|group| match list {
            None => assignments(request, group, None, Some(&group.name)),
            Some(org) => {
                let role = group.held(Some(org));
                let shown = role.and_then(|role| assignment(request, role, Some(org), Some(&group.name)));
                shown.into_iter().collect()
            }
        })
        .collect()
}

/// A user with the roles of its own.
pub(super) fn user(request: Request<'_>, user: &User, list: Option<&str>) -> Value {
    json!({
        "user_id": user.id, "email": user.email, "name": user.name,
        "role_assignments": assignments(request, user, list, None),
    })
}

/// A user with every role.
pub(super) fn whole_user(request: Request<'_>, user: &User) -> Value {
    let mut shown = self::user(request, user, None);
    shown["idp_role_assignments"] = json!(through_groups(request, user, None));
    shown
}

/// A user with the roles that come through groups.
pub(super) fn idp_user(request: Request<'_>, user: &User, list: Option<&str>) -> Value {
    json!({
        "user_id": user.id, "email": user.email, "name": user.name,
        "idp_role_assignments": through_groups(request, user, list),
    })
}

/// A service user.
pub(super) fn service_user(request: Request<'_>, service_user: &ServiceUser, list: Option<&str>) -> Value {
    json!({
        "service_user_id": service_user.id, "name": service_user.name, "expires_at": service_user.expires_at,
        "deleted_at": service_user.deleted_at,
        "role_assignments": assignments(request, service_user, list, None),
    })
}

/// A group with its roles.
pub(super) fn group(request: Request<'_>, group: &Group, list: Option<&str>) -> Value {
    json!({ "idp_group_name": group.name, "role_assignments": assignments(request, group, list, None) })
}

/// An organization.
pub(super) fn organization(organization: &Organization) -> Value {
    json!({
        "org_id": organization.id, "name": organization.name, "created_at": organization.created_at,
        "updated_at": organization.updated_at, "max_session_acu_limit": organization.max_session_acu_limit,
        "max_cycle_acu_limit": organization.max_cycle_acu_limit,
    })
}

/// Takes the types out of all roles that an answer shows.
pub(super) fn forget_types(shown: &mut Value) {
    match shown {
        Value::Object(fields) => {
            fields.remove("role_type");
            fields.values_mut().for_each(forget_types);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_types),
        _ => {}
    }
}
