//! What one file after another leads to: bad input first, then what is right.

use std::collections::BTreeMap;

use super::{ParseCache, testing::*};
use crate::model::{
    Code, Level,
    config::{CredentialSource, LintLevel, Mode, OnUnassign},
    desired::{RoleName, Spelling, Via},
};

/// Wraps the body of a definition file.
fn acme(body: &str) -> String {
    format!("provider: acme\n{body}")
}

fn role(body: &str) -> String {
    acme(&format!("roles:\n  auditor:\n    description: Reads\n    permissions: [read_code]\n{body}"))
}

fn config(entry: &str) -> Vec<String> {
    let text = format!("version: 1\ntargets:\n  main:\n    provider: acme\n    files: roles/*.yaml\n{entry}");
    lines(&load(&Memory::new([("rolecall.yaml", &*text), ("roles/a.yaml", "provider: acme\n")])))
}

#[test]
fn a_first_file_of_eight_lines_is_fine() {
    let text = "provider: acme\nroles:\n  auditor:\n    name: Auditor\n    description: Reads everything\n    permissions:\n      - read_code\n      - read_report\n";
    let loaded = load_one(text);
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let desired = loaded.desired.get("main").expect("a desired state");
    let role = desired.roles.first().expect("a role");
    assert_eq!((&*role.key, role.name.value.raw()), ("auditor", "Auditor"));
    assert_eq!(
        role.permissions.keys().map(|name| name.raw()).collect::<Vec<_>>(),
        ["read_code", "read_report"]
    );
    assert_eq!(loaded.read.iter().map(|path| &**path).collect::<Vec<_>>(), ["rolecall.yaml", "roles/a.yaml"]);
}

#[test]
fn every_problem_of_every_file_in_one_run() {
    let files = Memory::new([
        ("rolecall.yaml", CONFIG),
        (
            "roles/a.yaml",
            "provider: acme\nroles:\n  a:\n    permisions: [read_code]\n    description: x\n  b:\n    name: 012\n    description: x\n  C:\n    description: x\n",
        ),
        (
            "roles/b.yaml",
            "provider: acme\nroles:\n  d:\n    description: x\n    permissions: [read_kode]\n    include: [gone]\ndefault_role: aa\n",
        ),
        ("roles/c.yaml", "roles: [\n"),
    ]);
    // The broken file may declare `gone` and `aa`: these are not reported.
    assert_eq!(
        lines(&load(&files)),
        [
            "RC020 roles/a.yaml:4:5: unknown field `permisions`",
            "RC012 roles/a.yaml:7:11: plain `012` is a number that loses its zero, and text is wanted",
            "RC024 roles/a.yaml:9:3: `C` cannot be a key",
            "RC035 roles/b.yaml:5:19: Acme has no permission `read_kode`",
            "RC004 roles/c.yaml:1:8: a bracket or brace is never closed",
        ]
    );
}

