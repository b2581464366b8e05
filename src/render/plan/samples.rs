//! Documents for the tests of the renderers: as small as they can be and show everything.

pub(super) mod git;

use std::collections::BTreeMap;

use crate::{
    model::{Address, Scope, Untrusted},
    plan::document::{
        Action, Activity, Applied, Attested, Blame, Change, Element, FieldChange, FieldValue, FindingLevel,
        Guard, Guards, Identity, Kept, Left, Manage, Origin, Place, PlanDocument, PlanFinding, Reason,
        Revisions, RoleValue, ScopeChange, Summary, TargetError, TargetPlan, Unmanaged, UnmanagedRole,
        Verdict, VerdictOutcome, Via,
    },
    render::Style,
};

pub(super) const WIDE: Style = Style { color: false, unicode: true, width: 100 };
pub(super) const NARROW: Style = Style { color: false, unicode: false, width: 40 };
pub(super) const COLOR: Style = Style { color: true, unicode: true, width: 100 };

/// A digest that is told apart from others by one digit.
pub(super) fn digest(digit: char) -> Untrusted {
    format!("sha256:{}", digit.to_string().repeat(64)).into()
}

pub(super) fn document(targets: Vec<TargetPlan>) -> PlanDocument {
    let failed = targets.iter().any(|target| target.error.is_some());
    PlanDocument {
        format_version: 1,
        rolecall: "0.1.0".into(),
        digest: (!failed).then(|| digest('d')),
        revisions: Revisions {
            desired: Some("4f2a91c0d3b8e7a6f5c4d3e2f1a0b9c8d7e6f5a4".into()),
            branch: Some("release-roles".into()),
            base: Some("8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90".into()),
            base_name: Some("origin/main".into()),
            merged: None,
            dirty: false,
            today: "2026-11-20".into(),
        },
        targets,
        run: None,
    }
}

pub(super) fn target(name: &str, changes: Vec<Change>) -> TargetPlan {
    TargetPlan {
        name: name.into(),
        provider: "acme".into(),
        emulator: false,
        identity: Some(Identity { host: "api.acme.test".into(), tenant: Some("88321".into()), anchor: None }),
        digest: Some(digest('a')),
        applied: None,
        error: None,
        manage: Manage { roles: "declared".into(), assignments: "declared".into() },
        guards: Guards { max_deletes: "3".into(), max_unassigns: "10%".into(), min_admins: 2 },
        selection: Vec::new(),
        pending_only: false,
        left: Vec::new(),
        scope_changes: Vec::new(),
        summary: Summary::of(&changes),
        changes,
        verdicts: Vec::new(),
        findings: Vec::new(),
        unmanaged: Unmanaged { assignments: Some(0), ..Unmanaged::default() },
        attested: Attested::default(),
        notes: Vec::new(),
        people: Vec::new(),
    }
}

pub(super) fn failed(name: &str) -> TargetPlan {
    TargetPlan {
        identity: None,
        digest: None,
        error: Some(TargetError {
            exit: 7,
            message: "GET /api/v4/groups/acme answered 503 four times in 30 s".into(),
            help: Some("Try again later, or leave the target out with `--target`.".into()),
        }),
        ..target(name, Vec::new())
    }
}

pub(super) fn change(action: Action, address: Address, title: &str) -> Change {
    Change {
        address,
        title: title.into(),
        action,
        origin: Origin::Pending,
        digest: digest('c'),
        id: None,
        before: None,
        after: None,
        adopts: false,
        manual: None,
        blocked_by: Vec::new(),
        reason: None,
        fields: Vec::new(),
        granted_by_base: Vec::new(),
        side_effects: Vec::new(),
        steps: None,
        holders: None,
        held_as: BTreeMap::new(),
        given_by: None,
        definition: None,
        activity: Vec::new(),
        verdicts: Vec::new(),
    }
}

pub(super) fn role(action: Action, key: &str, title: &str) -> Change {
    change(action, Address::role("reviews", key, &Scope::Target), title)
}

