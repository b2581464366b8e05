//! Infracodebase: the few documented reads, and the OpenAPI document in which somebody would look for more.
//!
//! A token is sent as `Authorization: Bearer icb_pat_...` or `icb_eat_...`. Served under `/api/v1` are
//! `GET /enterprises`, `GET /enterprises/{e}/workspaces`, and `GET /openapi.json`. There is no endpoint for roles,
//! members, or permissions, because none is documented; nothing can be written, and so there is nothing to see under
//! `/_dashboard/` besides the routes of [the frame](super).
//!
//! # Seeds
//!
//! ```yaml
//! provider: infracodebase
//! tokens:                        # without any, every token reaches everything
//!   - { token: icb_eat_demo, enterprise: ent-acme, workspaces: [ws-network] }
//!   - { token: icb_pat_old, expired: true }
//! enterprises:
//!   - id: ent-acme
//!     name: Acme
//!     role: Admin                # the caller's, which the list may tell
//!     workspaces: [{ id: ws-network, name: network }]
//! ```

mod switches;
mod world;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::product::{Change, Failure, Limit, Product, Registered, View};
use super::switch::Switches;
use switches::{
    DESCRIPTION_TOKEN, ERROR_BODY, FOREIGN_ENTERPRISE, LISTING, PENDING, RATE_LIMIT, ROLE_ENDPOINTS,
    TOKEN_FORM,
};
use world::{Enterprise, Token, World};

/// The line of the registry.
pub(super) const REGISTERED: Registered = Registered {
    name: "infracodebase",
    switches: switches::ALL,
    empty: || Box::new(Infracodebase(World::default())),
    build: |document| World::build(document).map(|world| Box::new(Infracodebase(world)) as Box<dyn Product>),
    default_seed: world::sample,
};

/// The emulated product.
#[derive(Debug, Clone)]
struct Infracodebase(World);

/// What a request's token reaches.
enum Reach<'a> {
    /// Everything: the seed has no tokens.
    Everything,
    /// What the token is for.
    Of(&'a Token),
}

/// A status, and what is said about it.
type Refusal = (u16, &'static str);

fn credential(call: &Call) -> Option<&str> {
    let (scheme, token) = call.header("authorization")?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn refuse(switches: &Switches, status: u16, message: &str) -> Answer {
    match switches.get(&ERROR_BODY) {
        "json" => Answer::json(status, &json!({ "message": message })),
        "empty" => Answer::empty(status),
        _ => Answer::raw(status, "text/plain", message.as_bytes().to_vec()),
    }
}

impl Reach<'_> {
    fn enterprise(&self, id: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Of(token) => token.enterprise.as_ref().is_none_or(|only| only == id),
        }
    }

    fn workspace(&self, id: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Of(token) => {
                token.workspaces.as_ref().is_none_or(|only| only.iter().any(|known| known == id))
            }
        }
    }
}

impl Infracodebase {
    fn reach(&self, switches: &Switches, call: &Call) -> Result<Reach<'_>, Refusal> {
        let unknown = (401, "Unauthorized");
        let token = credential(call).ok_or(unknown)?;
        let prefixed = token.starts_with("icb_pat_") || token.starts_with("icb_eat_");
        if !prefixed && switches.is(&TOKEN_FORM, "prefixed") {
            return Err(unknown);
        }
        if self.0.tokens.is_empty() {
            return Ok(Reach::Everything);
        }
        match self.0.tokens.iter().find(|known| known.token == token) {
            Some(known) if known.expired => Err((401, "Token expired")),
            Some(known) => Ok(Reach::Of(known)),
            None => Err(unknown),
        }
    }

    fn serve(&self, switches: &Switches, call: &Call) -> Result<Value, Refusal> {
        let route = call.route();
        let ["api", "v1", rest @ ..] = route.as_slice() else {
            return Err((404, "Not found"));
        };
        if let ["openapi.json"] = rest {
            if switches.is(&DESCRIPTION_TOKEN, "needed") {
                self.reach(switches, call)?;
            }
            return if call.method == "GET" {
                Ok(description(switches))
            } else {
                Err((405, "Method not allowed"))
            };
        }
        let reach = self.reach(switches, call)?;
        let pending = switches.get(&PENDING);
        match rest {
            ["enterprises"] | ["enterprises", _, "workspaces"] if call.method != "GET" => {
                Err((405, "Method not allowed"))
            }
            ["enterprises"] if pending != "all" => Ok(list(switches, &reach, &self.0.enterprises)),
            ["enterprises", id, "workspaces"] if pending == "none" => {
                let found = self.0.enterprises.iter().find(|enterprise| enterprise.id == *id);
                let found = found.ok_or((404, "Not found"))?;
                if !reach.enterprise(id) {
                    let hidden = switches.is(&FOREIGN_ENTERPRISE, "404");
                    return Err(if hidden { (404, "Not found") } else { (403, "Forbidden") });
                }
                let workspaces = found.workspaces.iter().filter(|workspace| reach.workspace(&workspace.id));
                Ok(json!({ "data": workspaces.collect::<Vec<_>>() }))
            }
            ["enterprises"] | ["enterprises", _, "workspaces"] => Err((501, "not_implemented")),
            ["enterprises", _, "roles"] if switches.is(&ROLE_ENDPOINTS, "described") => {
                Err((501, "not_implemented"))
            }
            _ => Err((404, "Not found")),
        }
    }
}

