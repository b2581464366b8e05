//! The mutations of custom roles.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::emulator::gitlab::caller::{Caller, Context};
use crate::emulator::gitlab::levels::{self, OWNER};
use crate::emulator::gitlab::roles::{self, Draft, Problem, next_id};
use crate::emulator::gitlab::switches::CUSTOM_ADMIN_ROLES;
use crate::emulator::gitlab::time::Moment;
use crate::emulator::gitlab::world::{AdminLink, Place, Role, put, remove};
use crate::emulator::product::Change;

use super::node::{Failed, Node, Object, Payload};

const INTERNAL: &str = "Internal server error";
/// The name that the database gives.
const DEFAULT_NAME: &str = "Custom";

type Done = Result<(Payload, Vec<Change>), Failed>;

/// What a mutation was sent.
struct Input<'a> {
    fields: &'a Map<String, Value>,
    payload: &'static str,
}

impl Input<'_> {
    fn id(&self, name: &str) -> Option<u64> {
        self.fields.get(name).and_then(Value::as_u64)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.fields.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    /// REST names of the permissions, if any list was sent.
    fn permissions(&self) -> BTreeSet<String> {
        let sent = self.fields.get("permissions").and_then(Value::as_array);
        sent.into_iter().flatten().filter_map(Value::as_str).map(str::to_lowercase).collect()
    }

    fn done(&self, field: &'static str, node: Node, changes: Vec<Change>) -> Done {
        Ok((self.payload(Vec::new(), field, node), changes))
    }

    fn payload(&self, errors: Vec<String>, field: &'static str, node: Node) -> Payload {
        let client_id = self.fields.get("clientMutationId").cloned().unwrap_or_default();
        Payload { of: self.payload, client_id, errors, result: (field, node) }
    }

    /// The payload of what failed.
    fn refused(&self, problem: Problem, field: &'static str, node: Node) -> Done {
        match problem {
            Problem::Invalid(text) => Ok((self.payload(vec![text], field, node), Vec::new())),
            Problem::Internal => Err(Failed(INTERNAL.to_owned())),
        }
    }
}

fn standard(role: &Arc<Role>) -> Node {
    Node::Object(Object::Role(Arc::clone(role)))
}

fn admin(role: &Arc<Role>) -> Node {
    Node::Object(Object::AdminRole(Arc::clone(role)))
}

/// Does one mutation.
pub(super) fn perform<'a>(
    context: Context<'a>,
    caller: Option<&Caller<'a>>,
    name: &str,
    arguments: &Map<String, Value>,
) -> Done {
    let empty = Map::new();
    let fields = arguments.get("input").and_then(Value::as_object).unwrap_or(&empty);
    let input = |payload| Input { fields, payload };
    match name {
        "memberRoleCreate" => create(context, caller, &input("MemberRoleCreatePayload")),
        "memberRoleUpdate" => update(context, caller, &input("MemberRoleUpdatePayload")),
        "memberRoleDelete" => delete(context, caller, &input("MemberRoleDeletePayload")),
        _ => {
            check_flag(context)?;
            match name {
                "memberRoleAdminCreate" => {
                    create_admin(context, caller, &input("MemberRoleAdminCreatePayload"))
                }
                "memberRoleAdminUpdate" => {
                    update_admin(context, caller, &input("MemberRoleAdminUpdatePayload"))
                }
                "memberRoleAdminDelete" => {
                    delete_admin(context, caller, &input("MemberRoleAdminDeletePayload"))
                }
                "memberRoleToUserAssign" => assign(context, caller, &input("MemberRoleToUserAssignPayload")),
                "ldapAdminRoleLinkCreate" => {
                    create_link(context, caller, &input("LdapAdminRoleLinkCreatePayload"))
                }
                _ => destroy_link(context, caller, &input("LdapAdminRoleLinkDestroyPayload")),
            }
        }
    }
}

fn check_flag(context: Context<'_>) -> Result<(), Failed> {
    if context.switches.is(&CUSTOM_ADMIN_ROLES, "on") {
        return Ok(());
    }
    Err(Failed("`custom_admin_roles` feature flag is disabled.".to_owned()))
}

