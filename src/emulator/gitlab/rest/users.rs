//! People, the caller, the token, and the version.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::emulator::call::Answer;
use crate::emulator::gitlab::caller::{Caller, Context};
use crate::emulator::gitlab::input::{Params, invalid};
use crate::emulator::gitlab::page::by_key_or_offset;
use crate::emulator::gitlab::refusal::Refusal;
use crate::emulator::gitlab::shape;
use crate::emulator::gitlab::switches::ABILITIES;
use crate::emulator::gitlab::time::long_ago;
use crate::emulator::gitlab::world::User;

/// Answers the routes that are not of groups, projects or roles.
pub(super) fn answer(context: Context<'_>, caller: &Caller<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
    match rest {
        ["user"] => {
            super::method(context, &["GET"])?;
            let mut shape = shape::user(context, caller.user);
            shape["email"] = json!(caller.user.email);
            shape["created_at"] = json!(caller.user.created_at);
            if context.is_instance() {
                shape["is_admin"] = json!(caller.user.admin);
            }
            Ok(Answer::json(200, &shape))
        }
        ["users"] => {
            super::method(context, &["GET"])?;
            list(context, caller)
        }
        ["users", id] => {
            super::method(context, &["GET"])?;
            let id: u64 = id.parse().map_err(|_| invalid("id"))?;
            let user = context.world.users.get(&id).ok_or_else(|| Refusal::not_found("User"))?;
            Ok(Answer::json(200, &seen(context, caller, user)))
        }
        ["personal_access_tokens", "self"] => {
            super::method(context, &["GET"])?;
            Ok(Answer::json(
                200,
                &json!({
                    "id": caller.token.map_or(0, |token| token.id), "name": "rolecall", "revoked": false,
                    "active": true, "created_at": long_ago(), "scopes": caller.scopes(),
                    "user_id": caller.user.id, "last_used_at": null, "expires_at": null,
                }),
            ))
        }
        ["version"] => {
            super::method(context, &["GET"])?;
            Ok(Answer::json(200, &json!({ "version": version(context), "revision": "0000000000" })))
        }
        ["metadata"] => {
            super::method(context, &["GET"])?;
            let kas = json!({ "enabled": false, "externalUrl": null, "version": null });
            Ok(Answer::json(
                200,
                &json!({
                    "version": version(context), "revision": "0000000000", "kas": kas, "enterprise": true,
                }),
            ))
        }
        _ => Err(Refusal::no_route()),
    }
}

fn version(context: Context<'_>) -> String {
    format!("{}.0-ee", context.switches.get(&ABILITIES))
}

/// A user as the caller sees them; addresses are for administrators.
fn seen(context: Context<'_>, caller: &Caller<'_>, user: &User) -> Value {
    let mut shape = shape::user(context, user);
    if caller.is_admin(context) {
        shape["email"] = json!(user.email);
        shape["is_admin"] = json!(user.admin);
    }
    shape
}

fn list(context: Context<'_>, caller: &Caller<'_>) -> Result<Answer, Refusal> {
    let params = Params::of(context.call)?;
    let world = context.world;
    let found: Vec<&Arc<User>> = match (params.text("username")?, params.text("search")?) {
        (Some(name), _) => world.user_named(&name).into_iter().collect(),
        (None, Some(search)) => {
            let search = search.to_lowercase();
            // An address is found only whole, so that nobody can feel their way to it.
            let fits = |user: &&Arc<User>| {
                user.username.to_lowercase().contains(&search)
                    || user.name.to_lowercase().contains(&search)
                    || user.email.as_deref().is_some_and(|email| email.to_lowercase() == search)
            };
            world.users.values().filter(fits).collect()
        }
        (None, None) => world.users.values().collect(),
    };
    let key = |user: &&Arc<User>, order: &str| match order {
        "name" => (user.name.to_lowercase(), user.id),
        "username" => (user.username.to_lowercase(), user.id),
        _ => (format!("{:020}", user.id), user.id),
    };
    by_key_or_offset(context.call, &params, found, &["id", "name", "username"], key, |user| {
        seen(context, caller, user)
    })
}
