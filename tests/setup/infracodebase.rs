//! Beginning with Infracodebase, and what doctor says of it.

use super::{Sandbox, snapshot};

const SEED: &str = "
provider: infracodebase
tokens:
  - { token: icb_eat_demo, enterprise: ent-acme }
enterprises:
  - { id: ent-acme, name: Acme, workspaces: [{ id: ws-network, name: network }] }
  - { id: ent-globex, name: Globex }
";

fn sandbox(switches: &[&str]) -> (crate::common::Emulator, Sandbox) {
    let arguments: Vec<&str> = switches.iter().flat_map(|switch| ["--switch", switch]).collect();
    let emulator = super::emulator_of("infracodebase", SEED, &arguments);
    let credential = ("INFRACODEBASE_TOKEN", "icb_eat_demo");
    let sandbox = Sandbox::of("infracodebase", "platform", &emulator, credential);
    (emulator, sandbox)
}

#[test]
fn a_first_role_says_its_level() {
    let (_emulator, sandbox) = sandbox(&[]);
    let names = sandbox.names();
    assert!(names.contains(&"roles/infracodebase/ruleset-maintainer.yaml".to_owned()), "{names:?}");
    snapshot!(sandbox.read("roles/infracodebase/ruleset-maintainer.yaml"), @"
    # yaml-language-server: $schema=../../.rolecall/schema/definitions.schema.json
    provider: infracodebase
    roles:
      ruleset-maintainer: # what git calls it; the name below can change
        name: Ruleset Maintainer
        description: Keeps the rulesets of a workspace
        scope: workspace
        # `rolecall catalog` lists every permission.
        permissions: [workspace.rulesets.manage]
    ");
    assert_eq!(sandbox.run(&["validate"]).code, 0);
    let plan = sandbox.run(&["plan"]);
    assert!(plan.out.contains("By hand, as there is no API for it:"), "{}", plan.out);
}

#[test]
fn doctor_says_what_the_api_does_not_tell() {
    let (_emulator, sandbox) = sandbox(&[]);
    sandbox.commit();
    let said = sandbox.run(&["doctor"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    snapshot!(said.out, @r#"
      ✓ config       rolecall.yaml in DIR
      ✓ git          commit COMMIT, branch main
      ✓ work tree    as committed
      ✓ definitions  1 role in 1 file, no findings

    platform  infracodebase
      ✓ definitions  1 role, 0 assignments
      ✓ host         LOOPBACK: on this machine, may get the credential
      ✓ credential   INFRACODEBASE_TOKEN is set
      ✓ connection   the API answers (1 request)
      ✓ access       the credential is accepted; roles are made and given by hand
      · api          the server's OpenAPI document has no endpoint for roles: they
                     are made and changed by hand
      ✓ identity     tenant ent-acme at LOOPBACK
      · roles        the API tells none; 0 roles attested, not verified
      · catalogue    the API does not tell which permissions there are
      · members      the API does not tell who holds what; 0 assignments attested,
                     not verified
      ? caller       the API does not tell for whom the credential acts
      ✓ lock         free: no other apply on this machine

    What Infracodebase supports
      role           created and deleted by hand in the dashboard; deleted only
                     while nobody holds it; no `base`; changed by hand: name,
                     description, permissions; not told by the API: name,
                     description, permissions
      default role   there is none
      users          email:ADDRESS (the e-mail address as "email:mira@example.test";
                     nothing tells whether there is such a member); one role each;
                     given and taken by hand in the dashboard

    Nothing failed, 1 unknown, 11 in order.
    "#);
}

#[test]
fn doctor_tells_of_endpoints_for_roles_and_asks_none() {
    let (emulator, sandbox) = sandbox(&["role_endpoints=described", "description_token=needed"]);
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 0, "{}", said.out);
    let text = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("the server's OpenAPI document has endpoints for roles: GET /enterprises/{eid}/roles"),
        "{text}"
    );
    assert!(text.contains("This version of rolecall does not use them"), "{text}");
    let asked: Vec<String> = emulator.requests().iter().map(|request| request["path"].to_string()).collect();
    assert!(asked.iter().all(|path| !path.contains("roles")), "{asked:?}");
}

#[test]
fn what_the_token_does_not_reach_is_said() {
    for (switch, code, words) in [
        ("description_token=needed", 0, "no endpoint for roles"),
        ("pending=all", 7, "documents this endpoint and does not offer it yet"),
    ] {
        let (_emulator, sandbox) = sandbox(&[switch]);
        let said = sandbox.run(&["doctor"]);
        let text = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(said.code, code, "{text}");
        assert!(text.contains(words), "{switch}: {text}");
    }
    let (_emulator, sandbox) = sandbox(&[]);
    let sandbox = sandbox.with("INFRACODEBASE_TOKEN", "icb_pat_other");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(
        said.out.split_whitespace().collect::<Vec<_>>().join(" ").contains("Tokens end after 90 days"),
        "{}",
        said.out
    );
}
