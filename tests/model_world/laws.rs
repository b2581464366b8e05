//! Laws of planning, tried on random worlds and definitions.

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
    contract::Spec,
    model::{RoleId, config::Mode},
    plan::{
        PlanDocument,
        change::{Change, Hand, Plan, RoleState, What},
        digest::{Element, elements},
        document::Action,
        operation::{Made, Op, Verb},
        order,
    },
};

use super::{
    definitions::{Planned, plan, plan_live, plan_selected},
    interpreter::{execute, execute_all},
    random::{Case, cases, sixth},
    text,
    world::{Who, World, plain_role},
};

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

/// Every law, on random cases of one provider.
macro_rules! laws {
    ($provider:ident, $cases:expr, $($law:ident)*) => {
        mod $provider {
            use super::*;

            proptest! {
                #![proptest_config(config())]
                $(
                    #[test]
                    fn $law(case in $cases) {
                        super::$law(&case)?;
                    }
                )*
            }
        }
    };
}

/// The names of the laws, for each provider.
macro_rules! all_laws {
    ($provider:ident, $cases:expr) => {
        laws! {
            $provider, $cases,
            executing_a_plan_reaches_what_is_wanted_and_leaves_nothing_to_do
            the_order_of_the_input_changes_no_byte
            a_plan_that_was_written_is_consistent
            what_writes_otherwise_has_another_digest
            access_is_within_before_and_after_at_every_instant
            a_failed_operation_stops_what_needs_it_and_the_next_plan_ends_it
            additive_never_takes_anything_away
            what_git_never_declared_is_left_alone
            a_part_of_a_plan_has_a_part_of_its_elements
            operations_are_bounded_and_in_order
        }
    };
}

all_laws!(of_the_first, cases());
all_laws!(of_the_second, sixth::cases());

fn executing_a_plan_reaches_what_is_wanted_and_leaves_nothing_to_do(
    case: &Case,
) -> Result<(), TestCaseError> {
    let Some(planned) = accepted(case)? else { return Ok(()) };
    let after = finish(case, &case.world, planned.clone(), true)?;
    prop_assert_eq!(after.state(), case.wanted.state(), "{}", text::text(&Ok(planned)));
    Ok(())
}

fn the_order_of_the_input_changes_no_byte(case: &Case) -> Result<(), TestCaseError> {
    let first = plan(&case.world, &case.definitions);
    let (mut live, mut definitions) = (case.world.live(), case.definitions.clone());
    shuffle(&mut live.objects, case.seed);
    shuffle(&mut definitions.desired.roles, case.seed ^ 1);
    shuffle(&mut definitions.desired.assignments, case.seed ^ 2);
    shuffle(&mut definitions.desired.exclusive, case.seed ^ 3);
    let second = plan_live(&live, &definitions);
    prop_assert_eq!(first.is_ok(), second.is_ok());
    if let (Ok(first), Ok(second)) = (first, second) {
        let json = |planned: &Planned| serde_json::to_string(&planned.document).expect("a document is JSON");
        prop_assert_eq!(json(&first), json(&second));
        prop_assert_eq!(first.ops, second.ops);
    }
    Ok(())
}

fn a_plan_that_was_written_is_consistent(case: &Case) -> Result<(), TestCaseError> {
    let Ok(planned) = plan(&case.world, &case.definitions) else { return Ok(()) };
    let text = serde_json::to_string(&planned.document).expect("a document is JSON");
    let read = PlanDocument::read(&text).map_err(|error| failed(&format!("{error:?}"), &planned))?;
    read.check_integrity().map_err(|error| failed(&format!("{error:?}"), &planned))?;
    // Whatever one change says of another one, the digests tell.
    let mut edited = read;
    let changes = edited.targets[0].changes.len();
    if changes > 1 {
        let change = &mut edited.targets[0].changes[case.seed as usize % changes];
        (change.before, change.after) = (change.after.take(), change.before.take());
        prop_assert!(edited.check_integrity().is_err());
    }
    Ok(())
}

/// Where other roles take the room, the same changes may take another way.
fn what_writes_otherwise_has_another_digest(case: &Case) -> Result<(), TestCaseError> {
    let Ok(first) = plan(&case.world, &case.definitions) else { return Ok(()) };
    let mut world = case.world.clone();
    for n in 0..4 {
        world.roles.insert(format!("filler-{n}"), plain_role(&format!("Filler {n}"), BTreeSet::new()));
        let Ok(then) = plan(&world, &case.definitions) else { continue };
        let refused = then.plan.refusals().next().is_some();
        if !refused && then.document.digest == first.document.digest {
            // In another order at most.
            let sent = |planned: &Planned| -> BTreeSet<String> {
                planned.ops.iter().map(|op| format!("{:?}", op.verb)).collect()
            };
            prop_assert_eq!(sent(&then), sent(&first), "{}", text::text(&Ok(then)));
        }
    }
    Ok(())
}

