//! Roles, organizations, registered groups, the audit log, and the caller itself.

use serde_json::{Value, json};

use crate::emulator::call::Answer;

use super::caller::{Principal, Request};
use super::edit::Edit;
use super::input::Body;
use super::objects::{Event, Group, Holder, Organization, Role, ServiceUser, User};
use super::page;
use super::refusal::{Refusal, status_of};
use super::shape;
use super::switches::{CUSTOM_ROLES, GROUP_IN_USE, SELF_ORG_ID};

/// The longest span of an audit query.
const HUNDRED_DAYS: i64 = 100 * 24 * 60 * 60;

/// Who is asking. Everybody with a valid token may know that.
pub(super) fn whoami(request: Request<'_>) -> Result<Answer, Refusal> {
    if request.call.method != "GET" {
        return Err(Refusal::no_method());
    }
    let (mut shown, org) = match request.principal {
        Some(Principal::ServiceUser(it)) => (
            json!({ "principal_type": "service_user", "service_user_id": it.id, "service_user_name": it.name }),
            it.org_id.as_deref(),
        ),
        Some(Principal::User(user)) => (
            json!({
                "principal_type": "pat_user", "user_id": user.id, "user_name": user.name,
                "api_key_id": format!("key-{}", user.order), "api_key_name": "emulated",
            }),
            None,
        ),
        None => return Err(Refusal::not_found("Principal")),
    };
    if org.is_some() || request.switches.is(&SELF_ORG_ID, "null") {
        shown["org_id"] = json!(org);
    }
    Ok(Answer::json(200, &shown))
}

/// The roles of both levels. There is nothing but the list: no role is written over the API.
pub(super) fn roles(request: Request<'_>) -> Result<Answer, Refusal> {
    if request.call.method != "GET" {
        return Err(Refusal::no_method());
    }
    request.require_view()?;
    let feature = request.switches.get(&CUSTOM_ROLES);
    if feature == "403" {
        return Err(Refusal::new(403, "Roles are not available for this enterprise"));
    }
    let roles = request.enterprise.roles.values().filter(|role| role.builtin || feature != "hidden");
    page::answer(request, &roles.collect::<Vec<&Role>>(), false, shape::role)
}

/// The names of groups that roles can be given to.
pub(super) fn groups(request: Request<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    request.require_membership()?;
    let shown = |name: &str| json!({ "idp_group_name": name });
    match (request.call.method.as_str(), rest) {
        ("GET", []) => {
            let groups: Vec<&Group> = request.enterprise.groups.values().collect();
            page::answer(request, &groups, false, |group| shown(&group.name))
        }
        ("POST", []) => {
            let names = Body::of(request.call)?.hundred_texts("idp_group_names")?;
            let mut edit = Edit::new(request);
            for name in &names {
                if request.enterprise.groups.get(name).is_none() {
                    let order = edit.number();
                    edit.put(&Group {
                        name: name.clone(),
                        role: None,
                        organizations: std::collections::BTreeMap::new(),
                        order,
                    });
                }
            }
            let names: Vec<Value> = names.iter().map(|name| shown(name)).collect();
            Ok(Answer::json(200, &names).changing(edit.finish()))
        }
        ("DELETE", [name]) => {
            let group = request.enterprise.groups.get(name);
            let group = group.ok_or_else(|| Refusal::not_found("IdP group"))?;
            let has_members = request.enterprise.users.values().any(|user| user.groups.contains(&group.name));
            if has_members || group.role().is_some() || !group.organizations().is_empty() {
                let status = status_of(request.switches.get(&GROUP_IN_USE));
                return Err(Refusal::new(status, "The group has role assignments or members"));
            }
            let mut edit = Edit::new(request);
            edit.remove::<Group>(name);
            Ok(Answer::json(200, &shown(name)).changing(edit.finish()))
        }
        (_, [] | [_]) => Err(Refusal::no_method()),
        _ => Err(Refusal::not_found("Page")),
    }
}

