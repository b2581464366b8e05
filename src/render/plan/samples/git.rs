//! Plans in which git has something to say: origins, scope changes, who wrote and who acted.

use super::{document, element, fields, person, role, set, target, text};
use std::collections::BTreeMap;

use crate::plan::document::{
    Action, Activity, Applied, Blame, Change, FieldChange, FieldValue, FindingLevel, Left, Origin, Place,
    PlanDocument, PlanFinding, Reason, RoleValue, ScopeChange, TargetPlan, Via,
};

fn blame() -> Option<Blame> {
    Some(Blame {
        commit: "4f2a91c0d3b8e7a6f5c4d3e2f1a0b9c8d7e6f5a4".into(),
        author: "Mira".into(),
        time: "2026-11-19T08:12:33Z".into(),
        summary: "Let reviewers read audit logs".into(),
    })
}

fn place(line: u32) -> Option<Place> {
    Some(Place { file: "roles/security.yaml".into(), line, column: 3, blame: blame() })
}

/// A pull request adds a permission while the dashboard added another and took a third away.
pub(in super::super) fn both() -> Change {
    let own = Via {
        file: Some("roles/security.yaml".into()),
        line: Some(9),
        set: None,
        base: None,
        blame: blame(),
    };
    Change {
        origin: Origin::Mixed,
        holders: Some(3),
        held_as: BTreeMap::new(),
        given_by: None,
        definition: place(4),
        before: fields([("permissions", set(&["reports:read", "api_keys:write"]))]),
        after: fields([("permissions", set(&["reports:read", "audit:read", "learnings:read"]))]),
        fields: vec![FieldChange::Set {
            field: "permissions".into(),
            added: vec![
                element("audit:read", Origin::Pending, Some(own)),
                element("learnings:read", Origin::Drift, None),
            ],
            removed: vec![element("api_keys:write", Origin::Drift, None)],
        }],
        activity: vec![Activity {
            actor: "okan".into(),
            time: "2026-11-19T16:20:00+01:00".into(),
            what: "edited role Security reviewer".into(),
        }],
        ..role(Action::Update, "security-reviewer", "Security reviewer")
    }
}

fn described(origin: Origin) -> Change {
    Change {
        origin,
        definition: place(12),
        fields: vec![FieldChange::Value {
            field: "description".into(),
            before: Some(text("Does anything")),
            after: Some(text("Prepares releases")),
            origin,
        }],
        ..role(Action::Update, "release-helper", "Release helper")
    }
}

fn clicked() -> Change {
    Change {
        origin: Origin::Drift,
        holders: Some(0),
        held_as: BTreeMap::new(),
        given_by: None,
        reason: Some(Reason::NeverDeclared),
        before: fields([("name", text("Clicked")), ("permissions", set(&["api_keys:write"]))]),
        activity: vec![Activity {
            actor: "okan".into(),
            time: "2026-11-18T09:01:00Z".into(),
            what: "created role Clicked".into(),
        }],
        ..role(Action::Delete, "clicked", "Clicked")
    }
}

fn gone() -> Change {
    Change {
        origin: Origin::Drift,
        definition: place(20),
        after: fields([("name", text("Auditor")), ("permissions", set(&["audit:read"]))]),
        ..role(Action::Create, "auditor", "Auditor")
    }
}

fn renamed(origin: Origin) -> Change {
    let name = |name: &str| fields([("name", text(name))]);
    Change {
        origin,
        before: name("Helper!!"),
        after: name("Helper"),
        fields: vec![FieldChange::Value {
            field: "name".into(),
            before: Some(text("Helper!!")),
            after: Some(text("Helper")),
            origin,
        }],
        ..role(Action::Rename, "helper", "Helper!!")
    }
}

fn people() -> Vec<Change> {
    let with = |origin, change: Change| Change { origin, ..change };
    vec![
        with(Origin::Pending, person(Action::Assign, "mira", None, Some("Auditor"))),
        with(Origin::Drift, person(Action::Assign, "okan", None, Some("Auditor"))),
        with(Origin::Drift, person(Action::Unassign, "x@example.test", Some("Auditor"), None)),
        with(Origin::Unapplied, person(Action::Reassign, "jo", Some("Developer"), Some("Auditor"))),
        Change {
            reason: Some(Reason::NoLongerDeclared),
            ..person(Action::Release, "sam", Some("Auditor"), Some("Auditor"))
        },
    ]
}

