//! What is ours to remove: what the definitions, their base, or the last apply declare.

use insta::assert_snapshot;
use rolecall::model::config::Mode;

use super::{
    definitions::{Definitions, definitions},
    story::past_story,
    world::{World, world},
};

fn nothing() -> Definitions {
    definitions().on_unassign("builtin:member").default_role(None)
}

fn helper() -> Definitions {
    nothing().role("helper", |r| r.name("Helper").permissions(&["read"]))
}

/// `Helper` is held by Mira; nobody in git ever heard of `Clicked`, which Okan holds.
fn live() -> World {
    world().role("1", "Helper", &["read"]).role("2", "Clicked", &["keys"]).user("mira", "1").user("okan", "2")
}

#[test]
fn a_role_that_any_revision_declares_goes_in_every_mode_but_additive() {
    let held = || helper().assign("helper", &["mira"]);
    for (base, applied) in [(Some(held()), None), (None, Some(held())), (Some(nothing()), Some(held()))] {
        let in_mode = |mode| {
            let mut all = nothing().manage(mode, Mode::Declared);
            if let Some(base) = base.clone() {
                all = all.based_on(base);
            }
            if let Some(applied) = applied.clone() {
                all = all.applied(applied).recorded("helper", "1");
            }
            past_story(&live(), &all)
        };
        let declared = in_mode(Mode::Declared);
        assert!(declared.contains("delete t/role/helper") && declared.contains("unassign"), "{declared}");
        assert!(declared.contains("left alone: t/role/=Clicked"), "{declared}");
        let additive = in_mode(Mode::Additive);
        assert!(
            !additive.contains("delete") && additive.contains("left alone: t/role/=Helper"),
            "{additive}"
        );
    }
}

