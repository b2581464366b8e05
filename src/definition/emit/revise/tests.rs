use super::*;
use crate::definition::testing::Acme;

fn role(change: RoleRevision) -> Revision {
    Revision::Role { key: "a".into(), change }
}

fn set(permissions: &[&str]) -> BTreeSet<Untrusted> {
    permissions.iter().map(|one| (*one).into()).collect()
}

/// What becomes of a role `a` with this body when it loses `read_code` and gains `read_report`.
fn swapped(body: &str) -> Result<String, &'static str> {
    let text = format!("provider: acme\nroles:\n{body}");
    let change =
        RoleRevision { grant: set(&["read_report"]), revoke: set(&["read_code"]), ..RoleRevision::default() };
    let after = revise(&text, &[&role(change)], &Acme).map_err(|obstacle| obstacle.why)?;
    Ok(after.strip_prefix("provider: acme\nroles:\n").unwrap_or(&after).to_owned())
}

#[test]
fn lists_keep_their_form() {
    for (before, after) in [
        ("  a: { permissions: [read_code] }\n", "  a: { permissions: [read_report] }\n"),
        ("  a: { permissions: [ read_code , x ] }", "  a: { permissions: [ x, read_report ] }"),
        ("  a:\n    permissions: [x, read_code] # c\n", "  a:\n    permissions: [x, read_report] # c\n"),
        ("  a:\n    permissions: [x, read_code,]\n", "  a:\n    permissions: [x, read_report,]\n"),
        (
            "  a:\n    permissions:\n    - read_code # c\n    # about x\n    - x\n  b: {}\n",
            "  a:\n    permissions:\n    # about x\n    - x\n    - read_report\n  b: {}\n",
        ),
        (
            "  a:\n    permissions:\n      - x\n      - read_code\n\n  # b\n  b: {}\n",
            "  a:\n    permissions:\n      - x\n      - read_report\n\n  # b\n  b: {}\n",
        ),
        ("  a:\n    permissions:\n      - read_code", "  a:\n    permissions:\n      - read_report\n"),
        ("  a:\n    permissions:\n    name: A\n", "  a:\n    permissions: [read_report]\n    name: A\n"),
        ("  a:\n    name: A\n", "  a:\n    name: A\n    permissions: [read_report]\n"),
        ("  a: { name: A }\n", "  a: { name: A, permissions: [read_report] }\n"),
        (
            "  a:\n    permissions: [\n      read_code, # one\n      x, # two\n    ]\n",
            "  a:\n    permissions: [\n      x, read_report, # two\n    ]\n",
        ),
    ] {
        assert_eq!(swapped(before).as_deref(), Ok(after), "{before}");
    }
}

#[test]
fn what_is_said_elsewhere_is_an_obstacle() {
    for (before, why) in [
        ("  b: { permissions: &p [read_code] }\n  a: { permissions: *p }\n", "is an alias"),
        (
            "  a: { permissions: &p [read_code] }\n  b: { permissions: *p }\n",
            "is anchored, so that other places may say the same",
        ),
        ("  a: {}\n", "is no mapping with fields"),
        ("  b: { name: B }\n", "does not hold the role"),
        ("  a: { permissions: read_code }\n", "holds something else than permissions"),
    ] {
        assert_eq!(swapped(before), Err(why), "{before}");
    }
}

#[test]
fn texts_are_replaced_where_they_stand() {
    for (before, after) in [
        (
            "  a:\n    name: 'Old' # c\n    permissions: []\n",
            "  a:\n    name: New\n    description: |-\n      one\n      two\n    permissions: []\n",
        ),
        ("  a: { description: x }\n", "  a: { name: New, description: \"one\\ntwo\" }\n"),
        (
            "  a:\n    description: |\n      old\n      text\n\n    # p\n    permissions: []\n",
            "  a:\n    name: New\n    description: |-\n      one\n      two\n\n    # p\n    permissions: []\n",
        ),
        (
            "  a:\n    description: # none\n    base: b\n",
            "  a:\n    name: New\n    description: \"one\\ntwo\" # none\n    base: b\n",
        ),
    ] {
        let text = format!("roles:\n{before}");
        let change = RoleRevision {
            name: Some("New".into()),
            description: Some(Some("one\ntwo".into())),
            ..RoleRevision::default()
        };
        let found = revise(&text, &[&role(change)], &Acme);
        let after = after.replace(
            "name: New\n    description: |-\n      one\n      two\n    permissions",
            "name: New # c\n    description: |-\n      one\n      two\n    permissions",
        );
        let after = if before.contains("# c") { after } else { after.replace("New # c", "New") };
        assert_eq!(found, Ok(format!("roles:\n{after}")), "{before}");
    }
}

#[test]
fn entries_go_with_what_is_theirs_and_nothing_else() {
    let text = "\
# top
roles:
  # about a
  a:
    name: A
    # inside a

  # about b
  b: { name: B }
assignments:
- role: a
  users: [x]
- users: [y, z]
  role: b
- role: b
  users:
  - v # last
  expires: 2027-01-01
# end
";
    let place = |who: &str| {
        let at = text.find(who).unwrap_or_default() as u32;
        Revision::Leave { place: (at, at + 1) }
    };
    let drop = Revision::DropRole { key: "a".into() };
    let found = revise(text, &[&drop, &place("y, z"), &place("z]"), &place("v # last")], &Acme);
    let after = "\
# top
roles:
  # about b
  b: { name: B }
assignments: []
# end
";
    assert_eq!(found.as_deref(), Ok(after));
    let join = Revision::Join {
        beside: (text.find("y, z").unwrap_or_default() as u32, text.find(", z").unwrap_or_default() as u32),
        written: "w".to_owned(),
        called: Some("Wim".into()),
    };
    let found = revise(text, &[&place("y, z"), &place("v # last"), &join], &Acme);
    let after = text
        .replace("[y, z]", "[z, w]")
        .replace("- role: b\n  users:\n  - v # last\n  expires: 2027-01-01\n", "");
    assert_eq!(found, Ok(after));
}
