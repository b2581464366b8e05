//! Roles, which only a person makes: what everybody is told, what waits, and what closes it.

use serde_json::{Value, json};

use super::{attested, changes, dashboard, define, emulator, held, project, role_id, seed, sent, statuses};
use crate::common::emulator::text;

const AUDITOR: &str = "roles:\n  auditor:\n    name: Auditor\n    description: Sees numbers\n    scope: enterprise\n    permissions: [View Account Metrics, ManageBilling]\nassignments:\n  - { role: auditor, scope: enterprise, service_users: [ci], idp_groups: [Finance] }\n  - { role: builtin:org_member, scope: { organization: [Apps] }, users: [\"email:mira@acme.test\"] }\n";

#[test]
fn what_a_person_does_is_manual_what_needs_it_is_blocked_and_the_rest_is_applied() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, AUDITOR);
    project.save("an auditor");

    let plan = project.plan().exits(0);
    let plan = plan.has("By hand, as there is no API for it:");
    let plan = plan.has("3. Name it `Auditor`.");
    let plan = plan
        .has("4. Tick exactly these permissions, and no other: `Manage Billing`, `View Account Metrics`.");
    let plan = plan.has("Waits for acme/role/auditor@enterprise, which is done by hand.");
    let _plan = plan.has("Plan: 1 to create; 3 assignments (+3); 1 by hand, 2 waiting for that.");
    let markdown = project.run("plan --format markdown").exits(0);
    let markdown =
        markdown.has("**By hand**, as there is no API for it:").has("3. Name it &#96;Auditor&#96;.");
    let _markdown = markdown.has("**Waits** for acme/role/auditor");
    let json = project.run("plan --format json").exits(0).json();
    let planned = json["targets"][0]["changes"].as_array().expect("changes");
    let steps = |change: &Value| change["manual"].as_array().map_or(0, Vec::len);
    let waits: Vec<(usize, &Value)> = planned.iter().map(|one| (steps(one), &one["blocked_by"])).collect();
    let role = json!(["acme/role/auditor@enterprise"]);
    assert_eq!(waits, [(0, &role), (0, &role), (0, &Value::Null), (5, &Value::Null)]);

    let outcome = project.run("apply --auto-approve --format json").exits(8).json();
    assert_eq!(
        statuses(&outcome),
        [
            "blocked acme/assignment/enterprise/idp_group:Finance",
            "blocked acme/assignment/enterprise/service_user:service-user-ci",
            "applied acme/assignment/organization=org-apps/user:user-mira",
            "manual acme/role/auditor@enterprise",
        ]
    );
    assert_eq!(outcome["targets"][0]["verification"]["verified"], true);
    assert_eq!(sent(&emulator), ["POST organizations/org-apps/members/users/user-mira"]);

    // The next one says the same of what is open, and sends nothing.
    let again = project.apply().exits(8);
    let again = again.has("To be done by hand").has("Waiting for what is done by hand");
    let _again = again.has("Nothing sent: 1 to be done by hand, 2 waiting for that.");
    let ledger = project.run("apply --auto-approve --format markdown").exits(8);
    let _ledger = ledger.has("by hand").has("auditor@enterprise");
    assert_eq!(sent(&emulator).len(), 1);
}

#[test]
fn an_apply_with_open_steps_is_recorded_with_what_is_open() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "");
    let closed = project.save("closed");
    let _closed = project.apply().exits(0);
    let more = super::CURATOR.replace("[manage_knowledge]", "[manage_knowledge, manage_playbooks]");
    define(&project, &more);
    let opened = project.save("more");
    let _open = project.apply().exits(8);
    let record = || -> Value {
        serde_json::from_str(&project.git("show refs/rolecall/applied/-/acme:record.json")).expect("JSON")
    };
    assert_eq!(text(&record(), "revision"), opened);
    // What waits stands at its earlier value, which is that of this revision.
    assert_eq!(record()["open"], json!({ "acme/role/curator@organization": closed }));
    let plan = project.plan().exits(0);
    let _plan = plan.has("Tick these permissions: `Manage Playbooks`.").lacks("drift");

    let _attested = project.run("import --attest").exits(0);
    project.save("done");
    project.is_in_place();
    let _applied = project.apply().exits(0);
    assert_eq!(record()["open"], Value::Null);
}