#[test]
fn the_three_modes() {
    let gone = |roles, assignments| {
        let all = nothing().manage(roles, assignments).based_on(helper().assign("helper", &["mira"]));
        past_story(&live(), &all)
    };
    assert_snapshot!(gone(Mode::Declared, Mode::Declared), @"
    unassign t/assignment/-/user:mira [pending]: role Member [pending] (no_longer_declared)
    delete t/role/helper [pending] (no_longer_declared)
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
    assert_snapshot!(gone(Mode::Additive, Mode::Additive), @"
    left alone: t/role/=Clicked
    left alone: t/role/=Helper
    left alone: 2 assignments
    ");
    assert_snapshot!(gone(Mode::Authoritative, Mode::Authoritative), @"
    unassign t/assignment/-/user:mira [pending]: role Member [pending] (no_longer_declared)
    unassign t/assignment/-/user:okan [undetermined]: role Member [undetermined] (never_declared)
    delete t/role/=Clicked [undetermined] (never_declared)
    delete t/role/helper [pending] (no_longer_declared)
    ");
    assert_snapshot!(gone(Mode::Declared, Mode::Additive), @"
    delete t/role/helper [pending] (no_longer_declared)
      refused by held: role `Helper` is held by Mira (mira)
    left alone: t/role/=Clicked
    left alone: 2 assignments
    ");
    assert_snapshot!(gone(Mode::Additive, Mode::Declared), @"
    unassign t/assignment/-/user:mira [pending]: role Member [pending] (no_longer_declared)
    left alone: t/role/=Clicked
    left alone: t/role/=Helper
    left alone: 1 assignments
    ");
}

#[test]
fn without_any_earlier_revision_nothing_is_removed() {
    assert_snapshot!(past_story(&live(), &nothing().with(|d| d.exempt = false)), @"
    left alone: t/role/=Clicked
    left alone: t/role/=Helper
    left alone: 2 assignments
    ");
}

#[test]
fn a_role_deleted_in_a_merge_whose_apply_failed_is_deleted_by_the_next_one() {
    // One revision deleted it, another one made something else, and neither was applied.
    let other = || nothing().role("other", |r| r.name("Other").permissions(&["write"]));
    let all = other().based_on(nothing()).applied(helper().assign("helper", &["mira"]));
    assert_snapshot!(past_story(&live(), &all.recorded("helper", "1")), @"
    unassign t/assignment/-/user:mira [unapplied]: role Member [unapplied] (no_longer_declared)
    delete t/role/helper [unapplied] (no_longer_declared)
    create t/role/other [pending]: name Other [pending] +write [pending]
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
    let all = other().based_on(other()).applied(helper().assign("helper", &["mira"]));
    assert_snapshot!(past_story(&live(), &all.recorded("helper", "1")), @"
    unassign t/assignment/-/user:mira [unapplied]: role Member [unapplied] (no_longer_declared)
    delete t/role/helper [unapplied] (no_longer_declared)
    create t/role/other [unapplied]: name Other [unapplied] +write [unapplied]
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
}

#[test]
fn holders_whom_nothing_moves_refuse() {
    let all = nothing().based_on(helper());
    assert_snapshot!(past_story(&live(), &all), @"
    delete t/role/helper [pending] (no_longer_declared)
      refused by held: role `Helper` is held by Mira (mira)
    left alone: t/role/=Clicked
    left alone: 2 assignments
    ");
    // Their lines are gone, and nothing says what they get.
    let silent = definitions().based_on(helper().assign("helper", &["mira"]));
    assert_snapshot!(past_story(&live(), &silent), @"
    unassign t/assignment/-/user:mira [pending] (no_longer_declared)
      refused by on_unassign: `Mira (mira)` would lose a role, and nothing says what they get instead
    delete t/role/helper [pending] (no_longer_declared)
      refused by held: role `Helper` is held by Mira (mira)
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
    // Some lines are gone, some people were never declared.
    let both = live().user("nil", "1");
    assert_snapshot!(past_story(&both, &nothing().based_on(helper().assign("helper", &["mira"]))), @"
    unassign t/assignment/-/user:mira [pending]: role Member [pending] (no_longer_declared)
    delete t/role/helper [pending] (no_longer_declared)
      refused by held: role `Helper` is held by Nil (nil)
    left alone: t/role/=Clicked
    left alone: 2 assignments
    ");
}

#[test]
fn holders_who_are_given_another_role_move_even_where_nothing_is_ever_taken() {
    let all = nothing().assign("builtin:admin", &["mira"]).manage(Mode::Declared, Mode::Additive);
    let all = all.based_on(helper().assign("helper", &["mira"]));
    assert_snapshot!(past_story(&live(), &all), @"
    reassign t/assignment/-/user:mira [pending]: role Administrator [pending]
    delete t/role/helper [pending] (no_longer_declared)
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
}

#[test]
fn removed_by_key_with_and_without_lines_that_are_gone() {
    let old = || helper().assign("helper", &["mira"]);
    assert_snapshot!(past_story(&live(), &nothing().removed("helper", None).based_on(old())), @"
    unassign t/assignment/-/user:mira [pending]: role Member [pending] (no_longer_declared)
    delete t/role/=Helper [pending]
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
    assert_snapshot!(past_story(&live(), &nothing().removed("helper", Some("builtin:admin")).based_on(old())), @"
    reassign t/assignment/-/user:mira [pending]: role Administrator [pending] (role_removed)
    delete t/role/=Helper [pending]
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
    // The last revision renamed it, and was not applied.
    let renamed = nothing().role("helper", |r| r.name("Aide").previously("Helper").permissions(&["read"]));
    let all = nothing().removed("helper", Some("builtin:member")).based_on(renamed);
    assert_snapshot!(past_story(&live(), &all), @"
    reassign t/assignment/-/user:mira [pending]: role Member [pending] (role_removed)
    delete t/role/=Helper [pending]
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
    assert_snapshot!(past_story(&live(), &all.applied(old()).recorded("helper", "1")), @"
    reassign t/assignment/-/user:mira [pending]: role Member [pending] (role_removed)
    delete t/role/=Helper [pending]
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
}

#[test]
fn an_assignment_that_is_no_longer_declared() {
    let all = helper().based_on(helper().assign("helper", &["mira"]));
    assert_snapshot!(past_story(&live(), &all), @"
    unassign t/assignment/-/user:mira [pending]: role Member [pending] (no_longer_declared)
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
    // Somebody gave her another role meanwhile: that one git never gave.
    assert_snapshot!(past_story(&live().user("mira", "2"), &all), @"
    left alone: t/role/=Clicked
    left alone: 2 assignments
    ");
    // The definitions give her the role by another key.
    let moved = nothing().role("aide", |r| r.name("Helper").permissions(&["read"])).assign("aide", &["mira"]);
    assert_snapshot!(past_story(&live(), &moved.based_on(helper().assign("helper", &["mira"]))), @"
    left alone: t/role/=Clicked
    left alone: 1 assignments
    ");
}

#[test]
fn in_a_chain_of_names_without_a_record_no_role_stays_behind() {
    let world = world().role("1", "Beta", &["read"]).role("2", "Alpha", &["write"]);
    let all = nothing().role("b", |r| r.name("Alpha").permissions(&["write"]));
    let old = || {
        nothing()
            .role("a", |r| r.name("Alpha").permissions(&["write"]))
            .role("b", |r| r.name("Beta").permissions(&["read"]))
    };
    assert_snapshot!(past_story(&world, &all.clone().based_on(old())), @"delete t/role/=Beta [pending] (no_longer_declared)");
    assert_snapshot!(past_story(&world, &all.based_on(old()).applied(old()).recorded("a", "2").recorded("b", "1")), @"
    delete t/role/a [pending] (no_longer_declared)
    rename t/role/b [pending]: name Alpha [pending] +write [pending] -read [pending]
    ");
}

#[test]
fn a_name_that_somebody_else_made_first_takes_nothing_away() {
    // Git renames its role, and the new name was clicked together meanwhile.
    let world = world().role("1", "Helper", &["read"]).role("9", "Aide", &[]);
    let all = nothing().role("helper", |r| r.name("Aide").permissions(&[])).based_on(helper());
    assert_snapshot!(past_story(&world, &all), @"left alone: t/role/=Helper");
    assert_snapshot!(past_story(&world, &all.applied(helper()).recorded("helper", "1")), @"
    rename t/role/helper [pending]: name Aide [pending] -read [pending]
      refused by blocked: role `helper` would be named `Aide`, and role 9 has that name
    left alone: t/role/=Aide
    ");
}

#[test]
fn a_removed_name_that_a_declared_role_gives_up() {
    let world = world().role("1", "Delta", &["read"]);
    let all = nothing().role("d", |r| r.name("Omega").permissions(&["read"])).removed("=Delta", None);
    let old = nothing().role("d", |r| r.name("Delta").permissions(&["read"]));
    assert_snapshot!(past_story(&world, &all.applied(old).recorded("d", "1")), @"rename t/role/d [unapplied]: name Omega [unapplied]");
    let both = nothing().role("d", |r| r.name("Omega").previously("Delta")).removed("=Delta", None);
    assert_snapshot!(past_story(&world, &both), @"RC038 role `d` is removed and declared | Keep one of the two.");
}
