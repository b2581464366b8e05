//! Who holds which role: three classes, two levels, and what taking a role away means.

use super::{assign, attested, changes, define, emulator, held, project, seed, seed_with, sent};
use serde_json::json;

#[test]
fn each_class_is_given_roles_at_both_levels_and_in_lists_of_organizations() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    assign(
        &project,
        "  - { role: curator, scope: { organization: [org-apps, Data] }, users: [\"id:okta|acme|zoe\"], service_users: [ci], idp_groups: [\"Eng / Core\"] }
  - { role: builtin:account_member, scope: enterprise, service_users: [\"id:service-user-ci\"], idp_groups: [\"Eng / Core\"] }
  - { role: \"builtin:DeepWiki Only\", scope: { organization: [org-platform] }, users: [\"email:mira@acme.test\"] }
",
    );
    let plan = project.plan().exits(0);
    let plan = plan.has("Registered first, because Devin does not know them yet: `Eng / Core`.");
    let _plan = plan.has("notices the change at the next sign-in, or through SCIM");
    let _applied = project.apply().exits(0);
    let curator = Some("role-0a1b".to_owned());
    for organization in ["org-apps", "org-data"] {
        let at = Some(organization);
        assert_eq!(held(&emulator, "users", "okta|acme|zoe", at), curator);
        assert_eq!(held(&emulator, "service_users", "service-user-ci", at), curator);
        assert_eq!(held(&emulator, "idp_groups", "Eng / Core", at), curator);
    }
    assert_eq!(held(&emulator, "service_users", "service-user-ci", None), Some("account_member".to_owned()));
    assert_eq!(held(&emulator, "users", "user-mira", Some("org-platform")), Some("org_deepwiki".to_owned()));
    // The group is registered once, and before everything else about it.
    let of_group: Vec<String> =
        sent(&emulator).into_iter().filter(|line| line.contains("idp-groups")).collect();
    assert_eq!(of_group.first().map(String::as_str), Some("POST idp-groups"));
    assert_eq!(of_group.len(), 4, "{of_group:#?}");
    project.is_in_place();
}

#[test]
fn another_role_is_one_request_and_leaves_nobody_without_one() {
    let emulator = emulator(&seed_with(|acme| {
        acme["users"][2]["organizations"] = json!({ "org-apps": "org_member" });
    }));
    let project = attested(&emulator, "");
    assign(
        &project,
        "  - { role: curator, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"] }
  - { role: builtin:account_admin, scope: enterprise, users: [\"email:mira@acme.test\"] }
",
    );
    assert_eq!(
        changes(&project),
        [
            "reassign acme/assignment/enterprise/user:user-mira",
            "reassign acme/assignment/organization=org-apps/user:user-mira",
        ]
    );
    let _applied = project.apply().exits(0);
    let mut lines = sent(&emulator);
    lines.sort();
    assert_eq!(
        lines,
        ["PATCH members/users/user-mira", "PATCH organizations/org-apps/members/users/user-mira"]
    );
}

#[test]
fn a_role_of_a_group_is_taken_and_the_group_stays_registered() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    assign(&project, "  - { role: curator, scope: { organization: [org-apps] }, idp_groups: [Writers] }\n");
    project.save("given");
    let _given = project.apply().exits(0);
    assign(&project, "  - { role: curator, scope: { organization: [org-data] }, idp_groups: [Writers] }\n");
    project.save("moved");
    emulator.forget();
    let _moved = project.apply().exits(0);
    let mut lines = sent(&emulator);
    lines.sort();
    assert_eq!(
        lines,
        [
            "DELETE organizations/org-apps/members/idp-groups/Writers",
            "POST organizations/org-data/members/idp-groups/Writers",
        ]
    );
}

#[test]
fn neither_an_account_nor_a_membership_goes_because_an_assignment_is_missing() {
    let held_by_all =
        "  - { role: curator, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"] }
  - { role: builtin:account_member, scope: enterprise, users: [\"email:zoe@acme.test\"], service_users: [ci] }
";
    for said in [false, true] {
        let emulator = emulator(&seed());
        let project = attested(&emulator, if said { "on_unassign: remove_member" } else { "" });
        assign(&project, held_by_all);
        project.save("given");
        let _given = project.apply().exits(0);
        define(&project, super::CURATOR);
        project.save("taken");
        emulator.forget();
        if !said {
            let refused = project.plan().exits(4);
            let refused = refused.has("nothing says what they get instead");
            let _refused = refused.has("on_unassign: remove_member");
            let _refused = project.apply().exits(4);
            assert_eq!(sent(&emulator), [""; 0]);
            continue;
        }
        let plan = project.run("plan --allow max_unassigns --reason leaving").exits(0);
        let plan =
            plan.has("Removed from the enterprise, with every role in every organization: `zoe@acme.test`.");
        let plan = plan.has("Deleted, with their keys: the service users `ci`.");
        let _plan = plan.has("Removed from the organization in which they lose the role: `mira@acme.test`.");
        let _gone = project.run("apply --auto-approve --allow max_unassigns --reason leaving").exits(0);
        let mut lines = sent(&emulator);
        lines.sort();
        assert_eq!(
            lines,
            [
                "DELETE members/service-users/service-user-ci",
                "DELETE members/users/okta%7Cacme%7Czoe",
                "DELETE organizations/org-apps/members/users/user-mira",
            ]
        );
        assert_eq!(held(&emulator, "users", "user-mira", None), Some("account_member".to_owned()));
    }
}

#[test]
fn a_role_that_is_given_instead_is_one_of_that_level() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "on_unassign: { to: builtin:org_member }");
    let given =
        "  - { role: curator, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"] }\n";
    assign(
        &project,
        &format!(
            "{given}  - {{ role: builtin:account_admin, scope: enterprise, users: [\"email:zoe@acme.test\"] }}\n"
        ),
    );
    project.save("given");
    let _given = project.apply().exits(0);
    define(&project, super::CURATOR);
    project.save("taken");
    let allowed = "--allow max_unassigns --allow min_admins --reason leaving";
    let wrong = project.run(&format!("plan {allowed}")).exits(4);
    let _wrong = wrong.has("`zoe@acme.test (okta|acme|zoe)` would lose a role");
    let only = format!("--only acme/assignment/organization=org-apps/* {allowed}");
    let _fits = project.run(&format!("apply --auto-approve {only}")).exits(0);
    assert_eq!(held(&emulator, "users", "user-mira", Some("org-apps")), Some("org_member".to_owned()));
}

