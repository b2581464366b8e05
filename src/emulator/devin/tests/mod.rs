//! Devin over real HTTP.

mod frame;
mod members;
mod switches;

use serde_json::{Value, json};

use crate::emulator::tests::Client;
use crate::emulator::{Options, Running, Seed, start};

const ROLES: &str = "/v3/enterprise/roles";
const USERS: &str = "/v3/enterprise/members/users";
const SERVICE_USERS: &str = "/v3/enterprise/members/service-users";
const GROUPS: &str = "/v3/enterprise/members/idp-groups";
const REGISTERED: &str = "/v3/enterprise/idp-groups";
const APPS: &str = "/v3/enterprise/organizations/org-apps/members";

/// An emulator with the sample and a few switches set.
async fn with(switches: &[(&str, &str)]) -> (Running, Client) {
    let mut options = Options::new("devin");
    options.switches =
        switches.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let running = start(options).await.unwrap();
    let client = Client::bearing(&running, "cog_anything");
    (running, client)
}

/// An emulator with a world of its own.
async fn seeded(seed: &str) -> Running {
    let mut options = Options::new("devin");
    options.seed = Some(Seed::parse(seed).unwrap());
    start(options).await.unwrap()
}

/// One field of every item of a list.
fn each<'a>(page: &'a Value, field: &str) -> Vec<&'a str> {
    page["items"].as_array().unwrap().iter().map(|item| item[field].as_str().unwrap_or_default()).collect()
}

/// Organization and role of every assignment of a holder, `*` for the enterprise.
fn held(holder: &Value) -> Vec<(&str, &str)> {
    let assignments = holder["role_assignments"].as_array().unwrap();
    assignments
        .iter()
        .map(|it| (it["org_id"].as_str().unwrap_or("*"), it["role"]["role_id"].as_str().unwrap()))
        .collect()
}
