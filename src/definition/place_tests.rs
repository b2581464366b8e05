//! Roles and assignments in places.

use std::{collections::BTreeMap, sync::Arc};

use insta::assert_snapshot;

use super::{
    ParseCache,
    testing::{Cities, Memory, lines, options},
};
use crate::model::{Scope, desired::DesiredState};

const CONFIG: &str = "\
version: 1
targets:
  main: { provider: cities, files: [\"roles/*.yaml\"], on_unassign: remove_member }
";

fn loaded(text: &str) -> (Arc<DesiredState>, Vec<String>) {
    let files = Memory::new([("rolecall.yaml", CONFIG), ("roles/a.yaml", text)]);
    let cache = ParseCache::default();
    let loaded = super::load(&files, "rolecall.yaml", &[&Cities], &options(BTreeMap::new(), &cache));
    let lines = lines(&loaded);
    (loaded.desired.get("main").cloned().unwrap_or_default(), lines)
}

#[test]
fn a_role_stands_once_in_each_of_its_places() {
    let (desired, lines) = loaded(
        "\
provider: cities
roles:
  city-guard:
    name: Guard
    description: Keeps the gates
    scope: { city: [rome, \"external:paris\"] }
    permissions: [open, close]
    overrides:
      \"external:paris\": { permissions: [burn], except: [close], name: Garde }
  clerk: { name: Clerk, description: Writes, permissions: [open], slug: scribe }
  mayor: { kind: crown, scope: realm, name: Mayor, description: Rules, permissions: [burn] }
assignments:
  - { role: city-guard, users: [u1, u2], scope: { city: [rome, \"external:paris\"] } }
  - { role: city-guard, guilds: [\"Guild of Bakers\"], scope: { city: rome } }
  - { role: clerk, users: [u1], exclusive: [users] }
removed:
  - { key: watch, scope: { city: rome } }
",
    );
    assert_eq!(lines, Vec::<String>::new());
    let roles: Vec<String> = desired
        .roles
        .iter()
        .map(|role| {
            let permissions: Vec<&str> = role.permissions.keys().map(|p| p.raw()).collect();
            let except: Vec<&str> = role.except.keys().map(|p| p.raw()).collect();
            let (name, slug) = (role.name.value.raw(), role.slug.as_ref().map(|slug| slug.value.raw()));
            format!("{} {} {:?} {name} {slug:?} {permissions:?} {except:?}", role.key, role.class, role.scope)
        })
        .collect();
    assert_snapshot!(roles.join("\n"), @r#"
    city-guard role In { kind: "city", path: "external:paris" } Garde Some("city-guard") ["burn", "close", "open"] ["close"]
    city-guard role In { kind: "city", path: "rome" } Guard Some("city-guard") ["close", "open"] []
    clerk role Target Clerk Some("scribe") ["open"] []
    mayor crown Level("realm") Mayor None ["burn"] []
    "#);
    let held: Vec<String> = desired
        .assignments
        .iter()
        .map(|one| format!("{} {} {:?}", one.class, one.principal.value.text().raw(), one.scope))
        .collect();
    assert_snapshot!(held.join("\n"), @r#"
    guild Guild of Bakers In { kind: "city", path: "rome" }
    user u1 Target
    user u1 In { kind: "city", path: "external:paris" }
    user u2 In { kind: "city", path: "external:paris" }
    user u1 In { kind: "city", path: "rome" }
    user u2 In { kind: "city", path: "rome" }
    "#);
    assert_eq!(desired.exclusive.iter().map(|list| &list.scope).collect::<Vec<_>>(), [&Scope::Target]);
    assert_eq!(desired.removed[0].scope, Some(Scope::within("city", "rome")));
}

#[test]
fn what_a_class_does_not_have_is_told_with_what_it_has() {
    let (_, lines) = loaded(
        "\
provider: cities
roles:
  city-a: { kind: knight, name: A, description: x, permissions: [open] }
  city-b: { name: B, description: x, scope: realm, permissions: [open] }
  city-b2: { kind: crown, scope: realm, name: B2, description: x, permissions: [] }
  city-c: { kind: crown, name: C, description: x, permissions: [open] }
  city-d: { kind: crown, scope: { city: rome }, name: D, description: x, permissions: [open] }
  city-e: { name: E, description: x, scope: { city: [rome, rome, \"../up\", \"a//b\"] }, permissions: [open] }
  city-f: { name: F, description: x, scope: { town: x }, permissions: [open] }
  city-g: { name: G, description: x, scope: { city: rome }, permissions: [open], overrides: { paris: { except: [open] } } }
  guard: { name: H, description: x, scope: { city: rome }, permissions: [open] }
  i: { name: I, description: x, slug: \"No Slug\", permissions: [open] }
assignments:
  - { role: i, guilds: [Bakers] }
  - { role: i, users: [u1], scope: realm }
",
    );
    assert_snapshot!(lines.join("\n"), @"
    RC023 roles/a.yaml:3:19: `knight` is not possible here
    RC025 roles/a.yaml:5:3: a role without any permission
    RC028 roles/a.yaml:6:3: a role of this class cannot live there: `scope` is missing
    RC021 roles/a.yaml:7:33: a mapping where text is wanted
    RC039 roles/a.yaml:8:60: `rome` stands twice
    RC024 roles/a.yaml:8:66: `../up` is no place
    RC024 roles/a.yaml:8:75: `a//b` is no place
    RC020 roles/a.yaml:9:47: unknown field `town`
    RC057 roles/a.yaml:10:95: `paris` is no place of this role
    RC024 roles/a.yaml:11:3: `guard` does not begin with `city-`
    RC024 roles/a.yaml:12:39: `No Slug` is no slug
    RC028 roles/a.yaml:14:16: guilds cannot hold a role there: `scope` is missing
    RC021 roles/a.yaml:15:36: text where a mapping is wanted
    ");
}

#[test]
fn the_name_of_a_role_that_is_shipped_is_taken_only_where_that_one_lives() {
    let (_, lines) = loaded(
        "\
provider: cities
roles:
  sovereign: { name: Sovereign, description: Signs, permissions: [open] }
  ruler: { kind: crown, scope: realm, name: Sovereign, description: Rules, permissions: [open] }
assignments:
  - { role: sovereign, users: [u1] }
  - { role: ruler, users: [u1] }
",
    );
    assert_snapshot!(lines.join("\n"), @"
    RC034 roles/a.yaml:4:45: Cities ships a role `Sovereign` already
    RC028 roles/a.yaml:7:13: `ruler` is a role of the level realm, and cannot be held at the whole target
    ");
}

#[test]
fn permissions_are_declared_once_and_within_their_limits() {
    let (desired, lines) = loaded(
        "\
provider: cities
permission_definitions:
  \"gate:lock\": { name: Lock the gate, description: null, resource_type: gate }
  lantern: {}
roles:
  clerk: { name: Clerk, description: Writes, permissions: [open, \"gate:lock\"] }
assignments:
  - { role: clerk, users: [u1] }
removed:
  - { permission: \"gate:old\" }
",
    );
    assert_eq!(lines, Vec::<String>::new());
    let told: Vec<String> = desired
        .permissions
        .iter()
        .map(|(slug, one)| {
            let description = one.description.as_ref().map(|text| text.value.as_ref().map(|text| text.raw()));
            let kind = one.resource_type.as_ref().map(|kind| kind.value.raw());
            format!("{} {} {description:?} {kind:?}", slug.raw(), one.name.value.raw())
        })
        .collect();
    assert_snapshot!(told.join("\n"), @r#"
    gate:lock Lock the gate Some(None) Some("gate")
    lantern lantern None None
    "#);
    assert!(desired.removed_permissions.contains_key("gate:old"));
    let (_, lines) = loaded(
        "\
provider: cities
permission_definitions:
  \"Gate\": { name: Upper case }
  open: { name: Shipped }
  lantern: { name: A name that is much too long for it }
  wall: { nmae: Wall }
  fence: {}
  \"no blanks\": {}
removed:
  - { permission: fence }
  - { permission: gone, key: gone }
  - { permission: ditch }
  - { permission: ditch }
roles:
  clerk: { name: Clerk, description: Writes, permissions: [fance] }
assignments:
  - { role: clerk, users: [u1] }
",
    );
    assert_snapshot!(lines.join("\n"), @"
    RC024 roles/a.yaml:3:3: `Gate` is no slug
    RC034 roles/a.yaml:4:3: Cities ships the permission `open` itself
    RC025 roles/a.yaml:5:20: a text longer than 20 characters
    RC020 roles/a.yaml:6:11: unknown field `nmae`
    RC024 roles/a.yaml:8:3: `no blanks` cannot be the name of a permission
    RC038 roles/a.yaml:10:19: permission `fence` is removed and declared
    RC026 roles/a.yaml:11:5: the removal of a permission has nothing else to say
    RC039 roles/a.yaml:13:19: permission `ditch` is removed twice
    RC035 roles/a.yaml:15:60: Cities has no permission `fance`
    ");
}