#[test]
fn shape_of_definitions() {
    for (body, expected) in [
        ("roles:\n  a: 5\n", "RC021 roles/a.yaml:3:6: a whole number where a mapping is wanted"),
        ("roles:\n", "RC021 roles/a.yaml:2:1: no value where a mapping is wanted"),
        (
            "roles:\n  a:\n    description: x\n    permissions: read_code\n",
            "RC021 roles/a.yaml:5:18: text where a list is wanted",
        ),
        (
            "roles:\n  a:\n    description: x\n    permissions: { code: [read] }\n",
            "RC021 roles/a.yaml:5:18: a mapping where a list is wanted",
        ),
        (
            "roles:\n  a:\n    description: x\n    kind: admin\n",
            "RC028 roles/a.yaml:5:5: `kind` is not something that `acme` has",
        ),
        (
            "roles:\n  a:\n    description: x\n    protect: [delete, move]\n",
            "RC023 roles/a.yaml:5:23: `move` is not possible here",
        ),
        (
            "roles:\n  a:\n    description: x\n    protect: sometimes\n",
            "RC021 roles/a.yaml:5:14: text where `true` or `false` is wanted",
        ),
        ("assignments:\n  - users: [mira]\n", "RC022 roles/a.yaml:3:5: the field `role` is missing"),
        (
            "assignments:\n  - role: builtin:guest\n",
            "RC022 roles/a.yaml:3:11: an assignment that names nobody",
        ),
        (
            "assignments:\n  - { role: builtin:guest, saml_groups: [a] }\n",
            "RC028 roles/a.yaml:3:28: `saml_groups` is not something that `acme` has",
        ),
        (
            "assignments:\n  - { role: builtin:guest, users: [1001] }\n",
            "RC012 roles/a.yaml:3:36: plain `1001` is a number, and text is wanted",
        ),
        (
            "assignments:\n  - { role: builtin:guest, users: [mira], expires: 2026-13-01 }\n",
            "RC024 roles/a.yaml:3:52: `2026-13-01` is no date",
        ),
        (
            "removed:\n  - { reassign_to: builtin:guest }\n",
            "RC022 roles/a.yaml:3:5: a removal needs exactly one of `key` and `name`",
        ),
        ("default_role: none\n", "RC028 roles/a.yaml:2:15: this provider always has a default role"),
        ("roles:\n  a:\n    description: x\n    name: \"\"\n", "RC025 roles/a.yaml:5:11: an empty text"),
        ("<<: { roles: {} }\n", "RC020 roles/a.yaml:2:1: unknown field `<<`"),
        (
            "roles:\n  no:\n    description: x\n",
            "RC012 roles/a.yaml:3:3: plain `no` is a truth value to older readers of YAML, and text is wanted",
        ),
    ] {
        assert_eq!(lines(&load_one(&acme(body))), [expected], "{body}");
    }
    assert_eq!(codes("roles: {}\n"), ["RC022"]);
    assert_eq!(codes("provider: acmee\nroles: 5\n"), ["RC027"]);
    assert_eq!(codes("provider: bricks\n"), ["RC029"]);
    assert_eq!(codes("# nothing\n"), ["RC013"]);
}

#[test]
fn shape_of_the_config() {
    let fine = "    settings: { org: \"1\" }\n";
    assert_eq!(config(fine), Vec::<String>::new());
    for (entry, expected) in [
        ("", "RC022 rolecall.yaml:3:3: the setting `org` is missing"),
        (
            "    settings: { org: 88321 }\n",
            "RC012 rolecall.yaml:6:22: plain `88321` is a number, and text is wanted",
        ),
        ("    settings: { org: a/b }\n", "RC024 rolecall.yaml:6:22: `a/b` cannot be a value of this setting"),
        ("    settings: { orgg: a, org: a }\n", "RC020 rolecall.yaml:6:17: unknown field `orgg`"),
        (
            "    settings: { org: a, url: \"https://u:p@h.example\" }\n",
            "RC024 rolecall.yaml:6:30: a URL with a user name or password",
        ),
        (
            "    settings: { org: a }\n    on_unassign: keep_base\n",
            "RC028 rolecall.yaml:7:18: `keep_base` is not something that this provider can do",
        ),
        (
            "    settings: { org: a }\n    on_unassign: { to: gone }\n",
            "RC030 rolecall.yaml:7:24: no role `gone` is declared",
        ),
        (
            "    settings: { org: a }\n    manage: all\n",
            "RC023 rolecall.yaml:7:13: `all` is not possible here",
        ),
        (
            "    settings: { org: a }\n    credential: { env: HOME }\n",
            "RC023 rolecall.yaml:7:24: this variable is not read as a credential of the provider",
        ),
        (
            "    settings: { org: a }\nguards: { max_deletes: 200% }\n",
            "RC024 rolecall.yaml:7:24: `200%` cannot be a limit",
        ),
        (
            "    settings: { org: a }\nlints: { RC005: allow }\n",
            "RC023 rolecall.yaml:7:10: `RC005` cannot be set here",
        ),
    ] {
        assert_eq!(config(entry), [expected], "{entry}");
    }
}