#[test]
fn the_life_of_a_role_is_what_a_person_did_and_what_a_reviewer_saw() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, AUDITOR);
    project.save("an auditor");
    let _open = project.apply().exits(8);
    let made = json!({ "name": "Auditor", "type": "enterprise", "permissions": ["ViewAccountMetrics", "ManageBilling"] });
    dashboard(&emulator, "POST", "roles", &made);
    // That it is there is told; what it permits is not, so that its assignments still wait.
    let there = project.plan().exits(0).has("wanted; what is there now cannot be read");
    let _there = there.has("Tick exactly these permissions, and no other");
    let _open = project.apply().exits(8);
    let _attested = project.run("import --attest").exits(0).has("1 role and 0 assignments attested");
    project.save("attested");
    emulator.forget();
    let _applied = project.apply().exits(0).has("Attested, not verified");
    let of_group: Vec<String> = sent(&emulator).into_iter().filter(|line| line.contains("idp")).collect();
    assert_eq!(of_group, ["POST idp-groups", "POST members/idp-groups/Finance"], "registered first");
    assert_eq!(sent(&emulator).len(), 3);
    project.is_in_place();
    let id = role_id(&emulator, "Auditor");
    assert_eq!(held(&emulator, "idp_groups", "Finance", None), Some(id.clone()));

    // Another name is a step too, and what was attested under the old one counts no more.
    define(&project, &AUDITOR.replace("name: Auditor", "name: Bookkeeper\n    previously: [Auditor]"));
    project.save("renamed");
    let _renamed = project.apply().exits(8).has("Change its name to `Bookkeeper`.");
    dashboard(&emulator, "PATCH", &format!("roles/{id}"), &json!({ "name": "Bookkeeper" }));
    let _attested = project.run("import --attest").exits(0);
    project.save("attested again");
    project.is_in_place();

    // Who holds a role that goes is moved over the API; the rest is a person's.
    define(
        &project,
        "removed:\n  - { key: auditor, scope: enterprise, reassign_to: builtin:account_member }\nassignments:\n  - { role: builtin:org_member, scope: { organization: [Apps] }, users: [\"email:mira@acme.test\"] }\n",
    );
    project.save("gone");
    emulator.forget();
    let gone = project.run("apply --auto-approve --format json");
    let gone = statuses(&gone.exits(8).json());
    assert!(gone.contains(&"manual acme/role/=Bookkeeper@enterprise".to_owned()), "{gone:#?}");
    assert_eq!(held(&emulator, "service_users", "service-user-ci", None), Some("account_member".to_owned()));
    dashboard(&emulator, "DELETE", &format!("roles/{id}"), &Value::Null);
    assert_eq!(changes(&project), [""; 0]);
}

#[test]
fn a_snapshot_says_nothing_of_a_role_that_is_not_there() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    define(&project, AUDITOR);
    let said = project.run("import --attest").exits(0);
    let _said = said.has("role `Auditor` is not there yet, so nothing of it is attested");
    let _still = project.apply().exits(8).has("Create a custom role");
}

#[test]
fn a_role_that_a_person_has_not_deleted_yet_is_no_drift() {
    let emulator = emulator(&seed());
    let project = project(&emulator, "");
    project.save("empty");
    let _nothing = project.apply().exits(0);
    define(&project, "removed:\n  - { name: Curator }\n");
    project.save("removed");
    let _open = project.apply().exits(8);
    let _plan = project.plan().exits(0).has("merged earlier, not in place yet").lacks("drift");
    let _pending = project.run("plan --pending-only").exits(0).has("acme/role/=Curator@organization");
    let _drift = project.run("drift --detailed-exitcode").exits(0).has("No drift");
}

#[test]
fn whoever_leaves_a_role_leaves_it_before_it_gains() {
    let emulator = emulator(&seed());
    let project = attested(&emulator, "on_unassign: remove_member\n");
    let given = "  - { role: curator, scope: { organization: [Apps] }, users: [\"email:mira@acme.test\", \"email:ben@acme.test\"] }\n";
    super::assign(&project, given);
    project.save("mira and ben");
    let _given = project.apply().exits(0);
    let more = super::CURATOR.replace("[manage_knowledge]", "[manage_knowledge, manage_playbooks]");
    define(&project, &format!("{more}assignments:\n{}", given.replace("\"email:mira@acme.test\", ", "")));
    project.save("mira leaves, and it gains");
    let plan = project.plan().exits(0);
    let plan = plan.has("1. Apply this plan first, and go on only once `mira@acme.test` has left the role.");
    let _plan = plan.has("Tick these permissions: `Manage Playbooks`.");
    // Where nobody leaves it, nothing comes first.
    define(&project, &format!("{more}assignments:\n{given}"));
    let _plan = project.plan().exits(0).has("Tick these permissions").lacks("Apply this plan first");
}
