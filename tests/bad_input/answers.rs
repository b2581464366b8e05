//! Answers of an API that are wrong, hostile, or absent: what `plan` and `apply` make of them, what
//! they report, and that no byte of the credential is seen anywhere.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    Ended, Place, Snapshots, for_each,
    server::{Emulator, KEY, Raw, RawServer},
};

const ROLES: &str = r#"provider: coderabbit
roles:
  auditor:
    name: Auditor
    description: Reads reports
    permissions: { reports: [read] }
  helper:
    name: Helper
    description: Helps
    permissions: { learnings: [read, write] }
assignments:
  - role: auditor
    users: ["1003"]
  - role: helper
    users: ["1004"]
removed:
  - { name: Old Role }
"#;

/// A project whose target is at `host`.
fn project(host: &str) -> Place {
    let place = Place::new();
    place.write("rolecall.yaml", config(host)).write("roles/roles.yaml", ROLES);
    place
}

fn config(host: &str) -> String {
    format!(
        "version: 1\ntargets:\n  reviews:\n    provider: coderabbit\n    files: [\"roles/*.yaml\"]\n    \
         settings: {{ url: \"http://{host}\" }}\n    on_unassign: {{ to: builtin:cr_member }}\n"
    )
}

/// Runs the program with the real credential, which `host` may get.
fn run(place: &Place, host: &str, args: &[&str]) -> Ended {
    let mut all = vec!["-vv", "--allow-host", host];
    all.extend(args);
    // Long enough for every try of a request on a busy machine, and shorter than the longest wait.
    let ended = place.run_with(&all, &[("CODERABBIT_API_KEY", KEY), ("ROLECALL_DEADLINE", "60")]);
    assert_nothing_leaks(place, &ended);
    ended
}

/// What of `urlencode` implementations the least and the most common ones leave as it is.
const COMPONENT: &AsciiSet = &CONTROLS.add(b' ').add(b'/').add(b'+').add(b'=').add(b'%').add(b'&');

/// Every spelling of the credential that an API or a log could bring about: whole or in parts of
/// which nobody could say that they are something else.
fn spellings() -> Vec<String> {
    let mut spellings = vec![
        KEY.to_owned(),
        // Parts of the credential are as secret as the whole.
        KEY[..14].to_owned(),
        KEY[18..].to_owned(),
        utf8_percent_encode(KEY, NON_ALPHANUMERIC).to_string(),
        utf8_percent_encode(KEY, COMPONENT).to_string(),
        utf8_percent_encode(KEY, COMPONENT).map(small).collect(),
    ];
    for before in ["", "x", "xy", "user:", "Bearer "] {
        for after in ["", "z", "zz", "\n"] {
            for encoded in [
                STANDARD.encode(format!("{before}{KEY}{after}")),
                URL_SAFE.encode(format!("{before}{KEY}{after}")),
            ] {
                // What every base64 of the credential in this position has in common.
                let from = (before.len() * 4).div_ceil(3).next_multiple_of(4);
                let to = (before.len() + KEY.len()) / 3 * 4;
                spellings.push(encoded[from..to].to_owned());
                // Twelve characters are nine bytes of it.
                spellings.push(encoded[from..from + 12].to_owned());
                spellings.push(encoded[to - 12..to].to_owned());
            }
        }
    }
    spellings.sort();
    spellings.dedup();
    spellings
}

/// A part of percent-encoded text with its digits in lower case.
fn small(part: &str) -> String {
    if part.starts_with('%') { part.to_lowercase() } else { part.to_owned() }
}

fn assert_nothing_leaks(place: &Place, ended: &Ended) {
    let mut sinks = vec![("stdout".into(), ended.stdout.clone()), ("stderr".into(), ended.stderr.clone())];
    sinks.extend(place.files());
    for (name, bytes) in sinks {
        let text = String::from_utf8_lossy(&bytes);
        for spelling in spellings() {
            assert!(!text.contains(&spelling), "{spelling} is in {}:\n{text}", name.display());
        }
    }
}

/// What is seen, without what differs between two machines.
fn seen(place: &Place, ended: &Ended) -> String {
    let seen = place.seen(ended);
    // With -vv each request is a line; their order is not fixed, since some run at the same time.
    let lines = seen.lines().filter(|line| {
        let log = line.trim_start();
        // Waits have jitter, and only the longer ones are told.
        !(log.starts_with("Waiting ")
            || log.starts_with("INFO")
            || log.starts_with("DEBUG")
            || log.starts_with("TRACE"))
    });
    lines.fold(String::new(), |all, line| all + line.trim_end() + "\n")
}

