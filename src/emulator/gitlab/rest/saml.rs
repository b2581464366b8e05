//! SAML group links.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::emulator::call::Answer;
use crate::emulator::gitlab::caller::{self, Caller, Context};
use crate::emulator::gitlab::input::Params;
use crate::emulator::gitlab::levels::OWNER;
use crate::emulator::gitlab::refusal::Refusal;
use crate::emulator::gitlab::roles::{self, next_id};
use crate::emulator::gitlab::switches::LINK_NOT_FOUND;
use crate::emulator::gitlab::world::{Place, SamlLink, put, remove};

use super::membership;

fn shape(link: &SamlLink) -> Value {
    json!({
        "name": link.name, "access_level": link.access_level, "member_role_id": link.member_role_id,
        "provider": link.provider,
    })
}

/// Answers `/groups/:id/saml_group_links...`.
pub(super) fn answer<'a>(
    context: Context<'a>,
    caller: &Caller<'a>,
    key: &str,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    let group = caller::group(context, caller, key)?.id;
    let place = Place::Group(group);
    if caller.level(context, place) < OWNER {
        return Err(Refusal::unauthorized());
    }
    let links = || context.world.saml_links.get(&place).into_iter().flat_map(BTreeMap::values);
    match (context.call.method.as_str(), rest) {
        ("GET", []) => Ok(Answer::json(200, &links().map(|link| shape(link)).collect::<Vec<_>>())),
        ("POST", []) => add(context, place),
        (method @ ("GET" | "DELETE"), [name]) => {
            let named: Vec<&Arc<SamlLink>> = links().filter(|link| link.name == **name).collect();
            let link = select(context, &named)?;
            if method == "GET" {
                return Ok(Answer::json(200, &shape(link)));
            }
            Ok(Answer::empty(204).changing(vec![remove(&place.scope(), "saml_link", link.id)]))
        }
        (_, [] | [_]) => Err(Refusal::no_method()),
        _ => Err(Refusal::no_route()),
    }
}

/// The one link that name and provider leave.
fn select<'a>(context: Context<'_>, named: &[&'a Arc<SamlLink>]) -> Result<&'a Arc<SamlLink>, Refusal> {
    let provider = context.call.parameter("provider");
    let fits = |link: &&&Arc<SamlLink>| provider.is_none() || link.provider.as_deref() == provider;
    let mut found = named.iter().filter(fits);
    match (found.next(), found.next()) {
        (None, _) => Err(Refusal::message(404, context.switches.get(&LINK_NOT_FOUND))),
        (Some(link), None) => Ok(link),
        (Some(_), Some(_)) => Err(Refusal::message(
            422,
            "Multiple group links found with the same name. Please specify a provider parameter to disambiguate.",
        )),
    }
}

fn add(context: Context<'_>, place: Place) -> Result<Answer, Refusal> {
    let params = Params::of(context.call)?;
    let name = params.required_text("saml_group_name")?;
    let level = membership::level(context, params.required_number("access_level")?)
        .map_err(|_| Refusal::parameter("access_level does not have a valid value"))?;
    let provider = params.text("provider")?.filter(|provider| !provider.is_empty());
    let bad = |text: &str| Refusal::message(400, format!("400 Bad request - {text}"));
    if name.is_empty() {
        return Err(bad("Saml group name can't be blank"));
    }
    let links = context.world.saml_links.get(&place);
    let taken = |link: &Arc<SamlLink>| link.name == name && link.provider == provider;
    if links.is_some_and(|links| links.values().any(taken)) {
        return Err(bad("Saml group name has already been taken"));
    }
    let role = params.role_id()?.value().filter(|_| context.licensed());
    let role = role
        .map(|id| roles::assignable(context, place, id).ok_or_else(|| bad("Member role not found")))
        .transpose()?;
    let (id, counted) = next_id(context.world);
    let link = SamlLink {
        id,
        name,
        // The level that was sent does not count beside a custom role.
        access_level: role.and_then(|role| role.base).unwrap_or(level),
        member_role_id: role.map(|role| role.id),
        provider,
    };
    let changes = vec![counted, put(&place.scope(), "saml_link", id, &link)];
    Ok(Answer::json(201, &shape(&link)).changing(changes))
}
