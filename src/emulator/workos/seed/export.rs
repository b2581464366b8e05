//! The state in the form of a seed.

use serde_json::Value;

use super::super::world::{Organization, World};
use super::{Document, SeedDomain, SeedEnvironment, SeedOrganization};

/// The world as a seed.
pub(in super::super) fn export(world: &World) -> Value {
    let environments = world
        .environments
        .iter()
        .map(|(name, environment)| {
            let facts = environment.facts.clone();
            SeedEnvironment {
                name: name.clone(),
                roles: facts
                    .priority
                    .iter()
                    .filter_map(|slug| environment.roles.get(slug).cloned())
                    .collect(),
                keys: facts.keys,
                multiple_roles: facts.multiple_roles,
                resource_types: facts.resource_types,
                default_role: facts.default_role,
                permissions: environment.permissions.values().cloned().collect(),
                users: environment.users.values().cloned().collect(),
                organizations: environment.organizations_by_age().into_iter().map(export_one).collect(),
                last: environment.last,
                generate: None,
            }
        })
        .collect();
    let document = Document {
        provider: "workos".to_owned(),
        any_key: Some(world.environments.values().any(|environment| environment.facts.any_key)),
        environments,
    };
    serde_json::to_value(document).unwrap_or(Value::Null)
}

fn export_one(organization: &Organization) -> SeedOrganization {
    let facts = organization.facts.clone();
    let (default_role, priority) =
        facts.own.map_or((None, None), |own| (Some(own.default_role), Some(own.priority)));
    SeedOrganization {
        id: facts.id,
        name: facts.name,
        external_id: facts.external_id,
        domains: facts.domains.into_iter().map(SeedDomain::Whole).collect(),
        metadata: facts.metadata,
        stripe_customer_id: facts.stripe_customer_id,
        allow_profiles_outside_organization: facts.allow_profiles_outside_organization,
        resource_id: facts.resource_id,
        default_role,
        priority,
        roles: organization.roles.values().cloned().collect(),
        memberships: organization.memberships.values().cloned().collect(),
        groups: organization.groups.values().cloned().collect(),
        resources: organization.resources.values().cloned().collect(),
        role_assignments: organization.assignments.values().cloned().collect(),
        group_role_assignments: organization.group_assignments.values().cloned().collect(),
        mappings: organization.mappings.values().cloned().collect(),
        profiles: organization.profiles.values().cloned().collect(),
        created_at: Some(facts.created_at),
        updated_at: Some(facts.updated_at),
        order: facts.order,
    }
}
