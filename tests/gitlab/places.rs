//! What can be known and done in single groups and projects.

use serde_json::json;

use super::{define, emulator, membership, project, role, seed, seed_with};

fn roles() -> String {
    format!("roles:\n{}", role("approver", "reporter", "admin_merge_request"))
}

#[test]
fn p6_a_closed_list_of_one_group_holds_up_nothing_elsewhere() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    project.config_also("guards: { max_unassigns: \"100%\" }\n");
    project.commit("guards");
    let given = "  - { role: approver, users: [mira], scope: { group: acme } }\n  - { role: approver, users: [zoe], scope: { group: acme/platform } }\n";
    define(&project, &format!("{}assignments:\n{given}", roles()));
    let _given = project.apply().exits(0);
    project.commit("given");
    define(&project, &roles());
    emulator.faults(&["GET /api/v4/groups/acme%2Fplatform/members status=403"]);
    let _refused = project
        .apply()
        .exits(4)
        .has("A list was not read, so that nothing of it changes: GET /api/v4/groups/acme/platform/members")
        .has("will not take a role from");
    let mira = "platform/assignment/group=acme/user:2";
    let _mira = project.run_args(["apply", "--auto-approve", "--only", mira]).exits(0);
    assert_eq!(membership(&emulator, "groups", "acme", "mira"), Some((20, None)));
    assert!(matches!(membership(&emulator, "groups", "acme/platform", "zoe"), Some((20, Some(_)))));
    // What is to be given there is refused: it might take something away unseen.
    define(
        &project,
        &format!(
            "{}assignments:\n  - {{ role: approver, users: [okan], scope: {{ group: acme/platform }} }}\n",
            roles()
        ),
    );
    let _refused = project.plan().has("on an incomplete read");
    // And a role that is held somewhere out of sight is not deleted.
    define(&project, "roles: {}\n");
    let _kept = project.apply().exits(4).has("nobody can tell who holds role `approver`");
}

#[test]
fn less_than_somebody_holds_in_a_group_above_is_refused_in_the_plan() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    let at = |user: &str, scope: &str| {
        format!("{}assignments:\n  - {{ role: approver, users: [{user}], scope: {scope} }}\n", roles())
    };
    define(&project, &at("okan", "{ project: acme/platform/api }"));
    let _refused = project.apply().exits(4).has(
        "`okan (3)` holds `Developer` in group `acme/platform`, and cannot hold less here, as `approver` is",
    );
    assert_eq!(emulator.writes().len(), 0);
    // As much or more is fine, and so is a group that lies beside.
    define(&project, &at("mira", "{ project: acme/platform/api }"));
    let _more = project.apply().exits(0);
    // What the definitions give above counts like what is there.
    let above = "  - { role: builtin:developer, users: [zoe], scope: { group: acme } }\n";
    define(&project, &format!("{}{above}", at("zoe", "{ group: acme/platform }")));
    let _refused = project
        .plan()
        .has("is to hold `Developer` in group `acme`, and cannot hold less here")
        .lacks("holds `Dev");
}

#[test]
fn a_path_that_none_can_have_is_found_offline() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    for path in ["\"84\"", "acme/plat~form", "acme:x"] {
        define(
            &project,
            &format!(
                "{}assignments:\n  - {{ role: approver, users: [mira], scope: {{ group: {path} }} }}\n",
                roles()
            ),
        );
        let _wrong = project.run("validate").exits(3).has("RC024").has("cannot be the path of a group");
    }
}

#[test]
fn people_who_were_moved_in_a_group_are_taken_over_into_the_definitions() {
    let emulator = emulator(&seed_with(|seed| {
        seed["groups"][1]["members"] = json!([]);
    }));
    let project = project(&emulator, "on_unassign: keep_base");
    let reader =
        "  reader: { name: Reader, description: Reads, base: guest, permissions: [read_code], id: \"14\" }\n";
    define(
        &project,
        &format!(
            "{}{reader}assignments:\n  - role: approver\n    users: [mira, okan]\n    scope: {{ group: acme/platform }}\n  - role: reader\n    users: [zoe]\n    scope: {{ group: acme/platform }}\n  - role: reader\n    users: [zoe]\n    scope: {{ project: acme/platform/api }}\n",
            roles()
        ),
    );
    project.commit("roles");
    let _given = project.apply().exits(0);
    let move_to = |user: &str, level: u64, role: Option<u64>| {
        let path = format!("/_dashboard/groups/85/members/{user}");
        emulator.put(&path, &json!({ "access_level": level, "member_role_id": role }));
    };
    move_to("okan", 10, Some(14));
    move_to("mira", 30, None);
    let _said = project.run("import --drift --write").exits(0).has("`okan` (3) in group `acme/platform`");
    project.is_in_place();
    let text = project.read("roles/all.yaml");
    assert!(text.contains("users: [zoe, okan]"), "{text}");
    assert!(text.contains("role: builtin:developer"), "{text}");
    assert_eq!(text.matches("zoe").count(), 2, "the list of the project stays as it is: {text}");
}
