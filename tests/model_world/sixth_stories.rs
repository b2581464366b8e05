//! What the first made-up provider cannot show: bases that cannot change, steps by hand, several roles
//! for one person, places, and a limit.

use insta::assert_snapshot;
use rolecall::model::{
    Scope,
    config::{Mode, OnUnassign},
    desired::Protect,
};

use super::{
    definitions::{Definitions, plan, sixth_definitions},
    interpreter::execute_all,
    story::story,
    text,
    world::{World, site, sixth_world},
};

fn east() -> Scope {
    site("east")
}

fn crown() -> Scope {
    Scope::Level("crown".into())
}

#[test]
fn a_role_in_a_place_may_be_named_as_one_that_the_provider_ships_elsewhere() {
    let definitions = sixth_definitions().role("low", |role| role.at(east()).base("builtin:low"));
    assert_snapshot!(story(&sixth_world(), &definitions), @"
    create t/role/low@site=east: name low
    0. make low:
    ");
    let named_here = sixth_definitions().role("low", |role| role.base("builtin:high"));
    assert_snapshot!(story(&sixth_world(), &named_here), @"RC034 role `low` is a built-in role of Sextant | Built-in roles are never changed. Give the role another name, or refer to the built-in one as `builtin:NAME`.");
}

#[test]
fn a_base_that_cannot_change_is_a_new_role_to_which_everybody_moves() {
    let world = sixth_world()
        .role_at("1", east(), "Helper", "low", &["audit"])
        .holds("user", east(), "1", &["1", "high"])
        .holds("seat", east(), "2", &["1"])
        .holds("crew", east(), "3", &["1"]);
    let definitions = sixth_definitions()
        .role("helper", |role| role.name("Helper").at(east()).base("builtin:high").permissions(&["audit"]));
    let declared = definitions.clone().hold("crew", &east(), "helper", &["3"]);
    assert_snapshot!(story(&world, &declared), @"
    reassign t/assignment/site=east/crew:3: Helper -> Helper (role replaced)
    reassign t/assignment/site=east/seat:2: Helper -> Helper (role replaced)
    reassign t/assignment/site=east/user:1/helper: Helper -> Helper (role replaced)
    replace t/role/helper@site=east: base low -> high; the new role is made as `rolecall temporary 528211f9`, whoever holds the old one moves, the old one is deleted, and the new one is renamed to `Helper`
    left alone: 1 assignments
    note: 3 of `crews` would be without a role for a moment: Sextant gives another one in two requests
    0. make rolecall temporary 528211f9:
    1. take 1 from crew 3
    1. set t/role/helper@site=east: [audit]
    2. give t/role/helper@site=east to crew 3
    2. give t/role/helper@site=east to seat 2
    2. give t/role/helper@site=east to user 1
    3. take 1 from user 1
    4. delete 1
    5. set t/role/helper@site=east: name Helper;
    ");
    assert_snapshot!(story(&world, &definitions), @"
    reassign t/assignment/site=east/crew:3: Helper -> Helper (role replaced)
      refused by blocked: `3` would move to `Helper` in two requests, and after an interrupted run nobody would know it: no definition assigns it | Declare it under `crews`, with the role that it gets.
    reassign t/assignment/site=east/seat:2: Helper -> Helper (role replaced)
    reassign t/assignment/site=east/user:1/helper: Helper -> Helper (role replaced)
    replace t/role/helper@site=east: base low -> high; the new role is made as `rolecall temporary 528211f9`, whoever holds the old one moves, the old one is deleted, and the new one is renamed to `Helper`
    left alone: 1 assignments
    note: 3 of `crews` would be without a role for a moment: Sextant gives another one in two requests
    0. make rolecall temporary 528211f9:
    1. take 1 from crew 3
    1. set t/role/helper@site=east: [audit]
    2. give t/role/helper@site=east to crew 3
    2. give t/role/helper@site=east to seat 2
    2. give t/role/helper@site=east to user 1
    3. take 1 from user 1
    4. delete 1
    5. set t/role/helper@site=east: name Helper;
    ");
}

#[test]
fn an_interrupted_replacement_is_ended() {
    let world = sixth_world()
        .role_at("1", east(), "Helper", "low", &["audit"])
        .holds("user", east(), "1", &["1"])
        .holds("seat", east(), "2", &["1"]);
    let definitions = sixth_definitions()
        .role("helper", |role| role.name("Helper").at(east()).base("builtin:high").permissions(&["audit"]));
    let planned = plan(&world, &definitions).expect("a plan");
    let after = execute_all(&world, &planned.ops[..2], |_, _| ()).expect("the first two");
    assert_snapshot!(story(&after, &definitions), @"
    reassign t/assignment/site=east/seat:2: Helper -> Helper (role replaced)
    reassign t/assignment/site=east/user:1/helper: Helper -> Helper (role replaced)
    replace t/role/helper@site=east: base low -> high; the new role is there already, as `rolecall temporary 528211f9`: it becomes what the definition says, whoever holds the old one moves, the old one is deleted, and the new one is renamed to `Helper`
    0. give made-0 to seat 2
    0. give made-0 to user 1
    1. take 1 from user 1
    2. delete 1
    3. set made-0: name Helper;
    ");
    // Since then the definitions changed, too.
    let other = sixth_definitions()
        .role("helper", |role| role.name("Helper").at(east()).base("builtin:high").permissions(&["keys"]));
    assert_snapshot!(story(&after, &other), @"
    reassign t/assignment/site=east/seat:2: Helper -> Helper (role replaced)
    reassign t/assignment/site=east/user:1/helper: Helper -> Helper (role replaced)
    replace t/role/helper@site=east: +keys -audit base low -> high; the new role is there already, as `rolecall temporary 528211f9`: it becomes what the definition says, whoever holds the old one moves, the old one is deleted, and the new one is renamed to `Helper`
    0. set made-0: [keys]
    1. give made-0 to seat 2
    1. give made-0 to user 1
    2. take 1 from user 1
    3. delete 1
    4. set made-0: name Helper;
    ");
}

#[test]
fn what_is_replaced_is_deleted_and_has_another_id() {
    let world = sixth_world().role_at("1", Scope::Target, "Helper", "low", &["audit"]);
    let replaced = |build: fn(super::definitions::RoleBuilder<'_>) -> super::definitions::RoleBuilder<'_>| {
        sixth_definitions()
            .role("helper", |role| build(role.name("Helper").base("builtin:high").permissions(&["audit"])))
    };
    assert_snapshot!(story(&world, &replaced(|role| role.protect(&[Protect::Delete]))), @"
    replace t/role/helper: base low -> high; the new role is made as `rolecall temporary 625ce4e9`, whoever holds the old one moves, the old one is deleted, and the new one is renamed to `Helper`
      refused by protect: role `Helper` would be replaced, which deletes it, and `protect` forbids it | Take `delete` out of `protect` in a change of its own, or `--allow protect --reason TEXT`.
    0. make rolecall temporary 625ce4e9:
    1. delete 1
    1. set t/role/helper: [audit]
    2. set t/role/helper: name Helper;
    ");
    assert_snapshot!(story(&world, &replaced(|role| role.id("1"))), @"
    replace t/role/helper: base low -> high
      refused by blocked: role `Helper` would be replaced by a new one, and the definition names the old one by its `id` | Remove the line with `id`: the name is enough.
    0. make rolecall temporary 625ce4e9:
    1. delete 1
    1. set t/role/helper: [audit]
    2. set t/role/helper: name Helper;
    ");
    let additive = replaced(|role| role).manage(Mode::Additive, Mode::Declared);
    assert_snapshot!(story(&world, &additive), @"
    replace t/role/helper: base low -> high
      refused by blocked: role `Helper` would be replaced, and the mode `additive` never removes | Set `manage: declared` for this target, or leave what cannot change as it is.
    0. make rolecall temporary 625ce4e9:
    1. delete 1
    1. set t/role/helper: [audit]
    2. set t/role/helper: name Helper;
    ");
}

fn full() -> World {
    (1..=4).fold(sixth_world(), |world, n| {
        world.role_at(&n.to_string(), Scope::Target, &format!("Role {n}"), "low", &["audit"])
    })
}

fn replacing(allow: bool) -> Definitions {
    sixth_definitions()
        .role("one", |role| role.name("Role 1").base("builtin:high").permissions(&["audit"]).allow_gap(allow))
}

#[test]
fn without_room_for_both_a_replacement_is_refused_or_people_wait() {
    let world =
        full().holds("user", Scope::Target, "1", &["1"]).holds("user", Scope::Target, "2", &["1", "2"]);
    assert_snapshot!(story(&world, &replacing(false)), @"
    reassign t/assignment/-/user:1/one: Role 1 -> Role 1 (role replaced)
    reassign t/assignment/-/user:2/one: Role 1 -> Role 1 (role replaced)
    replace t/role/one: base low -> high
      refused by blocked: a new role has to take the place of `Role 1`, and Sextant holds at most 4: there is no room for both; 1, 2 would be without it meanwhile | Remove another role first, or accept that it goes before the new one is made: `allow_gap: true` at `t/role/one`, with everybody who holds it declared.
    left alone: t/role/=Role%202
    left alone: t/role/=Role%203
    left alone: t/role/=Role%204
    left alone: 1 assignments
    0. make rolecall temporary 4e40bf36:
    1. set t/role/one: [audit]
    2. give t/role/one to user 1, 2
    3. take 1 from user 1, 2
    4. delete 1
    5. set t/role/one: name Role 1;
    ");
    let declared = replacing(true).hold("user", &Scope::Target, "one", &["1", "2"]);
    assert_snapshot!(story(&world, &declared), @"
    reassign t/assignment/-/user:1/one: Role 1 -> Role 1 (role replaced)
    reassign t/assignment/-/user:2/one: Role 1 -> Role 1 (role replaced)
    replace t/role/one: base low -> high; 1, 2 would be without role `Role 1` for a moment: Sextant holds at most 4 roles, so that it goes before the new one is made; `allow_gap` accepts it; there is no room for both: the old role is deleted first, and the new `Role 1` is made after it
    left alone: t/role/=Role%202
    left alone: t/role/=Role%203
    left alone: t/role/=Role%204
    left alone: 1 assignments
    0. take 1 from user 1, 2
    1. delete 1
    2. make Role 1:
    3. set t/role/one: [audit]
    4. give t/role/one to user 1, 2
    ");
}

#[test]
fn room_that_another_role_leaves_is_used_and_there_is_no_more() {
    let declared = sixth_definitions().role("new", |role| role.name("New").base("builtin:low"));
    assert_snapshot!(story(&full(), &declared), @"
    create t/role/new: name New
      refused by blocked: role `New` would be one more than the 4 that Sextant holds | Remove another role, or apply its removal first.
    left alone: t/role/=Role%201
    left alone: t/role/=Role%202
    left alone: t/role/=Role%203
    left alone: t/role/=Role%204
    0. make New:
    ");
    assert_snapshot!(story(&full(), &declared.removed("=Role 2", None)), @"
    delete t/role/=Role%202
    create t/role/new: name New
    left alone: t/role/=Role%201
    left alone: t/role/=Role%203
    left alone: t/role/=Role%204
    0. delete 2
    1. make New:
    ");
    // Each replacement leaves the room for the next one.
    let two = replacing(false)
        .removed("=Role 3", None)
        .role("two", |role| role.name("Role 2").base("builtin:high").permissions(&["audit"]));
    assert_snapshot!(story(&full(), &two), @"
    delete t/role/=Role%203
    replace t/role/one: base low -> high; the new role is made as `rolecall temporary 4e40bf36`, whoever holds the old one moves, the old one is deleted, and the new one is renamed to `Role 1`
    replace t/role/two: base low -> high; the new role is made as `rolecall temporary f7faf637`, whoever holds the old one moves, the old one is deleted, and the new one is renamed to `Role 2`
    left alone: t/role/=Role%204
    0. delete 3
    1. make rolecall temporary 4e40bf36:
    2. delete 1
    2. set t/role/one: [audit]
    3. set t/role/one: name Role 1;
    3. make rolecall temporary f7faf637:
    4. delete 2
    4. set t/role/two: [audit]
    5. set t/role/two: name Role 2;
    ");
}

#[test]
fn a_role_that_only_a_person_makes_and_what_waits_for_it() {
    let world = sixth_world().holds("user", crown(), "1", &["low"]);
    let definitions = sixth_definitions()
        .role("treasurer", |role| role.name("Treasurer").office().permissions(&["audit", "billing"]))
        .hold("user", &crown(), "treasurer", &["1", "2"])
        .hold("user", &crown(), "builtin:high", &["3"]);
    assert_snapshot!(by_hand(&world, &definitions), @"
    assign t/assignment/crown/user:1/treasurer: nothing -> Treasurer
    assign t/assignment/crown/user:2/treasurer: nothing -> Treasurer
    assign t/assignment/crown/user:3/builtin%3Ahigh: nothing -> high
    create t/role/treasurer@crown: name Treasurer +audit +billing
    left alone: 1 assignments
    note: Sextant does not tell everything that is done by hand. Once it is, `rolecall import --attest` says so; its file is reviewed and committed, and counts from then on.
    0. give high to user 3
    t/assignment/crown/user:1/treasurer waits for t/role/treasurer@crown
    t/assignment/crown/user:2/treasurer waits for t/role/treasurer@crown
    t/role/treasurer@crown: 1. In Sextant, open the page of its roles (crown).
    t/role/treasurer@crown: 2. Create a role with the name `Treasurer`.
    t/role/treasurer@crown: 3. Choose exactly these permissions, and no other: `audit`, `billing`.
    t/role/treasurer@crown: 4. Save it.
    then
    assign t/assignment/crown/user:1/treasurer: nothing -> Treasurer
    assign t/assignment/crown/user:2/treasurer: nothing -> Treasurer
    left alone: 1 assignments
    note: Attested, not verified: what Sextant cannot tell of `Treasurer`.
    0. give made-0 to user 1, 2
    ");
}

#[test]
fn fields_that_the_api_does_not_tell_are_done_by_hand_until_they_are_attested() {
    let world = sixth_world().office("1", "Treasurer", &["audit"]).holds("user", crown(), "1", &["1"]);
    let definitions = sixth_definitions()
        .role("treasurer", |role| role.name("Treasurer").office().permissions(&["audit", "billing"]))
        .hold("user", &crown(), "treasurer", &["2"]);
    assert_snapshot!(by_hand(&world, &definitions), @"
    assign t/assignment/crown/user:2/treasurer: nothing -> Treasurer
    update t/role/treasurer@crown: +audit +billing
    left alone: 1 assignments
    note: Sextant does not tell everything that is done by hand. Once it is, `rolecall import --attest` says so; its file is reviewed and committed, and counts from then on.
    t/assignment/crown/user:2/treasurer waits for t/role/treasurer@crown
    t/role/treasurer@crown: 1. In Sextant, open the page of its roles (crown).
    t/role/treasurer@crown: 2. Edit the role `Treasurer`.
    t/role/treasurer@crown: 3. Choose exactly these permissions, and no other: `audit`, `billing`.
    t/role/treasurer@crown: 4. Save it.
    then
    assign t/assignment/crown/user:2/treasurer: nothing -> Treasurer
    left alone: 1 assignments
    note: Attested, not verified: what Sextant cannot tell of `Treasurer`.
    0. give 1 to user 2
    ");
    // A name is changed over the API, beside it.
    let renamed = sixth_definitions().role("treasurer", |role| {
        role.name("Bursar").previously("Treasurer").office().permissions(&["audit", "billing"])
    });
    assert_snapshot!(by_hand(&world, &renamed), @"
    rename t/role/treasurer@crown: name Bursar +audit +billing
    left alone: 1 assignments
    note: Sextant does not tell everything that is done by hand. Once it is, `rolecall import --attest` says so; its file is reviewed and committed, and counts from then on.
    1. set 1: name Bursar;
    t/role/treasurer@crown: 1. In Sextant, open the page of its roles (crown).
    t/role/treasurer@crown: 2. Edit the role `Bursar`.
    t/role/treasurer@crown: 3. Choose exactly these permissions, and no other: `audit`, `billing`.
    t/role/treasurer@crown: 4. Save it.
    then
    left alone: 1 assignments
    note: Attested, not verified: what Sextant cannot tell of `Bursar`.
    ");
}

#[test]
fn a_role_that_only_a_person_deletes_is_left_first() {
    let world = sixth_world().office("1", "Treasurer", &["audit"]).holds("user", crown(), "1", &["1"]);
    let definitions = sixth_definitions().removed_at("=Treasurer", &crown(), Some("builtin:low"));
    assert_snapshot!(by_hand(&world, &definitions), @"
    reassign t/assignment/crown/user:1/%3DTreasurer: Treasurer -> low (role removed)
    delete t/role/=Treasurer@crown
    0. give low to user 1
    1. take 1 from user 1
    t/role/=Treasurer@crown: 1. Apply this plan first, and go on only once `1` has left the role.
    t/role/=Treasurer@crown: 2. In Sextant, open the page of its roles (crown).
    t/role/=Treasurer@crown: 3. Make sure that nobody holds the role `Treasurer` any more.
    t/role/=Treasurer@crown: 4. Delete the role `Treasurer`.
    then
    left alone: 1 assignments
    note: `removed` names `Treasurer` in crown, and no live role has that name there.
    ");
}

/// The plan, its steps by hand, and what is left to do once they are done and attested.
fn by_hand(world: &World, definitions: &Definitions) -> String {
    let planned = plan(world, definitions).expect("a plan");
    let mut told = text::text(&Ok(planned.clone()));
    for change in &planned.target().changes {
        for (at, step) in change.manual.iter().flatten().enumerate() {
            told.push_str(&format!("{}: {}. {}\n", change.address, at + 1, step.raw()));
        }
        let waits: Vec<&str> = change.blocked_by.iter().map(|by| by.as_str()).collect();
        if !waits.is_empty() {
            told.push_str(&format!("{} waits for {}\n", change.address, waits.join(", ")));
        }
    }
    let mut now = execute_all(world, &planned.ops, |_, _| ()).expect("operations");
    now.by_hand(&planned.plan);
    told.push_str("then\n");
    told.push_str(&text::text(&plan(&now, definitions)));
    told
}

#[test]
fn a_person_holds_several_roles_and_each_is_an_assignment() {
    let world = sixth_world()
        .role_at("1", east(), "Helper", "low", &["audit"])
        .holds("user", east(), "1", &["1", "high"])
        .holds("user", Scope::Target, "1", &["high"]);
    let definitions = sixth_definitions()
        .role("helper", |role| role.name("Helper").at(east()).base("builtin:low").permissions(&["audit"]))
        .hold("user", &east(), "helper", &["1", "2"])
        .hold("user", &Scope::Target, "builtin:low", &["1"]);
    assert_snapshot!(story(&world, &definitions), @"
    assign t/assignment/-/user:1/builtin%3Alow: nothing -> low
    assign t/assignment/site=east/user:2/helper: nothing -> Helper
    left alone: 2 assignments
    0. give low to user 1
    0. give 1 to user 2
    ");
    let before = definitions.clone();
    let fewer = sixth_definitions()
        .role("helper", |role| role.name("Helper").at(east()).base("builtin:low").permissions(&["audit"]))
        .hold("user", &Scope::Target, "builtin:low", &["1"])
        .based_on(before);
    assert_snapshot!(story(&world, &fewer), @"
    assign t/assignment/-/user:1/builtin%3Alow: nothing -> low
    unassign t/assignment/site=east/user:1/helper: Helper -> nothing (no longer declared)
    left alone: 2 assignments
    0. give low to user 1
    0. take 1 from user 1
    ");
    assert_snapshot!(story(&world, &definitions.manage(Mode::Declared, Mode::Authoritative)), @"
    unassign t/assignment/-/user:1/builtin%3Ahigh: high -> nothing (never declared)
    assign t/assignment/-/user:1/builtin%3Alow: nothing -> low
    unassign t/assignment/site=east/user:1/builtin%3Ahigh: high -> nothing (never declared)
    assign t/assignment/site=east/user:2/helper: nothing -> Helper
    0. give low to user 1
    0. take high from user 1
    0. give 1 to user 2
    1. take high from user 1
    ");
}

#[test]
fn who_leaves_two_roles_for_one_is_given_it_once() {
    let (one, other) = (("1", "One"), ("2", "Other"));
    let mut world = sixth_world();
    for (id, name) in [one, other] {
        world = world.role_at(id, east(), name, "low", &["audit"]);
    }
    for user in ["1", "2", "3"] {
        world = world.holds("user", east(), user, &["1", "2"]);
    }
    let definitions = [one, other].iter().fold(sixth_definitions(), |definitions, (_, name)| {
        definitions.removed_at(&format!("={name}"), &east(), Some("builtin:low"))
    });
    assert_snapshot!(story(&world, &definitions), @"
    reassign t/assignment/site=east/user:1/%3DOne: One -> low (role removed)
    reassign t/assignment/site=east/user:1/%3DOther: Other -> low (role removed)
    reassign t/assignment/site=east/user:2/%3DOne: One -> low (role removed)
    reassign t/assignment/site=east/user:2/%3DOther: Other -> low (role removed)
    reassign t/assignment/site=east/user:3/%3DOne: One -> low (role removed)
    reassign t/assignment/site=east/user:3/%3DOther: Other -> low (role removed)
    delete t/role/=One@site=east
    delete t/role/=Other@site=east
    0. give low to user 1, 2, 3
    1. take 1 from user 1, 2, 3
    1. take 2 from user 1, 2, 3
    2. delete 1
    2. delete 2
    ");
}

/// A role loses an access that somebody gets from another role, into which they come only later.
#[test]
fn who_leaves_a_role_that_loses_first_has_a_gap_that_is_told() {
    let world = sixth_world()
        .role_at("1", east(), "One", "low", &["audit"])
        .role_at("2", east(), "Other", "low", &[])
        .holds("user", east(), "1", &["2"])
        .holds("user", east(), "2", &["1"]);
    let ring = |accepted: bool| {
        sixth_definitions()
            .role("one", |role| {
                role.name("One").at(east()).base("builtin:low").permissions(&["billing"]).allow_gap(accepted)
            })
            .role("other", |role| {
                let role = role.name("Other").at(east()).base("builtin:low");
                role.permissions(&["audit", "read"]).allow_gap(accepted)
            })
            .hold("user", &east(), "one", &["1"])
            .hold("user", &east(), "other", &["2"])
            .manage(Mode::Declared, Mode::Authoritative)
    };
    assert_snapshot!(story(&world, &ring(false)), @"
    assign t/assignment/site=east/user:1/one: nothing -> One
    unassign t/assignment/site=east/user:1/other: Other -> nothing (never declared)
    unassign t/assignment/site=east/user:2/one: One -> nothing (never declared)
    assign t/assignment/site=east/user:2/other: nothing -> Other
    update t/role/one@site=east: +billing -audit
    update t/role/other@site=east: +audit +read
      refused by blocked: 2 would be without `audit`, `read` for a moment: they join role `Other` before it gains that, because others have to leave it first | Accept it with `allow_gap: true` at `t/role/other@site=east`, or let one side of the exchange move to a new role instead.
    0. give 2 to user 2
    1. take 1 from user 2
    2. set 1: [billing]
    3. give 1 to user 1
    4. take 2 from user 1
    5. set 2: [audit read]
    ");
    assert_snapshot!(story(&world, &ring(true)), @"
    assign t/assignment/site=east/user:1/one: nothing -> One
    unassign t/assignment/site=east/user:1/other: Other -> nothing (never declared)
    unassign t/assignment/site=east/user:2/one: One -> nothing (never declared)
    assign t/assignment/site=east/user:2/other: nothing -> Other
    update t/role/one@site=east: +billing -audit
    update t/role/other@site=east: +audit +read; 2 would be without `audit`, `read` for a moment: they join role `Other` before it gains that, because others have to leave it first; `allow_gap` accepts it
    0. give 2 to user 2
    1. take 1 from user 2
    2. set 1: [billing]
    3. give 1 to user 1
    4. take 2 from user 1
    5. set 2: [audit read]
    ");
}

#[test]
fn what_stays_where_a_role_is_taken_away() {
    let world = sixth_world()
        .role_at("1", east(), "Helper", "low", &["audit"])
        .holds("seat", east(), "1", &["1"])
        .holds("seat", east(), "2", &["high"])
        .holds("crew", east(), "3", &["1"]);
    let helper = |definitions: Definitions| {
        definitions
            .role("helper", |role| role.name("Helper").at(east()).base("builtin:low").permissions(&["audit"]))
    };
    let before = helper(sixth_definitions())
        .hold("seat", &east(), "helper", &["1"])
        .hold("seat", &east(), "builtin:high", &["2"])
        .hold("crew", &east(), "helper", &["3"]);
    let now = |on_unassign: OnUnassign| {
        helper(sixth_definitions()).based_on(before.clone()).with(|d| d.target.on_unassign = on_unassign)
    };
    assert_snapshot!(story(&world, &now(OnUnassign::Refuse)), @"
    unassign t/assignment/site=east/crew:3: Helper -> nothing (no longer declared)
    unassign t/assignment/site=east/seat:1: Helper -> nothing (no longer declared)
      refused by on_unassign: `1` would lose a role, and nothing says what they get instead | Say it once for the target: `on_unassign: keep_base`, `on_unassign: remove_member`, or `on_unassign: { to: builtin:NAME }`.
    unassign t/assignment/site=east/seat:2: high -> nothing (no longer declared)
      refused by on_unassign: `2` would lose a role, and nothing says what they get instead | Say it once for the target: `on_unassign: keep_base`, `on_unassign: remove_member`, or `on_unassign: { to: builtin:NAME }`.
    0. take 1 from crew 3
    0. take 1 from seat 1
    0. take high from seat 2
    ");
    let planned = plan(&world, &now(OnUnassign::KeepBase));
    assert_snapshot!(text::text(&planned), @"
    unassign t/assignment/site=east/crew:3: Helper -> nothing (no longer declared)
    unassign t/assignment/site=east/seat:1: Helper -> low (no longer declared)
    stays: 2 keeps high: `on_unassign` says `keep_base`, and this is the base
    0. take 1 from crew 3
    0. give low to seat 1
    ");
    assert_snapshot!(story(&world, &now(OnUnassign::RemoveMember)), @"
    unassign t/assignment/site=east/crew:3: Helper -> nothing (no longer declared)
    unassign t/assignment/site=east/seat:1: Helper -> nothing (no longer declared)
    unassign t/assignment/site=east/seat:2: high -> nothing (no longer declared)
    0. take 1 from crew 3
    0. take 1 from seat 1
    0. take high from seat 2
    ");
}

#[test]
fn a_place_that_is_not_there() {
    let definitions = sixth_definitions().role("helper", |role| role.at(site("north")).base("builtin:low"));
    assert_snapshot!(story(&sixth_world(), &definitions), @"RC057 Sextant knows no site `north` | Write it as the product does, and make sure that the credential may see it.");
}
