//! Guards: how much a plan may take away, and who must not be locked out.

use insta::assert_snapshot;
use rolecall::{
    model::{Untrusted, config::Limit},
    plan::document::Guard,
};

use super::{
    definitions::{Definitions, definitions},
    story::story,
    world::{World, world},
};

/// The lines that refuse or allow.
fn said(world: &World, definitions: &Definitions) -> String {
    let text = story(world, definitions);
    text.lines().filter(|line| line.contains(" by ")).map(|line| format!("{}\n", line.trim())).collect()
}

fn roles(count: usize) -> (World, Definitions) {
    (0..count).fold((world(), definitions()), |(world, definitions), at| {
        let name = format!("Old {at}");
        (world.role(&at.to_string(), &name, &[]), definitions.removed(&format!("={name}"), None))
    })
}

#[test]
fn max_deletes_counts_or_takes_a_share() {
    let limited = |count, limit| {
        let (world, definitions) = roles(count);
        said(&world, &definitions.with(|d| d.guards.max_deletes = limit))
    };
    assert_snapshot!(limited(3, Limit::Count(3)), @"");
    assert_snapshot!(limited(4, Limit::Count(3)), @"refused by max_deletes: the plan would delete 4 roles; `max_deletes` allows 3 | If that is meant: `--allow max_deletes --reason TEXT`, or a higher `max_deletes` in its own change.");
    assert_snapshot!(limited(1, Limit::Count(0)), @"refused by max_deletes: the plan would delete 1 role; `max_deletes` allows 0 | If that is meant: `--allow max_deletes --reason TEXT`, or a higher `max_deletes` in its own change.");
    assert_snapshot!(limited(1, Limit::Percent(0)), @"");
    assert_snapshot!(limited(2, Limit::Percent(50)), @"refused by max_deletes: the plan would delete 2 roles; `max_deletes` allows 1 (50% of 2) | If that is meant: `--allow max_deletes --reason TEXT`, or a higher `max_deletes` in its own change.");
}

#[test]
fn max_unassigns_is_a_share_of_what_was_granted() {
    let users: Vec<String> = (0..20).map(|at| format!("u{at:02}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let world = world().role("1", "Helper", &[]).users(&users, "1").users(&["x", "y", "z"], "member");
    let kept = |count: usize| {
        let definitions = definitions()
            .role("helper", |r| r.name("Helper"))
            .assign("helper", &users[..count])
            .exclusive("helper")
            .on_unassign("builtin:member")
            .with(|d| d.guards.max_unassigns = Limit::Percent(10));
        said(&world, &definitions)
    };
    assert_snapshot!(kept(18), @"");
    assert_snapshot!(kept(17), @"refused by max_unassigns: the plan would take away 3 assignments; `max_unassigns` allows 2 (10% of 20) | If that is meant: `--allow max_unassigns --reason TEXT`, or a higher `max_unassigns` in its own change.");
}

/// Three administrators, of whom `losing` become helpers.
fn losing(users: &[&str], caller: Option<&str>) -> (World, Definitions) {
    let world = world().role("1", "Helper", &[]).users(&["ada", "bo", "cy"], "admin").user("di", "member");
    let world = world.with(|api| api.caller = caller.map(Untrusted::from));
    let definitions = definitions().role("helper", |r| r.name("Helper")).assign("helper", users);
    (world, definitions.with(|d| d.guards.min_admins = 2))
}

#[test]
fn min_admins_keeps_enough_and_never_moves_the_caller() {
    let judged = |users: &[&str], caller| {
        let (world, definitions) = losing(users, caller);
        said(&world, &definitions)
    };
    assert_snapshot!(judged(&["ada"], Some("cy")), @"");
    assert_snapshot!(judged(&["ada", "bo"], Some("cy")), @"refused by min_admins: the plan would leave 1 of 3 administrators; `min_admins` wants 2 | Keep more administrators, or `--allow min_admins --reason TEXT`.");
    assert_snapshot!(judged(&["ada"], Some("ada")), @"refused by min_admins: the plan would change the role of Ada (ada), for whom this credential acts | Let somebody else apply this, or `--allow min_admins --reason TEXT`.");
    assert_snapshot!(judged(&["di"], Some("di")), @"refused by min_admins: the plan would change the role of Di (di), for whom this credential acts | Let somebody else apply this, or `--allow min_admins --reason TEXT`.");
    assert_snapshot!(judged(&["ada"], None), @"refused by min_admins: the plan would take administration from Ada (ada), and the API does not tell whether this credential acts for one of them | If it does not: `--allow min_admins --reason TEXT`.");
    assert_snapshot!(judged(&["di"], None), @"");
}

#[test]
fn who_becomes_an_administrator_counts() {
    let (world, definitions) = losing(&["ada", "bo"], Some("cy"));
    assert_snapshot!(said(&world, &definitions.assign("builtin:admin", &["di"])), @"");
}

#[test]
fn administrators_that_cannot_be_told_apart() {
    let (mut world, definitions) = losing(&["ada"], Some("cy"));
    let admin = world.roles.remove("admin").expect("built in");
    world.roles.insert("owner".to_owned(), admin);
    world.people.values_mut().for_each(|role| {
        if role.as_deref() == Some("admin") {
            *role = Some("owner".to_owned());
        }
    });
    assert_snapshot!(said(&world, &definitions), @"refused by min_admins: the plan would take roles from people, and the API tells of no administrator role | If nobody is locked out: `--allow min_admins --reason TEXT`.");
}

#[test]
fn what_can_be_allowed_is_allowed_with_a_reason() {
    let (world, definitions) = roles(4);
    let held = world.role("9", "Held", &[]).user("mira", "9");
    let definitions = definitions.removed("=Held", None).with(|d| {
        d.guards.max_deletes = Limit::Count(3);
        for guard in [Guard::MaxDeletes, Guard::Held, Guard::MinAdmins] {
            d.allowed.insert(guard, "clearing up".into());
        }
    });
    assert_snapshot!(said(&held, &definitions), @"
    refused by held: role `Held` is held by Mira (mira) | Say under `removed:` where they go: `- { name: Held, reassign_to: builtin:member }`.
    allowed by max_deletes: the plan would delete 5 roles; `max_deletes` allows 3 | If that is meant: `--allow max_deletes --reason TEXT`, or a higher `max_deletes` in its own change. | because: clearing up
    ");
}
