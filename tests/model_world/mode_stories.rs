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
      refused by blocked: `mira` would move to `New`, and the next plan would take it away: its list is exclusive and does not name them | Declare the assignment, or name another role under `reassign_to`.
    delete t/role/=Old
    0. give 2 to user mira
    1. delete 1
    ");
    let expired = definitions.clone().assign_until("new", &["mira"], Some(date(2026, 1, 31)));
    assert_snapshot!(story(&world, &expired), @"
    reassign t/assignment/-/user:mira: Old -> New (role removed)
      refused by blocked: `mira` would move to `New`, and the next plan would take it away: their assignment of it has expired | Declare the assignment, or name another role under `reassign_to`.
    delete t/role/=Old
    0. give 2 to user mira
    1. delete 1
    ");
    let authoritative = definitions.manage(Mode::Declared, Mode::Authoritative);
    assert_snapshot!(story(&world, &authoritative), @"
    reassign t/assignment/-/user:mira: Old -> New (role removed)
      refused by blocked: `mira` would move to `New`, and the next plan would take it away: the mode is `authoritative` and they are not declared | Declare the assignment, or name another role under `reassign_to`.
    delete t/role/=Old
    0. give 2 to user mira
    1. delete 1
    ");
}