fn check_admin(context: Context<'_>, caller: Option<&Caller<'_>>) -> Result<(), Failed> {
    let allowed = context.licensed() && caller.is_some_and(|caller| caller.is_admin(context));
    if allowed { Ok(()) } else { Err(Failed::not_available()) }
}

/// Whether the caller may change the standard roles of a group or of the instance.
fn check_manager<'a>(
    context: Context<'a>,
    caller: Option<&Caller<'a>>,
    group: Option<u64>,
) -> Result<(), Failed> {
    let Some(group) = group else {
        return check_admin(context, caller);
    };
    let owner = caller.is_some_and(|caller| caller.level(context, Place::Group(group)) >= OWNER);
    if owner && context.licensed() { Ok(()) } else { Err(Failed::not_available()) }
}

fn role<'a>(context: Context<'a>, input: &Input<'_>, field: &str) -> Result<&'a Arc<Role>, Failed> {
    input.id(field).and_then(|id| context.world.roles.get(&id)).ok_or_else(Failed::not_available)
}

fn create<'a>(context: Context<'a>, caller: Option<&Caller<'a>>, input: &Input<'_>) -> Done {
    let path = input.text("groupPath");
    let group = match (&path, context.is_instance()) {
        (None, false) => return Err(Failed("group_path argument is required.".to_owned())),
        (Some(_), true) => {
            return Err(Failed("group_path argument is not allowed on self-managed instances.".to_owned()));
        }
        (None, true) => None,
        (Some(path), false) => {
            let groups = context.world.groups.values();
            let found = groups.into_iter().find(|group| group.full_path.eq_ignore_ascii_case(path));
            Some(found.ok_or_else(Failed::not_available)?.id)
        }
    };
    check_manager(context, caller, group)?;
    let draft = Draft {
        group,
        name: name(input),
        description: input.text("description"),
        base: input.text("baseAccessLevel").as_deref().and_then(levels::of_name),
        permissions: input.permissions(),
    };
    match roles::create(context, draft) {
        Ok((role, changes)) => input.done("memberRole", standard(&Arc::new(role)), changes),
        Err(problem) => input.refused(problem, "memberRole", Node::Null),
    }
}

/// The name of a new role; null is no name, and what is absent is named by the database.
fn name(input: &Input<'_>) -> String {
    match input.fields.get("name") {
        None => DEFAULT_NAME.to_owned(),
        Some(sent) => sent.as_str().unwrap_or_default().to_owned(),
    }
}

/// The role with what was sent: the permissions replaced, the rest merged.
fn changed(role: &Role, input: &Input<'_>) -> Result<Role, Failed> {
    if !input.fields.keys().any(|field| matches!(field.as_str(), "name" | "description" | "permissions")) {
        return Err(Failed("The list of member_role attributes is empty".to_owned()));
    }
    let mut changed = role.clone();
    if input.fields.contains_key("name") {
        changed.name = input.text("name").unwrap_or_default();
    }
    if input.fields.contains_key("description") {
        changed.description = input.text("description");
    }
    changed.permissions = input.permissions();
    Ok(changed)
}

fn update<'a>(context: Context<'a>, caller: Option<&Caller<'a>>, input: &Input<'_>) -> Done {
    let before = role(context, input, "id")?;
    if before.is_admin() {
        return Err(Failed::not_available());
    }
    check_manager(context, caller, before.group)?;
    match roles::update(context, changed(before, input)?) {
        Ok((role, changes)) => input.done("memberRole", standard(&Arc::new(role)), changes),
        Err(problem) => input.refused(problem, "memberRole", standard(before)),
    }
}

fn delete<'a>(context: Context<'a>, caller: Option<&Caller<'a>>, input: &Input<'_>) -> Done {
    let role = role(context, input, "id")?;
    if role.is_admin() {
        return Err(Failed("This mutation can only be used to delete standard member roles".to_owned()));
    }
    check_manager(context, caller, role.group)?;
    match roles::delete(context, role) {
        Ok(changes) => input.done("memberRole", standard(role), changes),
        Err(problem) => input.refused(problem, "memberRole", standard(role)),
    }
}

