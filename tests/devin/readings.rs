//! What the documentation leaves open: the same definitions lead to the same state under every reading.

use super::{CURATOR, assign, attested, define, emulator, held, project, seed, sent};

const GIVEN: &str =
    "  - { role: curator, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"] }\n";

const ALL: &str = "  - { role: curator, scope: { organization: [org-apps, Data] }, users: [\"email:mira@acme.test\"], idp_groups: [Writers] }
  - { role: builtin:account_member, scope: enterprise, service_users: [ci] }
";

const SOME: &str = "  - { role: builtin:org_member, scope: { organization: [org-apps] }, users: [\"email:mira@acme.test\"], idp_groups: [Writers] }
  - { role: builtin:account_member, scope: enterprise, service_users: [ci] }
  - { role: curator, scope: { organization: [Data] }, users: [\"email:mira@acme.test\"] }
";

#[test]
fn every_reading_of_the_documentation_leads_to_the_same() {
    for switches in [
        &[][..],
        &[("error_form", "detail"), ("error_items", "field"), ("permission_names", "dotted")],
        &[("read_permission", "manage"), ("total", "null"), ("last_cursor", "kept")],
        &[("total", "absent"), ("next_page_flag", "absent_when_false"), ("enterprise_org_id", "absent")],
        &[("self_org_id", "absent"), ("organization_lists", "all"), ("email_filter", "any_case")],
        &[("duplicate_assignment", "400"), ("missing_assignment", "created"), ("unregistered_group", "400")],
        &[("guard", "everybody"), ("guarded_level", "both"), ("deleted_service_user", "404")],
        &[("guard", "off"), ("unknown_role", "422"), ("wrong_role_type", "422"), ("group_in_use", "400")],
        &[
            ("custom_role_id", "uuid"),
            ("existing_member", "409"),
            ("legacy_key", "403"),
            ("audit_data", "empty"),
        ],
    ] {
        let emulator = emulator(&seed());
        for (name, value) in switches {
            emulator.switch(name, value);
        }
        let project = attested(&emulator, "");
        assign(&project, ALL);
        project.save("all");
        let _all = project.apply().exits(0);
        project.is_in_place();
        for place in ["org-apps", "org-data"] {
            let at = Some(place);
            assert_eq!(
                held(&emulator, "users", "user-mira", at).as_deref(),
                Some("role-0a1b"),
                "{switches:?}"
            );
            assert_eq!(
                held(&emulator, "idp_groups", "Writers", at).as_deref(),
                Some("role-0a1b"),
                "{switches:?}"
            );
        }
        assign(&project, SOME);
        project.save("some");
        let _some = project.run("apply --auto-approve --allow max_unassigns --reason fewer").exits(0);
        let at = |class, id, place| held(&emulator, class, id, place);
        assert_eq!(at("users", "user-mira", Some("org-apps")).as_deref(), Some("org_member"), "{switches:?}");
        assert_eq!(at("idp_groups", "Writers", Some("org-data")), None, "{switches:?}");
        assert_eq!(at("service_users", "service-user-ci", None).as_deref(), Some("account_member"));
        project.is_in_place();
    }
}

#[test]
fn a_first_role_that_is_there_already_is_looked_at() {
    for status in ["400", "409"] {
        let emulator = emulator(&seed());
        let project = attested(&emulator, "");
        assign(&project, GIVEN);
        // Somebody gives the same role at the same moment.
        let faster =
            format!("POST /v3/enterprise/organizations/*/members/users/* status={status} done nth=1");
        emulator.faults(&[&faster]);
        let _applied = project.apply().exits(0);
        assert_eq!(sent(&emulator).len(), 1, "it is not sent again");
        assert_eq!(held(&emulator, "users", "user-mira", Some("org-apps")).as_deref(), Some("role-0a1b"));
    }
}

#[test]
fn an_answer_that_is_lost_is_looked_up_and_nothing_is_sent_twice() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    assign(&project, GIVEN);
    emulator.faults(&["POST /v3/enterprise/organizations/*/members/users/* drop-after nth=1"]);
    let _applied = project.apply().exits(0);
    assert_eq!(sent(&emulator).len(), 1);
}

#[test]
fn a_role_that_was_taken_meanwhile_is_told_and_the_next_plan_gives_it() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let member = GIVEN.replace("role: curator", "role: builtin:org_member");
    assign(&project, &member);
    let _given = project.apply().exits(0);
    assign(
        &project,
        &format!(
            "{GIVEN}  - {{ role: builtin:org_member, scope: {{ organization: [org-data] }}, users: [\"email:zoe@acme.test\"] }}\n"
        ),
    );
    emulator.faults(&["PATCH /v3/enterprise/organizations/*/members/users/* status=404 times=1"]);
    let _partly = project.apply().exits(6).has("somebody lost the role that was to be changed. Plan again.");
    let _rest = project.apply().exits(0);
    assert_eq!(held(&emulator, "users", "user-mira", Some("org-apps")).as_deref(), Some("role-0a1b"));
}

#[test]
fn limits_of_requests_are_waited_for() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    assign(&project, GIVEN);
    for retry_after in ["header", "absent"] {
        emulator.switch("retry_after", retry_after);
        emulator.faults(&["* /v3/enterprise/** status=429 times=2"]);
        let _applied = project.apply().exits(0);
    }
    assert_eq!(held(&emulator, "users", "user-mira", Some("org-apps")).as_deref(), Some("role-0a1b"));
}

#[test]
fn an_enterprise_without_custom_roles_says_so() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, CURATOR);
    emulator.switch("custom_roles", "hidden");
    let _hidden = project.plan().exits(0).has("custom roles have to be unlocked by Devin's support");
    emulator.switch("custom_roles", "403");
    let _refused = project.plan().exits(1).has("unlocked for each enterprise by Devin's support");
}