pub(super) fn person(action: Action, who: &str, before: Option<&str>, after: Option<&str>) -> Change {
    let scope = Scope::In { kind: "group".into(), path: "acme/platform".into() };
    let fields = |role: &str| {
        let role = RoleValue { role: role.into(), name: role.into() };
        BTreeMap::from([("role".to_owned(), FieldValue::Role(role))])
    };
    Change {
        before: before.map(fields),
        after: after.map(fields),
        ..change(action, Address::assignment("reviews", &scope, "user", &who.into(), None), who)
    }
}

pub(super) fn set(values: &[&str]) -> FieldValue {
    FieldValue::Set(values.iter().map(|value| (*value).into()).collect())
}

pub(super) fn text(value: &str) -> FieldValue {
    FieldValue::Text(Some(value.into()))
}

pub(super) fn element(value: &str, origin: Origin, via: Option<Via>) -> Element {
    Element { value: value.into(), origin, via }
}

pub(super) fn via_set(set: &str, line: u32) -> Option<Via> {
    Some(Via {
        file: Some("roles/sets.yaml".into()),
        line: Some(line),
        set: Some(set.into()),
        base: None,
        blame: None,
    })
}

pub(super) fn fields<const N: usize>(
    fields: [(&str, FieldValue); N],
) -> Option<BTreeMap<String, FieldValue>> {
    Some(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub(super) fn verdict(guard: Guard, outcome: VerdictOutcome, message: &str) -> Verdict {
    Verdict { guard, outcome, message: message.into(), help: None, reason: None }
}

fn updated() -> Change {
    Change {
        origin: Origin::Mixed,
        holders: Some(3),
        held_as: BTreeMap::new(),
        given_by: None,
        definition: Some(Place { file: "roles/security.yaml".into(), line: 4, column: 3, blame: None }),
        before: fields([(
            "permissions",
            set(&[
                "api_keys:read",
                "audit:read",
                "knowledge:read",
                "learnings:none",
                "reports:read",
                "reviews:read",
                "reviews:write",
                "user_management:read",
                "workspaces:read",
            ]),
        )]),
        after: fields([(
            "permissions",
            set(&[
                "api_keys:read",
                "audit:read",
                "knowledge:read",
                "learnings:read",
                "learnings:write",
                "members:read",
                "reports:read",
                "reviews:read",
                "reviews:write",
                "workspaces:read",
            ]),
        )]),
        fields: vec![
            FieldChange::Set {
                field: "permissions".into(),
                added: vec![
                    element("learnings:read", Origin::Pending, via_set("security-read", 4)),
                    element("learnings:write", Origin::Pending, via_set("security-read", 5)),
                    element(
                        "members:read",
                        Origin::Drift,
                        Some(Via {
                            file: None,
                            line: None,
                            set: None,
                            base: Some("Member".into()),
                            blame: None,
                        }),
                    ),
                ],
                removed: vec![
                    element("learnings:none", Origin::Pending, None),
                    element("user_management:read", Origin::Drift, None),
                ],
            },
            FieldChange::Value {
                field: "description".into(),
                before: Some(text("Reviews all the code and reads audit logs")),
                after: Some(text("Reviews security relevant code and reads audit logs")),
                origin: Origin::Unapplied,
            },
        ],
        ..role(Action::Update, "security-reviewer", "Security reviewer")
    }
}

fn created() -> Change {
    Change {
        definition: Some(Place { file: "roles/release.yaml".into(), line: 2, column: 3, blame: None }),
        after: fields([
            ("name", text("Release auditor")),
            ("description", text("Reads what was released")),
            ("permissions", set(&["read_release", "read_tag", "reports:read", "reports:write"])),
        ]),
        ..role(Action::Create, "release-auditor", "Release auditor")
    }
}

fn renamed() -> Change {
    Change {
        fields: vec![FieldChange::Value {
            field: "name".into(),
            before: Some(text("Release Aide")),
            after: Some(text("Release helper")),
            origin: Origin::Pending,
        }],
        ..role(Action::Rename, "release-helper", "Release Aide")
    }
}

fn replaced() -> Change {
    Change {
        side_effects: vec!["The identity provider's link of the role is lost.".into()],
        fields: vec![FieldChange::Value {
            field: "base".into(),
            before: Some(text("guest")),
            after: Some(text("reporter")),
            origin: Origin::Pending,
        }],
        verdicts: vec![Verdict {
            reason: Some("agreed with the release team, CHG-12".into()),
            ..verdict(Guard::Protect, VerdictOutcome::Allowed, "the role is protected from being deleted")
        }],
        ..role(Action::Replace, "base-mover", "Base mover")
    }
}

fn deleted() -> Change {
    Change {
        origin: Origin::Drift,
        holders: Some(1),
        held_as: BTreeMap::new(),
        given_by: None,
        reason: Some(Reason::NeverDeclared),
        before: fields([
            ("name", text("Old role")),
            ("permissions", set(&["reviews:read", "reviews:write"])),
        ]),
        verdicts: vec![Verdict {
            help: Some("Add `- { name: Old role, reassign_to: member }` to `removed`.".into()),
            ..verdict(Guard::Held, VerdictOutcome::Refused, "1 person holds the role")
        }],
        ..change(
            Action::Delete,
            Address::live_role("reviews", &"Old role".into(), &Scope::Target),
            "Old role",
        )
    }
}

/// Every action, every kind of verdict, every reason to say more.
pub(super) fn everything() -> PlanDocument {
    let default = Change {
        fields: vec![FieldChange::Value {
            field: "role".into(),
            before: Some(FieldValue::Role(RoleValue { role: "1".into(), name: "Member".into() })),
            after: Some(FieldValue::Role(RoleValue { role: "2".into(), name: "Release auditor".into() })),
            origin: Origin::Pending,
        }],
        manual: Some(vec![
            "Open Settings > Roles.".into(),
            "Choose “Release auditor” as the default.".into(),
        ]),
        ..change(Action::SetDefault, Address::default_role("reviews"), "default role")
    };
    let adopted = Change {
        adopts: true,
        holders: Some(0),
        held_as: BTreeMap::new(),
        given_by: None,
        fields: vec![FieldChange::Value {
            field: "protected".into(),
            before: Some(FieldValue::Flag(false)),
            after: Some(FieldValue::Flag(true)),
            origin: Origin::Pending,
        }],
        ..role(Action::Update, "clicked", "Clicked together")
    };
    let expired = Change {
        reason: Some(Reason::Expired),
        ..person(Action::Unassign, "x@example.test", Some("Release auditor"), None)
    };
    let changes = vec![
        default,
        deleted(),
        replaced(),
        adopted,
        created(),
        renamed(),
        updated(),
        role(Action::Release, "released", "Released role"),
        person(Action::Reassign, "jo", Some("Developer"), Some("Release auditor")),
        person(Action::Assign, "mira", None, Some("Release auditor")),
        person(Action::Assign, "okan", None, Some("Release auditor")),
        expired,
    ];
    let not_applicable =
        verdict(Guard::MinAdmins, VerdictOutcome::NotApplicable, "the provider has no administrator role");
    document(vec![TargetPlan {
        emulator: true,
        manage: Manage { roles: "authoritative".into(), assignments: "declared".into() },
        scope_changes: vec![ScopeChange {
            what: "manage.roles".into(),
            before: Some("declared".into()),
            after: Some("authoritative".into()),
        }],
        verdicts: vec![not_applicable],
        unmanaged: Unmanaged {
            roles: vec![
                UnmanagedRole {
                    address: Address::live_role("reviews", &"Temp".into(), &Scope::Target),
                    name: "Temp".into(),
                },
                UnmanagedRole {
                    address: Address::live_role("reviews", &"Guest 2".into(), &Scope::Target),
                    name: "Guest 2".into(),
                },
            ],
            assignments: Some(12),
            ..Unmanaged::default()
        },
        notes: vec!["There is no record of the last apply.".into()],
        ..target("reviews", changes)
    }])
}

/// Many targets: one changes, one failed, the others stay.
pub(super) fn many(number: usize) -> PlanDocument {
    let mut targets: Vec<_> =
        (0..number).map(|index| target(&format!("team-{index:03}"), Vec::new())).collect();
    if let Some(target) = targets.get_mut(1) {
        *target = super::samples::target("team-001", vec![renamed()]);
    }
    if let Some(target) = targets.get_mut(2) {
        *target = failed("team-002");
    }
    document(targets)
}

/// What an attacker may write into a name.
pub(super) const HOSTILE: [&str; 10] = [
    "\u{1b}[2Jgone\u{7}",
    "\u{202e}nimda",
    "zero\u{200b}width",
    "two\nlines\r\n::error file=a::b",
    "@acme/owners #1 <!-- x --></details>",
    "``` \n</summary>```",
    "**bold** [a](https://evil.test)",
    "x ::add-mask::y",
    "| a | b |",
    "wide 漢字 and \u{e0061}tags",
];

/// A plan in which everything that can be text is `text`.
pub(super) fn hostile(text: &str) -> PlanDocument {
    let mut plan = everything();
    let text = || Untrusted::from(text);
    plan.revisions.branch = Some(text());
    plan.revisions.base = Some(text());
    plan.revisions.base_name = Some(text());
    plan.revisions.merged = Some(text());
    let blame = || Some(Blame { commit: text(), author: text(), time: text(), summary: text() });
    let place = || Place { file: text(), line: 1, column: 1, blame: blame() };
    for target in &mut plan.targets {
        target.name = text();
        target.provider = text();
        target.identity = Some(Identity { host: text(), tenant: Some(text()), anchor: Some(text()) });
        target.manage = Manage { roles: text(), assignments: text() };
        target.guards.max_deletes = text();
        target.selection = vec![text()];
        target.notes = vec![text()];
        target.applied =
            Some(Applied { revision: text(), time: text(), digest: digest('e'), actor: Some(text()) });
        target.findings = vec![PlanFinding {
            code: text(),
            level: FindingLevel::Warning,
            message: text(),
            help: Some(text()),
            place: Some(place()),
        }];
        for scope in &mut target.scope_changes {
            *scope = ScopeChange { what: text(), before: Some(text()), after: Some(text()) };
        }
        for role in &mut target.unmanaged.roles {
            role.name = text();
        }
        target.unmanaged.kept = vec![Kept {
            role: RoleValue { role: text(), name: text() },
            place: Some(text()),
            class: text(),
            number: 12,
            people: vec![text()],
            reason: Reason::NotInExclusiveList,
            why: text(),
        }];
        for change in &mut target.changes {
            change.title = text();
            change.side_effects = vec![text()];
            change.manual = Some(vec![text()]);
            change.definition = Some(place());
            change.activity = vec![Activity { actor: text(), time: text(), what: text() }];
            change.verdicts = vec![Verdict {
                help: Some(text()),
                reason: Some(text()),
                ..verdict(Guard::Blocked, VerdictOutcome::Refused, text().raw())
            }];
            change.fields = vec![
                FieldChange::Set {
                    field: text(),
                    added: vec![Element {
                        value: text(),
                        origin: Origin::Drift,
                        via: Some(Via {
                            file: Some(text()),
                            line: Some(1),
                            set: Some(text()),
                            base: None,
                            blame: blame(),
                        }),
                    }],
                    removed: vec![Element { value: text(), origin: Origin::Pending, via: None }],
                },
                FieldChange::Value {
                    field: "description".into(),
                    before: Some(FieldValue::Text(Some(format!("old {}", text().raw()).into()))),
                    after: Some(FieldValue::Text(Some(text()))),
                    origin: Origin::Pending,
                },
            ];
        }
        target.left = target.changes.iter().map(left).collect();
    }
    plan
}

fn left(change: &Change) -> Left {
    Left {
        address: change.address.clone(),
        title: change.title.clone(),
        action: change.action,
        origin: Origin::Drift,
        fields: change.fields.clone(),
    }
}