fn create_admin(context: Context<'_>, caller: Option<&Caller<'_>>, input: &Input<'_>) -> Done {
    check_admin(context, caller)?;
    let draft = Draft {
        group: None,
        name: name(input),
        description: input.text("description"),
        base: None,
        permissions: input.permissions(),
    };
    match roles::create(context, draft) {
        Ok((role, changes)) => input.done("memberRole", admin(&Arc::new(role)), changes),
        Err(problem) => input.refused(problem, "memberRole", Node::Null),
    }
}

fn update_admin(context: Context<'_>, caller: Option<&Caller<'_>>, input: &Input<'_>) -> Done {
    check_admin(context, caller)?;
    let before = role(context, input, "id")?;
    if !before.is_admin() {
        return Err(Failed("This mutation can only be used to update admin member roles".to_owned()));
    }
    match roles::update(context, changed(before, input)?) {
        Ok((role, changes)) => input.done("memberRole", admin(&Arc::new(role)), changes),
        Err(problem) => input.refused(problem, "memberRole", admin(before)),
    }
}

fn delete_admin(context: Context<'_>, caller: Option<&Caller<'_>>, input: &Input<'_>) -> Done {
    check_admin(context, caller)?;
    let role = role(context, input, "id")?;
    if !role.is_admin() {
        return Err(Failed("This mutation is restricted to deleting admin roles only".to_owned()));
    }
    match roles::delete(context, role) {
        Ok(changes) => input.done("memberRole", standard(role), changes),
        Err(problem) => input.refused(problem, "memberRole", standard(role)),
    }
}

fn assign(context: Context<'_>, caller: Option<&Caller<'_>>, input: &Input<'_>) -> Done {
    check_admin(context, caller)?;
    let user = input.id("userId").and_then(|id| context.world.users.get(&id));
    let mut user = user.ok_or_else(Failed::not_available)?.as_ref().clone();
    let role = match input.id("memberRoleId") {
        Some(_) => Some(role(context, input, "memberRoleId")?),
        None => None,
    };
    if role.is_some_and(|role| !role.is_admin()) {
        let text = "Only admin custom roles can be assigned directly to a user.";
        return input.refused(Problem::Invalid(text.to_owned()), "userMemberRole", Node::Null);
    }
    user.admin_role = role.map(|role| role.id);
    let changes = vec![put("", "user", user.id, &user)];
    let node =
        role.map_or(Node::Null, |role| Node::Object(Object::UserRole(Arc::new(user), Arc::clone(role))));
    input.done("userMemberRole", node, changes)
}

fn create_link(context: Context<'_>, caller: Option<&Caller<'_>>, input: &Input<'_>) -> Done {
    const FIELD: &str = "ldapAdminRoleLink";
    check_admin(context, caller)?;
    let role = role(context, input, "adminMemberRoleId")?;
    let (cn, filter) = (input.text("cn"), input.text("filter"));
    let provider = input.text("provider").unwrap_or_default();
    let taken = context
        .world
        .admin_links
        .values()
        .any(|link| link.provider == provider && link.cn == cn && link.filter == filter);
    let wrong = if !role.is_admin() {
        Some("Only admin custom roles can be assigned")
    } else if cn.is_some() == filter.is_some() {
        Some("One and only one of [cn, filter] arguments is required")
    } else if taken {
        Some("Cn has already been taken")
    } else {
        None
    };
    if let Some(text) = wrong {
        return input.refused(Problem::Invalid(text.to_owned()), FIELD, Node::Null);
    }
    let (id, counted) = next_id(context.world);
    let created_at = Moment(context.now);
    let link = AdminLink { id, cn, filter, provider, member_role_id: role.id, created_at };
    let changes = vec![counted, put("", "admin_link", id, &link)];
    input.done(FIELD, Node::Object(Object::AdminLink(Arc::new(link))), changes)
}

fn destroy_link(context: Context<'_>, caller: Option<&Caller<'_>>, input: &Input<'_>) -> Done {
    check_admin(context, caller)?;
    let link = input.id("id").and_then(|id| context.world.admin_links.get(&id));
    let link = link.ok_or_else(Failed::not_available)?;
    let node = Node::Object(Object::AdminLink(Arc::clone(link)));
    input.done("ldapAdminRoleLink", node, vec![remove("", "admin_link", link.id)])
}
