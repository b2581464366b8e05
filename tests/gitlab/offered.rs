//! What this server offers of what GitLab is known to have.

use super::{define, emulator, live, project, role, seed};

#[test]
fn a_base_that_the_server_lacks_is_refused_before_anything_is_sent() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, &format!("roles:\n{}", role("guard", "security_manager", "admin_merge_request")));
    let _offline = project.run("validate").exits(0);
    let refused = project.apply().exits(3).has("GitLab has no built-in role `security_manager` here");
    let _refused = refused.has("Built-in roles here:").has("roles/all.yaml:5");
    assert!(
        emulator.sent().iter().all(|line| line == "POST /api/graphql") && live(&emulator, "guard").is_none()
    );
    define(
        &project,
        "assignments:\n  - { role: \"builtin:security_manager\", users: [zoe], scope: { group: acme } }\n",
    );
    let _refused = project.plan().exits(3).has("no built-in role `security_manager` here");

    // A server that does not tell is not one that has it.
    emulator.switch("introspection", "off");
    define(&project, &format!("roles:\n{}", role("guard", "security_manager", "admin_merge_request")));
    let unknown = project.plan().exits(0);
    let _unknown =
        unknown.has("Nobody can tell whether GitLab has the built-in role `security_manager` here");
    define(&project, &format!("roles:\n{}", role("guard", "reporter", "admin_merge_request")));
    let _others = project.plan().exits(0).lacks("Nobody can tell");

    emulator.switch("introspection", "on");
    emulator.switch("security_manager", "on");
    define(&project, &format!("roles:\n{}", role("guard", "security_manager", "admin_merge_request")));
    let _made = project.apply().exits(0).lacks("Nobody can tell");
    project.is_in_place();
    assert_eq!(live(&emulator, "guard").expect("made")["base_access_level"], 25);
}

#[test]
fn a_permission_that_is_switched_off_is_not_taken_for_a_slip_of_the_hand() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, &format!("roles:\n{}", role("tagger", "developer", "manage_protected_tags")));
    let off =
        project.plan().exits(3).has("GitLab does not offer the permission `manage_protected_tags` here");
    let off = off.has("version 17.9 or later").has("`custom_ability_manage_protected_tags` switched on");
    let _off = off.lacks("Did you mean");
    emulator.switch("flag_manage_protected_tags", "on");
    let _on = project.apply().exits(0);
    define(&project, &format!("roles:\n{}", role("tagger", "developer", "manage_protected_tag")));
    let _slip = project.plan().exits(3).has("Did you mean `manage_protected_tags`?");
}
