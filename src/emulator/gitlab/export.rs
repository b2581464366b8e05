//! The state in the form of a seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::document::{
    Document, SeedGroup, SeedMember, SeedProject, SeedRole, SeedShare, SeedToken, SeedUser,
};
use super::world::{Place, User, World};

/// The world as a seed.
pub(super) fn export(world: &World) -> Value {
    let username = |id: &u64| world.users.get(id).map(|user| user.username.clone()).unwrap_or_default();
    let path = |id: &u64| world.groups.get(id).map(|group| group.full_path.clone()).unwrap_or_default();
    let members = |place: Place| -> Vec<SeedMember> {
        world
            .members_of(place)
            .map(|member| SeedMember {
                user: username(&member.user),
                access_level: member.access_level,
                member_role_id: member.role,
                expires_at: member.expires_at.clone(),
                created_at: member.created_at,
                created_by: member.created_by,
            })
            .collect()
    };
    let shares = |place: Place| -> Vec<SeedShare> {
        let shares = world.shares.get(&place).into_iter().flat_map(BTreeMap::values);
        shares
            .map(|share| SeedShare {
                group: path(&share.group),
                group_access: share.access_level,
                member_role_id: share.role,
                expires_at: share.expires_at.clone(),
            })
            .collect()
    };
    let groups = world.groups.values().map(|group| {
        let place = Place::Group(group.id);
        SeedGroup {
            id: group.id,
            path: group.full_path.clone(),
            name: Some(group.name.clone()),
            saml: group.saml.clone(),
            members: members(place),
            shares: shares(place),
            saml_group_links: cloned(world.saml_links.get(&place)),
            ldap_group_links: cloned(world.ldap_links.get(&place)),
            created_at: group.created_at,
        }
    });
    let mut groups: Vec<SeedGroup> = groups.collect();
    // A group comes after the one above it.
    groups.sort_by_key(|group| (group.path.matches('/').count(), group.id));
    let document = Document {
        provider: "gitlab".to_owned(),
        deployment: world.facts.deployment,
        any_token: Some(world.facts.any_token),
        caller: world.facts.caller.as_ref().map(username),
        next: world.facts.next,
        tokens: world
            .tokens
            .iter()
            .map(|(token, facts)| SeedToken {
                token: token.clone(),
                user: username(&facts.user),
                scopes: facts.scopes.clone(),
                id: facts.id,
            })
            .collect(),
        users: world.users.values().map(|user| export_user(user)).collect(),
        roles: world
            .roles
            .values()
            .map(|role| SeedRole {
                id: role.id,
                group: role.group.as_ref().map(path),
                name: role.name.clone(),
                description: role.description.clone(),
                base_access_level: role.base,
                permissions: role.permissions.clone(),
                created_at: role.created_at,
            })
            .collect(),
        groups,
        projects: world
            .projects
            .values()
            .map(|project| SeedProject {
                id: project.id,
                path: project.full_path.clone(),
                name: Some(project.name.clone()),
                members: members(Place::Project(project.id)),
                shares: shares(Place::Project(project.id)),
                created_at: project.created_at,
            })
            .collect(),
        ldap_admin_role_links: cloned(Some(&world.admin_links)),
        security_policies: cloned(Some(&world.policies)),
        protected_branches: cloned(Some(&world.branches)),
        generate: None,
    };
    serde_json::to_value(document).unwrap_or(Value::Null)
}

fn cloned<T: Clone>(objects: Option<&BTreeMap<u64, Arc<T>>>) -> Vec<T> {
    objects.into_iter().flat_map(BTreeMap::values).map(|object| object.as_ref().clone()).collect()
}

fn export_user(user: &User) -> SeedUser {
    SeedUser {
        id: user.id,
        username: user.username.clone(),
        name: Some(user.name.clone()),
        email: user.email.clone(),
        state: user.state.clone(),
        admin: user.admin,
        extern_uid: user.extern_uid.clone(),
        admin_role: user.admin_role,
        created_at: user.created_at,
    }
}
