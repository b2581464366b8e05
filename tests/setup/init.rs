//! `rolecall init`

use std::fs;

use super::{Sandbox, snapshot};
use crate::common::Emulator;

#[test]
fn a_project_begins_and_works_at_once() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["init", "--emulator"]);
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    snapshot!(said.err, @"
    Wrote rolecall.yaml
    Wrote roles/coderabbit/access-auditor.yaml
    Wrote .rolecall/.gitignore
    Wrote .rolecall/schema/definitions.schema.json
    Wrote .rolecall/schema/rolecall.schema.json

    Next, against the emulator:
      rolecall plan
      rolecall apply
    ");
    snapshot!(sandbox.read("rolecall.yaml"), @r#"
    # yaml-language-server: $schema=.rolecall/schema/rolecall.schema.json
    version: 1

    targets:
      # A live tenant, and the files that describe its roles.
      coderabbit:
        provider: coderabbit
        files: ["roles/coderabbit/**/*.yaml"]
        # A stand-in inside the program: no account, no network.
        # Take this line away to work on the real tenant.
        emulator: true
        # settings:
        #   # The git provider's id of the organization; only a workspace API token needs it.
        #   org_id: "88321"
        #   # The API of another region, or a server of your own.
        #   url: "https://api.eu.coderabbit.ai"
        # The credential comes from CODERABBIT_API_KEY. From another variable:
        # credential: { env: CODERABBIT_API_KEY_SUFFIX }
        # Where people go from whom a role is taken:
        # on_unassign: { to: builtin:cr_member }

    # What one plan may do at most. These limits hold unless others stand here:
    # guards: { max_deletes: 3, max_unassigns: "10%", min_admins: 2 }
    # The branches that may apply. Without this line every one may:
    # apply_from: [main]
    "#);
    let definition = sandbox.read("roles/coderabbit/access-auditor.yaml");
    assert_eq!(definition.lines().count(), 8);
    snapshot!(definition, @"
    # yaml-language-server: $schema=../../.rolecall/schema/definitions.schema.json
    provider: coderabbit
    roles:
      access-auditor: # what git calls it; the name below can change
        name: Access auditor
        description: Sees who may do what, and changes nothing
        # `rolecall catalog` lists every permission.
        permissions: { role_management: [read], user_management: [read] }
    ");
    assert_eq!(sandbox.read(".rolecall/.gitignore"), "emulator/\nruns/\n");

    let valid = sandbox.run(&["validate", "--format", "json"]);
    let findings: serde_json::Value = serde_json::from_str(&valid.out).expect("JSON");
    assert_eq!((valid.code, &findings["findings"]), (0, &serde_json::json!([])));
    let plan = sandbox.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(plan.code, 2, "{}", plan.err);
    assert!(plan.out.contains("Plan: 1 to create."), "{}", plan.out);
    let apply = sandbox.run(&["apply", "--auto-approve"]);
    assert_eq!(apply.code, 0, "{}{}", apply.out, apply.err);
    assert_eq!(sandbox.run(&["plan", "--detailed-exitcode"]).code, 0);
}

#[test]
fn every_provider_begins_with_its_emulator() {
    for provider in ["coderabbit", "gitlab", "workos", "devin", "infracodebase"] {
        let sandbox = Sandbox::new();
        let said = sandbox.run(&["init", "--provider", provider, "--emulator"]);
        assert_eq!(said.code, 0, "{provider}: {}", said.err);
        let plan = sandbox.run(&["plan", "--detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{provider}: {}{}", plan.out, plan.err);
        assert!(plan.out.contains("Plan: 1 to create"), "{provider}: {}", plan.out);
        let apply = sandbox.run(&["apply", "--auto-approve"]);
        let config = sandbox.read("rolecall.yaml");
        // Where roles are made by hand, that is what remains.
        assert!([0, 8].contains(&apply.code), "{provider}: {config}{}{}", apply.out, apply.err);
    }
}

#[test]
fn what_the_help_says_to_try_works_without_a_terminal() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["--help"]).out;
    let (_, commands) = help.split_once("Try it without an account: ").expect("something to try");
    let commands = commands.split_whitespace().collect::<Vec<_>>().join(" ");
    let commands: Vec<&str> = commands.split(" && ").collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    for command in commands {
        let args: Vec<&str> = command.split(' ').skip(1).collect();
        let said = sandbox.run_as_it_is(&args);
        assert_eq!(said.code, 0, "{command}: {}{}", said.out, said.err);
    }
}

#[test]
fn settings_and_name_are_written_and_checked() {
    let sandbox = Sandbox::new();
    let args = ["init", "--name", "012", "--setting", "org_id=88321", "--provider", "coderabbit"];
    let said = sandbox.run(&args);
    assert_eq!(said.code, 0, "{}", said.err);
    snapshot!(said.err.lines().skip(5).collect::<Vec<_>>().join("\n"), @"
    Next, with the credential in CODERABBIT_API_KEY:
      rolecall doctor
      rolecall plan
    ");
    let config = sandbox.read("rolecall.yaml");
    assert!(config.contains("  \"012\":\n    provider: coderabbit\n"), "{config}");
    assert!(config.contains("    settings:\n      org_id: \"88321\"\n"), "{config}");
    assert!(!config.contains("emulator"), "{config}");
    let valid = sandbox.run(&["validate"]);
    assert_eq!((valid.code, valid.out.as_str()), (0, "Valid: 1 role in 1 file for 1 target.\n"));
}

#[test]
fn everything_wrong_is_said_at_once() {
    let sandbox = Sandbox::new();
    let said =
        sandbox.run(&["init", "--name", "Reviews!", "--setting", "orgid=1", "--setting", "colour=red"]);
    assert_eq!(said.code, 64);
    snapshot!(said.err, @"
    error: this is missing or wrong:
      --name: `Reviews!` is no name of a target: small letters, digits, and `._-`, at most 64, the first a letter or digit
      --setting colour: CodeRabbit has no such setting; it has org_id, url
      --setting orgid: CodeRabbit has no such setting; it has org_id, url
      help: `rolecall init --help` explains each option. Nothing was written.
    ");
    let said = sandbox.run(&["init", "--provider", "nobody"]);
    assert_eq!(said.code, 64);
    snapshot!(said.err, @"
    error: --provider: there is no provider `nobody`; this version knows coderabbit, gitlab, workos, devin, infracodebase
      help: `rolecall init --help` explains each option. Nothing was written.
    ");
    let said = sandbox.run_as_it_is(&["init"]);
    assert_eq!(said.code, 64);
    assert!(said.err.contains("--provider is missing: one of coderabbit, gitlab, workos"), "{}", said.err);
    let said = sandbox.run(&["init", "--setting", "url=ftp://x", "--setting", "org_id=a b"]);
    assert_eq!(said.code, 64);
    snapshot!(said.err, @r#"
    error: the files would have problems:
      `a b` cannot be a value of this setting ("a b")
      this is not the URL of an API ("ftp://x")
      help: Correct the setting. Nothing was written.
    "#);
    assert_eq!(sandbox.names(), [""; 0]);
}

#[test]
fn nothing_is_overwritten() {
    let sandbox = Sandbox::begun(&[]);
    let before = sandbox.files();
    let said = sandbox.run(&["init", "--emulator"]);
    assert_eq!(said.code, 1);
    snapshot!(said.err, @"
    error: nothing was written:
      `rolecall.yaml` is there already
      help: A project begins only once: edit what is there, or name another folder with `-C DIR`.
    ");
    assert_eq!(sandbox.files(), before);

    // Without the configuration: what an earlier run left is fine, somebody's own work is not.
    fs::remove_file(sandbox.work().join("rolecall.yaml")).expect("it is there");
    sandbox.write("roles/coderabbit/access-auditor.yaml", "provider: coderabbit\n");
    sandbox.write(".rolecall/schema/rolecall.schema.json", "{}\n");
    let before = sandbox.files();
    let said = sandbox.run(&["init", "--emulator"]);
    assert_eq!(said.code, 1);
    snapshot!(said.err, @"
    error: nothing was written:
      `roles/coderabbit/access-auditor.yaml` is there already
      `.rolecall/schema/rolecall.schema.json` is there already
      help: Move away what is there, or name another folder with `-C DIR`.
    ");
    assert_eq!(sandbox.files(), before);

    fs::remove_file(sandbox.work().join("roles/coderabbit/access-auditor.yaml")).expect("it is there");
    fs::remove_file(sandbox.work().join(".rolecall/schema/rolecall.schema.json")).expect("it is there");
    assert_eq!(sandbox.run(&["init"]).code, 0);
}

#[test]
fn a_folder_below_another_project_is_told() {
    let sandbox = Sandbox::begun(&[]);
    fs::create_dir(sandbox.work().join("sub dir")).expect("a folder");
    let said = sandbox.run(&["-C", "sub dir", "init", "--emulator"]);
    assert_eq!(said.code, 0, "{}", said.err);
    snapshot!(said.err.lines().skip(5).collect::<Vec<_>>().join("\n"), @"
    Another configuration is in DIR; inside this folder, this one counts.

    Next, against the emulator:
      rolecall -C 'sub dir' plan
      rolecall -C 'sub dir' apply
    ");
    assert_eq!(sandbox.run(&["-C", "sub dir", "validate"]).code, 0);
}

#[test]
fn a_folder_has_to_be_there() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["-C", "nowhere", "init", "--emulator"]);
    assert_eq!(said.code, 64);
    snapshot!(said.err, @"
    error: there is no folder `nowhere`
      help: Make it first, or leave `-C` out.
    ");
    let said = sandbox.run(&["init", "--config", "other.yaml"]);
    assert_eq!(said.code, 64);
    snapshot!(said.err, @"
    error: `init` begins in a folder: --config and --rev mean nothing here
      help: Name the folder with `-C DIR`. The configuration is called `rolecall.yaml`.
    ");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.work().join("elsewhere")).expect("a folder");
    std::os::unix::fs::symlink("elsewhere", sandbox.work().join(".rolecall")).expect("a link");
    sandbox.write("roles/coderabbit", "a file\n");
    let before = sandbox.files();
    let said = sandbox.run(&["init", "--emulator"]);
    assert_eq!(said.code, 4);
    snapshot!(said.err, @"
    error: nothing was written:
      `roles/coderabbit` is a file where a folder is needed
      `.rolecall` is a symbolic link; nothing is written through links
      help: Move away what is there, or name another folder with `-C DIR`.
    ");
    assert_eq!(sandbox.files(), before);

    let sandbox = Sandbox::new();
    std::os::unix::fs::symlink("nowhere", sandbox.work().join("rolecall.yaml")).expect("a link");
    let said = sandbox.run(&["init", "--emulator"]);
    assert_eq!(said.code, 4);
    snapshot!(said.err, @"
    error: nothing was written:
      `rolecall.yaml` is a symbolic link; nothing is written through links
      help: A project begins only once: edit what is there, or name another folder with `-C DIR`.
    ");
}

/// Whether folders can be closed at all: not for the superuser.
#[cfg(unix)]
fn close(folder: &std::path::Path, closed: bool) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = if closed { 0o555 } else { 0o755 };
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("a mode");
    let probe = folder.join("probe");
    let writable = fs::write(&probe, "").is_ok();
    if writable {
        fs::remove_file(&probe).expect("the probe");
    }
    !writable
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_left_as_it_was() {
    let sandbox = Sandbox::new();
    if close(sandbox.work(), true) {
        let said = sandbox.run(&["init", "--emulator"]);
        assert_eq!(said.code, 1);
        assert!(said.err.contains("nothing was written"), "{}", said.err);
    }
    close(sandbox.work(), false);

    // The schemas can be written, the definition cannot: what was made before it is taken back.
    let roles = sandbox.work().join("roles");
    fs::create_dir(&roles).expect("a folder");
    if close(&roles, true) {
        let said = sandbox.run(&["init", "--emulator"]);
        assert_eq!(said.code, 1);
        assert!(said.err.contains("nothing was written"), "{}", said.err);
        assert_eq!(sandbox.names(), [""; 0]);
        assert!(!sandbox.work().join(".rolecall").exists());
    }
    close(&roles, false);
}

#[test]
fn in_a_repository_what_runs_leave_is_ignored() {
    let sandbox = Sandbox::begun(&["--emulator"]);
    let repo = sandbox.commit();
    assert_eq!(sandbox.run(&["apply", "--auto-approve"]).code, 0);
    assert!(sandbox.work().join(".rolecall/emulator/reviews").is_dir());
    let mut options = git2::StatusOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true);
    let statuses = repo.statuses(Some(&mut options)).expect("a status");
    let seen: Vec<_> = statuses.iter().filter_map(|entry| entry.path().map(str::to_owned).ok()).collect();
    let schema = |name| format!(".rolecall/schema/{name}.schema.json");
    assert_eq!(seen, [".rolecall/.gitignore", &schema("definitions"), &schema("rolecall")]);
}

#[test]
fn what_is_live_can_be_imported_at_once() {
    let emulator = Emulator::start();
    let permissions = serde_json::json!([{ "resource_id": "reports", "access_type": "read" }]);
    emulator.make_role(&serde_json::json!({ "name": "Report reader", "permissions": permissions }));
    let sandbox = Sandbox::new();
    let url = format!("url={}", emulator.url);
    let said = sandbox.run(&["init", "--name", "reviews", "--setting", &url, "--import"]);
    assert_eq!(said.code, 0, "{}", said.err);
    snapshot!(said.err, @"
    Wrote rolecall.yaml
    Wrote .rolecall/.gitignore
    Wrote .rolecall/schema/definitions.schema.json
    Wrote .rolecall/schema/rolecall.schema.json
    reviews: 1 role, 3 holders; 0 roles and 0 holders were declared already.
    Next: `rolecall plan` shows what is left, then commit the files.
    ");
    assert!(sandbox.read("roles/coderabbit/reviews.yaml").contains("Report reader"));
    assert!(!sandbox.names().iter().any(|name| name.contains("access-auditor")));
    let plan = sandbox.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(plan.code, 0, "{}{}", plan.out, plan.err);
}

#[test]
fn an_import_that_fails_leaves_the_configuration() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["init", "--import"]);
    assert_eq!(said.code, 1);
    snapshot!(said.err, @"
    Wrote rolecall.yaml
    Wrote .rolecall/.gitignore
    Wrote .rolecall/schema/definitions.schema.json
    Wrote .rolecall/schema/rolecall.schema.json
    error: coderabbit: the environment variable CODERABBIT_API_KEY is not set
      help: Put the credential into CODERABBIT_API_KEY, or name another variable under `credential`.
    The configuration stays. Once that is fixed: rolecall import
    ");
    assert!(sandbox.names().contains(&"rolecall.yaml".to_owned()));
    assert_eq!(sandbox.run(&["init", "--import", "--emulator"]).code, 64);
}

/// A repository without a commit, on this branch.
fn repository(sandbox: &Sandbox, branch: &str) {
    let mut options = git2::RepositoryInitOptions::new();
    let _repository = git2::Repository::init_opts(sandbox.work(), options.initial_head(branch)).expect("one");
}

#[test]
fn the_workflows_run_for_the_branch_that_is_there() {
    let sandbox = Sandbox::new();
    repository(&sandbox, "trunk");
    let said = sandbox.run(&["init", "--provider", "coderabbit", "--ci", "github", "--yes"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("Look whether `trunk` is the default branch"), "{}", said.err);
    for file in ["roles-plan.yml", "roles-apply-approved.yml"] {
        let text = sandbox.read(&format!(".github/workflows/{file}"));
        assert!(text.contains("trunk") && !text.contains("\"main\""), "{text}");
    }
}

#[test]
fn words_that_fit_into_no_workflow_are_refused_before_anything_is_written() {
    let sandbox = Sandbox::new();
    let wrong =
        ["init", "--provider", "coderabbit", "--ci", "github", "--owners", "acme", "--action", "x", "--yes"];
    let said = sandbox.run(&wrong);
    assert_eq!(said.code, 64, "{}", said.err);
    assert!(said.err.contains("Nothing was written") && !said.err.contains("Wrote"), "{}", said.err);
    assert!(sandbox.names().is_empty(), "{:?}", sandbox.names());
}

#[test]
fn a_credential_in_a_file_has_to_be_handed_over_as_one() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "rolecall.yaml",
        "version: 1\ntargets:\n  reviews: { provider: coderabbit, credential: { file_env: KEY_FILE }, files: [\"roles/*.yaml\"] }\n  people: { provider: workos, files: [\"people/*.yaml\"] }\n",
    );
    sandbox.write("roles/all.yaml", "provider: coderabbit\nroles: {}\n");
    sandbox.write("people/all.yaml", "provider: workos\nroles: {}\n");
    let said = sandbox.run(&["init", "--ci", "github"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("Hand over `KEY_FILE` as a file"), "{}", said.err);
    assert!(said.err.contains("CodeRabbit and WorkOS have no key that only reads"), "{}", said.err);
}

#[test]
fn the_workflows_of_a_project_are_written_at_the_top_of_its_repository() {
    let sandbox = Sandbox::new();
    repository(&sandbox, "main");
    fs::create_dir(sandbox.work().join("roles")).expect("a folder");
    let begun =
        sandbox.run(&["-C", "roles", "init", "--provider", "gitlab", "--setting", "group=acme", "--yes"]);
    assert_eq!(begun.code, 0, "{}", begun.err);
    let action = format!("acme/rolecall@{}", "a".repeat(40));
    let said = sandbox.run(&[
        "-C",
        "roles",
        "init",
        "--ci",
        "github",
        "--owners",
        "@acme/security",
        "--action",
        &action,
    ]);
    assert_eq!(said.code, 0, "{}", said.err);
    snapshot!(said.err, @"
    Wrote .github/workflows/roles-plan.yml
    Wrote .github/workflows/roles-apply.yml
    Wrote .github/workflows/roles-drift.yml
    Wrote .github/CODEOWNERS

    Next, on the forge:
      1. Make the environment `roles-plan` with keys that only read: `GITLAB_TOKEN_READ`. GitLab: a token with the scope `read_api`.
      2. Make the environment `roles-production` for the branch `main` only, with reviewers, with `GITLAB_TOKEN_WRITE`. In a private repository environments need GitHub Pro, Team, or Enterprise, and reviewers Enterprise. Without reviewers whoever may push can also dispatch the apply by hand, unreviewed and with guards lifted.
      3. Protect the branch `main`: pull requests with a review by the code owners, up to date before they are merged; the checks `Validate and diff` and `Plan` have to pass.
    ");
    let plan = sandbox.read(".github/workflows/roles-plan.yml");
    for line in [
        format!("      - uses: {action}\n"),
        "          directory: \"roles\"\n".to_owned(),
        "          GITLAB_TOKEN: ${{ secrets.GITLAB_TOKEN_READ }}\n".to_owned(),
    ] {
        assert!(plan.contains(&line), "{line} is missing in\n{plan}");
    }
    assert!(sandbox.read(".github/workflows/roles-apply.yml").contains("secrets.GITLAB_TOKEN_WRITE"));
    assert!(sandbox.read(".github/CODEOWNERS").contains("/roles/rolecall.yaml @acme/security\n"));
    for file in ["roles-plan.yml", "roles-apply.yml", "roles-drift.yml"] {
        let text = sandbox.read(&format!(".github/workflows/{file}"));
        assert!(
            !text.contains("@ACTION@") && !text.lines().any(|line| line.trim_start().starts_with('@')),
            "{text}"
        );
    }
    // A second time nothing changes, and what somebody edited stays.
    assert_eq!(sandbox.run(&["-C", "roles", "init", "--ci", "github", "--action", &action]).code, 0);
    sandbox.write(".github/workflows/roles-drift.yml", "name: mine\n");
    let refused = sandbox.run(&["-C", "roles", "init", "--ci", "github", "--action", &action]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert_eq!(sandbox.read(".github/workflows/roles-drift.yml"), "name: mine\n");
}

#[test]
fn a_server_of_ones_own_is_allowed_by_a_variable_of_the_forge() {
    let sandbox = Sandbox::new();
    let config = |url: &str| {
        let settings = format!("settings: {{ {url} group: acme }}");
        format!("version: 1\ntargets:\n  groups: {{ provider: gitlab, files: [\"*.yml\"], {settings} }}\n")
    };
    let line = "          ROLECALL_ALLOW_HOSTS: ${{ vars.ROLECALL_ALLOW_HOSTS }}\n";
    for (url, times) in [("url: \"https://gitlab.example.com\",", 1), ("", 0)] {
        sandbox.write("rolecall.yaml", &config(url));
        let github = sandbox.run(&["init", "--ci", "github"]);
        let gitlab = sandbox.run(&["init", "--ci", "gitlab"]);
        for said in [&github, &gitlab] {
            assert_eq!(said.code, 0, "{}", said.err);
            let step = "Name the host of `groups` in the variable `ROLECALL_ALLOW_HOSTS`";
            assert_eq!(said.err.matches(step).count(), times, "{}", said.err);
        }
        // Each job that has a credential, and no other.
        for (file, jobs) in [("roles-plan.yml", 1), ("roles-apply.yml", 2), ("roles-drift.yml", 1)] {
            let text = sandbox.read(&format!(".github/workflows/{file}"));
            assert_eq!(text.matches(line).count(), jobs * times, "{text}");
        }
        fs::remove_dir_all(sandbox.work().join(".github")).expect("they are there");
        fs::remove_file(sandbox.work().join(".gitlab-ci.yml")).expect("it is there");
    }
}

#[test]
fn without_a_key_that_only_reads_pull_requests_are_planned_behind_the_environment() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["init", "--provider", "coderabbit", "--yes"]).code, 0);
    let said = sandbox.run(&["init", "--ci", "github"]);
    assert_eq!(said.code, 0, "{}", said.err);
    snapshot!(said.err, @"
    Wrote .github/workflows/roles-plan.yml
    Wrote .github/workflows/roles-apply-approved.yml
    Wrote .github/workflows/roles-drift-approved.yml

    Next, on the forge:
      1. Put the commit of a release where `0000000000000000000000000000000000000000` stands, and the owner of the Action where `OWNER` stands: a commit cannot be moved, a tag can.
      2. CodeRabbit has no key that only reads. So pull requests validate and compare `coderabbit`, and a merge plans and applies by roles-apply-approved.yml, where the reviewers of `roles-production` are asked twice: for the key, and for the plan. roles-drift-approved.yml waits for them too, once a week.
      3. Make the environment `roles-production` for the branch `main` only, with reviewers, with `CODERABBIT_API_KEY_WRITE`. In a private repository environments need GitHub Pro, Team, or Enterprise, and reviewers Enterprise. Without reviewers nobody sees the plan of roles-apply-approved.yml before it is applied, and whoever may push can also dispatch the apply by hand, unreviewed and with guards lifted.
      4. Protect the branch `main`: pull requests with a review by the code owners, up to date before they are merged; the check `Validate and diff` has to pass.
      5. Say who has to approve: run this again with `--owners @ORGANIZATION/TEAM`, or write .github/CODEOWNERS with lines for `rolecall.yaml`, the definitions, and the files of the CI system.
    ");
    let plan = sandbox.read(".github/workflows/roles-plan.yml");
    assert!(!plan.contains("secrets."), "{plan}");
    let apply = sandbox.read(".github/workflows/roles-apply-approved.yml");
    // Nothing was planned that could have been reviewed: whoever approves the second job has read the plan of the first.
    assert!(!apply.contains("require_reviewed"), "{apply}");
    assert_eq!(apply.matches("environment: roles-production").count(), 2, "{apply}");
    assert!(!apply.contains("_READ") && !apply.contains("targets:"), "{apply}");
    let wrong = sandbox.run(&["init", "--ci", "github", "--action", "acme/rolecall@v1", "--owners", "me"]);
    assert_eq!(wrong.code, 64, "{}", wrong.err);
    assert!(wrong.err.contains("--action") && wrong.err.contains("--owners"), "{}", wrong.err);
    let said = sandbox.run(&["init", "--ci", "gitlab", "--owners", "@acme/security"]);
    assert_eq!(said.code, 0, "{}", said.err);
    snapshot!(said.err, @"
    Wrote .gitlab-ci.yml
    Wrote .gitlab/CODEOWNERS

    Next, on the forge:
      1. Put the commit of a release into the address of the component.
      2. CodeRabbit has no key that only reads. So merge requests validate and compare, what was merged is planned with the key of `roles-production`, and `roles-apply` waits until somebody who may deploy there has read that plan.
      3. Add `CODERABBIT_API_KEY` as masked and protected variables for the environment `roles-production`.
      4. Add `ROLECALL_GITLAB_NOTE_TOKEN`, masked, a project access token for each environment that needs one, so that the job that applies has none: for `roles-report` with the scope `api` and the role Reporter; for `roles-record`, protected, with `write_repository` and Developer.
      5. Protect the branch `main` and the environment `roles-production`. The plan of a merge and the schedule run there too, so whoever merges, and whoever owns the schedule, has to be allowed to deploy to it.
    ");
    let pipeline = sandbox.read(".gitlab-ci.yml");
    assert!(pipeline.contains("\n      plan_environment: roles-production\n"), "{pipeline}");
    assert!(sandbox.read(".gitlab/CODEOWNERS").contains("/.gitlab-ci.yml @acme/security\n"));
}

/// A product with a key that only reads, one without, and an emulator.
const MIXED: &str = r#"version: 1
targets:
  code: { provider: gitlab, files: ["access/code/**/*.yaml"], settings: { group: acme } }
  reviews: { provider: coderabbit, files: ["access/reviews.yaml"] }
  try-out: { provider: coderabbit, emulator: true, files: ["**/try-*.yaml"] }
"#;

#[test]
fn beside_a_product_without_a_reading_key_the_others_are_planned_in_pull_requests() {
    let sandbox = Sandbox::new();
    sandbox.write("rolecall.yaml", MIXED);
    let said = sandbox.run(&["init", "--ci", "github"]);
    assert_eq!(said.code, 0, "{}", said.err);
    snapshot!(said.err, @"
    Wrote .github/workflows/roles-plan.yml
    Wrote .github/workflows/roles-apply.yml
    Wrote .github/workflows/roles-drift.yml
    Wrote .github/workflows/roles-apply-approved.yml
    Wrote .github/workflows/roles-drift-approved.yml

    Next, on the forge:
      1. Put the commit of a release where `0000000000000000000000000000000000000000` stands, and the owner of the Action where `OWNER` stands: a commit cannot be moved, a tag can.
      2. CodeRabbit has no key that only reads. So pull requests validate and compare `reviews`, and a merge plans and applies by roles-apply-approved.yml, where the reviewers of `roles-production` are asked twice: for the key, and for the plan. roles-drift-approved.yml waits for them too, once a week.
      3. Make the environment `roles-plan` with keys that only read: `GITLAB_TOKEN_READ`. GitLab: a token with the scope `read_api`.
      4. Make the environment `roles-production` for the branch `main` only, with reviewers, with `GITLAB_TOKEN_WRITE`, `CODERABBIT_API_KEY_WRITE`. In a private repository environments need GitHub Pro, Team, or Enterprise, and reviewers Enterprise. Without reviewers nobody sees the plan of roles-apply-approved.yml before it is applied, and whoever may push can also dispatch the apply by hand, unreviewed and with guards lifted.
      5. Protect the branch `main`: pull requests with a review by the code owners, up to date before they are merged; the checks `Validate and diff` and `Plan` have to pass.
      6. Say who has to approve: run this again with `--owners @ORGANIZATION/TEAM`, or write .github/CODEOWNERS with lines for `rolecall.yaml`, the definitions, and the files of the CI system.
    ");
    let workflow = |name: &str| sandbox.read(&format!(".github/workflows/{name}.yml"));
    for name in ["roles-plan", "roles-apply", "roles-drift"] {
        let text = workflow(name);
        assert!(text.contains("          targets: \"!reviews\"\n"), "{text}");
        assert!(!text.contains("CODERABBIT_API_KEY"), "{text}");
    }
    assert!(workflow("roles-apply").contains("require_reviewed: ${{ github.event_name == 'push' }}"));
    // What is not planned there is compared, in a comment.
    let plan = workflow("roles-plan");
    let (_, compared) = plan.split_once("a comment on what cannot be planned").expect("a step");
    assert!(compared.contains("\n          targets: \"reviews\"\n"), "{plan}");
    for name in ["roles-apply-approved", "roles-drift-approved"] {
        let text = workflow(name);
        assert!(text.contains("          targets: \"reviews\"\n"), "{text}");
        assert!(
            text.contains("secrets.CODERABBIT_API_KEY_WRITE") && !text.contains("GITLAB_TOKEN"),
            "{text}"
        );
    }
    // Two applies wait for each other only where they could get in each other's way.
    assert!(workflow("roles-apply").contains("  group: roles-production\n"));
    assert!(workflow("roles-apply-approved").contains("  group: roles-production-approved\n"));
    for (pattern, names) in [("!reviews", ["code", "try-out"].as_slice()), ("reviews", &["reviews"])] {
        let said = sandbox.run(&["targets", "--format", "json", "--target", pattern]);
        let named = |name: &&str| said.out.contains(&format!("\"{name}\""));
        let found: Vec<&str> = ["code", "reviews", "try-out"].into_iter().filter(named).collect();
        assert_eq!(found, names, "{}{}", said.out, said.err);
    }
    let unknown = sandbox.run(&["targets", "--target", "!review"]);
    assert!(unknown.code == 64 && unknown.err.contains("no target is called `review`"), "{}", unknown.err);
}

#[test]
fn who_decides_about_roles_owns_what_the_configuration_names() {
    let sandbox = Sandbox::new();
    let _repo = git2::Repository::init(sandbox.work()).expect("a repository");
    sandbox.write(
        "my roles/rolecall.yaml",
        &MIXED.replace(
            ", emulator: true, files: [\"**/try-*.yaml\"]",
            ", emulator: true, files: [\"access/code/try.yaml\"]",
        ),
    );
    sandbox.write(
        "my roles/access/reviews.yaml",
        "provider: coderabbit\nroles:\n  a: { name: A, permissions: { reports: [read] } }\nassignments:\n  - role: a\n    users_from: { file: people/all.csv, column: id }\n",
    );
    sandbox.write("my roles/people/all.csv", "id\n1003\n");
    let said = sandbox.run(&["-C", "my roles", "init", "--ci", "github", "--owners", "@acme/security"]);
    assert_eq!(said.code, 0, "{}", said.err);
    snapshot!(sandbox.read(".github/CODEOWNERS"), @r"
    # Who decides about roles also decides about the workflows that hold their credentials.
    /my\ roles/.rolecall/ @acme/security
    /my\ roles/access/code/ @acme/security
    /my\ roles/access/code/try.yaml @acme/security
    /my\ roles/access/reviews.yaml @acme/security
    /my\ roles/people/all.csv @acme/security
    /my\ roles/rolecall.yaml @acme/security
    /.github/workflows/ @acme/security
    /.github/CODEOWNERS @acme/security
    ");

    // Where a pattern begins with a choice, everything counts.
    let sandbox = Sandbox::new();
    sandbox.write("rolecall.yaml", MIXED);
    assert_eq!(sandbox.run(&["init", "--ci", "github", "--owners", "@a,@b"]).code, 0);
    let owners = sandbox.read(".github/CODEOWNERS");
    assert!(owners.contains("\n* @a @b\n") && owners.contains("\n/access/code/ @a @b\n"), "{owners}");
}