fn access_is_within_before_and_after_at_every_instant(case: &Case) -> Result<(), TestCaseError> {
    let Some(planned) = accepted(case)? else { return Ok(()) };
    let (before, after) = (case.world.access(), case.wanted.access());
    let rings = Rings::of(&planned.plan);
    let gaps = gaps(&planned.plan, case.world.spec);
    let excused = excused(&planned.plan, case.world.spec);
    // Only a ring forces a gap on somebody, and only where the definitions accept it.
    let one_each = case.world.spec.name() == "madeup";
    prop_assert!(
        !one_each || gaps.keys().all(|who| rings.force_a_gap(who)),
        "{:?}\n{}",
        gaps,
        text::text(&Ok(planned))
    );
    let ops = shuffled_within_strata(&planned.ops, case.seed);
    let broken = RefCell::new(None);
    let _ = execute_all(&case.world, &ops, |now, op| {
        for (who, has) in now.access() {
            let (had, gets) = (&before[&who], &after[&who]);
            let stray: Vec<&String> = has.iter().filter(|&p| !had.contains(p) && !gets.contains(p)).collect();
            let missing: Vec<&String> = had.intersection(gets).filter(|&p| !has.contains(p)).collect();
            if !stray.is_empty() {
                *broken.borrow_mut() = Some(format!("{who:?} has {stray:?} after {op:?}"));
            }
            let short = (who.0, who.1.split(' ').next().unwrap_or_default().to_owned());
            let told = gaps.get(&short);
            let told = |permission: &&&String| told.is_some_and(|told| told.contains(**permission));
            // New members have nothing yet that they could lose.
            let new = who.0 == "new member" && rings.force_a_gap(&who);
            let excused = excused.contains(&short);
            if !new && !excused && !missing.iter().all(|permission| told(&permission)) {
                *broken.borrow_mut() = Some(format!("{who:?} lacks {missing:?} after {op:?}"));
            }
        }
    });
    prop_assert!(
        broken.borrow().is_none(),
        "{}\n{}",
        broken.borrow().as_deref().unwrap_or(""),
        text::text(&Ok(planned))
    );
    Ok(())
}

fn a_failed_operation_stops_what_needs_it_and_the_next_plan_ends_it(
    case: &Case,
) -> Result<(), TestCaseError> {
    let Some(planned) = accepted(case)? else { return Ok(()) };
    if planned.ops.is_empty() {
        return Ok(());
    }
    let (before, after) = (case.world.access(), case.wanted.access());
    let fails = case.seed as usize % planned.ops.len();
    let (mut now, mut made) = (case.world.clone(), Made::new());
    let mut undone = BTreeSet::from([fails]);
    for (index, op) in planned.ops.iter().enumerate() {
        if index == fails {
            do_in_part(&mut now, &mut made, &op.verb, case.seed);
        } else if op.needs.iter().any(|need| undone.contains(need)) {
            undone.insert(index);
        } else {
            execute(&mut now, &mut made, &op.verb)
                .map_err(|why| failed(&format!("without operation {fails}, {index}: {why}"), &planned))?;
        }
        for (who, has) in now.access() {
            let stray: Vec<&String> =
                has.iter().filter(|&p| !before[&who].contains(p) && !after[&who].contains(p)).collect();
            prop_assert!(
                stray.is_empty(),
                "without {}: {:?} has {:?}\n{}",
                fails,
                who,
                stray,
                text::text(&Ok(planned.clone()))
            );
        }
    }
    let again = plan(&now, &case.definitions).map_err(|findings| {
        failed(&format!("{}after operation {fails} failed", text::text(&Err(findings))), &planned)
    })?;
    prop_assert!(
        !again.is_refused(),
        "{}after operation {} failed in\n{}",
        text::changes(&again),
        fails,
        text::text(&Ok(planned.clone()))
    );
    let end = finish(case, &now, again, false)
        .map_err(|why| failed(&format!("{why}\nafter operation {fails} failed in"), &planned))?;
    prop_assert_eq!(end.state(), case.wanted.state(), "without {}: {}", fails, text::text(&Ok(planned)));
    Ok(())
}