#[test]
fn a_config_with_everything() {
    let text = "version: 1\ntargets:\n  two:\n    provider: bricks\n    emulator: true\n    files: [b/*.yaml]\n    manage: { roles: authoritative }\n    credential: { file_env: ROLECALL_CREDENTIAL_B }\n  one:\n    provider: acme\n    files: a/*.yaml\n    manage: additive\n    settings: { org: \"1\" }\n    on_unassign: { to: builtin:guest }\nguards: { max_deletes: \"5%\", min_admins: 1 }\nlints: { RC041: deny }\napply_from: [main]\n";
    let files = Memory::new([
        ("rolecall.yaml", text),
        ("a/a.yaml", "provider: acme\n"),
        ("b/b.yaml", "provider: bricks\n"),
    ]);
    let loaded = load(&files);
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let config = loaded.config.expect("a config");
    assert_eq!(config.targets.iter().map(|target| &*target.name).collect::<Vec<_>>(), ["two", "one"]);
    let (two, one) = (&config.targets[0], &config.targets[1]);
    assert_eq!((two.manage.roles, two.manage.assignments), (Mode::Authoritative, Mode::Declared));
    assert_eq!(two.credential, CredentialSource::FileEnv("ROLECALL_CREDENTIAL_B".into()));
    assert_eq!((one.manage.roles, one.manage.assignments), (Mode::Additive, Mode::Additive));
    assert_eq!(one.credential, CredentialSource::Env("ACME_TOKEN".into()));
    assert!(matches!(&one.on_unassign, OnUnassign::To(role) if &*role.value == "builtin:guest"));
    assert_eq!(config.lints.get(&Code::NamedAfterPerson), Some(&LintLevel::Deny));
    assert_eq!(loaded.desired.len(), 2);
}

#[test]
fn one_wrong_target_does_not_hide_the_other() {
    let text = "version: 1\ntargets:\n  bad:\n    provider: acme\n    files: a/*.yaml\n    settings: { org: 1 }\n  good:\n    provider: bricks\n    files: b/*.yaml\n";
    let files = Memory::new([("rolecall.yaml", text), ("b/b.yaml", "provider: bricks\n")]);
    let loaded = load(&files);
    assert_eq!(lines(&loaded), ["RC012 rolecall.yaml:6:22: plain `1` is a number, and text is wanted"]);
    assert_eq!(loaded.failed.iter().map(|name| &**name).collect::<Vec<_>>(), ["bad"]);
    assert_eq!(loaded.desired.keys().map(|name| &**name).collect::<Vec<_>>(), ["good"]);
}

#[test]
fn sets_are_united_and_say_where_each_permission_comes_from() {
    let loaded = load_one(&acme(
        "permission_sets:\n  reads: [read_code, read_report]\n  all: { include: [reads], permissions: [write_code] }\nroles:\n  r:\n    description: x\n    base: builtin:guest\n    include: [all]\n    permissions: [read_code]\n    except: [read_report]\n    previously: [Old]\n    protect: true\n",
    ));
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let role = &loaded.desired["main"].roles[0];
    let via: Vec<(&str, String)> = role
        .permissions
        .iter()
        .map(|(name, via)| {
            let via = match via {
                Via::Own(_) => "own".to_owned(),
                Via::Set { name, site } => {
                    format!("{name}:{}", loaded.sources.locate(*site).map_or(0, |(_, at)| at.line))
                }
                Via::Base(_) => "base".to_owned(),
            };
            (name.raw(), via)
        })
        .collect();
    assert_eq!(
        via,
        [("read_code", "own".to_owned()), ("read_report", "reads:3".into()), ("write_code", "all:4".into())]
    );
    assert_eq!(role.except.keys().map(|name| name.raw()).collect::<Vec<_>>(), ["read_report"]);
    assert_eq!(role.base.as_ref().map(|base| &base.value), Some(&RoleName::Builtin("guest".into())));
    assert_eq!(role.protect.len(), 3);
}

