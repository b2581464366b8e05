//! `rolecall catalog`

use std::fs;

use super::{Sandbox, emulator, snapshot};
use crate::common::Emulator;

const SEED: &str = "
provider: coderabbit
tenants:
  - name: acme
    orgs:
      - id: '1'
        catalog: { resource_ids: [user_management, learnings], access_types: [write, read] }
        users: [{ user_id: '1', role: cr_admin }]
";

#[test]
fn without_a_project_it_is_what_ships() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["catalog", "coderabbit"]);
    assert_eq!(said.code, 0, "{}", said.err);
    snapshot!(said.out, @"
    coderabbit  documented permissions; the API may have more, as of rolecall 0.1.0
        repository_management: read, write, delete
        role_management: read, write, delete
        user_management: read, write, delete
      built-in roles: builtin:cr_admin (Admin), builtin:cr_member (Member)
    ");
    // Without a name it is what every provider ships.
    for every in [&["catalog"][..], &["catalog", "--offline"]] {
        assert!(sandbox.run(every).out.starts_with(&said.out));
    }
    assert!(sandbox.run(&["catalog"]).out.contains("\ngitlab  documented permissions"));
    let said = sandbox.run(&["catalog", "nobody"]);
    assert_eq!(said.code, 64);
    snapshot!(said.err, @"
    error: there is no provider `nobody`
      help: The providers are: coderabbit, gitlab, workos, devin, infracodebase.
    ");
    assert_eq!(sandbox.run(&["catalog", "--write"]).code, 64);
    assert_eq!(sandbox.names(), [""; 0]);
}

#[test]
fn live_is_compared_with_what_ships() {
    let emulator = emulator(SEED, &[]);
    let sandbox = Sandbox::on(&emulator, "cr-key-of-acme");
    let said = sandbox.run(&["catalog"]);
    assert_eq!(said.code, 0, "{}", said.err);
    snapshot!(said.out, @"
    reviews  coderabbit · LOOPBACK · crorg-acme-1
      + learnings: read, write
      - repository_management: read, write, delete
      - role_management: read, write, delete
        user_management: read, write, -delete
      4 permissions; compared with rolecall 0.1.0: 2 new, 7 gone.
    ");
    let json = sandbox.run(&["catalog", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let target = &document["targets"][0];
    assert_eq!(target["new"], serde_json::json!(["learnings:read", "learnings:write"]));
    assert_eq!(target["gone"].as_array().map(Vec::len), Some(7));
    assert_eq!(target["file"], serde_json::Value::Null);
    assert!(!sandbox.work().join(".rolecall/catalog").exists());
}

#[test]
fn a_written_list_lets_validate_warn() {
    let emulator = emulator(SEED, &[]);
    let sandbox = Sandbox::on(&emulator, "cr-key-of-acme");
    sandbox.write(
        "roles/coderabbit/learner.yaml",
        "provider: coderabbit
roles:
  learner:
    name: Learner
    description: Learns
    permissions: { learnings: [read], lernings: [read], reports: [read] }
",
    );
    // Without the list only what is nearly a known name is suspicious: little of it ships.
    assert_eq!(sandbox.run(&["validate"]).out, "Valid: 2 roles in 2 files for 1 target.\n");

    let said = sandbox.run(&["catalog", "--write"]);
    let wrote = "Wrote .rolecall/catalog/reviews.json.\nWrote .rolecall/schema/definitions.schema.json.\n";
    assert_eq!((said.code, said.err.as_str()), (0, wrote));
    snapshot!(sandbox.read(".rolecall/catalog/reviews.json"), @r#"
    {
      "version": 1,
      "provider": "coderabbit",
      "permissions": [
        "learnings:read",
        "learnings:write",
        "user_management:read",
        "user_management:write"
      ]
    }
    "#);
    let valid = sandbox.run(&["validate"]);
    assert_eq!(valid.code, 0);
    snapshot!(valid.out, @"
    warning[RC048]

      ⚠ the resource `lernings` is not in the known catalogue
       ╭─[roles/coderabbit/learner.yaml:6:39]
     5 │     description: Learns
     6 │     permissions: { learnings: [read], lernings: [read], reports: [read] }
       ·                                       ────────
       ╰────
      help: Did you mean `learnings`?

    warning[RC048]

      ⚠ the resource `reports` is not in the known catalogue
       ╭─[roles/coderabbit/learner.yaml:6:57]
     5 │     description: Learns
     6 │     permissions: { learnings: [read], lernings: [read], reports: [read] }
       ·                                                         ───────
       ╰────
      help: Refresh the list with `rolecall catalog --write` if it is new.

    2 warnings in 1 file
    Valid: 2 roles in 2 files for 1 target.
    ");

    // An equal list is not written again.
    let path = sandbox.work().join(".rolecall/catalog/reviews.json");
    let before = fs::metadata(&path).and_then(|data| data.modified()).expect("a time");
    let said = sandbox.run(&["catalog", "--write"]);
    assert_eq!((said.code, said.err.as_str()), (0, ".rolecall/catalog/reviews.json is up to date.\n"));
    assert_eq!(fs::metadata(&path).and_then(|data| data.modified()).expect("a time"), before);

    // A broken one stops validation, and is replaced.
    fs::write(&path, "{").expect("a file");
    assert_eq!(sandbox.run(&["validate"]).code, 3);
    assert_eq!(sandbox.run(&["catalog", "--write"]).code, 0);
    assert_eq!(sandbox.run(&["validate"]).code, 0);
}

#[test]
fn a_target_that_fails_keeps_its_file() {
    let emulator = Emulator::with(&["--fault", "GET /v1/roles/permissions status=403"]);
    let sandbox = Sandbox::on(&emulator, "cr-key-of-acme");
    let kept = "{ \"version\": 1, \"provider\": \"coderabbit\", \"permissions\": [\"reports:read\"] }\n";
    sandbox.write(".rolecall/catalog/reviews.json", kept);
    let said = sandbox.run(&["catalog", "--write"]);
    assert_eq!((said.code, said.err.as_str()), (7, ""));
    snapshot!(said.out, @"
    reviews  coderabbit · LOOPBACK · crorg-acme
      error: the API did not tell its permissions
        `-v` shows the requests. What ships with the program:
        `rolecall catalog --offline`.
    ");
    assert_eq!(sandbox.read(".rolecall/catalog/reviews.json"), kept);

    // Whoever sends the list to a file still sees that one is missing.
    let list = fs::File::create(sandbox.work().join("list.txt")).expect("a file");
    let output = sandbox.0.command(["catalog"]).stdout(list).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("error: reviews: the API did not tell its permissions"), "{said}");
}

#[test]
fn an_entry_with_an_error_sends_nothing() {
    let emulator = Emulator::start();
    let sandbox = Sandbox::on(&emulator, "cr-key-of-acme");
    let config = sandbox.read("rolecall.yaml");
    let config = config.replace("    files:", "    credential: { env: GITHUB_TOKEN }\n    files:");
    sandbox.write("rolecall.yaml", &config);
    let sandbox = sandbox.with("GITHUB_TOKEN", "ghp_not-for-this-one");
    for command in ["catalog", "doctor"] {
        let said = sandbox.run(&[command, "--format", "json"]);
        assert_eq!(said.code, 3, "{}", said.out);
        assert!(said.out.contains("its entry in the configuration has errors"), "{}", said.out);
    }
    assert_eq!(emulator.requests().len(), 0);
}

#[test]
fn a_kept_list_reaches_editors() {
    let emulator = emulator(SEED, &[]);
    let sandbox = Sandbox::on(&emulator, "cr-key-of-acme");
    let schema = ".rolecall/schema/definitions.schema.json";
    let completed = |sandbox: &Sandbox| {
        let schema: serde_json::Value = serde_json::from_str(&sandbox.read(schema)).expect("JSON");
        let defs = &schema["$defs"];
        (
            defs["coderabbit.Permissions"]["properties"]["learnings"].is_object(),
            defs["coderabbit.Permissions"]["properties"]["role_management"].is_object(),
        )
    };
    // No schema is made by the way.
    fs::remove_dir_all(sandbox.work().join(".rolecall/schema")).expect("the schemas of `init`");
    assert_eq!(sandbox.run(&["catalog", "--write"]).code, 0);
    assert!(!sandbox.work().join(schema).exists());
    assert_eq!(sandbox.run(&["schema", "--write"]).code, 0);
    assert_eq!(completed(&sandbox), (true, true));
    assert!(!sandbox.run(&["schema", "definitions"]).out.contains("learnings"), "without a project it ships");

    // One that is there follows the list.
    fs::remove_file(sandbox.work().join(".rolecall/catalog/reviews.json")).expect("a list");
    assert_eq!(sandbox.run(&["schema", "--write"]).code, 0);
    assert_eq!(completed(&sandbox), (false, true));
    let said = sandbox.run(&["catalog", "--write"]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (0, "Wrote .rolecall/catalog/reviews.json.\nWrote .rolecall/schema/definitions.schema.json.\n")
    );
    assert_eq!(completed(&sandbox), (true, true));

    // What cannot be a permission is offered to nobody.
    let odd =
        "{ \"version\": 1, \"provider\": \"coderabbit\", \"permissions\": [\"a b:read\", \"vaults:read\"] }";
    sandbox.write(".rolecall/catalog/reviews.json", odd);
    assert_eq!(sandbox.run(&["schema", "--write"]).code, 0);
    assert!(sandbox.read(schema).contains("\"vaults\"") && !sandbox.read(schema).contains("a b"));
    sandbox.write(".rolecall/catalog/reviews.json", "{");
    let broken = sandbox.run(&["schema", "--write"]);
    assert_eq!(broken.code, 3);
    assert!(
        broken.err.contains("the catalogue `.rolecall/catalog/reviews.json` cannot be used"),
        "{}",
        broken.err
    );
}

#[test]
fn what_a_whole_list_lacks_is_warned_about_without_a_kept_one() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "rolecall.yaml",
        "version: 1
targets:
  code: { provider: gitlab, files: [\"roles/code.yaml\"], settings: { group: acme } }
  agents: { provider: devin, files: [\"roles/agents.yaml\"] }
",
    );
    sandbox.write(
        "roles/code.yaml",
        "provider: gitlab
permission_sets:
  odd: [totally_made_up_thing]
roles:
  reader: { name: Reader, description: Reads, base: guest, permissions: [read_code, totally_made_up_thing] }
  other: { name: Other, description: Reads too, base: guest, include: [odd], permissions: [read_code] }
",
    );
    sandbox.write(
        "roles/agents.yaml",
        "provider: devin
roles:
  r: { name: R, description: d, scope: enterprise, permissions: [view_account_metrics, fly_to_the_moon] }
",
    );
    let valid = sandbox.run(&["validate"]);
    assert_eq!(valid.code, 0, "{}", valid.err);
    for said in [
        "`totally_made_up_thing` is not in the known catalogue",
        "keeps the live list",
        "It stands in 1 more place.",
        "`fly_to_the_moon` is not in the known catalogue",
        "no API tells which permissions there are",
    ] {
        let words = valid.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(said), "{said}: {}", valid.out);
    }
    assert_eq!(valid.out.matches("warning[RC048]").count(), 2, "{}", valid.out);
    // What the tenant has is known once its list is kept.
    sandbox.write(
        ".rolecall/catalog/code.json",
        "{ \"version\": 1, \"provider\": \"gitlab\", \"permissions\": [\"totally_made_up_thing\"] }",
    );
    let known = sandbox.run(&["validate", "--target", "code"]);
    assert!(!known.out.contains("`totally_made_up_thing` is not"), "{}", known.out);
}
