//! CodeRabbit over real HTTP.

mod keys;
mod roles;
mod switches;
mod users;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::emulator::tests::Client;
use crate::emulator::{Options, Running, Seed, start};

/// An emulator with a few switches set, and a client with the key of the first tenant.
async fn with(switches: &[(&str, &str)]) -> (Running, Client) {
    let mut options = Options::new("coderabbit");
    options.switches = switches
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect::<BTreeMap<_, _>>();
    let running = start(options).await.unwrap();
    let client = Client::new(&running, "cr-acme");
    (running, client)
}

/// An emulator with every kind of key, and custom roles that give and withhold rights.
async fn kinds(switches: &[(&str, &str)]) -> Running {
    let mut options = Options::new("coderabbit");
    options.seed = Some(Seed::parse(KINDS).unwrap());
    options.switches =
        switches.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    start(options).await.unwrap()
}

const KINDS: &str = r#"
provider: coderabbit
tenants:
  - name: acme
    caller: "1"
    keys:
      - { key: user }
      - { key: agentic, kind: agentic }
      - { key: workspace, kind: workspace }
      - { key: former, kind: workspace, owner: "2" }
      - { key: hosted, kind: self_hosted }
      - { key: legacy, kind: legacy }
      - { key: poor, kind: non_enterprise }
      - { key: helper, owner: "3" }
      - { key: plain, owner: "2" }
      - { key: second, org: o2 }
    orgs:
      - id: o1
        name: one
        users:
          - { user_id: "1", role: cr_admin }
          - { user_id: "2" }
          - { user_id: "3", role: helper-role }
        roles:
          - { id: helper-role, name: Helper, permissions: ["role_management:read", "role_management:write", "user_management:read", "user_management:write"] }
      - id: o2
        name: two
        users: [{ user_id: "1", role: cr_admin }, { user_id: "4" }]
      - { id: o3, name: three, active: false }
"#;

/// The list that a body holds in one of the shapes.
fn items(body: &Value) -> Vec<Value> {
    let list = body.get("roles").or_else(|| body.get("data")).unwrap_or(body);
    list.as_array().unwrap().clone()
}

/// The permissions of a role in a body, as `resource:access`.
fn pairs(role: &Value) -> Vec<String> {
    let mut pairs: Vec<String> = role["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| {
            format!(
                "{}:{}",
                pair["resource_id"].as_str().unwrap(),
                pair["access_type"].as_str().unwrap_or("-")
            )
        })
        .collect();
    pairs.sort();
    pairs
}

fn permission(resource: &str, access: &str) -> Value {
    json!({ "resource_id": resource, "access_type": access })
}

/// Creates a role with one permission and returns its id.
async fn role(client: &Client, name: &str) -> String {
    let body = json!({ "name": name, "permissions": [permission("reports", "read")] });
    let (status, body) = client.post("/v1/roles", body).await;
    assert_eq!(status, 201, "{body}");
    let role = body.get("role").filter(|role| role.is_object()).unwrap_or(&body);
    ["role", "role_id", "id"].iter().find_map(|name| role[name].as_str()).unwrap().to_owned()
}