#[test]
fn what_cannot_be_is_said_before_anything_is_asked() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    let mira = "users: [\"email:mira@acme.test\"]";
    for (yaml, code, said) in [
        (
            format!("assignments:\n  - {{ role: builtin:org_member, scope: enterprise, {mira} }}\n"),
            "RC028",
            "`builtin:org_member` is a role of the level organization",
        ),
        (
            format!("{}assignments:\n  - {{ role: curator, scope: enterprise, {mira} }}\n", super::CURATOR),
            "RC028",
            "`curator` is a role of the level organization",
        ),
        (
            format!(
                "assignments:\n  - {{ role: builtin:org_member, scope: {{ organization: [org-apps] }}, {mira} }}\n  - {{ role: builtin:org_admin, scope: {{ organization: [org-apps] }}, {mira} }}\n"
            ),
            "RC037",
            "one principal in 2 roles, and Devin allows one",
        ),
        (
            "assignments:\n  - { role: builtin:org_member, scope: { organization: [org-apps] }, users: [mira] }\n".to_owned(),
            "RC0",
            "email:ADDRESS",
        ),
        (
            super::CURATOR.replace("manage_knowledge", "manage_billing"),
            "RC0",
            "`manage_billing` is a permission of the level `enterprise`",
        ),
        (
            super::CURATOR.replace("manage_knowledge", "manage_knowlege"),
            "RC0",
            "Did you mean `manage_knowledge`?",
        ),
        (
            super::CURATOR.replace("manage_knowledge", "manage knowledge"),
            "RC035",
            "Did you mean `Manage Knowledge`?",
        ),
        (
            super::CURATOR.replace("manage_knowledge", "Manage Knowlege"),
            "RC035",
            "Did you mean `Manage Knowledge`?",
        ),
        (super::CURATOR.replace("    scope: organization\n", ""), "RC0", "`scope` is missing"),
        (
            "assignments:\n  - { role: builtin:Admin, scope: enterprise, users: [\"email:mira@acme.test\"] }\n".to_owned(),
            "RC032",
            "builtin:account_admin",
        ),
    ] {
        define(&project, &yaml);
        let found = project.run("validate");
        let _found = found.has(code).has(said);
    }
    assert_eq!(emulator.requests(), [""; 0]);
}

#[test]
fn people_and_places_that_are_not_there_name_their_line() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    for (who, place, said) in [
        ("users: [\"email:nobody@acme.test\"]", "org-apps", "Devin knows no user `nobody@acme.test`"),
        ("users: [\"id:user-nobody\"]", "org-apps", "Devin knows no user `user-nobody`"),
        ("service_users: [cd]", "org-apps", "Devin knows no service_user `cd`"),
        ("users: [\"email:mira@acme.test\"]", "org-nowhere", "Devin knows no organization `org-nowhere`"),
        ("idp_groups: [Writers]", "Nowhere", "Devin knows no organization `Nowhere`"),
    ] {
        assign(&project, &format!("  - {{ role: curator, scope: {{ organization: [{place}] }}, {who} }}\n"));
        let _refused = project.plan().exits(3).has(said).has("roles/all.yaml:9");
    }
    assert_eq!(sent(&emulator), [""; 0]);
}

#[test]
fn what_comes_through_a_group_is_neither_taken_nor_given_anew() {
    let emulator = emulator(&seed_with(|acme| {
        acme["idp_groups"] = json!([{ "name": "Writers", "organizations": { "org-apps": "org_member" } }]);
    }));
    let project = attested(&emulator, "");
    let list = "  - { role: builtin:org_member, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"], exclusive: [users] }\n";
    assign(&project, list);
    // Zoe is a member through the group alone: an exclusive list of users has nothing to take.
    assert_eq!(changes(&project), ["assign acme/assignment/organization=org-apps/user:user-mira"]);
}

#[test]
fn a_service_user_who_holds_a_role_is_not_counted_as_a_person() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let plan = |who: &str| {
        assign(&project, &format!("  - {{ role: curator, scope: {{ organization: [org-apps] }}, {who} }}\n"));
        let _given = project.apply().exits(0);
        project.save("given");
        define(
            &project,
            "removed:\n  - { key: curator, scope: organization, reassign_to: builtin:org_member }\n",
        );
        project.plan()
    };
    let _one = plan("service_users: [ci]").has("held by 1 service user").lacks("1 person");
    let _both = plan("service_users: [ci], users: [\"email:mira@acme.test\"]")
        .has("held by 1 user and 1 service user");
}
