//! Groups of an identity provider that map to a role: declared here, set by hand, attested.

use serde_json::{Value, json};

use super::{dashboard, define, emulator, project, role};
use crate::common::Project;

const DESK: &str = "roles:\n  org-desk: { name: Desk, description: Sits there, scope: { organization: \"external:acme\" }, permissions: [\"reports:read\"] }\n";
const GROUPS: &str = "assignments:\n  - { role: org-desk, scope: { organization: \"external:acme\" }, idp_groups: [Front desk], sso_groups: [\"desk@sso\"] }\n";

fn changes(project: &Project) -> Vec<Value> {
    let plan = project.run("plan --format json").exits(0).json();
    plan["targets"][0]["changes"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_mapping_is_steps_with_exact_values_until_it_is_attested() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &format!("{DESK}{GROUPS}"));
    project.commit("desk");
    let _steps = project
        .plan()
        .exits(0)
        .has("Front desk")
        .has("open the organization `org_acme`, its directory, and there the role assignment of groups")
        .has("Map the group `Front desk` to the role `Desk` (`org-desk`), and save.")
        .has("open the organization `org_acme`, its SSO connection,")
        .has("Map the group `desk@sso` to the role `Desk` (`org-desk`), and save.")
        .has("`rolecall import --attest` says so");
    let by_hand = changes(&project).iter().filter(|change| !change["manual"].is_null()).count();
    assert_eq!(by_hand, 2);
    let _open = project.apply().exits(8);
    assert!(role(&emulator, Some("org_acme"), "org-desk").is_some());
    let _still = project.apply().exits(8);

    // Somebody does it, says so, and the file is reviewed and committed.
    dashboard(&emulator, "POST", "mappings?org=acme", &json!({ "group": "Front desk", "role": "org-desk" }));
    let sso = json!({ "group": "desk@sso", "role": "org-desk", "via": "sso" });
    dashboard(&emulator, "POST", "mappings?org=acme", &sso);
    let _attested = project.run("import --attest").exits(0).has("2 assignments");
    let file = project.read(".rolecall/attested/env.json");
    assert!(file.contains("\"principal\": \"Front desk\"") && file.contains("org_acme.org-desk"), "{file}");
    commit_attested(&project);
    let _closed = project.plan().exits(0).has("Attested, not verified").lacks("Map the group");
    let _done = project.apply().exits(0);
}

#[test]
fn a_role_goes_once_its_mapping_was_taken_out_by_hand() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &format!("{DESK}{GROUPS}"));
    project.commit("desk");
    let _made = project.apply().exits(8);
    let mapping = json!({ "group": "Front desk", "role": "org-desk" });
    dashboard(&emulator, "POST", "mappings?org=acme", &mapping);
    let _attested = project.run("import --attest").exits(0);
    commit_attested(&project);
    let _done = project.apply().exits(0);
    // The role waits for the person, and is not tried in vain.
    define(&project, "");
    let _guarded = project.apply().exits(4).has("max_unassigns");
    let allowed = "apply --auto-approve --allow max_unassigns --reason desk-closes";
    let _blocked = project
        .run(allowed)
        .exits(8)
        .has("/idp_group:Front%20desk, env/assignment/")
        .has("which are done by hand")
        .has("Take the mapping of the group `Front desk` to the role `Desk` (`org-desk`) out, and save.")
        .lacks("role_has_group_role_mappings");
    assert!(role(&emulator, Some("org_acme"), "org-desk").is_some());
    dashboard(&emulator, "DELETE", "mappings/Front%20desk?org=acme", &json!({}));
    project.write(
        ".rolecall/attested/env.json",
        "{ \"version\": 1, \"provider\": \"workos\", \"roles\": [] }\n",
    );
    commit_attested(&project);
    let _gone = project.apply().exits(0);
    assert!(role(&emulator, Some("org_acme"), "org-desk").is_none());
}

