//! The record of an apply: whether there may be one, and what it says.

use std::collections::BTreeMap;

use crate::{
    model::{Address, Untrusted, live::LiveState},
    plan::{
        change::{Change, Hand, Plan, Verdict, What},
        compare,
        document::{Guard, VerdictOutcome},
        earlier::Views,
        order,
        outcome::{ChangeStatus, TargetOutcome, TargetResult},
        resolve,
    },
    repo::{Record, RecordIdentity},
    workflow::{
        Exit, Failure, World, leak,
        plan::{Part, PlannedTarget, Wishes},
        project::Project,
    },
};

/// Why an apply is not that of a revision as a whole.
fn partial(project: &Project, target: &PlannedTarget, wishes: &Wishes) -> Option<&'static str> {
    if !wishes.only.is_empty() {
        return Some("`--only` chose a part of the definitions");
    }
    if wishes.part != Part::Whole && target.left > 0 {
        return Some("`--pending-only` left something alone of which nobody can tell where it comes from");
    }
    if project.revisions.dirty {
        return Some("the work tree has changes that are not committed");
    }
    project.revisions.merged.as_ref().map(|_| "no commit holds the merge")
}

/// Why nobody can tell what an apply had to take away: a record of it would hide that for ever.
fn unproven(project: &Project, target: &PlannedTarget) -> Option<Untrusted> {
    let past = &target.past;
    if target.target.emulator || past.is_recorded() {
        return None;
    }
    if let Some(failure) = &past.unusable {
        return Some(
            format!("the record of the last apply cannot be used: {}", failure.message.raw()).into(),
        );
    }
    let (history, commit) = (project.past.history.as_ref()?, project.revisions.desired.as_ref()?);
    let begins = matches!(history.first_parent(commit.raw()), Ok(None));
    (project.past.base.is_none() && !begins).then(|| {
        "there was neither a record nor a base, so nobody could tell what git declared before: what was not removed for that would be forgotten".into()
    })
}

/// What could not be judged on what was read: a record would hide for ever that git declared it before.
/// `allowed` is what a person who looked said of what cannot be seen.
fn unjudged(plan: &Plan, live: &LiveState, allowed: &[Verdict]) -> Option<Untrusted> {
    if live.gaps().next().is_none() && live.absent.is_empty() {
        return None;
    }
    let unseen = plan.verdicts.iter().filter(|verdict| {
        verdict.guard == Guard::Unseen
            && !allowed
                .iter()
                .any(|known| known.outcome == VerdictOutcome::Allowed && known.message == verdict.message)
    });
    let mut refusals = plan.refusals().filter(|verdict| verdict.guard == Guard::Incomplete).chain(unseen);
    let refusal = refusals.next()?;
    Some(format!("too little could be read: {}", refusal.message.raw()).into())
}

/// What waits for a person, each with a revision that tells of it once the planned one is recorded: of
/// what is taken away the one that declares it, which nothing else would remember; of the rest the one
/// whose value stays.
#[derive(Default)]
struct Open {
    earlier: BTreeMap<Untrusted, Option<Untrusted>>,
    /// Ids of roles that go.
    ids: BTreeMap<Untrusted, Untrusted>,
}

impl Open {
    /// What `outcome` left, where `left` is the plan of what is there now.
    fn of(
        target: &PlannedTarget,
        outcome: &TargetOutcome,
        left: &Plan,
        (resolved, views): (&resolve::Resolved<'_>, &Views<'_>),
        whole: bool,
    ) -> Self {
        let mut open = Self::default();
        let waits = [ChangeStatus::Manual, ChangeStatus::Blocked];
        let waiting = outcome.changes.iter().filter(|change| waits.contains(&change.status));
        for change in waiting {
            open.earlier(target, &change.address);
        }
        for change in &left.changes {
            let said = open.earlier.contains_key(&Untrusted::from(change.address.as_str()));
            let by_hand = change.by_hand != Hand::Nothing || !change.blocked_by.is_empty();
            if !(said || (whole && by_hand)) {
                continue;
            }
            open.earlier(target, &change.address);
            if goes(change) {
                open.declared(target, change, resolved, views);
            }
        }
        open
    }

