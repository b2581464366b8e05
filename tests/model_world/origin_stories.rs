//! Why an element differs, for each kind of element: the definitions changed, they changed earlier,
//! somebody changed the live state, or nobody can tell.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use jiff::{ToSpan as _, civil::Date};
use rolecall::{
    model::config::Mode,
    plan::document::{FieldChange, Origin},
};

use super::{
    definitions::{Definitions, TODAY, definitions, plan},
    story::past_story,
    text::told,
    world::{World, world},
};

/// One kind of difference: live is as `old` says, and the definitions are `new`.
struct Kind {
    what: &'static str,
    live: World,
    old: Definitions,
    new: Definitions,
}

fn yesterday() -> Date {
    TODAY.checked_sub(1.day()).expect("a day")
}

fn helper(permissions: &[&str]) -> Definitions {
    definitions().on_unassign("builtin:member").role("helper", |r| r.name("Helper").permissions(permissions))
}

fn kinds() -> Vec<Kind> {
    let live = || world().role("1", "Helper", &["read"]).described("1", "Helps").user("mira", "member");
    let held = || live().user("mira", "1");
    let kind = |what, live, old, new| Kind { what, live, old, new };
    let named = |name: &str| definitions().role("helper", |r| r.name(name).permissions(&["read"]));
    let described = |text: Option<&str>| {
        definitions().role("helper", |r| r.name("Helper").description(text).permissions(&["read"]))
    };
    let nobody = || definitions().on_unassign("builtin:member");
    vec![
        kind("name", live(), named("Helper"), named("Aide")),
        kind("description", live(), described(Some("Helps")), described(Some("Serves"))),
        kind("description, managed newly", live(), helper(&["read"]), described(Some("Serves"))),
        kind("description, cleared", live(), described(Some("Helps")), described(None)),
        kind("permission added", live(), helper(&["read"]), helper(&["read", "write"])),
        kind("permission removed", live(), helper(&["read"]), helper(&[])),
        kind("create", world(), definitions(), helper(&["read"])),
        kind("removed, by key", live(), helper(&["read"]), nobody().removed("helper", None)),
        kind("removed, by name", live(), helper(&["read"]), nobody().removed("=Helper", None)),
        kind(
            "removed, with a holder",
            held(),
            helper(&["read"]),
            nobody().removed("=Helper", Some("builtin:admin")),
        ),
        kind(
            "default",
            live(),
            helper(&["read"]).default_role(None),
            helper(&["read"]).default_role(Some("helper")),
        ),
        kind(
            "default, managed newly",
            live(),
            helper(&["read"]),
            helper(&["read"]).default_role(Some("helper")),
        ),
        kind("assign", live(), helper(&["read"]), helper(&["read"]).assign("helper", &["mira"])),
        kind(
            "reassign",
            held(),
            helper(&["read"]).assign("helper", &["mira"]),
            helper(&["read"]).assign("builtin:admin", &["mira"]),
        ),
        kind("exclusive", held(), helper(&["read"]), helper(&["read"]).exclusive("helper")),
    ]
}

/// Every origin that the plan of `definitions` names, of changes and of elements.
fn origins(live: &World, definitions: &Definitions) -> BTreeSet<&'static str> {
    let planned = plan(live, definitions).expect("a plan");
    let mut found = BTreeSet::new();
    for change in &planned.target().changes {
        found.insert(word(change.origin));
        for field in &change.fields {
            match field {
                FieldChange::Set { added, removed, .. } => {
                    found.extend(added.iter().chain(removed).map(|member| word(member.origin)));
                }
                FieldChange::Value { origin, .. } => {
                    found.insert(word(*origin));
                }
            }
        }
    }
    found
}

fn word(origin: Origin) -> &'static str {
    match origin {
        Origin::Pending => "pending",
        Origin::Unapplied => "unapplied",
        Origin::Drift => "drift",
        Origin::Undetermined => "undetermined",
        Origin::Unread => "unread",
        Origin::Mixed => "mixed",
    }
}

