//! `diff`: what differs between two revisions, offline.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use super::hostile_text::{HOSTILE, inert};
use crate::common::{
    Project,
    http::Listener,
    project::{Output, commit},
};

const CONFIG: &str = "  reviews:\n    provider: coderabbit\n    files: [\"roles/**/*.yaml\"]\n    settings: { org_id: \"88321\" }\n";

/// A repository with one target, whose only commit has these definitions.
fn project(yaml: &str) -> Project {
    let project = Project::new();
    project.config(CONFIG);
    project.init();
    project.define(yaml);
    let _first = project.commit("first");
    project
}

/// With a word in place of each abbreviated commit.
fn shown(output: &Output) -> String {
    let text = output.shown();
    let words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let word = |word: &str| {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let commit = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if commit { word.replace(digits, "COMMIT") } else { word.to_owned() }
    };
    words.map(word).collect()
}

/// Requires that nothing differs between two definitions.
#[track_caller]
fn same(before: &str, after: &[(&str, &str)]) {
    let project = project(before);
    for (path, text) in after {
        project.write(path, text);
    }
    let _same = project.run("diff --detailed-exitcode").exits(0).has("No difference.");
}

/// The document, after it was held against its schema.
#[track_caller]
fn json(project: &Project, range: &str) -> Value {
    let document = project.run(&format!("diff {range} --format json")).json();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/diff.schema.json");
    let schema = std::fs::read_to_string(schema).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    document
}

const BEFORE: &str = "\
permission_sets:
  reading: { reports: [read] }
roles:
  auditor:
    name: Auditor
    description: Reads everything
    base: cr_member
    include: [reading]
    protect: true
  helper: { name: Helper, description: Helps, permissions: { integrations: [read, write] } }
  gone: { name: Gone Role, description: Goes, permissions: { learnings: [read] } }
