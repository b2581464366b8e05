//! What the token says of itself, for `doctor`. Source: `/api/personal_access_tokens/`.

use super::wire::Token;
use crate::provider::{
    Noticed,
    http::{Get, Reading},
};

/// Scopes and expiry, where the API tells them: those of OAuth and of CI jobs it does not.
pub(super) async fn look(reading: Reading) -> Vec<Noticed> {
    let segments = ["api", "v4", "personal_access_tokens", "self"];
    let Ok(answer) = reading.get(Get { segments: &segments, query: &[], wave: 1, quota: None }).await else {
        return vec![Noticed { message: "the API tells nothing of the token itself".into(), help: None }];
    };
    let Ok(token) = reading.connection().parse::<Token<'_>>(&answer) else { return Vec::new() };
    let scopes: Vec<&str> = token.scopes.0.iter().map(|scope| &*scope.0).collect();
    let has = |scope: &str| scopes.contains(&scope);
    let help = if has("api") {
        None
    } else if has("read_api") {
        Some("It can plan, and not apply: that takes the scope `api`.")
    } else {
        Some(
            "The scope `api` plans and applies, and `read_api` plans. A fine-grained token needs `read_member_role`, `create_member_role`, and `delete_member_role`, and the permissions on members.",
        )
    };
    let list: Vec<String> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
    let list = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    let expires = token
        .expires_at
        .as_ref()
        .map_or_else(|| "no day on which it expires".to_owned(), |day| format!("expires on {}", day.0));
    let message = format!("scopes of the token: {list}; {expires}").into();
    vec![Noticed { message, help: help.map(str::to_owned) }]
}
