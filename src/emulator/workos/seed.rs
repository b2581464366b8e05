//! Seeds of the WorkOS emulator, and the state in the same form.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids;
use super::objects::{
    Assignment, Group, GroupAssignment, Key, MEMBER, Mapping, Membership, ORGANIZATION_TYPE, Permission,
    Profile, Resource, Role, User, organization_type,
};
use super::table::{Stored, Table};
use super::time::{Moment, long_ago};
use super::world::{Domain, Environment, EnvironmentFacts, Organization, OrganizationFacts, Own, World};

mod export;
mod generate;

pub(super) use export::export;
use generate::Generate;

/// The permissions that WorkOS itself puts into every environment.
const SYSTEM: [(&str, &str); 4] = [
    ("widgets:users-table:manage", "Manage users with the widget"),
    ("widgets:api-keys:manage", "Manage API keys with the widget"),
    ("widgets:sso:manage", "Manage single sign-on with the widget"),
    ("widgets:domain-verification:manage", "Manage domain verification with the widget"),
];

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    provider: String,
    #[serde(default)]
    any_key: Option<bool>,
    environments: Vec<SeedEnvironment>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedEnvironment {
    name: String,
    #[serde(default)]
    keys: Vec<Key>,
    #[serde(default)]
    multiple_roles: bool,
    #[serde(default)]
    resource_types: Vec<String>,
    #[serde(default = "member")]
    default_role: String,
    #[serde(default)]
    permissions: Vec<Permission>,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    organizations: Vec<SeedOrganization>,
    #[serde(default)]
    last: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generate: Option<Generate>,
}

