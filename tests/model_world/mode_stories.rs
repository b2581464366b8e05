//! What each mode owns, adds, and takes away.

use insta::assert_snapshot;
use jiff::civil::date;
use rolecall::model::config::Mode;

use super::{definitions::definitions, story::story, world::world};

#[test]
fn additive_assignments_let_holders_of_a_removed_role_go_where_they_are_declared() {
    let world = world().role("1", "Old", &["read"]).role("2", "New", &["read"]).users(&["mira", "okan"], "1");
    let definitions = definitions()
        .manage(Mode::Declared, Mode::Additive)
        .role("new", |role| role.name("New").permissions(&["read"]))
        .removed("=Old", Some("builtin:member"))
        .assign("new", &["mira"]);
    assert_snapshot!(story(&world, &definitions), @"
    reassign t/assignment/-/user:mira: Old -> New
    reassign t/assignment/-/user:okan: Old -> Member (role removed)
    delete t/role/=Old
    0. give 2 to user mira
    0. give member to user okan
    1. delete 1
    ");
}

#[test]
fn nobody_is_moved_to_a_role_that_the_next_plan_takes_away() {
    let world = world().role("1", "Old", &[]).role("2", "New", &[]).user("mira", "1");
    let definitions = definitions().role("new", |role| role.name("New")).removed("=Old", Some("new"));
    assert_snapshot!(story(&world, &definitions), @"
    reassign t/assignment/-/user:mira: Old -> New (role removed)
    delete t/role/=Old
    0. give 2 to user mira
    1. delete 1
    ");
    let exclusive = definitions.clone().exclusive("new");
    assert_snapshot!(story(&world, &exclusive), @"
    reassign t/assignment/-/user:mira: Old -> New (role removed)
      refused by blocked: `Mira (mira)` would move to `New`, and the next plan would take it away: its list is exclusive and does not name them | Declare the assignment, or name another role under `reassign_to`.
    delete t/role/=Old
    0. give 2 to user mira
    1. delete 1
    ");
    let expired = definitions.clone().assign_until("new", &["mira"], Some(date(2026, 1, 31)));
    assert_snapshot!(story(&world, &expired), @"
    reassign t/assignment/-/user:mira: Old -> New (role removed)
      refused by blocked: `Mira (mira)` would move to `New`, and the next plan would take it away: their assignment of it has expired | Declare the assignment, or name another role under `reassign_to`.
    delete t/role/=Old
    0. give 2 to user mira
    1. delete 1
    ");
    let authoritative = definitions.manage(Mode::Declared, Mode::Authoritative);
    assert_snapshot!(story(&world, &authoritative), @"
    reassign t/assignment/-/user:mira: Old -> New (role removed)
      refused by blocked: `Mira (mira)` would move to `New`, and the next plan would take it away: the mode is `authoritative` and they are not declared | Declare the assignment, or name another role under `reassign_to`.
    delete t/role/=Old
    0. give 2 to user mira
    1. delete 1
    ");
}

#[test]
fn each_mode_owns_another_part() {
    let world = world()
        .role("1", "Helper", &["keys", "read"])
        .role("2", "Unknown", &[])
        .user("mira", "1")
        .user("okan", "admin")
        .user("ada", "admin");
    let managed = |mode| {
        definitions()
            .manage(mode, mode)
            .on_unassign("builtin:member")
            .role("helper", |r| r.name("Helper").permissions(&["merge", "read"]))
            .assign("helper", &["mira", "okan"])
    };
    assert_snapshot!(story(&world, &managed(Mode::Additive)), @"
    update t/role/helper: +merge
    left alone: t/role/=Unknown
    left alone: 1 assignments
    note: `Okan (okan)` keeps the role `Administrator`: the mode `additive` never takes a role away
    0. set 1: [keys merge read]
    ");
    assert_snapshot!(story(&world, &managed(Mode::Declared)), @"
    reassign t/assignment/-/user:okan: Administrator -> Helper
    update t/role/helper: +merge -keys
    refused by min_admins: the plan would take administration from Okan (okan), and the API does not tell whether this credential acts for one of them | If it does not: `--allow min_admins --reason TEXT`.
    left alone: t/role/=Unknown
    left alone: 1 assignments
    0. set 1: [merge read]
    1. give 1 to user okan
    ");
    assert_snapshot!(story(&world, &managed(Mode::Authoritative)), @"
    unassign t/assignment/-/user:ada: Administrator -> Member (never declared)
    reassign t/assignment/-/user:okan: Administrator -> Helper
    delete t/role/=Unknown (never declared)
    update t/role/helper: +merge -keys
    refused by min_admins: the plan would take administration from Ada (ada), Okan (okan), and the API does not tell whether this credential acts for one of them | If it does not: `--allow min_admins --reason TEXT`.
    0. give member to user ada
    0. delete 2
    0. set 1: [merge read]
    1. give 1 to user okan
    ");
}

#[test]
fn additive_never_removes() {
    let world = world().role("1", "Old", &[]).role("2", "Helper", &[]).user("mira", "2");
    let managed = definitions().manage(Mode::Additive, Mode::Additive).on_unassign("builtin:member");
    assert_snapshot!(story(&world, &managed.clone().removed("=Old", None)), @"
    delete t/role/=Old
      refused by blocked: role `Old` is removed, and the mode `additive` never removes | Set `manage: declared` for this target, or take the role out of `removed`.
    left alone: t/role/=Helper
    left alone: 1 assignments
    0. delete 1
    ");
    let exclusive = managed.clone().role("helper", |r| r.name("Helper")).exclusive("helper");
    assert_snapshot!(story(&world, &exclusive), @"
    left alone: t/role/=Old
    stays: Mira (mira) keeps Helper: the mode `additive` never takes a role away
    ");
    let expired = managed.role("helper", |r| r.name("Helper")).assign_until(
        "helper",
        &["mira"],
        Some(date(2026, 1, 1)),
    );
    assert_snapshot!(story(&world, &expired), @"
    left alone: t/role/=Old
    stays: Mira (mira) keeps Helper: the mode `additive` never takes a role away
    ");
}

#[test]
fn authoritative_does_not_delete_what_somebody_holds() {
    let world = world().role("1", "Unknown: role", &[]).user("mira", "1");
    let managed = definitions().manage(Mode::Authoritative, Mode::Declared);
    assert_snapshot!(story(&world, &managed), @r#"
    delete t/role/=Unknown%3A%20role (never declared)
      refused by held: role `Unknown: role` is held by Mira (mira) | Say under `removed:` where they go: `- { name: "Unknown: role", reassign_to: builtin:member }`.
    left alone: 1 assignments
    0. delete 1
    "#);
}
