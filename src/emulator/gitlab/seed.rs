//! Building the world of a seed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::abilities;
use super::document::{Document, SeedMember, SeedRole, SeedShare};
use super::levels;
use super::world::{Facts, Group, Member, Place, Project, Role, Share, Token, User, World, put};

/// Takes ids out of a seed, and gives further ones.
struct Ids {
    next: u64,
}

impl Ids {
    fn take(&mut self, given: u64) -> u64 {
        if given != 0 {
            return given;
        }
        self.next += 1;
        self.next
    }
}

/// Builds the world of a seed, or says what is wrong with it.
pub(super) fn build(document: &Value) -> Result<World, String> {
    let mut seed = Document::deserialize(document).map_err(|error| error.to_string())?;
    if seed.provider != "gitlab" {
        return Err(format!("the field `provider` is `{}`, not `gitlab`", seed.provider));
    }
    super::generate::generate(&mut seed)?;
    let mut world = World::default();
    let mut ids = Ids { next: seed.next.max(highest(&seed)) };
    for user in seed.users {
        let id = ids.take(user.id);
        if user.username.is_empty() || world.user_named(&user.username).is_some() {
            return Err(format!("the `username` `{}` is empty or given twice", user.username));
        }
        let name = user.name.unwrap_or_else(|| user.username.clone());
        let user = User {
            id,
            username: user.username,
            name,
            email: user.email,
            state: user.state,
            admin: user.admin,
            extern_uid: user.extern_uid,
            admin_role: user.admin_role,
            created_at: user.created_at,
        };
        world.apply(&put("", "user", id, &user))?;
    }
    let any_token = seed.any_token.unwrap_or(seed.tokens.is_empty());
    for token in seed.tokens {
        let user = user_id(&world, &token.user)?;
        let id = ids.take(token.id);
        let made = Token { id, user, scopes: token.scopes };
        if token.token.is_empty() || world.tokens.insert(token.token, Arc::new(made)).is_some() {
            return Err("a `token` is empty or given twice".to_owned());
        }
    }
    let caller = match &seed.caller {
        Some(name) => Some(user_id(&world, name)?),
        None => world.users.values().next().map(|user| user.id),
    };
    let mut paths = BTreeMap::new();
    let mut groups = Vec::new();
    for mut group in seed.groups {
        group.id = ids.take(group.id);
        let made = Group {
            id: group.id,
            parent: parent(&paths, &group.path)?,
            name: group.name.take().unwrap_or_else(|| last(&group.path).to_owned()),
            full_path: group.path.clone(),
            saml: group.saml.clone(),
            created_at: group.created_at,
        };
        paths.insert(group.path.clone(), group.id);
        once(&mut world.groups, group.id, made, "group")?;
        groups.push(group);
    }
    for role in seed.roles {
        let role = build_role(role, &mut ids, &paths)?;
        once(&mut world.roles, role.id, role, "role")?;
    }
    for group in groups {
        let place = Place::Group(group.id);
        add_people(&mut world, place, group.members, group.shares, &paths)
            .map_err(|reason| format!("group `{}`: {reason}", group.path))?;
        for mut link in group.saml_group_links {
            link.id = ids.take(link.id);
            world.apply(&put(&place.scope(), "saml_link", link.id, &link))?;
        }
        for mut link in group.ldap_group_links {
            link.id = ids.take(link.id);
            world.apply(&put(&place.scope(), "ldap_link", link.id, &link))?;
        }
    }
    for project in seed.projects {
        let id = ids.take(project.id);
        let group = parent(&paths, &project.path)?
            .ok_or_else(|| format!("the project `{}` is in no group", project.path))?;
        let made = Project {
            id,
            group,
            name: project.name.unwrap_or_else(|| last(&project.path).to_owned()),
            full_path: project.path.clone(),
            created_at: project.created_at,
        };
        once(&mut world.projects, id, made, "project")?;
        add_people(&mut world, Place::Project(id), project.members, project.shares, &paths)
            .map_err(|reason| format!("project `{}`: {reason}", project.path))?;
    }
    for mut link in seed.ldap_admin_role_links {
        link.id = ids.take(link.id);
        world.apply(&put("", "admin_link", link.id, &link))?;
    }
    for (kind, references) in [("policy", seed.security_policies), ("branch", seed.protected_branches)] {
        for mut reference in references {
            reference.id = ids.take(reference.id);
            world.apply(&put("", kind, reference.id, &reference))?;
        }
    }
    world.facts = Facts { deployment: seed.deployment, any_token, caller, next: ids.next };
    check_roles(&world)?;
    Ok(world)
}

