//! Protection that outlives its file: no commit, and no two, lift it and use that in one apply.

use serde_json::json;

use crate::common::{
    Emulator, Project,
    emulator::text,
    repository::{READS, begun, config, role},
};

const PROTECTED: &str = "protect: true, permissions: { reports: [read], learnings: [read] }";
const BARE: &str = "permissions: { reports: [read], learnings: [read] }";

/// A project whose role `Guarded` is protected and in place, recorded or not.
fn guarded(recorded: bool) -> (Emulator, Project) {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.role("guarded", "Guarded", PROTECTED);
    project.save("guarded");
    let _applied = project.apply().exits(0);
    if !recorded {
        project.git("update-ref -d refs/rolecall/applied/-/reviews");
    }
    (emulator, project)
}

/// Lifting and using in every way, with a record and without: refused, and nothing is written.
fn refused(args: &str, change: impl Fn(&Emulator, &Project)) {
    for recorded in [true, false] {
        let (emulator, project) = guarded(recorded);
        change(&emulator, &project);
        let roles = emulator.roles();
        emulator.forget();
        let output = project.run(&format!("apply --auto-approve {args}"));
        assert_eq!(output.code, 4, "recorded: {recorded}\n{}", output.everything());
        assert_eq!(emulator.sent(), [""; 0], "recorded: {recorded}\n{}", output.everything());
        assert_eq!(emulator.roles(), roles);
        let plan = project.run(&format!("plan --format json {args}")).exits(4).json();
        let verdicts = plan["targets"][0].to_string();
        let why =
            [r#""guard":"protect""#, r#""guard":"scope_change""#].iter().any(|why| verdicts.contains(why));
        assert!(why, "recorded: {recorded}\n{verdicts}");
    }
}

#[test]
fn its_file_is_deleted() {
    refused("", |_, project| {
        project.remove("roles/guarded.yaml");
        project.save("gone");
    });
}

#[test]
fn a_rebase_merge_whose_first_commit_lifts_and_second_deletes() {
    refused("", |_, project| {
        project.role("guarded", "Guarded", BARE);
        project.save("lifted");
        project.remove("roles/guarded.yaml");
        project.save("deleted");
    });
}

#[test]
fn the_same_long_after_it_was_lifted() {
    refused("", |_, project| {
        project.role("guarded", "Guarded", BARE);
        project.save("lifted");
        for key in ["two", "three"] {
            project.role(key, key, READS);
            project.save(key);
        }
        project.write("roles/two.yaml", "provider: coderabbit\nremoved: [guarded]\n");
        project.remove("roles/guarded.yaml");
        project.save("deleted on purpose");
    });
}

#[test]
fn base_head_does_not_shorten_the_look() {
    refused("--base HEAD", |_, project| {
        project.role("guarded", "Guarded", BARE);
        project.save("lifted");
        project.write("roles/guarded.yaml", "provider: coderabbit\nremoved:\n  - { name: Guarded }\n");
        project.save("deleted");
    });
}

#[test]
fn it_is_removed_by_its_live_name() {
    refused("", |_, project| {
        project.write("roles/guarded.yaml", "provider: coderabbit\nremoved:\n  - { name: Guarded }\n");
        project.save("deleted");
    });
}

#[test]
fn it_is_renamed_and_then_deleted() {
    refused("", |_, project| {
        project.role("other", "Other", &format!("previously: [Guarded], {BARE}"));
        project.remove("roles/guarded.yaml");
        project.save("renamed");
        project.write("roles/other.yaml", "provider: coderabbit\nremoved:\n  - { name: Guarded }\n");
        project.save("deleted");
    });
}

#[test]
fn it_is_renamed() {
    refused("", |_, project| {
        project.role("guarded", "Other", BARE);
        project.save("renamed, and lifted");
    });
    refused("", |_, project| {
        project.remove("roles/guarded.yaml");
        project.role("other", "Other", &format!("previously: [Guarded], {BARE}"));
        project.save("renamed, under another key");
    });
}

#[test]
fn it_loses_permissions_under_another_key_in_another_file() {
    refused("", |_, project| {
        project.remove("roles/guarded.yaml");
        project.role("other", "Guarded", READS);
        project.save("moved, and lifted");
    });
    refused("", |_, project| {
        project.remove("roles/guarded.yaml");
        project.write(
            "roles/deep/er.yaml",
            &format!("provider: coderabbit\nroles:\n{}", role("guarded", "Guarded", READS)),
        );
        project.save("moved, and lifted");
    });
}

#[test]
fn somebody_renamed_it_in_the_dashboard_first() {
    let (emulator, project) = guarded(true);
    emulator.edit_role("Guarded", &json!({ "name": "Renamed" }));
    project.write("roles/guarded.yaml", "provider: coderabbit\nremoved:\n  - { name: Renamed }\n");
    project.save("deleted");
    let _refused = project.apply().exits(4).has("`protect` forbids it");
    assert_eq!(emulator.custom(), ["One", "Renamed"]);
}

#[test]
fn its_target_is_renamed() {
    refused("", |emulator, project| {
        project.write("rolecall.yaml", &config(emulator, "others", "\"roles/**/*.yaml\""));
        project.write("roles/guarded.yaml", "provider: coderabbit\nremoved:\n  - { name: Guarded }\n");
        project.save("renamed, and deleted");
    });
}

#[test]
fn the_globs_are_narrowed() {
    refused("", |emulator, project| {
        let files = "\"roles/one.yaml\", \"roles/removed.yaml\"";
        project.write("rolecall.yaml", &config(emulator, "reviews", files));
        project.write("roles/removed.yaml", "provider: coderabbit\nremoved:\n  - { name: Guarded }\n");
        project.save("narrowed, and deleted");
    });
}

#[test]
fn the_mode_is_changed() {
    refused("", |emulator, project| {
        project.target(emulator, "manage: { roles: authoritative }\n");
        project.remove("roles/guarded.yaml");
        project.save("everything that git does not declare goes");
    });
}

#[test]
fn its_settings_say_the_same_in_other_words() {
    refused("", |emulator, project| {
        let config = project.read("rolecall.yaml");
        project.write("rolecall.yaml", &config.replace("settings: { ", "settings: { org_id: \"88321\", "));
        assert!(emulator.url.starts_with("http"));
        project.remove("roles/guarded.yaml");
        project.save("deleted");
    });
}

#[test]
fn a_branch_that_deletes_shows_that_it_will_be_refused() {
    refused("", |_, project| {
        project.git("checkout -q -b feature");
        project.role("guarded", "Guarded", BARE);
        project.save("lifted");
        project.remove("roles/guarded.yaml");
        project.save("deleted");
    });
}

/// A rebase merge lifts in one commit and uses it in the next; `use_it` is that next one.
fn lifted_before(recorded: bool, use_it: impl Fn(&Project)) -> (Emulator, Project) {
    let (emulator, project) = guarded(recorded);
    project.role("guarded", "Guarded", BARE);
    project.save("lifted");
    use_it(&project);
    project.save("used");
    (emulator, project)
}

#[test]
fn a_rebase_merge_that_lifts_and_then_renames_or_narrows() {
    let rename =
        |project: &Project| project.role("guarded", "Other", &format!("previously: [Guarded], {BARE}"));
    let narrow = |project: &Project| project.role("guarded", "Guarded", READS);
    for use_it in [&rename as &dyn Fn(&Project), &narrow] {
        let (emulator, project) = lifted_before(true, use_it);
        let _refused = project.apply().exits(4).has("`protect` forbids it");
        assert_eq!(emulator.permissions("Guarded"), ["learnings:read", "reports:read"]);
    }
}

#[test]
fn the_same_without_a_record() {
    let rename = |project: &Project| {
        project.role("guarded", "Other", &format!("previously: [Guarded], {BARE}"));
    };
    let narrow = |project: &Project| project.role("guarded", "Guarded", READS);
    for use_it in [&rename as &dyn Fn(&Project), &narrow] {
        let (emulator, project) = lifted_before(false, use_it);
        let _refused = project.apply().exits(4).has("`protect` forbids it");
        assert_eq!(emulator.permissions("Guarded"), ["learnings:read", "reports:read"]);
    }
}

#[test]
fn lifting_takes_an_apply_of_its_own_and_then_it_may_go() {
    let (emulator, project) = guarded(true);
    project.role("guarded", "Guarded", BARE);
    project.save("lifted");
    let _lifted = project.apply().exits(0).has("No changes");
    project.remove("roles/guarded.yaml");
    project.save("deleted");
    let _deleted = project.apply().exits(0);
    assert_eq!(emulator.custom(), ["One"]);

    // Or with a reason, by a person who is there.
    let (emulator, project) = guarded(false);
    project.remove("roles/guarded.yaml");
    project.save("deleted");
    let _told =
        project.run_args(["apply", "--auto-approve", "--allow", "protect", "--reason", "OPS-7"]).exits(0);
    assert_eq!(emulator.custom(), ["One"]);
}

#[test]
fn a_history_that_is_not_there_proves_nothing() {
    let (emulator, project) = guarded(false);
    project.role("guarded", "Guarded", BARE);
    project.save("lifted");
    project.write("roles/guarded.yaml", "provider: coderabbit\nremoved:\n  - { name: Guarded }\n");
    project.save("deleted");
    project.git("config uploadpack.allowFilter true");
    for (name, options, help) in [
        ("shallow", "--depth 1", "git fetch --unshallow"),
        ("less-shallow", "--depth 2", "git fetch --unshallow"),
        ("partial", "--filter=blob:none", "git fetch --refetch --no-filter"),
    ] {
        let clone = project.clone_to(name, options);
        let said = project.run_in(&clone, "apply --auto-approve").exits(4);
        let _said = said.has("nobody can tell whether an earlier revision protects it").has(help);
    }
    assert_eq!(emulator.custom(), ["Guarded", "One"]);
    assert_eq!(text(&emulator.role("Guarded").expect("there"), "name"), "Guarded");
}

#[test]
fn what_may_gain_nothing_gains_nothing_where_the_history_is_not_there() {
    let emulator = Emulator::start();
    let project = begun(&emulator, "");
    project.role("guarded", "Guarded", "protect: [add], permissions: { reports: [read] }");
    project.save("guarded");
    let _applied = project.apply().exits(0);
    project.git("update-ref -d refs/rolecall/applied/-/reviews");
    project.role("guarded", "Guarded", READS);
    project.save("lifted");
    project.role("guarded", "Guarded", BARE);
    project.role("two", "Two", READS);
    project.save("used");
    let _refused = project.apply().exits(4).has("would gain permissions, and `protect` forbids it");
    for options in ["--depth 1", "--depth 2"] {
        let clone = project.clone_to(&options.replace(' ', ""), options);
        let said = project.run_in(&clone, "apply --auto-approve").exits(4);
        let said = said.has("would gain permissions, and nobody can tell whether an earlier revision");
        let _said = said.has("git fetch --unshallow");
        // What is new takes no permission from anybody's protection.
        let made = project.run_in(&clone, "plan --only reviews/role/two").exits(0);
        let _made = made.has("create Two");
    }
    assert_eq!(emulator.permissions("Guarded"), ["reports:read"]);
}
