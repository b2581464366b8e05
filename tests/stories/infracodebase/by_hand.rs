//! What a person is told to do, and what is refused before anybody does it.

use super::{COMPLIANCE, RULESETS, approver, attested, define, emulator, planned, project};
use crate::common::emulator::text;

#[test]
fn nothing_is_sent_and_the_steps_stay_until_they_are_attested() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &approver(RULESETS));
    project.save("an approver");
    let first = project.apply().exits(8);
    let _first = first
        .has("Nothing sent: 1 to be done by hand.")
        .has("1. In Infracodebase, open the enterprise settings > Roles");
    // Still there for the next one, and recorded with what is open.
    let _again = project.apply().exits(8);
    assert_eq!(emulator.writes(), Vec::<serde_json::Value>::new());
    assert!(emulator.requests().iter().all(|request| text(request, "method") == "GET"));
    let _attested = project.run("import --attest").exits(0);
    let _uncommitted = project.apply().exits(8);
    project.save("attested");
    let _done = project.apply().exits(0);
    define(&project, &approver(COMPLIANCE));
    let _changed = project.apply().exits(8).has("Take away the permissions `enterprise.rulesets.approve`.");
}

#[test]
fn a_plan_takes_one_request_and_one_for_workspaces() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &approver(RULESETS));
    let _plan = project.plan().exits(0);
    assert_eq!(emulator.requests().len(), 1);
    emulator.forget();
    let held = "assignments:\n  - { role: approver, users: [\"email:mira@acme.test\"], scope: enterprise }\n  - { role: builtin:workspace_admin, users: [\"email:mira@acme.test\"], scope: { workspace: [ws-network] } }\n";
    define(&project, &format!("{}{held}", approver(RULESETS)));
    let plan = project.run("plan --format json").exits(0).json();
    assert_eq!((emulator.requests().len(), &plan["run"]["depth"]), (2, &1.into()));
    assert_eq!(
        super::changes(&plan),
        [
            "assign assignment/enterprise/user:mira%40acme.test by hand",
            "assign assignment/workspace=ws-network/user:mira%40acme.test by hand",
            "create role/approver@enterprise by hand",
        ]
    );
}

#[test]
fn a_workspace_that_is_not_there_is_an_error_that_names_the_line() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - role: builtin:workspace_admin\n    users: [\"email:mira@acme.test\"]\n    scope: { workspace: [ws-nowhere] }\n",
    );
    let _said = project.plan().exits(3).has("RC057").has("ws-nowhere");
}

#[test]
fn a_role_in_the_enterprise_is_exchanged_and_one_in_a_workspace_is_taken() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let both = "assignments:\n  - { role: approver, users: [\"email:mira@acme.test\"], scope: enterprise }\n  - { role: builtin:workspace_admin, users: [\"email:mira@acme.test\"], scope: { workspace: [ws-network] } }\n";
    define(&project, &format!("{}{both}", approver(RULESETS)));
    project.save("held");
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
    define(&project, &approver(RULESETS));
    let unsaid = project.plan().exits(4);
    let _unsaid = unsaid.has("`mira@acme.test` would lose a role, and nothing says what they get instead");
    let config = project.read("rolecall.yaml");
    project.write("rolecall.yaml", &format!("{config}    on_unassign: {{ to: builtin:member }}\n"));
    let said = project.plan();
    let said = said.has("Give `mira@acme.test` the enterprise role `Member` in place of `Approver`.");
    let _said = said.has("Take the workspace role `Workspace Admin` from `mira@acme.test`");
}

#[test]
fn roles_of_one_name_at_both_levels_are_two() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let two = "roles:
  one: { name: Keeper, description: a, scope: enterprise, permissions: [enterprise.rulesets.approve] }
  two: { name: Keeper, description: b, scope: workspace, permissions: [workspace.rulesets.manage] }
