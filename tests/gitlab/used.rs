//! Roles that something else than a member uses, and that GitLab does not delete.

use serde_json::json;

use super::{
    READER, apply_looked, define, emulator, live, membership, plan_looked, project, seed, seed_with,
};

#[test]
fn a_protected_branch_keeps_a_role_and_the_deletion_stays_due() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    define(
        &project,
        &format!("{READER}assignments:\n  - {{ role: reader, users: [zoe], scope: {{ group: acme }} }}\n"),
    );
    project.commit("given");
    let _given = project.apply().exits(0);
    emulator.put("/_dashboard/protected-branches/main", &json!({ "member_role_ids": [14] }));
    define(&project, "removed: [{ name: Reader, reassign_to: \"builtin:guest\" }]\n");
    project.commit("removed");
    let kept = apply_looked(&project).exits(6).has("Role is used by one or more protected branches");
    let kept = kept.has("Whoever held the role has moved").has("Settings > Repository > Protected branches");
    let _kept = kept.has("then apply again: the deletion stays planned").lacks("Plan again");
    assert_eq!(membership(&emulator, "groups", "acme", "zoe"), Some((10, None)));
    // Also later, and where the role is only left out.
    for yaml in ["removed: [{ name: Reader, reassign_to: \"builtin:guest\" }]\n", "roles: {}\n"] {
        define(&project, yaml);
        project.commit("later");
        let _due = plan_looked(&project).exits(0).has("delete Reader").lacks("No changes");
    }
    emulator.put("/_dashboard/protected-branches/main", &json!({ "member_role_ids": [] }));
    let _gone = apply_looked(&project).exits(0);
    assert!(live(&emulator, "Reader").is_none());
}

#[test]
fn an_admin_role_that_somebody_holds_is_refused_with_what_to_do() {
    let emulator = emulator(&seed_with(|seed| {
        seed["deployment"] = json!("instance");
        seed["users"][0]["admin"] = json!(true);
        seed["users"][3]["admin_role"] = json!(20);
        seed["roles"] = json!([{ "id": 20, "name": "Watcher", "permissions": ["read_admin_users"] }]);
    }));
    let project = project(&emulator, "");
    project.config(&format!(
        "  platform:\n    provider: gitlab\n    files: [\"roles/**/*.yaml\"]\n    settings: {{ url: \"{}\" }}\n",
        emulator.url
    ));
    project.commit("instance");
    define(&project, "removed: [{ name: Watcher }]\n");
    let refused =
        project.apply().exits(4).has("role `Watcher` has 1 holder, and the list of members names 0");
    let _refused = refused.has("Take it from them in the product itself, and plan again.");
    assert!(live(&emulator, "Watcher").is_some());
}

#[test]
fn steps_for_an_emulator_lead_nowhere_into_gitlab_itself() {
    let project = crate::common::Project::new();
    project.config("  try-it:\n    provider: gitlab\n    emulator: true\n    files: [\"roles/**/*.yaml\"]\n    settings: { group: acme }\n");
    let role =
        "roles:\n  one:\n    description: Needed\n    base: BASE\n    permissions: [admin_merge_request]\n";
    define(&project, &role.replace("BASE", "reporter"));
    let _made = project.apply().exits(0);
    define(&project, &role.replace("BASE", "developer"));
    let refused =
        project.plan().exits(4).has("This target is an EMULATOR").has("`--allow unseen --reason TEXT`");
    let _refused = refused.lacks("gitlab.com").lacks("https://");
}
