use std::{fs, path::Path};

use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{
    model::{Address, Scope, Untrusted},
    plan::{
        document::{
            Action, Applied, Change, Element, FieldChange, FieldValue, Identity, Origin, Reason, RoleValue,
            RunStatistics, Summary, TargetPlan, Via,
        },
        read::MAX_BYTES,
    },
    render::plan::{
        ledger::tests::outcome,
        samples::{HOSTILE, change, digest, document, everything, failed, hostile, many, target},
    },
};

/// The committed schemas are those of the types. `UPDATE_SCHEMA=1 cargo test schemas_are_held` writes them.
#[test]
fn schemas_are_held() {
    for (name, schema) in [("plan", plan_schema()), ("apply", outcome_schema())] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/{name}.schema.json"));
        let text = json::to_string(&schema);
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            fs::write(&path, &text).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            text,
            "run with UPDATE_SCHEMA=1 to write {}",
            path.display()
        );
    }
}

#[test]
fn what_is_written_is_valid() {
    let plan = jsonschema::draft202012::new(&plan_schema()).unwrap();
    for document in [everything(), many(4), hostile("\u{202e}\n")] {
        let value: Value = serde_json::from_str(&render(&document)).unwrap();
        let errors: Vec<_> = plan.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
    let schema = jsonschema::draft202012::new(&outcome_schema()).unwrap();
    let value: Value = serde_json::from_str(&render_outcome(&outcome())).unwrap();
    assert!(schema.is_valid(&value));
    assert!(!plan.is_valid(&value), "a result is not a plan");
}

/// The messages of a plan that was changed by `edit`.
fn refused(edit: impl FnOnce(&mut Value)) -> String {
    let mut value = serde_json::to_value(everything()).unwrap();
    edit(&mut value);
    let error = PlanDocument::read(&value.to_string()).unwrap_err();
    error.messages.iter().map(Untrusted::raw).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_edited_plan_is_refused_in_a_sentence() {
    insta::assert_snapshot!(refused(|plan| plan["format_version"] = 2.into()),
        @"The plan has format version 2; this program reads version 1.");
    insta::assert_snapshot!(refused(|plan| drop(plan.as_object_mut().unwrap().remove("format_version"))),
        @"This is not a plan: it has no `format_version`.");
    insta::assert_snapshot!(refused(|plan| *plan = "text".into()),
        @r#"This is not a plan: invalid type: string "text", expected a JSON object at line 1 column 6."#);
    insta::assert_snapshot!(refused(|plan| plan["targets"][0]["changes"][0]["action"] = "explode".into())
        .split(" at line").next().unwrap(),
        @"The plan is malformed: unknown variant `explode`, expected one of `create`, `update`, `rename`, `replace`, `delete`, `assign`, `reassign`, `unassign`, `set_default`, `release`");
    let everything_at_once = refused(|plan| {
        plan["digest"] = "sha256:DD".into();
        plan["targets"][0]["changes"][1]["digest"] = "sha1:0".into();
        plan["targets"][0]["changes"][0]["address"] = "reviews/role/\u{202e}".into();
        plan["targets"][0]["changes"][1]["address"] = "".into();
        plan["targets"][0]["unmanaged"]["roles"][1]["address"] = "a b/c".into();
        plan["targets"][0]["summary"]["delete"] = 0.into();
        let twin = plan["targets"][0].clone();
        plan["targets"].as_array_mut().unwrap().push(twin);
    });
    let first_target: Vec<_> = everything_at_once.lines().filter(|line| !line.contains("[1].ch")).collect();
    insta::assert_snapshot!(first_target.join("\n"), @r"
    `digest` is not a digest: `sha256:` and 64 hexadecimal digits.
    `targets[0].changes[1].digest` is not a digest: `sha256:` and 64 hexadecimal digits.
    `targets[0].changes[0].address` is not an address.
    `targets[0].changes[1].address` is not an address.
    `targets[0].unmanaged.roles[1].address` is not an address.
    `targets[0].summary` does not count its changes.
    `targets[1].unmanaged.roles[1].address` is not an address.
    `targets[1].summary` does not count its changes.
    `targets[1].name` is not in order, or stands there twice.
    ");
}

/// Every object of the format refuses a key that it does not know.
#[test]
fn unknown_fields_are_refused_everywhere() {
    fn objects(value: &mut Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                // The keys of these two are names of fields, and any name is one.
                if !path.ends_with("/before") && !path.ends_with("/after") {
                    found.push(path.to_owned());
                }
                map.iter_mut().for_each(|(key, value)| objects(value, &format!("{path}/{key}"), found));
            }
            Value::Array(items) => {
                items
                    .iter_mut()
                    .enumerate()
                    .for_each(|(i, item)| objects(item, &format!("{path}/{i}"), found));
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(everything()).unwrap();
    let mut paths = Vec::new();
    objects(&mut value, "", &mut paths);
    assert!(paths.len() > 30);
    for path in paths {
        let message = refused(|plan| plan.pointer_mut(&path).unwrap()["surprise"] = 1.into());
        assert!(message.starts_with("The plan is malformed"), "{path}: {message}");
    }
}

#[test]
fn a_plan_that_is_too_large_is_not_parsed() {
    let error = PlanDocument::read(&" ".repeat(MAX_BYTES + 1)).unwrap_err();
    assert_eq!(error.messages, ["The plan is 65 MiB large; at most 64 MiB are read.".into()]);
}

#[test]
fn hostile_text_survives_and_is_not_seen() {
    for text in HOSTILE {
        let plan = hostile(text);
        let written = render(&plan);
        assert!(!written.chars().any(|c| c != '\n' && crate::render::escape::is_hidden(c)), "{written}");
        assert_eq!(serde_json::from_str::<PlanDocument>(&written).unwrap(), plan);
    }
}

fn untrusted() -> impl Strategy<Value = Untrusted> {
    any::<String>().prop_map(Untrusted::from)
}

fn value() -> impl Strategy<Value = FieldValue> {
    prop_oneof![
        any::<bool>().prop_map(FieldValue::Flag),
        option::of(untrusted()).prop_map(FieldValue::Text),
        vec(untrusted(), 0..4).prop_map(FieldValue::Set),
        (untrusted(), untrusted()).prop_map(|(role, name)| FieldValue::Role(RoleValue { role, name })),
    ]
}

/// A side of a changed field. `null` says that there is none: a cleared text is the same there.
fn side() -> impl Strategy<Value = Option<FieldValue>> {
    option::of(value()).prop_map(|value| value.filter(|value| *value != FieldValue::Text(None)))
}

fn origin() -> impl Strategy<Value = Origin> {
    prop::sample::select(vec![
        Origin::Pending,
        Origin::Unapplied,
        Origin::Drift,
        Origin::Undetermined,
        Origin::Unread,
        Origin::Mixed,
    ])
}

fn element() -> impl Strategy<Value = Element> {
    let via =
        (option::of(untrusted()), any::<Option<u32>>(), option::of(untrusted()), option::of(untrusted()))
            .prop_map(|(file, line, set, base)| Via { file, line, set, base, blame: None });
    (untrusted(), origin(), option::of(via)).prop_map(|(value, origin, via)| Element { value, origin, via })
}

fn field() -> impl Strategy<Value = FieldChange> {
    prop_oneof![
        (untrusted(), vec(element(), 0..3), vec(element(), 0..3))
            .prop_map(|(field, added, removed)| FieldChange::Set { field, added, removed }),
        (untrusted(), side(), side(), origin())
            .prop_map(|(field, before, after, origin)| FieldChange::Value { field, before, after, origin }),
    ]
}

fn any_change() -> impl Strategy<Value = Change> {
    let action = prop::sample::select(vec![Action::Create, Action::Update, Action::Delete, Action::Unassign]);
    let fields = || option::of(prop::collection::btree_map(any::<String>(), value(), 0..3));
    let reason = prop::sample::select(vec![None, Some(Reason::BaseChanged), Some(Reason::Expired)]);
    (
        (action, any::<String>(), untrusted(), fields(), fields(), vec(field(), 0..3)),
        (any::<bool>(), option::of(vec(untrusted(), 0..2)), reason, any::<Option<u64>>(), origin()),
    )
        .prop_map(
            |((action, key, title, before, after, fields), (adopts, manual, reason, holders, origin))| {
                let address = Address::role("t", &key, &Scope::Target);
                let change = change(action, address, title.raw());
                Change { before, after, fields, adopts, manual, reason, holders, origin, ..change }
            },
        )
}

pub(in crate::render::plan) fn any_plan() -> impl Strategy<Value = PlanDocument> {
    let identity = (untrusted(), option::of(untrusted()), option::of(untrusted()))
        .prop_map(|(host, tenant, anchor)| Identity { host, tenant, anchor });
    let any_target = (vec(any_change(), 0..5), option::of(identity), vec(untrusted(), 0..3), any::<bool>());
    (vec(any_target, 0..4), untrusted(), any::<[u32; 3]>()).prop_map(|(targets, branch, [a, b, c])| {
        let mut targets: Vec<_> = targets
            .into_iter()
            .enumerate()
            .map(|(index, (changes, identity, notes, emulator))| {
                let summary = Summary::of(&changes);
                let applied = Some(Applied {
                    revision: branch.clone(),
                    time: branch.clone(),
                    digest: digest('e'),
                    actor: None,
                });
                let plain = target(&format!("t{index}"), changes);
                TargetPlan { identity, notes, emulator, summary, applied, ..plain }
            })
            .collect();
        if a % 4 == 0 {
            targets.push(failed("z"));
        }
        let mut plan = document(targets);
        plan.revisions.branch = Some(branch);
        plan.run = Some(RunStatistics { requests: a, depth: b, retries: c, wall_ms: u64::from(a) });
        plan
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read(plan in any_plan()) {
        prop_assert_eq!(PlanDocument::read(&render(&plan)), Ok(plan));
    }

    #[test]
    fn reading_never_panics(text in any::<String>()) {
        prop_assert!(PlanDocument::read(&text).is_err());
    }
}
