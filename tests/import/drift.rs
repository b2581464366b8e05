//! `import --drift` as a person runs it: on a git repository, after an apply that was recorded.

use std::process::Command;

use serde_json::json;

use crate::common::{Emulator, Project};

/// A person's own style: comments, both forms of lists, and an order of their own.
const ALL: &str = "\
# the roles of acme
permission_sets:
  reading: { reports: [read] }
roles:
  # who looks at findings
  reviewer: # by key
    name: Security reviewer
    description: Reads everything # for now
    include: [reading]
    permissions:
      learnings: [read, write] # both
      # more to come
      user_management:
        - read # only read

  # keeps the books
  auditor: { name: Auditor, permissions: { reports: [read, write] } }

# people
assignments:
  - role: reviewer
    users:
      # the team
      - \"1003\" # mira
      - \"1004\"
  - role: auditor
    users: [\"1005\"]
";

/// An applied and recorded project.
fn applied(more: &str, yaml: &str) -> (Emulator, Project) {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, &format!("on_unassign: {{ to: builtin:cr_member }}\n{more}"));
    project.define(yaml);
    project.commit("roles");
    let _applied = project.apply().exits(0);
    (emulator, project)
}

fn git(project: &Project, args: &[&str], input: &str) -> (bool, String) {
    use std::io::Write as _;
    let mut command = Command::new("git");
    command.args(args).current_dir(&project.dir);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("git runs");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

/// Prints the patch, applies it with git, and requires that nothing is left to plan.
#[track_caller]
fn take_over(project: &Project) -> String {
    let before = project.read("roles/all.yaml");
    let said = project.run("import --drift").exits(0);
    assert_eq!(project.read("roles/all.yaml"), before, "nothing is written by itself");
    let (fine, why) = git(project, &["apply", "--check"], &said.stdout);
    assert!(fine, "{why}\n{}", said.stdout);
    let (fine, why) = git(project, &["apply"], &said.stdout);
    assert!(fine, "{why}\n{}", said.stdout);
    said.stdout
}

#[track_caller]
fn settled(project: &Project) {
    project.is_in_place();
    let again = project.run("import --drift").exits(0);
    assert_eq!(again.stdout, "", "{}", again.everything());
}

#[test]
fn what_was_clicked_becomes_a_patch_that_keeps_the_style() {
    let (emulator, project) = applied("", ALL);
    emulator.edit_role(
        "Security reviewer",
        &json!({
            "name": "Security lead",
            "description": "Reads: all",
            "permissions": ["learnings:read", "reports:read", "user_management:read", "user_management:write", "reports:write"],
        }),
    );
    emulator.edit_role("Auditor", &json!({ "permissions": ["reports:read", "learnings:read"] }));
    emulator.give("1004", "cr_member");
    emulator.give("1003", &emulator.role_id("Auditor"));
    let patch = take_over(&project);
    let expected = "\
provider: coderabbit
# the roles of acme
permission_sets:
  reading: { reports: [read] }
roles:
  # who looks at findings
  reviewer: # by key
    name: Security lead
    description: \"Reads: all\" # for now
    include: [reading]
    permissions:
      learnings: [read] # both
      # more to come
      user_management:
        - read # only read
        - write
      reports: [write]

  # keeps the books
  auditor: { name: Auditor, permissions: { reports: [read], learnings: [read] } }

# people
assignments:
  - role: auditor
    users: [\"1005\", \"1003\"]
";
    assert_eq!(project.read("roles/all.yaml"), expected, "{patch}");
    let gives = patch.find("# Gives access:").expect("the summary");
    let takes = patch.find("# Takes access away:").expect("the summary");
    assert!(gives < takes && takes < patch.find("diff --git a/roles/all.yaml").expect("a diff"), "{patch}");
    assert!(patch.contains("gained reports:write, user_management:write"), "{patch}");
    settled(&project);
}

#[test]
fn what_a_set_brings_goes_by_except_and_comes_back_without_it() {
    let (emulator, project) = applied("", ALL);
    emulator.edit_role(
        "Security reviewer",
        &json!({ "permissions": ["learnings:read", "learnings:write", "user_management:read"] }),
    );
    take_over(&project);
    let text = project.read("roles/all.yaml");
    assert!(text.contains("        - read # only read\n    except:\n      reports: [read]\n\n"), "{text}");
    assert!(text.contains("  reading: { reports: [read] }\n"), "the set stays: {text}");
    settled(&project);
    project.commit("taken over");
    let _applied = project.apply().exits(0);
    emulator.edit_role(
        "Security reviewer",
        &json!({ "permissions": ["learnings:read", "learnings:write", "user_management:read", "reports:read"] }),
    );
    take_over(&project);
    assert_eq!(project.read("roles/all.yaml"), format!("provider: coderabbit\n{ALL}"));
    settled(&project);
}

#[test]
fn a_deleted_role_goes_with_its_people_and_its_comment() {
    let (emulator, project) = applied("", ALL);
    emulator.give("1005", "cr_member");
    emulator.delete_role("Auditor");
    let patch = take_over(&project);
    assert!(patch.contains("role `auditor` is deleted"), "{patch}");
    let text = project.read("roles/all.yaml");
    assert!(
        !text.contains("auditor") && !text.contains("books") && text.contains("# people\nassignments:\n"),
        "{text}"
    );
    assert!(text.contains("        - read # only read\n\n# people\n"), "{text}");
    settled(&project);
}

#[test]
fn the_last_of_each_kind_may_go() {
    let (emulator, project) = applied(
        "",
        "roles:\n  only: { name: Only, description: Needed, permissions: { reports: [read] } } # one\nassignments: # who\n  - role: only\n    users: [\"1003\"]\n",
    );
    emulator.give("1003", "cr_member");
    emulator.delete_role("Only");
    take_over(&project);
    assert_eq!(project.read("roles/all.yaml"), "provider: coderabbit\nroles: {}\nassignments: [] # who\n");
    settled(&project);
}

#[test]
fn windows_line_ends_and_a_missing_one_stay() {
    let yaml = ALL.replace('\n', "\r\n");
    let (emulator, project) = applied("", yaml.trim_end());
    emulator.edit_role("Auditor", &json!({ "permissions": ["reports:read"], "name": "Books" }));
    emulator.give("1003", &emulator.role_id("Books"));
    emulator.edit_role(
        "Security reviewer",
        &json!({ "permissions": ["learnings:read", "learnings:write", "reports:read", "user_management:read", "user_management:delete"] }),
    );
    take_over(&project);
    let text = project.read("roles/all.yaml");
    assert!(text.contains("        - read # only read\r\n        - delete\r\n"), "{text:?}");
    assert!(text.ends_with("users: [\"1005\", \"1003\"]"), "{text:?}");
    assert_eq!(text.matches('\n').count() - 1, text.matches("\r\n").count(), "{text:?}");
    settled(&project);
}

#[test]
fn nothing_is_added_to_a_protected_role() {
    let protected = ALL.replace("auditor: { name", "auditor: { protect: [add, delete, rename, remove], name");
    let (emulator, project) = applied("", &protected);
    emulator.edit_role(
        "Auditor",
        &json!({ "name": "Books", "permissions": ["reports:read", "user_management:write"] }),
    );
    let before = project.read("roles/all.yaml");
    let said = project.run("import --drift").exits(4);
    assert_eq!(said.stdout, "", "{}", said.everything());
    let said = said
        .has("refused: roles/all.yaml:18: role `auditor` gained `user_management:write`")
        .has("`protect` with `add`")
        .has("role `auditor` lost `reports:write`")
        .has("role `auditor` is named `Books`");
    let _nothing = said.lacks("Gives access");
    // What was lifted since, without an apply, still holds; the rest is taken over.
    project.define(ALL);
    project.commit("lifted");
    emulator.edit_role("Security reviewer", &json!({ "description": "New" }));
    let said =
        project.run("import --drift --write").exits(0).has("role `auditor` gained `user_management:write`");
    assert!(said.stdout.contains("Changed roles/all.yaml"), "{}", said.everything());
    let text = project.read("roles/all.yaml");
    assert_eq!(
        text,
        before.replace("protect: [add, delete, rename, remove], ", "").replace("Reads everything", "New")
    );
    emulator.give("1005", "cr_member");
    emulator.delete_role("Books");
    let _deleted = project
        .run("import --drift")
        .exits(4)
        .has("role `auditor` is deleted")
        .has("`protect` with `delete`");
}

#[test]
fn hostile_names_are_escaped_everywhere() {
    let (emulator, project) = applied("", ALL);
    let name = "x\u{202e}\u{1b}[31m\n+++ b/rolecall.yaml";
    emulator.edit_role("Auditor", &json!({ "name": name, "description": "::error::\u{200b}" }));
    let patch = take_over(&project);
    let hidden = |c: &char| rolecall::render::escape::is_hidden(*c) && *c != '\n';
    assert_eq!(patch.chars().find(hidden), None, "{patch}");
    let text = project.read("roles/all.yaml");
    let id = emulator.role_id(name);
    let entry =
        format!("auditor: {{ id: {id}, name: \"x\\u202E\\x1B[31m\\n+++ b/rolecall.yaml\", permissions");
    assert!(text.contains(&entry.replace(&id, &word(&id))), "{text}");
    settled(&project);
}

/// An id as the definitions write it.
fn word(id: &str) -> String {
    if id.starts_with(|c: char| c.is_ascii_alphabetic()) { id.to_owned() } else { format!("{id:?}") }
}

#[test]
fn what_cannot_be_edited_safely_is_said_with_its_place() {
    let yaml = "\
roles:
  one: { name: One, description: First, permissions: &both { reports: [read] } }
  two: { name: Two, description: Second, permissions: *both }
  three: { name: Three, description: Third, permissions: { reports: [read] } }
";
    let (emulator, project) = applied("", yaml);
    for role in ["One", "Two", "Three"] {
        emulator.edit_role(role, &json!({ "permissions": ["reports:read", "learnings:read"] }));
    }
    let said = project
        .run("import --drift --write")
        .exits(1)
        .has("by hand: roles/all.yaml:3: role `one`: add `learnings:read`")
        .has("is anchored")
        .has("by hand: roles/all.yaml:4: role `two`: add `learnings:read`")
        .has("is an alias")
        .has("role `three` gained learnings:read");
    let _lines = said.lacks("role `one` gained");
    let expected = yaml.replace(
        "Third, permissions: { reports: [read] }",
        "Third, permissions: { reports: [read], learnings: [read] }",
    );
    assert_eq!(project.read("roles/all.yaml"), format!("provider: coderabbit\n{expected}"));
}

#[test]
fn a_file_of_two_targets_is_not_changed_for_one_of_them() {
    let (emulator, project) = applied("", ALL);
    project.config_also(
        "  again:\n    provider: coderabbit\n    emulator: true\n    files: [\"roles/**/*.yaml\"]",
    );
    project.commit("two targets");
    emulator.edit_role("Auditor", &json!({ "permissions": ["reports:read"] }));
    let said =
        project.run("import --drift --target reviews").exits(1).has("is also a file of target `again`");
    assert_eq!(said.stdout, "", "{}", said.everything());
}

#[test]
fn one_role_or_some_addresses() {
    let (emulator, project) = applied("", ALL);
    emulator.edit_role("Auditor", &json!({ "description": "Books" }));
    emulator.edit_role("Auditor", &json!({ "permissions": ["reports:read"] }));
    emulator.edit_role("Security reviewer", &json!({ "description": "New" }));
    emulator.give("1004", "cr_member");
    for args in [
        &["import", "Auditor", "--drift"][..],
        &["import", "auditor", "--drift"],
        &["import", "--drift", "--only", "reviews/role/auditor"],
    ] {
        let said =
            project.run_args(args).exits(0).has("role `auditor`, which 1 person holds, lost reports:write");
        let _only = said.lacks("reviewer").lacks("1004");
    }
    let said = project.run("import --drift --no-assignments").exits(0).has("role `reviewer`");
    let _nobody = said.lacks("no longer holds");
    let _usage = project.run("import --write").exits(64);
    let _usage = project.run("import --drift --force").exits(64);
    let _usage = project.run("import --drift --rev HEAD").exits(64);
}

#[test]
fn what_was_merged_since_is_no_drift_and_what_nobody_declared_neither() {
    let (emulator, project) = applied("", ALL);
    project.define(&ALL.replace("learnings: [read, write] # both", "learnings: [read, write, delete] # all"));
    project.commit("merged, not applied");
    emulator.edit_role("Auditor", &json!({ "permissions": ["reports:read"] }));
    let _made = emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    let said = project.run("import --drift").exits(0);
    assert!(
        !said.stdout.contains("\n-      learnings") && said.stdout.contains("auditor"),
        "{}",
        said.stdout
    );
    let _noted = said
        .has("1 role and 3 assignments were never declared in git, which is no drift")
        .has("rolecall import");
    let said = project.run("import --drift --write").exits(0);
    let _next = said.lacks("no record");
    let _pending = project.run("plan").exits(0).has("+ learnings: delete").has("1 to change");
}

#[test]
fn without_a_record_every_difference_counts_and_is_said_so() {
    let emulator = Emulator::start();
    let project = Project::on(
        &emulator,
        "record: none\non_unassign: { to: builtin:cr_member }\n".trim_start_matches("record: none\n"),
    );
    project.define(ALL);
    let _applied = project.apply().exits(0);
    emulator.edit_role("Auditor", &json!({ "permissions": ["reports:read"] }));
    let said = project.run("import --drift").exits(0).has("there is no record of an apply");
    let (fine, why) = git(&project, &["apply"], &said.stdout);
    assert!(fine, "{why}");
    project.is_in_place();
}

#[test]
fn a_target_that_git_owns_gets_new_roles_and_people() {
    let admins = "  - role: builtin:cr_admin\n    users: [\"1001\", \"1002\"]\n  - { role: builtin:cr_billing_admin, users: [\"1008\"] }\n";
    let (emulator, project) = applied("manage: authoritative", &format!("{ALL}{admins}"));
    let id = emulator.make_role(&json!({ "name": "Clicked", "permissions": ["reports:read"] }));
    emulator.give("1006", &id);
    emulator.give("1007", "cr_admin");
    let before = project.read("roles/all.yaml");
    let said = project
        .run("import --drift")
        .exits(0)
        .has("role `Clicked` is new, with reports:read")
        .has("`1006` holds `Clicked`");
    let (fine, why) = git(&project, &["apply"], &said.stdout);
    assert!(fine, "{why}\n{}", said.stdout);
    assert!(said.stdout.contains("--- /dev/null\n+++ b/roles/reviews.yaml\n"), "{}", said.stdout);
    let admins = said.stdout.find("holds `Admin`").expect("administrators");
    assert!(admins < said.stdout.find("Clicked").expect("the role"), "{}", said.stdout);
    let after = project.read("roles/all.yaml");
    assert!(after.contains("users: [\"1001\", \"1002\", \"1007\"]"), "{before}\n{after}");
    settled(&project);
}

#[test]
fn definitions_below_the_top_of_the_repository_are_patched_there() {
    let emulator = Emulator::start();
    let project = Project::on(&emulator, "");
    project.init();
    let config = project.read("rolecall.yaml");
    std::fs::remove_file(project.dir.join("rolecall.yaml")).expect("removed");
    project.write("access \"é/rolecall.yaml", &config);
    project.write(
        "access \"é/roles/a b.yaml",
        "provider: coderabbit\nroles:\n  one: { name: One, description: Needed, permissions: {} }\n",
    );
    project.commit("start");
    let args = |more: &'static [&'static str]| [&["-C", "access \"é"], more].concat();
    let _applied = project.run_args(args(&["apply", "--auto-approve"])).exits(0);
    emulator.edit_role("One", &json!({ "permissions": ["reports:read"] }));
    let said = project.run_args(args(&["import", "--drift"])).exits(0);
    let (fine, why) = git(&project, &["apply"], &said.stdout);
    assert!(fine, "{why}\n{}", said.stdout);
    let text = project.read("access \"é/roles/a b.yaml");
    assert!(text.ends_with("permissions: { reports: [read] } }\n"), "{text}");
    let _quiet = project.run_args(args(&["plan"])).exits(0).has("No changes");
}

#[test]
fn a_permission_goes_however_often_it_is_said_and_no_other_role_follows() {
    let yaml = "\
permission_sets:
  reading: { reports: [read] }
roles:
  one:
    name: One
    description: First
    include: [reading]
    permissions: { reports: [read, write] }
  two:
    name: Two
    description: Second
    base: one
    permissions: { learnings: [read] }
";
    let (emulator, project) = applied("", yaml);
    emulator.edit_role("One", &json!({ "permissions": ["reports:write", "user_management:read"] }));
    let patch = take_over(&project);
    assert!(patch.contains("#   reviews: role `one` gained user_management:read\n"), "{patch}");
    assert!(patch.contains("#   reviews: role `one` lost reports:read\n"), "{patch}");
    assert!(patch.contains("role `two` still goes without user_management:read"), "{patch}");
    let expected = yaml
        .replace(
            "    permissions: { reports: [read, write] }\n",
            "    permissions: { reports: [write], user_management: [read] }\n    except:\n      reports: [read]\n",
        )
        .replace(
            "{ learnings: [read] }\n",
            "{ learnings: [read], reports: [read] }\n    except:\n      user_management: [read]\n",
        );
    assert_eq!(project.read("roles/all.yaml"), format!("provider: coderabbit\n{expected}"));
    settled(&project);
}

#[test]
fn names_may_be_swapped_and_shared() {
    let yaml = "\
roles:
  one: { name: One, description: First, permissions: { reports: [read] } }
  two: { name: Two, description: Second, permissions: {} }
";
    let (emulator, project) = applied("", yaml);
    let (one, two) = (emulator.role_id("One"), emulator.role_id("Two"));
    emulator.edit_role("One", &json!({ "name": "Three" }));
    emulator.edit_role("Two", &json!({ "name": "One" }));
    emulator.edit_role("Three", &json!({ "name": "Two" }));
    take_over(&project);
    let swapped = yaml
        .replace("name: One", "name: -")
        .replace("name: Two", "name: One")
        .replace("name: -", "name: Two");
    assert_eq!(project.read("roles/all.yaml"), format!("provider: coderabbit\n{swapped}"));
    settled(&project);
    assert_eq!((emulator.role_id("Two"), emulator.role_id("One")), (one, two));
}

#[test]
fn a_branch_that_is_behind_is_patched_as_it_lies_there() {
    let (emulator, project) = applied("", ALL);
    let repo = git2::Repository::open(&project.dir).expect("a repository");
    let head = repo.head().and_then(|head| head.peel_to_commit()).expect("a commit");
    repo.branch("feature", &head, false).expect("a branch");
    project.write(
        "roles/more.yaml",
        "provider: coderabbit\nroles:\n  more: { name: More, description: Needed, permissions: {} }\n",
    );
    project.commit("on main");
    let (fine, why) = git(&project, &["checkout", "-q", "feature"], "");
    assert!(fine, "{why}");
    emulator.edit_role("Auditor", &json!({ "permissions": ["reports:read"] }));
    let said = project.run("import --drift --base main").exits(0);
    let (fine, why) = git(&project, &["apply"], &said.stdout);
    assert!(fine, "{why}\n{}", said.stdout);
    assert!(!said.stdout.contains("more.yaml"), "{}", said.stdout);
    assert!(
        project
            .read("roles/all.yaml")
            .contains("auditor: { name: Auditor, permissions: { reports: [read] } }")
    );
}
