//! Protection that outlives its file: the strictest of the definitions, their base, the last apply,
//! and what else is known to protect.

use insta::assert_snapshot;
use rolecall::model::desired::Protect;

use super::{
    definitions::{Definitions, definitions, plan},
    story::past_story,
    text::told,
    world::{World, world},
};

const ALL: &[Protect] = &[Protect::Delete, Protect::Rename, Protect::Remove];

fn live() -> World {
    world().role("1", "Helper", &["keys", "read"])
}

fn helper(protect: &[Protect]) -> Definitions {
    definitions().role("helper", |r| r.name("Helper").permissions(&["keys", "read"]).protect(protect))
}

/// What becomes of the live role under `key`.
fn changed(key: &str, name: &str, permissions: &[&str]) -> Definitions {
    definitions().role(key, |r| r.name(name).previously("Helper").permissions(permissions))
}

fn refused(live: &World, definitions: &Definitions) -> bool {
    let planned = plan(live, definitions).expect("a plan");
    let text = told(&planned);
    assert!(!planned.plan.changes.is_empty(), "nothing is planned");
    text.contains("refused by protect")
}

#[test]
fn nothing_lifts_a_protection_and_uses_it_at_once() {
    let deleted = || definitions();
    let removed = || definitions().removed("=Helper", None);
    let by_key = || definitions().removed("helper", None);
    let renamed = || changed("helper", "Aide", &["keys", "read"]);
    let under_another_key = || changed("aide", "Aide", &["keys", "read"]);
    let loses = || changed("helper", "Helper", &["read"]);
    let loses_under_another_key = || changed("aide", "Helper", &["read"]);
    for (what, new) in [
        ("deleted", deleted()),
        ("removed by name", removed()),
        ("removed by key", by_key()),
        ("renamed", renamed()),
        ("renamed with its key", under_another_key()),
        ("loses", loses()),
        ("loses under another key", loses_under_another_key()),
    ] {
        let free = || helper(&[]);
        let base = new.clone().based_on(helper(ALL));
        let applied = new.clone().based_on(free()).applied(helper(ALL)).recorded("helper", "1");
        let applied_only = new.clone().applied(helper(ALL)).recorded("helper", "1");
        let without_ids = new.clone().based_on(free()).applied(helper(ALL));
        let both = new.clone().based_on(helper(ALL)).applied(free()).recorded("helper", "1");
        let history = new.clone().based_on(free()).protected_by(helper(ALL));
        let released = new.clone().based_on(free()).releasing(helper(ALL));
        for (where_from, all) in [
            ("base", base),
            ("applied", applied),
            ("applied alone", applied_only),
            ("applied without ids", without_ids),
            ("base, lifted since the last apply", both),
            ("history", history),
        ] {
            assert!(refused(&live(), &all), "{what}, protected by {where_from}");
        }
        if what != "deleted" {
            assert!(refused(&live(), &released), "{what}, protected by what is released");
        }
        assert!(!refused(&live(), &new.based_on(free())), "{what}, protected by nothing");
    }
}

#[test]
fn the_strictest_of_all_revisions_holds() {
    let all = changed("helper", "Aide", &["read", "write"])
        .based_on(helper(&[Protect::Rename]))
        .applied(helper(&[Protect::Add]))
        .protected_by(helper(&[Protect::Remove]))
        .recorded("helper", "1");
    assert_snapshot!(past_story(&live(), &all), @"
    rename t/role/helper [pending]: name Aide [pending] +write [pending] -keys [pending]
      refused by protect: role `Helper` would be renamed, and `protect` forbids it
      refused by protect: role `Helper` would lose permissions, and `protect` forbids it
      refused by protect: role `Helper` would gain permissions, and `protect` forbids it
    ");
}

#[test]
fn a_protection_against_gaining() {
    let gains = || definitions().role("helper", |r| r.name("Helper").permissions(&["audit", "keys", "read"]));
    assert!(refused(&live(), &gains().based_on(helper(&[Protect::Add]))));
    assert!(!refused(&live(), &gains().based_on(helper(ALL))));
    let loses = changed("helper", "Helper", &["read"]);
    assert!(!refused(&live(), &loses.based_on(helper(&[Protect::Add]))));
}

#[test]
fn a_protection_holds_under_the_name_that_the_role_still_bears() {
    // The revision that protects also renames, and was never applied.
    let both = || {
        definitions().role("helper", |r| {
            r.name("Aide").previously("Helper").permissions(&["keys", "read"]).protect(ALL)
        })
    };
    assert!(refused(&live(), &definitions().based_on(both())));
    assert!(refused(&live(), &definitions().based_on(both()).applied(helper(&[])).recorded("helper", "1")));
    assert!(refused(&live(), &definitions().removed("=Helper", None).based_on(both())));
    assert!(refused(&live(), &definitions().based_on(helper(&[])).protected_by(both())));
    // Without the earlier name, by the key alone.
    let untold = definitions().role("helper", |r| r.name("Aide").permissions(&["keys", "read"]).protect(ALL));
    assert!(refused(&live(), &definitions().based_on(untold).applied(helper(&[]))));
}

#[test]
fn a_protection_holds_under_the_temporary_name_of_an_interrupted_run() {
    let swap = definitions()
        .role("helper", |r| r.id("1").name("Other").permissions(&["keys", "read"]))
        .role("other", |r| r.id("2").name("Helper").permissions(&["read"]));
    let world = live().role("2", "Other", &["read"]);
    let ops = plan(&world, &swap).expect("a plan").ops;
    let mut now = None;
    let _ = super::interpreter::execute_all(&world, &ops[..1], |world, _| now = Some(world.clone()));
    let now = now.expect("one operation");
    let interrupted = |key: &str, id: &str| {
        now.roles[id].name.starts_with("rolecall temporary").then(|| {
            let name = &world.roles[id].name;
            definitions().role(key, |r| r.name(name).permissions(&["read"]).protect(ALL))
        })
    };
    let protecting =
        interrupted("helper", "1").or_else(|| interrupted("other", "2")).expect("a temporary name");
    assert!(refused(&now, &definitions().based_on(protecting.clone())));
    let left = definitions().with(|d| {
        let name =
            now.roles.values().find(|role| role.name.starts_with("rolecall")).expect("a role").name.clone();
        *d = d.clone().removed(&format!("={name}"), None);
    });
    assert!(refused(&now, &left.protected_by(protecting)));
}

#[test]
fn a_dashboard_rename_hides_nothing() {
    let clicked = world().role("1", "Clicked", &["keys", "read"]);
    let all = definitions().based_on(helper(&[])).applied(helper(ALL)).recorded("helper", "1");
    assert!(refused(&clicked, &all));
    let all = definitions().removed("=Clicked", None).based_on(helper(ALL)).applied(helper(&[]));
    assert!(refused(&clicked, &all.recorded("helper", "1")));
}

#[test]
fn what_is_free_everywhere_is_free() {
    let all = definitions().based_on(helper(&[])).applied(helper(&[])).recorded("helper", "1");
    assert_snapshot!(past_story(&live(), &all), @"delete t/role/helper [pending] (no_longer_declared)");
    // Another role is protected.
    let other = definitions().role("other", |r| r.name("Other").protect(ALL));
    assert_snapshot!(past_story(&live(), &all.protected_by(other)), @"delete t/role/helper [pending] (no_longer_declared)");
}
