//! Laws of planning over random histories: what git held before leads every apply to the same end.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{TestCaseError, TestRunner},
};
use rolecall::{
    model::{Address, RoleId, Untrusted, config::Mode},
    plan::{
        change::What,
        digest::{Element, elements},
        document::{self, Action, Guard, Origin, VerdictOutcome},
        pending,
    },
};

use super::{
    definitions::{Definitions, Planned, ids, plan, plan_part, plan_selected},
    history::{Fate, History, Revision, click_all, histories, named, over},
    interpreter::execute_all,
    text::{self, told},
    world::World,
};

type Ids = BTreeMap<Address, Untrusted>;

/// At least 1,000 cases; `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig {
        cases: usual.cases.max(1000),
        failure_persistence: None,
        max_shrink_iters: 4000,
        ..usual
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_revision_in_turn_ends_where_the_last_one_alone_ends(history in histories()) {
        let History { revisions, .. } = &history;
        let (first, last) = (&revisions[0], &revisions[revisions.len() - 1]);
        for recorded in [true, false] {
            let mut live = first_live(first);
            let mut known = ids(&first.definitions().desired, &live);
            for pair in revisions.windows(2) {
                let record = recorded.then_some((&pair[0], &known));
                let asked = over(&pair[1], Some(&pair[0]), record);
                live = applied(&live, &asked)?;
                known = ids(&asked.desired, &live);
            }
            let start = first_live(first);
            let known = ids(&first.definitions().desired, &start);
            let alone = match recorded {
                true => over(last, revisions.iter().nth_back(1), Some((first, &known))),
                false => over(last, Some(first), None),
            };
            let end = applied(&start, &alone)?;
            prop_assert_eq!(named(&live), named(&end), "record: {}, alone:\n{}", recorded, told(&plan(&start, &alone).expect("a plan")));
        }
    }

    #[test]
    fn whatever_failed_before_the_last_apply_ends_it(history in histories()) {
        let run = run(&history)?;
        let last = &history.revisions[history.revisions.len() - 1];
        let planned = planned(&run.live, &run.asked(last))?;
        if planned.is_refused() {
            // What a failed apply left behind and no revision remembers is in the way.
            return Ok(());
        }
        let end = execute_all(&run.live, &planned.ops, |_, _| ()).map_err(|why| failed(&why, &planned))?;
        let start = first_live(&history.revisions[0]);
        let known = ids(&history.revisions[0].definitions().desired, &start);
        let alone = over(last, None, Some((&history.revisions[0], &known)));
        let (wanted, got) = (named(&applied(&start, &alone)?), named(&end));
        let remembered = [Some(last), run.base, Some(run.applied)];
        let remembered: Vec<&Revision> = remembered.into_iter().flatten().collect();
        for (name, role) in &wanted.0 {
            prop_assert_eq!(Some(role), got.0.get(name), "{}", told(&planned));
        }
        for name in got.0.keys().filter(|name| !wanted.0.contains_key(*name)) {
            prop_assert!(!remembered.iter().any(|revision| revision.names().any(|known| known == name)), "{} stays:\n{}", name, told(&planned));
        }
        for (person, role) in &wanted.1 {
            let held = got.1[person].clone();
            let forgotten = !last.tells(person) && held.as_ref().is_some_and(|held| !remembered.iter().any(|revision| revision.holds(person, held)));
            prop_assert!(&held == role || forgotten, "{} holds {:?}:\n{}", person, held, told(&planned));
        }
        prop_assert_eq!(&wanted.2, &got.2);
    }

    #[test]
    fn with_the_record_of_an_apply_there_is_nothing_left_to_do(history in histories()) {
        let mut run = run(&history)?;
        click_all(&mut run.live, &history.clicks);
        let asked = run.asked(&history.revisions[history.revisions.len() - 1]);
        let planned = planned(&run.live, &asked)?;
        if planned.is_refused() { return Ok(()) }
        let end = execute_all(&run.live, &planned.ops, |_, _| ()).map_err(|why| failed(&why, &planned))?;
        // A base that comes before what was applied counts as that, so it is the base, too.
        let again = plan(&end, &asked.after_apply(&end)).map_err(|findings| TestCaseError::fail(text::text(&Err(findings))))?;
        prop_assert!(again.plan.changes.is_empty(), "{}after\n{}", told(&again), told(&planned));
    }

    #[test]
    fn where_nothing_changed_there_is_nothing_to_do(history in histories()) {
        let first = &history.revisions[0];
        let live = first_live(first);
        let known = ids(&first.definitions().desired, &live);
        for (base, record) in [(Some(first), Some((first, &known))), (Some(first), None), (None, Some((first, &known)))] {
            let again = planned(&live, &over(first, base, record))?;
            prop_assert!(again.plan.changes.is_empty(), "{}", told(&again));
        }
    }

    #[test]
    fn pending_and_drift_are_the_two_parts_of_a_plan(history in histories()) {
        let mut run = run(&history)?;
        click_all(&mut run.live, &history.clicks);
        let asked = run.asked(&history.revisions[history.revisions.len() - 1]);
        let whole = planned(&run.live, &asked)?;
        let mut left = Vec::new();
        let kept = plan_part(&run.live.live(), &asked, |plan| {
            // Refused where the parts need each other; the plan is then unchanged.
            left = pending::keep(plan).ok()?;
            Some(left.clone())
        });
        let kept = kept.map_err(|findings| TestCaseError::fail(text::text(&Err(findings))))?;
        let stands = kept.target().pending_only;
        let drift = plan_selected(&run.live.live(), &asked, pending::drift).expect("a plan");
        let all = |planned: &Planned| -> BTreeSet<_> { planned.target().changes.iter().flat_map(elements).collect() };
        if stands {
            let both: BTreeSet<_> = all(&kept).union(&all(&drift)).cloned().collect();
            prop_assert_eq!(both, all(&whole), "{}", told(&kept));
            prop_assert_eq!(left.len(), drift.plan.changes.len());
            for change in &kept.target().changes {
                prop_assert!(origins(change).all(|origin| matches!(origin, Origin::Pending | Origin::Unapplied)), "{}", told(&kept));
            }
            if !kept.is_refused() {
                let end = keeps_access(&run.live, &kept)?;
                // What was left is still to do.
                let rest = planned(&end, &asked)?;
                let undone = |planned: &Planned| -> BTreeSet<_> {
                    let told = all(planned).into_iter().filter(|element| !element.field.is_empty() && element.field != "adopts" && element.field != "side_effect");
                    // A role that was made meanwhile has an id in place of its address.
                    told.map(|element| Element { after: String::new(), ..element }).collect()
                };
                let missing: Vec<_> = undone(&drift).difference(&undone(&rest)).cloned().collect();
                prop_assert!(missing.is_empty(), "{:?}\nof {}\nwas done by\n{}", missing, told(&drift), told(&kept));
            }
        } else {
            prop_assert!(whole.plan.changes.iter().any(|change| change.origins.common() != Origin::Pending));
        }
        for change in &drift.target().changes {
            prop_assert!(origins(change).all(|origin| matches!(origin, Origin::Drift | Origin::Undetermined)), "{}", told(&drift));
        }
    }

    #[test]
    fn origins_change_no_digest(history in histories()) {
        let mut run = run(&history)?;
        click_all(&mut run.live, &history.clicks);
        let asked = run.asked(&history.revisions[history.revisions.len() - 1]);
        let with = planned(&run.live, &asked)?;
        let without = plan_selected(&run.live.live(), &asked, |plan| {
            plan.changes.iter_mut().for_each(|change| change.origins = Default::default());
        });
        let without = without.expect("a plan");
        prop_assert_eq!(&with.document.digest, &without.document.digest);
        for (with, without) in with.target().changes.iter().zip(&without.target().changes) {
            prop_assert_eq!(&with.digest, &without.digest);
            prop_assert_eq!(elements(with), elements(without));
        }
    }

    #[test]
    fn access_is_within_before_and_after_over_a_history(history in histories()) {
        let mut run = run(&history)?;
        click_all(&mut run.live, &history.clicks);
        let planned = planned(&run.live, &run.asked(&history.revisions[history.revisions.len() - 1]))?;
        if !planned.is_refused() {
            keeps_access(&run.live, &planned)?;
        }
    }

    #[test]
    fn what_no_revision_declares_stays(history in histories(), hostile in prop::collection::vec((0..12usize, 0..9usize), 0..4), additive in any::<bool>()) {
        let mut run = run(&history)?;
        click_all(&mut run.live, &history.clicks);
        let last = &history.revisions[history.revisions.len() - 1];
        // Whoever can write the record points it at any role.
        let live: Vec<String> = run.live.roles.keys().cloned().collect();
        for (key, id) in hostile {
            let key = Address::role("t", &format!("k{key}"), &rolecall::model::Scope::Target);
            run.ids.insert(key, live[id % live.len()].as_str().into());
        }
        let mut asked = run.asked(last);
        if additive {
            asked = asked.manage(Mode::Additive, Mode::Additive);
        }
        let planned = planned(&run.live, &asked)?;
        let mut names: BTreeSet<&str> = [Some(last), run.base, Some(run.applied)].into_iter().flatten().flat_map(Revision::names).collect();
        names.extend(asked.desired.removed.iter().filter_map(|removal| match &removal.role.value {
            rolecall::model::desired::RoleName::Live(name) => Some(name.raw()),
            _ => None,
        }));
        for change in &planned.plan.changes {
            let refused = change.verdicts.iter().any(|verdict| verdict.outcome == VerdictOutcome::Refused);
            match &change.what {
                What::Role { before: Some(before), after, .. } => {
                    let live = change.id.as_ref().map_or("", |id| id.raw());
                    prop_assert!(!run.live.roles[live].builtin, "{}", told(&planned));
                    let ours = names.contains(before.name.raw()) || before.name.raw().starts_with("rolecall temporary");
                    prop_assert!(after.is_some() || refused || ours, "{}", told(&planned));
                    prop_assert!(after.is_some() || refused || !additive, "{}", told(&planned));
                    // Nobody gains by a record alone.
                    if let Some(after) = after {
                        let gains = !after.permissions.iter().flatten().all(|p| before.permissions.iter().flatten().any(|q| p == q));
                        prop_assert!(ours || refused || !gains || run.live.holders(live) == 0, "{}", told(&planned));
                    }
                }
                What::Assignment { before: Some(RoleId::Live(_)), .. } if additive => {
                    prop_assert!(change.action == Action::Assign || planned.is_refused(), "{}", told(&planned));
                }
                _ => {}
            }
        }
    }
}

