//! Organizations and people in numbers, for trying out size.

use serde::{Deserialize, Serialize};

use super::super::objects::{Membership, Status, User};
use super::super::time::long_ago;
use super::{SeedEnvironment, SeedOrganization, permission, role};

/// How much a seed asks for besides what it lists.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Generate {
    #[serde(default)]
    organizations: u32,
    #[serde(default)]
    roles_each: u32,
    #[serde(default)]
    members_each: u32,
    #[serde(default)]
    permissions: u32,
}

impl Generate {
    /// Adds permissions `generated:0001`, people `generated-0001@example.test`, and organizations `Generated 001`
    /// with the external id `generated-001`; each has all these people and custom roles `org-generated-1`.
    pub(super) fn add_to(self, seed: &mut SeedEnvironment) {
        for number in 1..=self.permissions {
            let (slug, name) = (format!("generated:{number:04}"), format!("Generated {number:04}"));
            seed.permissions.push(permission(&slug, &name, false));
        }
        let people: Vec<String> =
            (1..=self.members_each).map(|number| format!("generated-{number:04}@example.test")).collect();
        for email in &people {
            seed.users.push(User {
                id: String::new(),
                email: email.clone(),
                first_name: None,
                last_name: None,
                external_id: None,
                created_at: long_ago(),
                updated_at: long_ago(),
                order: 0,
            });
        }
        for number in 1..=self.organizations {
            let roles = (1..=self.roles_each)
                .map(|role_number| {
                    let (slug, name) =
                        (format!("org-generated-{role_number}"), format!("Generated {role_number}"));
                    role(&slug, &name)
                })
                .collect();
            let memberships = people
                .iter()
                .map(|email| Membership {
                    id: String::new(),
                    user: email.clone(),
                    status: Status::Active,
                    directory_managed: false,
                    roles: Vec::new(),
                    idp_roles: Vec::new(),
                    custom_attributes: serde_json::Map::new(),
                    created_at: long_ago(),
                    updated_at: long_ago(),
                    order: 0,
                })
                .collect();
            seed.organizations.push(SeedOrganization {
                name: format!("Generated {number:03}"),
                external_id: Some(format!("generated-{number:03}")),
                roles,
                memberships,
                ..SeedOrganization::default()
            });
        }
    }
}
