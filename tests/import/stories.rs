//! Import as a person runs it.

use serde_json::json;

use super::program::{Place, usual};

const WHOLE: &str = "\
provider: coderabbit

roles:
  nimda-x:
    id: r4
    name: \"\\u202Enimda: #x\"
    permissions: {}

  security-reviewer:
    name: Security reviewer
    description: Reads everything
    permissions:
      learnings: [read, write]
      reports: [read]

  twin:
    id: r2
    name: Twin
    permissions:
      reports: [read]

  twin-2:
    id: r3
    name: Twin
    permissions:
      reports: [write]

default_role: security-reviewer

assignments:
  - role: security-reviewer
    users:
      - \"1003\" # mira
  - role: twin-2
    users:
      - \"1004\" # okan\\u{a}roles\\u{3a} \\u{7b}\\u{7d}
  - role: builtin:cr_admin
    users:
      - \"1001\" # ada
      - \"1002\" # ben
";

#[test]
fn a_tenant_becomes_a_file_and_a_second_import_changes_no_byte() {
    let place = Place::new(usual());
    let said = place.must(&["import"]);
    assert_eq!(said.out, "Wrote roles/reviews.yaml\n");
    assert!(said.err.contains("reviews: 4 roles, 4 holders, the default role"), "{}", said.err);
    assert!(said.err.contains("rolecall plan"), "{}", said.err);
    assert_eq!(place.read("roles/reviews.yaml"), WHOLE);
    place.nothing_left();

    let before = place.files();
    let said = place.must(&["import"]);
    assert_eq!(said.out, "");
    assert!(
        said.err.contains("nothing to import; 4 roles and 4 holders are declared already"),
        "{}",
        said.err
    );
    assert_eq!(place.files(), before);
}

#[test]
fn the_schema_is_named_where_there_is_one() {
    let place = Place::new(usual());
    place.must(&["schema", "--write"]);
    place.must(&["import", "--out", "roles/{target}/{key}.yaml"]);
    let names: Vec<String> = place.files().into_keys().collect();
    assert_eq!(
        names,
        ["assignments", "nimda-x", "security-reviewer", "twin-2", "twin"]
            .map(|key| format!("roles/reviews/{key}.yaml"))
    );
    let role = place.read("roles/reviews/nimda-x.yaml");
    assert!(
        role.starts_with(
            "# yaml-language-server: $schema=../../.rolecall/schema/definitions.schema.json\nprovider: coderabbit\n\nroles:\n"
        ),
        "{role}"
    );
    let holders = place.read("roles/reviews/assignments.yaml");
    assert!(holders.contains("\ndefault_role: security-reviewer\n\nassignments:\n"), "{holders}");
    place.nothing_left();
}

