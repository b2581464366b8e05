//! `rolecall doctor`

use super::{Said, Sandbox, emulator, snapshot};

/// Keys of several kinds.
const KEYS: &str = "
provider: coderabbit
tenants:
  - name: acme
    keys:
      - { key: cr-user-key, kind: user, owner: '1' }
      - { key: cr-plain-key, kind: non_enterprise, owner: '1' }
      - { key: cr-legacy-key, kind: legacy, owner: '1' }
    orgs:
      - id: '1'
        users: [{ user_id: '1', name: Ada, role: cr_admin }, { user_id: '2', role: cr_member }]
";

/// The line of a check with its help.
fn check(said: &Said, name: &str) -> String {
    let mut lines = said.out.lines().skip_while(|line| line.split_whitespace().nth(1) != Some(name));
    let first = lines.next().unwrap_or_default();
    let rest = lines.take_while(|line| line.starts_with("          "));
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_is_well() {
    let emulator = emulator(KEYS, &["--switch", "me_caller=user_id", "--switch", "user_fields=extended"]);
    let sandbox = Sandbox::on(&emulator, "cr-user-key");
    sandbox.commit();
    let before = sandbox.files();
    let said = sandbox.run(&["doctor"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    snapshot!(said.out, @"");
    // Nothing was changed, here and there.
    assert_eq!(sandbox.files(), before);
    assert_eq!(emulator.writes().len(), 0);
    assert_eq!(emulator.requests().len(), 6);
}

#[test]
fn an_emulator_is_looked_at_without_beginning_it() {
    let sandbox = Sandbox::begun(&["--emulator"]);
    let before = sandbox.files();
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 0, "{}", said.out);
    snapshot!(check(&said, "state"), @"");
    assert_eq!(sandbox.files(), before);
    assert_eq!(sandbox.run(&["apply", "--auto-approve"]).code, 0);
    let said = sandbox.run(&["doctor"]);
    snapshot!(check(&said, "state"), @"");
    snapshot!(check(&said, "roles"), @"");
}

#[test]
fn there_is_no_project() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 64);
    snapshot!(said.out, @"");
}

#[test]
fn there_is_no_credential() {
    let sandbox = Sandbox::begun(&[]);
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 1);
    snapshot!(said.out, @"");
    let said = sandbox.run(&["doctor", "--quiet"]);
    assert_eq!(said.code, 1);
    snapshot!(said.out, @"");
    let sandbox = sandbox.with("CODERABBIT_API_KEY", "cr-two words");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 1);
    assert!(!said.out.contains("two words"), "{}", said.out);
    snapshot!(check(&said, "credential"), @"");
}

#[test]
fn a_host_is_not_allowed() {
    let sandbox = Sandbox::begun(&["--setting", "url=https://api.coderabbit.ai.example.test"])
        .with("CODERABBIT_API_KEY", "cr-user-key");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 4);
    snapshot!(said.out, @"");
}

#[test]
fn a_key_is_not_accepted() {
    let emulator = emulator(KEYS, &[]);
    let sandbox = Sandbox::on(&emulator, "cr-wrong-key");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 1);
    assert!(!said.out.contains("cr-wrong-key"), "{}", said.out);
    snapshot!(said.out, @"");
}

#[test]
fn a_key_has_no_rights() {
    let emulator = emulator(KEYS, &[]);
    let said = Sandbox::on(&emulator, "cr-plain-key").run(&["doctor"]);
    assert_eq!(said.code, 1);
    snapshot!(check(&said, "access"), @"");
}

#[test]
fn a_key_is_of_a_kind_that_is_gone() {
    let emulator = emulator(KEYS, &["--switch", "legacy_role_status=410"]);
    let said = Sandbox::on(&emulator, "cr-legacy-key").run(&["doctor"]);
    assert_eq!(said.code, 1);
    snapshot!(check(&said, "access"), @"");
}

#[test]
fn members_cannot_be_read() {
    let emulator = emulator(KEYS, &["--fault", "GET /v1/users status=403"]);
    let sandbox = Sandbox::on(&emulator, "cr-user-key");
    let said = sandbox.run(&["doctor"]);
    // Nobody is assigned a role, so it works without.
    assert_eq!(said.code, 0, "{}", said.out);
    snapshot!(check(&said, "members"), @"");
    sandbox.write(
        "roles/coderabbit/people.yaml",
        "provider: coderabbit\nassignments:\n  - { role: access-auditor, users: [\"2\"] }\n",
    );
    assert_eq!(sandbox.run(&["doctor"]).code, 1);
}

#[test]
fn reading_many_members_is_left_out_unless_asked_for() {
    let seed = "
provider: coderabbit
tenants: [{ name: acme, orgs: [{ id: '1', generate: { users: 1001 } }] }]
";
    let emulator = emulator(seed, &[]);
    let said = Sandbox::on(&emulator, "cr-user-key").run(&["doctor"]);
    assert_eq!(said.code, 0, "{}", said.out);
    snapshot!(check(&said, "limits"), @"");
    snapshot!(check(&said, "members"), @"");
}

#[test]
fn nobody_answers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let sandbox =
        Sandbox::begun(&["--setting", &format!("url=http://{address}")]).with("ROLECALL_DEADLINE", "1");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 7);
    snapshot!(said.out, @"");
}

#[test]
fn definitions_have_errors_and_everything_else_is_looked_at() {
    let emulator = emulator(KEYS, &[]);
    let sandbox = Sandbox::on(&emulator, "cr-user-key");
    sandbox.write("roles/coderabbit/wrong.yaml", "provider: coderabbit\nroles:\n  A B: { nme: x }\n");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 3);
    snapshot!(said.out, @"");
}

#[test]
fn git_is_looked_at() {
    let sandbox = Sandbox::begun(&["--emulator"]);
    let repo = sandbox.commit();
    let config =
        sandbox.read("rolecall.yaml").replace("    emulator: true\n", "") + "apply_from: [release]\n";
    sandbox.write("rolecall.yaml", &config);
    std::fs::write(repo.path().join("shallow"), "0000000000000000000000000000000000000000\n")
        .expect("a file");
    let said = sandbox.run(&["doctor"]);
    let end = said.out.find("✓ definitions").expect("the next check");
    snapshot!(&said.out[..end], @"");
}

#[test]
fn for_a_program() {
    let sandbox = Sandbox::begun(&["--emulator"]);
    let said = sandbox.run(&["doctor", "--format", "json"]);
    assert_eq!(said.code, 0);
    let report: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let schema = sandbox.run(&["schema", "doctor"]);
    let schema: serde_json::Value = serde_json::from_str(&schema.out).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
    snapshot!(serde_json::to_string_pretty(&report["targets"][0]["checks"][5]).expect("JSON"), @"");
    assert_eq!(report["exit"], 0);
}
