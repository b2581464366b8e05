//! Roles: in sync, change one side, see the difference.

use insta::assert_snapshot;
use rolecall::model::desired::Protect;

use super::{
    definitions::{Definitions, definitions},
    story::story,
    world::{World, world},
};

/// One role, the same on both sides.
fn in_sync() -> (World, Definitions) {
    let world = world().role("1", "Helper", &["merge", "read"]).described("1", "Helps");
    let definitions = definitions()
        .role("helper", |r| r.name("Helper").description(Some("Helps")).permissions(&["merge", "read"]));
    (world, definitions)
}

#[test]
fn nothing_to_do() {
    let (world, definitions) = in_sync();
    assert_snapshot!(story(&world, &definitions), @"nothing to do");
}

#[test]
fn create() {
    let (world, definitions) = in_sync();
    let definitions = definitions.role("new", |r| {
        r.name("New role").description(Some("Fresh")).permissions(&["read"]).set("s", &["audit"])
    });
    assert_snapshot!(story(&world, &definitions), @r#"
    create t/role/new: name New role description Some("Fresh") +audit +read
    0. make New role: audit read
    "#);
}

#[test]
fn permissions_of_the_definition_change() {
    let (world, definitions) = in_sync();
    let definitions = definitions.with(|d| d.desired.roles.clear());
    let definitions = definitions.role("helper", |r| r.name("Helper").permissions(&["read", "write"]));
    assert_snapshot!(story(&world, &definitions), @"
    update t/role/helper: +write -merge
    0. set 1: [read write]
    ");
}

#[test]
fn permissions_of_the_live_role_change() {
    let (world, definitions) = in_sync();
    assert_snapshot!(story(&world.role("1", "Helper", &["read", "keys"]).described("1", "Helps"), &definitions), @"
    update t/role/helper: +merge -keys
    0. set 1: [merge read]
    ");
}

#[test]
fn a_description_changes_is_cleared_or_is_left_alone() {
    let (world, _) = in_sync();
    let described = |text: Option<&str>| {
        definitions().role("helper", |r| r.name("Helper").description(text).permissions(&["merge", "read"]))
    };
    assert_snapshot!(story(&world, &described(Some("Other"))), @r#"
    update t/role/helper: description Some("Other")
    0. set 1: description Some("Other");
    "#);
    assert_snapshot!(story(&world, &described(None)), @"
    update t/role/helper: description None
    0. set 1: description None;
    ");
    let unmanaged = definitions().role("helper", |r| r.name("Helper").permissions(&["merge", "read"]));
    assert_snapshot!(story(&world, &unmanaged), @"nothing to do");
    let (bare, empty) = (world.role("1", "Helper", &["merge", "read"]), described(Some("")));
    assert_snapshot!(story(&bare, &empty), @"nothing to do");
}

#[test]
fn a_rename_needs_the_earlier_name() {
    let (world, _) = in_sync();
    let renamed = |previously: &str| {
        definitions()
            .role("helper", |r| r.name("Aide").previously(previously).permissions(&["merge", "read"]))
    };
    assert_snapshot!(story(&world, &renamed("Helper")), @"
    rename t/role/helper: name Aide
    0. set 1: name Aide;
    ");
    assert_snapshot!(story(&world, &renamed("Someone else")), @"
    create t/role/helper: name Aide +merge +read
    left alone: t/role/=Helper
    0. make Aide: merge read
    ");
}

#[test]
fn the_earlier_name_of_the_same_key_is_in_the_base_revision() {
    let (world, before) = in_sync();
    let definitions =
        definitions().role("helper", |r| r.name("Aide").permissions(&["merge", "read"])).based_on(before);
    assert_snapshot!(story(&world, &definitions), @"
    rename t/role/helper: name Aide
    0. set 1: name Aide;
    ");
}

#[test]
fn a_rename_that_was_done_stays_done_with_the_earlier_name_in_the_file() {
    let definitions = definitions().role("helper", |r| r.name("Aide").previously("Helper"));
    let world = world().role("1", "Aide", &[]).role("2", "Helper", &[]);
    assert_snapshot!(story(&world, &definitions), @"left alone: t/role/=Helper");
}

#[test]
fn of_two_roles_with_one_earlier_name_the_first_key_has_it() {
    let world = world().role("1", "Old", &[]);
    let mut definitions = definitions()
        .role("a", |r| r.name("A").previously("Old"))
        .role("b", |r| r.name("B").previously("Old"));
    let sorted = story(&world, &definitions);
    assert_snapshot!(sorted, @"
    rename t/role/a: name A
    create t/role/b: name B
    0. set 1: name A;
    0. make B:
    ");
    definitions.desired.roles.reverse();
    assert_eq!(story(&world, &definitions), sorted);
}

#[test]
fn an_id_is_stronger_than_a_name() {
    let definitions = definitions().role("helper", |r| r.id("2").name("Helper"));
    let world = world().role("2", "Renamed in the dashboard", &[]);
    assert_snapshot!(story(&world, &definitions), @"
    rename t/role/helper: name Helper
    0. set 2: name Helper;
    ");
    assert_snapshot!(story(&super::world::world().role("1", "Helper", &[]), &definitions), @"RC055 no live role has the id `2` | If the role was deleted and should be made anew, remove this line.");
}

#[test]
fn two_roles_with_one_id() {
    let definitions = definitions().role("a", |r| r.id("1")).role("b", |r| r.id("1"));
    assert_snapshot!(story(&world().role("1", "A", &[]), &definitions), @"RC039 two roles have the id `1`");
}

#[test]
fn names_are_swapped_by_ids() {
    let world = world().role("1", "A", &["read"]).role("2", "B", &["write"]);
    let definitions = definitions()
        .role("a", |r| r.id("1").name("B").permissions(&["read"]))
        .role("b", |r| r.id("2").name("A").permissions(&["write"]));
    assert_snapshot!(story(&world, &definitions), @"
    rename t/role/a: name B
    rename t/role/b: name A
    0. set 2: name rolecall temporary 9ee572ed;
    1. set 1: name B;
    2. set 2: name A;
    ");
}

#[test]
fn a_chain_of_renames_frees_each_name_first() {
    let world = world().role("1", "A", &[]).role("2", "B", &[]).role("3", "C", &[]);
    let definitions = definitions()
        .role("a", |r| r.id("1").name("B"))
        .role("b", |r| r.id("2").name("C"))
        .role("c", |r| r.id("3").name("D"));
    assert_snapshot!(story(&world, &definitions), @"
    rename t/role/a: name B
    rename t/role/b: name C
    rename t/role/c: name D
    0. set 3: name D;
    1. set 2: name C;
    2. set 1: name B;
    ");
}

#[test]
fn a_name_that_another_role_keeps_cannot_be_taken() {
    let world = world().role("1", "A", &[]).role("2", "B", &[]);
    assert_snapshot!(story(&world, &definitions().role("a", |r| r.id("1").name("B"))), @"
    rename t/role/a: name B
      refused by blocked: role `a` would be named `B`, and role 2 has that name | Choose another name, or rename or remove the other role too.
    left alone: t/role/=B
    0. set 1: name B;
    ");
    assert_snapshot!(story(&world, &definitions().role("a", |r| r.id("1").name("Member"))), @"
    rename t/role/a: name Member
      refused by blocked: role `a` would be named `Member`, and role member has that name | Choose another name, or rename or remove the other role too.
    left alone: t/role/=B
    0. set 1: name Member;
    ");
}

#[test]
fn a_built_in_role_is_never_declared() {
    assert_snapshot!(story(&world(), &definitions().role("a", |r| r.name("Member"))), @"RC034 role `a` is a built-in role of Madeup | Built-in roles are never changed. Give the role another name, or refer to the built-in one as `builtin:NAME`.");
    assert_snapshot!(story(&world(), &definitions().role("a", |r| r.id("admin"))), @"RC034 role `a` is a built-in role of Madeup | Built-in roles are never changed. Give the role another name, or refer to the built-in one as `builtin:NAME`.");
}

#[test]
fn removed_without_holders() {
    let world = world().role("1", "Old", &["read"]);
    assert_snapshot!(story(&world, &definitions().removed("=Old", None)), @"
    delete t/role/=Old
    0. delete 1
    ");
}

#[test]
fn removed_by_the_key_that_it_had_in_the_base_revision() {
    let world = world().role("1", "Old role", &["read"]);
    let before = definitions().role("old", |r| r.name("Old role").permissions(&["read"]));
    assert_snapshot!(story(&world, &definitions().removed("old", None).based_on(before)), @"
    delete t/role/=Old%20role
    0. delete 1
    ");
    assert_snapshot!(story(&world, &definitions().removed("old-role", None)), @"
    left alone: t/role/=Old%20role
    note: `removed` names `old-role`, and no live role has that name. A live role is named `Old role`: write `{ name: Old role }` if you mean it.
    ");
}

#[test]
fn removed_with_holders_needs_to_know_where_they_go() {
    let world = world().role("1", "Old: role", &["read"]).users(&["mira", "okan"], "1");
    assert_snapshot!(story(&world, &definitions().removed("=Old: role", None)), @r#"
    delete t/role/=Old%3A%20role
      refused by held: role `Old: role` is held by Mira (mira), Okan (okan) | Say under `removed:` where they go: `- { name: "Old: role", reassign_to: builtin:member }`.
    0. delete 1
    "#);
    assert_snapshot!(story(&world, &definitions().removed("=Old: role", Some("builtin:member"))), @"
    reassign t/assignment/-/user:mira: Old: role -> Member (role removed)
    reassign t/assignment/-/user:okan: Old: role -> Member (role removed)
    delete t/role/=Old%3A%20role
    0. give member to user mira, okan
    1. delete 1
    ");
    let declared =
        definitions().role("new", |r| r).removed("=Old: role", None).assign("new", &["mira", "okan"]);
    assert_snapshot!(story(&world, &declared), @"
    reassign t/assignment/-/user:mira: Old: role -> new
    reassign t/assignment/-/user:okan: Old: role -> new
    delete t/role/=Old%3A%20role
    create t/role/new: name new
    0. make new:
    1. give t/role/new to user mira, okan
    2. delete 1
    ");
}

#[test]
fn removed_and_declared() {
    let world = world().role("1", "Old", &[]);
    assert_snapshot!(story(&world, &definitions().role("k", |r| r.name("Old")).removed("=Old", None)), @"RC038 role `k` is removed and declared | Keep one of the two.");
    assert_snapshot!(story(&world, &definitions().removed("=Member", None)), @"RC028 `Member` is a built-in role and is never deleted");
    let both = definitions().removed("=Old", Some("=New")).removed("=New", None);
    assert_snapshot!(story(&world.role("2", "New", &[]), &both), @"RC030 the holders of `Old` would move to `New`, which is removed too | Name a role that stays.");
}

#[test]
fn protect_forbids_four_things() {
    use Protect::{Add, Delete, Remove, Rename};
    let world = world().role("1", "Helper", &["merge", "read"]);
    let protected = |name: &str, permissions: &[&str]| {
        definitions().role("helper", |r| {
            r.id("1").name(name).permissions(permissions).protect(&[Add, Delete, Remove, Rename])
        })
    };
    assert_snapshot!(story(&world, &protected("Aide", &["merge", "read"])), @"
    rename t/role/helper: name Aide
      refused by protect: role `Helper` would be renamed, and `protect` forbids it | Take `rename` out of `protect` in a change of its own, or `--allow protect --reason TEXT`.
    0. set 1: name Aide;
    ");
    assert_snapshot!(story(&world, &protected("Helper", &["merge"])), @"
    update t/role/helper: -read
      refused by protect: role `Helper` would lose permissions, and `protect` forbids it | Take `remove` out of `protect` in a change of its own, or `--allow protect --reason TEXT`.
    0. set 1: [merge]
    ");
    assert_snapshot!(story(&world, &protected("Helper", &["keys", "merge", "read"])), @"
    update t/role/helper: +keys
      refused by protect: role `Helper` would gain permissions, and `protect` forbids it | Take `add` out of `protect` in a change of its own, or `--allow protect --reason TEXT`.
    0. set 1: [keys merge read]
    ");
    let before = protected("Helper", &["merge", "read"]);
    assert_snapshot!(story(&world, &definitions().removed("=Helper", None).based_on(before)), @"
    delete t/role/=Helper
      refused by protect: role `Helper` would be deleted, and `protect` forbids it | Take `delete` out of `protect` in a change of its own, or `--allow protect --reason TEXT`.
    0. delete 1
    ");
}

#[test]
fn protection_of_the_base_revision_is_not_lifted_and_used_at_once() {
    let world = world().role("1", "Helper", &["read"]);
    let before = definitions().role("helper", |r| r.permissions(&["read"]).protect(&[Protect::Remove]));
    let before = before.with(|d| d.desired.roles[0].name.value = "Helper".into());
    // Under its name, under another key, and with an id.
    for definitions in [
        definitions().role("helper", |r| r.name("Helper")),
        definitions().role("other", |r| r.name("Helper")),
        definitions().role("other", |r| r.id("1").name("Helper")),
    ] {
        let text = story(&world, &definitions.based_on(before.clone()));
        assert!(text.contains("refused by protect: role `Helper` would lose permissions"), "{text}");
    }
}
