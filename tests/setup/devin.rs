//! Beginning with Devin: what init writes, what doctor says, what import can tell.

use super::{Sandbox, snapshot};
use crate::common::Emulator;

const SEED: &str = "
provider: devin
enterprises:
  - name: acme
    tokens:
      - { token: cog_demo, of: service-user-bot }
    roles:
      - { id: role-0a1b, name: Curator, type: org, permissions: [ManageOrgKnowledge] }
    organizations:
      - { id: org-apps, name: Apps }
    users:
      - { id: user-ada, email: ada@acme.test, name: Ada, role: account_admin, organizations: { org-apps: role-0a1b } }
    service_users:
      - { id: service-user-bot, name: bot, role: account_admin }
";

fn sandbox(token: &str) -> (Emulator, Sandbox) {
    let emulator = super::emulator_of("devin", SEED, &[]);
    let sandbox = Sandbox::of("devin", "acme", &emulator, ("DEVIN_TOKEN", token));
    (emulator, sandbox)
}

#[test]
fn a_first_role_says_its_level() {
    let (_emulator, sandbox) = sandbox("cog_demo");
    snapshot!(sandbox.read("roles/devin/knowledge-curator.yaml"), @"
    # yaml-language-server: $schema=../../.rolecall/schema/definitions.schema.json
    provider: devin
    roles:
      knowledge-curator: # what git calls it; the name below can change
        name: Knowledge curator
        description: Keeps the knowledge of an organization
        scope: organization
        # `rolecall catalog` lists every permission.
        permissions: [manage_knowledge, use_deepwiki]
    ");
    assert_eq!(sandbox.run(&["validate"]).code, 0);
    let plan = sandbox.run(&["plan"]);
    assert!(plan.out.contains("Create a custom role of the level `Organization`"), "{}", plan.out);
}

#[test]
fn doctor_says_what_the_api_does_not_tell() {
    let (_emulator, sandbox) = sandbox("cog_demo");
    sandbox.commit();
    let said = sandbox.run(&["doctor"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    snapshot!(said.out, @r#"
      ✓ config       rolecall.yaml in DIR
      ✓ git          commit COMMIT, branch main
      ✓ work tree    as committed
      ✓ definitions  1 role in 1 file, no findings

    acme  devin
      ✓ definitions  1 role, 0 assignments
      ✓ host         LOOPBACK: on this machine, may get the credential
      ✓ credential   DEVIN_TOKEN is set
      ✓ connection   the API answers (2 requests)
      ✓ access       roles can be read, and are changed by hand; whether members can
                     be changed, only a write would tell
      · identity     the API tells no tenant; it is known by org-apps at
                     LOOPBACK
      · roles        1 of your own, 5 built in; the API tells no permissions, those
                     of 0 are attested, not verified
      · catalogue    the API does not tell which permissions there are
      · members      the definitions name no place where somebody holds a role, so
                     that none was read
      ✓ caller       the credential acts for service-user-bot
      ✓ lock         free: no other apply on this machine

    What Devin supports
      role           created and deleted by hand in the dashboard; deleted only
                     while nobody holds it; no `base`; changed by hand: name,
                     permissions; not told by the API: permissions
      default role   there is none
      users          email:ADDRESS or id:ID (the e-mail address as
                     "email:mira@example.test", or the id as "id:user-0a1b2c"); one
                     role each; a role goes only with the membership or the account,
                     or by giving another one
      service_users  HANDLE or id:ID (its name, or the id as
                     "id:service-user-0a1b2c"); one role each; a role goes only with
                     the membership or the account, or by giving another one
      idp_groups     NAME (the name of the group in the identity provider); one role
                     each; a role can be taken away

    Nothing failed, 11 in order.
    "#);
}

#[test]
fn a_key_of_an_older_version_is_told_apart() {
    let (_emulator, sandbox) = sandbox("apk_user_demo");
    let said = sandbox.run(&["doctor"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.contains("begin with `cog_`"), "{}", said.out);
    assert!(!said.out.contains("apk_user_demo"), "{}", said.out);
}

#[test]
fn import_writes_holders_and_leaves_roles_to_whoever_knows_them() {
    let (_emulator, sandbox) = sandbox("cog_demo");
    std::fs::remove_dir_all(sandbox.work().join("roles")).expect("removed");
    let said = sandbox.run(&["import"]);
    snapshot!(format!("{}{}--- exit {}", said.out, said.err, said.code), @"
    Wrote roles/devin/acme.yaml
    acme: 0 roles, 2 holders; 0 roles and 0 holders were declared already.
    warning: acme: not written: holder `ada@acme.test`: their role `Curator` was not written
    warning: acme: not written: role `Curator`: its permissions cannot be read
    Next: `rolecall plan` shows what is left, then commit the files.
    --- exit 1
    ");
    let names = sandbox.names();
    let written = names.iter().find(|name| name.starts_with("roles/")).expect("a file");
    snapshot!(sandbox.read(written), @"
    # yaml-language-server: $schema=../../.rolecall/schema/definitions.schema.json
    provider: devin

    assignments:
      - role: builtin:account_admin
        scope: enterprise
        users:
          - email:ada@acme.test
        service_users:
          - bot
    ");
}
