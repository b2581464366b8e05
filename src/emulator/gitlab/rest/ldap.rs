//! LDAP group links.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::emulator::call::Answer;
use crate::emulator::gitlab::caller::{self, Caller, Context};
use crate::emulator::gitlab::input::Params;
use crate::emulator::gitlab::levels::OWNER;
use crate::emulator::gitlab::refusal::Refusal;
use crate::emulator::gitlab::roles::next_id;
use crate::emulator::gitlab::switches::LINK_NOT_FOUND;
use crate::emulator::gitlab::world::{LdapLink, Place, put, remove};

use super::membership;
use super::shares::link_role;

fn shape(link: &LdapLink) -> Value {
    json!({
        "cn": link.cn, "group_access": link.group_access, "provider": link.provider, "filter": link.filter,
        "member_role_id": link.member_role_id,
    })
}

/// Answers `/groups/:id/ldap_group_links`.
pub(super) fn answer<'a>(context: Context<'a>, caller: &Caller<'a>, key: &str) -> Result<Answer, Refusal> {
    let place = Place::Group(caller::group(context, caller, key)?.id);
    let method = super::method(context, &["GET", "POST", "DELETE"])?;
    if caller.level(context, place) < OWNER {
        return Err(Refusal::forbidden());
    }
    let params = Params::of(context.call)?;
    let links: Vec<&Arc<LdapLink>> =
        context.world.ldap_links.get(&place).into_iter().flat_map(BTreeMap::values).collect();
    if method == "GET" {
        if links.is_empty() {
            return Err(Refusal::message(404, "No linked LDAP groups found"));
        }
        return Ok(Answer::json(200, &links.into_iter().map(|link| shape(link)).collect::<Vec<_>>()));
    }
    let (cn, filter) = match (params.text("cn")?, params.text("filter")?) {
        (Some(_), Some(_)) => return Err(Refusal::parameter("cn, filter are mutually exclusive")),
        (None, None) => {
            return Err(Refusal::parameter("cn, filter are missing, exactly one parameter must be provided"));
        }
        names => names,
    };
    let provider = params.required_text("provider")?;
    let found = links.iter().find(|link| link.cn == cn && link.filter == filter && link.provider == provider);
    if method == "DELETE" {
        let link = found.ok_or_else(|| Refusal::message(404, context.switches.get(&LINK_NOT_FOUND)))?;
        return Ok(Answer::empty(204).changing(vec![remove(&place.scope(), "ldap_link", link.id)]));
    }
    let level = membership::level(context, params.required_number("group_access")?)
        .map_err(|_| Refusal::parameter("group_access does not have a valid value"))?;
    let conflict = |text: &str| Refusal::message(409, text);
    if found.is_some() {
        let field = if cn.is_some() { "Cn" } else { "Filter" };
        return Err(conflict(&format!("{field} has already been taken")));
    }
    let role = params.role_id()?.value().filter(|_| context.licensed());
    let (group_access, member_role_id) = link_role(context, place, level, role).map_err(conflict)?;
    let (id, counted) = next_id(context.world);
    let link = LdapLink { id, cn, filter, group_access, provider, member_role_id };
    let changes = vec![counted, put(&place.scope(), "ldap_link", id, &link)];
    Ok(Answer::json(201, &shape(&link)).changing(changes))
}
