//! The rules of custom roles, whether they come over REST or GraphQL.

use std::collections::BTreeSet;

use crate::emulator::product::Change;
use crate::emulator::switch::Switches;

use super::abilities;
use super::caller::Context;
use super::levels;
use super::switches::{ADMIN_ROLE_NAMES, PROTECTED_BRANCH_DELETE, TOO_LONG};
use super::time::Moment;
use super::world::{Place, Role, World, put, remove};

/// How many roles a top-level group can have.
const MOST_ROLES: usize = 10;
/// How long names and descriptions can be.
const LONGEST: usize = 255;

const ASSIGNED: &str =
    "Role is assigned to one or more group members. Remove role from all group members, then delete role.";
const IN_POLICY: &str = "Custom role linked with a security policy.";
/// The wording of this one is not established.
const IN_BRANCH: &str = "Role is used by one or more protected branches. Remove it from the protected branches, then delete role.";
const ADMIN_ASSIGNED: &str =
    "Admin role is assigned to one or more users. Remove role from all users, then delete role.";
const ADMIN_IN_LDAP: &str =
    "Admin role is used by one or more LDAP synchronizations. Remove LDAP syncs, then delete role.";
const FULL: &str = "Namespace maximum number of Member Roles are already in use by the group hierarchy. Please delete an existing Member Role.";

/// Why a role is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// One text; several errors are joined.
    Invalid(String),
    /// An error within the server.
    Internal,
}

impl Problem {
    fn invalid(text: impl Into<String>) -> Self {
        Self::Invalid(text.into())
    }
}

/// The id of a new object, and the change that counts it.
pub(super) fn next_id(world: &World) -> (u64, Change) {
    let mut facts = world.facts.clone();
    facts.next += 1;
    (facts.next, put("", "facts", "", &facts))
}

/// Checks permissions that were asked for by name, before anything else is checked.
pub(super) fn check_known(
    permissions: &BTreeSet<String>,
    admin: bool,
    switches: &Switches,
) -> Result<(), Problem> {
    let unknown = permissions.iter().find(|name| {
        !abilities::of_version(name, switches)
            .is_some_and(|ability| ability.admin == admin && ability.is_on(switches))
    });
    unknown.map_or(Ok(()), |name| Err(Problem::invalid(format!("Unknown permission: {name}"))))
}

