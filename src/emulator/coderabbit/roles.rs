//! `/v1/roles` and `/v1/configuration/roles`: two families of routes over the same roles.

use serde_json::json;

use crate::emulator::call::Answer;
use crate::emulator::switch::Switches;

use super::caller::{Access, Context, Right, authorize};
use super::edit::{Edit, Patch};
use super::input::{Body, choice, flag};
use super::permission::Permissions;
use super::refusal::{Family, Refusal};
use super::shape::{self, Extra, Shown, stored_id};
use super::switches::{
    CREATE_OVERLAY, EMPTY_PERMISSIONS, FAMILY_B_CREATE_STATUS, FAMILY_B_DELETE, FAMILY_B_GET,
    FAMILY_B_PATCH_DEFAULT, LIST_ORDER, UNKNOWN_FIELDS,
};
use super::world::{MEMBER, Org, Role};

/// Answers a request of one of the families; `rest` is what follows the family's prefix.
pub(super) fn answer(context: Context<'_>, family: Family, rest: &[&str]) -> Result<Answer, Refusal> {
    match (context.call.method.as_str(), rest) {
        ("GET", []) => list(context, family),
        ("POST", []) => create(context, family),
        ("GET", ["permissions"]) => options(context, family),
        (_, [] | ["permissions"]) => Err(Refusal::new(405, "the method is not supported here")),
        (_, [""]) => Err(Refusal::not_found("there is no such role")),
        ("GET", [id]) => get(context, family, id),
        ("PATCH", [id]) if family == Family::A => update(context, id),
        ("PATCH", [id]) => replace(context, id),
        ("DELETE", [id]) if family == Family::A || context.switches.is(&FAMILY_B_DELETE, "present") => {
            delete(context, family, id)
        }
        (_, [_]) => Err(Refusal::new(405, "the method is not supported here")),
        _ => Err(Refusal::not_found("there is no such path")),
    }
}

fn list(context: Context<'_>, family: Family) -> Result<Answer, Refusal> {
    let access = authorize(context, &Body::default(), family, Right::RoleRead)?;
    let (kind, permissions, count) = if family == Family::A {
        (
            choice(context.call, "role_type", &["all", "system", "custom"])?,
            flag(context.call, "include_permissions", false)?,
            flag(context.call, "include_user_count", true)?,
        )
    } else {
        ("all", false, false)
    };
    let counts = access.org.user_counts();
    let mut roles: Vec<&Role> = access
        .org
        .roles
        .values()
        .map(AsRef::as_ref)
        .filter(|role| kind == "all" || role.is_system() == (kind == "system"))
        .collect();
    if context.switches.is(&LIST_ORDER, "created") {
        roles.sort_by_key(|role| role.order);
    }
    let roles = roles
        .into_iter()
        .map(|role| {
            let user_count = count.then(|| counts.get(role.id.as_str()).copied().unwrap_or(0));
            let (org, switches) = (access.org, context.switches);
            Shown { role, org, family, extra: Extra { permissions, user_count }, switches }
        })
        .collect::<Vec<_>>();
    Ok(shape::list(&roles, family, context.switches))
}

fn options(context: Context<'_>, family: Family) -> Result<Answer, Refusal> {
    let access = authorize(context, &Body::default(), family, Right::RoleRead)?;
    Ok(Answer::json(200, &json!(access.org.facts.catalog)))
}

fn get(context: Context<'_>, family: Family, id: &str) -> Result<Answer, Refusal> {
    let access = authorize(context, &Body::default(), family, Right::RoleRead)?;
    let (permissions, count) = if family == Family::A {
        (flag(context.call, "include_permissions", true)?, flag(context.call, "include_user_count", true)?)
    } else {
        (true, false)
    };
    let role = access
        .org
        .roles
        .get(stored_id(id, context.switches))
        .ok_or_else(|| Refusal::not_found("there is no such role"))?;
    let user_count = count.then(|| access.org.users.values().filter(|user| user.role == role.id).count());
    let extra = Extra { permissions, user_count };
    let shown = Shown { role, org: access.org, family, extra, switches: context.switches };
    Ok(if family == Family::B && context.switches.is(&FAMILY_B_GET, "unwrapped") {
        Answer::json(200, &shown)
    } else {
        shape::one(200, &shown)
    })
}

/// What one request may send, by family and method.
fn check_fields(context: Context<'_>, body: &Body, known: &[&str]) -> Result<(), Refusal> {
    match body.unknown(known) {
        Some(name) if context.switches.is(&UNKNOWN_FIELDS, "refused") => {
            Err(Refusal::invalid(format!("the field {name} is not supported here")))
        }
        _ => Ok(()),
    }
}

pub(super) fn read_permissions(
    body: &Body,
    org: &Org,
    switches: &Switches,
) -> Result<Option<Permissions>, Refusal> {
    match body.list("permissions")? {
        Some(sent) => org.facts.catalog.read(sent, switches).map(Some).map_err(Refusal::invalid),
        None => Ok(None),
    }
}

