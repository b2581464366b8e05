//! What could not be read, and what contradicts itself.

use insta::assert_snapshot;
use rolecall::model::{Kind, config::Mode, field};

use super::{
    definitions::{definitions, plan_live},
    story::story,
    text::text,
    world::{World, world},
};

fn incomplete(world: World, kind: Kind) -> World {
    world.with(|api| {
        api.incomplete.insert(kind, "page 3 of 4 was missing".into());
    })
}

#[test]
fn an_incomplete_list_of_roles_permits_no_new_and_no_removed_role() {
    let world = incomplete(world().role("1", "Old", &[]).role("2", "Helper", &[]), Kind::Role);
    let definitions = definitions()
        .role("new", |r| r)
        .role("helper", |r| r.name("Helper").permissions(&["read"]))
        .removed("=Old", None);
    assert_snapshot!(story(&world, &definitions), @"
    delete t/role/=Old
      refused by incomplete: will not delete `Old` on an incomplete read: page 3 of 4 was missing
    update t/role/helper: +read
    create t/role/new: name new
      refused by incomplete: will not create `new` on an incomplete read: page 3 of 4 was missing
    0. delete 1
    0. set 2: [read]
    0. make new:
    ");
    let authoritative = super::definitions::definitions().manage(Mode::Authoritative, Mode::Declared);
    assert_snapshot!(story(&world, &authoritative), @"
    delete t/role/=Helper (never declared)
      refused by incomplete: will not delete `Helper` on an incomplete read: page 3 of 4 was missing
    delete t/role/=Old (never declared)
      refused by incomplete: will not delete `Old` on an incomplete read: page 3 of 4 was missing
    0. delete 2
    0. delete 1
    ");
}

#[test]
fn an_incomplete_list_of_members_permits_no_removal() {
    let world = world().role("1", "Helper", &[]).role("2", "Old", &[]).user("mira", "1").user("okan", "2");
    let world = incomplete(world, Kind::Assignment);
    let definitions = definitions().role("helper", |r| r.name("Helper")).on_unassign("builtin:member");
    assert_snapshot!(story(&world, &definitions.clone().exclusive("helper")), @"
    unassign t/assignment/-/user:mira: Helper -> Member (not in the exclusive list)
      refused by incomplete: will not take a role from `Mira (mira)` on an incomplete read: page 3 of 4 was missing
    refused by exclusive: nobody can tell whether the exclusive list of `Helper` is the whole truth: page 3 of 4 was missing | Plan again, with a credential that may read it all. Until then, take `exclusive` out of the list, or leave it out with `--only`.
    left alone: t/role/=Old
    stays: nobody knows who keeps Helper, against an exclusive list: page 3 of 4 was missing
    left alone: 1 assignments
    0. give member to user mira
    ");
    assert_snapshot!(story(&world, &definitions.clone().removed("=Old", Some("builtin:member"))), @"
    reassign t/assignment/-/user:okan: Old -> Member (role removed)
    delete t/role/=Old
      refused by incomplete: nobody can tell who holds role `Old`: page 3 of 4 was missing | Plan again. If it stays so, move its holders in the product itself first; a role that nobody holds is deleted without the list.
    left alone: 1 assignments
    0. give member to user okan
    1. delete 2
    ");
    // Okan may hold anything: the page with his role is missing.
    let mut live = world.live();
    live.objects.retain(|object| object.key.name.raw() != "okan");
    assert_snapshot!(text(&plan_live(&live, &definitions.assign("helper", &["okan"]))), @"
    assign t/assignment/-/user:okan: nothing -> Helper
      refused by incomplete: will not give a role to `Okan (okan)` on an incomplete read: page 3 of 4 was missing
    left alone: t/role/=Old
    left alone: 1 assignments
    0. give 1 to user okan
    ");
}

#[test]
fn members_that_were_not_read() {
    let world = world().role("1", "Old", &[]).user("mira", "1").with(|api| api.skips_members = true);
    assert_snapshot!(story(&world, &definitions().removed("=Old", Some("builtin:member"))), @"
    delete t/role/=Old
      refused by incomplete: nobody can tell who holds role `Old`: it was not read | Plan again. If it stays so, move its holders in the product itself first; a role that nobody holds is deleted without the list.
    members were not read
    0. delete 1
    ");
}

#[test]
fn a_number_of_holders_that_the_list_of_members_contradicts() {
    let world = world().role("1", "Old", &[]).user("mira", "1");
    for (count, definitions) in
        [(3, definitions().removed("=Old", Some("builtin:member"))), (0, definitions().removed("=Old", None))]
    {
        let mut live = world.live();
        live.objects.iter_mut().filter(|o| o.key.name.raw() == "Old").for_each(|o| o.holders = Some(count));
        let text = text(&plan_live(&live, &definitions));
        let refusal =
            format!("refused by incomplete: role `Old` has {count} holders, and the list of members names 1");
        assert!(text.contains(&refusal), "{text}");
    }
}

#[test]
fn fields_that_cannot_be_understood() {
    let world = world().role("1", "Helper", &["read"]).user("mira", "admin").with(|api| {
        api.unreadable.extend([("1".to_owned(), field::PERMISSIONS), ("1".to_owned(), field::DESCRIPTION)]);
        api.unreadable_slots.insert(("user", "mira".to_owned()));
        api.hides_default = true;
    });
    let definitions = definitions()
        .role("helper", |r| r.name("Helper").description(Some("Helps")).permissions(&["read"]))
        .assign("helper", &["mira"])
        .default_role(Some("helper"));
    let text = story(&world, &definitions);
    assert_snapshot!(text.split("0. ").next().unwrap_or_default(), @r#"
    assign t/assignment/-/user:mira: nothing -> Helper
      refused by blocked: which role `Mira (mira)` holds now cannot be read | Plan again: the role may have been made while the lists were read. If it stays so, give the person a role in the product itself.
    set_default t/default: nothing -> Helper
      refused by blocked: the default role cannot be read
    update t/role/helper: description Some("Helps") +read
      refused by blocked: the permissions of role `Helper` cannot be read, so nobody can tell what would change | Check the rights of the credential with `rolecall doctor`.
      refused by blocked: the description of role `Helper` cannot be read | Leave `description` out to let it be as it is.
    "#);
}

#[test]
fn a_locked_role_is_not_changed() {
    let world = world().role("1", "Helper", &["read"]).role("2", "Old", &[]).with(|api| {
        api.locked_roles.extend(["1".to_owned(), "2".to_owned()]);
    });
    let definitions = definitions().role("helper", |r| r.name("Helper")).removed("=Old", None);
    assert_snapshot!(story(&world, &definitions), @"
    delete t/role/=Old
      refused by blocked: role `Old` cannot be changed: the plan does not include it
    update t/role/helper: -read
      refused by blocked: role `Helper` cannot be changed: the plan does not include it
    0. delete 2
    0. set 1: []
    ");
}

#[test]
fn two_live_roles_of_one_name() {
    let world = world().role("1", "Twin", &["read"]).role("2", "Twin", &["write"]);
    assert_snapshot!(story(&world, &definitions()), @"
    left alone: t/role/=Twin
    left alone: t/role/=Twin
    ");
    assert_snapshot!(story(&world, &definitions().role("a", |r| r.name("Twin"))), @"RC053 2 live roles are named `Twin` | Say which one with `id:`: 1 or 2.");
    assert_snapshot!(story(&world, &definitions().role("a", |r| r.id("1").name("Twin").permissions(&["keys"]))), @"
    update t/role/a: +keys -read
    left alone: t/role/=Twin
    0. set 1: [keys]
    ");
    assert_snapshot!(story(&world, &definitions().removed("=Twin", None)), @"RC053 2 live roles are named `Twin`");
}

#[test]
fn an_api_that_contradicts_itself() {
    let world = world().role("1", "A", &[]).role("2", "B", &[]).user("mira", "1").default_role("1");
    let mut live = world.live();
    let again = super::world::world().role("1", "Other", &[]).user("mira", "admin").live();
    let again = again.objects.into_iter().filter(|o| !o.builtin);
    live.objects.extend(again);
    assert_snapshot!(text(&plan_live(&live, &definitions())), @"
    RC053 the API tells two different things of the id `1` | Try again, and ask the provider.
    RC053 the API tells two different things of the default of new members | Try again, and ask the provider.
    RC053 the API tells two different things of the user `mira` | Try again, and ask the provider.
    ");
}

#[test]
fn an_unreadable_catalogue_is_told() {
    let mut live = world().live();
    live.catalogue = None;
    assert_snapshot!(text(&plan_live(&live, &definitions().role("a", |r| r.permissions(&["anything"])))), @"
    create t/role/a: name a +anything
    note: The live list of permissions could not be read: unknown ones are found only when they are written.
    0. make a: anything
    ");
}