/// The random histories reach every action and every origin, and few plans are refused.
#[test]
fn random_histories_reach_every_action_and_origin() {
    let (mut actions, mut found) = (BTreeMap::<Action, u32>::new(), BTreeMap::<&str, u32>::new());
    let mut refused = BTreeMap::<Guard, u32>::new();
    let (mut all, mut parts, mut split) = (0u32, 0u32, 0u32);
    let mut runner = TestRunner::new(config());
    for _ in 0..1000 {
        let history = histories().new_tree(&mut runner).expect("a history").current();
        let mut run = run(&history).expect("a run");
        click_all(&mut run.live, &history.clicks);
        let asked = run.asked(&history.revisions[history.revisions.len() - 1]);
        let planned = planned(&run.live, &asked).expect("a plan");
        all += 1;
        if planned.is_refused() {
            for guard in planned.plan.refusals().map(|verdict| verdict.guard).collect::<BTreeSet<_>>() {
                *refused.entry(guard).or_default() += 1;
            }
            continue;
        }
        for action in planned.plan.changes.iter().map(|change| change.action).collect::<BTreeSet<_>>() {
            *actions.entry(action).or_default() += 1;
        }
        let origins: BTreeSet<Origin> = planned.target().changes.iter().flat_map(origins).collect();
        for origin in origins {
            let word = match origin {
                Origin::Pending => "pending",
                Origin::Unapplied => "unapplied",
                Origin::Drift => "drift",
                Origin::Undetermined => "undetermined",
                Origin::Unread => "unread",
                Origin::Mixed => "mixed",
            };
            *found.entry(word).or_default() += 1;
        }
        split +=
            u32::from(planned.plan.changes.iter().any(|change| change.origins.common() == Origin::Mixed));
        let mut plan = planned.plan.clone();
        parts += u32::from(
            pending::keep(&mut plan).is_ok_and(|left| !left.is_empty() && !plan.changes.is_empty()),
        );
    }
    let report = format!(
        "{all} histories: {actions:?}, {found:?}, refused {refused:?}, {split} with mixed changes, {parts} in two parts"
    );
    for action in [
        Action::Create,
        Action::Update,
        Action::Rename,
        Action::Delete,
        Action::Assign,
        Action::Reassign,
        Action::Unassign,
        Action::SetDefault,
    ] {
        assert!(
            actions.get(&action).copied().unwrap_or_default() * 20 >= all,
            "{action:?} is rare: {report}"
        );
    }
    for origin in ["pending", "unapplied", "drift"] {
        assert!(found.get(origin).copied().unwrap_or_default() * 20 >= all, "{origin} is rare: {report}");
    }
    assert!(split * 20 >= all && parts * 20 >= all, "{report}");
    assert!(refused.values().sum::<u32>() * 4 <= all, "{report}");
}

