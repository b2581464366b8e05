//! WorkOS over real HTTP.

mod environment;
mod frame;
mod organizations;
mod people;
mod switches;

use serde_json::{Value, json};

use crate::emulator::tests::Client;
use crate::emulator::{Options, Running, Seed, start};

const ACME: &str = "/authorization/organizations/org_acme/roles";
const GLOBEX: &str = "/authorization/organizations/org_globex/roles";
const ROLES: &str = "/authorization/roles";
const MEMBERSHIPS: &str = "/user_management/organization_memberships";

/// An emulator with the sample and a few switches set.
async fn with(switches: &[(&str, &str)]) -> (Running, Client) {
    let mut options = Options::new("workos");
    options.switches =
        switches.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let running = start(options).await.unwrap();
    let client = Client::bearing(&running, "sk_test_acme");
    (running, client)
}

/// An emulator with a world of its own.
async fn seeded(seed: &str) -> Running {
    let mut options = Options::new("workos");
    options.seed = Some(Seed::parse(seed).unwrap());
    start(options).await.unwrap()
}

/// The slugs of a list, in its order.
fn slugs(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|item| item["slug"].as_str().unwrap()).collect()
}

/// The slug of the role that a membership has.
async fn role_of(client: &Client, membership: &str) -> String {
    let (status, body) = client.get(&format!("{MEMBERSHIPS}/{membership}")).await;
    assert_eq!(status, 200, "{body}");
    body["role"]["slug"].as_str().unwrap().to_owned()
}

/// Makes a custom role in Acme.
async fn custom(client: &Client, slug: &str) {
    let (status, body) = client.post(ACME, json!({ "slug": slug, "name": "Custom" })).await;
    assert_eq!(status, 201, "{body}");
}