fn list(switches: &Switches, reach: &Reach<'_>, enterprises: &[Enterprise]) -> Value {
    let told = switches.is(&LISTING, "role");
    let shown = enterprises.iter().filter(|enterprise| reach.enterprise(&enterprise.id)).map(|enterprise| {
        let mut shown = json!({ "id": enterprise.id, "name": enterprise.name });
        if told {
            shown["role"] = json!(enterprise.role);
            shown["workspace_count"] = json!(enterprise.workspaces.len());
        }
        shown
    });
    json!({ "data": shown.collect::<Vec<Value>>() })
}

/// The OpenAPI document: only what the emulator serves, or also a path for roles.
fn description(switches: &Switches) -> Value {
    let get = |summary: &str| json!({ "get": { "summary": summary, "responses": { "200": { "description": "OK" } } } });
    let mut paths = json!({
        "/enterprises": get("Lists the caller's enterprises."),
        "/enterprises/{eid}/workspaces": get("Lists the workspaces of an enterprise."),
    });
    if switches.is(&ROLE_ENDPOINTS, "described") {
        paths["/enterprises/{eid}/roles"] = get("Lists the roles of an enterprise.");
    }
    json!({
        "openapi": "3.1.0", "info": { "title": "Infracodebase API", "version": "v1" },
        "servers": [{ "url": "/api/v1" }], "paths": paths,
    })
}

impl Product for Infracodebase {
    fn credential(&self, call: &Call) -> Option<String> {
        credential(call).map(str::to_owned)
    }

    fn tenant(&self, view: View<'_>, call: &Call) -> Option<String> {
        let enterprise = match self.reach(view.switches, call).ok()? {
            Reach::Of(Token { enterprise: Some(only), .. }) => Some(only),
            _ => self.0.enterprises.first().map(|first| &first.id),
        };
        enterprise.cloned()
    }

    fn limit(&self, view: View<'_>, call: &Call) -> Option<Limit> {
        let key = credential(call)?.to_owned();
        let limited = view.switches.is(&RATE_LIMIT, "60_per_60s");
        limited.then_some(Limit { key, requests: 60, window_ms: 60_000, concurrent: None })
    }

    fn limited(&self, view: View<'_>, _call: &Call, wait_ms: i64) -> Answer {
        let seconds = u64::try_from(wait_ms).unwrap_or(0).div_ceil(1000).max(1);
        refuse(view.switches, 429, "Too many requests").header("retry-after", seconds.to_string())
    }

    fn answer(&self, view: View<'_>, call: &Call) -> Answer {
        match self.serve(view.switches, call) {
            Ok(body) => Answer::json(200, &body),
            Err((status, message)) => refuse(view.switches, status, message),
        }
    }

    fn dashboard(&self, _view: View<'_>, _call: &Call) -> Answer {
        Answer::plain_error(404, "there is no such dashboard route")
    }

    fn failure(&self, view: View<'_>, _call: &Call, failure: &Failure) -> Answer {
        let answer = refuse(view.switches, failure.status, &failure.message);
        match failure.retry_after_header {
            Some(seconds) => answer.header("retry-after", seconds.to_string()),
            None => answer,
        }
    }

    /// No list has cursors.
    fn loop_cursor(&self, _body: &mut Value) {}

    fn apply(&mut self, change: &Change) -> Result<Change, String> {
        self.0.apply(change)
    }

    fn objects(&self) -> Vec<Change> {
        vec![self.0.object()]
    }

    fn export(&self) -> Value {
        self.0.object().value.unwrap_or_default()
    }

    fn fork(&self) -> Box<dyn Product> {
        Box::new(self.clone())
    }

    fn in_write_log(&self, _kind: &str) -> bool {
        false
    }
}
