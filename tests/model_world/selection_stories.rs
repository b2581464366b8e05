//! A part of a plan.

use globset::{Glob, GlobSet};
use insta::assert_snapshot;
use rolecall::plan::select::{Lacking, select};

use super::{
    definitions::{Definitions, definitions, plan_selected},
    text::text,
    world::{World, world},
};

fn selected(world: &World, definitions: &Definitions, only: &str) -> String {
    let only = GlobSet::new([Glob::new(only).expect("a pattern")]).expect("a pattern");
    let mut lacking: Vec<Lacking> = Vec::new();
    let planned = plan_selected(&world.live(), definitions, |plan| {
        lacking = select(plan, &only).err().unwrap_or_default();
    });
    if lacking.is_empty() {
        return text(&planned);
    }
    lacking.iter().map(|l| format!("{} needs {}\n", l.selected, l.needs)).collect()
}

#[test]
fn what_stands_by_itself_is_selected() {
    let world = world().role("1", "A", &[]).user("mira", "member");
    let definitions = definitions()
        .role("a", |r| r.name("A").permissions(&["read"]))
        .role("b", |r| r)
        .assign("a", &["mira"]);
    assert_snapshot!(selected(&world, &definitions, "t/role/a"), @"
    update t/role/a: +read
    0. set 1: [read]
    ");
    assert_snapshot!(selected(&world, &definitions, "t/assignment/*"), @"
    assign t/assignment/-/user:mira: Member -> A
    0. give 1 to user mira
    ");
    assert_snapshot!(selected(&world, &definitions, "elsewhere/*"), @"nothing to do");
}

#[test]
fn what_needs_something_else_says_so() {
    let world = world().role("1", "Old", &[]).user("mira", "1").user("okan", "member").default_role("1");
    let definitions = definitions()
        .role("new", |r| r)
        .removed("=Old", Some("new"))
        .default_role(Some("new"))
        .assign("new", &["okan"]);
    assert_snapshot!(selected(&world, &definitions, "t/assignment/**"), @"
    t/assignment/-/user:mira needs t/role/new
    t/assignment/-/user:okan needs t/role/new
    ");
    assert_snapshot!(selected(&world, &definitions, "t/role/=Old"), @"
    t/role/=Old needs t/assignment/-/user:mira
    t/role/=Old needs t/default
    ");
    assert_snapshot!(selected(&world, &definitions, "t/default"), @"t/default needs t/role/new");
    assert_snapshot!(selected(&world, &definitions, "t/role/new"), @"
    create t/role/new: name new
    0. make new:
    ");
}

#[test]
fn a_name_is_not_taken_while_the_other_role_keeps_it() {
    let world = world().role("1", "A", &[]).role("2", "B", &[]);
    let definitions = definitions().role("a", |r| r.id("1").name("b")).role("b", |r| r.id("2").name("C"));
    assert_snapshot!(selected(&world, &definitions, "t/role/a"), @"t/role/a needs t/role/b");
    assert_snapshot!(selected(&world, &definitions, "t/role/b"), @"
    rename t/role/b: name C
    0. set 2: name C;
    ");
}

#[test]
fn nobody_gets_more_because_only_a_part_is_applied() {
    let world = world()
        .role("1", "Grows", &["read"])
        .role("2", "Shrinks", &["read", "keys"])
        .user("mira", "1")
        .user("okan", "member");
    let definitions = definitions()
        .role("grows", |r| r.id("1").name("Grows").permissions(&["read", "keys"]))
        .role("shrinks", |r| r.id("2").name("Shrinks").permissions(&["read"]))
        .assign("shrinks", &["mira", "okan"]);
    assert_snapshot!(selected(&world, &definitions, "t/role/grows"), @"t/role/grows needs t/assignment/-/user:mira");
    assert_snapshot!(selected(&world, &definitions, "t/assignment/-/user:okan"), @"t/assignment/-/user:okan needs t/role/shrinks");
}