assignments:
  - { role: auditor, users: [\"1003\", \"1004\"] }
  - { role: builtin:cr_member, users: [\"1005\"] }
default_role: helper
";

const AFTER: &str = "\
permission_sets:
  reading: { reports: [read] }
roles:
  auditor:
    name: Auditor
    description: Reads nearly everything
    base: cr_member
    permissions: { audit_logs: [read] }
    except: { learnings: [write] }
    include: [reading]
    protect: [delete]
  helper:
    name: Release helper
    description: null
    previously: [Helper]
    permissions: { integrations: [read] }
  newcomer:
    name: Newcomer
    description: Is new
    base: auditor
    permissions: { billing_management: [read] }
assignments:
  - { role: auditor, users: [\"1003\"], exclusive: [users] }
  - { role: newcomer, users: [\"1004\"], expires: 2099-01-31 }
  - { role: helper, users: [\"1006\"] }
default_role: newcomer
removed:
  - { key: gone, reassign_to: newcomer }
";

#[test]
fn everything_that_differs_is_shown() {
    let project = project(BEFORE);
    project.define(AFTER);
    project.config(&CONFIG.replace("88321", "88322"));
    project.config_also("guards: { max_deletes: 10 }");
    let output = project.run("diff --detailed-exitcode").exits(2);
    insta::assert_snapshot!(shown(&output), @r#"
    From HEAD (BASE) to the work tree

    ! guards.max_deletes: 3 → 10

    reviews  coderabbit
      ! settings.org_id: 88321 → 88322

      ~ Auditor  reviews/role/auditor  roles/all.yaml:5
          description:
            - Reads everything
            + Reads nearly everything
          protect: delete, rename, remove → delete
          permissions: builtin:cr_member + 1 unchanged
            - learnings: write  if the base grants it
            + audit_logs: read

      - Gone Role  reviews/role/gone  roles/all.yaml:12
          description: "Goes"
          permissions:
            - learnings: read

      → Helper → Release helper  reviews/role/helper  roles/all.yaml:13
          description: "Helps" → (cleared)
          permissions: 1 unchanged
            - integrations: write

      + Newcomer  reviews/role/newcomer  roles/all.yaml:18
          description: "Is new"
          base: auditor
          except: learnings:write
          permissions: builtin:cr_member
            + audit_logs: read  (base auditor, roles/all.yaml:9)
            + billing_management: read
            + reports: read  (base auditor, set reading, roles/all.yaml:3)

      ~ default role: helper → newcomer  roles/all.yaml:27

      Assignments
        ~ user 1004: auditor → newcomer until 2099-01-31  roles/all.yaml:25
        - user 1005: builtin:cr_member  roles/all.yaml:15
        + user 1006: helper  roles/all.yaml:26

      + the list of every user in auditor is the whole truth now: everybody else loses the role
          roles/all.yaml:24
      + removed: gone, its holders go to newcomer  roles/all.yaml:29

    Roles: 1 added, 1 removed, 1 renamed, 1 changed; permissions +1 −2; assignments: 1 added, 1 removed,
      1 changed; 2 scope changes; 3 other differences.
    --- exit 2
    "#);
    let output = project.run("diff --format markdown").exits(0);
    insta::assert_snapshot!(shown(&output), @r###"
    ### Roles: 1 added, 1 removed, 1 renamed, 1 changed; permissions +1 −2; assignments: 1 added, 1 removed, 1 changed; 2 scope changes; 3 other differences.

    From `HEAD` (`COMMIT`) to the work tree.

    - **guards.max&#95;deletes**: `3` → `10`

    #### reviews · coderabbit

    **What is managed and guarded changes**

    - **settings.org&#95;id**: `88321` → `88322`

    **Change Auditor** · `roles/all.yaml:5` · `reviews/role/auditor`

    ```diff
    @@ description @@
    - Reads everything
    + Reads nearly everything
    - protect: delete, rename, remove
    + protect: delete
    @@ permissions: builtin:cr_member + 1 unchanged @@
    - learnings: write  if the base grants it
    + audit_logs: read
    ```

    **Remove Gone Role** · `roles/all.yaml:12` · `reviews/role/gone`

    ```diff
    - description: "Goes"
    @@ permissions: @@
    - learnings: read
    ```

    **Rename Helper → Release helper** · `roles/all.yaml:13` · `reviews/role/helper`

    ```diff
    - description: "Helps"
    + description: (cleared)
    @@ permissions: 1 unchanged @@
    - integrations: write
    ```

    **Add Newcomer** · `roles/all.yaml:18` · `reviews/role/newcomer`

    ```diff
    + description: "Is new"
    + base: auditor
    + except: learnings:write
    @@ permissions: builtin:cr_member @@
    + audit_logs: read  (base auditor, roles/all.yaml:9)
    + billing_management: read
    + reports: read  (base auditor, set reading, roles/all.yaml:3)
    ```

    Default role: **helper** → **newcomer** · `roles/all.yaml:27`

    - user `1004`: **auditor** → **newcomer** until 2099<span>&#45;</span>01<span>&#45;</span>31 · `roles/all.yaml:25`
    - user `1005`: no longer **builtin<span>&#58;</span>cr&#95;member** · `roles/all.yaml:15`
    - user `1006`: gets **helper** · `roles/all.yaml:26`
    - the list of every user in **auditor** is the whole truth now: everybody else loses the role · `roles/all.yaml:24`
    - Now removed: **gone**, its holders go to **newcomer** · `roles/all.yaml:29`

    --- exit 0
    "###);
    let _document = json(&project, "");
}

#[test]
fn where_a_role_stands_and_how_it_reads_is_no_difference() {
    let one = "roles:\n  a: { name: Abc, description: x, permissions: { reports: [read], learnings: [read, write] } }\n  b: { name: Bcd, description: other, permissions: { reports: [read] } }\n";
    same(one, &[("roles/all.yaml", "# Nothing here\nprovider: coderabbit\n")][..0]);
    let moved = "provider: coderabbit\nroles:\n  # A comment\n  a:\n    permissions:\n      learnings: [write, read]\n      reports:\n        - read\n    description: x\n    name: \"Abc\"\n";
    same(
        one,
        &[
            (
                "roles/all.yaml",
                "provider: coderabbit\nroles:\n  b: { name: Bcd, description: other, permissions: { reports: [read] } }\n",
            ),
            ("roles/deep/other.yaml", moved),
        ],
    );
    // From the role into a set, from there into another one, and by way of a base role.
    let set = "provider: coderabbit\npermission_sets:\n  s: { include: [t], permissions: { learnings: [write] } }\n  t: { learnings: [read] }\nroles:\n  a: { name: Abc, description: x, include: [s], permissions: { reports: [read] } }\n  b: { name: Bcd, description: other, permissions: { reports: [read] } }\n";
    same(one, &[("roles/all.yaml", set)]);
    same(
        "assignments:\n  - { role: builtin:cr_member, users: [\"1003\", \"1004\"] }\n",
        &[(
            "roles/all.yaml",
            "provider: coderabbit\nassignments:\n  - { role: builtin:cr_member, users: [\"id:1004\"] }\n  - { role: builtin:cr_member, users: [\"1003\"] }\n",
        )],
    );
}

/// Forty roles that include `all`, which includes `reading`.
fn forty(reading: &str, all: &str) -> String {
    let mut text = format!(
        "permission_sets:\n  reading: {reading}\n  all: {all}\n  more: {{ audit_logs: [read] }}\nroles:\n"
    );
    for number in 1..=40 {
        let _ = writeln!(
            text,
            "  team-{number:02}: {{ name: Team {number:02}, description: x, include: [all] }}"
        );
    }
    text
}

#[test]
fn a_line_in_a_shared_set_is_shown_once_with_all_its_roles() {
    let all = "{ include: [reading], permissions: { integrations: [read] } }";
    let project = project(&forty("{ reports: [read] }", all));
    project.define(&forty("{ reports: [read], learnings: [read] }", all));
    let output = project
        .run("diff")
        .exits(0)
        .has("~ set reading roles/all.yaml:3 + learnings: read in 40 roles: Team 01, Team 02,")
        .has("40 roles changed; permissions +40.");
    for number in 1..=40 {
        assert_eq!(output.stdout.matches(&format!("Team {number:02}")).count(), 1, "{}", output.stdout);
    }
    let markdown = project.run("diff --format markdown").exits(0).has("<summary>in 40 roles</summary>");
    assert_eq!(markdown.stdout.matches("Team 17").count(), 1);
    let document = json(&project, "");
    let target = &document["targets"][0];
    assert_eq!(target["causes"].as_array().map(Vec::len), Some(1));
    assert_eq!(target["causes"][0]["roles"].as_array().map(Vec::len), Some(40));
    let roles = target["roles"].as_array().expect("roles");
    assert_eq!(roles.len(), 40);
    for role in roles {
        assert_eq!(role["permissions"]["added"][0]["cause"], 0);
        assert_eq!(role["permissions"]["added"][0]["via"]["place"]["line"], 3);
        assert_eq!(role["permissions"]["unchanged"], 2);
    }
    // What a set loses is a line of the first revision.
    let back = project.run("diff").stdout;
    let _second = project.commit("second");
    let reverse = project.run("diff HEAD..HEAD~1").exits(0).has("- learnings: read in 40 roles");
    assert!(back.contains("roles/all.yaml:3") && reverse.stdout.contains("roles/all.yaml:3"));
}

#[test]
fn an_inclusion_and_a_base_role_are_lines_that_concern_many_roles_too() {
    let reading = "{ reports: [read] }";
    let project = project(&forty(reading, "{ include: [reading] }"));
    project.define(&forty(reading, "{ include: [reading, more] }"));
    let _include = project
        .run("diff")
        .exits(0)
        .has("~ set all includes more roles/all.yaml:4 + audit_logs: read in 40 roles");

    let roles = |permissions: &str, except: &str| {
        format!(
            "roles:\n  root: {{ name: Root, description: x, base: cr_member, permissions: {permissions} }}\n  one: {{ name: One, description: x, base: root }}\n  two: {{ name: Two, description: x, base: one{except} }}\n"
        )
    };
    let project = self::project(&roles("{ reports: [read] }", ""));
    project.define(&roles("{ reports: [read], learnings: [read] }", ""));
    let _base = project
        .run("diff")
        .exits(0)
        .has("~ role root roles/all.yaml:3 + learnings: read in 3 roles: One, Root, Two");
    // What one of them takes away again stays out of it.
    project.define(&roles(
        "{ reports: [read], learnings: [read] }",
        ", except: { learnings: [read], metrics_dashboard: [read] }",
    ));
    let output = project
        .run("diff")
        .exits(0)
        .has("in 2 roles: One, Root")
        .has("- learnings: read if the base grants it")
        .has("- metrics_dashboard: read if the base grants it")
        .has("builtin:cr_member + 1 unchanged");
    assert!(output.stdout.contains("~ Two"));
}

#[test]
fn a_set_that_nobody_includes_and_a_role_that_includes_alone() {
    let text = |sets: &str, include: &str| {
        format!(
            "permission_sets:\n  s: {sets}\n  t: {{ learnings: [read] }}\nroles:\n  a: {{ name: Abc, description: x, include: {include} }}\n  b: {{ name: Bcd, description: x, include: [s] }}\n"
        )
    };
    let project = project(&text("{ reports: [read] }", "[s]"));
    project.define(&text("{ reports: [read] }", "[s, t]"));
    let _alone = project.run("diff").exits(0).has("~ Abc reviews/role/a roles/all.yaml:6 permissions: 1 unchanged + learnings: read (set t, roles/all.yaml:4)").lacks("~ set");
    let unused = "permission_sets:\n  s: { reports: [read] }\nroles:\n  a: { name: Abc, description: x }\n";
    same(
        unused,
        &[(
            "roles/all.yaml",
            &format!("provider: coderabbit\n{}", unused.replace("[read]", "[read, write]")),
        )],
    );
}

#[test]
fn roles_are_found_again_as_a_plan_finds_them() {
    let role = |key: &str, rest: &str| {
        format!("roles:\n  {key}: {{ description: x, permissions: {{ reports: [read] }}, {rest} }}\n")
    };
    let project = project(&role("one", "name: First"));
    for (yaml, text) in [
        (role("one", "name: Second"), "→ First → Second reviews/role/one"),
        (
            role("two", "name: First"),
            "→ First reviews/role/two roles/all.yaml:3 key: one → two (its name at the provider stays)",
        ),
        (
            role("two", "name: Second, previously: [First]"),
            "→ First → Second reviews/role/two roles/all.yaml:3 key: one → two",
        ),
    ] {
        project.define(&yaml);
        let _renamed = project.run("diff").exits(0).has(text).has("1 role renamed.").lacks("permissions");
    }
    project.define(&role("two", "name: Second"));
    let _other =
        project.run("diff").exits(0).has("+ Second").has("- First").has("Roles: 1 added, 1 removed.");
    // People go with a role that has another key.
    let held = |key: &str| {
        format!(
            "{}assignments:\n  - {{ role: {key}, users: [\"1003\"] }}\ndefault_role: {key}\n",
            role(key, "name: First")
        )
    };
    let project = self::project(&held("one"));
    project.define(&held("two"));
    let _held = project.run("diff").exits(0).has("1 role renamed.");
}

#[test]
fn revisions_are_named_as_in_git() {
    let role = |permissions: &str| {
        format!("roles:\n  a: {{ name: Abc, description: x, permissions: {{ {permissions} }} }}\n")
    };
    let project = project(&role("reports: [read]"));
    let first = project.commit("same");
    let git = |args: &[&str]| {
        let status = std::process::Command::new("git")
            .args(args)
            .current_dir(&project.dir)
            .env("HOME", &project.dir)
            .output();
        assert!(status.expect("git runs").status.success(), "{args:?}");
    };
    git(&["branch", "side"]);
    project.define(&role("reports: [read, write]"));
    let _second = project.commit("second");
    git(&["checkout", "-q", "side"]);
    project.define(&role("reports: [read], learnings: [read]"));
    let _third = commit(&project.dir, "third");
    let _tips = project.run("diff main..side").exits(0).has("- reports: write").has("+ learnings: read");
    let _parted = project
        .run("diff main...side")
        .exits(0)
        .has("+ learnings: read")
        .lacks("reports: write")
        .has("From where side parted from main");
    let _tree =
        project.run("diff main").exits(0).has("From main (").has("to the work tree").has("- reports: write");
    let _nothing = project.run("diff").exits(0).has("From HEAD (").has("No difference.");
    let _short = project
        .run(&format!("diff {}..", &first[..10]))
        .exits(0)
        .has(&format!("From {} to HEAD", &first[..10]));
    let _unknown =
        project.run("diff main..sied").exits(64).has("there is no revision `sied`").has("Did you mean");
    let _rev =
        project.run("diff --rev main").exits(64).has("`diff` takes no `--rev`").has("rolecall diff A..B");
    let _base = project.run("diff main --base side").exits(64);
    // A repository without files.
    let bare = project.dir.with_extension("git");
    git(&["clone", "-q", "--bare", ".", bare.to_str().expect("UTF-8")]);
    let args = |range: &'static str| ["-C", bare.to_str().expect("UTF-8"), "diff", range];
    let _bare = project.run_args(args("main...side")).exits(0).has("+ learnings: read");
    let _no_tree = project.run_args(args("main")).exits(64).has("is a bare repository");
    // No history in common, and no repository at all.
    git(&["checkout", "-q", "--orphan", "other"]);
    let _orphan = commit(&project.dir, "other");
    let _parted = project
        .run("diff main...other")
        .exits(64)
        .has("have no history in common")
        .has("rolecall diff main..other");
    std::fs::remove_dir_all(project.dir.join(".git")).expect("it is removed");
    let _outside = project.run("diff main..side").exits(64).has("is not in a git repository");
}

#[test]
fn a_revision_with_errors_is_named_and_does_not_hide_the_rest() {
    let project = Project::new();
    let other = CONFIG.replace("reviews", "other").replace("roles/**", "other").replace("88321", "4711");
    project.config(&format!("{CONFIG}{other}"));
    project.init();
    project.define("roles:\n  a: { name: Abc, permissions: 7 }\n");
    project.write("other/a.yaml", "provider: coderabbit\nroles:\n  a: { name: Abc, description: x, permissions: { reports: [read] } }\n");
    let _first = project.commit("first");
    project.define("roles:\n  a: { name: Abc, permissions: { reports: [read] } }\n");
    project.write("other/a.yaml", "provider: coderabbit\nroles:\n  a: { name: Abc, description: other, permissions: { reports: [read] } }\n");
    let output = project
        .run("diff --detailed-exitcode")
        .exits(3)
        .has("error: the definitions of `HEAD` have errors")
        .has("RC021")
        .has("reviews coderabbit Cannot be compared: its definitions have errors in HEAD.")
        .has("- x + other")
        .has("1 role changed; 1 target cannot be compared.")
        .lacks("has no description");
    assert!(output.stderr.contains("roles/all.yaml:3:"), "{}", output.stderr);
    let document = json(&project, "");
    assert_eq!(document["a"]["errors"], 1);
    assert_eq!(document["b"]["errors"], 0);
    assert_eq!(document["targets"][1]["status"], "unknown");
    assert_eq!(document["targets"][1]["broken"], serde_json::json!(["a"]));
    // Where it does not matter it is not said.
    let _other =
        project.run("diff --target other --detailed-exitcode").exits(2).has("1 role changed.").lacks("RC021");
    let _second = project.commit("second");
    project.write("rolecall.yaml", "version: 1\ntargets: 7\n");
    let _config = project
        .run("diff")
        .exits(3)
        .has("error: the definitions of the work tree have errors")
        .has("2 targets cannot be compared.");
}

#[test]
fn a_revision_without_a_configuration_has_no_targets() {
    let project = Project::new();
    project.init();
    project.write("README", "nothing yet");
    let _first = project.commit("first");
    project.config(CONFIG);
    project.define(BEFORE);
    let _second = project.commit("second");
    let _added = project
        .run("diff HEAD~1..HEAD")
        .exits(0)
        .has("without a configuration to HEAD")
        .has("+ target reviews")
        .has("+ Auditor")
        .has("3 roles added")
        .lacks("guards");
    let _dropped = project
        .run("diff HEAD..HEAD~1")
        .exits(0)
        .has("- target reviews")
        .has("no longer managed, and stays")
        .has("3 roles removed");
    let _neither =
        project.run("diff HEAD~1..HEAD~1").exits(1).has("neither `HEAD~1` nor `HEAD~1` has `rolecall.yaml`");
}

#[test]
fn what_is_managed_and_guarded_is_compared() {
    let role = |key: &str| {
        format!(
            "provider: coderabbit\nroles:\n  {key}: {{ description: x, permissions: {{ reports: [read] }} }}\n"
        )
    };
    let project = Project::new();
    let entry = |name: &str, files: &str, more: &str| {
        format!("  {name}:\n    provider: coderabbit\n    files: [{files}]\n{more}")
    };
    project.config(&entry("old-name", "a.yaml, b.yaml", "    settings: { org_id: \"1\" }\n"));
    for (path, key) in [("a.yaml", "aaa"), ("b.yaml", "bbb"), ("c.yaml", "ccc")] {
        project.write(path, &role(key));
    }
    project.init();
    let _first = project.commit("first");
    let more = "    settings: { org_id: \"1\" }\n    credential: { env: CODERABBIT_API_KEY_OTHER }\n    manage: additive\n    on_unassign: { to: aaa }\n";
    project.config(&entry("new-name", "a.yaml, c.yaml", more));
    project.config_also("guards: { min_admins: 1 }\napply_from: [main]");
    let output = project.run("diff").exits(0);
    insta::assert_snapshot!(shown(&output), @r#"
    From HEAD (BASE) to the work tree

    ! guards.min_admins: 2 → 1
    ! apply_from: anywhere → main

    old-name → new-name  coderabbit
      ! target: old-name → new-name
      ! credential: CODERABBIT_API_KEY → CODERABBIT_API_KEY_OTHER
      ! manage.roles: declared → additive
      ! manage.assignments: declared → additive
      ! on_unassign: refuse → to aaa
      ! files: a.yaml, b.yaml → a.yaml, c.yaml
      ! no longer read: b.yaml; what only they declare is no longer managed, and stays
      ! read now, and there before: c.yaml

      - bbb  new-name/role/bbb  b.yaml:3
          no longer managed, and stays
          description: "x"
          permissions:
            - reports: read

      + ccc  new-name/role/ccc  c.yaml:3
          description: "x"
          permissions:
            + reports: read

    Roles: 1 added, 1 removed; 10 scope changes.
    --- exit 0
    "#);
    let document = json(&project, "");
    assert_eq!(document["targets"][0]["files_left"], serde_json::json!(["b.yaml"]));
    assert_eq!(document["targets"][0]["files_joined"], serde_json::json!(["c.yaml"]));
}

#[test]
fn a_part_can_be_chosen() {
    let project = project(BEFORE);
    project.define(AFTER);
    let _role = project
        .run("diff --only reviews/role/helper")
        .exits(0)
        .has("→ Helper → Release helper")
        .has("1 role renamed; permissions −1.")
        .lacks("Auditor")
        .lacks("1003");
    let _people = project.run("diff --only reviews/assignment/**").exits(0).has("user 1004").lacks("Helper");
    let _none =
        project.run("diff --target nobody").exits(64).has("no target is called `nobody`").has("reviews");
    let _glob = project.run("diff --only [").exits(64);
    let _quiet = project.run("diff --quiet").exits(0).has("Roles: 1 added").lacks("Auditor");
    let twice = || project.run("diff --format json").stdout;
    assert_eq!(twice(), twice());
}

#[test]
fn p11_names_of_a_strangers_pull_request_are_inert() {
    for hostile in HOSTILE {
        let escaped: String = hostile.chars().map(|c| format!("\\U{:08X}", u32::from(c))).collect();
        let role = |key: &str, more: &str| {
            format!(
                "roles:\n  {key}:\n    name: \"x{escaped}\"\n    id: abc\n    description: \"{escaped}{more}\"\n    permissions: {{ reports: [read] }}\n"
            )
        };
        let project = project(&role("a", ""));
        project.define(&format!(
            "{}assignments:\n  - {{ role: b, users: [\"1003\"] }}\nremoved:\n  - {{ name: \"{escaped}\" }}\n",
            role("b", " and more")
        ));
        for format in ["text", "json", "markdown"] {
            for range in ["", "HEAD..HEAD"] {
                let output = project.run(&format!("diff {range} --format {format} --color never"));
                inert(&output, hostile);
                assert_eq!(output.code, 0, "{}", output.everything());
                assert!(!range.is_empty() || output.stdout.contains("and more"), "{}", output.stdout);
            }
        }
        // As a principal, or without the id that says that nothing else is meant, it is an error of
        // the revision.
        project.define(&format!("assignments:\n  - {{ role: builtin:cr_member, users: [\"{escaped}\"] }}\n"));
        inert(&project.run("diff").exits(3), hostile);
    }
}

#[test]
fn nothing_is_asked_of_the_network_or_of_the_environment() {
    let listener = Listener::start(200, "{}");
    let project = project("");
    project.config(&CONFIG.replace("org_id: \"88321\"", &format!("url: \"http://{}\"", listener.address)));
    project.define(BEFORE);
    let _first = project.commit("first");
    project.define(AFTER);
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    let world = rolecall::workflow::World {
        actor: "somebody".into(),
        registry: rolecall::provider::Registry::builtin(),
        environment: Arc::new(move |name: &str| {
            log.lock().expect("no panic").push(name.to_owned());
            None
        }),
        allowed_hosts: Vec::new(),
        redactor: rolecall::model::Redactor::default(),
        today: jiff::civil::date(2026, 11, 20),
        now: jiff::Timestamp::UNIX_EPOCH,
        cache: rolecall::definition::ParseCache::default(),
        stop: rolecall::provider::http::Stop::default(),
        events: None,
    };
    let wishes = rolecall::workflow::diff::Wishes {
        start: project.dir.clone(),
        config: None,
        range: rolecall::workflow::diff::Range::parse(None),
        targets: Vec::new(),
        only: Vec::new(),
    };
    let compared = rolecall::workflow::diff::diff(&world, &wishes);
    assert!(compared.is_ok_and(|compared| compared.document.differs));
    assert_eq!(*asked.lock().expect("no panic"), Vec::<String>::new());
    let _run = project.run("diff").exits(0);
    assert_eq!(listener.seen(), Vec::<String>::new());
}