#[test]
fn a_role_that_is_removed_on_purpose_waits_for_its_mapping_too() {
    let emulator = emulator();
    let project = project(&emulator, "    on_unassign: { to: builtin:member }\n");
    let held = GROUPS
        .replace(", sso_groups: [\"desk@sso\"]", "")
        .replace("idp_groups:", "users: [\"id:user_lena\"], idp_groups:");
    define(&project, &format!("{DESK}{held}"));
    project.commit("desk");
    let _made = project.apply().exits(8);
    dashboard(&emulator, "POST", "mappings?org=acme", &json!({ "group": "Front desk", "role": "org-desk" }));
    let _attested = project.run("import --attest").exits(0);
    commit_attested(&project);
    let _done = project.apply().exits(0);

    define(&project, "removed:\n  - { name: org-desk, scope: { organization: org_acme } }\n");
    project.commit("removed");
    let allowed = "--allow max_unassigns --reason desk-closes";
    let unmap = "Take the mapping of the group `Front desk` to the role `Desk` (`org-desk`) out, and save.";
    let plan = project.run(&format!("plan {allowed}")).exits(0).has(unmap);
    let _plan = plan.has("Waits for env/assignment/").has("held by 1 person, given by 1 group");
    let blocked = project.run(&format!("apply --auto-approve {allowed}")).exits(8);
    let _blocked = blocked.lacks("role_has_group_role_mappings");
    assert!(role(&emulator, Some("org_acme"), "org-desk").is_some());
    dashboard(&emulator, "DELETE", "mappings/Front%20desk?org=acme", &json!({}));
    let _attested = project.run("import --attest").exits(0);
    commit_attested(&project);
    let _gone = project.apply().exits(0);
    assert!(role(&emulator, Some("org_acme"), "org-desk").is_none());
}

#[test]
fn what_is_open_was_not_undone_by_anybody() {
    let emulator = emulator();
    let project = project(&emulator, "");
    let auditor = "  auditor: { name: Auditor, description: Reads, permissions: [\"reports:read\"] }\n";
    define(&project, &format!("{DESK}{auditor}"));
    project.commit("desk");
    let _made = project.apply().exits(0);
    let removed = "removed:\n  - { name: auditor }\n";
    define(&project, &format!("{DESK}{GROUPS}{removed}"));
    project.commit("groups");
    let _open = project.apply().exits(8);

    assert_eq!(changes(&project).len(), 3);
    for change in changes(&project) {
        assert_eq!(change["origin"], "unapplied", "{change}");
    }
    let _plan = project.plan().exits(0).has("merged earlier, not in place yet").lacks("drift");
    let pending = project.run("plan --pending-only").exits(0);
    let _pending = pending.has("Map the group `Front desk`").has("env/role/=auditor");
    let _drift = project.run("drift --detailed-exitcode").exits(0).has("No drift");
    let patch = project.run("import --drift");
    let _patch = patch.lacks("Front desk").lacks("auditor");
}

#[test]
fn only_organizations_map_groups_and_only_to_roles_of_theirs() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(
        &project,
        "assignments:\n  - { role: builtin:member, scope: { resource: \"org_acme/project/apollo\" }, idp_groups: [Front desk] }\n",
    );
    let _refused = project.run("validate").exits(3).has("idp_groups cannot hold a role there");
    define(
        &project,
        "assignments:\n  - { role: builtin:member, scope: { organization: org_acme }, idp_groups: [Front desk] }\n  - { role: org-desk, scope: { organization: org_acme }, idp_groups: [Front desk] }\nroles:\n  org-desk: { name: Desk, description: Sits there, scope: { organization: org_acme }, permissions: [\"reports:read\"] }\n",
    );
    let _refused = project.run("validate").exits(3).has("RC037");
}

#[test]
fn a_mapping_that_moves_names_both_roles_as_the_dashboard_shows_them() {
    let emulator = emulator();
    let project = project(&emulator, "");
    define(&project, &format!("{DESK}{GROUPS}"));
    project.commit("desk");
    let _made = project.apply().exits(8);
    let _attested = project.run("import --attest").exits(0);
    commit_attested(&project);
    // Several roles may have one name there.
    let front = format!("{DESK}{GROUPS}").replace("org-desk", "org-front");
    define(&project, &front);
    let step = "to the role `Desk` (`org-front`) in place of `Desk` (`org-desk`), and save.";
    let _plan = project.run("plan --allow max_unassigns --reason moved").has(step);
}

/// The attested snapshot is committed although it lies beside files that are not.
fn commit_attested(project: &Project) {
    let repository = git2::Repository::open(&project.dir).expect("a repository");
    let mut index = repository.index().expect("an index");
    index.add_path(std::path::Path::new(".rolecall/attested/env.json")).expect("the file is added");
    index.write().expect("the index is written");
    let _commit = project.commit("attested");
}
