//! Who holds which role on which resource, directly or through a group.

use serde_json::{Value, json};

use super::caller::Request;
use super::ids;
use super::input::Body;
use super::objects::{Assignment, GroupAssignment, Membership, ORGANIZATION_TYPE, Role};
use super::refusal::{Refusal, status_of};
use super::switches::{GROUP_PROPAGATION, ORGANIZATION_RESOURCE, UNKNOWN_ASSIGNED_ROLE};
use super::time::Moment;
use super::world::Organization;

/// A resource of an organization, the organization itself included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) id: &'a str,
    external_id: &'a str,
    pub(super) resource_type: &'a str,
}

impl Target<'_> {
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id, "external_id": self.external_id, "resource_type_slug": self.resource_type,
        })
    }
}

/// The organization as a resource.
pub(super) fn own_target<'a>(request: Request<'a>, organization: &'a Organization) -> Target<'a> {
    let facts = &organization.facts;
    let external_id = match &facts.external_id {
        Some(external_id) if request.switches.is(&ORGANIZATION_RESOURCE, "external_id") => external_id,
        _ => &facts.id,
    };
    Target { id: &facts.resource_id, external_id, resource_type: ORGANIZATION_TYPE }
}

/// A resource of an organization by its id.
pub(super) fn target_by_id<'a>(
    request: Request<'a>,
    organization: &'a Organization,
    id: &str,
) -> Result<Target<'a>, Refusal> {
    if id == organization.facts.resource_id {
        return Ok(own_target(request, organization));
    }
    let resource = organization.resources.get(id).ok_or_else(|| Refusal::not_found("Resource", id))?;
    Ok(Target {
        id: &resource.id,
        external_id: &resource.external_id,
        resource_type: &resource.resource_type_slug,
    })
}

/// A resource of an organization by its type and external id.
pub(super) fn target_by_external_id<'a>(
    request: Request<'a>,
    organization: &'a Organization,
    resource_type: &str,
    external_id: &str,
) -> Result<Target<'a>, Refusal> {
    let own = own_target(request, organization);
    if own.resource_type == resource_type && own.external_id == external_id {
        return Ok(own);
    }
    let resource = organization
        .resources
        .values()
        .find(|resource| resource.resource_type_slug == resource_type && resource.external_id == external_id);
    let resource = resource.ok_or_else(|| Refusal::not_found("Resource", external_id))?;
    target_by_id(request, organization, &resource.id)
}

/// The resource that a body or a query names, if it names one.
pub(super) fn target<'a>(
    request: Request<'a>,
    organization: &'a Organization,
    id: Option<&str>,
    external: (Option<&str>, Option<&str>),
) -> Result<Option<Target<'a>>, Refusal> {
    match (id, external) {
        (None, (None, None)) => Ok(None),
        (Some(id), (None, None)) => target_by_id(request, organization, id).map(Some),
        (None, (Some(external_id), Some(resource_type))) => {
            target_by_external_id(request, organization, resource_type, external_id).map(Some)
        }
        _ => Err(Refusal::invalid(
            "resource_id",
            "either resource_id or both resource_external_id and resource_type_slug are required",
        )),
    }
}

/// The resource that a body names, if it names one.
pub(super) fn target_in_body<'a>(
    request: Request<'a>,
    organization: &'a Organization,
    body: &Body,
) -> Result<Option<Target<'a>>, Refusal> {
    let external = (body.text("resource_external_id")?, body.text("resource_type_slug")?);
    target(request, organization, body.text("resource_id")?, external)
}

/// The role that a body names, if it can be assigned on a resource.
pub(super) fn role_for<'a>(
    request: Request<'a>,
    organization: &'a Organization,
    target: &Target<'_>,
    body: &Body,
) -> Result<&'a Role, Refusal> {
    let slug = body.required_text("role_slug")?;
    let role = request.environment.role_in(organization, slug).ok_or_else(|| {
        let status = status_of(request.switches.get(&UNKNOWN_ASSIGNED_ROLE));
        Refusal::not_found("Role", slug).status(status)
    })?;
    if role.resource_type_slug != target.resource_type {
        return Err(Refusal::invalid(
            "role_slug",
            format!("Role '{slug}' cannot be assigned on the resource type '{}'.", target.resource_type),
        ));
    }
    Ok(role)
}