/// Where a history stands before its last revision is applied.
struct Run<'h> {
    live: World,
    base: Option<&'h Revision>,
    applied: &'h Revision,
    ids: Ids,
}

impl Run<'_> {
    fn asked(&self, revision: &Revision) -> Definitions {
        over(revision, self.base, Some((self.applied, &self.ids)))
    }
}

/// Every revision but the last, with what became of its apply.
fn run(history: &History) -> Result<Run<'_>, TestCaseError> {
    let first = &history.revisions[0];
    let live = first_live(first);
    let known = ids(&first.definitions().desired, &live);
    let mut run = Run { live, base: None, applied: first, ids: known };
    for (at, pair) in history.revisions.windows(2).enumerate() {
        run.base = Some(&pair[0]);
        if at + 2 == history.revisions.len() {
            break;
        }
        let asked = run.asked(&pair[1]);
        let planned = planned(&run.live, &asked)?;
        if planned.is_refused() {
            continue;
        }
        match history.fates[at] {
            Fate::NotRun => {}
            Fate::Failed(percent) => {
                let some = planned.ops.len() * usize::from(percent) / 100;
                run.live = execute_all(&run.live, &planned.ops[..some], |_, _| ())
                    .map_err(|why| failed(&why, &planned))?;
            }
            Fate::Applied => {
                run.live =
                    execute_all(&run.live, &planned.ops, |_, _| ()).map_err(|why| failed(&why, &planned))?;
                run.applied = &pair[1];
                run.ids = ids(&asked.desired, &run.live);
            }
        }
    }
    Ok(run)
}

