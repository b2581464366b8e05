//! `--pending-only`, and the view of drift alone.

use insta::assert_snapshot;

use super::{
    definitions::{Definitions, definitions},
    story::{drift_story, pending_story},
    world::{World, world},
};

fn helper(permissions: &[&str]) -> Definitions {
    definitions().on_unassign("builtin:member").role("helper", |r| r.name("Helper").permissions(permissions))
}

#[test]
fn a_role_is_written_as_it_is_live_with_the_pending_elements() {
    let live = world().role("1", "Clicked", &["billing", "keys", "read"]).described("1", "Clicked too");
    let with = |permissions: &[&str], text: &str| {
        definitions().role("helper", |r| r.name("Helper").description(Some(text)).permissions(permissions))
    };
    let all = with(&["audit", "merge", "read"], "Helps")
        .based_on(with(&["billing", "merge", "read"], "Helps"))
        .applied(with(&["billing", "read"], "Helps"))
        .recorded("helper", "1");
    assert_snapshot!(pending_story(&live, &all), @"
    update t/role/helper [mixed]: +audit [pending] +merge [unapplied] -billing [pending]
    left: rename t/role/helper [drift]: name Helper [drift] description Helps [drift] -keys [drift]
    0. set 1: [audit keys merge read]
    ");
    assert_snapshot!(drift_story(&live, &all), @"rename t/role/helper [drift]: name Helper [drift] description Helps [drift] -keys [drift]");
}

#[test]
fn only_the_name_is_pending() {
    let live = world().role("1", "Helper", &["keys"]).described("1", "As it was");
    let all = definitions().role("helper", |r| r.name("Aide").permissions(&["read"]));
    let all = all.based_on(helper(&["read"])).applied(helper(&["read"])).recorded("helper", "1");
    assert_snapshot!(pending_story(&live, &all), @"
    rename t/role/helper [pending]: name Aide [pending]
    left: update t/role/helper [drift]: +read [drift] -keys [drift]
    0. set 1: name Aide;
    ");
}

#[test]
fn what_is_drift_as_a_whole_is_left() {
    let live = world().role("1", "Helper", &["keys", "read"]).user("mira", "1").user("okan", "member");
    let with = || {
        helper(&["read"]).role("gone", |r| r).assign("builtin:admin", &["mira"]).default_role(Some("gone"))
    };
    let all = with().assign("helper", &["okan"]).based_on(with()).applied(with()).recorded("helper", "1");
    assert_snapshot!(pending_story(&live, &all), @"
    assign t/assignment/-/user:okan [pending]: role Helper [pending]
    left: reassign t/assignment/-/user:mira [drift]: role Administrator [drift]
    left: set_default t/default [drift]: role gone [drift]
    left: create t/role/gone [drift]: name gone [drift]
    left: update t/role/helper [drift]: -keys [drift]
    0. give 1 to user okan
    ");
    assert_snapshot!(drift_story(&live, &all), @"
    reassign t/assignment/-/user:mira [drift]: role Administrator [drift]
    set_default t/default [drift]: role gone [drift]
    create t/role/gone [drift]: name gone [drift]
    update t/role/helper [drift]: -keys [drift]
    ");
}

#[test]
fn nothing_is_left_and_nothing_is_pending() {
    let live = world().role("1", "Helper", &["read"]);
    let all = helper(&["read", "write"]).based_on(helper(&["read"])).applied(helper(&["read"]));
    assert_snapshot!(pending_story(&live, &all.clone().recorded("helper", "1")), @"
    update t/role/helper [pending]: +write [pending]
    0. set 1: [read write]
    ");
    assert_snapshot!(drift_story(&live, &all.recorded("helper", "1")), @"nothing to do");
    let all = helper(&["read", "write"]).based_on(helper(&["read", "write"]));
    let all = all.applied(helper(&["read", "write"])).recorded("helper", "1");
    assert_snapshot!(pending_story(&live, &all), @"left: update t/role/helper [drift]: +write [drift]");
    assert_snapshot!(drift_story(&live, &all), @"update t/role/helper [drift]: +write [drift]");
    // Where nobody can tell, it is left too.
    let all = helper(&["read", "write"]).based_on(helper(&["read", "write"]));
    assert_snapshot!(pending_story(&live, &all), @"left: update t/role/helper [undetermined]: +write [undetermined]");
    assert_snapshot!(drift_story(&live, &all), @"update t/role/helper [undetermined]: +write [undetermined]");
}

#[test]
fn what_is_pending_and_needs_what_is_left_is_refused() {
    let refused = |live: &World, all: Definitions| pending_story(live, &all);
    // The dashboard deleted the role that somebody is to be given.
    let live = world().user("mira", "member");
    let all =
        helper(&["read"]).assign("helper", &["mira"]).based_on(helper(&["read"])).applied(helper(&["read"]));
    assert_snapshot!(refused(&live, all), @"t/assignment/-/user:mira needs t/role/helper");
    // The dashboard gave somebody the role that gains.
    let live = world().role("1", "Helper", &["read"]).user("mira", "1");
    let with = |permissions: &[&str]| helper(permissions).assign("builtin:admin", &["mira"]);
    let all =
        with(&["keys", "read"]).based_on(with(&["read"])).applied(with(&["read"])).recorded("helper", "1");
    assert_snapshot!(refused(&live, all), @"t/role/helper needs t/assignment/-/user:mira");
    // The dashboard gave a declared role the name that a new one takes.
    let live = world().role("1", "New", &["read"]);
    let all = helper(&["read"]).role("new", |r| r.name("New").permissions(&["audit"]));
    let all = all.based_on(helper(&["read"])).applied(helper(&["read"])).recorded("helper", "1");
    assert_snapshot!(refused(&live, all), @"t/role/new needs t/role/helper");
}

#[test]
fn somebody_is_given_a_role_as_it_is() {
    // The role was widened in the dashboard: that is left, and shown.
    let live = world().role("1", "Helper", &["keys", "read"]).user("mira", "member");
    let all = helper(&["read"]).assign("helper", &["mira"]).based_on(helper(&["read"]));
    assert_snapshot!(pending_story(&live, &all.applied(helper(&["read"])).recorded("helper", "1")), @"
    assign t/assignment/-/user:mira [pending]: role Helper [pending]
    left: update t/role/helper [drift]: -keys [drift]
    0. give 1 to user mira
    ");
}
