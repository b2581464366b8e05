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

/// Mira and Okan sign in by SAML, whose links give them Developer.
fn by_saml() -> serde_json::Value {
    let mut seed = seed();
    for (user, name) in [(1, "mira"), (2, "okan")] {
        seed["users"][user]["extern_uid"] = format!("{name}@idp").into();
    }
    let group = &mut seed["groups"][0];
    group["saml"] = serde_json::json!({ "default_membership_role": 10 });
    group["saml_group_links"] = serde_json::json!([{ "name": "eng", "access_level": 30 }]);
    group["members"] = serde_json::json!([
        { "user": "ada", "access_level": 50 },
        { "user": "mira", "access_level": 30 },
        { "user": "okan", "access_level": 30 },
    ]);
    seed
}

#[test]
fn what_saml_decides_against_the_definitions_is_told_and_breaks_an_exclusive_list() {
    let emulator = emulator(&by_saml());
    let project = project(&emulator, "on_unassign: { to: builtin:guest }");
    let list = |users: &str, more: &str| {
        let list = format!("role: builtin:developer, users: [{users}], scope: {{ group: acme }}");
        define(&project, &format!("assignments:\n  - {{ {list}{more} }}\n"));
    };
    let before = membership(&emulator, "groups", "acme", "okan");

    list("mira", ", exclusive: [users]");
    let _refused = project
        .apply()
        .exits(4)
        .has("the exclusive list of `Developer` in group `acme` is not the whole truth")
        .has("Name them in the list")
        .has("1 user keeps `Developer` in group acme")
        .has("1 assignment stays against the definitions")
        .lacks("Live matches");
    let plan = project.run("plan --format json").exits(4).json();
    let kept = &plan["targets"][0]["unmanaged"]["kept"][0];
    assert_eq!((&kept["number"], &kept["people"][0]), (&1.into(), &"okan (3)".into()), "{kept:#}");
    assert_eq!(plan["targets"][0]["verdicts"][0]["guard"], "exclusive");
    let _page = project.run("plan --format markdown").exits(4).has("- Stays: 1 user keeps");
    let _elsewhere = project.run("plan --only platform/assignment/group=acme/user:2").exits(0);

    // What is named is as it should be, and nobody is fought over.
    list("mira, okan", ", exclusive: [users]");
    project.is_in_place();

    // Declared no longer: the access stays, and the plan says so.
    project.commit("both");
    list("mira", "");
    let _told = project
        .apply()
        .exits(0)
        .has("though git no longer declares it")
        .has("No changes; 1 assignment stays against the definitions.")
        .lacks("Live matches");
    let applied = project.run("apply --auto-approve --format json").exits(0).json();
    assert_eq!(applied["targets"][0]["kept"], 1);
    assert_eq!(membership(&emulator, "groups", "acme", "okan"), before);
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

#[test]
fn who_holds_more_from_above_keeps_no_base_and_the_help_says_what_is_possible() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "on_unassign: keep_base");
    let given = "  - { role: approver, users: [mira], scope: { group: acme/platform } }\n";
    define(&project, &approver(given));
    let _given = project.apply().exits(0);
    project.commit("given");
    emulator.put("/_dashboard/groups/84/members/mira", &serde_json::json!({ "access_level": 30 }));
    define(&project, &format!("roles:\n{}", role("approver", "reporter", "admin_merge_request")));
    let _refused = project.plan().exits(4).has("on_unassign: remove_member").has("in group `acme`");
    project.config_also("");
    let config = project.read("rolecall.yaml").replace("keep_base", "remove_member");
    project.write("rolecall.yaml", &config);
    project.commit("members go");
    let _accepted = project.run("apply --auto-approve --allow max_unassigns --reason known");
    assert_eq!(membership(&emulator, "groups", "acme", "mira"), Some((30, None)));
}
