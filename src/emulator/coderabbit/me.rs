//! `GET /v1/me`: which key this is, and of which CodeRabbit organization.

use serde_json::{Value, json};

use crate::emulator::call::Answer;

use super::caller::{Context, identify};
use super::refusal::Refusal;
use super::shape::wire_id;
use super::switches::{ME, ME_CALLER, ME_ROLE};
use super::world::KeyKind;

/// Answers the request.
pub(super) fn answer(context: Context<'_>) -> Result<Answer, Refusal> {
    if context.switches.is(&ME, "absent") {
        return Err(Refusal::not_found("there is no such path"));
    }
    if context.call.method != "GET" {
        return Err(Refusal::new(405, "the method is not supported here"));
    }
    let caller = identify(context)?;
    let (_, org) = caller.own_org()?;
    let scope = if caller.kind == KeyKind::Workspace {
        json!({ "type": "workspace", "id": caller.tenant.facts.workspace_id })
    } else {
        json!({ "type": "organization", "id": org.facts.scope_id })
    };
    let mut body = json!({ "scope": scope, "key": { "type": caller.kind } });
    if let (Some(fields), Some(owner)) = (body.as_object_mut(), caller.owner) {
        match context.switches.get(&ME_CALLER) {
            "user_id" => {
                fields.insert("user_id".to_owned(), json!(owner));
            }
            "user" => {
                fields.insert("user".to_owned(), json!({ "id": owner }));
            }
            _ => {}
        }
        if context.switches.is(&ME_ROLE, "present") {
            let role = org.users.get(owner).map(|user| wire_id(&user.role, context.switches));
            fields.insert("role".to_owned(), role.map_or(Value::Null, |role| json!(role)));
        }
    }
    Ok(Answer::json(200, &body))
}