#[test]
fn permissions_by_resource() {
    let config = CONFIG.replace("acme", "bricks").replace("    settings: { org: \"88321\" }\n", "");
    let text = "provider: bricks\npermission_sets:\n  look: { walls: [read], roofs: [read] }\n  full: { include: [look], permissions: { walls: [write] } }\nroles:\n  mason:\n    include: [full]\nassignments:\n  - { role: mason, users: [\"7\", id:8], exclusive: [users] }\n";
    let loaded = load(&Memory::new([("rolecall.yaml", &*config), ("roles/a.yaml", text)]));
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let desired = &loaded.desired["main"];
    let names: Vec<_> = desired.roles[0].permissions.keys().map(|name| name.raw()).collect();
    assert_eq!(names, ["roofs:read", "walls:read", "walls:write"]);
    let who: Vec<_> = desired.assignments.iter().map(|one| one.principal.value.clone()).collect();
    assert_eq!(who, [Spelling::Handle("7".into()), Spelling::Id("8".into())]);
    assert_eq!(desired.exclusive.len(), 1);

    let slip = text.replace("roofs: [read]", "walls: [raed]").replace("{ walls: [read], ", "{ ");
    let loaded = load(&Memory::new([("rolecall.yaml", &*config), ("roles/a.yaml", &*slip)]));
    assert_eq!(lines(&loaded), ["RC048 roles/a.yaml:3:19: `walls:raed` is not in the known catalogue"]);

    // Nobody documented roofs, but accesses are the same everywhere.
    let slip = text.replace("roofs: [read]", "roofs: [wirte]");
    let loaded = load(&Memory::new([("rolecall.yaml", &*config), ("roles/a.yaml", &*slip)]));
    let help = loaded.findings[0].help.as_ref().map(|help| help.raw());
    assert_eq!((loaded.findings.len(), help), (1, Some("Did you mean `write` under `roofs`?")));
}

#[test]
fn other_spellings_of_a_permission_are_that_permission() {
    let role = |permissions: &str| {
        acme(&format!("roles:\n  r:\n    description: x\n    permissions: [{permissions}]\n"))
    };
    for written in ["See (all) Reports", "ReadReport", "read_report"] {
        let loaded = load_one(&role(&format!("read_code, {written}")));
        let role = &loaded.desired["main"].roles[0];
        let names: Vec<&str> = role.permissions.keys().map(|name| name.raw()).collect();
        assert_eq!(names, ["read_code", "read_report"], "{written}");
        assert_eq!(lines(&loaded), Vec::<String>::new(), "{written}");
    }
    let loaded = load_one(&role("ReadRepotr"));
    assert_eq!(lines(&loaded), ["RC035 roles/a.yaml:5:19: Acme has no permission `ReadRepotr`"]);
    let help = loaded.findings[0].help.as_ref().map(|help| help.raw().to_owned());
    assert_eq!(help.as_deref(), Some("Did you mean `ReadReport`?"));
}

#[test]
fn a_title_that_two_built_in_roles_have_names_neither() {
    let config = CONFIG.replace("acme", "bricks").replace("    settings: { org: \"88321\" }\n", "");
    let file = |role: &str| {
        let text = format!("provider: bricks\nassignments:\n  - role: {role}\n    users: [\"7\"]\n");
        load(&Memory::new([("rolecall.yaml", &*config), ("roles/a.yaml", &*text)]))
    };
    let loaded = file("builtin:Keeper");
    assert_eq!(lines(&loaded), ["RC032 roles/a.yaml:3:11: Bricks has several built-in roles `Keeper`"]);
    let help = loaded.findings[0].help.as_ref().map(|help| help.raw().to_owned());
    assert_eq!(help.as_deref(), Some("Write one of `builtin:keeper` and `builtin:site_keeper`."));
    assert_eq!(lines(&file("builtin:site_keeper")), Vec::<String>::new());
}

