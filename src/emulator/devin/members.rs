//! Users, service users, and groups of the identity provider, in the enterprise and in its organizations.

use serde_json::Value;

use crate::emulator::call::Answer;

use super::assign::{self, Audited, assign};
use super::caller::Request;
use super::edit::Edit;
use super::input::Body;
use super::objects::{Group, Holder, ServiceUser, User};
use super::page;
use super::refusal::{Refusal, status_of};
use super::shape;
use super::switches::{DELETED_SERVICE_USER, EMAIL_FILTER, EXISTING_MEMBER, UNREGISTERED_GROUP};

/// Answers a route; `org` is the organization that it names, `rest` what follows `members`.
pub(super) fn answer<'a>(
    request: Request<'a>,
    org: Option<&'a str>,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    request.require_membership()?;
    let method = request.call.method.as_str();
    match (method, rest) {
        ("GET", ["users"]) => users(request, org),
        ("GET", ["idp-users"]) => idp_users(request, org),
        ("GET", ["service-users"]) => service_users(request, org),
        ("GET", ["idp-groups"]) => groups(request, org),
        ("POST", ["users"]) if org.is_none() => invite(request),
        ("GET", ["users", id]) if org.is_none() => {
            Ok(Answer::json(200, &shape::whole_user(request, user(request, id)?)))
        }
        ("POST", ["users", _]) if org.is_none() => Err(Refusal::no_method()),
        ("DELETE", ["users", id]) if org.is_none() => remove_user(request, user(request, id)?),
        ("POST" | "PATCH" | "DELETE", ["users", id]) => {
            change(request, org, user(request, id)?, |user| shape::user(request, user, None))
        }
        ("GET", ["service-users", id]) if org.is_none() => {
            let found = request.enterprise.service_users.get(id);
            let hidden = request.switches.is(&DELETED_SERVICE_USER, "404");
            let found = found.filter(|it| it.deleted_at.is_none() || !hidden);
            let found = found.ok_or_else(|| Refusal::not_found("Service user"))?;
            Ok(Answer::json(200, &shape::service_user(request, found, None)))
        }
        ("DELETE", ["service-users", id]) if org.is_none() => {
            remove_service_user(request, service_user(request, id)?)
        }
        ("POST" | "PATCH" | "DELETE", ["service-users", id]) => {
            change(request, org, service_user(request, id)?, |it| shape::service_user(request, it, None))
        }
        ("GET", ["idp-groups", name]) => {
            let group = group(request, name)?;
            Ok(Answer::json(200, &shape::group(request, group, org)))
        }
        ("POST" | "PATCH" | "DELETE", ["idp-groups", name]) => {
            change(request, org, group(request, name)?, |group| shape::group(request, group, org))
        }
        (_, ["users" | "idp-users" | "service-users" | "idp-groups"])
        | (_, ["users" | "service-users" | "idp-groups", _]) => Err(Refusal::no_method()),
        _ => Err(Refusal::not_found("Page")),
    }
}

/// Reads of one organization, for its own service users; a role has no type there.
pub(super) fn of_organization<'a>(
    request: Request<'a>,
    org: &'a str,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    if request.call.method != "GET" {
        return Err(Refusal::no_method());
    }
    request.require_in(org, "ViewOrgMembership")?;
    let mut answer = match rest {
        ["users"] => users(request, Some(org))?,
        ["idp-users"] => idp_users(request, Some(org))?,
        ["users", id] => {
            let user = user(request, id)?;
            if user.held(Some(org)).is_none() {
                return Err(Refusal::not_found("User"));
            }
            Answer::json(200, &shape::user(request, user, Some(org)))
        }
        _ => return Err(Refusal::not_found("Page")),
    };
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    shape::forget_types(&mut body);
    answer.body = body.to_string().into_bytes();
    Ok(answer)
}

fn user<'a>(request: Request<'a>, id: &str) -> Result<&'a User, Refusal> {
    request.enterprise.users.get(id).ok_or_else(|| Refusal::not_found("User"))
}

fn service_user<'a>(request: Request<'a>, id: &str) -> Result<&'a ServiceUser, Refusal> {
    let found = request.enterprise.service_users.get(id).filter(|it| it.deleted_at.is_none());
    found.ok_or_else(|| Refusal::not_found("Service user"))
}

/// A registered group. Reading one that is not registered is a 404, whatever giving it a role is.
fn group<'a>(request: Request<'a>, name: &str) -> Result<&'a Group, Refusal> {
    request.enterprise.groups.get(name).ok_or_else(|| {
        let status = match request.call.method.as_str() {
            "POST" => status_of(request.switches.get(&UNREGISTERED_GROUP)),
            _ => 404,
        };
        Refusal::new(status, "IdP group not found")
    })
}

