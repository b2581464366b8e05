//! The frame over real HTTP: starting, durability, log, dashboard, faults.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;

/// A client that speaks to one emulator with one key.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    header: &'static str,
    key: Option<String>,
}

impl Client {
    pub(crate) fn new(running: &Running, key: &str) -> Self {
        Self::sending(running, "x-coderabbitai-api-key", key)
    }

    /// A client whose key goes in another header.
    pub(crate) fn sending(running: &Running, header: &'static str, key: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { http, url: running.url(), header, key: Some(key.to_owned()).filter(|key| !key.is_empty()) }
    }

    /// A client whose key is a bearer token.
    pub(crate) fn bearing(running: &Running, key: &str) -> Self {
        let value = if key.is_empty() { String::new() } else { format!("Bearer {key}") };
        Self::sending(running, "authorization", &value)
    }

    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> reqwest::Result<reqwest::Response> {
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(key) = &self.key {
            request = request.header(self.header, key);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        request.send().await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string());
        let response = self.raw(method, path, body.as_deref()).await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        self.send("PATCH", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.send("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        self.send("DELETE", path, None).await
    }
}

async fn coderabbit() -> (Running, Client) {
    let running = start(Options::new("coderabbit")).await.unwrap();
    let client = Client::new(&running, "cr-acme");
    (running, client)
}

async fn create(client: &Client, name: &str) -> String {
    let (status, body) = client.post("/v1/roles", json!({ "name": name })).await;
    assert_eq!(status, 201, "{body}");
    body["role"]["role"].as_str().unwrap().to_owned()
}

async fn names(client: &Client) -> Vec<String> {
    let (_, body) = client.get("/v1/roles?role_type=custom").await;
    body["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["role_name"].as_str().unwrap().to_owned())
        .collect()
}

async fn start_error(options: Options) -> String {
    start(options).await.unwrap_err().to_string()
}

#[tokio::test]
async fn wrong_options_are_refused_with_what_would_be_right() {
    let error = start_error(Options::new("gitlub")).await;
    assert!(error.contains("the emulators are: coderabbit, gitlab, workos, devin, infracodebase"), "{error}");
    let mut options = Options::new("coderabbit");
    options.listen = "0.0.0.0:0".parse().unwrap();
    let error = start_error(options.clone()).await;
    assert!(error.contains("only on this machine"), "{error}");
    options.allow_remote = true;
    start(options).await.unwrap().stop().await;
    let mut options = Options::new("coderabbit");
    options.switches.insert("delete_in_use".into(), "418".into());
    let error = start_error(options).await;
    assert!(error.contains("409, 400"), "{error}");
    assert_eq!(providers(), ["coderabbit", "gitlab", "workos", "devin", "infracodebase"]);
    assert!(switches("nothing").is_empty());
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let (running, _client) = coderabbit().await;
    let mut options = Options::new("coderabbit");
    options.listen = running.address();
    let error = start_error(options).await;
    assert!(error.contains(&running.address().to_string()), "{error}");
}

#[test]
fn a_wrong_seed_names_the_field() {
    let tenant = "tenants: [{ name: a, orgs: [{ id: o, users: [{ user_id: u, rolle: cr_admin }] }] }]";
    for (text, part) in [
        ("tenants: []".to_owned(), "`provider` is missing"),
        ("provider: other".to_owned(), "no emulator for `other`"),
        (format!("provider: coderabbit\n{tenant}"), "`rolle`"),
        ("provider: coderabbit\ntenants: []".to_owned(), "`tenants` is empty"),
        ("provider: coderabbit\ntenants: [{name: a, orgs: []}]".to_owned(), "`orgs` is empty"),
        ("provider: coderabbit\ntenants: [{name: a, caller: x, orgs: [{id: o}]}]".to_owned(), "`caller` x"),
        (
            "provider: coderabbit\ntenants: [{name: a, orgs: [{id: o, users: [{user_id: u, role: r}]}]}]"
                .to_owned(),
            "`role` r",
        ),
        ("provider: coderabbit\ntenants: [{name: a, orgs: [{id: 1}]}]".to_owned(), "expected a string"),
        ("provider: [".to_owned(), "not valid"),
    ] {
        let error = Seed::parse(&text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn seeds_are_read_from_files_in_both_formats() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("seed.json");
    std::fs::write(&json, Seed::default_for("coderabbit").unwrap().document().to_string()).unwrap();
    assert_eq!(Seed::read(&json).unwrap().provider(), "coderabbit");
    let yaml = folder.path().join("seed.yaml");
    std::fs::write(&yaml, "provider: coderabbit\ntenants: [{ name: a, orgs: [{ id: o, x: 1 }] }]\n").unwrap();
    let error = Seed::read(&yaml).unwrap_err().to_string();
    assert!(error.contains("seed.yaml") && error.contains("`x`"), "{error}");
    assert!(Seed::read(Path::new("/nonexistent/seed.yaml")).unwrap_err().to_string().contains("cannot read"));
}

fn durable(folder: &Path) -> Options {
    let mut options = Options::new("coderabbit");
    options.state = Some(folder.to_owned());
    options
}

#[tokio::test]
async fn state_survives_a_crash_a_torn_line_and_a_graceful_stop() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(durable(folder.path())).await.unwrap();
    let client = Client::new(&running, "cr-acme");
    let first = create(&client, "First").await;
    create(&client, "Second").await;
    client.patch(&format!("/v1/roles/{first}"), json!({ "name": "Renamed" })).await;
    drop(running);

    let log = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("log-"))
        .unwrap();
    let mut bytes = std::fs::read(&log).unwrap();
    bytes.extend_from_slice(b"[{\"scope\":\"acme/88321\",\"kind\":\"ro");
    std::fs::write(&log, bytes).unwrap();

    let running = start(durable(folder.path())).await.unwrap();
    let client = Client::new(&running, "cr-acme");
    assert_eq!(names(&client).await, ["Renamed", "Second"]);
    client.delete(&format!("/v1/roles/{first}")).await;
    running.stop().await;

    let running = start(durable(folder.path())).await.unwrap();
    let client = Client::new(&running, "cr-acme");
    assert_eq!(names(&client).await, ["Second"]);
    let (_, state) = client.get("/_dashboard/state").await;
    assert_eq!(
        client.put("/_dashboard/state", Seed::default_for("coderabbit").unwrap().document().clone()).await.0,
        204
    );
    drop(running);

    let running = start(durable(folder.path())).await.unwrap();
    let client = Client::new(&running, "cr-acme");
    assert!(names(&client).await.is_empty());
    client.put("/_dashboard/state", state.clone()).await;
    assert_eq!(
        client.get("/_dashboard/state").await.1,
        state,
        "the state is a seed and comes back as it was"
    );
}

#[tokio::test]
async fn a_state_folder_is_copied_while_open_and_locked_against_others() {
    let folder = tempfile::tempdir().unwrap();
    let running = start(durable(folder.path())).await.unwrap();
    let client = Client::new(&running, "cr-acme");
    create(&client, "Kept").await;
    let error = start_error(durable(folder.path())).await;
    assert!(error.contains("in use by another emulator"), "{error}");

    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    let other = start(durable(copy.path())).await.unwrap();
    assert_eq!(names(&Client::new(&other, "cr-acme")).await, ["Kept"], "an answered write is on the disk");
    running.stop().await;
    start(durable(folder.path())).await.unwrap().stop().await;
}

#[tokio::test]
async fn the_request_log_counts_what_the_api_served_and_never_holds_the_key() {
    let mut options = Options::new("coderabbit");
    options.latency = Duration::from_millis(30);
    let running = start(options).await.unwrap();
    let client = Client::new(&running, "cr-acme");
    client.get("/_dashboard/state").await;
    client.get("/v1/me").await;
    tokio::join!(client.get("/v1/roles?role_type=custom"), client.get("/v1/roles/permissions"));
    client.post("/v1/roles", json!({ "name": "cr-acme" })).await;
    let (_, log) = client.get("/_dashboard/requests").await;
    assert_eq!(log["count"], 4, "{log}");
    assert_eq!(log["depth"], 3, "{log}");
    assert_eq!(log["max_in_flight"], 2);
    let last = &log["requests"][3];
    assert_eq!(
        (&last["method"], &last["path"], &last["status"]),
        (&json!("POST"), &json!("/v1/roles"), &json!(201))
    );
    assert_eq!((&last["mutating"], &last["tenant"], &last["seq"]), (&json!(true), &json!("acme"), &json!(4)));
    assert!(last["end_ms"].as_f64() >= last["start_ms"].as_f64().map(|start| start + 29.0));
    assert!(!log.to_string().contains("cr-acme"));
    assert_eq!(client.delete("/_dashboard/requests").await.0, 204);
    assert_eq!(client.get("/_dashboard/requests").await.1["count"], 0);
}

#[tokio::test]
async fn the_write_log_shows_every_touched_object_before_and_after() {
    let (_running, client) = coderabbit().await;
    let first =
        client.post("/v1/roles", json!({ "name": "First", "is_default": true })).await.1["role"]["role"]
            .clone();
    client.post("/_dashboard/roles", json!({ "name": "Second", "is_default": true })).await;
    client.post("/v1/roles", json!({ "name": "First" })).await;
    let (_, log) = client.get("/_dashboard/writes").await;
    assert_eq!(log["count"], 2, "refused writes are not in it: {log}");
    assert_eq!((&log["writes"][0]["by"], &log["writes"][1]["by"]), (&json!("api"), &json!("dashboard")));
    let touched = log["writes"][1]["objects"].as_array().unwrap();
    let cleared = touched.iter().find(|object| object["id"] == first).unwrap();
    assert_eq!(
        (&cleared["before"]["is_default"], &cleared["after"]["is_default"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(client.delete("/_dashboard/writes").await.0, 204);
}

#[tokio::test]
async fn controls_check_what_they_are_given() {
    let (_running, client) = coderabbit().await;
    let (status, error) = client.put("/_dashboard/switches", json!({ "delete_in_use": "x" })).await;
    assert!(status == 400 && error.to_string().contains("409, 400"), "{error}");
    client.patch("/_dashboard/switches", json!({ "delete_in_use": "400" })).await;
    let (_, values) = client.patch("/_dashboard/switches", json!({ "me": "absent" })).await;
    assert_eq!((&values["delete_in_use"], &values["me"]), (&json!("400"), &json!("absent")));
    let (_, values) = client.put("/_dashboard/switches", json!({})).await;
    assert_eq!(values, client.get("/_dashboard/switches").await.1);
    assert_eq!(values["delete_in_use"], "409");
    assert_eq!(client.put("/_dashboard/faults", json!(["GET x"])).await.0, 400);
    assert_eq!(client.put("/_dashboard/state", json!({ "provider": "coderabbit", "x": 1 })).await.0, 400);
    let before = client.get("/_dashboard/clock").await.1["now_ms"].as_i64().unwrap();
    let after = client.post("/_dashboard/clock", json!({ "advance_ms": 3_600_000 })).await.1;
    assert!(after["now_ms"].as_i64().unwrap() >= before + 3_600_000);
    assert_eq!(client.post("/_dashboard/clock", json!({ "advance_ms": -1 })).await.0, 400);
    assert_eq!(client.delete("/_dashboard/clock").await.0, 405);
    assert_eq!(client.get("/_dashboard/nothing").await.0, 404);
}

async fn faulty(specs: &[&str]) -> (Running, Client) {
    let mut options = Options::new("coderabbit");
    options.faults = specs.iter().map(|spec| Fault::parse(spec).unwrap()).collect();
    let running = start(options).await.unwrap();
    let client = Client::new(&running, "cr-acme");
    (running, client)
}

#[tokio::test]
async fn status_faults_answer_in_the_documented_form_at_the_chosen_time() {
    let (_running, client) = faulty(&[
        "POST /v1/roles status=500 nth=2",
        "GET /v1/users status=429 retry_after=1 retry_after_header=2 times=1",
        "PATCH /v1/** status=503 done code=teapot",
    ])
    .await;
    let id = create(&client, "One").await;
    let (status, body) = client.post("/v1/roles", json!({ "name": "Two" })).await;
    assert_eq!((status, &body["error"]["code"]), (500, &json!("internal_error")));
    create(&client, "Three").await;
    let limited = client.raw("GET", "/v1/users", None).await.unwrap();
    assert_eq!(limited.headers()["retry-after"], "2");
    let body: Value = limited.json().await.unwrap();
    assert_eq!(
        (&body["error"]["code"], &body["error"]["retry_after"]),
        (&json!("RATE_LIMIT_EXCEEDED"), &json!(1))
    );
    assert_eq!(client.get("/v1/users").await.0, 200);
    let (status, body) = client.patch(&format!("/v1/roles/{id}"), json!({ "name": "Changed" })).await;
    assert_eq!((status, &body["error"]["code"]), (503, &json!("teapot")));
    assert_eq!(names(&client).await, ["Changed", "Three"]);
    let (_, faults) = client.get("/_dashboard/faults").await;
    assert_eq!((&faults[0]["matched"], &faults[0]["fired"]), (&json!(3), &json!(1)));
    let (_, log) = client.get("/_dashboard/requests").await;
    assert_eq!(log["requests"][1]["fault"], "POST /v1/roles status=500 nth=2");
}

#[tokio::test]
async fn connections_are_dropped_before_or_after_the_effect_or_in_the_middle() {
    let (_running, client) = faulty(&[
        "POST /v1/roles drop nth=1",
        "POST /v1/roles drop-after nth=2",
        "POST /v1/roles lose nth=3",
        "GET /v1/me truncate",
        "GET /v1/roles/permissions truncate=0",
    ])
    .await;
    let body = |name: &str| json!({ "name": name }).to_string();
    assert!(client.raw("POST", "/v1/roles", Some(&body("Dropped"))).await.is_err());
    assert!(client.raw("POST", "/v1/roles", Some(&body("Done"))).await.is_err());
    assert_eq!(client.post("/v1/roles", json!({ "name": "Lost" })).await.0, 201);
    assert_eq!(names(&client).await, ["Done"]);
    for path in ["/v1/me", "/v1/roles/permissions"] {
        let cut = client.raw("GET", path, None).await.unwrap();
        assert_eq!(cut.status(), 200);
        assert!(cut.bytes().await.is_err(), "{path}: the body must be cut off");
    }
    let (_, log) = client.get("/_dashboard/requests").await;
    assert_eq!(log["requests"][0]["status"], Value::Null);
}

#[tokio::test]
async fn bodies_are_damaged_replaced_padded_and_redirected() {
    let (_running, client) = faulty(&[
        "GET /v1/roles html nth=1",
        "GET /v1/roles redirect=http://127.0.0.1:1/x status=307 nth=2",
        "GET /v1/roles garbage=ids nth=3",
        "GET /v1/roles garbage nth=4",
        "GET /v1/roles huge nth=5",
        "GET /v1/roles latency=60 nth=6",
        "GET /v1/roles huge=2 gzip nth=7",
        "GET /v1/me echo-credential",
        "GET /v1/users loop-cursor",
    ])
    .await;
    let page = client.raw("GET", "/v1/roles", None).await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let redirect = client.raw("GET", "/v1/roles", None).await.unwrap();
    assert_eq!(
        (redirect.status().as_u16(), redirect.headers()["location"].as_bytes()),
        (307, &b"http://127.0.0.1:1/x"[..])
    );
    assert_eq!(client.get("/v1/roles").await.1["roles"][0]["role"], "..");
    assert!(client.get("/v1/roles").await.1["roles"][0]["role"].is_number());
    let huge = client.raw("GET", "/v1/roles", None).await.unwrap();
    assert_eq!(huge.content_length(), None);
    assert_eq!(huge.bytes().await.unwrap().len(), 65 * 1024 * 1024);
    let begin = std::time::Instant::now();
    assert_eq!(client.get("/v1/roles").await.0, 200);
    assert!(begin.elapsed() >= Duration::from_millis(60));
    let packed = client.raw("GET", "/v1/roles", None).await.unwrap();
    let unpacked = packed.bytes().await.unwrap();
    assert!((2 << 20..3 << 20).contains(&unpacked.len()), "{}", unpacked.len());
    assert!(serde_json::from_slice::<Value>(&unpacked).is_ok());
    let (status, body) = client.get("/v1/me").await;
    let text = body.to_string();
    assert!(
        status == 400
            && text.contains("cr-acme")
            && text.contains("cr%2Dacme")
            && text.contains("Y3ItYWNtZQ=="),
        "{text}"
    );
    let (_, first) = client.get("/v1/users?limit=1").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let (_, second) = client.get(&format!("/v1/users?limit=1&cursor={cursor}")).await;
    assert_eq!(first, second);
}

#[tokio::test]
async fn stale_reads_show_the_state_before_the_last_writes() {
    let (_running, client) = coderabbit().await;
    let first = create(&client, "First").await;
    create(&client, "Second").await;
    client.delete(&format!("/v1/roles/{first}")).await;
    client
        .put(
            "/_dashboard/faults",
            json!(["READ /v1/** stale=1 nth=1", "READ /v1/** stale=2 nth=2", "READ /v1/** stale=99 nth=3"]),
        )
        .await;
    assert_eq!(names(&client).await, ["First", "Second"]);
    assert_eq!(names(&client).await, ["First"]);
    assert_eq!(names(&client).await, Vec::<String>::new());
    assert_eq!(names(&client).await, ["Second"]);
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_no_request_in_flight() {
    let (_running, client) = faulty(&["GET /v1/me latency=2000"]).await;
    let cancelled = tokio::time::timeout(Duration::from_millis(50), client.get("/v1/me")).await;
    assert!(cancelled.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.get("/v1/roles").await;
    let (_, log) = client.get("/_dashboard/requests").await;
    assert_eq!(
        (&log["requests"][0]["status"], &log["requests"][1]["in_flight"]),
        (&Value::Null, &json!(1)),
        "{log}"
    );
}
