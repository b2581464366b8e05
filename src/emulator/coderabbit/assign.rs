//! `POST /v1/users/roles`: the bulk assignment of a role.

use std::collections::BTreeMap;

use crate::emulator::call::Answer;

use super::caller::{Access, Context, Right, authorize};
use super::edit::Edit;
use super::input::Body;
use super::refusal::{Family, Refusal};
use super::roles::edit;
use super::shape::stored_id;
use super::switches::{ASSIGN_BILLING_ADMIN, ASSIGN_UNKNOWN_ROLE};
use super::users::{Item, bulk, user_ids};
use super::world::{BILLING_ADMIN, KeyKind, Org, Role};

/// Answers the request.
pub(super) fn answer(context: Context<'_>) -> Result<Answer, Refusal> {
    super::caller::identify(context)?;
    let body = Body::of(context.call)?;
    let access = authorize(context, &body, Family::Users, Right::UserWrite)?;
    let role = stored_id(body.required_text("role")?, context.switches);
    if role == BILLING_ADMIN && context.switches.is(&ASSIGN_BILLING_ADMIN, "refused") {
        return Err(Refusal::invalid("the Billing Admin role cannot be assigned"));
    }
    let ids = user_ids(&body)?;
    if access.caller.kind == KeyKind::SelfHosted && body.text("org_id")? == Some("ALL") {
        return assign_everywhere(context, &access, role, &ids);
    }
    let role = find(context, access.org, role)?;
    let mut edit = edit(context, &access);
    let items: Vec<(String, Item)> =
        ids.into_iter().map(|id| (id.clone(), assign(&mut edit, access.org, role, &id))).collect();
    Ok(bulk(&items).changing(edit.finish()))
}

fn find<'a>(context: Context<'_>, org: &'a Org, role: &str) -> Result<&'a Role, Refusal> {
    let status = context.switches.get(&ASSIGN_UNKNOWN_ROLE).parse().unwrap_or(400);
    org.roles.get(role).map(AsRef::as_ref).ok_or_else(|| Refusal::new(status, "there is no such role"))
}

fn assign(edit: &mut Edit<'_>, org: &Org, role: &Role, id: &str) -> Item {
    match org.users.get(id) {
        None => Err("USER_NOT_FOUND"),
        Some(user) if user.role == BILLING_ADMIN => Err("CANNOT_CHANGE_BILLING_ADMIN_ROLE"),
        Some(user) => {
            edit.assign(user, role);
            Ok(())
        }
    }
}

/// Every organization of a self-hosted instance: not atomic, a user succeeds where every organization does.
fn assign_everywhere(
    context: Context<'_>,
    access: &Access<'_>,
    role: &str,
    ids: &[String],
) -> Result<Answer, Refusal> {
    let mut changes = Vec::new();
    let mut results: BTreeMap<&str, Item> = BTreeMap::new();
    for (org_id, org) in &access.caller.tenant.orgs {
        let role = find(context, org, role)?;
        let mut edit = edit(context, &Access { org_id, org, ..*access });
        for id in ids {
            let item = assign(&mut edit, org, role, id);
            let result = results.entry(id).or_insert(Ok(()));
            if result.is_ok() {
                *result = item;
            }
        }
        changes.extend(edit.finish());
    }
    let items: Vec<(String, Item)> =
        ids.iter().map(|id| (id.clone(), results.get(id.as_str()).copied().unwrap_or(Ok(())))).collect();
    Ok(bulk(&items).changing(changes))
}
