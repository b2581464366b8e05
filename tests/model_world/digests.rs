//! What digests cover. Approvals refer to them: the vectors in `tests/data` hold for good.

use std::collections::BTreeSet;

use rolecall::model::Scope;
use rolecall::plan::{
    PlanDocument,
    digest::{self, elements},
    document::{Change, FORMAT_VERSION, FieldValue, ScopeChange, TargetPlan},
};
use serde_json::{Value, json};

use super::{
    definitions::{Definitions, Planned, definitions, plan, sixth_definitions},
    world::{World, sixth_world, world},
};

const VECTORS: &str = include_str!("../data/digest-vectors.json");
const CREDENTIAL: &str = "MADEUP_TOKEN";

/// One change of every kind, with names that somebody might choose to mislead.
fn everything() -> (World, Definitions) {
    let world = world()
        .role("1", "Helper", &["keys", "read"])
        .role("2", "Old \u{202e}name", &["read"])
        .role("3", "Gone", &["audit"])
        .users(&["ada", "bo"], "3")
        .user("cy", "member")
        .user("di", "1")
        .default_role("3");
    let definitions = definitions()
        .role("helper", |r| r.name("Helper").description(Some("Helps")).permissions(&["merge", "read"]))
        .role("renamed", |r| {
            r.name("Ångström \"quoted\"").previously("Old \u{202e}name").permissions(&["read"])
        })
        .role("new", |r| r.name("<new> & | `role`").base("builtin:member"))
        .removed("=Gone", Some("builtin:member"))
        .assign("new", &["cy"])
        .assign_until("helper", &["di"], Some(jiff::civil::date(2026, 1, 31)))
        .on_unassign("builtin:member")
        .default_role(Some("helper"));
    (world, definitions)
}

fn planned() -> Planned {
    let (world, definitions) = everything();
    plan(&world, &definitions).expect("a plan")
}

/// The digests of a document and of each of its parts, computed anew, in a fixed order.
fn digests(document: &PlanDocument) -> Value {
    let target = |target: &TargetPlan| {
        let changes = target.changes.iter().map(|change| {
            let elements: Vec<Value> = elements(change).iter().map(|e| json!(e.digest())).collect();
            json!({ "address": change.address, "digest": digest::change(change), "elements": elements })
        });
        let whole = target.error.is_none().then(|| digest::target(target, CREDENTIAL));
        json!({ "digest": whole, "changes": changes.collect::<Vec<_>>() })
    };
    let targets: Vec<Value> = document.targets.iter().map(target).collect();
    json!({ "digest": digest::plan(&document.targets), "targets": targets })
}

#[test]
fn golden_vectors_hold() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("JSON");
    assert!(vectors.len() >= 4, "vectors are missing");
    for vector in vectors {
        let document: PlanDocument = serde_json::from_value(vector["document"].clone()).expect("a plan");
        assert_eq!(document.format_version, FORMAT_VERSION, "a new format version needs vectors of its own");
        let (now, then) = (digests(&document), &vector["digests"]);
        assert!(
            now == *then,
            "A digest changed. Approvals refer to digests, so that this needs a new FORMAT_VERSION and new \
             vectors: {}\nwas {then:#}\nis  {now:#}",
            vector["name"]
        );
        assert_eq!(json!(document.digest), then["digest"], "the document says another digest");
    }
}

#[test]
fn layout_of_files_and_what_is_only_told_are_not_covered() {
    let (world, definitions) = everything();
    let first = planned();
    let moved = definitions.with(|d| {
        for role in &mut d.desired.roles {
            role.site.start += 1;
            role.name.site.start += 7;
        }
        d.desired.assignments.reverse();
    });
    let second = plan(&world, &moved).expect("a plan");
    assert_ne!(first.document, second.document, "the places are in the document");
    assert_eq!(first.document.digest, second.document.digest);

    let told: [fn(&mut TargetPlan); 8] = [
        |t| t.notes.push("a note".into()),
        |t| t.unmanaged.assignments = Some(99),
        |t| t.summary.create = 99,
        |t| t.changes.iter_mut().for_each(|c| c.reason = None),
        |t| t.changes.iter_mut().for_each(|c| c.title = "another".into()),
        |t| t.changes.iter_mut().for_each(|c| c.definition = None),
        |t| t.changes.iter_mut().for_each(|c| c.holders = Some(99)),
        |t| {
            let states = t.changes.iter_mut().flat_map(|c| [&mut c.before, &mut c.after]).flatten();
            for value in states.flat_map(|state| state.values_mut()) {
                if let FieldValue::Role(role) = value {
                    role.name = "the name of a role that is held".into();
                }
            }
        },
    ];
    for (at, change) in told.iter().enumerate() {
        let mut target = first.target().clone();
        change(&mut target);
        assert_ne!(&target, first.target(), "{at}");
        assert_eq!(Some(digest::target(&target, CREDENTIAL)), first.target().digest, "{at}");
    }
}