    /// It stays at its earlier value.
    fn earlier(&mut self, target: &PlannedTarget, address: &Address) {
        let address = Untrusted::from(address.as_str());
        let earlier = target.past.earlier_revision(&address);
        self.earlier.insert(address, earlier);
    }

    /// The revision that declares what goes, under the address that it has there, too: the definitions
    /// may call it otherwise tomorrow.
    fn declared(
        &mut self,
        target: &PlannedTarget,
        change: &Change,
        resolved: &resolve::Resolved<'_>,
        views: &Views<'_>,
    ) {
        let Some((declaring, at)) = views.declaring(change) else { return };
        let address = Untrusted::from(at.as_str());
        let Some(commit) = target.past.commit_of(declaring, &address) else { return };
        self.earlier.insert(change.address.as_str().into(), Some(commit.clone()));
        // Under an address that means another role by now only its own one can stand.
        if resolved.roles.iter().all(|role| role.address != at) {
            self.ids.extend(change.id.clone().filter(|_| is_role(change)).map(|id| (address.clone(), id)));
            self.earlier.insert(address, Some(commit));
        }
    }
}

fn is_role(change: &Change) -> bool {
    matches!(change.what, What::Role { .. })
}

/// Whether a change takes away something that is there.
fn goes(change: &Change) -> bool {
    match &change.what {
        What::Role { before, after, .. } | What::Permission { before, after, .. } => {
            before.is_some() && after.is_none()
        }
        What::Assignment { before, .. } => before.is_some(),
        What::Default { .. } => false,
    }
}

/// Records a complete apply, or says why that failed.
pub(super) fn recorded(
    world: &World,
    project: &Project,
    target: &PlannedTarget,
    wishes: &Wishes,
    live: &LiveState,
    outcome: TargetOutcome,
) -> TargetOutcome {
    let (Some(revision), Some(desired)) =
        (&project.revisions.desired, project.loaded.desired.get(&target.target.name))
    else {
        return outcome;
    };
    if let Some(why) = partial(project, target, wishes) {
        // Where nothing was written nobody asks, and an emulator forgets.
        let asked = outcome.result != TargetResult::NothingToDo && !target.target.emulator;
        return TargetOutcome { not_recorded: asked.then(|| why.into()), ..outcome };
    }
    if let Some(why) = unproven(project, target) {
        return TargetOutcome { not_recorded: Some(why), ..outcome };
    }
    let in_force = &target.past.in_force;
    let spec = &*target.tenant.provider;
    let earlier = target.past.earlier();
    let input = resolve::Input { target: in_force, spec, desired, live, earlier, today: world.today };
    let Ok(resolved) = resolve::resolve(input) else { return outcome };
    let views = Views::of(input, &resolved);
    let left = compare::Input { target: in_force, spec, resolved: &resolved, live, earlier, views: &views };
    let mut left = compare::compare(left);
    if let Some(why) = unjudged(&left, live, &target.plan.verdicts) {
        return TargetOutcome { not_recorded: Some(why), ..outcome };
    }
    order::block(&mut left, spec);
    let whole = wishes.part == Part::Whole;
    let open = Open::of(target, &outcome, &left, (&resolved, &views), whole);
    let ids =
        resolved.roles.iter().filter_map(|role| Some((role.address.as_str().into(), role.live?.id.clone()?)));
    let record = Record {
        format_version: Record::FORMAT_VERSION,
        target: (&*target.target.name).into(),
        revision: revision.clone(),
        digest: outcome.digest.clone().unwrap_or_default(),
        // Its end: what the audit log holds from then on is no part of this apply.
        time: jiff::Timestamp::now().to_string().into(),
        actor: world.actor.clone(),
        rolecall: env!("CARGO_PKG_VERSION").into(),
        identity: RecordIdentity::from(&live.identity),
        ids: ids.chain(open.ids).collect(),
        open: open.earlier,
        released: false,
    };
    let written = serde_json::to_string(&record)
        .map_err(|error| Failure::new(Exit::Error, format!("the record cannot be written: {error}")))
        .and_then(|text| leak::without_credential(&world.redactor, "the record", &text))
        .and_then(|()| target.recording.write(&record));
    match written {
        Ok(place) => TargetOutcome { recorded: place, ..outcome },
        Err(failure) => TargetOutcome { not_recorded: Some(failure.message), ..outcome },
    }
}