#[test]
fn every_kind_of_element_has_each_origin() {
    for Kind { what, live, old, new } in kinds() {
        let of = |base: Option<&Definitions>, applied: Option<&Definitions>| {
            let mut all = new.clone().with(|d| d.exempt = false);
            if let Some(base) = base {
                all = all.based_on(base.clone());
            }
            if let Some(applied) = applied {
                all = all.applied(applied.clone());
                if applied.desired.roles.iter().any(|role| &*role.key == "helper") {
                    all = all.recorded("helper", "1");
                }
            }
            let found: Vec<&str> = origins(&live, &all).into_iter().collect();
            found.join(" ")
        };
        assert_eq!(of(Some(&old), Some(&old)), "pending", "{what}: D differs from B");
        assert_eq!(of(Some(&old), Some(&new)), "pending", "{what}: D differs from B, and A is D");
        assert_eq!(of(Some(&old), None), "pending", "{what}: D differs from B, without a record");
        assert_eq!(of(Some(&new), Some(&old)), "unapplied", "{what}: D is B, and L is A");
        assert_eq!(of(None, Some(&old)), "unapplied", "{what}: no B, and L is A");
        let undetermined = if what == "removed, by key" { "" } else { "undetermined" };
        assert_eq!(of(Some(&new), None), undetermined, "{what}: D is B, without a record");
        // Nobody remembers the name of a key that no revision declares: the role is not ours.
        let drift = if what == "removed, by key" { "" } else { "drift" };
        assert_eq!(of(Some(&new), Some(&new)), drift, "{what}: D is B, and L is not A");
        assert_eq!(of(None, Some(&new)), drift, "{what}: no B, and L is not A");
        if what != "create" && !what.starts_with("removed") {
            assert_eq!(of(None, None), "undetermined", "{what}: neither B nor a record");
        }
    }
}

#[test]
fn what_is_no_longer_declared_is_pending_or_unapplied_and_never_drift() {
    let live = world().role("1", "Helper", &["read"]).user("mira", "1");
    let old = helper(&["read"]).assign("helper", &["mira"]);
    let (no_line, nothing) = (helper(&["read"]), definitions().on_unassign("builtin:member"));
    for (new, gone) in [
        (&no_line, "unassign t/assignment/-/user:mira [pending]: role Member [pending] (no_longer_declared)"),
        (&nothing, "delete t/role/helper [pending]"),
    ] {
        let of = |base: &Definitions, applied: Option<&Definitions>| {
            let all = new.clone().based_on(base.clone());
            let all = match applied {
                Some(applied) => all.applied(applied.clone()).recorded("helper", "1"),
                None => all,
            };
            told(&plan(&live, &all).expect("a plan"))
        };
        assert!(of(&old, Some(&old)).contains(gone), "{}", of(&old, Some(&old)));
        assert!(of(&old, None).contains(gone));
        assert!(
            of(new, Some(&old)).contains(&gone.replace("[pending]", "[unapplied]")),
            "{}",
            of(new, Some(&old))
        );
        // Nothing says that it was ours: somebody gave it outside git.
        let left = "left alone: 1 assignments";
        assert!(
            of(new, Some(new)).contains(left) && !of(new, Some(new)).contains("no_longer"),
            "{}",
            of(new, Some(new))
        );
        assert!(of(new, None).contains(left));
    }
}