fn first_live(revision: &Revision) -> World {
    revision.live().with(|api| api.caller = Some("somebody else".into()))
}

fn planned(live: &World, asked: &Definitions) -> Result<Planned, TestCaseError> {
    plan(live, asked).map_err(|findings| TestCaseError::fail(text::text(&Err(findings))))
}

/// The live state after a complete apply, which no guard refuses.
fn applied(live: &World, asked: &Definitions) -> Result<World, TestCaseError> {
    let planned = planned(live, asked)?;
    prop_assert!(!planned.is_refused(), "{}", told(&planned));
    execute_all(live, &planned.ops, |_, _| ()).map_err(|why| failed(&why, &planned))
}

fn failed(why: &str, planned: &Planned) -> TestCaseError {
    TestCaseError::fail(format!("{why}\n{}", text::text(&Ok(planned.clone()))))
}

/// Executes the plan; nobody ever has what they have neither before nor after.
fn keeps_access(live: &World, planned: &Planned) -> Result<World, TestCaseError> {
    let end = execute_all(live, &planned.ops, |_, _| ()).map_err(|why| failed(&why, planned))?;
    let (before, after) = (live.access(), end.access());
    let broken = RefCell::new(None);
    let _ = execute_all(live, &planned.ops, |now, op| {
        for (who, has) in now.access() {
            let stray = has.iter().find(|&p| !before[&who].contains(p) && !after[&who].contains(p));
            if let Some(stray) = stray {
                *broken.borrow_mut() = Some(format!("{who:?} has {stray} after {op:?}"));
            }
        }
    });
    let broken = broken.into_inner();
    prop_assert!(broken.is_none(), "{}\n{}", broken.unwrap_or_default(), text::text(&Ok(planned.clone())));
    Ok(end)
}

/// The origins of all elements of a change.
fn origins(change: &document::Change) -> impl Iterator<Item = Origin> {
    change.fields.iter().flat_map(|field| match field {
        document::FieldChange::Set { added, removed, .. } => {
            added.iter().chain(removed).map(|member| member.origin).collect::<Vec<_>>()
        }
        document::FieldChange::Value { origin, .. } => vec![*origin],
    })
}
