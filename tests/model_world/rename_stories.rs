//! Renames: in the definitions, in the dashboard, by keys, and what a record proves.

use insta::assert_snapshot;

use super::{
    definitions::{Definitions, definitions},
    story::past_story,
    world::{World, world},
};

fn named(key: &str, name: &str) -> Definitions {
    definitions().role(key, |r| r.name(name).permissions(&["read"]))
}

fn live() -> World {
    world().role("1", "Helper", &["read"]).users(&["mira", "okan"], "1")
}

#[test]
fn a_rename_in_the_dashboard_is_drift_where_a_record_knows_the_id() {
    let clicked = world().role("1", "Clicked", &["read"]).users(&["mira", "okan"], "1");
    let all = || named("helper", "Helper").based_on(named("helper", "Helper"));
    assert_snapshot!(past_story(&clicked, &all().applied(named("helper", "Helper")).recorded("helper", "1")), @"
    rename t/role/helper [drift]: name Helper [drift]
    left alone: 2 assignments
    ");
    // Without the id it is another role.
    assert_snapshot!(past_story(&clicked, &all()), @"
    create t/role/helper [undetermined]: name Helper [undetermined] +read [undetermined]
    left alone: t/role/=Clicked
    left alone: 2 assignments
    ");
}

#[test]
fn the_definitions_and_the_dashboard_both_rename() {
    let clicked = world().role("1", "Clicked", &["read"]);
    let all = named("helper", "Aide").based_on(named("helper", "Helper")).applied(named("helper", "Helper"));
    assert_snapshot!(past_story(&clicked, &all.recorded("helper", "1")), @"rename t/role/helper [pending]: name Aide [pending]");
}

#[test]
fn another_role_under_the_old_name_is_not_taken_over_where_the_record_knows_the_id() {
    let clicked = world().role("1", "Clicked", &["read"]).role("9", "Helper", &["keys"]).user("mira", "9");
    let all = || named("helper", "Helper").based_on(named("helper", "Helper"));
    assert_snapshot!(past_story(&clicked, &all().applied(named("helper", "Helper")).recorded("helper", "1")), @"
    rename t/role/helper [drift]: name Helper [drift]
      refused by blocked: role `helper` would be named `Helper`, and role 9 has that name
    left alone: t/role/=Helper
    left alone: 1 assignments
    ");
    let gone = definitions().based_on(named("helper", "Helper")).applied(named("helper", "Helper"));
    assert_snapshot!(past_story(&clicked, &gone.recorded("helper", "1")), @"
    delete t/role/helper [pending] (no_longer_declared)
      refused by adopt: role `Clicked` would be deleted; only the record of the last apply says that git declared it, under another name
    left alone: t/role/=Helper
    left alone: 1 assignments
    ");
}

#[test]
fn a_key_that_is_renamed_changes_nothing() {
    let (old, new) = (|| named("helper", "Helper"), || named("aide", "Helper"));
    assert_snapshot!(past_story(&live(), &new().based_on(old())), @"left alone: 2 assignments");
    assert_snapshot!(past_story(&live(), &new().based_on(old()).applied(old()).recorded("helper", "1")), @"left alone: 2 assignments");
    assert_snapshot!(past_story(&live(), &new().based_on(new()).applied(old()).recorded("helper", "1")), @"left alone: 2 assignments");
    let assigned =
        |definitions: Definitions, key: &str| definitions.assign(key, &["mira", "okan"]).default_role(None);
    let all = assigned(new(), "aide").based_on(assigned(old(), "helper"));
    assert_snapshot!(past_story(&live(), &all), @"nothing to do");
}

#[test]
fn a_key_and_a_name_change_at_once() {
    let new = |previously: Option<&str>| {
        let all = definitions().role("aide", |r| {
            let r = r.name("Aide").permissions(&["read"]);
            if let Some(name) = previously { r.previously(name) } else { r }
        });
        all.assign("aide", &["mira"])
    };
    let over = |new: Definitions| {
        let old = || named("helper", "Helper").assign("helper", &["mira"]);
        past_story(&live(), &new.based_on(old()).applied(old()).recorded("helper", "1"))
    };
    assert_snapshot!(over(new(Some("Helper"))), @"
    rename t/role/aide [pending]: name Aide [pending]
    left alone: 1 assignments
    ");
    assert_snapshot!(over(new(None)), @"
    reassign t/assignment/-/user:mira [pending]: role Aide [pending]
    create t/role/aide [pending]: name Aide [pending] +read [pending]
    delete t/role/helper [pending] (no_longer_declared)
      refused by held: role `Helper` is held by Okan (okan)
    left alone: 1 assignments
    note: Role `Helper` would be deleted and `Aide` made, and they are much alike. If it is a new name for the same role, add to the definition of `Aide`: `previously: [Helper]`. Then its members keep it.
    ");
}

#[test]
fn keys_that_swap_their_names() {
    let world = world()
        .role("1", "Alpha", &["read"])
        .role("2", "Beta", &["keys"])
        .user("mira", "1")
        .user("okan", "2");
    let both = |a: &str, b: &str| {
        definitions()
            .role("a", |r| r.name(a).permissions(&["read"]))
            .role("b", |r| r.name(b).permissions(&["keys"]))
            .assign("a", &["mira"])
            .assign("b", &["okan"])
    };
    let all = || both("Beta", "Alpha").based_on(both("Alpha", "Beta"));
    let recorded = all().applied(both("Alpha", "Beta")).recorded("a", "1").recorded("b", "2");
    assert_snapshot!(past_story(&world, &recorded), @"
    rename t/role/a [pending]: name Beta [pending]
    rename t/role/b [pending]: name Alpha [pending]
    ");
    // Without the ids a name is a role: people move, and end with the same access.
    assert_snapshot!(past_story(&world, &all()), @"
    reassign t/assignment/-/user:mira [pending]: role Beta [pending]
    reassign t/assignment/-/user:okan [pending]: role Alpha [pending]
    update t/role/a [undetermined]: +read [undetermined] -keys [undetermined]
    update t/role/b [undetermined]: +keys [undetermined] -read [undetermined]
      refused by blocked: Mira (mira) would be without `read` for a moment: role `Alpha` loses that before they leave it, because others join it
      refused by blocked: Okan (okan) would be without `keys` for a moment: they join role `Alpha` before it gains that, because others have to leave it first
    ");
    // The dashboard swapped them, and nobody loses or gains anything.
    let swapped = world.role("1", "Beta", &["read"]).role("2", "Alpha", &["keys"]);
    let all = both("Alpha", "Beta").based_on(both("Alpha", "Beta")).applied(both("Alpha", "Beta"));
    assert_snapshot!(past_story(&swapped, &all.recorded("a", "1").recorded("b", "2")), @"
    rename t/role/a [drift]: name Alpha [drift]
    rename t/role/b [drift]: name Beta [drift]
    ");
}

#[test]
fn moving_and_reordering_changes_nothing() {
    let order = |keys: [&str; 3]| {
        let mut all = definitions();
        for key in keys {
            all = all.role(key, |r| r.permissions(&["read"])).assign(key, &[&format!("u{key}")]);
        }
        all
    };
    let mut world = world();
    for (at, key) in ["a", "b", "c"].iter().enumerate() {
        world = world.role(&at.to_string(), key, &["read"]).user(&format!("u{key}"), &at.to_string());
    }
    let all = order(["c", "a", "b"]).based_on(order(["a", "b", "c"])).applied(order(["b", "c", "a"]));
    assert_snapshot!(past_story(&world, &all.recorded("a", "0").recorded("b", "1").recorded("c", "2")), @"nothing to do");
}

#[test]
fn a_likely_rename_is_pointed_out_with_the_line_to_add() {
    let wide = &["audit", "billing", "deploy", "keys", "merge"];
    let roles = |key: &str, name: &str, permissions: &[&str]| {
        definitions().role(key, |r| r.name(name).permissions(permissions))
    };
    let over = |world: &World, new: &[&str]| {
        past_story(world, &roles("aide", "yes", new).based_on(roles("helper", "Helper", wide)))
    };
    let held = world().role("1", "Helper", wide).user("mira", "1");
    assert_snapshot!(over(&held, &["audit", "billing", "deploy", "keys"]), @"
    create t/role/aide [pending]: name yes [pending] +audit [pending] +billing [pending] +deploy [pending] +keys [pending]
    delete t/role/helper [pending] (no_longer_declared)
      refused by held: role `Helper` is held by Mira (mira)
    left alone: 1 assignments
    note: Role `Helper` would be deleted and `yes` made, and they are much alike. If it is a new name for the same role, add to the definition of `yes`: `previously: [Helper]`. Then its members keep it.
    ");
    // Much less alike; and nobody who would lose it.
    assert!(!over(&held, &["audit", "billing", "deploy"]).contains("note:"));
    let free = over(&world().role("1", "Helper", wide), wide);
    assert!(free.contains("`previously: [Helper]`. Then it keeps its id."), "{free}");
    let hidden = world().role("1", "Helper", wide).with(|api| api.hides_holders = true);
    assert!(over(&hidden, wide).contains("note:"));
}

#[test]
fn of_several_likely_new_names_the_most_alike_is_meant() {
    let held = world().role("1", "Helper", &["audit", "keys", "merge", "read", "write"]).user("mira", "1");
    let old = definitions()
        .role("helper", |r| r.name("Helper").permissions(&["audit", "keys", "merge", "read", "write"]));
    let all = definitions()
        .role("a", |r| r.permissions(&["audit", "keys", "merge", "read"]))
        .role("b", |r| r.permissions(&["audit", "keys", "merge", "read", "write"]))
        .role("c", |r| r.permissions(&["audit", "keys", "merge", "read", "write"]));
    let text = past_story(&held, &all.based_on(old));
    assert!(text.contains("and `b` made"), "{text}");
}

#[test]
fn a_record_alone_deletes_nothing() {
    // Whoever can write the record points `helper` at a role that git never declared.
    let world = live().role("9", "Ops", &["keys"]);
    let old = || named("helper", "Helper");
    let all = definitions().based_on(old()).applied(old()).recorded("helper", "9");
    assert_snapshot!(past_story(&world, &all), @"
    delete t/role/helper [pending] (no_longer_declared)
      refused by adopt: role `Ops` would be deleted; only the record of the last apply says that git declared it, under another name
    left alone: t/role/=Helper
    left alone: 2 assignments
    ");
    let all = definitions().removed("helper", None).based_on(old()).applied(old());
    assert_snapshot!(past_story(&world, &all.recorded("helper", "9")), @"
    delete t/role/=Ops [pending]
      refused by adopt: role `Ops` would be deleted; only the record of the last apply says that git declared it, under another name
    left alone: t/role/=Helper
    left alone: 2 assignments
    ");
    // A role of git that the dashboard renamed: it takes one line more.
    let clicked = super::world::world().role("1", "Clicked", &["read"]);
    let all = definitions().based_on(old()).applied(old()).recorded("helper", "1");
    assert_snapshot!(past_story(&clicked, &all), @"
    delete t/role/helper [pending] (no_longer_declared)
      refused by adopt: role `Clicked` would be deleted; only the record of the last apply says that git declared it, under another name
    ");
    assert_snapshot!(past_story(&clicked, &all.removed("=Clicked", None)), @"delete t/role/=Clicked [pending]");
}

#[test]
fn a_record_alone_gives_nobody_anything() {
    let world = live().role("2", "Other", &["audit"]).user("nil", "2");
    let both = |name: &str, permissions: &[&str]| {
        definitions()
            .role("helper", |r| r.name(name).permissions(permissions))
            .role("other", |r| r.name("Other").permissions(&["audit"]))
    };
    let over = |new: Definitions| new.based_on(both("Helper", &["read"])).applied(both("Helper", &["read"]));
    // The id of another declared role, of a built-in one, and of none.
    let all = over(both("Aide", &["keys", "read"])).recorded("helper", "2").recorded("other", "2");
    assert_snapshot!(past_story(&world, &all), @"
    rename t/role/helper [mixed]: name Aide [pending] +keys [pending] +read [drift] -audit [drift] (adopts)
      refused by adopt: role `Other` exists, 1 principal holds it, and it would gain permissions; only the record of the last apply says that it is this role, under another name
    create t/role/other [drift]: name Other [drift] +audit [drift]
    left alone: t/role/=Helper
    left alone: 3 assignments
    ");
    let all = over(both("Helper", &["read"])).recorded("helper", "2").recorded("other", "1");
    assert_snapshot!(past_story(&world, &all), @"
    rename t/role/helper [drift]: name Helper [drift] +read [drift] -audit [drift] (adopts)
      refused by adopt: role `Other` exists, 1 principal holds it, and it would gain permissions; only the record of the last apply says that it is this role, under another name
    rename t/role/other [drift]: name Other [drift] +audit [drift] -read [drift] (adopts)
      refused by adopt: role `Helper` exists, 2 principals hold it, and it would gain permissions; only the record of the last apply says that it is this role, under another name
    left alone: 3 assignments
    ");
    for id in ["admin", "member", "nowhere", "mira"] {
        let all = over(both("Helper", &["read"])).recorded("helper", id).recorded("other", "2");
        assert_eq!(past_story(&world, &all), "left alone: 3 assignments\n", "{id}");
    }
}

/// An interrupted apply renamed a role that people hold; it gains only after others have left it.
#[test]
fn what_an_interrupted_apply_renamed_is_still_that_role() {
    let before = || definitions().role("helper", |r| r.name("Helper").permissions(&["read"]));
    let new = || {
        definitions()
            .role("helper", |r| r.name("Aide").previously("Helper").permissions(&["keys", "read"]))
            .role("other", |r| r.name("Helper").permissions(&["audit"]))
            .based_on(before())
            .applied(before())
            .recorded("helper", "1")
    };
    let renamed = || world().role("1", "Aide", &["read"]).user("mira", "1");
    assert_snapshot!(past_story(&renamed(), &new()), @"
    update t/role/helper [pending]: +keys [pending]
    create t/role/other [pending]: name Helper [pending] +audit [pending]
    left alone: 1 assignments
    ");
    assert_snapshot!(past_story(&renamed().role("2", "Helper", &["audit"]), &new()), @"
    update t/role/helper [pending]: +keys [pending]
    left alone: 1 assignments
    ");
    // What bears the earlier name may be the role that git declared, and the other one somebody else's.
    assert_snapshot!(past_story(&renamed().role("2", "Helper", &["read"]), &new()), @"
    update t/role/helper [pending]: +keys [pending] (adopts)
      refused by adopt: role `Aide` exists, 1 principal holds it, and it would gain permissions; only the record of the last apply says that it is this role, under another name
    update t/role/other [pending]: +audit [pending] -read [pending]
    left alone: 1 assignments
    ");
}

#[test]
fn a_record_of_a_key_that_was_never_applied_counts_for_nothing() {
    let world = world().role("9", "Ops", &["keys", "read"]).user("mira", "9");
    let all =
        named("helper", "Helper").based_on(definitions()).applied(definitions()).recorded("helper", "9");
    assert_snapshot!(past_story(&world, &all), @"
    create t/role/helper [pending]: name Helper [pending] +read [pending]
    left alone: t/role/=Ops
    left alone: 1 assignments
    ");
}
