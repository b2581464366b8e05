//! New files and additions to files, as text.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    contract::Spec,
    definition::testing::{Acme, Bricks, load_one},
    model::{
        Key, Kind, RoleId, Scope, Untrusted, Value,
        desired::{DesiredState, Spelling},
        field,
        live::{Live, LiveObject, LiveState},
    },
};

fn object(kind: Kind, class: &'static str, name: &str, id: Option<&str>) -> LiveObject {
    LiveObject {
        key: Key { kind, class, scope: Scope::Target, name: name.into(), role: None },
        id: id.map(Untrusted::from),
        builtin: false,
        fields: BTreeMap::new(),
        holders: None,
        locked: None,
    }
}

fn role(id: &str, name: &str, description: &str, permissions: &[&str]) -> LiveObject {
    let mut role = object(Kind::Role, "role", name, Some(id));
    let permissions = permissions.iter().map(|name| Untrusted::from(*name)).collect();
    role.fields.insert(field::PERMISSIONS, Live::Known(Value::Set(permissions)));
    role.fields.insert(field::DESCRIPTION, Live::Known(Value::Text(Some(description.into()))));
    role
}

fn holder(principal: &str, role: Option<&str>) -> LiveObject {
    let mut slot = object(Kind::Assignment, "user", principal, None);
    let value =
        role.map_or(Live::Unreadable, |role| Live::Known(Value::Role(Some(RoleId::Live(role.into())))));
    slot.fields.insert(field::ROLE, value);
    slot
}

fn live(objects: Vec<LiveObject>, people: &[(&str, &str)]) -> LiveState {
    let mut live = LiveState { objects, ..LiveState::default() };
    for (id, name) in people {
        live.directory.add_id("user", (*id).into());
        let spelling = if name.contains('@') { Spelling::Email } else { Spelling::Handle };
        live.directory.add("user", spelling((*name).into()), (*id).into());
        live.names.insert(("user", (*id).into()), (*name).into());
    }
    live
}

fn all() -> Wish {
    Wish { roles: None, assignments: true }
}

fn part(additions: &Additions) -> Part<'_> {
    Part {
        permissions: additions.permissions.iter().collect(),
        roles: additions.roles.iter().collect(),
        default: additions.default.as_ref(),
        assignments: additions.assignments.iter().collect(),
    }
}

fn drafted(live: &LiveState, spec: &dyn Spec) -> (Additions, String) {
    let additions = draft(live, spec, &Known::default(), &all());
    let text = new_text(&part(&additions), spec, Some("../s.json"));
    (additions, text)
}

fn skipped(additions: &Additions) -> Vec<String> {
    let line = |one: &Skipped| {
        let names: Vec<&str> = one.names.iter().map(Untrusted::raw).collect();
        format!("{} {}: {}", one.what, names.join(", "), one.why.raw())
    };
    additions.skipped.iter().map(line).collect()
}

#[test]
fn a_file_reads_well() {
    let owner = LiveObject { builtin: true, ..role("owner", "Owner", "", &[]) };
    let guest = LiveObject { builtin: true, ..role("guest", "Guest", "", &[]) };
    let mut default = object(Kind::Default, "default", "", None);
    default.fields.insert(field::ROLE, Live::Known(Value::Role(Some(RoleId::Live("7".into())))));
    let world = live(
        vec![
            owner,
            guest,
            role("7", "Code reader", "Reads code,\nand more", &["read_report", "read_code"]),
            role("8", "empty", "", &[]),
            default,
            holder("u1", Some("owner")),
            holder("u2", Some("7")),
            holder("u3", Some("7")),
            holder("u4", Some("guest")),
        ],
        &[("u1", "ada"), ("u2", "mira"), ("u3", "0815"), ("u4", "okan")],
    );
    let (additions, text) = drafted(&world, &Acme);
    let expected = "\
# yaml-language-server: $schema=../s.json
provider: acme

roles:
  code-reader:
    name: Code reader
    description: |-
      Reads code,
      and more
    permissions: [read_code, read_report]

  empty:
    permissions: []

default_role: code-reader

assignments:
  - role: code-reader
    users:
      - mira
      - \"0815\"
  - role: builtin:owner
    users:
      - ada
";
    assert_eq!(text, expected);
    assert_eq!(skipped(&additions), Vec::<String>::new());
    let after = load_one(&text).desired.remove("main").unwrap();
    assert_eq!(check(&DesiredState::default(), &additions, &after, &Acme), Ok(()));
    assert_eq!(check(&DesiredState::default(), &Additions::default(), &after, &Acme), Err("other roles"));
}

