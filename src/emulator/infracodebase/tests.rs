//! Infracodebase over real HTTP.

use super::*;

use crate::emulator::tests::Client;
use crate::emulator::{Options, Running, Seed, start, switches};

const ENTERPRISES: &str = "/api/v1/enterprises";
const WORKSPACES: &str = "/api/v1/enterprises/ent-acme/workspaces";
const DESCRIPTION: &str = "/api/v1/openapi.json";

const TOKENS: &str = "
provider: infracodebase
tokens:
  - { token: icb_pat_mira }
  - { token: icb_eat_acme, enterprise: ent-acme, workspaces: [ws-network] }
  - { token: icb_pat_old, expired: true }
enterprises:
  - { id: ent-acme, name: Acme, workspaces: [{ id: ws-network, name: network }, { id: ws-storage, name: storage }] }
  - { id: ent-globex, name: Globex }
";

async fn with(seed: Option<&str>, switches: &[(&str, &str)]) -> Running {
    let mut options = Options::new("infracodebase");
    options.seed = seed.map(|seed| Seed::parse(seed).unwrap());
    options.switches =
        switches.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    start(options).await.unwrap()
}

/// The names of a list.
fn names(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

async fn status(client: &Client, method: &str, path: &str) -> u16 {
    client.raw(method, path, None).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_documented_reads_and_nothing_about_roles() {
    let running = with(None, &[]).await;
    let client = Client::bearing(&running, "icb_pat_anything");
    assert_eq!(names(&client.get(ENTERPRISES).await.1), ["Acme", "Globex"]);
    assert_eq!(names(&client.get(WORKSPACES).await.1), ["network", "storage"]);
    let (_, description) = client.get(DESCRIPTION).await;
    assert_eq!(description["openapi"], "3.1.0");
    for path in description["paths"].as_object().unwrap().keys() {
        let path = format!("/api/v1{}", path.replace("{eid}", "ent-acme"));
        assert_eq!(status(&client, "GET", &path).await, 200, "{path}");
        assert_eq!(status(&client, "POST", &path).await, 405, "{path}");
    }
    for path in ["roles", "members", "permissions"] {
        assert_eq!(status(&client, "GET", &format!("{ENTERPRISES}/ent-acme/{path}")).await, 404);
    }
    assert_eq!(status(&client, "GET", "/enterprises").await, 404);
    let refused = client.raw("GET", "/api/v1/nothing", None).await.unwrap();
    assert!(refused.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(refused.text().await.unwrap(), "Not found");
}

#[tokio::test]
async fn a_token_reaches_what_it_is_for() {
    let running = with(Some(TOKENS), &[]).await;
    let of = |token: &str| Client::bearing(&running, token);
    assert_eq!(names(&of("icb_pat_mira").get(ENTERPRISES).await.1), ["Acme", "Globex"]);
    let acme = of("icb_eat_acme");
    assert_eq!(names(&acme.get(ENTERPRISES).await.1), ["Acme"]);
    assert_eq!(names(&acme.get(WORKSPACES).await.1), ["network"]);
    assert_eq!(status(&acme, "GET", "/api/v1/enterprises/ent-none/workspaces").await, 404);
    for token in ["icb_pat_old", "icb_pat_other", ""] {
        assert_eq!(status(&of(token), "GET", ENTERPRISES).await, 401, "{token}");
    }
    let log = acme.get("/_dashboard/requests").await.1;
    assert_eq!(log["requests"][1]["tenant"], "ent-acme");
}

#[tokio::test]
async fn faults_and_state() {
    let running = with(Some(TOKENS), &[]).await;
    let client = Client::bearing(&running, "icb_pat_mira");
    client
        .put("/_dashboard/faults", json!(["GET /api/v1/enterprises status=503 retry_after_header=3 times=1"]))
        .await;
    let failed = client.raw("GET", ENTERPRISES, None).await.unwrap();
    assert_eq!((failed.status().as_u16(), &failed.headers()["retry-after"]), (503, &"3".parse().unwrap()));
    let (_, state) = client.get("/_dashboard/state").await;
    let other = with(None, &[]).await;
    let fresh = Client::bearing(&other, "x");
    assert_eq!(fresh.put("/_dashboard/state", state.clone()).await.0, 204);
    assert_eq!(fresh.get("/_dashboard/state").await.1, state);
    assert_eq!(fresh.post("/_dashboard/roles", json!({})).await.0, 404);
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new("infracodebase");
    options.state = Some(folder.path().to_owned());
    drop(start(options.clone()).await.unwrap());
    let again = start(options).await.unwrap();
    assert_eq!(names(&Client::bearing(&again, "x").get(ENTERPRISES).await.1), ["Acme", "Globex"]);
}

#[test]
fn a_wrong_seed_says_what_is_wrong() {
    for (fields, part) in [
        ("enterprises: []", "`enterprises` is empty"),
        ("enterprises: [{ id: a, name: A }, { id: a, name: B }]", "`a` is empty or given twice"),
        (
            "enterprises: [{ id: a, name: A }], tokens: [{ token: t, enterprise: b }]",
            "no enterprise or workspace `b`",
        ),
        ("enterprises: [{ id: a, name: A }], tokens: [{ token: '' }]", "a `token` is empty"),
        ("enterprises: [{ id: a, name: A, roles: [] }]", "`roles`"),
    ] {
        let error = Seed::parse(&format!("{{ provider: infracodebase, {fields} }}")).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

/// Every value of every switch; a value without a case here fails the test.
#[tokio::test]
async fn every_value_of_every_switch_shows_its_behaviour() {
    for switch in switches("infracodebase") {
        assert!(switch.values.len() > 1 && !switch.about.is_empty(), "{}", switch.name);
        for value in switch.values {
            let running = with(Some(TOKENS), &[(switch.name, value)]).await;
            shows(&running, switch.name, value).await;
        }
    }
}

async fn shows(running: &Running, name: &str, value: &str) {
    let client = Client::bearing(running, "icb_eat_acme");
    match (name, value) {
        ("role_endpoints", "absent" | "described") => {
            let (_, description) = client.get(DESCRIPTION).await;
            let described = description["paths"].get("/enterprises/{eid}/roles").is_some();
            assert_eq!(described, value == "described");
            let found = status(&client, "GET", "/api/v1/enterprises/ent-acme/roles").await;
            assert_eq!(found, if described { 501 } else { 404 });
        }
        ("description_token", "not_needed" | "needed") => {
            let anybody = Client::bearing(running, "");
            assert_eq!(status(&anybody, "GET", DESCRIPTION).await, if value == "needed" { 401 } else { 200 });
            assert_eq!(status(&client, "GET", DESCRIPTION).await, 200);
        }
        ("error_body", "text" | "json" | "empty") => {
            let text = client.raw("GET", "/api/v1/nothing", None).await.unwrap().text().await.unwrap();
            let expected = match value {
                "text" => "Not found",
                "json" => r#"{"message":"Not found"}"#,
                _ => "",
            };
            assert_eq!(text, expected);
        }
        ("token_form", "any" | "prefixed") => {
            let running = with(None, &[(name, value)]).await;
            let other = Client::bearing(&running, "something");
            assert_eq!(status(&other, "GET", ENTERPRISES).await, if value == "any" { 200 } else { 401 });
        }
        ("foreign_enterprise", "404" | "403") => {
            let found = status(&client, "GET", "/api/v1/enterprises/ent-globex/workspaces").await;
            assert_eq!(found.to_string(), value);
        }
        ("listing", "names" | "role") => {
            let acme = client.get(ENTERPRISES).await.1["data"][0].clone();
            let told = json!({ "id": "ent-acme", "name": "Acme", "role": "Owner", "workspace_count": 2 });
            let plain = json!({ "id": "ent-acme", "name": "Acme" });
            assert_eq!(acme, if value == "role" { told } else { plain });
        }
        ("pending", "none" | "workspaces" | "all") => {
            let found = (status(&client, "GET", ENTERPRISES).await, status(&client, "GET", WORKSPACES).await);
            let expected = match value {
                "none" => (200, 200),
                "workspaces" => (200, 501),
                _ => (501, 501),
            };
            assert_eq!(found, expected);
        }
        ("rate_limit", "none" | "60_per_60s") => {
            let mut last = 0;
            for _ in 0..61 {
                last = status(&client, "GET", ENTERPRISES).await;
            }
            assert_eq!(last, if value == "none" { 200 } else { 429 });
        }
        _ => panic!("no test flips {name}={value}"),
    }
}