#[test]
fn reading() {
    let snapshots = Snapshots::of("answers/plan");
    let cases: &[(&str, &[&str], i32)] = &[
        ("html-instead-of-json", &["GET /v1/roles html"], 7),
        ("html-sign-in-page-with-401", &["GET /v1/roles html status=401"], 1),
        ("html-with-502", &["GET /v1/roles html status=502"], 7),
        ("truncated-body", &["GET /v1/roles truncate"], 7),
        ("truncated-after-one-byte", &["GET /v1/roles truncate=1"], 7),
        ("truncated-users", &["GET /v1/users truncate"], 7),
        ("missing-fields", &["GET /v1/roles garbage=missing"], 4),
        ("missing-fields-of-users", &["GET /v1/users garbage=missing"], 1),
        ("wrong-types", &["GET /v1/roles garbage=types"], 7),
        ("wrong-types-of-users", &["GET /v1/users garbage=types"], 7),
        ("wrong-types-of-options", &["GET /v1/roles/permissions garbage=types"], 7),
        ("ids-like-dot-dot", &["GET /v1/roles garbage=ids"], 7),
        ("ids-of-users-like-dot-dot", &["GET /v1/users garbage=ids"], 7),
        ("null", &["GET /v1/roles garbage=null"], 7),
        ("empty-body", &["GET /v1/roles garbage=empty"], 7),
        ("a-number", &["GET /v1/roles garbage=scalar"], 7),
        ("arrays-of-arrays", &["GET /v1/roles garbage=array"], 7),
        ("nested-without-end", &["GET /v1/roles garbage=deep"], 7),
        ("text-declared-as-json", &["GET /v1/roles garbage=text"], 7),
        ("redirect-to-another-host", &["GET /v1/roles redirect=https://evil.example/steal?key="], 7),
        ("redirect-307", &["GET /v1/roles redirect=http://127.0.0.2:1/ status=307"], 7),
        ("redirect-to-itself", &["GET /v1/roles redirect=/v1/roles"], 7),
        ("redirect-to-a-script", &["GET /v1/roles redirect=javascript:alert(1)"], 7),
        ("too-large", &["GET /v1/roles huge"], 7),
        ("gzip-bomb", &["GET /v1/roles huge=200 gzip"], 7),
        ("cursor-without-end", &["GET /v1/users loop-cursor"], 7),
        ("status-400", &["GET /v1/roles status=400"], 1),
        ("status-401", &["GET /v1/roles status=401"], 1),
        ("status-403", &["GET /v1/roles status=403"], 1),
        ("status-403-users", &["GET /v1/users status=403"], 1),
        ("status-404", &["GET /v1/roles status=404"], 1),
        ("status-409", &["GET /v1/roles status=409"], 1),
        ("status-410", &["GET /v1/roles status=410"], 1),
        ("status-418", &["GET /v1/roles status=418"], 1),
        ("status-429-with-a-long-wait", &["GET /v1/roles status=429 retry_after=3600"], 7),
        ("status-429-in-a-header", &["GET /v1/roles status=429 retry_after_header=999999999999"], 7),
        ("status-500", &["GET /v1/roles status=500"], 7),
        ("status-503", &["GET /v1/roles status=503"], 7),
        ("status-204", &["GET /v1/roles status=204"], 7),
        ("connection-closed", &["GET /v1/roles drop"], 7),
        ("echo-of-the-credential", &["GET /v1/roles echo-credential"], 1),
        ("echo-in-base64-with-401", &["GET /v1/roles echo-credential=base64 status=401"], 1),
        ("echo-percent-encoded-with-500", &["GET /v1/roles echo-credential=percent status=500"], 7),
        ("echo-with-200", &["GET /v1/roles echo-credential status=200"], 7),
    ];
    for_each(cases, |(name, faults, code)| {
        let place = Place::new();
        let emulator = Emulator::start(&place, faults);
        place.write("rolecall.yaml", config(emulator.host())).write("roles/roles.yaml", ROLES);
        let ended = run(&place, emulator.host(), &["plan", "-o", "plan.json"]);
        let seen = seen(&place, &ended);
        if ended.code != Some(*code) {
            snapshots.wrong(format!("{name}: exit code {:?} instead of {code}\n{seen}", ended.code));
        }
        snapshots.hold(name, &seen);
        // The plan of a target that was not read can be shown, and never be applied.
        if place.work().join("plan.json").exists() {
            assert_eq!(run(&place, emulator.host(), &["show", "plan.json"]).code, Some(0), "{name}");
            let applied = run(&place, emulator.host(), &["apply", "plan.json"]);
            assert!(applied.code != Some(0), "{name}: {}", place.seen(&applied));
        }
        assert_eq!(emulator.writes(), 0, "{name}");
    });
    snapshots.done();
}

