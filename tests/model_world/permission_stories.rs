//! Permissions that are resources of their own.

use globset::{Glob, GlobSet};
use insta::assert_snapshot;
use rolecall::{
    model::{Kind, config::Mode},
    plan::select::{Lacking, select},
};

use super::{
    definitions::{Definitions, plan, plan_selected, sixth_definitions},
    story::{past_story, story},
    text,
    world::{World, site, sixth_world},
};

/// A role with this, declared with that.
fn helper(has: &[&str], wants: &[&str]) -> (World, Definitions) {
    let world = sixth_world().role_at("1", site("east"), "Helper", "low", has);
    let definitions = sixth_definitions()
        .role("helper", |role| role.name("Helper").at(site("east")).base("builtin:low").permissions(wants));
    (world, definitions)
}

#[test]
fn a_permission_is_made_before_a_role_has_it_and_goes_when_none_has_it_any_more() {
    let (world, definitions) = helper(&["deck:old"], &["deck:new"]);
    let world = world.permission("deck:old", "Old deck");
    let definitions = definitions
        .permission("deck:new", "New deck")
        .removed_permission("deck:old")
        .role("mate", |role| role.name("Mate").base("builtin:low").permissions(&["deck:new"]));
    assert_snapshot!(story(&world, &definitions), @"
    create t/permission/deck%3Anew: name New deck
    delete t/permission/deck%3Aold
    update t/role/helper@site=east: +deck:new -deck:old
    create t/role/mate: name Mate +deck:new
    0. make permission deck:new
    1. set 1: [deck:new]
    1. make Mate:
    2. delete permission deck:old
    2. set t/role/mate: [deck:new]
    ");
}

#[test]
fn a_role_that_goes_lets_go_too() {
    let (world, _) = helper(&["deck:old"], &[]);
    let world = world.permission("deck:old", "Old deck");
    let definitions =
        sixth_definitions().removed_at("=Helper", &site("east"), None).removed_permission("deck:old");
    assert_snapshot!(story(&world, &definitions), @"
    delete t/permission/deck%3Aold
    delete t/role/=Helper@site=east
    0. delete 1
    1. delete permission deck:old
    ");
}

#[test]
fn what_a_declared_role_still_has_does_not_go() {
    let (world, definitions) = helper(&["deck:old"], &["deck:old"]);
    let world = world.permission("deck:old", "Old deck");
    assert_snapshot!(story(&world, &definitions.removed_permission("deck:old")), @"
    delete t/permission/deck%3Aold; role `Helper` of site `east` loses it
      refused by blocked: permission `deck:old` would be deleted, and role `helper` still has it | Take it out of the roles too, or declare it under `permission_definitions`.
    0. delete permission deck:old
    ");
}

#[test]
fn a_role_that_git_does_not_declare_is_named_before_it_loses_a_permission() {
    let world = sixth_world()
        .permission("deck:old", "Old deck")
        .role_at("1", site("west"), "Clicked", "low", &["deck:old"])
        .role_at("2", site("east"), "Other", "low", &["audit"]);
    let definitions = sixth_definitions().removed_permission("deck:old");
    assert_snapshot!(text::text(&plan(&world, &definitions)), @"
    delete t/permission/deck%3Aold; role `Clicked` of site `west` loses it
    left alone: t/role/=Clicked@site=west
    left alone: t/role/=Other@site=east
    0. delete permission deck:old
    ");
}

#[test]
fn name_and_description_change_and_the_rest_does_not() {
    let world = sixth_world().permission("deck:a", "Deck").permission("deck:b", "Deck");
    let definitions = sixth_definitions()
        .permission("deck:a", "First deck")
        .permission_with("deck:a", Some(Some("The first")), Some("ship"))
        .permission("deck:b", "Deck")
        .permission_with("deck:b", Some(None), None);
    assert_snapshot!(story(&world, &definitions), @r#"
    update t/permission/deck%3Aa: name First deck description Some("The first")
    0. set permission deck:a
    "#);
    let other =
        sixth_definitions().permission("deck:a", "Deck").permission_with("deck:a", None, Some("fleet"));
    assert_snapshot!(story(&world, &other), @r#"
    update t/permission/deck%3Aa: resource_type Some(Text(Some("ship"))) -> Some(Text(Some("fleet")))
      refused by blocked: permission `deck:a` is for another type of resource, and that never changes | Declare another permission with a slug of its own, and take this one out.
    0. set permission deck:a
    "#);
}

#[test]
fn what_git_declared_before_goes_and_what_it_never_declared_stays() {
    let world = sixth_world().permission("deck:a", "A").permission("deck:b", "B").permission("deck:c", "C");
    let before = sixth_definitions().permission("deck:a", "A").permission("deck:b", "B");
    let now = sixth_definitions().permission("deck:a", "A");
    assert_snapshot!(past_story(&world, &now.clone().based_on(before.clone())), @"delete t/permission/deck%3Ab [pending] (no_longer_declared)");
    let additive = now.clone().manage(Mode::Additive, Mode::Declared).based_on(before.clone());
    assert_snapshot!(past_story(&world, &additive), @"nothing to do");
    let released = now.clone().based_on(now.clone()).releasing(before);
    assert_snapshot!(past_story(&world, &released), @"release t/permission/deck%3Ab [pending]");
    let whole = now.clone().manage(Mode::Authoritative, Mode::Declared).based_on(now);
    assert_snapshot!(past_story(&world, &whole), @"
    delete t/permission/deck%3Ab [undetermined] (never_declared)
    delete t/permission/deck%3Ac [undetermined] (never_declared)
    ");
    // Who declares none does not manage them.
    let none = sixth_definitions().manage(Mode::Authoritative, Mode::Declared);
    assert_snapshot!(past_story(&world, &none.clone().based_on(none)), @"nothing to do");
}

#[test]
fn drift_is_told_from_what_is_not_applied_yet() {
    let world = sixth_world().permission("deck:a", "Clicked").permission("deck:b", "B");
    let applied = sixth_definitions().permission("deck:a", "A").permission("deck:b", "B");
    let now = sixth_definitions()
        .permission("deck:a", "A")
        .permission("deck:b", "Better")
        .permission("deck:c", "C");
    assert_snapshot!(past_story(&world, &now.based_on(applied.clone()).applied(applied)), @"
    update t/permission/deck%3Aa [drift]: name A [drift]
    update t/permission/deck%3Ab [pending]: name Better [pending]
    create t/permission/deck%3Ac [pending]: name C [pending]
    ");
}

#[test]
fn nothing_of_permissions_goes_on_an_incomplete_read() {
    let world = sixth_world()
        .permission("deck:a", "A")
        .with(|api| drop(api.incomplete.insert(Kind::Permission, "page 2 is missing".into())));
    assert_snapshot!(story(&world, &sixth_definitions().removed_permission("deck:a")), @"
    delete t/permission/deck%3Aa
      refused by incomplete: will not delete `A` on an incomplete read: page 2 is missing
    0. delete permission deck:a
    ");
}

#[test]
fn a_part_says_what_it_lacks() {
    let (world, definitions) = helper(&["deck:old"], &["deck:new"]);
    let world = world.permission("deck:old", "Old deck");
    let definitions = definitions.permission("deck:new", "New deck").removed_permission("deck:old");
    let selected = |only: &str| {
        let only = GlobSet::new([Glob::new(only).expect("a pattern")]).expect("a pattern");
        let mut lacking: Vec<Lacking> = Vec::new();
        let planned = plan_selected(&world.live(), &definitions, |plan| {
            lacking = select(plan, &only).err().unwrap_or_default();
        });
        match lacking.as_slice() {
            [] => text::text(&planned),
            _ => lacking.iter().map(|one| format!("{} needs {}\n", one.selected, one.needs)).collect(),
        }
    };
    assert_snapshot!(selected("t/permission/deck%3Anew"), @"
    create t/permission/deck%3Anew: name New deck
    0. make permission deck:new
    ");
    assert_snapshot!(selected("t/permission/deck%3Aold"), @"t/permission/deck%3Aold needs t/role/helper@site=east");
    assert_snapshot!(selected("t/role/**"), @"t/role/helper@site=east needs t/permission/deck%3Anew");
}
