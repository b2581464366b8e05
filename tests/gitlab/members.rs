//! Who holds which role.

use super::{define, emulator, live, membership, project, role, seed};

fn approver(assignments: &str) -> String {
    format!("roles:\n{}assignments:\n{assignments}", role("approver", "reporter", "admin_merge_request"))
}

#[test]
fn people_get_the_base_level_and_the_role_in_groups_and_projects() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    define(
        &project,
        &approver(
            "  - { role: approver, users: [mira, \"id:4\"], scope: { group: Acme } }\n  - { role: approver, users: [zoe], scope: { project: acme/platform/api } }\n  - { role: builtin:reporter, users: [zoe], scope: { group: acme/platform } }\n",
        ),
    );
    let _given = project.apply().exits(0).has("everything was read back");
    project.is_in_place();
    let id = live(&emulator, "approver").expect("made")["id"].as_u64();
    assert_eq!(membership(&emulator, "groups", "acme", "mira"), Some((20, id)));
    assert_eq!(membership(&emulator, "groups", "acme", "zoe"), Some((20, id)));
    assert_eq!(membership(&emulator, "projects", "acme/platform/api", "zoe"), Some((20, id)));
    assert_eq!(membership(&emulator, "groups", "acme", "ada"), Some((50, None)));
}

#[test]
fn taking_a_role_away_leaves_the_base_or_ends_the_membership_as_it_is_said() {
    for (said, left) in [
        ("keep_base", Some((20, None))),
        ("remove_member", None),
        ("{ to: builtin:guest }", Some((10, None))),
    ] {
        let emulator = emulator(&seed());
        let project = project(&emulator, &format!("on_unassign: {said}"));
        define(
            &project,
            &approver(
                "  - { role: approver, users: [zoe], scope: { project: acme/platform/api } }\n  - { role: approver, users: [mira], scope: { group: acme } }\n",
            ),
        );
        let _given = project.apply().exits(0);
        project.commit("given");
        define(
            &project,
            &approver("  - { role: approver, users: [zoe], scope: { project: acme/platform/api } }\n"),
        );
        let _taken = project.apply().exits(0);
        project.is_in_place();
        assert_eq!(membership(&emulator, "groups", "acme", "mira"), left, "{said}");
    }
}

#[test]
fn an_unknown_person_or_place_is_an_error_with_its_line() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    for (assignment, words) in [
        ("  - { role: approver, users: [nobody], scope: { group: acme } }\n", "nobody"),
        ("  - { role: approver, users: [mira], scope: { group: acme/gone } }\n", "acme/gone"),
        ("  - { role: approver, users: [mira], scope: { group: partners } }\n", "partners"),
    ] {
        define(&project, &approver(assignment));
        let _unknown =
            project.plan().exits(3).has(words).has("roles/all.yaml:8").lacks("Only existing members");
    }
    define(
        &project,
        &approver("  - { role: approver, users: [\"email:mira@acme.test\"], scope: { group: acme } }\n"),
    );
    let _spelled = project.run("validate").exits(3).has("RC050");
}

#[test]
fn what_stays_of_somebody_whose_membership_ends_is_said() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: remove_member");
    project.config_also("guards: { max_unassigns: \"100%\" }\n");
    project.commit("guards");
    define(
        &project,
        &approver("  - { role: approver, users: [mira, zoe], scope: { group: acme/platform } }\n"),
    );
    let _given = project.apply().exits(0);
    project.commit("given");
    define(&project, &format!("roles:\n{}", role("approver", "reporter", "admin_merge_request")));
    let _said = project
        .plan()
        .exits(0)
        .has("`mira` in group `acme/platform` keeps `Guest` there from group `acme`")
        .has("`zoe` in group `acme/platform` keeps nothing there from a group above");
    let _ended = project.apply().exits(0);
    assert_eq!(membership(&emulator, "groups", "acme/platform", "mira"), None);
    assert_eq!(membership(&emulator, "groups", "acme", "mira"), Some((10, None)));
}

#[test]
fn what_can_be_nobody_is_found_offline() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    for (who, words) in [
        ("users: [\"id:abc\"]", "`id:abc` can be none of the users"),
        ("groups: [\"id:abc\"]", "`id:abc` can be none of the groups"),
        ("groups: [\"a//b\"]", "`a//b` can be none of the groups"),
        ("groups: [\"84\"]", "`84` can be none of the groups"),
        ("ldap_groups: [ops]", "`ops` can be none of the ldap_groups"),
        ("ldap_groups: [\"ldapmain:dn=x\"]", "can be none of the ldap_groups"),
    ] {
        define(&project, &approver(&format!("  - {{ role: approver, {who}, scope: {{ group: acme }} }}\n")));
        let _wrong = project.run("validate").exits(3).has("RC050").has(words).has("Accepted:");
    }
    for who in ["groups: [partners/audit]", "ldap_groups: [\"ldapmain:cn=ops\"]", "users: [\"id:4\"]"] {
        define(&project, &approver(&format!("  - {{ role: approver, {who}, scope: {{ group: acme }} }}\n")));
        let _fine = project.run("validate").exits(0);
    }
    assert_eq!(emulator.requests().len(), 0);
}

#[test]
fn whoever_keeps_a_built_in_role_keeps_it_in_a_place() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    define(
        &project,
        "assignments:\n  - { role: builtin:reporter, users: [zoe], scope: { group: acme/platform } }\n",
    );
    let _given = project.apply().exits(0);
    project.commit("given");
    define(&project, "roles: {}\n");
    let _kept = project.plan().exits(0).has("zoe (4) keeps `Reporter` in group `acme/platform`:");
}
