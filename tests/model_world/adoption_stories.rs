//! Taking over a role that git never declared.

use insta::assert_snapshot;
use rolecall::{model::Untrusted, plan::document::Guard};

use super::{
    definitions::{Definitions, definitions},
    story::story,
    world::{World, world},
};

fn declared(permissions: &[&str]) -> Definitions {
    definitions().role("helper", |r| r.name("Helper").permissions(permissions))
}

fn held() -> World {
    world().role("1", "Helper", &["read"]).users(&["mira", "okan"], "1")
}

#[test]
fn a_held_role_that_would_gain_is_not_taken_over() {
    let never = declared(&["keys", "read"]).based_on(definitions());
    assert_snapshot!(story(&held(), &never), @"
    update t/role/helper: +keys (adopts)
      refused by adopt: role `Helper` exists, 2 principals hold it, and it would gain permissions; no earlier revision declares it | To take it over on purpose, add to role `helper`: `id: 1`.
    left alone: 2 assignments
    0. set 1: [keys read]
    ");
    assert_snapshot!(story(&held(), &never.with(|d| {
        d.allowed.insert(Guard::Adopt, Untrusted::from("ticket 7"));
    })), @"
    update t/role/helper: +keys (adopts)
      allowed by adopt: role `Helper` exists, 2 principals hold it, and it would gain permissions; no earlier revision declares it | To take it over on purpose, add to role `helper`: `id: 1`. | because: ticket 7
    left alone: 2 assignments
    0. set 1: [keys read]
    ");
}

#[test]
fn without_an_earlier_revision_nothing_proves_that_it_is_ours() {
    let unknown = declared(&["keys", "read"]).with(|d| d.exempt = false);
    assert_snapshot!(story(&held(), &unknown), @"
    update t/role/helper: +keys (adopts)
      refused by adopt: role `Helper` exists, 2 principals hold it, and it would gain permissions; there is no earlier revision that shows whether git declared it | To take it over on purpose, add to role `helper`: `id: 1`.
    left alone: 2 assignments
    0. set 1: [keys read]
    ");
    let hidden = held().with(|api| api.hides_holders = true);
    let text = story(&hidden, &unknown);
    assert!(text.contains("people may hold it"), "{text}");
}

#[test]
fn what_needs_no_consent() {
    // Nobody holds it; it gains nothing; git declared it; the target is an emulator; it says `id`.
    let vacant = world().role("1", "Helper", &["read"]);
    assert_snapshot!(story(&vacant, &declared(&["keys"]).based_on(definitions())), @"
    update t/role/helper: +keys -read (adopts)
    0. set 1: [keys]
    ");
    assert_snapshot!(story(&held(), &declared(&[]).based_on(definitions())), @"
    update t/role/helper: -read (adopts)
    left alone: 2 assignments
    0. set 1: []
    ");
    assert_snapshot!(story(&held(), &declared(&["keys"]).based_on(declared(&["read"]))), @"
    update t/role/helper: +keys -read
    left alone: 2 assignments
    0. set 1: [keys]
    ");
    assert_snapshot!(story(&held(), &declared(&["keys"])), @"
    update t/role/helper: +keys -read
    left alone: 2 assignments
    0. set 1: [keys]
    ");
    let by_id = || definitions().role("helper", |r| r.id("1").name("Helper").permissions(&["keys"]));
    assert_snapshot!(story(&held(), &by_id().based_on(definitions())), @"
    update t/role/helper: +keys -read (adopts)
    left alone: 2 assignments
    0. set 1: [keys]
    ");
}