#[test]
fn one_role_with_elements_of_every_origin() {
    let live = world().role("1", "Helper", &["audit", "keys", "read"]).described("1", "Helps");
    let with = |permissions: &[&str], text: &str| {
        definitions().role("helper", |r| r.name("Helper").description(Some(text)).permissions(permissions))
    };
    // `write` is new in the definitions, `merge` was merged before, `billing` was taken away in the
    // dashboard, and `keys` was added there.
    let desired = with(&["audit", "billing", "merge", "read", "write"], "Serves");
    let base = with(&["audit", "billing", "merge", "read"], "Serves");
    let applied = with(&["audit", "billing", "read"], "Helps");
    let all = desired.clone().based_on(base.clone()).applied(applied).recorded("helper", "1");
    assert_snapshot!(past_story(&live, &all), @"update t/role/helper [mixed]: description Serves [unapplied] +billing [drift] +merge [unapplied] +write [pending] -keys [drift]");
    assert_snapshot!(past_story(&live, &desired.based_on(base)), @"update t/role/helper [mixed]: description Serves [undetermined] +billing [undetermined] +merge [undetermined] +write [pending] -keys [undetermined]");
}

#[test]
fn a_pull_request_adds_one_permission_and_the_dashboard_added_another() {
    let live = world().role("1", "Helper", &["keys", "read"]);
    let all = helper(&["read", "write"]).based_on(helper(&["read"])).applied(helper(&["read"]));
    assert_snapshot!(past_story(&live, &all.recorded("helper", "1")), @"update t/role/helper [mixed]: +write [pending] -keys [drift]");
}

#[test]
fn an_expired_assignment() {
    let live = world().role("1", "Helper", &["read"]).user("mira", "1");
    let until = || helper(&["read"]).assign_until("helper", &["mira"], Some(yesterday()));
    let forever = helper(&["read"]).assign("helper", &["mira"]);
    assert_snapshot!(past_story(&live, &until().based_on(until()).applied(until()).recorded("helper", "1")), @"unassign t/assignment/-/user:mira [unapplied]: role Member [unapplied] (expired)");
    assert_snapshot!(past_story(&live, &until().based_on(forever)), @"unassign t/assignment/-/user:mira [pending]: role Member [pending] (expired)");
}

#[test]
fn an_expired_assignment_whose_line_is_gone_is_taken_away_all_the_same() {
    let live = world().role("1", "Helper", &["read"]).user("mira", "1");
    let until = || helper(&["read"]).assign_until("helper", &["mira"], Some(yesterday()));
    let nobody = || helper(&["read"]);
    assert_snapshot!(past_story(&live, &nobody().based_on(until()).applied(until()).recorded("helper", "1")), @"unassign t/assignment/-/user:mira [pending]: role Member [pending] (no_longer_declared)");
    assert_snapshot!(past_story(&live, &nobody().based_on(nobody()).applied(until()).recorded("helper", "1")), @"unassign t/assignment/-/user:mira [unapplied]: role Member [unapplied] (no_longer_declared)");
    assert_snapshot!(past_story(&live, &nobody().based_on(until())), @"unassign t/assignment/-/user:mira [pending]: role Member [pending] (no_longer_declared)");
}

#[test]
fn what_a_base_role_brought_at_the_provider() {
    let mut live = world().role("1", "Helper", &["merge", "read"]);
    let based =
        || definitions().role("helper", |r| r.name("Helper").base("builtin:member").permissions(&["merge"]));
    live.roles.get_mut("member").expect("built in").permissions.insert("audit".to_owned());
    let all = based().based_on(based());
    assert_snapshot!(past_story(&live, &all), @"update t/role/helper [undetermined]: +audit [undetermined] (base_changed)");
    assert_snapshot!(past_story(&live, &all.applied(based()).recorded("helper", "1")), @"update t/role/helper [drift]: +audit [drift] (base_changed)");
    let all = based().based_on(helper(&["merge", "read"])).applied(helper(&["merge", "read"]));
    assert_snapshot!(past_story(&live, &all.recorded("helper", "1")), @"update t/role/helper [pending]: +audit [pending]");
}