#[test]
fn a_written_live_catalogue_is_used() {
    let config = CONFIG.replace("acme", "bricks").replace("    settings: { org: \"88321\" }\n", "");
    let text = "provider: bricks\nroles:\n  a: { permissions: { roofs: [read], cellar: [read] } }\n";
    let live = r#"{"version":1,"provider":"bricks","permissions":["roofs:read"]}"#;
    let mut files = Memory::new([("rolecall.yaml", &*config), ("roles/a.yaml", text)]);
    assert_eq!(lines(&load(&files)), Vec::<String>::new());
    files.0.insert(".rolecall/catalog/main.json".into(), live.into());
    let loaded = load(&files);
    assert_eq!(
        lines(&loaded),
        ["RC048 roles/a.yaml:3:38: the resource `cellar` is not in the known catalogue"]
    );
    assert!(loaded.read.iter().any(|path| &**path == ".rolecall/catalog/main.json"));
    files.0.insert(".rolecall/catalog/main.json".into(), "{}".into());
    assert_eq!(load(&files).findings[0].code, Code::FileUnreadable);
}

/// One warning for each name, at its first place; a place where it is allowed does not count.
#[test]
fn an_unknown_permission_is_told_once() {
    let config = CONFIG.replace("acme", "bricks").replace("    settings: { org: \"88321\" }\n", "");
    let role = |key: &str, comment: &str| {
        format!("  {key}: {{ permissions: {{ roofs: [read], cellar: [read, write] }} }}{comment}\n")
    };
    let help = |comment: &str| {
        let text =
            format!("provider: bricks\nroles:\n{}{}{}", role("a", comment), role("b", ""), role("c", ""));
        let live = r#"{"version":1,"provider":"bricks","permissions":["walls:read"]}"#;
        let live = (".rolecall/catalog/main.json", live);
        let loaded = load(&Memory::new([("rolecall.yaml", &*config), ("roles/a.yaml", &*text), live]));
        let first = loaded.findings.iter().find(|one| one.code == Code::UnknownToOpenCatalogue);
        let help = first.and_then(|one| one.help.as_ref()).map_or("", |help| help.raw()).to_owned();
        let told = lines(&loaded).into_iter().filter(|line| line.starts_with("RC048"));
        (told.collect::<Vec<_>>(), help)
    };
    let unknown = |line: u32| {
        let said = |column, name| {
            format!("RC048 roles/a.yaml:{line}:{column}: the resource `{name}` is not in the known catalogue")
        };
        [said(23, "roofs"), said(38, "cellar")]
    };
    let (lines, first) = help("");
    assert_eq!(lines, unknown(3));
    assert!(first.ends_with("if it is new. It stands in 2 more places."), "{first}");
    let (lines, first) = help(" # rolecall: allow RC048 because it is new");
    assert_eq!(lines, unknown(4));
    assert!(first.ends_with("It stands in 1 more place."), "{first}");
}

#[test]
fn a_resource_is_underlined_where_it_is_unknown() {
    let config = CONFIG.replace("acme", "bricks").replace("    settings: { org: \"88321\" }\n", "");
    for (permissions, expected, help) in [
        ("wals: [read, write]", "3:23: the resource `wals`", "Did you mean `walls`?"),
        ("wals: [raed]", "3:23: the resource `wals`", "Did you mean `walls: [read]`?"),
        ("walls: [raed]", "3:31: `walls:raed`", "Did you mean `read` under `walls`?"),
        ("roofs: [raed]", "3:31: `roofs:raed`", "Did you mean `read` under `roofs`?"),
    ] {
        let text = format!("provider: bricks\nroles:\n  a: {{ permissions: {{ {permissions} }} }}\n");
        let loaded = load(&Memory::new([("rolecall.yaml", &*config), ("roles/a.yaml", &*text)]));
        assert_eq!(lines(&loaded), [format!("RC048 roles/a.yaml:{expected} is not in the known catalogue")]);
        assert_eq!(loaded.findings[0].help.as_ref().map(|help| help.raw()), Some(help));
    }
}

