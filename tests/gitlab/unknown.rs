//! A place that answers "not found" is not an empty place: what git or a list says is there is unknown
//! then, and what is unknown is neither done nor recorded.

use serde_json::json;

use super::{READER, apply_looked, define, emulator, live, platform, project, role, seed, seed_with};
use crate::common::{Emulator, Project};

/// `Reader`, which a link of a group gives that the definitions do not name: of SAML, of LDAP, or a share.
fn world(kind: &str) -> (Emulator, Project) {
    let emulator = emulator(&seed_with(|seed| {
        let link = match kind {
            "saml_group_links" => json!({ "name": "hidden", "access_level": 10, "member_role_id": 14 }),
            "ldap_group_links" => {
                json!({ "cn": "hidden", "provider": "ldapmain", "group_access": 10, "member_role_id": 14 })
            }
            _ => json!({ "group": "partners", "group_access": 10, "member_role_id": 14 }),
        };
        seed["groups"][1][kind] = json!([link]);
    }));
    emulator.switch("group_link_roles", "on");
    let project = project(&emulator, "on_unassign: keep_base");
    define(&project, READER);
    let _taken = project.apply().exits(0);
    project.commit("taken over");
    (emulator, project)
}

#[test]
fn p6_a_group_that_a_list_names_and_that_is_not_found_has_unknown_links() {
    for kind in ["saml_group_links", "ldap_group_links", "shares"] {
        let (emulator, project) = world(kind);
        for yaml in [
            "roles: {}\nremoved: [{ name: Reader, reassign_to: builtin:guest }]\n".to_owned(),
            format!(
                "roles:\n{}",
                role("reader", "developer", "read_vulnerability")
                    .replace("reader:", "reader:\n    name: Reader")
            ),
        ] {
            define(&project, &yaml);
            emulator.faults(&["GET /api/v4/groups/acme%2Fplatform status=404"]);
            let refused = apply_looked(&project).exits(4);
            let _refused = refused.has("nobody can tell who holds role `Reader`").lacks("Verified");
            // Nothing of it answers, and the list of groups names it all the same.
            emulator.faults(&[
                "GET /api/v4/groups/acme%2Fplatform/** status=404",
                "GET /api/v4/groups/acme%2Fplatform status=404",
            ]);
            let _refused = apply_looked(&project).exits(4).has("nobody can tell who holds role `Reader`");
            emulator.faults(&[]);
            assert!(live(&emulator, "Reader").is_some(), "{kind}");
        }
        let state = platform(&emulator)[kind][0].clone();
        assert_eq!(state["member_role_id"], 14, "{kind}");
    }
}

#[test]
fn p6_what_is_taken_from_a_place_that_is_not_found_is_not_forgotten() {
    for (scope, path, assigned) in [
        ("{ project: acme/platform/api }", "/api/v4/projects/acme%2Fplatform%2Fapi", "users: [zoe]"),
        ("{ group: acme/platform }", "/api/v4/groups/acme%2Fplatform", "users: [zoe]"),
        ("{ group: acme/platform }", "/api/v4/groups/acme%2Fplatform", "saml_groups: [zoe]"),
    ] {
        let emulator = emulator(&seed());
        let project = project(&emulator, "on_unassign: remove_member");
        project.config_also("guards: { max_unassigns: \"100%\" }\n");
        project.commit("guards");
        define(
            &project,
            &format!("{READER}assignments:\n  - {{ role: reader, {assigned}, scope: {scope} }}\n"),
        );
        project.commit("given");
        let _given = project.apply().exits(0);
        define(&project, READER);
        let dropped = project.commit("dropped");
        emulator.faults(&[&format!("GET {path} status=404"), &format!("GET {path}/** status=404")]);
        let refused = project.apply().exits(4).has("nobody can tell whether in").has("`zoe` still holds");
        let _refused = refused.has("`--allow unseen --reason TEXT`").lacks("Live matches");
        // Another part can be applied, and forgets nothing.
        let _part = project.run_args(["apply", "--auto-approve", "--only", "platform/role/*"]).exits(0);
        emulator.faults(&[]);
        project.write("notes.txt", &dropped);
        project.commit("later");
        let _taken = project.apply().exits(0).has("zoe");
        let state = emulator.get("/_dashboard/state").to_string();
        assert!(!state.contains("\"user\":\"zoe\"") && !state.contains("\"name\":\"zoe\""), "{state}");
    }
}

#[test]
fn a_place_that_was_deleted_is_left_behind_by_saying_so() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: remove_member");
    let given = "assignments:\n  - { role: reader, users: [zoe], scope: { project: acme/platform/api } }\n";
    define(&project, &format!("{READER}{given}"));
    let _given = project.apply().exits(0);
    project.commit("given");
    define(&project, READER);
    project.commit("dropped");
    emulator.faults(&["GET /api/v4/projects/acme%2Fplatform%2Fapi/** status=404"]);
    let _refused = project.apply().exits(4);
    let _said = apply_looked(&project).exits(0).has("looked");
    // It was recorded with that: the next apply does not ask again.
    let _quiet = project.apply().exits(0).lacks("nobody can tell");
    drop(emulator);
}