/// The organizations of the enterprise.
pub(super) fn organizations(request: Request<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    request.require("ManageOrganizations")?;
    let method = request.call.method.as_str();
    let body = Body::of(request.call)?;
    let mut edit = Edit::new(request);
    let organization = match (method, rest) {
        ("GET", []) => {
            let all: Vec<&Organization> = request.enterprise.organizations.values().collect();
            return page::answer(request, &all, false, shape::organization);
        }
        ("POST", []) => {
            let (id, order) = edit.id("org-");
            let organization = Organization {
                id,
                name: body.required_text("name")?.to_owned(),
                created_at: request.now,
                updated_at: request.now,
                max_session_acu_limit: body.number("max_session_acu_limit")?,
                max_cycle_acu_limit: body.number("max_cycle_acu_limit")?,
                order,
            };
            edit.put(&organization);
            edit.log("create_org", Some(&organization.id), json!({ "name": organization.name }));
            organization
        }
        ("GET", [id]) => organization(request, id)?.clone(),
        ("PATCH", [id]) => {
            let mut after = organization(request, id)?.clone();
            after.updated_at = request.now;
            if let Some(name) = body.text("name")? {
                name.clone_into(&mut after.name);
            }
            if body.has("max_session_acu_limit") {
                after.max_session_acu_limit = body.number("max_session_acu_limit")?;
            }
            if body.has("max_cycle_acu_limit") {
                after.max_cycle_acu_limit = body.number("max_cycle_acu_limit")?;
            }
            edit.put(&after);
            edit.log("update_org", Some(id), json!({ "name": after.name }));
            after
        }
        ("DELETE", [id]) => {
            let gone = organization(request, id)?;
            leave(&mut edit, request.enterprise.users.values(), id);
            leave(&mut edit, request.enterprise.service_users.values(), id);
            leave(&mut edit, request.enterprise.groups.values(), id);
            edit.remove::<Organization>(id);
            edit.log("delete_org", Some(id), json!({ "name": gone.name }));
            gone.clone()
        }
        (_, [] | [_]) => return Err(Refusal::no_method()),
        _ => return Err(Refusal::not_found("Page")),
    };
    Ok(Answer::json(200, &shape::organization(&organization)).changing(edit.finish()))
}

/// The organization with an id.
pub(super) fn organization<'a>(request: Request<'a>, id: &str) -> Result<&'a Organization, Refusal> {
    request.enterprise.organizations.get(id).ok_or_else(|| Refusal::not_found("Organization"))
}

/// Takes the roles away that holders have in an organization.
fn leave<'a, T: Holder + 'a>(edit: &mut Edit<'_>, holders: impl Iterator<Item = &'a T>, org: &str) {
    for holder in holders.filter(|holder| holder.held(Some(org)).is_some()) {
        edit.put(&holder.with(Some(org), None));
    }
}

/// The audit log of the enterprise, or of one organization.
pub(super) fn audit(request: Request<'_>, org: Option<&str>) -> Result<Answer, Refusal> {
    if request.call.method != "GET" {
        return Err(Refusal::no_method());
    }
    request.require("ManageEnterpriseSettings")?;
    let invalid = |field, message| Refusal::invalid("query", field, "value_error", message);
    let time = |name: &'static str| match request.call.parameter(name) {
        None => Ok(None),
        Some(text) => text.parse::<i64>().map(Some).map_err(|_| invalid(name, "Input should be a number")),
    };
    let (from, to) = (time("time_after")?, time("time_before")?);
    match (from, to) {
        (None, Some(_)) => return Err(invalid("time_before", "time_before needs time_after")),
        (Some(from), Some(to)) if to.saturating_sub(from) > HUNDRED_DAYS => {
            return Err(invalid("time_before", "the span must not be longer than 100 days"));
        }
        _ => {}
    }
    let falling = match request.call.parameter("order") {
        None | Some("desc") => true,
        Some("asc") => false,
        Some(_) => return Err(invalid("order", "Input should be 'asc' or 'desc'")),
    };
    let action = request.call.parameter("action");
    let meant = |event: &&Event| {
        action.is_none_or(|action| event.action == action)
            && org.is_none_or(|org| event.org_id.as_deref() == Some(org))
            && from.is_none_or(|from| event.created_at >= from)
            && to.is_none_or(|to| event.created_at <= to)
    };
    let mut events: Vec<&Event> = request.enterprise.events.values().filter(meant).collect();
    if falling {
        events.reverse();
    }
    page::answer(request, &events, falling, |event| {
        let user = event.user_id.as_ref().and_then(|id| request.enterprise.users.get(id));
        let service_user =
            event.service_user_id.as_ref().and_then(|id| request.enterprise.service_users.get(id));
        json!({
            "audit_log_id": event.id, "action": event.action, "created_at": event.created_at, "data": event.data,
            "org_id": event.org_id, "user_id": event.user_id,
            "user_email": user.and_then(|user: &User| user.email.as_ref()),
            "service_user_id": event.service_user_id,
            "service_user_name": service_user.map(|it: &ServiceUser| &it.name),
        })
    })
}