#[test]
fn rules_between_files() {
    let cases: &[(&str, &[&str])] = &[
        ("roles:\n  b: { description: x, base: auditer }\n", &["RC030"]),
        ("roles:\n  b: { description: x, base: builtin:geust }\n", &["RC032"]),
        ("roles:\n  b: { description: x, include: [gone] }\n", &["RC031"]),
        ("roles:\n  b: { description: x, base: c }\n  c: { description: x, base: b }\n", &["RC033"]),
        (
            "permission_sets:\n  p: { include: [q] }\n  q: { include: [r] }\n  r: { include: [p] }\n",
            &["RC033"],
        ),
        ("permission_sets:\n  x: { include: [x] }\n", &["RC033"]),
        ("roles:\n  b: { description: x, name: auditor }\n", &["RC034"]),
        ("roles:\n  b: { description: x, name: Guest }\n", &["RC034"]),
        ("roles:\n  b: { description: x, name: auditor, id: \"1\" }\n", &["RC034"]),
        (
            "roles:\n  b: { description: x, name: c, id: \"1\" }\n  c: { description: x, id: \"2\" }\n  g: { description: x, name: Guest, id: \"3\" }\n",
            &[],
        ),
        ("roles:\n  auditor: { description: x }\n", &["RC039"]),
        (
            "assignments:\n  - { role: auditor, users: [mira, email:a@b.example] }\n  - { role: builtin:owner, users: [Mira] }\n",
            &["RC037"],
        ),
        ("assignments:\n  - { role: auditor, users: [mira, MIRA] }\n", &["RC039"]),
        (
            "assignments:\n  - { role: auditor, users: [mira], expires: 2026-11-19 }\n  - { role: builtin:owner, users: [mira] }\n",
            &["RC052"],
        ),
        ("assignments:\n  - { role: auditor, users: [mira], expires: 2026-11-20 }\n", &[]),
        ("assignments:\n  - { role: builtin:billing, users: [mira] }\n", &["RC028"]),
        (
            "assignments:\n  - { role: auditor, users: [\"phone:1\", \"email:x\", \"a b\"] }\n",
            &["RC050", "RC050", "RC050"],
        ),
        ("removed: [auditor]\n", &["RC038"]),
        ("removed: [{ name: auditor }]\n", &["RC038"]),
        ("removed: [gone, { name: Clicked Together, reassign_to: auditor }]\n", &[]),
        ("removed: [gone, gone]\n", &["RC039"]),
        ("removed: [{ key: a, name: b }]\n", &["RC026"]),
        ("default_role: auditor\n", &[]),
        ("default_role: builtin:owner\n", &["RC046"]),
        (
            "roles:\n  b: { description: x, base: c }\n  c: { description: x, base: builtin:owner }\ndefault_role: b\n",
            &["RC046"],
        ),
        ("roles:\n  b: { description: x, base: builtin:guest }\ndefault_role: b\n", &[]),
        ("roles:\n  b: { description: x, id: \"a/../b\" }\n", &["RC024"]),
        ("roles:\n  b: { description: x, permissions: [read_code] }\n", &["RC042"]),
        ("roles:\n  b: { description: x, base: auditor, permissions: [read_code] }\n", &["RC047"]),
        ("roles:\n  b: { permissions: [write_code] }\n", &["RC040"]),
        ("roles:\n  b: { description: null, permissions: [write_code] }\n", &["RC040"]),
        ("roles:\n  blue-team: { description: x, permissions: [write_code] }\n", &["RC041"]),
    ];
    for (other, expected) in cases {
        let other = acme(other);
        let base = role("");
        let files =
            Memory::new([("rolecall.yaml", CONFIG), ("roles/a.yaml", &*base), ("roles/b.yaml", &*other)]);
        let loaded = load(&files);
        let codes: Vec<_> = loaded.findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(&codes, expected, "{other}\n{:#?}", lines(&loaded));
        let errors = loaded.findings.iter().any(|finding| finding.level == Level::Error);
        assert_eq!(loaded.desired.contains_key("main"), !errors, "{other}");
    }
}

#[test]
fn a_cycle_shows_its_path() {
    let loaded = load_one(&acme(
        "permission_sets:\n  p: { include: [q] }\n  q: { include: [r] }\n  r: { include: [q] }\n",
    ));
    assert_eq!(
        lines(&loaded),
        ["RC033 roles/a.yaml:5:18: permission sets include each other: `q` → `r` → `q`"]
    );
}

