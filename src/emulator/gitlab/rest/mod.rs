//! The routes under `/api/v4`.

mod groups;
mod ldap;
mod member_roles;
mod members;
mod membership;
mod saml;
mod shares;
mod users;

use crate::emulator::call::Answer;

use super::caller::{self, Context};
use super::refusal::Refusal;

/// Answers a route; `rest` is what follows `/api/v4/`.
pub(super) fn answer(context: Context<'_>, rest: &[&str]) -> Answer {
    route(context, rest).unwrap_or_else(|refusal| refusal.answer())
}

fn route(context: Context<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    let caller = caller::authenticate(context)?;
    match *rest {
        ["member_roles", ref rest @ ..] => member_roles::instance(context, &caller, rest),
        ["admin_member_roles", ref rest @ ..] => member_roles::admin(context, &caller, rest),
        ["groups", key, "member_roles", ref rest @ ..] => member_roles::group(context, &caller, key, rest),
        [kind @ ("groups" | "projects"), key, "members", ref rest @ ..] => {
            members::answer(context, &caller, kind, key, rest)
        }
        [kind @ ("groups" | "projects"), key, "invitations"] => members::invite(context, &caller, kind, key),
        [kind @ ("groups" | "projects"), key, "share", ref rest @ ..] => {
            shares::answer(context, &caller, kind, key, rest)
        }
        ["groups", key, "saml_group_links", ref rest @ ..] => saml::answer(context, &caller, key, rest),
        ["groups", key, "ldap_group_links"] => ldap::answer(context, &caller, key),
        ["groups" | "projects", ..] if context.call.method == "GET" => groups::answer(context, &caller, rest),
        ["groups" | "projects", _] => Err(Refusal::no_method()),
        _ => users::answer(context, &caller, rest),
    }
}

/// The method, if it is one of those that the path has.
fn method<'a>(context: Context<'a>, known: &[&str]) -> Result<&'a str, Refusal> {
    let method = context.call.method.as_str();
    if known.contains(&method) { Ok(method) } else { Err(Refusal::no_method()) }
}