#[test]
fn resources_stand_one_a_line_and_ids_are_plain() {
    let world = live(
        vec![
            role("7", "Builder", "is not known here", &["walls:write", "roofs:read", "walls:read"]),
            holder("41", Some("7")),
        ],
        &[("41", "Bob # x: y")],
    );
    let (additions, text) = drafted(&world, &Bricks);
    // Bricks has no descriptions, so the role goes without.
    assert_eq!(skipped(&additions).len(), 1);
    let expected = "\
roles:
  builder:
    name: Builder
    permissions:
      roofs: [read]
      walls: [read, write]

assignments:
  - role: builder
    users:
      - \"41\" # Bob \\u{23} x\\u{3a} y
";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn what_cannot_be_written_is_told() {
    let mut unreadable = role("3", "Blurred", "", &[]);
    unreadable.fields.insert(field::PERMISSIONS, Live::Unreadable);
    let world = live(
        vec![
            role("1", "Fine", "glpat-AbCdEfGhIjKlMnOpQrSt", &["read_code"]),
            role("2", "Unknown", "", &["fly"]),
            unreadable,
            role("4", "glpat-AbCdEfGhIjKlMnOpQrSt", "", &[]),
            role("5", "", "", &[]),
            role("6", &"x".repeat(41), "", &[]),
            holder("a", Some("2")),
            holder("b", None),
            holder("nobody", Some("1")),
            holder("c", Some("billing")),
            LiveObject { builtin: true, ..role("billing", "Billing", "", &[]) },
        ],
        &[("a", "ann"), ("b", "ben"), ("c", "cem")],
    );
    let (additions, _) = drafted(&world, &Acme);
    let keys: Vec<&str> = additions.roles.iter().map(|role| &*role.key).collect();
    assert_eq!(keys, ["fine"]);
    assert_eq!(additions.roles[0].description, None);
    let lines = skipped(&additions).join("\n");
    for expected in [
        "description of role Fine: RC036 a credential in plain text",
        "role Unknown: RC035 Acme has no permission `fly`",
        "role Blurred: its permissions cannot be read",
        "role glpat-AbCdEfGhIjKlMnOpQrSt: RC036 a credential in plain text",
        "role : RC025 an empty text",
        "holder ann: their role `Unknown` was not written",
        "holder ben: which role they hold cannot be read",
        "holder nobody: nothing that the definitions accept names them",
        "holder cem: their role `builtin:billing` cannot be written: RC028 nobody can be moved",
    ] {
        assert!(lines.contains(expected), "{expected}\n{lines}");
    }
    assert_eq!(additions.skipped.len(), 10, "{lines}");
}

#[test]
fn ids_stand_where_a_name_is_not_enough() {
    let world = live(
        vec![
            role("1", "Twin", "", &[]),
            role("2", "Twin", "", &[]),
            role("3", "Guest", "", &[]),
            role("4", "Taken", "", &[]),
            role("5", "Free", "", &[]),
        ],
        &[],
    );
    let names = [("role", Scope::Target, Untrusted::from("Taken"))].into();
    let known = Known { names, ..Known::default() };
    let additions = draft(&world, &Acme, &known, &all());
    let ids: Vec<_> =
        additions.roles.iter().map(|role| (&*role.key, role.id.as_ref().map(Untrusted::raw))).collect();
    assert_eq!(
        ids,
        [
            ("free", None),
            ("guest", Some("3")),
            ("taken", Some("4")),
            ("twin", Some("1")),
            ("twin-2", Some("2"))
        ]
    );
}

#[test]
fn what_is_declared_is_left_alone() {
    let world = live(
        vec![
            role("1", "One", "", &[]),
            role("2", "Two", "", &[]),
            role("3", "Three", "", &[]),
            holder("a", Some("1")),
            holder("b", Some("1")),
            holder("c", Some("2")),
            holder("d", Some("3")),
        ],
        &[("a", "ann"), ("b", "ben"), ("c", "cem"), ("d", "dan")],
    );
    let known = Known {
        roles: [("1".into(), "eins".into())].into(),
        keys: ["eins".into(), "three".into()].into(),
        removed: [Untrusted::from("2")].into(),
        principals: [("user", Scope::Target, Untrusted::from("a"))].into(),
        exclusive: [("3".into(), Scope::Target, "user")].into(),
        ..Known::default()
    };
    let additions = draft(&world, &Acme, &known, &all());
    assert_eq!((additions.declared_roles, additions.declared_holders), (1, 1));
    let keys: Vec<&str> = additions.roles.iter().map(|role| &*role.key).collect();
    assert_eq!(keys, ["three-2"]);
    assert_eq!(
        sections(&part(&additions), &Acme)[1],
        "assignments:\n  - role: eins\n    users:\n      - ben\n"
    );
    assert_eq!(
        skipped(&additions),
        [
            "holder dan: the exclusive list of their role `Three` leaves them out",
            "holder cem: their role `Two` is under `removed`",
            "role Two: it is under `removed`",
        ]
    );
    let only = Wish { roles: Some(BTreeSet::new()), assignments: true };
    assert!(draft(&world, &Acme, &Known::default(), &only).is_empty());
}

