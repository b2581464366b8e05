//! `/user_management/organization_memberships`.

use crate::emulator::call::Answer;

use super::caller::Request;
use super::edit::Edit;
use super::input::Body;
use super::objects::{Assignment, Group, Membership, ORGANIZATION_TYPE, Status};
use super::page;
use super::refusal::Refusal;
use super::shape;
use super::switches::{EXISTING_MEMBERSHIP, UNKNOWN_FILTER};
use super::world::Organization;

/// Answers a request; `rest` is what follows `/user_management/organization_memberships`.
pub(super) fn answer(request: Request<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    match (request.call.method.as_str(), rest) {
        ("GET", []) => list(request),
        ("POST", []) => create(request),
        (method, [id, rest @ ..]) => {
            let (organization, membership) = find(request, id)?;
            match (method, rest) {
                ("GET", []) => Ok(Answer::json(200, &shape::membership(request, organization, membership))),
                ("PUT", []) => update(request, organization, membership),
                ("DELETE", []) => {
                    let mut edit = Edit::new(request);
                    edit.remove_membership(organization, membership);
                    Ok(Answer::empty(200).changing(edit.finish()))
                }
                ("PUT", ["deactivate"]) => set_status(request, organization, membership, Status::Inactive),
                ("PUT", ["reactivate"]) => set_status(request, organization, membership, Status::Active),
                ("GET", ["groups"]) => {
                    let groups = organization
                        .groups
                        .values()
                        .filter(|group| group.members.contains_key(*id))
                        .collect();
                    let page = page::cut(request, groups, |group: &&Group| &group.id)?;
                    Ok(page.answer(|group| shape::group(&organization.facts.id, group)))
                }
                _ => Err(request.no_route()),
            }
        }
        _ => Err(request.no_route()),
    }
}

/// A membership by id, with its organization.
pub(super) fn find<'a>(
    request: Request<'a>,
    id: &str,
) -> Result<(&'a Organization, &'a Membership), Refusal> {
    request
        .environment
        .home(id)
        .and_then(|organization| Some((organization, organization.memberships.get(id)?)))
        .ok_or_else(|| Refusal::not_found("Organization membership", id))
}

fn list(request: Request<'_>) -> Result<Answer, Refusal> {
    let call = request.call;
    let (organization, user) = (call.parameter("organization_id"), call.parameter("user_id"));
    if organization.is_none() && user.is_none() {
        return Err(Refusal::new(400, "Either user_id or organization_id must be provided.")
            .code("missing_user_id_or_organization_id"));
    }
    let mut statuses = Vec::new();
    // Documented is one parameter with commas.
    for status in call.parameter("statuses").unwrap_or("active").split(',') {
        statuses.push(match status {
            "active" => Status::Active,
            "inactive" => Status::Inactive,
            "pending" => Status::Pending,
            other => return Err(Refusal::invalid("statuses", format!("'{other}' is not a status"))),
        });
    }
    let strict = request.switches.is(&UNKNOWN_FILTER, "404");
    if let Some(user) = user.filter(|user| strict && !request.environment.users.has(user)) {
        return Err(Refusal::not_found("User", user));
    }
    let organizations: Vec<&Organization> = match organization {
        None => request.environment.organizations.values().collect(),
        Some(id) => match request.organization(id) {
            Ok(organization) => vec![organization],
            Err(refusal) if strict => return Err(refusal),
            Err(_) => Vec::new(),
        },
    };
    let mut found: Vec<(&Organization, &Membership)> = organizations
        .into_iter()
        .flat_map(|organization| {
            organization.memberships.values().map(move |membership| (organization, membership))
        })
        .filter(|(_, membership)| {
            statuses.contains(&membership.status) && user.is_none_or(|user| membership.user == user)
        })
        .collect();
    if organization.is_none() {
        found.sort_by_key(|(_, membership)| membership.order);
    }
    let page = page::cut(request, found, |(_, membership): &(_, &Membership)| &membership.id)?;
    Ok(page.answer(|(organization, membership)| shape::membership(request, organization, membership)))
}