/// Gives, changes, or takes away a role, and shows the holder: as it is then, or as it was before the role went.
fn change<'a, T: Audited>(
    request: Request<'a>,
    org: Option<&'a str>,
    holder: &T,
    show: impl Fn(&T) -> Value,
) -> Result<Answer, Refusal> {
    let mut edit = Edit::new(request);
    let removal = request.call.method == "DELETE";
    let body = Body::of(request.call)?;
    let wanted = if removal { None } else { Some(body.required_text("role_id")?) };
    let after = assign(&mut edit, holder, org, wanted)?;
    let shown = show(if removal { holder } else { &after });
    Ok(Answer::json(200, &shown).changing(edit.finish()))
}

/// The users that the filter by e-mail address leaves.
fn filtered<'a>(request: Request<'a>) -> impl Iterator<Item = &'a User> {
    let wanted = request.call.parameter("email");
    let any_case = request.switches.is(&EMAIL_FILTER, "any_case");
    request.enterprise.users.values().filter(move |user| match (wanted, &user.email) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(email)) if any_case => wanted.eq_ignore_ascii_case(email),
        (Some(wanted), Some(email)) => wanted == email,
    })
}

fn users<'a>(request: Request<'a>, org: Option<&'a str>) -> Result<Answer, Refusal> {
    let users: Vec<&User> =
        filtered(request).filter(|user| org.is_none() || user.held(org).is_some()).collect();
    page::answer(request, &users, false, |user| shape::user(request, user, org))
}

fn idp_users<'a>(request: Request<'a>, org: Option<&'a str>) -> Result<Answer, Refusal> {
    let reached = |user: &&User| {
        let mut groups = user.groups.iter().filter_map(|name| request.enterprise.groups.get(name));
        groups.any(|group| match org {
            None => group.role().is_some() || !group.organizations().is_empty(),
            Some(_) => group.held(org).is_some(),
        })
    };
    let users: Vec<&User> = filtered(request).filter(reached).collect();
    page::answer(request, &users, false, |user| shape::idp_user(request, user, org))
}

fn service_users<'a>(request: Request<'a>, org: Option<&'a str>) -> Result<Answer, Refusal> {
    let all = request.call.parameter("include_inactive") == Some("true");
    let found = request.enterprise.service_users.values();
    let found = found.filter(|it| all || it.is_active(request.now));
    let found: Vec<&ServiceUser> = found.filter(|it| org.is_none() || it.held(org).is_some()).collect();
    page::answer(request, &found, false, |it| shape::service_user(request, it, org))
}

fn groups<'a>(request: Request<'a>, org: Option<&'a str>) -> Result<Answer, Refusal> {
    let groups = request.enterprise.groups.values();
    let groups: Vec<&Group> = groups.filter(|group| org.is_none() || group.held(org).is_some()).collect();
    page::answer(request, &groups, false, |group| shape::group(request, group, org))
}

/// Makes people members of the enterprise, all with one role; the answer is a bare array.
fn invite(request: Request<'_>) -> Result<Answer, Refusal> {
    let body = Body::of(request.call)?;
    let emails = body.hundred_texts("emails")?;
    let role = assign::role(request, body.required_text("enterprise_role_id")?, None)?;
    request.guard(role, None, false)?;
    let mut edit = Edit::new(request);
    let mut shown = Vec::new();
    for email in emails {
        if !email.contains('@') {
            return Err(Refusal::invalid(
                "body",
                "emails",
                "value_error",
                "value is not a valid email address",
            ));
        }
        let known = request.enterprise.users.values().find(|user| user.email.as_deref() == Some(&email));
        let user = match known {
            Some(_) if request.switches.is(&EXISTING_MEMBER, "409") => {
                return Err(Refusal::new(409, "A user is a member already"));
            }
            Some(user) => user.clone(),
            None => {
                let (id, order) = edit.id("user-");
                let user = User {
                    id,
                    email: Some(email),
                    name: None,
                    role: Some(role.id.clone()),
                    organizations: std::collections::BTreeMap::new(),
                    groups: Vec::new(),
                    order,
                };
                edit.put(&user);
                edit.log("add_enterprise_member", None, assign::data(&user, user.role()));
                user
            }
        };
        shown.push(shape::user(request, &user, None));
    }
    Ok(Answer::json(200, &shown).changing(edit.finish()))
}

/// Takes a user out of the enterprise, with every role.
fn remove_user(request: Request<'_>, user: &User) -> Result<Answer, Refusal> {
    let mut edit = Edit::new(request);
    edit.remove::<User>(&user.id);
    edit.log("delete_member", None, assign::data(user, None));
    Ok(Answer::json(200, &shape::user(request, user, None)).changing(edit.finish()))
}

/// Deletes a service user, with every role.
fn remove_service_user(request: Request<'_>, service_user: &ServiceUser) -> Result<Answer, Refusal> {
    let mut edit = Edit::new(request);
    let after = ServiceUser {
        role: None,
        organizations: std::collections::BTreeMap::new(),
        deleted_at: Some(request.now),
        ..service_user.clone()
    };
    edit.put(&after);
    edit.log("delete_service_user", None, assign::data(service_user, None));
    let shown = ServiceUser { deleted_at: after.deleted_at, ..service_user.clone() };
    Ok(Answer::json(200, &shape::service_user(request, &shown, None)).changing(edit.finish()))
}