fn member() -> String {
    MEMBER.to_owned()
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum SeedDomain {
    Name(String),
    Whole(Domain),
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedOrganization {
    #[serde(default)]
    id: String,
    name: String,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    domains: Vec<SeedDomain>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    stripe_customer_id: Option<String>,
    #[serde(default)]
    allow_profiles_outside_organization: bool,
    #[serde(default)]
    resource_id: String,
    #[serde(default)]
    default_role: Option<String>,
    #[serde(default)]
    priority: Option<Vec<String>>,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    memberships: Vec<Membership>,
    #[serde(default)]
    groups: Vec<Group>,
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    role_assignments: Vec<Assignment>,
    #[serde(default)]
    group_role_assignments: Vec<GroupAssignment>,
    #[serde(default)]
    mappings: Vec<Mapping>,
    #[serde(default)]
    profiles: Vec<Profile>,
    #[serde(default)]
    created_at: Option<Moment>,
    #[serde(default)]
    updated_at: Option<Moment>,
    #[serde(default)]
    order: u64,
}

/// Builds the world of a seed, or says what is wrong with it.
pub(super) fn build(document: &Value) -> Result<World, String> {
    let document = Document::deserialize(document).map_err(|error| error.to_string())?;
    if document.provider != "workos" {
        return Err(format!("the field `provider` is `{}`, not `workos`", document.provider));
    }
    if document.environments.is_empty() {
        return Err("the field `environments` is empty; an emulator needs at least one".to_owned());
    }
    let any_key = document
        .any_key
        .unwrap_or_else(|| document.environments.iter().all(|environment| environment.keys.is_empty()));
    let mut world = World::default();
    let mut keys = BTreeSet::new();
    for (index, mut seed) in document.environments.into_iter().enumerate() {
        let name = seed.name.clone();
        if name.is_empty() || name.contains('/') {
            return Err("the `name` of an environment must not be empty and must not have a slash".to_owned());
        }
        for key in &seed.keys {
            if key.key.is_empty() || !keys.insert(key.key.clone()) {
                return Err(format!("environment `{name}`: a `key` is empty or given twice"));
            }
        }
        if let Some(generate) = seed.generate.take() {
            generate.add_to(&mut seed);
        }
        let environment = Builder::environment(seed, any_key && index == 0)
            .map_err(|reason| format!("environment `{name}`: {reason}"))?;
        if world.environments.insert(name.clone(), environment).is_some() {
            return Err(format!("there are two environments named `{name}`"));
        }
    }
    // Only changes note which organization an object belongs to.
    let mut noted = World::default();
    for change in world.objects() {
        noted.apply(&change)?;
    }
    Ok(noted)
}

/// What is counted while an environment is built.
struct Builder {
    name: String,
    last: u64,
}

impl Builder {
    /// Gives an object its place and its id where the seed does not.
    fn name(&mut self, order: &mut u64, id: Option<(&mut String, &str)>, created: Moment) {
        if *order == 0 {
            self.last += 1;
            *order = self.last;
        }
        self.last = self.last.max(*order);
        if let Some((id, prefix)) = id.filter(|(id, _)| id.is_empty()) {
            *id = ids::id(prefix, created, &format!("{}#{order}", self.name));
        }
    }

    fn environment(seed: SeedEnvironment, any_key: bool) -> Result<Environment, String> {
        let mut builder = Self { name: seed.name, last: seed.last };
        let mut resource_types = seed.resource_types;
        if !resource_types.iter().any(|slug| slug == ORGANIZATION_TYPE) {
            resource_types.insert(0, organization_type());
        }
        let mut roles = seed.roles;
        if !roles.iter().any(|role| role.slug == MEMBER) {
            roles.push(role(MEMBER, "Member"));
        }
        let mut environment = Environment::new(EnvironmentFacts {
            keys: seed.keys,
            any_key,
            multiple_roles: seed.multiple_roles,
            resource_types,
            default_role: seed.default_role,
            priority: roles.iter().map(|role| role.slug.clone()).collect(),
        });
        let system = SYSTEM.map(|(slug, name)| permission(slug, name, true));
        let given = |slug: &str| seed.permissions.iter().any(|permission| permission.slug == slug);
        let system: Vec<Permission> = system.into_iter().filter(|it| !given(&it.slug)).collect();
        for mut permission in system.into_iter().chain(seed.permissions) {
            builder.name(&mut permission.order, Some((&mut permission.id, "perm_")), permission.created_at);
            check_type(&environment, &permission.resource_type_slug)?;
            insert(&mut environment.permissions, permission)?;
        }
        for mut role in roles {
            builder.name(&mut role.order, Some((&mut role.id, "role_")), role.created_at);
            check_role(&environment, &role)?;
            insert(&mut environment.roles, role)?;
        }
        if !environment.roles.has(&environment.facts.default_role) {
            return Err(format!("there is no role `{}` for `default_role`", environment.facts.default_role));
        }
        for mut user in seed.users {
            builder.name(&mut user.order, Some((&mut user.id, "user_")), user.created_at);
            insert(&mut environment.users, user)?;
        }
        for seed in seed.organizations {
            let name = seed.name.clone();
            let organization = builder
                .organization(&environment, seed)
                .map_err(|reason| format!("organization `{name}`: {reason}"))?;
            let id = organization.facts.id.clone();
            let external = &organization.facts.external_id;
            if external.is_some()
                && environment.organizations.values().any(|other| other.facts.external_id == *external)
            {
                return Err(format!("organization `{name}`: its `external_id` is given twice"));
            }
            if environment.organizations.insert(id.clone(), organization).is_some() {
                return Err(format!("there are two organizations with the `id` {id}"));
            }
        }
        environment.last = builder.last;
        Ok(environment)
    }

    fn organization(
        &mut self,
        environment: &Environment,
        seed: SeedOrganization,
    ) -> Result<Organization, String> {
        let created_at = seed.created_at.unwrap_or(long_ago());
        let mut facts = OrganizationFacts {
            id: seed.id,
            name: seed.name,
            external_id: seed.external_id,
            domains: Vec::new(),
            metadata: seed.metadata,
            stripe_customer_id: seed.stripe_customer_id,
            allow_profiles_outside_organization: seed.allow_profiles_outside_organization,
            resource_id: seed.resource_id,
            own: None,
            created_at,
            updated_at: seed.updated_at.unwrap_or(created_at),
            order: seed.order,
        };
        self.name(&mut facts.order, Some((&mut facts.id, "org_")), created_at);
        if facts.resource_id.is_empty() {
            facts.resource_id = ids::id("authz_resource_", created_at, &facts.id);
        }
        for domain in seed.domains {
            facts.domains.push(match domain {
                SeedDomain::Whole(domain) => domain,
                SeedDomain::Name(domain) => Domain {
                    id: ids::id("org_domain_", created_at, &domain),
                    domain,
                    state: "verified".to_owned(),
                    created_at,
                },
            });
        }
        if seed.default_role.is_some() || seed.priority.is_some() || !seed.roles.is_empty() {
            let custom = seed.roles.iter().map(|role| role.slug.clone());
            let priority = seed
                .priority
                .unwrap_or_else(|| environment.facts.priority.iter().cloned().chain(custom).collect());
            let default_role = seed.default_role.unwrap_or_else(|| environment.facts.default_role.clone());
            facts.own = Some(Own { default_role, priority });
        }
        let mut organization = Organization::new(facts);
        for mut role in seed.roles {
            self.name(&mut role.order, Some((&mut role.id, "role_")), role.created_at);
            check_role(environment, &role)?;
            if environment.roles.has(&role.slug) {
                return Err(format!("there is an environment role `{}` already", role.slug));
            }
            insert(&mut organization.roles, role)?;
        }
        check_order(environment, &organization)?;
        let known = |slug: &str| match environment.role_in(&organization, slug) {
            Some(_) => Ok(()),
            None => Err(format!("there is no role `{slug}`")),
        };
        let mut memberships = Table::default();
        for mut membership in seed.memberships {
            let user = &membership.user;
            let user = environment.users.values().find(|it| it.id == *user || it.email == *user);
            let user = user.ok_or_else(|| format!("there is no user `{}`", membership.user))?;
            membership.user.clone_from(&user.id);
            for slug in membership.roles.iter().chain(&membership.idp_roles) {
                known(slug)?;
            }
            if membership.roles.is_empty() {
                membership.roles.push(environment.default_role(&organization).to_owned());
            }
            self.name(&mut membership.order, Some((&mut membership.id, "om_")), membership.created_at);
            if memberships.values().any(|other: &Membership| other.user == membership.user) {
                return Err(format!("there are two memberships of the user `{}`", membership.user));
            }
            insert(&mut memberships, membership)?;
        }
        let mut mappings = Table::default();
        for mut mapping in seed.mappings {
            known(&mapping.role)?;
            self.name(&mut mapping.order, None, created_at);
            insert(&mut mappings, mapping)?;
        }
        let mut profiles = Table::default();
        for mut profile in seed.profiles {
            known(&profile.role)?;
            self.name(&mut profile.order, None, created_at);
            insert(&mut profiles, profile)?;
        }
        organization.memberships = memberships;
        organization.mappings = mappings;
        organization.profiles = profiles;
        for mut group in seed.groups {
            self.name(&mut group.order, None, group.created_at);
            if let Some(member) = group.members.keys().find(|it| !organization.memberships.has(it)) {
                return Err(format!("there is no membership `{member}` for the group `{}`", group.name));
            }
            insert(&mut organization.groups, group)?;
        }
        for mut resource in seed.resources {
            self.name(&mut resource.order, Some((&mut resource.id, "authz_resource_")), created_at);
            check_type(environment, &resource.resource_type_slug)?;
            insert(&mut organization.resources, resource)?;
        }
        self.assignments(environment, &mut organization, seed.role_assignments, seed.group_role_assignments)?;
        Ok(organization)
    }

    fn assignments(
        &mut self,
        environment: &Environment,
        organization: &mut Organization,
        direct: Vec<Assignment>,
        of_groups: Vec<GroupAssignment>,
    ) -> Result<(), String> {
        let resource = |organization: &Organization, name: &str| {
            let found = organization.resources.values().find(|it| it.id == name || it.external_id == name);
            found.map(|it| it.id.clone()).ok_or_else(|| format!("there is no resource `{name}`"))
        };
        for mut assignment in direct {
            assignment.resource = resource(organization, &assignment.resource)?;
            if !organization.memberships.has(&assignment.membership)
                || environment.role_in(organization, &assignment.role).is_none()
            {
                return Err(format!(
                    "there is no membership `{}` or no role `{}`",
                    assignment.membership, assignment.role
                ));
            }
            let id = Some((&mut assignment.id, "role_assignment_"));
            self.name(&mut assignment.order, id, assignment.created_at);
            insert(&mut organization.assignments, assignment)?;
        }
        for mut assignment in of_groups {
            let own = &organization.facts.resource_id;
            if assignment.resource.is_empty() || assignment.resource == *own {
                assignment.resource.clone_from(own);
            } else {
                assignment.resource = resource(organization, &assignment.resource)?;
            }
            if !organization.groups.has(&assignment.group)
                || environment.role_in(organization, &assignment.role).is_none()
            {
                return Err(format!(
                    "there is no group `{}` or no role `{}`",
                    assignment.group, assignment.role
                ));
            }
            let id = Some((&mut assignment.id, "gra_"));
            self.name(&mut assignment.order, id, assignment.created_at);
            insert(&mut organization.group_assignments, assignment)?;
        }
        Ok(())
    }
}

fn role(slug: &str, name: &str) -> Role {
    Role {
        id: String::new(),
        slug: slug.to_owned(),
        name: name.to_owned(),
        description: None,
        resource_type_slug: organization_type(),
        permissions: Vec::new(),
        created_at: long_ago(),
        updated_at: long_ago(),
        order: 0,
    }
}

fn permission(slug: &str, name: &str, system: bool) -> Permission {
    Permission {
        id: String::new(),
        slug: slug.to_owned(),
        name: name.to_owned(),
        description: None,
        system,
        resource_type_slug: organization_type(),
        created_at: long_ago(),
        updated_at: long_ago(),
        order: 0,
    }
}

fn insert<T: Stored>(table: &mut Table<T>, object: T) -> Result<(), String> {
    let key = object.key().to_owned();
    match table.put(object) {
        None => Ok(()),
        Some(_) => Err(format!("there are two objects `{key}` of the kind {}", T::KIND)),
    }
}

fn check_type(environment: &Environment, slug: &str) -> Result<(), String> {
    if environment.facts.resource_types.iter().any(|known| known == slug) {
        Ok(())
    } else {
        Err(format!("there is no resource type `{slug}` in `resource_types`"))
    }
}

fn check_role(environment: &Environment, role: &Role) -> Result<(), String> {
    check_type(environment, &role.resource_type_slug)?;
    match role.permissions.iter().find(|slug| !environment.permissions.has(slug)) {
        None => Ok(()),
        Some(slug) => Err(format!("there is no permission `{slug}` for the role `{}`", role.slug)),
    }
}

/// Checks that an organization's own order has every role once, and that its default is one of them.
fn check_order(environment: &Environment, organization: &Organization) -> Result<(), String> {
    let Some(own) = &organization.facts.own else {
        return Ok(());
    };
    let slugs: BTreeSet<&str> = own.priority.iter().map(String::as_str).collect();
    let roles = environment.roles.values().chain(organization.roles.values());
    let expected: BTreeSet<&str> = roles.map(|role| role.slug.as_str()).collect();
    if slugs != expected || own.priority.len() != slugs.len() {
        return Err("`priority` must have every environment role and custom role once".to_owned());
    }
    if !slugs.contains(own.default_role.as_str()) {
        return Err(format!("there is no role `{}` for `default_role`", own.default_role));
    }
    Ok(())
}
