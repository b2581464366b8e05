//! In which order things happen: names, people, and permissions that depend on each other.

use insta::assert_snapshot;
use rolecall::{model::config::Mode, plan::operation::Verb};

use super::{
    definitions::{Definitions, definitions, plan},
    interpreter::execute_all,
    story::story,
    world::{World, world},
};

#[test]
fn a_description_that_git_does_not_manage_is_in_the_whole_role() {
    let world = world().role("1", "Helper", &["read"]).described("1", "Written in the dashboard");
    let definitions = definitions().role("helper", |role| role.name("Helper").permissions(&["merge"]));
    let planned = plan(&world, &definitions).expect("a plan");
    let Verb::UpdateRole { send, full, .. } = &planned.ops[0].verb else { panic!("an update") };
    assert_eq!(send.description, None);
    assert_eq!(full.description, Some("Written in the dashboard".into()));
}

#[test]
fn a_request_that_only_renames_says_nothing_of_later_permissions() {
    // Mira leaves `1` before it gains, and the name of `1` is wanted by the role that she joins.
    let world = world().role("1", "Helper", &["read"]).user("mira", "1");
    let definitions = definitions()
        .role("helper", |role| role.id("1").name("Old helper").permissions(&["read", "keys"]))
        .role("new", |role| role.name("Helper").permissions(&["read"]))
        .assign("new", &["mira"]);
    assert_snapshot!(story(&world, &definitions), @"
    reassign t/assignment/-/user:mira: Old helper -> Helper
    rename t/role/helper: name Old helper +keys
    create t/role/new: name Helper +read
    0. set 1: name Old helper;
    1. make Helper: read
    2. give t/role/new to user mira
    3. set 1: [keys read]
    ");
    let planned = plan(&world, &definitions).expect("a plan");
    let Verb::UpdateRole { full, .. } = &planned.ops[0].verb else { panic!("an update") };
    assert_eq!(full.permissions.iter().map(|p| p.raw()).collect::<Vec<_>>(), ["read"]);
}

#[test]
fn new_members_keep_what_both_defaults_give() {
    let world = world().role("1", "Old", &["merge"]).role("2", "New", &[]).default_role("1");
    let definitions = definitions()
        .role("old", |role| role.name("Old"))
        .role("new", |role| role.name("New").permissions(&["merge"]))
        .default_role(Some("new"));
    assert_snapshot!(story(&world, &definitions), @"
    set_default t/default: Old -> New; `Old` is no longer the default
    update t/role/new: +merge
    update t/role/old: -merge
    0. set 2: [merge]
    1. default 2
    2. set 1: []
    ");
}

#[test]
fn a_role_that_an_interrupted_run_left_under_a_temporary_name_is_found() {
    // `2` goes, its holder joins the new role, and the new role wants the name of `1`, which wants
    // the name of `2`: a ring of names.
    let world = world().role("1", "A", &["read"]).role("2", "B", &["read"]).user("mira", "2");
    let definitions = definitions()
        .role("a", |role| role.id("1").name("b").permissions(&["read"]))
        .role("new", |role| role.name("A").permissions(&["read"]))
        .removed("=B", Some("new"));
    let folding = World { folds_case: true, ..world };
    assert_snapshot!(story(&folding, &definitions), @"
    reassign t/assignment/-/user:mira: B -> A (role removed)
    delete t/role/=B
    rename t/role/a: name b
    create t/role/new: name A +read
    0. make rolecall temporary b510112b: read
    1. give t/role/new to user mira
    2. delete 2
    3. set 1: name b;
    4. set t/role/new: name A;
    ");
    let planned = plan(&folding, &definitions).expect("a plan");
    let interrupted = execute_all(&folding, &planned.ops[..1], |_, _| ()).expect("a role");
    assert_snapshot!(story(&interrupted, &definitions), @"
    reassign t/assignment/-/user:mira: B -> A (role removed)
    delete t/role/=B
    rename t/role/a: name b
    rename t/role/new: name A
    0. give made-0 to user mira
    1. delete 2
    2. set 1: name b;
    3. set made-0: name A;
    ");
}

#[test]
fn a_temporary_name_proves_nothing() {
    // Somebody made the role in the dashboard to be given what the definitions give to the new one.
    let definitions = definitions().role("new", |role| role.permissions(&["keys"])).based_on(definitions());
    let squat = world().role("1", "rolecall temporary b510112b", &[]).user("mallory", "1");
    assert_snapshot!(story(&squat, &definitions), @"
    rename t/role/new: name new +keys (adopts)
      refused by adopt: role `rolecall temporary b510112b` exists, 1 principal holds it, and it would gain permissions; no earlier revision declares it | To take it over on purpose, add to role `new`: `id: 1`.
    left alone: 1 assignments
    0. set 1: name new; [keys]
    ");
}

#[test]
fn names_that_differ_only_in_case_are_swapped() {
    let world = world().role("1", "Alpha", &[]).role("2", "alpha", &[]);
    let definitions = definitions()
        .role("a", |role| role.id("1").name("alpha"))
        .role("b", |role| role.id("2").name("Alpha"));
    assert_snapshot!(story(&world, &definitions), @"
    rename t/role/a: name alpha
    rename t/role/b: name Alpha
    0. set 2: name rolecall temporary 9ee572ed;
    1. set 1: name alpha;
    2. set 2: name Alpha;
    ");
}

#[test]
fn a_name_is_taken_after_every_role_that_bears_it_in_any_case() {
    let world = world().role("1", "Alpha", &[]).role("2", "alpha", &[]);
    let definitions = definitions()
        .role("a", |role| role.id("1").name("one"))
        .role("b", |role| role.id("2").name("two"))
        .role("new", |role| role.name("alpha"));
    assert_snapshot!(story(&world, &definitions), @"
    rename t/role/a: name one
    rename t/role/b: name two
    create t/role/new: name alpha
    0. set 1: name one;
    0. set 2: name two;
    1. make alpha:
    ");
}

#[test]
fn requests_to_one_role_come_one_after_the_other() {
    // Mira keeps `audit` on the way from `1` to `2`; the names are swapped at the same time.
    let world =
        world().role("1", "A", &["audit"]).role("2", "B", &["read"]).user("mira", "1").user("okan", "2");
    let definitions = definitions()
        .role("a", |role| role.id("1").name("B").permissions(&["read", "keys"]).allow_gap(true))
        .role("b", |role| role.id("2").name("A").permissions(&["audit", "keys"]))
        .assign("b", &["mira"])
        .assign("a", &["okan"]);
    assert_snapshot!(story(&world, &definitions), @"
    reassign t/assignment/-/user:mira: B -> A
    reassign t/assignment/-/user:okan: A -> B
    rename t/role/a: name B +keys +read -audit; Mira (mira) would be without `audit` for a moment: role `A` loses that before they leave it, because others join it; `allow_gap` accepts it; Okan (okan) would be without `read` for a moment: they join role `A` before it gains that, because others have to leave it first; `allow_gap` accepts it
    rename t/role/b: name A +audit +keys -read
    0. set 1: []
    1. give 1 to user okan
    2. set 2: []
    3. set 2: name rolecall temporary 9ee572ed; [audit keys]
    4. give 2 to user mira
    5. set 1: name B; [keys read]
    6. set 2: name A;
    ");
}

/// Mira and Okan change places, and their roles exchange what they give.
fn exchange() -> (World, Definitions) {
    let world = world()
        .role("1", "One", &["audit"])
        .role("2", "Two", &["read"])
        .user("mira", "1")
        .users(&["okan", "ada"], "2");
    let definitions = definitions()
        .role("one", |role| role.name("One").permissions(&["read"]))
        .role("two", |role| role.name("Two").permissions(&["audit"]))
        .assign("two", &["mira"])
        .assign("one", &["okan", "ada"]);
    (world, definitions)
}

#[test]
fn a_ring_of_moves_makes_a_gap_that_is_refused() {
    let (world, definitions) = exchange();
    assert_snapshot!(story(&world, &definitions), @"
    reassign t/assignment/-/user:ada: Two -> One
    reassign t/assignment/-/user:mira: One -> Two
    reassign t/assignment/-/user:okan: Two -> One
    update t/role/one: +read -audit
      refused by blocked: Mira (mira) would be without `audit` for a moment: role `One` loses that before they leave it, because others join it | Accept it with `allow_gap: true` at `t/role/one`, or let one side of the exchange move to a new role instead.
      refused by blocked: Ada (ada), Okan (okan) would be without `read` for a moment: they join role `One` before it gains that, because others have to leave it first | Accept it with `allow_gap: true` at `t/role/one`, or let one side of the exchange move to a new role instead.
    update t/role/two: +audit -read
    0. set 1: []
    1. give 1 to user ada, okan
    2. set 2: []
    3. set 2: [audit]
    4. give 2 to user mira
    5. set 1: [read]
    ");
}

#[test]
fn allow_gap_accepts_a_gap_and_decides_who_has_it() {
    let (world, definitions) = exchange();
    let allowing = |keys: &'static [&str]| {
        definitions.clone().with(|definitions| {
            for role in &mut definitions.desired.roles {
                role.allow_gap = keys.contains(&&*role.key);
            }
        })
    };
    assert_snapshot!(story(&world, &allowing(&["one"])), @"
    reassign t/assignment/-/user:ada: Two -> One
    reassign t/assignment/-/user:mira: One -> Two
    reassign t/assignment/-/user:okan: Two -> One
    update t/role/one: +read -audit; Mira (mira) would be without `audit` for a moment: role `One` loses that before they leave it, because others join it; `allow_gap` accepts it; Ada (ada), Okan (okan) would be without `read` for a moment: they join role `One` before it gains that, because others have to leave it first; `allow_gap` accepts it
    update t/role/two: +audit -read
    0. set 1: []
    1. give 1 to user ada, okan
    2. set 2: []
    3. set 2: [audit]
    4. give 2 to user mira
    5. set 1: [read]
    ");
    assert_snapshot!(story(&world, &allowing(&["two"])), @"
    reassign t/assignment/-/user:ada: Two -> One
    reassign t/assignment/-/user:mira: One -> Two
    reassign t/assignment/-/user:okan: Two -> One
    update t/role/one: +read -audit
    update t/role/two: +audit -read; Mira (mira) would be without `audit` for a moment: they join role `Two` before it gains that, because others have to leave it first; `allow_gap` accepts it; Ada (ada), Okan (okan) would be without `read` for a moment: role `Two` loses that before they leave it, because others join it; `allow_gap` accepts it
    0. set 2: []
    1. give 2 to user mira
    2. set 1: []
    3. set 1: [read]
    4. give 1 to user ada, okan
    5. set 2: [audit]
    ");
}

#[test]
fn who_keeps_nothing_has_no_gap() {
    // The same ring of moves, in which nobody has before what they have after.
    let (world, definitions) = exchange();
    let definitions = definitions.with(|definitions| {
        let [one, two] = &mut definitions.desired.roles[..] else { panic!("two roles") };
        std::mem::swap(&mut one.permissions, &mut two.permissions);
        for (role, permission) in [(one, "keys"), (two, "deploy")] {
            let via = std::sync::Arc::make_mut(&mut role.permissions).pop_first().expect("a permission").1;
            std::sync::Arc::make_mut(&mut role.permissions).insert(permission.into(), via);
        }
    });
    assert_snapshot!(story(&world, &definitions), @"
    reassign t/assignment/-/user:ada: Two -> One
    reassign t/assignment/-/user:mira: One -> Two
    reassign t/assignment/-/user:okan: Two -> One
    update t/role/one: +keys -audit
    update t/role/two: +deploy -read
    0. set 1: []
    1. give 1 to user ada, okan
    2. set 2: []
    3. set 2: [deploy]
    4. give 2 to user mira
    5. set 1: [keys]
    ");
}

#[test]
fn a_name_that_is_waited_for_makes_no_gap() {
    // Mira keeps `audit`: `2` gains it before she comes, and Okan leaves `2` before that for a role
    // that wants the name of the one that Mira has to leave first.
    let world =
        world().role("1", "A", &["audit"]).role("2", "B", &["read"]).user("mira", "1").user("okan", "2");
    let definitions = definitions()
        .role("b", |role| role.name("B").permissions(&["read", "audit"]))
        .role("new", |role| role.name("a").permissions(&["keys"]))
        .assign("b", &["mira"])
        .assign("new", &["okan"])
        .manage(Mode::Authoritative, Mode::Declared);
    assert_snapshot!(story(&World { folds_case: true, ..world }, &definitions), @"
    reassign t/assignment/-/user:mira: A -> B
    reassign t/assignment/-/user:okan: B -> a
    delete t/role/=A (never declared)
    update t/role/b: +audit
    create t/role/new: name a +keys
    0. make rolecall temporary b510112b: keys
    1. give t/role/new to user okan
    2. set 2: [audit read]
    3. give 2 to user mira
    4. delete 1
    5. set t/role/new: name a;
    ");
}