/// What may be there after an apply whose writes fail: what the ledger says was done, and nothing
/// of what it says was not.
fn check_ledger(name: &str, ledger: &Value, org: &Value) {
    let role = |wanted: &str| {
        org["roles"].as_array().expect("roles").iter().find(|role| role["name"] == wanted).cloned()
    };
    let holds = |user: &str| {
        let users = org["users"].as_array().expect("users");
        let user = users.iter().find(|one| one["user_id"] == user).expect("a user");
        user["role"].as_str().expect("a role").to_owned()
    };
    let id = |name: &str| role(name).and_then(|role| role["id"].as_str().map(str::to_owned));
    let mut said = 0;
    for change in ledger["targets"][0]["changes"].as_array().expect("changes") {
        let address = change["address"].as_str().expect("an address");
        let there = match (address, change["action"].as_str().expect("an action")) {
            ("reviews/role/auditor", "create") => role("Auditor").is_some(),
            ("reviews/role/helper", "update") => {
                let permissions = role("Helper").expect("Helper stays")["permissions"].to_string();
                permissions.contains("learnings:write")
            }
            (_, "delete") => role("Old Role").is_none(),
            (address, "assign" | "reassign") if address.contains("1003") => {
                Some(holds("1003")) == id("Auditor")
            }
            (address, "assign" | "reassign") if address.contains("1004") => {
                Some(holds("1004")) == id("Helper")
            }
            other => panic!("{name}: {other:?} was not asked for"),
        };
        let status = change["status"].as_str().expect("a status");
        match status {
            "applied" | "already" => {
                assert!(there, "{name}: {address} is {status} and not there\n{ledger:#}");
            }
            "not_attempted" => {
                assert!(!there, "{name}: {address} is {status} and there\n{ledger:#}");
            }
            // A failure can come after the effect; then the ledger has to say why it is not sure.
            "failed" | "unconfirmed" => {
                let reason = change["reason"].as_str().unwrap_or_default();
                assert!(!reason.is_empty(), "{name}: {address} is {status} without a reason");
                assert!(
                    !there || status == "unconfirmed",
                    "{name}: {address} is {status} and there: {reason}\n{ledger:#}"
                );
            }
            other => panic!("{name}: status {other}"),
        }
        said += 1;
    }
    assert_eq!(said, 5, "{name}: every change is in the ledger\n{ledger:#}");
}

#[test]
fn writing() {
    let snapshots = Snapshots::of("answers/apply");
    let writes = [
        ("create", "POST /v1/roles"),
        ("update", "PATCH /v1/roles/*"),
        ("delete", "DELETE /v1/roles/*"),
        ("assign", "POST /v1/users/roles"),
    ];
    let faults = [
        ("400", "status=400"),
        ("401", "status=401"),
        ("403", "status=403"),
        ("404", "status=404"),
        ("409", "status=409"),
        ("429", "status=429 retry_after=3600"),
        ("500", "status=500"),
        ("500-after-the-effect", "status=500 done"),
        ("503", "status=503"),
        ("html", "html"),
        ("html-after-the-effect", "html done"),
        ("redirect", "redirect=https://evil.example/"),
        ("closed", "drop"),
        ("closed-after-the-effect", "drop-after"),
        ("accepted-without-effect", "lose"),
        ("truncated", "truncate"),
        ("wrong-types", "garbage=types"),
        ("empty", "garbage=empty"),
        ("ids-like-dot-dot", "garbage=ids"),
        ("echo", "echo-credential"),
        ("echo-after-the-effect", "echo-credential done status=500"),
    ];
    let cases: Vec<(String, String)> = writes
        .iter()
        .flat_map(|(verb, request)| {
            faults.iter().map(move |(name, fault)| (format!("{verb}-{name}"), format!("{request} {fault}")))
        })
        .collect();
    for_each(&cases, |(name, fault)| {
        let place = Place::new();
        let emulator = Emulator::start(&place, &[fault]);
        place.write("rolecall.yaml", config(emulator.host())).write("roles/roles.yaml", ROLES);
        let format = ["apply", "--auto-approve", "--format", "json"];
        let ended = run(&place, emulator.host(), &format);
        let Ok(ledger) = serde_json::from_str::<Value>(&ended.stdout()) else {
            snapshots.wrong(format!("{name}: no ledger\n{}", seen(&place, &ended)));
            return;
        };
        check_ledger(name, &ledger, &emulator.org());
        // The same run again for a person, on a tenant of its own.
        let place = Place::new();
        let emulator = Emulator::start(&place, &[fault]);
        place.write("rolecall.yaml", config(emulator.host())).write("roles/roles.yaml", ROLES);
        let text = run(&place, emulator.host(), &["apply", "--auto-approve"]);
        assert_eq!(text.code, ended.code, "{name}");
        let seen = seen(&place, &text);
        let result = seen.split_once("--- stdout\n").map_or(&*seen, |(_, rest)| rest);
        snapshots.hold(name, &format!("exit code {:?}\n{result}", text.code.unwrap_or(-1)));
    });
    snapshots.done();
}

