//! What each mode owns, adds, and takes away.

use insta::assert_snapshot;
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