#[test]
fn a_floor_gives_nothing_back() {
    let config = CONFIG.replace("acme", "bricks").replace("    settings: { org: \"88321\" }\n", "");
    let text =
        "provider: bricks\nroles:\n  a: { base: guest, except: { walls: [read] } }\n  b: { base: a }\n";
    let loaded = load(&Memory::new([("rolecall.yaml", &*config), ("roles/a.yaml", text)]));
    let codes: Vec<_> = loaded.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["RC028"], "{:?}", lines(&loaded));
}

#[test]
fn names_in_a_broken_part_are_not_unknown() {
    let loaded = load_one(&acme(
        "permission_sets:\n  s: 5\nroles:\n  bad: { nme: x, permissions: 7 }\n  b: { description: x, base: bad, include: [s, t] }\n",
    ));
    let codes: Vec<_> = loaded.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["RC021", "RC020", "RC021", "RC031"], "{:?}", lines(&loaded));
}

#[test]
fn a_chain_of_base_roles_does_not_grow_without_end() {
    let chain = |permission: &dyn Fn(usize) -> String| {
        let mut text = acme("roles:\n  r0: { permissions: [read_code] }\n");
        for role in 1..3_000 {
            text += &format!("  r{role}: {{ base: r{}, permissions: [{}] }}\n", role - 1, permission(role));
        }
        codes(&text).contains(&"RC003")
    };
    assert!(chain(&|role| format!("made_up_{role}")));
    assert!(!chain(&|_| "read_code".to_owned()));
}

#[test]
fn a_credential_is_found_and_shown_nowhere() {
    let secret = "cr-0a1b2c3d4e5f60718293";
    for text in [
        acme(&format!("# {secret}\n")),
        acme(&format!("default_role: {secret}\n")),
        acme(&format!("roles:\n  {secret}: {{ description: x, permissions: [{secret}] }}\n")),
        acme(&format!("api_key: {secret}\n")),
        format!("provider: {secret}\n"),
        format!("{secret}: [\n"),
    ] {
        let loaded = load_one(&text);
        assert!(loaded.findings.iter().any(|finding| finding.code == Code::PlaintextCredential), "{text}");
        assert!(!format!("{:?}", loaded.findings).contains(secret), "{:#?}", loaded.findings);
        assert!(!loaded.masked.is_empty());
        for site in &loaded.masked {
            let source = loaded.sources.get(site.source).expect("a source");
            assert_eq!(source.text.get(site.start as usize..site.end as usize), Some(secret));
        }
    }
    // Random text under a telling key, and a credential in place of a variable's name.
    assert!(codes("provider: acme\nx_token: \"f93kd02ksl40ckw93kfl\"\n").contains(&"RC036"));
    let text = format!("{CONFIG}    credential: {{ env: verylongvalue9876 }}\n");
    let loaded = load(&Memory::new([("rolecall.yaml", &*text), ("roles/a.yaml", "provider: acme\n")]));
    assert_eq!(loaded.masked.len(), 1);
    assert!(!format!("{:?}", loaded.findings).contains("verylongvalue9876"));
}

#[test]
fn lint_levels_by_precedence() {
    let level = |config: &str, command: Option<LintLevel>, text: &str| {
        let config = format!("{CONFIG}{config}");
        let files = Memory::new([("rolecall.yaml", &*config), ("roles/a.yaml", text)]);
        let lints = command.map(|level| (Code::NoDescription, level));
        let loaded = load_with(&files, lints.into_iter().collect(), &ParseCache::default());
        loaded.findings.iter().map(|finding| (finding.code.as_str(), finding.level)).collect::<Vec<_>>()
    };
    let text = "provider: acme\nroles:\n  a: { permissions: [read_code] }\n";
    let commented = text.replace("  a:", "  # rolecall: deny RC040 because people ask\n  a:");
    let at_end = text.replace("] }", "] } # rolecall: allow RC040 because it says all");
    let elsewhere = text.replace("roles:", "roles: # rolecall: allow RC040 because wrong line");
    let warning = ("RC040", Level::Warning);
    let error = ("RC040", Level::Error);
    assert_eq!(level("", None, text), [warning]);
    assert_eq!(level("lints: { RC040: allow }\n", None, text), []);
    assert_eq!(level("lints: { RC040: allow }\n", Some(LintLevel::Deny), text), [error]);
    assert_eq!(level("", Some(LintLevel::Allow), &commented), [error]);
    assert_eq!(level("", Some(LintLevel::Deny), &at_end), []);
    assert_eq!(level("", None, &elsewhere), [warning]);
    let unreasoned = text.replace("roles:", "roles: # rolecall: allow RC040");
    assert_eq!(level("", None, &unreasoned), [("RC049", Level::Error), warning]);
}