#[test]
fn what_git_never_declared_is_drift_where_git_has_the_whole_truth() {
    let live = world().role("1", "Clicked", &["read"]).role("2", "Helper", &["read"]).user("mira", "2");
    let all = helper(&["read"]).manage(Mode::Authoritative, Mode::Authoritative);
    let all = all.based_on(helper(&["read"]));
    assert_snapshot!(past_story(&live, &all), @"
    unassign t/assignment/-/user:mira [undetermined]: role Member [undetermined] (never_declared)
    delete t/role/=Clicked [undetermined] (never_declared)
    ");
    assert_snapshot!(past_story(&live, &all.applied(helper(&["read"])).recorded("helper", "2")), @"
    unassign t/assignment/-/user:mira [drift]: role Member [drift] (never_declared)
    delete t/role/=Clicked [drift] (never_declared)
    ");
}

#[test]
fn a_key_that_is_used_anew_makes_a_new_role() {
    // The definitions call the live role `beta` now, and `alpha` is another role.
    let live = world().role("1", "Alpha", &["read"]);
    let old = || definitions().role("alpha", |r| r.name("Alpha").permissions(&["read"]));
    let new = || {
        definitions()
            .role("alpha", |r| r.name("Gamma").permissions(&["write"]))
            .role("beta", |r| r.name("Alpha").permissions(&["read"]))
    };
    assert_snapshot!(past_story(&live, &new().based_on(old())), @"create t/role/alpha [pending]: name Gamma [pending] +write [pending]");
    assert_snapshot!(past_story(&live, &new().based_on(old()).applied(old())), @"create t/role/alpha [pending]: name Gamma [pending] +write [pending]");
    assert_snapshot!(past_story(&live, &new().based_on(new()).applied(old())), @"create t/role/alpha [unapplied]: name Gamma [unapplied] +write [unapplied]");
}

#[test]
fn an_assignment_to_a_role_that_is_made() {
    let live = world().user("mira", "member");
    let new = || helper(&["read"]).assign("helper", &["mira"]).default_role(Some("helper"));
    let old = || definitions().default_role(None);
    assert_snapshot!(past_story(&live, &new().based_on(old()).applied(old())), @"
    assign t/assignment/-/user:mira [pending]: role Helper [pending]
    set_default t/default [pending]: role Helper [pending]
    create t/role/helper [pending]: name Helper [pending] +read [pending]
    ");
    assert_snapshot!(past_story(&live, &new().based_on(new()).applied(old())), @"
    assign t/assignment/-/user:mira [unapplied]: role Helper [unapplied]
    set_default t/default [unapplied]: role Helper [unapplied]
    create t/role/helper [unapplied]: name Helper [unapplied] +read [unapplied]
    ");
    assert_snapshot!(past_story(&live, &new().based_on(new())), @"
    assign t/assignment/-/user:mira [undetermined]: role Helper [undetermined]
    set_default t/default [undetermined]: role Helper [undetermined]
    create t/role/helper [undetermined]: name Helper [undetermined] +read [undetermined]
    ");
}

/// A role that the list lacks may be there; and whoever is to hold it may hold it already.
#[test]
fn what_was_not_read_is_no_drift() {
    let declared = helper(&["read"]).assign("helper", &["mira"]).default_role(Some("helper"));
    let recorded = declared.clone().with(|d| d.exempt = false).based_on(declared.clone());
    let recorded = recorded.applied(declared).recorded("helper", "1");
    let gone = || world().user("mira", "member");
    assert_eq!(origins(&gone(), &recorded), ["drift"].into());
    let incomplete = |kind| {
        gone().with(|api| {
            api.incomplete.insert(kind, "page 3 of 4 was missing".into());
        })
    };
    assert_eq!(origins(&incomplete(rolecall::model::Kind::Role), &recorded), ["unread"].into());
    // What a list that is not whole does tell is known.
    assert_eq!(origins(&incomplete(rolecall::model::Kind::Assignment), &recorded), ["drift"].into());
    // What the definitions change is theirs.
    let pending = recorded.assign("helper", &["okan"]);
    let okan = incomplete(rolecall::model::Kind::Role).user("okan", "member");
    assert_eq!(origins(&okan, &pending), ["pending", "unread"].into());
}
