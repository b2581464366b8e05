//! The emulator as a process of its own, and what a person would do in the product's dashboard.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use super::http;

/// A running `rolecall emulate`; it ends with this value.
pub(crate) struct Emulator {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Emulator {
    /// With the default seed (`acme`: administrators 1001 and 1002, members 1003 to 1007, the billing
    /// admin 1008; any key reaches it) and without the documented limits of requests, so that no
    /// story waits for a minute.
    pub(crate) fn start() -> Self {
        Self::with(&["--switch", "rate_limits=off"])
    }

    /// With arguments of its own.
    pub(crate) fn with(args: &[&str]) -> Self {
        Self::of("coderabbit", args)
    }

    /// Of any provider, with arguments of its own.
    pub(crate) fn of(provider: &str, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
        command.args(["emulate", provider]).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("the emulator starts");
        let stdout = child.stdout.take().expect("its output is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("it says that it is ready");
        let ready: Value = serde_json::from_str(&line).expect("one line of JSON");
        assert_eq!(ready["provider"], provider);
        let url = ready["url"].as_str().expect("its address").to_owned();
        let address = url.trim_start_matches("http://").to_owned();
        Self { child, address, url }
    }

    /// With a world of one's own: the fields of the organization `88321` of the tenant `acme`.
    pub(crate) fn seeded(org: Value) -> Self {
        let emulator = Self::start();
        emulator.reseed(org);
        emulator
    }

    /// Puts another world in place.
    pub(crate) fn reseed(&self, mut org: Value) {
        org["id"] = json!("88321");
        org["scope_id"] = json!("crorg-acme");
        let seed = json!({ "provider": "coderabbit", "any_key": true, "tenants": [{ "name": "acme", "orgs": [org] }] });
        self.put("/_dashboard/state", &seed);
    }

    /// Ends it as an operating system does, and returns its exit code.
    #[cfg(unix)]
    pub(crate) fn terminate(mut self) -> Option<i32> {
        signal("TERM", self.child.id());
        self.child.wait().expect("it ends").code()
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = http::send(&self.address, "GET", path, None);
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    fn change(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = http::send(&self.address, method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Value {
        self.change("PUT", path, Some(body))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.change("POST", path, Some(body))
    }

    /// Somebody makes a role in the dashboard; returns its id.
    pub(crate) fn make_role(&self, role: &Value) -> String {
        let made = self.change("POST", "/_dashboard/roles", Some(role));
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Somebody changes a role in the dashboard.
    pub(crate) fn edit_role(&self, name: &str, change: &Value) {
        let id = self.role_id(name);
        self.change("PATCH", &format!("/_dashboard/roles/{id}"), Some(change));
    }

    /// Somebody changes a role in the dashboard of a product whose roles have numbers.
    pub(crate) fn edit(&self, name: &str, change: &Value) {
        let roles = self.get("/_dashboard/state")["roles"].as_array().cloned().unwrap_or_default();
        let role = roles.into_iter().find(|role| text(role, "name") == name).expect("the role exists");
        self.change("PATCH", &format!("/_dashboard/roles/{}", role["id"]), Some(change));
    }

    /// Somebody deletes a role in the dashboard.
    pub(crate) fn delete_role(&self, name: &str) {
        let id = self.role_id(name);
        self.change("DELETE", &format!("/_dashboard/roles/{id}"), None);
    }

    /// Somebody gives a person a role (by id) in the dashboard.
    pub(crate) fn give(&self, user: &str, role: &str) {
        self.put(&format!("/_dashboard/users/{user}/role"), &json!({ "role": role, "force": true }));
    }

    /// Makes it misbehave; no fault for an empty list.
    pub(crate) fn faults(&self, specs: &[&str]) {
        self.put("/_dashboard/faults", &json!(specs));
    }

    /// Sets some switches.
    pub(crate) fn switch(&self, name: &str, value: &str) {
        self.change("PATCH", "/_dashboard/switches", Some(&json!({ name: value })));
    }

    /// Lets time pass for the emulator.
    pub(crate) fn advance(&self, ms: u64) {
        self.change("POST", "/_dashboard/clock", Some(&json!({ "advance_ms": ms })));
    }

    /// Forgets the logs.
    pub(crate) fn forget(&self) {
        self.change("DELETE", "/_dashboard/requests", None);
        self.change("DELETE", "/_dashboard/writes", None);
    }

    fn org(&self) -> Value {
        self.get("/_dashboard/state")["tenants"][0]["orgs"][0].clone()
    }

    /// All roles in the form of a seed.
    pub(crate) fn roles(&self) -> Vec<Value> {
        self.org()["roles"].as_array().cloned().unwrap_or_default()
    }

    /// Names of the custom roles, sorted.
    pub(crate) fn custom(&self) -> Vec<String> {
        let custom = |role: &Value| !text(role, "id").starts_with("cr_");
        let mut names: Vec<String> =
            self.roles().iter().filter(|role| custom(role)).map(|role| text(role, "name")).collect();
        names.sort();
        names
    }

    /// A role by name.
    pub(crate) fn role(&self, name: &str) -> Option<Value> {
        self.roles().into_iter().find(|role| text(role, "name") == name)
    }

    /// The id of a role that has to be there.
    pub(crate) fn role_id(&self, name: &str) -> String {
        text(&self.role(name).unwrap_or_else(|| panic!("no role `{name}`")), "id")
    }

    /// The permissions of a role as `resource:access`.
    pub(crate) fn permissions(&self, name: &str) -> Vec<String> {
        let role = self.role(name).unwrap_or_else(|| panic!("no role `{name}`"));
        texts(&role["permissions"])
    }

    /// The name of the default role.
    pub(crate) fn default_role(&self) -> Option<String> {
        self.roles().iter().find(|role| role["is_default"] == true).map(|role| text(role, "name"))
    }

    /// The name of the role that a person holds.
    pub(crate) fn held_by(&self, user: &str) -> String {
        let org = self.org();
        let users = org["users"].as_array().expect("users");
        let user = users.iter().find(|one| one["user_id"] == user).expect("the user exists");
        let role = self.roles().into_iter().find(|role| role["id"] == user["role"]);
        text(&role.expect("the role exists"), "name")
    }

    /// The log of requests.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.get("/_dashboard/requests")["requests"].as_array().cloned().expect("a list")
    }

    /// `METHOD PATH` of every request that could change something, ids replaced by `ID`.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.requests().iter().filter(|one| one["mutating"] == true).map(line).collect()
    }

    /// How many requests begin with `METHOD PATH`.
    pub(crate) fn count(&self, start: &str) -> usize {
        self.requests().iter().filter(|one| line(one).starts_with(start)).count()
    }

    /// The successful writes with every object before and after.
    pub(crate) fn writes(&self) -> Vec<Value> {
        self.get("/_dashboard/writes")["writes"].as_array().cloned().expect("a list")
    }
}

/// Sends a signal to a process that the tests started.
#[cfg(unix)]
pub(crate) fn signal(name: &str, process: u32) {
    let status = Command::new("kill").args([format!("-{name}"), process.to_string()]).status();
    assert!(status.expect("kill runs").success());
}

/// `METHOD PATH` with ids replaced.
fn line(request: &Value) -> String {
    let path = text(request, "path");
    let short: Vec<&str> = path.split('/').map(|part| if part.len() == 36 { "ID" } else { part }).collect();
    format!("{} {}", text(request, "method"), short.join("/"))
}

/// A text field; empty where it is none.
pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// A list of texts.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().cloned().unwrap_or_default();
    list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}