assignments:
  - { role: one, users: [\"email:mira@acme.test\"], scope: enterprise }
  - { role: two, users: [\"email:mira@acme.test\"], scope: { workspace: [ws-network] } }
";
    define(&project, two);
    project.save("two");
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
    assert_eq!(planned(&project, ""), [""; 0]);
    define(&project, &two.replace("description: b", "description: c"));
    assert_eq!(planned(&project, ""), ["update role/two@workspace by hand"]);
}

#[test]
fn what_the_names_of_permissions_tell_is_warned_about() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        "roles:
  approver:
    name: Approver
    description: Approves
    scope: enterprise
    permissions: [enterprise.rulesets.approve, workspace.rulesets.manage, rulesets.see, enterprise.rulesets]
assignments:
  - { role: approver, users: [\"email:mira@acme.test\"], scope: { workspace: [ws-network] } }
",
    );
    let said = project.run("validate").exits(0);
    let said = said
        .has("warning[RC059]")
        .has("`workspace.rulesets.manage` is of the scope `workspace`, and role `approver` of `enterprise`");
    let said = said.has("a role of the scope `enterprise` is held at `workspace`");
    let said =
        said.has("`rulesets.see` is not in the known catalogue").has("`enterprise.rulesets` is not in");
    let _said = said
        .has("Permissions are made up as SCOPE.DOMAIN.ACTION, and begin with `enterprise.` or `workspace.`.");
    let _denied = project.run("validate --lint RC059=deny").exits(3);
    // A name that nobody heard of and that is made up like the others may exist.
    define(&project, &approver("enterprise.audit.view"));
    let _fine = project.run("validate").exits(0).lacks("RC0");
}

#[test]
fn people_are_written_by_their_address_and_roles_say_their_level() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:viewer, users: [mira, \"id:7\"], scope: enterprise }\n",
    );
    let _said = project
        .run("validate")
        .exits(3)
        .has("RC050")
        .has("the e-mail address as \"email:mira@example.test\"");
    define(&project, "roles:\n  approver: { name: Approver, description: a, permissions: [] }\n");
    let said = project.run("validate").exits(3).has("`scope` is missing");
    let _said = said.has("`scope: enterprise` (a role for the whole enterprise)");
}

#[test]
fn a_deletion_says_what_to_do_with_whoever_holds_the_role() {
    let emulator = emulator();
    let project = attested(&emulator);
    define(&project, "removed: [approver]\n");
    let _said = project
        .plan()
        .exits(0)
        .has("Make sure that nobody holds the role `Approver` any more.")
        .has("Delete the role `Approver`.");
}

/// Also where the first apply of all asks for it, and whatever is committed and applied since.
#[test]
fn what_has_to_be_taken_away_is_never_forgotten() {
    let emulator = emulator();
    let project = project(&emulator, "    on_unassign: { to: builtin:member }\n");
    let both = "assignments:\n  - { role: approver, users: [\"email:mira@acme.test\"], scope: enterprise }\n  - { role: builtin:workspace_admin, users: [\"email:mira@acme.test\", \"email:okan@acme.test\"], scope: { workspace: [ws-network] } }\n";
    define(&project, &format!("{}{both}", approver(RULESETS)));
    project.save("held");
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
    define(&project, "roles: {}\n");
    project.save("nothing any more");
    let open = [
        "unassign assignment/enterprise/user:mira%40acme.test by hand",
        "unassign assignment/workspace=ws-network/user:mira%40acme.test by hand",
        "unassign assignment/workspace=ws-network/user:okan%40acme.test by hand",
        "delete role/approver@enterprise by hand",
    ];
    for at in 0..3 {
        assert_eq!(planned(&project, "--allow max_unassigns --reason test"), open);
        let _open = project.run("apply --auto-approve --allow max_unassigns --reason test").exits(8);
        assert_eq!(planned(&project, "--allow max_unassigns --reason test"), open);
        let _drift =
            project.run("drift --detailed-exitcode").exits(0).has("4 changes that the last apply left");
        project.write("notes.txt", &at.to_string());
        project.save("something else");
    }
    let _attested = project.run("import --attest").exits(0);
    project.save("done");
    assert_eq!(planned(&project, ""), [""; 0]);
}

/// The list of workspaces only checks names; a server that does not have it yet stops nothing.
#[test]
fn steps_come_where_workspaces_cannot_be_listed() {
    let emulator = emulator();
    emulator.switch("pending", "workspaces");
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:workspace_admin, users: [\"email:mira@acme.test\"], scope: { workspace: [ws-network] } }\n",
    );
    project.save("an admin");
    let doctor = project.run("doctor").exits(0);
    let _doctor = doctor.has("not known whether there is such a place: workspace `ws-network`").has("501");
    let plan = project.plan().exits(0).has("Give `mira@acme.test` the workspace role `Workspace Admin`.");
    let _plan = plan.has("Not known whether there is such a place: workspace `ws-network`.");
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
    project.is_in_place();
}

#[test]
fn nothing_is_said_to_match_that_nobody_can_read() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, "roles: {}\n");
    project.save("nothing");
    let unread = "What is live cannot be read, and nothing of it is attested.";
    let _plan = project.plan().exits(0).has(unread).lacks("Live matches");
    let _applied = project.apply().exits(0).has(unread).lacks("Live matches");
    let _drift = project.run("drift").exits(0).has(unread).lacks("Live is as it was");
    let attested = project.run("import --attest").exits(0);
    let _attested = attested.lacks("Next: commit");
    let imported = project.run("import").exits(0);
    let _imported = imported.has("nothing can be read that could be imported").lacks("declared already");
}

/// A role is made, and named, before somebody gets it: in the order of the list and in the steps.
#[test]
fn a_role_comes_before_those_who_get_it() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let held = "assignments:\n  - { role: approver, users: [\"email:mira@acme.test\"], scope: enterprise }\n";
    define(&project, &format!("{}{held}", approver(RULESETS)));
    project.save("held");
    let applied = project.apply().exits(8).everything();
    let list = applied.split("To be done by hand").nth(1).unwrap_or_default();
    let (role, person) = (list.find("role/approver@enterprise"), list.find("user:mira%40acme.test"));
    assert!(role.is_some() && role < person, "{list}");
    let plan = project.plan();
    let plan = plan
        .has("Do what stands at `platform/role/approver@enterprise` first: it makes the role `Approver`.");
    let plan = plan.has("Waits for platform/role/approver@enterprise, which is done by hand.");
    let _plan = plan.has("Plan: 1 to create; 1 assignment (+1); 1 by hand, 1 waiting for that.");
    let document = project.run("apply --auto-approve --format json").exits(8).json();
    let outcomes = document["targets"][0]["changes"].as_array().expect("changes");
    let statuses: Vec<String> =
        outcomes.iter().map(|one| format!("{} {}", text(one, "action"), text(one, "status"))).collect();
    assert_eq!(statuses, ["assign blocked", "create manual"]);
    // Whoever does both attests both.
    let _attested = project.run("import --attest").exits(0);
    project.save("attested");
    project.is_in_place();
    // A role that is there is waited for by nobody.
    define(&project, &format!("{}{}", approver(RULESETS), held.replace("mira", "okan")));
    let plan = project.plan().lacks("Waits for");
    let _plan = plan.has("Give `okan@acme.test` the enterprise role `Approver`");
}
