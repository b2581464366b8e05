//! `rolecall doctor`

use super::{Said, Sandbox, emulator, snapshot};
use crate::common::Emulator;

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
    snapshot!(said.out, @r#"
      ✓ config       rolecall.yaml in DIR
      ✓ git          commit COMMIT, branch main
      ✓ work tree    as committed
      ✓ definitions  1 role in 1 file, no findings

    reviews  coderabbit
      ✓ definitions  1 role, 0 assignments
      ✓ host         LOOPBACK: on this machine, may get the credential
      ✓ credential   CODERABBIT_API_KEY is set
      ✓ connection   the API answers (3 requests)
      ✓ access       roles can be read; whether they can be changed, only a write
                     would tell
      ✓ identity     tenant crorg-acme-1 at LOOPBACK
      ✓ roles        0 of your own, 3 built in, all with their permissions
      ✓ catalogue    39 permissions, 30 not known offline: `api_keys:delete`,
                     `api_keys:read`, `api_keys:write`, `audit_logs:delete`,
                     `audit_logs:read`, `audit_logs:write`,
                     `billing_management:delete`, `billing_management:read`,
                     `billing_management:write`, `integrations:delete`,
                     and 20 more
                     To check names offline, too: `rolecall catalog --write`.
      · limits       members: 10 requests in 60 s, 3 at a time; reading all takes 1
                     request
      ✓ members      2 members, all with their roles
      ✓ caller       the credential acts for 1 (Ada)
      ✓ lock         free: no other apply on this machine

    What CodeRabbit supports
      role           created and deleted over the API; deleted only while nobody
                     holds it; `base` is a copy to begin with
      default role   one of your own, no built-in one, or none
      users          ID or id:ID (the git provider's user id, such as "583231"); one
                     role each; a role can only be taken by giving another one

    Nothing failed, 15 in order.
    "#);
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
    snapshot!(check(&said, "state"), @"
    · state        not begun: the first plan begins with a sample tenant, kept in
                   .rolecall/emulator/reviews
    ");
    assert_eq!(sandbox.files(), before);
    assert_eq!(sandbox.run(&["apply", "--auto-approve"]).code, 0);
    let said = sandbox.run(&["doctor"]);
    snapshot!(check(&said, "state"), @"
    · state        kept in .rolecall/emulator/reviews; delete that folder to begin
                   again
    ");
    snapshot!(check(&said, "roles"), @"  ✓ roles        1 of your own, 3 built in, all with their permissions");
}

#[test]
fn there_is_no_project() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 64);
    snapshot!(said.out, @"
      ✗ config       there is no `rolecall.yaml` in `DIR` or any
                     folder above it
                     Run `rolecall init` to start one here, or name the folder with
                     `-C DIR`, or the file with `--config FILE`.

    1 failed, 0 in order.
    ");
}

#[test]
fn there_is_no_credential() {
    let sandbox = Sandbox::begun(&[]);
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 1);
    snapshot!(said.out, @r#"
      ✓ config       rolecall.yaml in DIR
      · git          outside git: only `removed:` and `manage: authoritative` remove
                     anything
      ✓ definitions  1 role in 1 file, no findings

    reviews  coderabbit
      ✓ definitions  1 role, 0 assignments
      ✓ host         api.coderabbit.ai: may get the credential
      ✗ credential   the environment variable CODERABBIT_API_KEY is not set
                     Set CODERABBIT_API_KEY to the credential of this target.
      ? access, identity, roles, catalogue, members, caller, lock: not asked

    What CodeRabbit supports
      role           created and deleted over the API; deleted only while nobody
                     holds it; `base` is a copy to begin with
      default role   one of your own, no built-in one, or none
      users          ID or id:ID (the git provider's user id, such as "583231"); one
                     role each; a role can only be taken by giving another one

    1 failed, 7 unknown, 4 in order.
    "#);
    let said = sandbox.run(&["doctor", "--quiet"]);
    assert_eq!(said.code, 1);
    snapshot!(said.out, @"
    ✗ reviews credential: the environment variable CODERABBIT_API_KEY is not set
                   Set CODERABBIT_API_KEY to the credential of this target.
    1 failed, 7 unknown, 4 in order.
    ");
    let sandbox = sandbox.with("CODERABBIT_API_KEY", "cr-two words");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 1);
    assert!(!said.out.contains("two words"), "{}", said.out);
    snapshot!(check(&said, "credential"), @"
    ✗ credential   the environment variable CODERABBIT_API_KEY holds white space
                   Store the credential as it was issued, on one line and without
                   quotes.
    ");
}

#[test]
fn a_host_is_not_allowed() {
    let sandbox = Sandbox::begun(&["--setting", "url=https://api.coderabbit.ai.example.test"])
        .with("CODERABBIT_API_KEY", "cr-user-key");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 4);
    snapshot!(said.out, @r#"
      ✓ config       rolecall.yaml in DIR
      · git          outside git: only `removed:` and `manage: authoritative` remove
                     anything
      ✓ definitions  1 role in 1 file, no findings

    reviews  coderabbit
      ✓ definitions  1 role, 0 assignments
      ✗ host         the credential may not go to api.coderabbit.ai.example.test: it
                     only looks like the provider's host api.coderabbit.ai
                     If you trust that host with the credential, add
                     `--allow-host api.coderabbit.ai.example.test` or set
                     ROLECALL_ALLOW_HOSTS=api.coderabbit.ai.example.test; the
                     definitions themselves cannot allow it.
      ? credential   CODERABBIT_API_KEY is set; it was not read
      ? access, identity, roles, catalogue, members, caller, lock: not asked

    What CodeRabbit supports
      role           created and deleted over the API; deleted only while nobody
                     holds it; `base` is a copy to begin with
      default role   one of your own, no built-in one, or none
      users          ID or id:ID (the git provider's user id, such as "583231"); one
                     role each; a role can only be taken by giving another one

    1 failed, 8 unknown, 3 in order.
    "#);
}

#[test]
fn a_key_is_not_accepted() {
    let emulator = emulator(KEYS, &[]);
    let sandbox = Sandbox::on(&emulator, "cr-wrong-key");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 1);
    assert!(!said.out.contains("cr-wrong-key"), "{}", said.out);
    snapshot!(said.out, @r#"
      ✓ config       rolecall.yaml in DIR
      · git          outside git: only `removed:` and `manage: authoritative` remove
                     anything
      ✓ definitions  1 role in 1 file, no findings

    reviews  coderabbit
      ✓ definitions  1 role, 0 assignments
      ✓ host         LOOPBACK: on this machine, may get the credential
      ✓ credential   CODERABBIT_API_KEY is set
      ✓ connection   the API answers
      ✗ access       GET /v1/roles answered 401 Unauthorized: unauthenticated: a
                     valid key in the header x-coderabbitai-api-key is required
                     The credential in CODERABBIT_API_KEY is not accepted. Check
                     that it is the whole key, not expired, and of this tenant and
                     region.
      ? identity, roles, catalogue, members, caller, lock: nothing was read

    What CodeRabbit supports
      role           created and deleted over the API; deleted only while nobody
                     holds it; `base` is a copy to begin with
      default role   one of your own, no built-in one, or none
      users          ID or id:ID (the git provider's user id, such as "583231"); one
                     role each; a role can only be taken by giving another one

    1 failed, 6 unknown, 6 in order.
    "#);
}

#[test]
fn a_key_has_no_rights() {
    let emulator = emulator(KEYS, &[]);
    let said = Sandbox::on(&emulator, "cr-plain-key").run(&["doctor"]);
    assert_eq!(said.code, 1);
    snapshot!(check(&said, "access"), @"
    ✗ access       GET /v1/roles answered 403 Forbidden: forbidden: API access
                   requires an Enterprise plan subscription
                   Roles need the Enterprise plan and a key of a person with the
                   Admin role. An agentic key cannot change roles, and the owner
                   of a workspace token has to be an administrator of the
                   workspace.
    ");
}

#[test]
fn a_key_is_of_a_kind_that_is_gone() {
    let emulator = emulator(KEYS, &["--switch", "legacy_role_status=410"]);
    let said = Sandbox::on(&emulator, "cr-legacy-key").run(&["doctor"]);
    assert_eq!(said.code, 1);
    snapshot!(check(&said, "access"), @"
    ✗ access       GET /v1/roles answered 410 Gone: legacy_api_key: legacy keys
                   are not accepted; create a new key
                   A legacy organization key cannot be used here. Make a user key
                   in the dashboard.
    ");
}

#[test]
fn members_cannot_be_read() {
    let emulator = emulator(KEYS, &["--fault", "GET /v1/users status=403"]);
    let sandbox = Sandbox::on(&emulator, "cr-user-key");
    let said = sandbox.run(&["doctor"]);
    // Nobody is assigned a role, so it works without.
    assert_eq!(said.code, 0, "{}", said.out);
    snapshot!(check(&said, "members"), @"
    ! members      GET /v1/users answered 403 Forbidden: FORBIDDEN: injected by
                   the emulator
                   Listing users needs a key with the permission
                   `user_management:read`, and the Enterprise plan.
    ");
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
    snapshot!(check(&said, "limits"), @"
    · limits       members: 10 requests in 60 s, 3 at a time; reading all takes 11
                   requests, at least 61 s
    ");
    snapshot!(check(&said, "members"), @"
    ? members      not read: 11 requests, at least 61 s
                   To read them all the same: `--members`.
    ");
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
    // The reason is in the system's own words.
    let connection = check(&said, "connection");
    assert!(
        connection.starts_with("  ✗ connection   GET /v1/roles was not sent: no connection"),
        "{connection}"
    );
    assert!(
        connection.ends_with(&format!("Check the network, the proxy, and the name {address}.")),
        "{connection}"
    );
    let rest = "  ? access, identity, roles, catalogue, members, caller, lock: nothing was read\n";
    assert!(said.out.contains(rest), "{}", said.out);
    assert!(said.out.ends_with("1 failed, 7 unknown, 3 in order.\n"), "{}", said.out);
}

#[test]
fn definitions_have_errors_and_everything_else_is_looked_at() {
    let emulator = emulator(KEYS, &[]);
    let sandbox = Sandbox::on(&emulator, "cr-user-key");
    sandbox.write("roles/coderabbit/wrong.yaml", "provider: coderabbit\nroles:\n  A B: { nme: x }\n");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 3);
    snapshot!(said.out, @r#"
      ✓ config       rolecall.yaml in DIR
      · git          outside git: only `removed:` and `manage: authoritative` remove
                     anything
      ✗ definitions  2 errors, 0 warnings
                     `rolecall validate` shows each of them.

    reviews  coderabbit
      ✗ definitions  they have errors, so that there can be no plan
                     `rolecall validate` shows each of them.
      · on_unassign  not set: a plan that takes somebody's role away is refused
                     To name where such people go:
                     `on_unassign: { to: builtin:cr_member }`.
      ✓ host         LOOPBACK: on this machine, may get the credential
      ✓ credential   CODERABBIT_API_KEY is set
      ✓ connection   the API answers (3 requests)
      ✓ access       roles can be read; whether they can be changed, only a write
                     would tell
      ✓ identity     tenant crorg-acme-1 at LOOPBACK
      ✓ roles        0 of your own, 3 built in, all with their permissions
      ✓ catalogue    39 permissions, 30 not known offline: `api_keys:delete`,
                     `api_keys:read`, `api_keys:write`, `audit_logs:delete`,
                     `audit_logs:read`, `audit_logs:write`,
                     `billing_management:delete`, `billing_management:read`,
                     `billing_management:write`, `integrations:delete`,
                     and 20 more
                     To check names offline, too: `rolecall catalog --write`.
      · limits       members: 10 requests in 60 s, 3 at a time; reading all takes 1
                     request
      ✓ members      2 members, all with their roles
      ? caller       the API does not tell for whom the credential acts
                     A plan that moves an administrator is refused unless somebody
                     allows it.
      ✓ lock         free: no other apply on this machine

    What CodeRabbit supports
      role           created and deleted over the API; deleted only while nobody
                     holds it; `base` is a copy to begin with
      default role   one of your own, no built-in one, or none
      users          ID or id:ID (the git provider's user id, such as "583231"); one
                     role each; a role can only be taken by giving another one

    2 failed, 1 unknown, 10 in order.
    "#);
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
    snapshot!(&said.out[..end], @"
    ✓ config       rolecall.yaml in DIR
    ✓ git          commit COMMIT, branch main
    · work tree    not committed: rolecall.yaml
                   A person may apply this. CI applies only commits.
    ! history      the clone is shallow: earlier definitions may be missing
                   Fetch the rest, in CI with `fetch-depth: 0` or its like in the
                   checkout step: git fetch --unshallow
    ! apply from   not from here: `apply_from` allows release
                   Apply from there, or pass --allow-branch.
    ");
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
    snapshot!(serde_json::to_string_pretty(&report["targets"][0]["checks"][5]).expect("JSON"), @r#"
    {
      "check": "access",
      "exit": 0,
      "help": null,
      "message": "roles can be read; whether they can be changed, only a write would tell",
      "status": "ok"
    }
    "#);
    assert_eq!(report["exit"], 0);
}

#[test]
fn looking_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["init", "--emulator"]).code, 0);
    let fresh = sandbox.files();
    let said = sandbox.run(&["doctor"]);
    assert!(check(&said, "lock").contains("free"), "{}", said.out);
    assert_eq!((sandbox.files(), sandbox.home_files()), (fresh, Vec::new()));

    // An emulator that was used is looked at as it stands, also while somebody else has it open.
    assert_eq!(sandbox.run(&["apply", "--auto-approve"]).code, 0);
    let used = (sandbox.files(), sandbox.home_files());
    let state = sandbox.work().join(".rolecall/emulator");
    let target = std::fs::read_dir(&state).expect("its state").next().expect("a target").expect("a folder");
    let lock = std::fs::OpenOptions::new().write(true).open(target.path().join("lock")).expect("its lock");
    lock.try_lock().expect("nobody has it");
    let said = sandbox.run(&["doctor"]);
    assert!(check(&said, "roles").contains("1 of your own"), "{}\n{}", said.out, said.err);
    assert_eq!((sandbox.files(), sandbox.home_files()), used);
}

#[test]
fn a_list_that_is_kept_can_be_brought_up_to_date() {
    let emulator = Emulator::start();
    let sandbox = Sandbox::on(&emulator, "cr-key-of-acme");
    let help = |words: &str| sandbox.run(&["doctor"]).out.contains(words);
    assert!(help("To check names offline, too: `rolecall catalog --write`."));
    let kept = "{ \"version\": 1, \"provider\": \"coderabbit\", \"permissions\": [\"reports:read\"] }\n";
    sandbox.write(".rolecall/catalog/reviews.json", kept);
    assert!(help("To bring the kept list up to date: `rolecall catalog --write`."));
    assert_eq!(sandbox.run(&["catalog", "--write"]).code, 0);
    assert!(!help("`rolecall catalog --write`"));
}