#[test]
fn everything_that_is_approved_is_covered() {
    let planned = planned();
    let at = |target: &mut TargetPlan, action: &str| -> usize {
        let is = |change: &Change| json!(change.action) == action;
        target.changes.iter().position(is).expect("a change of each kind")
    };
    type Edit<'e> = Box<dyn Fn(&mut TargetPlan) + 'e>;
    let edits: Vec<Edit<'_>> = vec![
        Box::new(|t| t.name = "u".into()),
        Box::new(|t| t.provider = "other".into()),
        Box::new(|t| t.identity.as_mut().expect("an identity").host = "evil.test".into()),
        Box::new(|t| t.identity.as_mut().expect("an identity").tenant = None),
        Box::new(|t| t.identity.as_mut().expect("an identity").anchor = Some("x".into())),
        Box::new(|t| t.manage.roles = "authoritative".into()),
        Box::new(|t| t.manage.assignments = "authoritative".into()),
        Box::new(|t| t.guards.max_deletes = "4".into()),
        Box::new(|t| t.guards.max_unassigns = "4".into()),
        Box::new(|t| t.guards.min_admins += 1),
        Box::new(|t| t.selection.push("t/role/*".into())),
        Box::new(|t| t.scope_changes.push(ScopeChange { what: "files".into(), before: None, after: None })),
        Box::new(|t| drop(t.changes.pop())),
        Box::new(|t| {
            let i = at(t, "delete");
            t.changes[i].id = Some("33".into());
        }),
        Box::new(|t| {
            let i = at(t, "update");
            t.changes[i].adopts = true;
        }),
        Box::new(|t| {
            let i = at(t, "update");
            t.changes[i].manual = Some(vec!["1. Open the settings".into()]);
        }),
        Box::new(|t| {
            let i = at(t, "set_default");
            t.changes[i].side_effects.clear();
        }),
        Box::new(|t| {
            let i = at(t, "update");
            let after = t.changes[i].after.as_mut().expect("a role");
            after.insert("permissions".into(), FieldValue::Set(vec!["keys".into()]));
        }),
        Box::new(|t| {
            let i = at(t, "update");
            let before = t.changes[i].before.as_mut().expect("a role");
            before.insert("description".into(), FieldValue::Text(None));
            before.remove("permissions");
        }),
        Box::new(|t| {
            let i = at(t, "assign");
            let after = t.changes[i].after.as_mut().expect("a role");
            let Some(FieldValue::Role(role)) = after.get_mut("role") else { panic!("a role") };
            role.role = "admin".into();
        }),
        Box::new(|t| {
            let i = at(t, "rename");
            t.changes[i].action = rolecall::plan::document::Action::Update;
        }),
    ];
    let mut seen = BTreeSet::from([planned.target().digest.clone().expect("a digest")]);
    for (at, edit) in edits.iter().enumerate() {
        let mut target = planned.target().clone();
        edit(&mut target);
        assert!(seen.insert(digest::target(&target, CREDENTIAL)), "edit {at} is not covered");
    }
    assert!(seen.insert(digest::target(planned.target(), "OTHER_TOKEN")), "the credential is not covered");
}

/// The same change takes another way where there is no room: people are without the role meanwhile.
#[test]
fn a_way_with_a_gap_has_another_digest_than_one_without() {
    let definitions = sixth_definitions()
        .role("one", |r| r.name("Role 1").base("builtin:high").permissions(&["audit"]).allow_gap(true))
        .hold("user", &Scope::Target, "one", &["1"]);
    let world = |roles: usize| {
        let live = (1..=roles).fold(sixth_world(), |world, n| {
            world.role_at(&n.to_string(), Scope::Target, &format!("Role {n}"), "low", &["audit"])
        });
        live.holds("user", Scope::Target, "1", &["1"])
    };
    let of = |roles: usize| plan(&world(roles), &definitions).expect("a plan");
    let (room, none) = (of(3), of(4));
    assert_ne!(room.ops, none.ops);
    assert_ne!(room.document.digest, none.document.digest);
    let elements = |planned: &Planned| -> BTreeSet<_> {
        planned.target().changes.iter().flat_map(elements).map(|element| element.digest()).collect()
    };
    assert!(!elements(&none).is_subset(&elements(&room)), "whoever reviews each element sees it, too");
    // Where there is room for both, the way is the same.
    assert_eq!(of(2).document.digest, room.document.digest);
}

#[test]
fn an_element_names_the_object_and_the_exact_difference() {
    let planned = planned();
    let delete = planned.target().changes.iter().find(|c| c.id.as_ref().is_some_and(|id| id.raw() == "3"));
    let delete = delete.expect("the deletion");
    // Deleted and made anew by somebody in the meantime: the same name, another role.
    let mut another = delete.clone();
    another.id = Some("4".into());
    let (one, other) = (elements(delete), elements(&another));
    assert!(one.iter().any(|element| !other.contains(element)));
    // Another member for whom the same happens, and the same member for whom something else does.
    let all: Vec<_> = planned.target().changes.iter().flat_map(elements).collect();
    let unique: BTreeSet<_> = all.iter().map(|element| element.digest()).collect();
    assert_eq!(unique.len(), all.len());
}

#[test]
fn a_plan_with_a_failed_target_has_no_digest() {
    let (mut failed, fine) = (planned().document.targets, planned().document.targets);
    failed[0].digest = None;
    assert!(digest::plan(&fine).is_some());
    assert_eq!(digest::plan(&failed), None);
    assert_eq!(digest::plan(&[fine, failed].concat()), None);
}
