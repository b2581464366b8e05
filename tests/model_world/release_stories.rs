//! Roles whose files are still there and no longer read: they stay as they are.

use insta::assert_snapshot;
use rolecall::model::{config::Mode, desired::Protect};

use super::{
    definitions::{Definitions, definitions, plan},
    story::past_story,
    text::{operations, told},
    world::{World, world},
};

fn live() -> World {
    world().role("1", "Helper", &["keys", "read"]).role("2", "Other", &["read"]).user("mira", "1")
}

fn helper() -> Definitions {
    definitions().role("helper", |r| r.name("Helper").permissions(&["read"]))
}

fn other() -> Definitions {
    definitions().role("other", |r| r.name("Other").permissions(&["read"]))
}

#[test]
fn a_released_role_stays_as_it_is() {
    for mode in [Mode::Declared, Mode::Additive] {
        let all = other().manage(mode, mode).based_on(other()).releasing(helper());
        let text = past_story(&live(), &all);
        assert_eq!(text, "release t/role/helper [pending]\nleft alone: 1 assignments\n");
        assert_eq!(operations(&plan(&live(), &all).expect("a plan").ops), "");
    }
    let all = other().applied(other()).releasing(helper()).recorded("helper", "1").recorded("other", "2");
    let clicked = live().role("1", "Clicked", &["read"]);
    assert_snapshot!(past_story(&clicked, &all), @"
    release t/role/helper [pending]
    left alone: 1 assignments
    ");
}

#[test]
fn not_even_the_whole_truth_deletes_what_is_released_by_the_same_plan() {
    let all = other().manage(Mode::Authoritative, Mode::Declared).based_on(other()).releasing(helper());
    assert_snapshot!(told(&plan(&live(), &all).expect("a plan")), @"
    release t/role/helper [pending]
    left alone: 1 assignments
    ");
    // Its name is not free.
    let takes = definitions().role("other", |r| r.id("2").name("Helper").permissions(&["read"]));
    let all = takes.manage(Mode::Authoritative, Mode::Declared).based_on(other()).releasing(helper());
    assert_snapshot!(told(&plan(&live(), &all).expect("a plan")), @"
    release t/role/helper [pending]
    rename t/role/other [pending]: name Helper [pending]
      refused by blocked: role `other` would be named `Helper`, and role 1 has that name
    left alone: 1 assignments
    ");
}

#[test]
fn what_is_declared_elsewhere_is_not_released() {
    let all = other().role("moved", |r| r.name("Helper").permissions(&["keys", "read"])).based_on(other());
    assert_snapshot!(past_story(&live(), &all.releasing(helper())), @"left alone: 1 assignments");
}

#[test]
fn what_the_base_took_over_into_a_file_that_is_still_read_is_deleted_and_not_released() {
    let live = live().user("mira", "member");
    let all = definitions().based_on(helper()).releasing(helper());
    assert_snapshot!(past_story(&live, &all), @"
    delete t/role/helper [pending] (no_longer_declared)
    left alone: t/role/=Other
    ");
    // The other way round it was moved out of what is read.
    let all =
        definitions().based_on(definitions()).applied(helper()).releasing(helper()).recorded("helper", "1");
    assert_snapshot!(past_story(&live, &all), @"
    release t/role/helper [pending]
    left alone: t/role/=Other
    ");
}

#[test]
fn what_is_released_is_still_protected() {
    let protected = || {
        definitions().role("helper", |r| r.name("Helper").permissions(&["read"]).protect(&[Protect::Delete]))
    };
    let live = live().user("mira", "member");
    let all = definitions().removed("=Helper", None).based_on(definitions()).releasing(protected());
    assert_snapshot!(past_story(&live, &all), @"
    delete t/role/=Helper [pending]
      refused by protect: role `Helper` would be deleted, and `protect` forbids it
    left alone: t/role/=Other
    ");
}