fn additive_never_takes_anything_away(case: &Case) -> Result<(), TestCaseError> {
    let Ok(planned) = plan(&case.world, &case.definitions) else { return Ok(()) };
    let manage = case.definitions.target.manage;
    for change in &planned.plan.changes {
        match &change.what {
            What::Role { before: Some(before), after: Some(after), .. } if manage.roles == Mode::Additive => {
                let lost = before
                    .permissions
                    .iter()
                    .flatten()
                    .find(|&p| !after.permissions.iter().flatten().any(|q| p == q));
                prop_assert!(lost.is_none(), "{} loses {:?}", change.address, lost);
            }
            What::Role { before: Some(_), after: None, .. } => prop_assert!(manage.roles != Mode::Additive),
            What::Assignment { before: Some(RoleId::Live(before)), .. }
                if manage.assignments == Mode::Additive =>
            {
                // Only the holders of a role that is removed on purpose move on.
                let removed = planned
                    .plan
                    .changes
                    .iter()
                    .any(|c| c.action == Action::Delete && c.id.as_ref() == Some(before));
                prop_assert!(before.raw() == "member" || removed);
            }
            _ => {}
        }
    }
    Ok(())
}

fn what_git_never_declared_is_left_alone(case: &Case) -> Result<(), TestCaseError> {
    let Ok(planned) = plan(&case.world, &case.definitions) else { return Ok(()) };
    let manage = case.definitions.target.manage;
    for change in &planned.plan.changes {
        let id = change.id.as_ref().map_or("", |id| id.raw());
        match &change.what {
            What::Role { .. } | What::Permission { .. } if manage.roles != Mode::Authoritative => {
                prop_assert!(!case.undeclared.contains(id), "{}", change.address);
            }
            What::Assignment { class, .. } => {
                prop_assert!(!case.untold.contains(&(*class, id.to_owned())), "{}", change.address);
            }
            _ => {}
        }
    }
    if manage.roles != Mode::Authoritative {
        let roles = case.undeclared.iter().filter(|id| !id.starts_with("permission-"));
        prop_assert_eq!(planned.plan.unmanaged_roles.len(), roles.count());
    }
    Ok(())
}

fn a_part_of_a_plan_has_a_part_of_its_elements(case: &Case) -> Result<(), TestCaseError> {
    let Ok(whole) = plan(&case.world, &case.definitions) else { return Ok(()) };
    let all: BTreeSet<_> = whole.target().changes.iter().flat_map(elements).collect();
    let mut seed = case.seed;
    let part = plan_selected(&case.world.live(), &case.definitions, |plan| {
        plan.changes.retain(|_| {
            seed = seed.rotate_right(1);
            seed.is_multiple_of(2)
        });
    });
    let part: Vec<_> = part.iter().flat_map(|part| part.target().changes.iter().flat_map(elements)).collect();
    // Without the rest of the plan there may be a gap that the whole has not.
    let is_gap = |element: &Element| element.value.contains("`allow_gap` accepts it");
    prop_assert!(part.iter().all(|element| is_gap(element) || all.contains(element)));
    let digests: BTreeSet<_> = all.iter().map(|element| element.digest()).collect();
    prop_assert_eq!(digests.len(), all.len());
    prop_assert_eq!(
        all.len(),
        whole.target().changes.iter().map(|change| elements(change).len()).sum::<usize>()
    );
    Ok(())
}

fn operations_are_bounded_and_in_order(case: &Case) -> Result<(), TestCaseError> {
    let Ok(planned) = plan(&case.world, &case.definitions) else { return Ok(()) };
    let mut covered = BTreeSet::new();
    for (index, op) in planned.ops.iter().enumerate() {
        prop_assert!(op.needs.iter().all(|need| *need < index && planned.ops[*need].stratum < op.stratum));
        prop_assert!(!op.covers.is_empty());
        covered.extend(op.covers.iter().copied());
        if let Verb::Assign { class, principals, .. } = &op.verb {
            let spec = case.world.spec.principals().iter().find(|known| known.class == *class);
            prop_assert!((1..=spec.map_or(0, |spec| spec.batch)).contains(&principals.len()));
            let each: BTreeSet<_> = principals.iter().collect();
            prop_assert!(each.len() == principals.len() && principals.len() <= op.covers.len());
        }
    }
    prop_assert!(planned.ops.is_sorted_by_key(|op| op.stratum));
    let without_an_op = |change: &Change| {
        let waits = change.by_hand != Hand::Nothing || !change.blocked_by.is_empty();
        waits || matches!(change.what, What::Assignment { after: None, .. })
    };
    for (index, change) in planned.plan.changes.iter().enumerate() {
        prop_assert!(covered.contains(&index) || without_an_op(change), "{}", change.address);
    }
    Ok(())
}