/// The roles that a body names, if it names any; an empty list means the default role.
fn roles(
    request: Request<'_>,
    organization: &Organization,
    body: &Body,
) -> Result<Option<Vec<String>>, Refusal> {
    let one = body.text("role_slug")?.map(|slug| vec![slug.to_owned()]);
    let several = body.texts("role_slugs")?;
    let slugs = match (one, several) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid("role_slug", "role_slug and role_slugs cannot be used together"));
        }
        (None, None) => return Ok(None),
        (Some(slugs), None) | (None, Some(slugs)) => slugs,
    };
    if slugs.len() > 1 && !request.environment.facts.multiple_roles {
        return Err(Refusal::new(422, "Multiple roles are not enabled for this environment.")
            .code("multiple_roles_not_enabled"));
    }
    for slug in &slugs {
        let role = request.environment.role_in(organization, slug);
        let role = role.ok_or_else(|| {
            Refusal::new(422, format!("Role '{slug}' does not exist.")).code("invalid_role")
        })?;
        if role.resource_type_slug != ORGANIZATION_TYPE {
            return Err(Refusal::new(422, format!("Role '{slug}' is for resources only."))
                .code("sub_resource_scoped_role_not_allowed")
                .with("role_slug", slug.as_str()));
        }
    }
    if slugs.is_empty() {
        return Ok(Some(vec![request.environment.default_role(organization).to_owned()]));
    }
    Ok(Some(slugs))
}

fn create(request: Request<'_>) -> Result<Answer, Refusal> {
    let known = ["user_id", "organization_id", "role_slug", "role_slugs"];
    let body = Body::with_fields(request.call, request.switches, &known)?;
    let (user, id) = (body.required_text("user_id")?, body.required_text("organization_id")?);
    let organization = request.organization(id)?;
    if !request.environment.users.has(user) {
        return Err(Refusal::not_found("User", user));
    }
    let roles = roles(request, organization, &body)?
        .unwrap_or_else(|| vec![request.environment.default_role(organization).to_owned()]);
    let mut edit = Edit::new(request);
    let present = organization.memberships.values().find(|membership| membership.user == user);
    let membership = match present {
        Some(membership) => match membership.status {
            Status::Pending => return Err(pending("reactivate")),
            Status::Active if request.switches.is(&EXISTING_MEMBERSHIP, "422") => {
                return Err(Refusal::new(422, "The user is a member of the organization already.")
                    .code("invalid_request_parameters"));
            }
            _ => Membership { status: Status::Active, roles, updated_at: edit.now(), ..membership.clone() },
        },
        None => {
            let (id, order) = edit.id("om_");
            Membership {
                id,
                user: user.to_owned(),
                status: Status::Active,
                directory_managed: false,
                roles,
                idp_roles: Vec::new(),
                custom_attributes: serde_json::Map::new(),
                created_at: edit.now(),
                updated_at: edit.now(),
                order,
            }
        }
    };
    edit.put_in(&organization.facts.id, &membership);
    Ok(Answer::json(201, &shape::membership(request, organization, &membership)).changing(edit.finish()))
}

fn update(
    request: Request<'_>,
    organization: &Organization,
    membership: &Membership,
) -> Result<Answer, Refusal> {
    let body = Body::with_fields(request.call, request.switches, &["role_slug", "role_slugs"])?;
    let mut after = membership.clone();
    if let Some(roles) = roles(request, organization, &body)? {
        after.roles = roles;
    }
    Ok(changed(request, organization, membership, after))
}

fn changed(
    request: Request<'_>,
    organization: &Organization,
    before: &Membership,
    mut after: Membership,
) -> Answer {
    let mut edit = Edit::new(request);
    if after != *before {
        after.updated_at = edit.now();
        edit.put_in(&organization.facts.id, &after);
    }
    Answer::json(200, &shape::membership(request, organization, &after)).changing(edit.finish())
}

fn pending(verb: &str) -> Refusal {
    Refusal::new(400, format!("A pending organization membership cannot be {verb}d."))
        .code(format!("cannot_{verb}_pending_organization_membership"))
}

fn set_status(
    request: Request<'_>,
    organization: &Organization,
    membership: &Membership,
    status: Status,
) -> Result<Answer, Refusal> {
    if membership.status == Status::Pending {
        return Err(pending(if status == Status::Active { "reactivate" } else { "deactivate" }));
    }
    Ok(changed(request, organization, membership, Membership { status, ..membership.clone() }))
}

impl Edit<'_> {
    /// Removes a membership with its role assignments, and takes it out of groups.
    pub(super) fn remove_membership(&mut self, organization: &Organization, membership: &Membership) {
        let id = &organization.facts.id;
        for assignment in organization.assignments.values().filter(|held| held.membership == membership.id) {
            self.remove_in::<Assignment>(id, &assignment.id);
        }
        for group in organization.groups.values().filter(|group| group.members.contains_key(&membership.id)) {
            let mut after = group.clone();
            after.members.remove(&membership.id);
            self.put_in(id, &after);
        }
        self.remove_in::<Membership>(id, &membership.id);
    }
}