/// What never comes to an end.
const SILENT: [&str; 4] =
    ["silence", "half-a-head-then-silence", "half-a-body-then-silence", "continue-without-end"];

#[test]
fn raw_bytes() {
    let snapshots = Snapshots::of("answers/raw");
    let json = |head: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{head}\r\n{body}").into_bytes();
    let cases: &[(&str, Vec<u8>, bool)] = &[
        ("not-http", b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(), false),
        ("nothing", Vec::new(), false),
        ("silence", Vec::new(), true),
        ("half-a-head", b"HTTP/1.1 200 OK\r\ncontent-ty".to_vec(), false),
        ("half-a-head-then-silence", b"HTTP/1.1 200 OK\r\ncontent-ty".to_vec(), true),
        ("half-a-body-then-silence", json("content-length: 100\r\n", "{\"roles\": ["), true),
        ("gigabyte-announced", json("content-length: 1073741824\r\n", "{"), true),
        ("negative-length", json("content-length: -1\r\n", "{}"), false),
        ("two-lengths", json("content-length: 2\r\ncontent-length: 40\r\n", "{}"), false),
        ("chunk-of-nonsense", json("transfer-encoding: chunked\r\n", "zz\r\n{}\r\n"), false),
        ("head-without-end", [b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".repeat(200_000)].concat(), false),
        ("bytes-that-are-no-gzip", json("content-encoding: gzip\r\ncontent-length: 4\r\n", "{}{}"), false),
        ("not-utf-8", [json("content-length: 14\r\n", ""), b"{\"roles\":\"\xff\xfe\"".to_vec()].concat(), false),
        ("escape-sequences-in-the-status", b"HTTP/1.1 500 \x1b[31mOops\r\ncontent-length: 0\r\n\r\n".to_vec(), false),
        (
            "hostile-message",
            b"HTTP/1.1 400 Bad\r\nconnection: close\r\n\r\n{\"error\":{\"code\":\"x\",\"message\":\"\\u001b[2J\\u202e::error::gone\\n@everyone <script>\"}}".to_vec(),
            false,
        ),
        ("endless-redirect-header", [b"HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: https://".to_vec(), b"a".repeat(60_000), b"/\r\n\r\n".to_vec()].concat(), false),
        ("websocket", b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n".to_vec(), true),
        ("continue-without-end", b"HTTP/1.1 100 Continue\r\n\r\n".repeat(50), true),
    ];
    for_each(cases, |(name, bytes, hold)| {
        let server = RawServer::start(Raw { bytes: bytes.clone(), hold: *hold });
        let place = project(&server.host);
        let args = ["-vv", "--allow-host", &server.host, "plan"];
        let run = |deadline: u64| {
            let (key, deadline) = (("CODERABBIT_API_KEY", KEY), deadline.to_string());
            let ended = place.run_with(&args, &[key, ("ROLECALL_DEADLINE", &deadline)]);
            assert_nothing_leaks(&place, &ended);
            let seen = seen(&place, &ended).replace(&format!("the {deadline} s that"), "the 2 s that");
            (ended, seen)
        };
        // A busy machine may not come to an answer in time: whoever does answer gets enough of it.
        let deadline = if SILENT.contains(name) { 2 } else { 60 };
        let (ended, seen) = run(deadline);
        // Three requests run at the same time; whichever fails first is told.
        // Where a line breaks, and how long the next pause would be, depends on that.
        let seen = seen.replace("\n    ", " ");
        let seen = ["/v1/roles/permissions", "/v1/users", "/v1/me"]
            .iter()
            .fold(seen, |seen, path| seen.replace(path, "/v1/roles"));
        let seen = super::replace_number_before(&seen, " s, after", "[n]");
        let expected = if *name == "hostile-message" { 1 } else { 7 };
        if ended.code != Some(expected) || ended.took.as_secs() > 30 + deadline {
            snapshots.wrong(format!("{name}: exit code {:?} after {:?}\n{seen}", ended.code, ended.took));
        }
        snapshots.hold(name, &seen);
        let requests = server.seen.lock().expect("no panic before");
        assert!(requests.iter().all(|request| request.starts_with("GET /v1/")), "{name}: {requests:?}");
    });
    snapshots.done();
}
