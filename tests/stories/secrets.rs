//! Where a credential goes, and where it never does.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::common::{Emulator, Project, http::Listener, project::target};

/// Long, and with characters that look different when they are encoded.
const KEY: &str = "cr-S3cret+/0123456789~abcdef==";

/// How a part of an address is encoded.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const ROLE: &str = "roles:\n  one: { name: One, description: Needed, permissions: { reports: [read] } }\n";

/// An answer that is a list of roles, of users, of permissions, and an identity at once.
fn everything(roles: &str) -> String {
    format!(
        r#"{{"roles":[{roles}],"users":[],"resource_ids":["reports"],"access_types":["read"],"scope":{{"id":"x"}}}}"#
    )
}

#[test]
fn p1_a_foreign_host_is_refused_before_the_variable_is_read() {
    let project = Project::new();
    project.define(ROLE);
    for url in [
        "https://roles.evil.test",
        "https://api.coderabbit.ai.evil.test",
        "https://api-coderabbit.ai",
        "https://api.coderabbit.ai:8443",
        "https://xn--api-coderabbit-1sb.ai",
    ] {
        project.config(&target("reviews", url));
        // Nothing is set: who looked for the credential first would say that it is missing.
        for command in ["plan", "apply --auto-approve"] {
            let _refused = project.run(command).exits(4).lacks("is not set");
        }
    }
    for url in [
        "http://api.coderabbit.ai",
        "https://user:secret@api.coderabbit.ai",
        "https://api.coderabbit.ai\\@evil.test",
        "ftp://x",
    ] {
        project.config(&target("reviews", &url.replace('\\', "\\\\")));
        let refused = project.run("plan").lacks("is not set");
        assert!([3, 4].contains(&refused.code), "{url}: {}", refused.everything());
    }
    project.config(&target("reviews", "https://api.coderabbit.ai"));
    let _own = project.run("plan").exits(1).has("the environment variable CODERABBIT_API_KEY is not set");
}

#[test]
fn p1_only_variables_for_credentials_can_be_named() {
    let mut project = Project::new();
    project.set("AWS_SECRET_ACCESS_KEY", KEY);
    project.define(ROLE);
    for name in ["AWS_SECRET_ACCESS_KEY", "HOME", "GITLAB_TOKEN", "CODERABBIT_API_KEYS"] {
        let config = target("reviews", "https://api.coderabbit.ai");
        project.config(&format!("{config}    credential: {{ env: {name} }}\n"));
        let _refused = project.run("plan").exits(3).has(name).lacks(KEY);
    }
}

#[test]
fn p1_a_server_on_this_machine_gets_a_dummy_and_no_proxy_sees_it() {
    let (server, proxy) = (Listener::start(200, &everything("")), Listener::start(200, "{}"));
    let mut project = Project::new();
    project.config(&target("reviews", &format!("http://{}", server.address)));
    project.define(ROLE);
    project.set("CODERABBIT_API_KEY", KEY);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        project.set(name, &format!("http://{}", proxy.address));
    }
    let _plan = project.run("plan -vv");
    let seen = server.seen();
    assert!(seen.len() >= 3, "{seen:?}");
    assert!(
        seen.iter().all(|head| !head.contains(KEY) && head.contains("x-coderabbitai-api-key: ")),
        "{seen:?}"
    );

    let _allowed = project.run_args(["plan", "--allow-host", &server.address]);
    assert!(server.seen().last().is_some_and(|head| head.contains(KEY)));
    assert_eq!(proxy.seen(), [""; 0], "loopback needs no proxy");
}

#[test]
fn a_redirect_is_never_followed_with_a_credential() {
    let (emulator, elsewhere) = (Emulator::start(), Listener::start(200, &everything("")));
    let mut project = Project::on(&emulator, "");
    project.define(ROLE);
    project.set("CODERABBIT_API_KEY", "cr-acme");
    project.set("ROLECALL_ALLOW_HOSTS", &emulator.address);
    for (fault, code) in [
        (format!("GET /v1/roles redirect=http://{}/v1/roles", elsewhere.address), 7),
        (format!("GET /v1/me status=307 redirect=http://{}/v1/me", elsewhere.address), 7),
        (format!("POST /v1/roles status=308 redirect=http://{}/v1/roles", elsewhere.address), 1),
        (format!("POST /v1/roles status=303 redirect={}/v1/roles", emulator.url), 1),
    ] {
        emulator.faults(&[&fault]);
        let _refused = project.apply().exits(code).has("redirect to 127.0.0.1");
    }
    assert_eq!(elsewhere.seen(), [""; 0]);
    assert_eq!(emulator.custom(), [""; 0]);
}