fn scope(what: &str, before: Option<&str>, after: Option<&str>) -> ScopeChange {
    ScopeChange { what: what.into(), before: before.map(Into::into), after: after.map(Into::into) }
}

fn applied() -> Option<Applied> {
    Some(Applied {
        revision: "8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90".into(),
        time: "2026-11-20T10:04:11Z".into(),
        digest: super::digest('e'),
        actor: Some("mira".into()),
    })
}

/// A pull request from a branch that is behind, with every origin.
pub(in super::super) fn review() -> PlanDocument {
    let mut changes = vec![
        both(),
        described(Origin::Unapplied),
        clicked(),
        gone(),
        Change { reason: Some(Reason::NoLongerDeclared), ..role(Action::Release, "intern", "Intern") },
    ];
    changes.extend(people());
    let mut plan = document(vec![TargetPlan {
        applied: applied(),
        scope_changes: vec![
            scope("manage.roles", Some("declared"), Some("authoritative")),
            scope("guards.max_deletes", Some("3"), Some("50%")),
            scope("files", Some("roles/legacy.yaml"), None),
            scope("settings.org_id", Some("88321"), Some("88322")),
        ],
        findings: vec![PlanFinding {
            code: "RC052".into(),
            level: FindingLevel::Warning,
            message: "`audit:read` is not in the live catalogue".into(),
            help: Some("Refresh it with `rolecall catalog --write`.".into()),
            place: place(9),
        }],
        ..target("reviews", changes)
    }]);
    plan.revisions.merged = Some("0123456789abcdef0123456789abcdef01234567".into());
    plan
}

/// The same pull request with `--pending-only`.
pub(in super::super) fn pending_only() -> PlanDocument {
    let left = |change: Change| Left {
        address: change.address,
        title: change.title,
        action: change.action,
        origin: change.origin,
        fields: change.fields,
    };
    let held = |role: &str| FieldValue::Role(RoleValue { role: role.into(), name: role.into() });
    let moved = Change {
        origin: Origin::Drift,
        fields: vec![FieldChange::Value {
            field: "role".into(),
            before: Some(held("Auditor")),
            after: Some(held("Developer")),
            origin: Origin::Drift,
        }],
        ..person(Action::Reassign, "jo", None, None)
    };
    let mut kept = both();
    let mut rest = both();
    for (change, wanted) in [(&mut kept, Origin::Pending), (&mut rest, Origin::Drift)] {
        change.origin = wanted;
        change.activity.clear();
        for field in &mut change.fields {
            if let FieldChange::Set { added, removed, .. } = field {
                added.retain(|element| element.origin == wanted);
                removed.retain(|element| element.origin == wanted);
            }
        }
    }
    document(vec![TargetPlan {
        applied: applied(),
        pending_only: true,
        left: vec![left(described(Origin::Undetermined)), left(rest), left(moved)],
        ..target("reviews", vec![kept])
    }])
}

/// What a report on drift is made of.
pub(in super::super) fn drift(origin: Origin) -> PlanDocument {
    let mut changes = vec![both(), clicked(), gone(), renamed(origin)];
    changes.extend(people().into_iter().filter(|change| change.origin == Origin::Drift));
    for change in &mut changes {
        change.origin = origin;
        for field in &mut change.fields {
            match field {
                FieldChange::Set { added, removed, .. } => {
                    added.retain(|element| element.origin == Origin::Drift);
                    added.iter_mut().chain(removed).for_each(|element| element.origin = origin);
                }
                FieldChange::Value { origin: of_field, .. } => *of_field = origin,
            }
        }
    }
    let applied = if origin == Origin::Drift { applied() } else { None };
    document(vec![TargetPlan { applied, ..target("reviews", changes) }])
}