#[test]
fn a_file_with_comments_is_added_to() {
    let place = Place::new(usual());
    place.write(
        "roles/reviews.yaml",
        "# kept by hand\nprovider: coderabbit # ours\nroles:\n  # the reviewers\n  reviewers: # a key of our own\n    name: Security reviewer\n    permissions: { learnings: [read, write], reports: [read] }\n\n# people\nassignments:\n  - role: builtin:cr_admin # two\n    users: [\"1001\", \"1002\"]\n# end\n",
    );
    place.must(&["import"]);
    let expected = "\
# kept by hand
provider: coderabbit # ours
roles:
  # the reviewers
  reviewers: # a key of our own
    name: Security reviewer
    permissions: { learnings: [read, write], reports: [read] }

  nimda-x:
    id: r4
    name: \"\\u202Enimda: #x\"
    permissions: {}

  twin:
    id: r2
    name: Twin
    permissions:
      reports: [read]

  twin-2:
    id: r3
    name: Twin
    permissions:
      reports: [write]

# people
assignments:
  - role: builtin:cr_admin # two
    users: [\"1001\", \"1002\"]
  - role: reviewers
    users:
      - \"1003\" # mira
  - role: twin-2
    users:
      - \"1004\" # okan\\u{a}roles\\u{3a} \\u{7b}\\u{7d}
# end

default_role: reviewers
";
    assert_eq!(place.read("roles/reviews.yaml"), expected);
    place.nothing_left();
    place.must(&["import"]);
    assert_eq!(place.read("roles/reviews.yaml"), expected);
}

#[test]
fn only_force_overwrites() {
    let place = Place::new(usual());
    let declared = "# mine\nprovider: coderabbit\nroles:\n  our-key:\n    name: Security reviewer\n    permissions: {}\n";
    place.write("roles/reviews.yaml", declared);
    place.must(&["import"]);
    let added = place.read("roles/reviews.yaml");
    assert!(added.starts_with(declared), "what is declared stays, also where live differs: {added}");

    let said = place.must(&["import", "--force"]);
    assert_eq!(said.out, "Changed roles/reviews.yaml\n");
    let anew = place.read("roles/reviews.yaml");
    let expected =
        WHOLE.replace("security-reviewer:\n", "our-key:\n").replace(": security-reviewer", ": our-key");
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&anew), sorted(&expected), "the key stays, the rest is live: {anew}");
    place.nothing_left();

    let said = place.run(&["import", "Twin", "--force"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    let said = place.run(&["import", "r2", "--force"]);
    assert_eq!(said.code, Some(64), "{said:?}");
    assert_eq!(place.read("roles/reviews.yaml"), anew);
}

#[test]
fn one_role_by_name_or_id() {
    let place = Place::new(usual());
    place.must(&["import", "Security reviewer", "--no-assignments"]);
    let text = place.read("roles/reviews.yaml");
    assert!(
        text.contains("security-reviewer:") && !text.contains("twin") && !text.contains("users"),
        "{text}"
    );
    place.must(&["import", "r3"]);
    let text = place.read("roles/reviews.yaml");
    assert!(
        text.contains("  twin:\n    id: r3\n") && text.contains("\"1004\"") && !text.contains("\"1003\""),
        "{text}"
    );

    let before = place.files();
    for (wanted, says) in [
        ("Twin", "2 live roles are named `Twin`"),
        ("Security reviewr", "Did you mean `Security reviewer`?"),
        ("SECURITY-REVIEWER", "Did you mean `Security reviewer`?"),
        ("Admin", "`Admin` is a built-in role"),
    ] {
        let said = place.run(&["import", wanted]);
        assert_eq!(said.code, Some(3), "{said:?}");
        assert!(said.err.contains(says), "{}", said.err);
    }
    assert_eq!(place.files(), before);
    place.must(&["import"]);
    place.nothing_left();
}

#[test]
fn a_place_that_is_not_read_is_refused_with_the_line_to_add() {
    let place = Place::new(usual());
    for out in
        ["access/{key}.yaml", "../{key}.yaml", "roles/.x/{key}.yaml", "roles/{name}.yaml", "roles/nul.yaml"]
    {
        let said = place.run(&["import", "--out", out]);
        assert_eq!(said.code, Some(64), "{out}: {said:?}");
    }
    let said = place.run(&["import", "--out", "access/{key}.yaml"]);
    assert!(said.err.contains("Add \"access/*.yaml\" to the `files:` of the target"), "{}", said.err);
    let second =
        "  second:\n    provider: coderabbit\n    emulator: true\n    files: [\"roles/**/*.yaml\"]\n";
    place.configure("[\"roles/**/*.yaml\"]", second);
    let said = place.run(&["import", "--target", "reviews"]);
    assert_eq!(said.code, Some(64), "{said:?}");
    assert!(said.err.contains("among the `files:` of target `second`, too"), "{}", said.err);
    assert!(place.files().is_empty());
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links() {
    let place = Place::new(usual());
    let outside = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(outside.path(), place.path().join("roles")).expect("a link");
    let said = place.run(&["import"]);
    assert_ne!(said.code, Some(0), "{said:?}");
    assert!(std::fs::read_dir(outside.path()).expect("the folder").next().is_none());
}

#[test]
fn several_targets_get_files_of_their_own() {
    let place = Place::new(usual());
    let second = "  try-it:\n    provider: coderabbit\n    emulator: true\n    files: [\"more/*.yaml\"]\n";
    place.configure("[\"roles/**/*.yaml\"]", second);
    let said = place.must(&["import"]);
    assert_eq!(said.out, "Wrote roles/reviews.yaml\nWrote more/try-it.yaml\n");
    assert!(place.read("more/try-it.yaml").contains("builtin:cr_admin"));
    place.must(&["plan", "--detailed-exitcode"]);
}

#[test]
fn who_cannot_be_read_is_reported() {
    let mut org = usual();
    org["users"][2]["user_name"] = json!("mira\u{1b}[31m");
    // Custom roles are called `custom` by this API, so that nobody can tell which one it is.
    let place = Place::new(org);
    place.emulator.switch("user_role_value", "custom");
    let said = place.run(&["import"]);
    assert_eq!(said.code, Some(7), "{said:?}");
    assert!(said.err.contains("`mira\\u{1b}[31m`"), "{}", said.err);
    assert!(said.err.contains("which role they hold cannot be read"), "{}", said.err);
    let text = place.read("roles/reviews.yaml");
    assert!(text.contains("security-reviewer:") && !text.contains("1003"), "{text}");
}

#[test]
fn what_cannot_be_added_to_is_printed() {
    let place = Place::new(usual());
    let text = "provider: coderabbit\nroles: { x: { name: Security reviewer, permissions: {} } }\n";
    place.write("roles/reviews.yaml", text);
    let said = place.run(&["import"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("between brackets"), "{}", said.err);
    assert!(
        said.out.contains("roles:\n  nimda-x:\n    id: r4\n    name: \"\\u202Enimda: #x\"\n"),
        "{}",
        said.out
    );
    assert_eq!(place.read("roles/reviews.yaml"), text);
}

#[test]
fn broken_definitions_are_not_added_to() {
    let place = Place::new(usual());
    place.write("roles/reviews.yaml", "provider: coderabbit\nroles: [\n");
    let said = place.run(&["import"]);
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.err.contains("RC004"), "{}", said.err);
    assert_eq!(place.read("roles/reviews.yaml"), "provider: coderabbit\nroles: [\n");
}
