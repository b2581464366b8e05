//! What git held before of one target, and what of that counts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    LeftTo, Past, Side, protecting, put_in_place,
    recorded::{anchor_gone, ids, newer, open},
    state::{State, left_files},
};
use crate::{
    model::{
        Address, Sources, Untrusted,
        config::{Config, Guards, Target},
        desired::DesiredState,
        live::Identity,
    },
    plan::{
        document::{Applied, ScopeChange},
        earlier::{Declaring, Earlier},
    },
    repo::{Record, RepoError},
    workflow::{
        Exit, Failure, World, base::Base, elsewhere::same_settings, project::Project, recording::Recording,
        scope,
    },
};

/// The earlier definitions of one target.
#[derive(Debug)]
pub struct TargetPast {
    base: Option<State>,
    applied: Option<State>,
    pub(super) released: Option<DesiredState>,
    ids: BTreeMap<Address, Untrusted>,
    /// More declarations whose protection holds.
    pub(in crate::workflow) protecting: Vec<DesiredState>,
    /// The revision that was applied last, and the name of the target there.
    recorded: Option<(Arc<Side>, Arc<str>)>,
    /// The target as it is in force while its scope changes.
    pub in_force: Target,
    /// The guards of all revisions.
    pub guards: Vec<Guards>,
    /// Changes of what is managed and guarded.
    pub scope_changes: Vec<ScopeChange>,
    /// The revision that has to be applied first, before what is guarded changes.
    pub since: Option<Arc<str>>,
    /// The last recorded apply.
    pub record: Option<Applied>,
    /// What that did not put in place because a person had to.
    open: BTreeMap<Untrusted, Option<Untrusted>>,
    /// What may have declared that.
    left: LeftTo,
    /// The commit of the base.
    base_commit: Option<Untrusted>,
    /// Why the record of the last apply cannot be used.
    pub unusable: Option<Failure>,
    /// The revision of a record that is newer than what is planned, or of another history.
    pub newer: Option<Untrusted>,
    /// What the reader should know.
    pub notes: Vec<Untrusted>,
    /// What to say of the base where it matters that there is none.
    pub no_base: Option<Untrusted>,
    /// What to say of the missing record where roles are left alone.
    pub no_record: Option<Untrusted>,
    /// Whether the target is an emulator.
    exempt: bool,
}

/// What a target was at an earlier revision.
#[derive(Debug)]
struct Then {
    side: Arc<Side>,
    target: Target,
    /// Whether its name or its settings say that it is the same one.
    same: bool,
    /// Whether its config lay where that of the planned definitions lies.
    here: bool,
    /// Whether it is still there under its own name, and so not this one under an older name.
    stays: bool,
}

