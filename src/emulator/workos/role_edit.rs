//! Changes of roles, whoever makes them: rules, order and default.

use super::edit::{Edit, Place};
use super::input::Body;
use super::objects::{
    Assignment, GroupAssignment, MEMBER, Mapping, Membership, ORGANIZATION_TYPE, Profile, Role,
};
use super::refusal::{Refusal, status_of};
use super::slug;
use super::switches::{
    CUSTOM_ROLE_LIMIT, DELETE_DEFAULT_ROLE, DELETE_GROUP_ROLE, LAST_CUSTOM_ROLE, PERMISSION_SCOPE,
    UNKNOWN_PERMISSION, UNKNOWN_RESOURCE_TYPE,
};
use super::world::{Organization, OrganizationFacts, Own};

/// The most characters of a role's or permission's name.
pub(super) const NAME: usize = 48;

/// What permissions a role can be given of those that were asked for.
pub(super) struct Resolved {
    /// Those that can, in the order sent.
    pub(super) known: Vec<String>,
    /// Why not all of them can.
    pub(super) refusal: Option<Refusal>,
}

impl Edit<'_> {
    /// The resource type that a body names, or `organization`.
    pub(super) fn resource_type(&self, body: &Body) -> Result<String, Refusal> {
        let Some(slug) = body.text("resource_type_slug")? else {
            return Ok(ORGANIZATION_TYPE.to_owned());
        };
        if slug.chars().count() > slug::MOST {
            return Err(Refusal::invalid("resource_type_slug", "resource_type_slug is too long"));
        }
        if !self.request.environment.facts.resource_types.iter().any(|known| known == slug) {
            let status = status_of(self.request.switches.get(&UNKNOWN_RESOURCE_TYPE));
            return Err(Refusal::not_found("Resource type", slug).status(status));
        }
        Ok(slug.to_owned())
    }

    /// Looks up the permissions that a role is to be given.
    pub(super) fn resolve(&self, resource_type: &str, slugs: &[String]) -> Resolved {
        let switches = self.request.switches;
        let mut resolved = Resolved { known: Vec::with_capacity(slugs.len()), refusal: None };
        for slug in slugs {
            let refusal = match self.request.environment.permissions.get(slug) {
                None => {
                    let status = status_of(switches.get(&UNKNOWN_PERMISSION));
                    Refusal::not_found("Permission", slug).status(status)
                }
                Some(permission)
                    if permission.resource_type_slug != resource_type
                        && switches.is(&PERMISSION_SCOPE, "same_type") =>
                {
                    Refusal::invalid(
                        "permissions",
                        format!("Permission '{slug}' is not for the resource type '{resource_type}'."),
                    )
                }
                Some(_) => {
                    resolved.known.push(slug.clone());
                    continue;
                }
            };
            resolved.refusal.get_or_insert(refusal);
        }
        resolved
    }

    fn new_role(&mut self, body: &Body, slug: Option<&str>) -> Result<Role, Refusal> {
        let name = body.required_name(NAME)?;
        let description = body.description(self.request.switches)?.flatten();
        let resource_type_slug = self.resource_type(body)?;
        let now = self.now();
        let (id, order) = self.id("role_");
        let slug = slug.map_or_else(|| slug::generated(&name, &id), str::to_owned);
        Ok(Role {
            id,
            slug,
            name,
            description,
            resource_type_slug,
            permissions: Vec::new(),
            created_at: now,
            updated_at: now,
            order,
        })
    }

    /// Creates an environment role; it goes to the bottom of every order.
    pub(super) fn create_environment_role(&mut self, body: &Body) -> Result<Role, Refusal> {
        let environment = self.request.environment;
        let slug = body.required_text("slug")?;
        slug::check_role(slug, false)?;
        let role = self.new_role(body, Some(slug))?;
        // A custom role with the slug would make it mean two roles in that organization.
        if environment.roles.has(slug)
            || environment.organizations.values().any(|organization| organization.roles.has(slug))
        {
            return Err(Refusal::new(409, format!("A role with slug '{slug}' already exists."))
                .code("role_slug_conflict"));
        }
        let mut facts = environment.facts.clone();
        facts.priority.push(slug.to_owned());
        self.put_environment(&facts);
        for organization in environment.organizations.values() {
            let mut facts = organization.facts.clone();
            if let Some(own) = &mut facts.own {
                own.priority.push(slug.to_owned());
                self.put_organization(&facts);
            }
        }
        self.put_role(Place::Environment, &role);
        Ok(role)
    }

    /// Creates a custom role; the first one of an organization gives that a default and an order of its own.
    pub(super) fn create_custom_role(
        &mut self,
        organization: &Organization,
        body: &Body,
    ) -> Result<Role, Refusal> {
        let environment = self.request.environment;
        let slug = body.text("slug")?;
        if let Some(slug) = slug {
            slug::check_role(slug, true)?;
        }
        let role = self.new_role(body, slug)?;
        if environment.role_in(organization, &role.slug).is_some() {
            return Err(Refusal::new(
                409,
                format!("A role with slug '{}' already exists for the organization.", role.slug),
            )
            .code("organization_role_slug_conflict"));
        }
        let most = self.request.switches.get(&CUSTOM_ROLE_LIMIT).parse().unwrap_or(usize::MAX);
        if organization.roles.values().count() >= most {
            return Err(Refusal::new(422, format!("An organization can have at most {most} custom roles.")));
        }
        let mut facts = organization.facts.clone();
        facts
            .own
            .get_or_insert_with(|| Own {
                default_role: environment.facts.default_role.clone(),
                priority: environment.facts.priority.clone(),
            })
            .priority
            .push(role.slug.clone());
        self.put_organization(&facts);
        self.put_role(Place::Organization(organization), &role);
        Ok(role)
    }

    /// Updates name and description of a role; what is not sent stays.
    pub(super) fn update_role(
        &mut self,
        place: Place<'_>,
        role: &Role,
        body: &Body,
    ) -> Result<Role, Refusal> {
        let mut after = role.clone();
        if let Some(name) = body.name(NAME)? {
            after.name = name;
        }
        if let Some(description) = body.description(self.request.switches)? {
            after.description = description;
        }
        Ok(self.changed(place, role, after))
    }

    /// Puts a role in place if it differs from what it was.
    pub(super) fn changed(&mut self, place: Place<'_>, before: &Role, mut after: Role) -> Role {
        if after != *before {
            after.updated_at = self.now();
            self.put_role(place, &after);
        }
        after
    }

    /// Deletes a custom role that nobody holds.
    pub(super) fn delete_custom_role(
        &mut self,
        organization: &Organization,
        role: &Role,
    ) -> Result<(), Refusal> {
        let switches = self.request.switches;
        let slug = &role.slug;
        let held = |code: &str| {
            let by =
                if code == "role_has_assignments" { "user role assignments" } else { "group role mappings" };
            Refusal::new(409, format!("Role cannot be deleted because it has {by}.")).code(code)
        };
        // What a directory will give is held by its user already.
        let by_member = organization
            .memberships
            .values()
            .any(|membership| membership.roles.contains(slug) || membership.idp_roles.contains(slug));
        let by_assignment = organization.assignments.values().any(|assignment| assignment.role == *slug);
        let by_profile = organization.profiles.values().any(|profile| profile.role == *slug);
        if by_member || by_assignment || by_profile {
            return Err(held("role_has_assignments"));
        }
        if organization.mappings.values().any(|mapping| mapping.role == *slug) {
            return Err(held("role_has_group_role_mappings"));
        }
        for assignment in organization.group_assignments.values().filter(|held| held.role == *slug) {
            match switches.get(&DELETE_GROUP_ROLE) {
                "cascade" => self.remove_in::<GroupAssignment>(&organization.facts.id, &assignment.id),
                code => return Err(held(code)),
            }
        }
        let mut facts = organization.facts.clone();
        if let Some(own) = &mut facts.own {
            if own.default_role == *slug {
                if switches.is(&DELETE_DEFAULT_ROLE, "400") {
                    return Err(Refusal::new(400, "The default role cannot be deleted.").code("bad_request"));
                }
                own.default_role.clone_from(&self.request.environment.facts.default_role);
            }
            own.priority.retain(|other| other != slug);
        }
        let last = organization.roles.values().count() == 1;
        if last && switches.is(&LAST_CUSTOM_ROLE, "inherits") {
            facts.own = None;
        }
        self.put_organization(&facts);
        self.remove_in::<Role>(&organization.facts.id, slug);
        Ok(())
    }

    /// Deletes an environment role as the dashboard does: members who held it get the default role.
    ///
    /// `replacement` becomes the default wherever the deleted role was that.
    pub(super) fn delete_environment_role(
        &mut self,
        role: &Role,
        replacement: Option<&str>,
    ) -> Result<(), Refusal> {
        let environment = self.request.environment;
        let slug = &role.slug;
        if slug == MEMBER {
            return Err(Refusal::new(409, "the role `member` cannot be deleted"));
        }
        let needed = environment.facts.default_role == *slug
            || environment
                .organizations
                .values()
                .any(|organization| environment.default_role(organization) == slug);
        let replacement = match replacement {
            Some(other) if other != slug && environment.roles.has(other) => Some(other),
            Some(other) => return Err(Refusal::not_found("Role", other)),
            None if needed => {
                return Err(Refusal::new(409, "the role is a default; name a `replacement_default`"));
            }
            None => None,
        };
        let mut facts = environment.facts.clone();
        facts.priority.retain(|other| other != slug);
        if let Some(replacement) = replacement.filter(|_| facts.default_role == *slug) {
            replacement.clone_into(&mut facts.default_role);
        }
        self.put_environment(&facts);
        for organization in environment.organizations.values() {
            let mut own = organization.facts.own.clone();
            if let Some(own) = &mut own {
                own.priority.retain(|other| other != slug);
                if let Some(replacement) = replacement.filter(|_| own.default_role == *slug) {
                    replacement.clone_into(&mut own.default_role);
                }
            }
            let default = own.as_ref().map_or(&facts.default_role, |own| &own.default_role).clone();
            if own != organization.facts.own {
                self.put_organization(&OrganizationFacts { own, ..organization.facts.clone() });
            }
            self.take_role(organization, slug, &default);
        }
        self.remove::<Role>(slug);
        Ok(())
    }

    /// Takes a role from everybody and everything of an organization.
    fn take_role(&mut self, organization: &Organization, slug: &str, default: &str) {
        let id = &organization.facts.id;
        for membership in organization.memberships.values() {
            if membership.roles.iter().chain(&membership.idp_roles).any(|held| held == slug) {
                let mut after = Membership { updated_at: self.now(), ..membership.clone() };
                after.roles.retain(|held| held != slug);
                after.idp_roles.retain(|held| held != slug);
                if after.roles.is_empty() {
                    after.roles.push(default.to_owned());
                }
                self.put_in(id, &after);
            }
        }
        for assignment in organization.assignments.values().filter(|held| held.role == slug) {
            self.remove_in::<Assignment>(id, &assignment.id);
        }
        for assignment in organization.group_assignments.values().filter(|held| held.role == slug) {
            self.remove_in::<GroupAssignment>(id, &assignment.id);
        }
        for mapping in organization.mappings.values().filter(|mapping| mapping.role == slug) {
            self.remove_in::<Mapping>(id, &mapping.group);
        }
        for profile in organization.profiles.values().filter(|profile| profile.role == slug) {
            self.put_in(id, &Profile { role: default.to_owned(), ..profile.clone() });
        }
    }
}
