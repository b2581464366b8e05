//! Giving, changing, and taking away the one role that a holder has in the enterprise or in an organization.

use super::caller::Request;
use super::edit::Edit;
use super::objects::{Group, Holder, Level, Role, ServiceUser, User};
use super::refusal::{Refusal, status_of};
use super::switches::{DUPLICATE_ASSIGNMENT, MISSING_ASSIGNMENT, UNKNOWN_ROLE, WRONG_ROLE_TYPE};
use super::table::Stored;
use serde_json::{Value, json};

/// What the audit log calls what is done to a kind of holder.
pub(super) trait Audited: Holder {
    /// A first role, another role, and no role any more.
    const ACTIONS: [&'static str; 3];
    /// The field of the audit data that names the holder.
    const FIELD: &'static str;
}

impl Audited for User {
    const ACTIONS: [&'static str; 3] = ["add_member", "assign_roles", "delete_member"];
    const FIELD: &'static str = "user_id";
}

impl Audited for ServiceUser {
    const ACTIONS: [&'static str; 3] =
        ["assign_service_user_role", "assign_service_user_role", "remove_service_user_role"];
    const FIELD: &'static str = "service_user_id";
}

impl Audited for Group {
    const ACTIONS: [&'static str; 3] =
        ["add_group_membership", "update_group_membership", "delete_group_membership"];
    const FIELD: &'static str = "idp_group_name";
}

/// A role that can be given in the enterprise, or in an organization if one is named.
pub(super) fn role<'a>(request: Request<'a>, id: &str, org: Option<&str>) -> Result<&'a Role, Refusal> {
    let unknown = || Refusal::new(status_of(request.switches.get(&UNKNOWN_ROLE)), "Role not found");
    let role = request.enterprise.roles.get(id).ok_or_else(unknown)?;
    let wanted = if org.is_some() { Level::Org } else { Level::Enterprise };
    if role.level == wanted {
        return Ok(role);
    }
    let status = status_of(request.switches.get(&WRONG_ROLE_TYPE));
    Err(Refusal::new(status, "The type of the role does not match"))
}

/// Carries out the method of a request on a holder's role; `None` as role takes it away.
pub(super) fn assign<'a, T: Audited>(
    edit: &mut Edit<'a>,
    holder: &T,
    org: Option<&'a str>,
    wanted: Option<&str>,
) -> Result<T, Refusal> {
    let request = edit.request;
    let method = request.call.method.as_str();
    let before = holder.held(org);
    if method == "POST" && before.is_some() {
        let status = status_of(request.switches.get(&DUPLICATE_ASSIGNMENT));
        return Err(Refusal::new(status, "There is a role assignment already"));
    }
    let created = method == "PATCH" && request.switches.is(&MISSING_ASSIGNMENT, "created");
    if method != "POST" && before.is_none() && !created {
        return Err(Refusal::not_found("Role assignment"));
    }
    if let Some(wanted) = wanted {
        let role = role(request, wanted, org)?;
        request.guard(role, org, T::KIND == ServiceUser::KIND)?;
    }
    let after = holder.with(org, wanted);
    edit.put(&after);
    let [first, other, gone] = T::ACTIONS;
    let action = match (before, wanted) {
        (_, None) => gone,
        (None, _) => first,
        (Some(_), _) => other,
    };
    edit.log(action, org, data(holder, wanted.or(before)));
    Ok(after)
}

/// The audit data of something that is done to a holder.
pub(super) fn data<T: Audited>(holder: &T, role: Option<&str>) -> Value {
    json!({ T::FIELD: holder.key(), "role_id": role })
}