/// The permissions of a new role: those sent, those of the role to copy, or those of `cr_member`.
pub(super) fn permissions_of_new(
    org: &Org,
    sent: Option<Permissions>,
    copy_of: Option<&str>,
    switches: &Switches,
) -> Result<Permissions, Refusal> {
    let copied = |id: &str| {
        org.roles
            .get(stored_id(id, switches))
            .map(|role| role.permissions.clone())
            .ok_or_else(|| Refusal::invalid(format!("duplicate_from: there is no role {id}")))
    };
    match (sent, copy_of) {
        (None, copy_of) => copied(copy_of.unwrap_or(MEMBER)),
        (Some(sent), None) if sent.is_empty() && switches.is(&EMPTY_PERMISSIONS, "member_default") => {
            copied(MEMBER)
        }
        (Some(sent), None) => Ok(sent),
        (Some(sent), Some(id)) => {
            let mut copy = copied(id)?;
            match switches.get(&CREATE_OVERLAY) {
                "overlay" => {}
                "overlay_resource" => {
                    copy.retain(|held| !sent.iter().any(|new| new.resource == held.resource));
                }
                _ => copy.clear(),
            }
            copy.extend(sent);
            Ok(copy)
        }
    }
}

fn create(context: Context<'_>, family: Family) -> Result<Answer, Refusal> {
    super::caller::identify(context)?;
    let body = Body::of(context.call)?;
    let access = authorize(context, &body, family, Right::RoleWrite)?;
    let known: &[&str] = if family == Family::A {
        &["name", "description", "is_default", "duplicate_from", "permissions", "org_id"]
    } else {
        &["name", "description", "is_default", "duplicate_from", "org_id", "org_name"]
    };
    check_fields(context, &body, known)?;
    let sent =
        if family == Family::A { read_permissions(&body, access.org, context.switches)? } else { None };
    let permissions = permissions_of_new(access.org, sent, body.text("duplicate_from")?, context.switches)?;
    let mut edit = edit(context, &access);
    let role = edit.create(
        body.required_text("name")?,
        body.nullable_text("description")?.flatten(),
        body.flag("is_default")?.unwrap_or(false),
        permissions,
    )?;
    let status = match family {
        Family::B => context.switches.get(&FAMILY_B_CREATE_STATUS).parse().unwrap_or(201),
        _ => 201,
    };
    Ok(written(context, &access, family, status, &role).changing(edit.finish()))
}

/// PATCH of family A: what is not sent stays.
fn update(context: Context<'_>, id: &str) -> Result<Answer, Refusal> {
    super::caller::identify(context)?;
    let body = Body::of(context.call)?;
    let access = authorize(context, &body, Family::A, Right::RoleWrite)?;
    check_fields(context, &body, &["name", "description", "is_default", "permissions", "org_id"])?;
    let mut edit = edit(context, &access);
    edit.custom_role(stored_id(id, context.switches))?;
    let patch = Patch {
        name: body.text("name")?.map(str::to_owned),
        description: body.nullable_text("description")?,
        is_default: body.flag("is_default")?,
        permissions: read_permissions(&body, access.org, context.switches)?,
    };
    let role = edit.update(id, patch)?;
    Ok(written(context, &access, Family::A, 200, &role).changing(edit.finish()))
}

/// PATCH of family B: name and permissions are complete.
fn replace(context: Context<'_>, id: &str) -> Result<Answer, Refusal> {
    super::caller::identify(context)?;
    let body = Body::of(context.call)?;
    let access = authorize(context, &body, Family::B, Right::RoleWrite)?;
    check_fields(context, &body, &["name", "description", "permissions", "org_id", "org_name"])?;
    let mut edit = edit(context, &access);
    edit.custom_role(stored_id(id, context.switches))?;
    let name = body.required_text("name")?.to_owned();
    let permissions = read_permissions(&body, access.org, context.switches)?
        .ok_or_else(|| Refusal::invalid("permissions is required"))?;
    let is_default =
        body.flag("is_default")?.filter(|_| context.switches.is(&FAMILY_B_PATCH_DEFAULT, "applied"));
    let description = body.nullable_text("description")?;
    // The set is complete in this family, whatever the switch for family A says.
    let patch = Patch { name: Some(name), description, is_default, permissions: Some(permissions) };
    let role = edit.replace(id, patch)?;
    Ok(written(context, &access, Family::B, 200, &role).changing(edit.finish()))
}

fn delete(context: Context<'_>, family: Family, id: &str) -> Result<Answer, Refusal> {
    super::caller::identify(context)?;
    let body = Body::of(context.call)?;
    let access = authorize(context, &body, family, Right::RoleWrite)?;
    let mut edit = edit(context, &access);
    edit.delete(stored_id(id, context.switches))?;
    Ok(Answer::empty(204).changing(edit.finish()))
}

pub(super) fn edit<'a>(context: Context<'a>, access: &Access<'a>) -> Edit<'a> {
    Edit::new(
        access.caller.tenant_name,
        access.org_id,
        access.org,
        context.switches,
        context.now,
        access.actor(),
    )
}

/// The answer to a write: the role as it is now.
fn written(context: Context<'_>, access: &Access<'_>, family: Family, status: u16, role: &Role) -> Answer {
    let user_count =
        (family == Family::A).then(|| access.org.users.values().filter(|user| user.role == role.id).count());
    let extra = Extra { permissions: true, user_count };
    shape::one(status, &Shown { role, org: access.org, family, extra, switches: context.switches })
}
