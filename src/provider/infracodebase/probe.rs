//! Whether a server describes endpoints for roles after all: a look into its OpenAPI document. They are
//! only told of; nothing is sent to them. Whether the document takes a token is not documented, so that
//! both are tried.

use super::{API, wire::Description};
use crate::{
    model::Untrusted,
    provider::{
        Noticed,
        http::{Failure, Get, Reading},
    },
};

/// Most endpoints that are named.
const SHOWN: usize = 10;

/// The methods that a path of an OpenAPI document can have.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

pub(super) async fn look(reading: Reading) -> Vec<Noticed> {
    let segments = &[API[0], API[1], "openapi.json"];
    let get = || Get { segments, query: &[], wave: 1, quota: None };
    let (open, known) = tokio::join!(reading.get_openly(get()), reading.get(get()));
    let parsed = |answer| reading.connection().parse::<Description>(&answer);
    let (open, known) = (open.and_then(parsed), known.and_then(parsed));
    vec![match (&open, &known) {
        (_, Ok(description)) | (Ok(description), Err(_)) => said(description),
        (Err(_), Err(failure)) => absent(failure),
    }]
}

fn said(description: &Description) -> Noticed {
    let endpoints: Vec<String> = description
        .paths
        .iter()
        .filter(|(path, _)| is_about_roles(path))
        .map(|(path, methods)| {
            let methods = METHODS.iter().filter(|method| methods.contains_key(**method));
            let methods: Vec<String> = methods.map(|method| method.to_uppercase()).collect();
            format!("{} {path}", methods.join(", "))
        })
        .collect();
    if endpoints.is_empty() {
        let message =
            "the server's OpenAPI document has no endpoint for roles: they are made and changed by hand";
        return Noticed { message: message.into(), help: None };
    }
    let more = endpoints.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let shown = endpoints.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("; ");
    Noticed {
        message: Untrusted::from(format!("the server's OpenAPI document has endpoints for roles: {shown}{more}")),
        help: Some(
            "This version of rolecall does not use them: roles are made and changed by hand. Look for a newer version."
                .to_owned(),
        ),
    }
}

/// Whether a path of the document is that of an enterprise's roles, whatever stands before it.
fn is_about_roles(path: &str) -> bool {
    let mut segments = path.split('/').skip_while(|segment| *segment != "enterprises");
    segments.next().is_some()
        && segments.next().is_some_and(|id| id.starts_with('{'))
        && segments.any(|segment| segment == "roles")
}

/// 401, 404, and 501 are what a server without it says; of others the message tells.
fn absent(failure: &Failure) -> Noticed {
    let why = match failure.status {
        Some(status @ (401 | 403 | 404 | 501)) => format!("it answers {status}"),
        _ => failure.message.clone(),
    };
    let message = format!(
        "whether there are endpoints for roles cannot be told, the server's OpenAPI document is not available ({why}): they are made and changed by hand"
    );
    Noticed { message: message.into(), help: None }
}

#[cfg(test)]
mod tests {
    use super::is_about_roles;

    #[test]
    fn roles_of_an_enterprise_are_found_below_any_prefix() {
        for path in [
            "/enterprises/{eid}/roles",
            "/api/v1/enterprises/{enterpriseId}/roles/{rid}",
            "/enterprises/{e}/workspaces/{w}/roles",
        ] {
            assert!(is_about_roles(path), "{path}");
        }
        for path in
            ["/enterprises", "/roles", "/me/roles", "/enterprises/{eid}/rulesets", "/enterprises/roles", ""]
        {
            assert!(!is_about_roles(path), "{path}");
        }
    }
}