impl TargetPast {
    /// What the planner takes.
    pub fn earlier(&self) -> Earlier<'_> {
        Earlier {
            base: self.base.as_ref().and_then(State::get),
            applied: self.applied.as_ref().and_then(State::get),
            ids: self.applied.as_ref().map(|_| &self.ids),
            released: self.released.as_ref(),
            protecting: &self.protecting,
            open: self.applied.as_ref().map(|_| &self.open),
            left: &self.left.states,
            exempt: self.exempt,
        }
    }

    /// The definitions that the last recorded apply put in place, with their sources: drift is what
    /// differs from them.
    pub fn recorded(&self) -> Option<(&DesiredState, &Sources)> {
        let (side, name) = self.recorded.as_ref()?;
        Some((side.loaded.desired.get(name)?, &side.loaded.sources))
    }

    /// The revision that holds what was in place of an object before the apply that is recorded next,
    /// which leaves it to a person.
    pub fn earlier_revision(&self, address: &Untrusted) -> Option<Untrusted> {
        match self.open.get(address) {
            Some(earlier) => earlier.clone(),
            None => self.record.as_ref().map(|record| record.revision.clone()),
        }
    }

    /// The commit of the revision `declaring`, which declares the object `address`.
    pub fn commit_of(&self, declaring: Declaring, address: &Untrusted) -> Option<Untrusted> {
        match declaring {
            Declaring::Base => self.base_commit.clone(),
            Declaring::Left(index) => self.left.commits.get(index).cloned(),
            // Who holds what is as the recorded revision says, also where it was left to a person.
            Declaring::Applied if address.raw().contains("/assignment/") => {
                self.record.as_ref().map(|record| record.revision.clone())
            }
            Declaring::Applied => self.earlier_revision(address),
        }
    }

    /// Whether the last recorded apply left this to a person.
    pub fn is_left(&self, address: &Address) -> bool {
        self.open.contains_key(&Untrusted::from(address.as_str()))
    }

    /// Whether nothing is guarded: the target is an emulator.
    pub fn is_exempt(&self) -> bool {
        self.exempt
    }

    /// Whether the record of the last apply is known and usable.
    pub fn is_recorded(&self) -> bool {
        self.applied.is_some()
    }

    /// The protections on which a change that takes something away depends, too: those of other
    /// definitions of the same tenant, and without a record those of the whole history.
    ///
    /// # Errors
    ///
    /// Where the history is not complete.
    pub fn search(
        &self,
        world: &World,
        project: &Project,
        target: &Target,
    ) -> Result<Vec<DesiredState>, RepoError> {
        let past = &project.past;
        let mut all = Vec::new();
        if let Some(head) = past.heads.last() {
            for other in past.others(world, project, head)?.iter() {
                let states = other.of(target).filter_map(|(_, state, _)| state);
                all.extend(states.filter_map(protecting));
            }
        }
        if !self.is_recorded() {
            let found = past.protections(world, project)?.iter().filter(|found| {
                found.target.provider == target.provider
                    && (!found.elsewhere || same_settings(&found.target, target))
            });
            all.extend(found.map(|found| found.state.clone()));
        }
        Ok(all)
    }

    /// What git held before for `target`, which reaches the tenant `identity`.
    ///
    /// # Errors
    ///
    /// Where the repository cannot be read.
    pub fn of(
        world: &World,
        project: &Project,
        target: &Target,
        identity: &Identity,
        recording: &Recording,
    ) -> Result<Self, Failure> {
        let past = &project.past;
        let mut made = Self {
            base: None,
            applied: None,
            released: None,
            recorded: None,
            ids: BTreeMap::new(),
            protecting: Vec::new(),
            in_force: target.clone(),
            guards: project.loaded.config.iter().map(|config| config.guards).collect(),
            scope_changes: Vec::new(),
            since: None,
            record: None,
            open: BTreeMap::new(),
            left: LeftTo::default(),
            base_commit: past.base.as_ref().map(|(_, side)| (&*side.commit).into()),
            unusable: recording.unusable.clone(),
            newer: None,
            notes: Vec::new(),
            no_base: past.note.clone().filter(|_| !target.emulator),
            no_record: None,
            exempt: target.emulator,
        };
        let names = project.names();
        let record = recording.of(target, identity, &names);
        let mut then_name: Arc<str> = Arc::clone(&target.name);
        let mut applied = None;
        if let Some(record) = record {
            then_name = record.target.raw().into();
            match past.leads_here(record) {
                Ok(true) => match past.side(world, project, record.revision.raw()) {
                    Ok(side) => {
                        let declared = side.loaded.desired.get(&then_name);
                        made.ids = ids(record, &target.name, declared.map(|state| &**state));
                        made.record = Some(record.into());
                        made.open = open(record, &target.name);
                        applied = Some(side);
                    }
                    Err(error) => made.unusable = Some(error.into()),
                },
                Ok(false) => {
                    // What was applied there is protected all the same, where it can be read.
                    if let Ok(side) = past.side(world, project, record.revision.raw()) {
                        let state = side.loaded.desired.get(&then_name);
                        made.protecting.extend(state.and_then(|state| protecting(state)));
                        made.guards.extend(side.loaded.config.iter().map(|config| config.guards));
                    }
                    made.newer = Some(record.revision.clone());
                    made.notes.push(newer(record));
                }
                Err(error) => made.unusable = Some(error.into()),
            }
        }
        if let (None, None, false, Some(head)) = (record, &made.unusable, target.emulator, past.heads.first())
        {
            made.notes.extend(recording.left_behind(identity, head));
            made.no_record = past.base.as_ref().map(|(base, _)| no_record(base));
        }
        let base = past.base.as_ref().map(|(_, side)| Arc::clone(side));
        made.tenant_moved(target, identity, recording);
        // What the reader is told changed is what changed since the last apply, else since the older of
        // the bases.
        let named_first = match (&base, &past.found) {
            (Some(base), Some(found)) => past.precedes(base, found),
            _ => false,
        };
        let mut bases: Vec<&Arc<Side>> = past.found.iter().chain(&base).collect();
        if named_first {
            bases.reverse();
        }
        let sides: Vec<(&Arc<Side>, Arc<str>)> = applied
            .iter()
            .map(|side| (side, Arc::clone(&then_name)))
            .chain(bases.into_iter().map(|side| (side, Arc::clone(&target.name))))
            .collect();
        for (side, name) in &sides {
            made.protect(project, target, side, name);
        }
        if let Some(found) = &past.found {
            let state = found.loaded.desired.get(&target.name);
            made.protecting.extend(state.and_then(|state| protecting(state)));
        }
        let then = made.then(world, project, target, &sides)?;
        match (target.emulator, &project.loaded.config) {
            (false, Some(config)) => made.scope(target, config, &then, project),
            // Nobody looks at the tenant any more.
            (true, _) if then.first().is_some_and(|then| *then.target.name == *target.name) => {
                let (before, after) = (Some("false".into()), Some("true".into()));
                made.scope_changes.push(ScopeChange { what: "emulator".into(), before, after });
            }
            _ => {}
        }
        made.recorded = applied.clone().map(|side| (side, Arc::clone(&then_name)));
        made.applied =
            applied.as_ref().and_then(|side| made.state(Arc::clone(side), &then_name, target, project));
        if let (Some(record), Some(applied), false) = (record, &applied, made.open.is_empty()) {
            let state = applied.loaded.desired.get(&then_name);
            made.protecting.extend(state.and_then(|state| protecting(state)));
            if let Err(error) = made.left_to(past, world, project, (target, &then_name), record) {
                made.unusable = Some(error);
            }
            for state in &made.left.states {
                let of_left = ids(record, &target.name, Some(state)).into_iter();
                let of_left =
                    of_left.filter(|(address, _)| made.open.contains_key(&Untrusted::from(address.as_str())));
                made.ids.extend(of_left);
            }
        }
        if let (Some(state), false) = (made.applied.as_ref().and_then(State::get), made.open.is_empty()) {
            let at = |commit: &Untrusted| made.left.commits.iter().position(|known| known == commit);
            let earlier = |commit: &Untrusted| made.left.states.get(at(commit)?).map(Arc::clone);
            let put = put_in_place(state, &target.name, &made.open, earlier);
            made.applied = Some(State::Part(Box::new(put)));
        }
        match (base, applied) {
            // What was applied since is in place, and no more to come: what differs from it is drift.
            // The record may be anybody's, so protection holds all the same.
            (Some(base), Some(applied)) if past.precedes(&base, &applied) => {
                let state = base.loaded.desired.get(&target.name);
                made.protecting.extend(state.and_then(|state| protecting(state)));
                made.base.clone_from(&made.applied);
            }
            (base, _) => made.base = base.and_then(|side| made.state(side, &target.name, target, project)),
        }
        Ok(made)
    }

    /// Reads what the revisions say that may have declared what the last recorded apply left to a person:
    /// the recorded one, which asked for it, and those before.
    fn left_to(
        &mut self,
        past: &Past,
        world: &World,
        project: &Project,
        (target, then_name): (&Target, &Arc<str>),
        record: &Record,
    ) -> Result<(), Failure> {
        let earlier: BTreeSet<&Untrusted> = self.open.values().flatten().collect();
        let earlier: Vec<Untrusted> =
            earlier.into_iter().filter(|one| **one != record.revision).cloned().collect();
        for commit in [record.revision.clone()].into_iter().chain(earlier) {
            if !past.precedes_record(&commit, record)? {
                let message = format!(
                    "the record of the last apply of `{}` names an earlier revision that is not part of its history",
                    record.target.raw()
                );
                return Err(Failure::new(Exit::Refused, message));
            }
            let side = past.side(world, project, commit.raw())?;
            // The target may have had yet another name.
            let named = side.loaded.config.iter().flat_map(|config| &config.targets);
            let named = named.filter(|entry| entry.provider == target.provider);
            let name = named
                .clone()
                .find(|entry| entry.name == *then_name)
                .or_else(|| named.clone().find(|entry| entry.name == target.name))
                .or_else(|| named.clone().find(|entry| same_settings(entry, target)))
                .map(|entry| Arc::clone(&entry.name));
            let state = name.and_then(|name| self.state(side, &name, target, project));
            let state = match state {
                Some(State::Whole(side, name)) => side.loaded.desired.get(&name).map(Arc::clone),
                Some(State::Part(state)) => Some(Arc::new(*state)),
                None => None,
            };
            self.left.states.push(state.unwrap_or_default());
            self.left.commits.push(commit);
        }
        Ok(())
    }

    /// The tenant of the same target was another one when it was last applied.
    fn tenant_moved(&mut self, target: &Target, identity: &Identity, recording: &Recording) {
        if target.emulator {
            return;
        }
        let Some(record) = recording.named(target) else { return };
        let recorded = record.identity.to_live();
        if recorded != *identity {
            let called = |identity: &Identity| {
                let tenant = identity.tenant.as_ref().or(identity.anchor.as_ref());
                let tenant = tenant.map_or_else(String::new, |tenant| format!(" {}", tenant.raw()));
                format!("{}{tenant}", identity.host.raw()).into()
            };
            let (before, after) = (Some(called(&recorded)), Some(called(identity)));
            self.scope_changes.push(ScopeChange { what: "tenant".into(), before, after });
            self.notes.extend(anchor_gone(record, identity));
        }
    }

    /// Protections of other targets of that revision which may be the same tenant: those that are
    /// gone, perhaps renamed, and those with the same settings.
    fn protect(&mut self, project: &Project, target: &Target, side: &Side, name: &str) {
        let Some(config) = &side.loaded.config else { return };
        let names = project.names();
        for other in
            config.targets.iter().filter(|other| other.provider == target.provider && *other.name != *name)
        {
            if !names.contains(&*other.name) || same_settings(other, target) {
                self.protecting
                    .extend(side.loaded.desired.get(&other.name).and_then(|state| protecting(state)));
            }
        }
    }

    /// What `target` was at the earlier revisions, that of the first revision first: the target of that
    /// name; where there is none, those that may have been the same tenant under another name; and
    /// where there was no config, those of the configs in other places.
    fn then(
        &mut self,
        world: &World,
        project: &Project,
        target: &Target,
        sides: &[(&Arc<Side>, Arc<str>)],
    ) -> Result<Vec<Then>, RepoError> {
        let names = project.names();
        let mut all = Vec::new();
        for (side, name) in sides {
            let then = |from: &Arc<Side>, target: &Target, same, stays| Then {
                side: Arc::clone(from),
                target: target.clone(),
                same,
                here: Arc::ptr_eq(from, side),
                stays,
            };
            let Some(config) = &side.loaded.config else {
                if target.emulator {
                    continue;
                }
                for other in project.past.others(world, project, &side.commit)?.iter() {
                    for (entry, state, same) in other.of(target) {
                        self.protecting.extend(state.and_then(protecting));
                        all.push(then(&other.side, entry, same, !other.gone));
                    }
                }
                continue;
            };
            let real = config.targets.iter().filter(|entry| !entry.emulator);
            if let Some(entry) = real.clone().find(|entry| entry.name == *name) {
                all.push(then(side, entry, true, false));
                continue;
            }
            for entry in real.filter(|entry| entry.provider == target.provider && !target.emulator) {
                let (same, stays) = (same_settings(entry, target), names.contains(&*entry.name));
                if same || !stays {
                    all.push(then(side, entry, same, stays));
                }
            }
        }
        Ok(all)
    }

    /// What of the target's own scope changed since the last apply, else since the base.
    fn scope(&mut self, target: &Target, config: &Config, then: &[Then], project: &Project) {
        let configs = then.iter().filter_map(|then| then.side.loaded.config.as_ref());
        self.guards.extend(configs.map(|config| config.guards));
        let first = then.iter().find(|then| then.same && !then.stays);
        let first = first.or_else(|| then.iter().find(|then| then.same)).or(then.first());
        if let Some((then, earlier)) = first.and_then(|then| Some((then, then.side.loaded.config.as_ref()?)))
        {
            let left = match then.here && !then.stays {
                true => left_files(&then.side, &then.target, target, project.files.as_ref()),
                false => BTreeSet::new(),
            };
            let changes = scope::changes((target, config), (&then.target, earlier), &left);
            // Of a target that may be another tenant only what is in force is told.
            let told = changes.into_iter().filter(|change| {
                let what = change.what.raw();
                then.same || what.starts_with("manage.") || what.starts_with("guards.")
            });
            // Beside one of the same tenant that stays, it is a new one.
            let new = |change: ScopeChange| match change.what.raw() {
                "target" if then.stays => ScopeChange { before: None, ..change },
                _ => change,
            };
            self.scope_changes.extend(told.map(new));
            self.since = Some(Arc::clone(&then.side.commit));
        }
        self.in_force = scope::in_force(target, then.iter().map(|then| &then.target));
    }
}

/// What only a record would tell of roles that git does not declare.
fn no_record(base: &Base) -> Untrusted {
    let short: String = base.commit.chars().take(12).collect();
    format!("No apply is recorded here. A role that git declared before {short}, and that was not deleted then, is among those left alone: `removed:` deletes it.").into()
}
