//! Who holds what, and the default of new members.

use insta::assert_snapshot;
use jiff::civil::date;
use rolecall::model::{Kind, config::Mode, desired::Spelling};

use super::{
    definitions::{Definitions, TODAY, definitions, plan},
    story::story,
    world::{World, world},
};

/// Mira holds `Helper`, Okan nothing but the membership; git says so of Mira.
fn in_sync() -> (World, Definitions) {
    let world = world().role("1", "Helper", &["read"]).user("mira", "1").user("okan", "member");
    let definitions =
        definitions().role("helper", |r| r.name("Helper").permissions(&["read"])).assign("helper", &["mira"]);
    (world, definitions)
}

#[test]
fn assign_and_reassign() {
    let (world, definitions) = in_sync();
    assert_snapshot!(story(&world, &definitions), @"nothing to do");
    assert_snapshot!(story(&world, &definitions.clone().assign("helper", &["okan"])), @"
    assign t/assignment/-/user:okan: Member -> Helper
    0. give 1 to user okan
    ");
    assert_snapshot!(story(&world.user("mira", "admin").user("okan", "admin"), &definitions), @"
    reassign t/assignment/-/user:mira: Administrator -> Helper
    refused by min_admins: the plan would take administration from Mira (mira), and the API does not tell whether this credential acts for one of them | If it does not: `--allow min_admins --reason TEXT`.
    left alone: 1 assignments
    0. give 1 to user mira
    ");
}

#[test]
fn a_new_role_is_given_after_it_was_made() {
    let world = world().users(&["ada", "bo", "cy", "di"], "member");
    let definitions = definitions().role("new", |r| r).assign("new", &["di", "cy", "bo", "ada"]);
    assert_snapshot!(story(&world, &definitions), @"
    assign t/assignment/-/user:ada: Member -> new
    assign t/assignment/-/user:bo: Member -> new
    assign t/assignment/-/user:cy: Member -> new
    assign t/assignment/-/user:di: Member -> new
    create t/role/new: name new
    0. make new:
    1. give t/role/new to user ada, bo, cy
    1. give t/role/new to user di
    ");
}

#[test]
fn who_is_not_declared_is_left_alone_and_counted() {
    let (world, definitions) = in_sync();
    let world = world.role("2", "Unknown", &[]).user("okan", "2").user("ada", "1").user("bo", "member");
    assert_snapshot!(story(&world, &definitions), @"
    left alone: t/role/=Unknown
    left alone: 2 assignments
    ");
}

#[test]
fn an_unknown_principal_and_one_written_twice() {
    let (world, definitions) = in_sync();
    assert_snapshot!(story(&world, &definitions.clone().assign("helper", &["okann", "nobody-like-this"])), @"
    RC051 Madeup knows no user `okann` | Did you mean `okan`?
    RC051 Madeup knows no user `nobody-like-this` | Only existing members can be given a role.
    ");
    let twice = definitions.clone().assign("helper", &["email:mira@example.test"]);
    assert_snapshot!(story(&world, &twice), @"RC037 `mira` is assigned twice | Madeup gives a person one role. Keep one of the two.");
    assert_snapshot!(story(&world, &definitions.assign("builtin:member", &["id:mira"])), @"RC037 `mira` is assigned twice | Madeup gives a person one role. Keep one of the two.");
}

#[test]
fn an_id_and_an_address_are_nobodys_handle() {
    // Mallory chose Mira's id and Mira's address as handles, and the list of members tells them last.
    let (world, _) = in_sync();
    let mut live = world.live();
    for handle in ["mira", "mira@example.test"] {
        live.directory.add("user", Spelling::Handle(handle.into()), "okan".into());
    }
    let with = |user: &str| {
        let definitions = definitions().role("helper", |r| r.name("Helper").permissions(&["read"]));
        let planned = super::definitions::plan_live(&live, &definitions.assign("helper", &[user]));
        super::text::text(&planned)
    };
    assert_eq!(
        (with("id:mira"), with("email:mira@example.test")),
        ("nothing to do\n".into(), "nothing to do\n".into())
    );
    // Two people claim the handle, so it is nobody's.
    assert_snapshot!(with("mira"), @"RC051 Madeup knows no user `mira` | Only existing members can be given a role.");
}

#[test]
fn an_assignment_holds_through_its_last_day() {
    let (world, _) = in_sync();
    let until = |day| {
        let role = definitions().role("helper", |r| r.name("Helper").permissions(&["read"]));
        role.on_unassign("builtin:member").assign_until("helper", &["mira", "okan"], Some(day))
    };
    assert_snapshot!(story(&world, &until(TODAY)), @"
    assign t/assignment/-/user:okan: Member -> Helper
    0. give 1 to user okan
    ");
    assert_snapshot!(story(&world, &until(date(2026, 11, 19))), @"
    unassign t/assignment/-/user:mira: Helper -> Member (expired)
    0. give member to user mira
    ");
    // An expired assignment takes away only the role that it gave.
    assert_snapshot!(story(&world.user("mira", "admin"), &until(date(2026, 11, 19))), @"left alone: 1 assignments");
}

#[test]
fn several_expired_assignments_of_one_person() {
    let (world, definitions) = in_sync();
    let gone = Some(date(2026, 1, 1));
    let definitions = definitions
        .with(|d| d.desired.assignments.clear())
        .role("other", |r| r)
        .on_unassign("builtin:member")
        .assign_until("helper", &["mira"], gone)
        .assign_until("other", &["mira"], gone);
    assert_snapshot!(story(&world.role("2", "other", &[]), &definitions), @"
    unassign t/assignment/-/user:mira: Helper -> Member (expired)
    0. give member to user mira
    ");
}

#[test]
fn an_exclusive_list_is_the_whole_truth() {
    let (world, definitions) = in_sync();
    let (world, definitions) =
        (world.user("okan", "1").user("ada", "admin"), definitions.exclusive("helper"));
    assert_snapshot!(story(&world, &definitions), @"
    unassign t/assignment/-/user:okan: Helper -> nothing (not in the exclusive list)
      refused by on_unassign: `Okan (okan)` would lose a role, and nothing says what they get instead | Say it once for the target: `on_unassign: { to: builtin:member }`.
    left alone: 1 assignments
    ");
    assert_snapshot!(story(&world, &definitions.clone().on_unassign("builtin:member")), @"
    unassign t/assignment/-/user:okan: Helper -> Member (not in the exclusive list)
    left alone: 1 assignments
    0. give member to user okan
    ");
    // Whoever is left out would get the very role back.
    assert_snapshot!(story(&world, &definitions.on_unassign("helper")), @"
    refused by exclusive: the exclusive list of `Helper` is not the whole truth: 1 other user holds the role and keeps it: `on_unassign` gives it | Name them in the list, take `exclusive` out of it, or end in the product what gives them the role.
    stays: Okan (okan) keeps Helper, against an exclusive list: `on_unassign` gives it
    left alone: 1 assignments
    ");
}

#[test]
fn nobody_is_sent_where_an_exclusive_list_leaves_them_out() {
    let (world, definitions) = in_sync();
    let world = world.user("okan", "1").role("2", "Other", &[]);
    let definitions = definitions.role("other", |r| r.name("Other")).exclusive("helper").on_unassign("other");
    assert_snapshot!(story(&world, &definitions.exclusive("other")), @"
    unassign t/assignment/-/user:okan: Helper -> Other (not in the exclusive list)
      refused by exclusive: `Okan (okan)` would get `Other` instead: its list is exclusive and does not name them | Name them in that list, or say something else under `on_unassign`.
    0. give 2 to user okan
    ");
}

#[test]
fn a_list_of_the_role_that_everybody_has_cannot_be_exclusive() {
    let (world, definitions) = in_sync();
    assert_snapshot!(story(&world, &definitions.exclusive("builtin:member")), @"
    refused by exclusive: the exclusive list of `Member` is not the whole truth: 1 other user holds the role and keeps it: everybody has it who has no other | Name them in the list, take `exclusive` out of it, or end in the product what gives them the role.
    stays: Okan (okan) keeps Member, against an exclusive list: everybody has it who has no other
    ");
}

#[test]
fn what_somebody_else_decides_is_told() {
    // Frozen people cannot be moved: whatever would take the role from them says that they stay.
    let (world, definitions) = in_sync();
    let world = world.user("okan", "frozen").user("ada", "frozen");
    let authoritative = definitions.clone().manage(Mode::Declared, Mode::Authoritative);
    assert_snapshot!(story(&world, &authoritative), @"
    stays: Ada (ada) keeps Frozen: the role `frozen` is set by Madeup itself
    stays: Okan (okan) keeps Frozen: the role `frozen` is set by Madeup itself
    ");
    let authoritative = authoritative.exclusive("builtin:frozen");
    assert_snapshot!(story(&world, &authoritative), @"
    refused by exclusive: the exclusive list of `Frozen` is not the whole truth: 2 other users hold the role and keep it: the role `frozen` is set by Madeup itself | Name them in the list, take `exclusive` out of it, or end in the product what gives them the role.
    stays: Ada (ada) keeps Frozen, against an exclusive list: the role `frozen` is set by Madeup itself
    stays: Okan (okan) keeps Frozen, against an exclusive list: the role `frozen` is set by Madeup itself
    ");
    let named = authoritative.assign("builtin:frozen", &["okan", "ada"]);
    assert_snapshot!(story(&world, &named), @"nothing to do");
    let additive = definitions.manage(Mode::Additive, Mode::Additive).exclusive("builtin:frozen");
    assert_snapshot!(story(&world, &additive), @"
    stays: Ada (ada) keeps Frozen: the mode `additive` never takes a role away
    stays: Okan (okan) keeps Frozen: the mode `additive` never takes a role away
    ");
}

#[test]
fn nobody_can_tell_whether_a_list_that_was_not_read_is_the_whole_truth() {
    let (world, definitions) = in_sync();
    let world = world.with(|api| {
        api.incomplete.insert(Kind::Assignment, "page 3 of 4 was missing".into());
    });
    assert_snapshot!(story(&world, &definitions.exclusive("helper")), @"
    refused by exclusive: nobody can tell whether the exclusive list of `Helper` is the whole truth: page 3 of 4 was missing | Plan again, with a credential that may read it all. Until then, take `exclusive` out of the list, or leave it out with `--only`.
    stays: nobody knows who keeps Helper, against an exclusive list: page 3 of 4 was missing
    ");
}

#[test]
fn locked_people_stay() {
    let (world, definitions) = in_sync();
    let world = world.user("okan", "frozen");
    assert_snapshot!(story(&world, &definitions.clone().assign("helper", &["okan"])), @"
    reassign t/assignment/-/user:okan: Frozen -> Helper
      refused by blocked: the role of `Okan (okan)` cannot be changed: the role `frozen` is set by Madeup itself | Take the person out of the assignments, or change the role in the product itself.
    0. give 1 to user okan
    ");
    assert_snapshot!(story(&world, &definitions.clone().exclusive("builtin:frozen")), @"
    refused by exclusive: the exclusive list of `Frozen` is not the whole truth: 1 other user holds the role and keeps it: the role `frozen` is set by Madeup itself | Name them in the list, take `exclusive` out of it, or end in the product what gives them the role.
    stays: Okan (okan) keeps Frozen, against an exclusive list: the role `frozen` is set by Madeup itself
    ");
    assert_snapshot!(story(&world, &definitions.assign("builtin:frozen", &["okan"])), @"nothing to do");
}

#[test]
fn nobody_is_given_a_role_that_cannot_be_given() {
    let (world, definitions) = in_sync();
    assert_snapshot!(story(&world, &definitions.assign("builtin:frozen", &["okan"])), @"
    assign t/assignment/-/user:okan: Member -> Frozen
      refused by blocked: nobody can be given the built-in role `frozen`
    0. give frozen to user okan
    ");
}

#[test]
fn the_default_is_set_cleared_and_left_alone() {
    let (world, definitions) = in_sync();
    assert_snapshot!(story(&world, &definitions.clone().default_role(Some("helper"))), @"
    set_default t/default: nothing -> Helper
    0. default 1
    ");
    let world = world.default_role("1");
    assert_snapshot!(story(&world, &definitions), @"nothing to do");
    assert_snapshot!(story(&world, &definitions.clone().default_role(None)), @"
    set_default t/default: Helper -> nothing
    0. default none
    ");
    assert_snapshot!(story(&world, &definitions.clone().default_role(Some("builtin:member"))), @"
    set_default t/default: Helper -> Member; `Helper` is no longer the default
    0. default member
    ");
    assert_snapshot!(story(&world, &definitions.default_role(Some("builtin:owner"))), @"RC032 Madeup has no built-in role `owner` | Built-in roles here: admin, frozen, member.");
}

#[test]
fn the_default_is_not_deleted() {
    let world = world().role("1", "Old", &[]).default_role("1");
    let removed = definitions().removed("=Old", None);
    assert_snapshot!(story(&world, &removed), @"
    delete t/role/=Old
      refused by blocked: role `Old` is the default of new members | Say what new members get: `default_role: KEY`, or `default_role: none`.
    0. delete 1
    ");
    assert_snapshot!(story(&world, &removed.clone().default_role(None)), @"
    set_default t/default: Old -> nothing
    delete t/role/=Old
    0. default none
    1. delete 1
    ");
    assert_snapshot!(story(&world, &removed.role("new", |r| r).default_role(Some("new"))), @"
    set_default t/default: Old -> new; `Old` is no longer the default
    delete t/role/=Old
    create t/role/new: name new
    0. make new:
    1. default t/role/new
    2. delete 1
    ");
}

#[test]
fn the_default_is_a_role_not_a_name() {
    // `1` gives its name to `2`: who is the default stays `1`, and the definitions want `2`.
    let world = world().role("1", "A", &[]).role("2", "B", &[]).default_role("1");
    let definitions = definitions()
        .role("a", |r| r.id("2").name("A"))
        .role("b", |r| r.id("1").name("B"))
        .default_role(Some("a"));
    let planned = plan(&world, &definitions).expect("a plan");
    assert_snapshot!(super::text::changes(&planned), @"
    set_default t/default: B -> A; `B` is no longer the default
    rename t/role/a: name A
    rename t/role/b: name B
    ");
}