#[test]
fn quiet_lints_speak_when_asked() {
    let text = acme(
        "roles:\n  a: { description: x, permissions: [read_code] }\n  b: { description: x, permissions: [read_code, write_code] }\n  c: { description: x, permissions: [read_report] }\nassignments:\n  - { role: a, users: [mira] }\n",
    );
    let files = Memory::new([("rolecall.yaml", CONFIG), ("roles/a.yaml", &*text)]);
    let lints = BTreeMap::from([(Code::SubsumedRole, LintLevel::Warn), (Code::UnusedRole, LintLevel::Warn)]);
    let loaded = load_with(&files, lints, &ParseCache::default());
    assert_eq!(
        lines(&loaded),
        [
            "RC043 roles/a.yaml:3:3: everything that `a` grants, `b` grants too",
            "RC044 roles/a.yaml:4:3: nobody holds the role `b`",
            "RC044 roles/a.yaml:5:3: nobody holds the role `c`",
        ]
    );
}

#[test]
fn too_many_roles_for_people_and_for_the_provider() {
    let roles = |count: usize| {
        let roles: String = (0..count)
            .map(|i| format!("  r{i}: {{ description: x, base: builtin:guest, name: R{i} }}\n"))
            .collect();
        let loaded = load_with(
            &Memory::new([("rolecall.yaml", CONFIG), ("roles/a.yaml", &*acme(&format!("roles:\n{roles}")))]),
            BTreeMap::from([(Code::IdenticalRoles, LintLevel::Allow)]),
            &ParseCache::default(),
        );
        loaded.findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(roles(50), Vec::<&str>::new());
    assert_eq!(roles(51), ["RC045"]);
    assert_eq!(roles(61), ["RC045", "RC025"]);
}

#[test]
fn an_id_belongs_to_one_target() {
    let two = format!(
        "{CONFIG}  other:\n    provider: acme\n    files: roles/a.yaml\n    settings: {{ org: \"2\" }}\n"
    );
    let text = role("    id: abc\n");
    let loaded = load(&Memory::new([("rolecall.yaml", &*two), ("roles/a.yaml", &*text)]));
    let codes: Vec<_> = loaded.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["RC054"]);
    assert_eq!(load_one(&text).findings, []);
}

#[test]
fn missing_files_are_said() {
    assert_eq!(lines(&load(&Memory::default())), ["RC001: rolecall.yaml: there is no such file"]);
    let loaded = load(&Memory::new([("rolecall.yaml", CONFIG)]));
    assert_eq!(lines(&loaded), ["RC016 rolecall.yaml:5:13: this pattern matches no file"]);
    assert!(loaded.desired.contains_key("main"));
    let outside = CONFIG.replace("roles/**/*.yaml", "../x.yaml");
    let loaded = load(&Memory::new([("rolecall.yaml", &*outside)]));
    assert_eq!(loaded.findings[0].code, Code::PathLeavesRoot);
    assert!(loaded.desired.is_empty());
}

#[test]
fn a_pattern_may_match_the_configuration_too() {
    let config = CONFIG.replace("roles/**/*.yaml", "*.yaml");
    assert_ne!(config, CONFIG);
    let files = Memory::new([("rolecall.yaml", &*config), ("a.yaml", &role(""))]);
    assert_eq!(lines(&load(&files)), Vec::<String>::new());
}
