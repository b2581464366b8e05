//! GitLab over real HTTP.

mod graphql;
mod limits;
mod links;
mod members;
mod roles;
mod seeds;

use serde_json::{Value, json};

use crate::emulator::tests::Client;
use crate::emulator::{Options, Running, Seed, start};

/// An emulator with the default seed, changed, and some switches.
async fn with(change: impl FnOnce(&mut Value), switches: &[(&str, &str)]) -> (Running, Client) {
    let mut document = super::generate::default_seed();
    change(&mut document);
    let mut options = Options::new("gitlab");
    options.seed = Some(Seed::parse(&document.to_string()).unwrap());
    options.switches =
        switches.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let running = start(options).await.unwrap();
    let client = as_user(&running, "glpat-acme");
    (running, client)
}

/// A client with another token.
fn as_user(running: &Running, token: &str) -> Client {
    Client::sending(running, "private-token", token)
}

/// gitlab.com.
async fn group() -> (Running, Client) {
    with(|_| {}, &[]).await
}

/// The same company on an instance of its own.
async fn instance(switches: &[(&str, &str)]) -> (Running, Client) {
    with(to_instance, switches).await
}

fn to_instance(seed: &mut Value) {
    seed["deployment"] = json!("instance");
    for role in seed["roles"].as_array_mut().unwrap() {
        role["group"] = Value::Null;
    }
}

/// Sends a GraphQL request, which is answered with 200 whatever it does.
async fn graphql(client: &Client, query: &str, variables: Value) -> Value {
    let (status, body) = client.post("/api/graphql", json!({ "query": query, "variables": variables })).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// The message of a refusal.
fn message(body: &Value) -> &str {
    body["message"].as_str().or(body["error"].as_str()).unwrap_or_default()
}

/// The messages of top-level errors.
fn errors(body: &Value) -> Vec<String> {
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|error| error["message"].as_str().unwrap_or_default().to_owned()).collect()
}