/// The random cases reach every action, and most are not refused.
#[test]
fn random_cases_reach_every_action() {
    let mut count: BTreeMap<Action, u32> = BTreeMap::new();
    let (mut all, mut refused, mut temporary, mut gaps) = (0u32, 0u32, 0u32, 0u32);
    let mut runner = TestRunner::new(config());
    for _ in 0..1000 {
        let case = cases().new_tree(&mut runner).expect("a case").current();
        let planned = plan(&case.world, &case.definitions).expect("random definitions resolve");
        all += 1;
        if planned.is_refused() {
            refused += 1;
            continue;
        }
        for action in planned.plan.changes.iter().map(|change| change.action).collect::<BTreeSet<_>>() {
            *count.entry(action).or_default() += 1;
        }
        let text = text::operations(&planned.ops);
        temporary += u32::from(text.contains("rolecall temporary"));
        gaps += u32::from(!self::gaps(&planned.plan, case.world.spec).is_empty());
    }
    let actions = [
        Action::Create,
        Action::Update,
        Action::Rename,
        Action::Delete,
        Action::Assign,
        Action::Reassign,
        Action::Unassign,
        Action::SetDefault,
    ];
    for action in actions {
        let cases = count.get(&action).copied().unwrap_or_default();
        assert!(cases * 20 >= all, "{action:?} in {cases} of {all} cases only");
    }
    assert!(refused * 10 <= all * 4, "{refused} of {all} cases are refused");
    assert!(temporary >= 10 && gaps >= 2, "{temporary} rings of names and {gaps} gaps in {all} cases");
}

/// The same for the second provider.
#[test]
fn random_cases_of_the_second_provider_reach_everything() {
    let mut count: BTreeMap<&str, u32> = BTreeMap::new();
    let mut runner = TestRunner::new(config());
    for _ in 0..1000 {
        let case = sixth::cases().new_tree(&mut runner).expect("a case").current();
        let planned = plan(&case.world, &case.definitions)
            .unwrap_or_else(|findings| panic!("{}{case:?}", text::text(&Err(findings))));
        let mut met = BTreeSet::from(["all"]);
        if planned.is_refused() {
            met.insert("refused");
        } else {
            for change in &planned.plan.changes {
                if let What::Permission { before, after, .. } = &change.what {
                    met.insert(match (before, after) {
                        (None, _) => "permission made",
                        (_, None) => "permission deleted",
                        _ => "permission changed",
                    });
                    continue;
                }
                met.insert(match change.action {
                    Action::Create => "create",
                    Action::Update => "update",
                    Action::Rename => "rename",
                    Action::Replace => "replace",
                    Action::Delete => "delete",
                    Action::Assign => "assign",
                    Action::Reassign => "reassign",
                    Action::Unassign => "unassign",
                    Action::SetDefault | Action::Release => "other",
                });
                if change.by_hand != Hand::Nothing {
                    met.insert("by hand");
                }
                if !change.blocked_by.is_empty() {
                    met.insert("blocked");
                }
            }
            let takes = planned.ops.iter().any(|op| matches!(op.verb, Verb::Unassign { .. }));
            met.extend(takes.then_some("take"));
            let waits = order::crowded(&planned.plan, case.world.spec);
            met.extend((!waits.is_empty()).then_some("wait"));
        }
        for one in met {
            *count.entry(one).or_default() += 1;
        }
    }
    for one in ["create", "update", "rename", "replace", "delete", "assign", "reassign", "unassign", "take"] {
        assert!(count.get(one).is_some_and(|cases| cases * 20 >= 1000), "{one}: {count:?}");
    }
    for one in ["permission made", "permission changed", "permission deleted"] {
        assert!(count.get(one).is_some_and(|cases| cases * 20 >= 1000), "{one}: {count:?}");
    }
    for one in ["by hand", "blocked", "wait"] {
        assert!(count.get(one).is_some_and(|cases| *cases >= 5), "{one}: {count:?}");
    }
    assert!(count.get("refused").is_none_or(|cases| *cases <= 500), "{count:?}");
}