/// Everything that is wrong with a role, as one text.
fn check(context: Context<'_>, role: &Role, is_new: bool) -> Result<(), Problem> {
    let (world, switches) = (context.world, context.switches);
    check_known(&role.permissions, role.is_admin(), switches)?;
    let mut problems: Vec<String> = Vec::new();
    if role.name.trim().is_empty() {
        problems.push("Name can't be blank".to_owned());
    }
    let separate = switches.is(&ADMIN_ROLE_NAMES, "separate");
    let taken = |other: &Role| {
        other.id != role.id
            && other.group == role.group
            && other.name == role.name
            && (!separate || other.is_admin() == role.is_admin())
    };
    if world.roles.values().any(|other| taken(other)) {
        problems.push("Name has already been taken".to_owned());
    }
    if role.base.is_some_and(|base| !levels::is_base(base, switches)) {
        problems.push("Base access level is not included in the list".to_owned());
    }
    if role.permissions.is_empty() {
        problems.push("Cannot create a member role with no enabled permissions".to_owned());
    }
    problems.extend(missing_requirements(role, switches));
    if let Some(group) = role.group.filter(|_| is_new) {
        if world.groups.get(&group).is_some_and(|group| group.parent.is_some()) {
            problems.push("Namespace must be top-level namespace".to_owned());
        } else if world.roles.values().filter(|other| other.group == Some(group)).count() >= MOST_ROLES {
            problems.push(FULL.to_owned());
        }
    }
    let long = |text: &str| text.chars().count() > LONGEST;
    let fields = [("Name", Some(role.name.as_str())), ("Description", role.description.as_deref())];
    for (field, text) in fields {
        if text.is_some_and(long) {
            if switches.is(&TOO_LONG, "500") && problems.is_empty() {
                return Err(Problem::Internal);
            }
            problems.push(format!("{field} is too long (maximum is {LONGEST} characters)"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Problem::Invalid(problems.join(", "))) }
}

fn missing_requirements(role: &Role, switches: &Switches) -> Vec<String> {
    let missing = |name: &String| {
        let required = abilities::known(name)?.requirement?;
        let in_base = role.base.is_some_and(|base| {
            abilities::known(required).is_some_and(|ability| ability.in_base(base, switches))
        });
        (!in_base && !role.permissions.contains(required)).then(|| {
            format!(
                "{} has to be enabled in order to enable {}",
                abilities::human(required),
                abilities::human(name)
            )
        })
    };
    role.permissions.iter().filter_map(missing).collect()
}

/// A role to be made.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) group: Option<u64>,
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// `None` for an admin role.
    pub(super) base: Option<u8>,
    pub(super) permissions: BTreeSet<String>,
}

/// Makes a role.
pub(super) fn create(context: Context<'_>, draft: Draft) -> Result<(Role, Vec<Change>), Problem> {
    let (id, counted) = next_id(context.world);
    let role = Role {
        id,
        group: draft.group,
        name: draft.name,
        description: draft.description,
        base: draft.base,
        permissions: draft.permissions,
        created_at: Moment(context.now),
    };
    check(context, &role, true)?;
    let changes = vec![counted, put("", "role", id, &role)];
    Ok((role, changes))
}

/// Puts a changed role in place.
pub(super) fn update(context: Context<'_>, role: Role) -> Result<(Role, Vec<Change>), Problem> {
    check(context, &role, false)?;
    let changes = vec![put("", "role", role.id, &role)];
    Ok((role, changes))
}

/// Deletes a role; links that give it keep their level and lose it.
pub(super) fn delete(context: Context<'_>, role: &Role) -> Result<Vec<Change>, Problem> {
    let world = context.world;
    let id = role.id;
    if role.is_admin() {
        if world.users.values().any(|user| user.admin_role == Some(id)) {
            return Err(Problem::invalid(ADMIN_ASSIGNED));
        }
        if world.admin_links.values().any(|link| link.member_role_id == id) {
            return Err(Problem::invalid(ADMIN_IN_LDAP));
        }
        return Ok(vec![remove("", "role", id)]);
    }
    if world.members.values().flat_map(|members| members.values()).any(|member| member.role == Some(id)) {
        return Err(Problem::invalid(ASSIGNED));
    }
    if world.policies.values().any(|policy| policy.member_role_ids.contains(&id)) {
        return Err(Problem::invalid(IN_POLICY));
    }
    let in_branch = world.branches.values().any(|branch| branch.member_role_ids.contains(&id));
    if in_branch && context.switches.is(&PROTECTED_BRANCH_DELETE, "refused") {
        return Err(Problem::invalid(IN_BRANCH));
    }
    let mut changes = nulled_links(world, id);
    for branch in world.branches.values().filter(|branch| branch.member_role_ids.contains(&id)) {
        let mut branch = branch.as_ref().clone();
        branch.member_role_ids.remove(&id);
        changes.push(put("", "branch", branch.id, &branch));
    }
    changes.push(remove("", "role", id));
    Ok(changes)
}

/// The links that give a role, without it.
fn nulled_links(world: &World, id: u64) -> Vec<Change> {
    let mut changes = Vec::new();
    for (place, links) in &world.saml_links {
        for link in links.values().filter(|link| link.member_role_id == Some(id)) {
            let mut link = link.as_ref().clone();
            link.member_role_id = None;
            changes.push(put(&place.scope(), "saml_link", link.id, &link));
        }
    }
    for (place, links) in &world.ldap_links {
        for link in links.values().filter(|link| link.member_role_id == Some(id)) {
            let mut link = link.as_ref().clone();
            link.member_role_id = None;
            changes.push(put(&place.scope(), "ldap_link", link.id, &link));
        }
    }
    for (place, shares) in &world.shares {
        for share in shares.values().filter(|share| share.role == Some(id)) {
            let mut share = share.as_ref().clone();
            share.role = None;
            changes.push(put(&place.scope(), "share", share.group, &share));
        }
    }
    for group in world.groups.values() {
        if group.saml.as_ref().is_some_and(|saml| saml.member_role_id == Some(id)) {
            let mut group = group.as_ref().clone();
            if let Some(saml) = &mut group.saml {
                saml.member_role_id = None;
            }
            changes.push(put("", "group", group.id, &group));
        }
    }
    changes
}

/// A standard role that can be given at a place: of the instance, or of the place's top-level group.
pub(super) fn assignable(context: Context<'_>, place: Place, id: u64) -> Option<&Role> {
    let world = context.world;
    let role = world.roles.get(&id).filter(|role| !role.is_admin())?;
    let home = if context.is_instance() { None } else { Some(world.root(world.group_of(place)?)) };
    (role.group == home).then_some(role.as_ref())
}

/// Whether somebody on this level with this role uses a seat.
pub(super) fn uses_seat(level: u8, role: Option<&Role>) -> bool {
    let elevates = |name: &String| abilities::known(name).is_none_or(|ability| !ability.free_seat);
    level > levels::GUEST || role.is_some_and(|role| role.permissions.iter().any(elevates))
}
