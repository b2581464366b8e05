//! In which order things happen: names, people, and permissions that depend on each other.

use insta::assert_snapshot;
use rolecall::plan::operation::Verb;

use super::{
    definitions::{definitions, plan},
    story::story,
    world::world,
};

#[test]
fn a_description_that_git_does_not_manage_is_in_the_whole_role() {
    let world = world().role("1", "Helper", &["read"]).described("1", "Written in the dashboard");
    let definitions = definitions().role("helper", |role| role.name("Helper").permissions(&["merge"]));
    let planned = plan(&world, &definitions).expect("a plan");
    let Verb::UpdateRole { send, full, .. } = &planned.ops[0].verb else { panic!("an update") };
    assert_eq!(send.description, None);
    assert_eq!(full.description, Some("Written in the dashboard".into()));
}

#[test]
fn a_request_that_only_renames_says_nothing_of_later_permissions() {
    // Mira leaves `1` before it gains, and the name of `1` is wanted by the role that she joins.
    let world = world().role("1", "Helper", &["read"]).user("mira", "1");
    let definitions = definitions()
        .role("helper", |role| role.id("1").name("Old helper").permissions(&["read", "keys"]))
        .role("new", |role| role.name("Helper").permissions(&["read"]))
        .assign("new", &["mira"]);
    assert_snapshot!(story(&world, &definitions), @"
    reassign t/assignment/-/user:mira: Old helper -> Helper
    rename t/role/helper: name Old helper +keys
    create t/role/new: name Helper +read
    0. set 1: name Old helper;
    1. make Helper: read
    2. give t/role/new to user mira
    3. set 1: [keys read]
    ");
    let planned = plan(&world, &definitions).expect("a plan");
    let Verb::UpdateRole { full, .. } = &planned.ops[0].verb else { panic!("an update") };
    assert_eq!(full.permissions.iter().map(|p| p.raw()).collect::<Vec<_>>(), ["read"]);
}

#[test]
fn new_members_keep_what_both_defaults_give() {
    let world = world().role("1", "Old", &["merge"]).role("2", "New", &[]).default_role("1");
    let definitions = definitions()
        .role("old", |role| role.name("Old"))
        .role("new", |role| role.name("New").permissions(&["merge"]))
        .default_role(Some("new"));
    assert_snapshot!(story(&world, &definitions), @"
    set_default t/default: Old -> New; `Old` is no longer the default
    update t/role/new: +merge
    update t/role/old: -merge
    0. set 2: [merge]
    1. default 2
    2. set 1: []
    ");
}