#[test]
fn p2_no_byte_of_a_credential_is_in_any_output_or_file() {
    let emulator = Emulator::start();
    let mut project = Project::in_git(&emulator, "");
    project.set("CODERABBIT_API_KEY", KEY);
    project.set("ROLECALL_ALLOW_HOSTS", &emulator.address);
    project.define(&format!("{ROLE}assignments:\n  - {{ role: one, users: [\"1003\"] }}\n"));
    // Somebody pasted it where everybody sees it.
    emulator.make_role(&json!({ "name": format!("Key {KEY}"), "description": KEY, "permissions": [] }));
    let commands = [
        "validate -vv",
        "plan -vv",
        "plan -vv --format json",
        "plan -vv --format markdown",
        "plan -vv -o plan.json",
        "show -vv plan.json",
        "show -vv --format json plan.json",
        "apply -vv plan.json",
        "apply -vv --auto-approve --format json",
        "apply -vv --auto-approve --format markdown",
        "apply -vvv --auto-approve",
    ];
    let faults: [&[&str]; 6] = [
        &[],
        &["* ** echo-credential"],
        &["WRITE ** echo-credential"],
        &["WRITE ** echo-credential status=500 done"],
        &["GET /v1/users echo-credential status=503 times=1"],
        &["GET /v1/me echo-credential status=401"],
    ];
    let encoded = utf8_percent_encode(KEY, UNRESERVED).to_string();
    let forms = [
        KEY.to_owned(),
        STANDARD.encode(KEY).trim_end_matches('=').to_owned(),
        encoded.clone(),
        encoded.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d"),
    ];
    for fault in faults {
        emulator.faults(fault);
        for command in commands {
            let output = project.run(command);
            let all = output.everything();
            for form in &forms {
                assert!(!all.contains(form.as_str()), "{fault:?} {command}: {form}\n{all}");
            }
        }
        for file in walkdir::WalkDir::new(project.dir.parent().expect("a parent")) {
            let file = file.expect("readable");
            let Ok(bytes) = std::fs::read(file.path()) else { continue };
            let text = String::from_utf8_lossy(&bytes);
            for form in &forms {
                assert!(!text.contains(form.as_str()), "{fault:?} {}: {form}", file.path().display());
            }
        }
    }
}

#[test]
fn p2_what_an_api_echoes_is_not_written_to_files_that_people_commit() {
    let emulator = Emulator::start();
    let mut project = Project::in_git(&emulator, "");
    project.set("CODERABBIT_API_KEY", KEY);
    project.set("ROLECALL_ALLOW_HOSTS", &emulator.address);
    let encoded = STANDARD.encode(format!("key:{KEY}"));
    for (name, description) in [("Pasted", KEY), ("Encoded", encoded.as_str())] {
        emulator.make_role(&json!({ "name": name, "description": description, "permissions": [] }));
        let _refused = project
            .run(&format!("import {name}"))
            .exits(4)
            .has("`roles/reviews.yaml` was not written, because it would hold a credential: description: ")
            .has("[credential]")
            .has("Make a new credential")
            .lacks(KEY);
    }
    let _all = project.run("import").exits(4).lacks("Wrote");
    assert!(!project.dir.join("roles").exists());
    emulator.make_role(&json!({ "name": "Clean", "permissions": [] }));
    let _other = project.run("import Clean").exits(0).has("Wrote roles/reviews.yaml");

    let answer = everything("").replace("[\"reports\"]", &format!("[\"{KEY}\"]"));
    let server = Listener::start(200, &answer);
    project.config(&target("reviews", &format!("http://{}", server.address)));
    project.set("ROLECALL_ALLOW_HOSTS", &server.address);
    let _refused = project.run("catalog --write").exits(4).has("would hold a credential").lacks(KEY);
    assert!(!project.dir.join(".rolecall/catalog").exists());
}

#[test]
fn p6_a_list_that_is_empty_or_lacks_the_built_in_roles_removes_nothing() {
    let stranger = r#"{"id":"11111111-0000-4000-8000-000000000001","name":"Old","role_type":"custom","permissions":[],"user_count":0}"#;
    for (roles, why) in [("", "the list of roles is empty"), (stranger, "lacks the system roles")] {
        let server = Listener::start(200, &everything(roles));
        let project = Project::new();
        project.config(&format!(
            "{}    manage: authoritative\n",
            target("reviews", &format!("http://{}", server.address))
        ));
        project.define(&format!("{ROLE}removed:\n  - {{ name: Old }}\n"));
        let _refused = project.apply().exits(4).has(why);
        let written = server.seen().iter().filter(|head| !head.starts_with("GET ")).count();
        assert_eq!(written, 0);
    }
}

#[test]
fn the_key_of_a_file_is_used_and_its_path_is_not_shown() {
    let emulator = Emulator::start();
    let mut project = Project::on(&emulator, "credential: { file_env: CODERABBIT_API_KEY_FILE }\n");
    project.define(ROLE);
    project.write("../key", "cr-globex\n");
    project.set("CODERABBIT_API_KEY_FILE", &format!("{}/../key", project.dir.display()));
    project.set("ROLECALL_ALLOW_HOSTS", &emulator.address);
    let _right = project.run("plan").exits(0).has("crorg-globex").lacks("cr-globex\n");
    project.set("CODERABBIT_API_KEY_FILE", KEY);
    let _pasted = project.run("plan").exits(1).has("CODERABBIT_API_KEY_FILE").lacks(KEY);
}