/// The highest id that a seed gives.
fn highest(seed: &Document) -> u64 {
    let links = seed.groups.iter().flat_map(|group| {
        let saml = group.saml_group_links.iter().map(|link| link.id);
        saml.chain(group.ldap_group_links.iter().map(|link| link.id))
    });
    let references = seed.security_policies.iter().chain(&seed.protected_branches);
    seed.users
        .iter()
        .map(|user| user.id)
        .chain(seed.tokens.iter().map(|token| token.id))
        .chain(seed.roles.iter().map(|role| role.id))
        .chain(seed.groups.iter().map(|group| group.id))
        .chain(seed.projects.iter().map(|project| project.id))
        .chain(seed.ldap_admin_role_links.iter().map(|link| link.id))
        .chain(links)
        .chain(references.map(|reference| reference.id))
        .max()
        .unwrap_or(0)
}

fn once<T>(objects: &mut BTreeMap<u64, Arc<T>>, id: u64, object: T, kind: &str) -> Result<(), String> {
    match objects.insert(id, Arc::new(object)) {
        None => Ok(()),
        Some(_) => Err(format!("there are two {kind}s with the `id` {id}")),
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn parent(paths: &BTreeMap<String, u64>, path: &str) -> Result<Option<u64>, String> {
    if path.is_empty() || path.split('/').any(str::is_empty) || paths.contains_key(path) {
        return Err(format!("the `path` `{path}` is not valid or given twice"));
    }
    let Some((parent, _)) = path.rsplit_once('/') else {
        return Ok(None);
    };
    match paths.get(parent) {
        Some(id) => Ok(Some(*id)),
        None => Err(format!("the group `{parent}` of `{path}` does not exist; give it first")),
    }
}

fn user_id(world: &World, username: &str) -> Result<u64, String> {
    world
        .user_named(username)
        .map(|user| user.id)
        .ok_or_else(|| format!("there is no user with the `username` `{username}`"))
}

fn build_role(seed: SeedRole, ids: &mut Ids, paths: &BTreeMap<String, u64>) -> Result<Role, String> {
    let group = match &seed.group {
        None => None,
        Some(path) => Some(
            *paths
                .get(path)
                .filter(|_| !path.contains('/'))
                .ok_or_else(|| format!("role `{}`: `{path}` is no top-level group", seed.name))?,
        ),
    };
    let admin = seed.base_access_level.is_none();
    let wrong = |name: &&String| abilities::known(name).is_none_or(|ability| ability.admin != admin);
    if let Some(name) = seed.permissions.iter().find(wrong) {
        return Err(format!("role `{}`: `{name}` is no permission of such a role", seed.name));
    }
    Ok(Role {
        id: ids.take(seed.id),
        group,
        name: seed.name,
        description: seed.description,
        base: seed.base_access_level,
        permissions: seed.permissions,
        created_at: seed.created_at,
    })
}

fn add_people(
    world: &mut World,
    place: Place,
    members: Vec<SeedMember>,
    shares: Vec<SeedShare>,
    paths: &BTreeMap<String, u64>,
) -> Result<(), String> {
    let mut people = BTreeMap::new();
    for member in members {
        let user = user_id(world, &member.user)?;
        if levels::human(member.access_level).is_empty() {
            return Err(format!("`access_level` {} is no level", member.access_level));
        }
        let made = Member {
            user,
            access_level: member.access_level,
            role: member.member_role_id,
            expires_at: member.expires_at,
            created_at: member.created_at,
            created_by: member.created_by,
        };
        once(&mut people, user, made, "member")?;
    }
    world.members.insert(place, people);
    for share in shares {
        let group = *paths.get(&share.group).ok_or_else(|| format!("there is no group `{}`", share.group))?;
        let made = Share {
            group,
            access_level: share.group_access,
            role: share.member_role_id,
            expires_at: share.expires_at,
        };
        world.apply(&put(&place.scope(), "share", group, &made))?;
    }
    Ok(())
}

/// Checks that every role that something refers to exists.
fn check_roles(world: &World) -> Result<(), String> {
    let members = world.members.values().flat_map(|members| members.values()).filter_map(|one| one.role);
    let shares = world.shares.values().flat_map(|shares| shares.values()).filter_map(|one| one.role);
    let saml = world.saml_links.values().flat_map(|links| links.values());
    let ldap = world.ldap_links.values().flat_map(|links| links.values());
    let references = world.policies.values().chain(world.branches.values());
    let used = members
        .chain(shares)
        .chain(saml.filter_map(|link| link.member_role_id))
        .chain(ldap.filter_map(|link| link.member_role_id))
        .chain(world.groups.values().filter_map(|group| group.saml.as_ref()?.member_role_id))
        .chain(world.users.values().filter_map(|user| user.admin_role))
        .chain(world.admin_links.values().map(|link| link.member_role_id))
        .chain(references.flat_map(|reference| reference.member_role_ids.iter().copied()));
    for id in used {
        if !world.roles.contains_key(&id) {
            return Err(format!("there is no role with the `id` {id}, to which the seed refers"));
        }
    }
    Ok(())
}