/// The plan of a random case, which always resolves; `None` where a guard refuses it.
fn accepted(case: &Case) -> Result<Option<Planned>, TestCaseError> {
    match plan(&case.world, &case.definitions) {
        Ok(planned) if planned.is_refused() => Ok(None),
        Ok(planned) => Ok(Some(planned)),
        Err(findings) => Err(TestCaseError::fail(text::text(&Err(findings)))),
    }
}

fn failed(why: &str, planned: &Planned) -> TestCaseError {
    TestCaseError::fail(format!("{why}\n{}", text::text(&Ok(planned.clone()))))
}

/// Of an assignment of several people some arrive; anything else does nothing.
fn do_in_part(world: &mut World, made: &mut Made, verb: &Verb, seed: u64) {
    if let Verb::Assign { role, base, scope, class, principals, held } = verb {
        let some = principals[..seed as usize / 7 % principals.len()].to_vec();
        let (role, base, scope, held) = (role.clone(), base.clone(), scope.clone(), held.clone());
        // An empty request is refused like the whole.
        let _ = execute(world, made, &Verb::Assign { role, base, scope, class, principals: some, held });
    }
}

/// A permutation that follows from `seed`.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for at in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(at, (state >> 33) as usize % (at + 1));
    }
}

/// Carries a plan out as far as the API goes, then by hand, and again until nothing is left to do.
fn finish(case: &Case, world: &World, mut planned: Planned, shuffles: bool) -> Result<World, TestCaseError> {
    let mut now = world.clone();
    for _ in 0..4 {
        let ops = match shuffles {
            true => shuffled_within_strata(&planned.ops, case.seed),
            false => planned.ops.clone(),
        };
        now = execute_all(&now, &ops, |_, _| ()).map_err(|why| failed(&why, &planned))?;
        now.by_hand(&planned.plan);
        let waits = planned.plan.changes.iter().any(|change| change.by_hand != Hand::Nothing);
        let again = plan(&now, &case.definitions)
            .map_err(|findings| failed(&text::text(&Err(findings)), &planned))?;
        if again.plan.changes.is_empty() {
            prop_assert!(again.ops.is_empty());
            return Ok(now);
        }
        prop_assert!(waits, "{}is left after\n{}", text::text(&Ok(again)), text::text(&Ok(planned)));
        prop_assert!(!again.is_refused(), "{}after\n{}", text::text(&Ok(again)), text::text(&Ok(planned)));
        planned = again;
    }
    Err(failed("something is always left to do", &planned))
}

/// Who is without a role for a moment, as the notes of the plan say.
fn excused(plan: &Plan, spec: &dyn Spec) -> BTreeSet<Who> {
    let crowded = order::crowded(plan, spec).into_iter().filter(|crowded| crowded.waits);
    let waiting = crowded.flat_map(|crowded| crowded.who);
    let apart = plan.changes.iter().filter_map(|change| match &change.what {
        What::Assignment { class, principal, .. } if *class == "crew" => Some((*class, principal.clone())),
        _ => None,
    });
    waiting.chain(apart).map(|(class, principal)| (class, principal.raw().to_owned())).collect()
}

/// What each person is without for a moment, as the plan tells.
fn gaps(plan: &Plan, spec: &dyn Spec) -> BTreeMap<Who, BTreeSet<String>> {
    let mut gaps: BTreeMap<Who, BTreeSet<String>> = BTreeMap::new();
    for gap in order::gaps(plan, spec) {
        for (class, principal) in gap.who {
            let permissions = gap.permissions.iter().map(|permission| permission.raw().to_owned());
            gaps.entry((class, principal.raw().to_owned())).or_default().extend(permissions);
        }
    }
    gaps
}

/// The operations in another order that the strata allow. Needs are left as they were: they are
/// only read where the order is the plan's.
fn shuffled_within_strata(ops: &[Op], seed: u64) -> Vec<Op> {
    let mut ops = ops.to_vec();
    shuffle(&mut ops, seed);
    ops.sort_by_key(|op| op.stratum);
    ops
}

/// Where the wish that nobody lacks for a moment what they keep cannot be met.
///
/// A step of a person goes from one role to another. To avoid a gap, it comes before the old role
/// loses, and after the new role gains. A ring of such wishes, of the rules that must hold, and of
/// names that wait for each other forces a gap for somebody on it: exactly those people may have
/// one.
struct Rings {
    forced: BTreeSet<Who>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Lose(RoleId),
    Gain(RoleId),
    /// Made, renamed, or deleted: whatever has to do with names.
    Name(RoleId),
    Create(RoleId),
    Delete(RoleId),
    Move(Option<RoleId>, RoleId),
    Default,
}