/// One role of one membership on one resource.
#[derive(Debug, Clone)]
pub(super) struct Held<'a> {
    pub(super) id: String,
    pub(super) membership: &'a Membership,
    pub(super) role: &'a str,
    /// The resource's id.
    pub(super) resource: &'a str,
    /// The group role assignment that it comes from.
    pub(super) through: Option<&'a GroupAssignment>,
    created_at: Moment,
    order: u64,
}

/// The roles of a membership on the organization itself, which are the membership's own.
pub(super) fn own<'a>(
    organization: &'a Organization,
    membership: &'a Membership,
) -> impl Iterator<Item = Held<'a>> + use<'a> {
    membership.roles.iter().map(move |role| Held {
        id: ids::id("role_assignment_", membership.created_at, &format!("{}/{role}", membership.id)),
        membership,
        role,
        resource: &organization.facts.resource_id,
        through: None,
        created_at: membership.created_at,
        order: membership.order,
    })
}

/// The roles that a membership has on any resource through groups.
pub(super) fn through_groups<'a>(
    request: Request<'a>,
    organization: &'a Organization,
    membership: &'a Membership,
) -> impl Iterator<Item = Held<'a>> + use<'a> {
    let delay = if request.switches.is(&GROUP_PROPAGATION, "2s") { 2_000 } else { 0 };
    organization.group_assignments.values().filter_map(move |assignment: &GroupAssignment| {
        let joined = organization.groups.get(&assignment.group)?.members.get(&membership.id)?;
        let created_at = assignment.created_at.max(*joined);
        (created_at.0.saturating_add(delay) <= request.now).then(|| Held {
            id: ids::id("role_assignment_", created_at, &format!("{}/{}", membership.id, assignment.id)),
            membership,
            role: &assignment.role,
            resource: &assignment.resource,
            through: Some(assignment),
            created_at,
            order: assignment.order,
        })
    })
}

/// A role of a membership on a resource other than the organization.
pub(super) fn direct<'a>(assignment: &'a Assignment, membership: &'a Membership) -> Held<'a> {
    Held {
        id: assignment.id.clone(),
        membership,
        role: &assignment.role,
        resource: &assignment.resource,
        through: None,
        created_at: assignment.created_at,
        order: assignment.order,
    }
}

/// Every role that a membership has on any resource, the oldest first.
pub(super) fn by<'a>(
    request: Request<'a>,
    organization: &'a Organization,
    membership: &'a Membership,
) -> Vec<Held<'a>> {
    let direct = organization
        .assignments
        .values()
        .filter(|held| held.membership == membership.id)
        .map(|assignment| direct(assignment, membership));
    let mut held: Vec<Held<'_>> = own(organization, membership)
        .chain(direct)
        .chain(through_groups(request, organization, membership))
        .collect();
    sort(&mut held);
    held
}

/// Every role that anybody has on a resource, the oldest first.
pub(super) fn on<'a>(request: Request<'a>, organization: &'a Organization, resource: &str) -> Vec<Held<'a>> {
    let mut held: Vec<Held<'_>> = organization
        .memberships
        .values()
        .flat_map(|membership| by(request, organization, membership))
        .filter(|held| held.resource == resource)
        .collect();
    sort(&mut held);
    held
}

fn sort(held: &mut [Held<'_>]) {
    held.sort_by(|a, b| (a.created_at, a.order, &a.id).cmp(&(b.created_at, b.order, &b.id)));
}

impl Held<'_> {
    /// The role assignment as the API shows it.
    pub(super) fn json(&self, request: Request<'_>, organization: &Organization) -> Value {
        let resource = target_by_id(request, organization, self.resource).map(|target| target.json());
        let group = self.through.and_then(|assignment| organization.groups.get(&assignment.group));
        json!({
            "object": "role_assignment", "id": self.id, "organization_membership_id": self.membership.id,
            "role": { "slug": self.role }, "resource": resource.unwrap_or_default(),
            "source": {
                "type": if self.through.is_some() { "group" } else { "direct" },
                "group_role_assignment_id": self.through.map(|assignment| &assignment.id),
                // Not in the published description; the vendor's own client requires it.
                "group": group.map(|group| json!({ "id": group.id, "name": group.name })),
            },
            "created_at": self.created_at, "updated_at": self.created_at,
        })
    }
}