/// Adds a role and a holder to a file, and checks that nothing else changed.
fn added(text: &str) -> Result<String, String> {
    let world = live(
        vec![role("1", "New", "", &["read_code"]), holder("a", Some("1")), role("2", "Old", "", &[])],
        &[("a", "ann")],
    );
    let before = load_one(text).desired.remove("main").unwrap();
    let known = Known { roles: [("2".into(), "old".into())].into(), ..Known::default() };
    let additions = draft(&world, &Acme, &known, &all());
    let new = insert(text, &part(&additions), &Acme)?;
    let loaded = load_one(&new);
    let after = loaded.desired.get("main").ok_or_else(|| format!("invalid: {new}"))?;
    check(&before, &additions, after, &Acme).map_err(|what| format!("{what}: {new}"))?;
    let mut rest = new.as_str();
    for line in text.lines().filter(|line| !line.contains("{}") && !line.contains("[]")) {
        let at = rest.find(line).ok_or_else(|| format!("lost {line:?}: {new}"))?;
        rest = &rest[at + line.len()..];
    }
    Ok(new)
}

#[test]
fn additions_keep_comments_and_form() {
    let text = "\
# top
provider: acme
roles: # the roles
    # about old
    old:
        description: x # why
        permissions: [read_code]
        # inside

# about assignments
assignments:
- role: old # first
  users: [mira]

# the end
";
    let expected = "\
# top
provider: acme
roles: # the roles
    # about old
    old:
        description: x # why
        permissions: [read_code]
        # inside

    new:
      name: New
      permissions: [read_code]

# about assignments
assignments:
- role: old # first
  users: [mira]
- role: new
  users:
    - ann

# the end
";
    assert_eq!(added(text).as_deref(), Ok(expected));
}

#[test]
fn sections_that_are_not_there_come_last() {
    let expected = "\
provider: acme
permission_sets: { a: [read_code] }

roles:
  new:
    name: New
    permissions: [read_code]

assignments:
  - role: new
    users:
      - ann
";
    assert_eq!(added("provider: acme\npermission_sets: { a: [read_code] }").as_deref(), Ok(expected));
    let windows = added("provider: acme\r\nroles: {} # none\r\nassignments: []\r\n").unwrap();
    assert_eq!(windows.matches("\r\n").count(), windows.matches('\n').count());
    assert!(windows.contains("roles: # none\r\n  new:\r\n"), "{windows}");
}

#[test]
fn every_form_is_added_to_or_refused() {
    for text in [
        "provider: acme\nroles:\n  old: &o { description: x }\n  other: *o\n",
        "provider: acme\nroles:\n  old:\n    description: |\n      a\n\n      # b\n\n\nassignments: []\n",
        "provider: acme\nassignments:\n  - role: builtin:owner\n    users:\n      - mira\n      # last\nroles:\n  old: { description: x }\n",
        "---\nprovider: acme\nroles:\n  old: { description: x }\n",
        "provider: acme\nroles:\n  old: { description: x }\n# end\n",
        "\"provider\": acme\n\"roles\":\n  \"old\": { description: x }\n",
        "provider: acme\nroles:\n old:\n  description: x\n\n\n",
    ] {
        added(text).unwrap();
    }
    for (text, why) in [
        ("{ provider: acme, roles: { old: { description: x } } }\n", "between braces"),
        ("provider: acme\nroles: { old: { description: x } }\n", "between brackets"),
        ("provider: acme\nassignments: [{ role: builtin:owner, users: [mira] }]\n", "between brackets"),
        ("provider: acme\nroles:\n  old: { description: x }\n...\n", "invalid"),
        ("provider: acme\nroles:\n  old:\n    description: |+\n      a\n\n\n\n", "other roles"),
    ] {
        let refused = added(text).unwrap_err();
        assert!(refused.contains(why), "{text}{refused}");
    }
}