impl Rings {
    fn of(plan: &Plan) -> Self {
        let mut edges: Vec<(Node, Node)> = Vec::new();
        let mut wishes: Vec<(Node, Node, Who)> = Vec::new();
        let mut roles: BTreeMap<RoleId, (&Option<RoleState>, &Option<RoleState>)> = BTreeMap::new();
        for change in &plan.changes {
            if let What::Role { before, after, .. } = &change.what {
                roles.insert(change.role_id(), (before, after));
            }
        }
        for change in &plan.changes {
            let (from, to, node, who) = match &change.what {
                What::Assignment { before, after: Some(to), class, principal, .. } => {
                    let who = (*class, principal.raw().to_owned());
                    (before, Some(to), Node::Move(before.clone(), to.clone()), who)
                }
                What::Default { before, after } => {
                    (before, after.as_ref(), Node::Default, ("new member", String::new()))
                }
                _ => continue,
            };
            if let Some(to) = to {
                edges.push((Node::Create(to.clone()), node.clone()));
                edges.push((Node::Lose(to.clone()), node.clone()));
                wishes.push((Node::Gain(to.clone()), node.clone(), who.clone()));
            }
            if let Some(from) = from {
                edges.push((node.clone(), Node::Gain(from.clone())));
                edges.push((node.clone(), Node::Delete(from.clone())));
                wishes.push((node, Node::Lose(from.clone()), who));
            }
        }
        for role in roles.keys() {
            edges.push((Node::Lose(role.clone()), Node::Gain(role.clone())));
            // What makes, renames, or deletes a role is where its name is taken or freed.
            for same in [Node::Create(role.clone()), Node::Delete(role.clone())] {
                edges.push((same.clone(), Node::Name(role.clone())));
                edges.push((Node::Name(role.clone()), same));
            }
        }
        let folded = |state: &Option<RoleState>| state.as_ref().map(|state| state.name.raw().to_lowercase());
        for (frees, (before, after)) in &roles {
            for (takes, (earlier, later)) in &roles {
                let frees_it =
                    before.is_some() && after.as_ref().map(|a| &a.name) != before.as_ref().map(|b| &b.name);
                if frees != takes
                    && frees_it
                    && folded(before) == folded(later)
                    && earlier.as_ref().map(|e| &e.name) != later.as_ref().map(|l| &l.name)
                {
                    edges.push((Node::Name(frees.clone()), Node::Name(takes.clone())));
                }
            }
        }
        let happens = |node: &Node| match node {
            Node::Lose(role) => roles.get(role).is_some_and(|(before, after)| !within(before, after)),
            Node::Gain(role) => roles.get(role).is_some_and(|(before, after)| !within(after, before)),
            Node::Create(role) => roles.get(role).is_some_and(|(before, _)| before.is_none()),
            Node::Delete(role) => roles.get(role).is_some_and(|(_, after)| after.is_none()),
            Node::Name(_) | Node::Move(..) | Node::Default => true,
        };
        wishes.retain(|(from, to, _)| happens(from) && happens(to));
        edges.retain(|(from, to)| happens(from) && happens(to));
        edges.extend(wishes.iter().map(|(from, to, _)| (from.clone(), to.clone())));
        let forced = wishes.into_iter().filter(|(from, to, _)| reaches(&edges, to, from));
        let forced = forced.map(|(_, _, who)| who).collect();
        Self { forced }
    }

    fn force_a_gap(&self, who: &Who) -> bool {
        self.forced.contains(who)
    }
}

/// Whether an existing role has no permission that the other does not have; a role that is made
/// or goes neither loses nor gains.
fn within(state: &Option<RoleState>, other: &Option<RoleState>) -> bool {
    match (state, other) {
        (Some(state), Some(other)) => {
            let other: BTreeSet<_> = other.permissions.iter().flatten().collect();
            state.permissions.iter().flatten().all(|permission| other.contains(permission))
        }
        _ => true,
    }
}

fn reaches(edges: &[(Node, Node)], from: &Node, to: &Node) -> bool {
    let (mut seen, mut open) = (BTreeSet::from([from]), vec![from]);
    while let Some(node) = open.pop() {
        if node == to {
            return true;
        }
        open.extend(
            edges.iter().filter(|(a, _)| a == node).map(|(_, b)| b).filter(|next| seen.insert(*next)),
        );
    }
    false
}
