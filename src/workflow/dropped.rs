//! Targets that the configuration does not have any more: what they managed stays as it is, and is
//! nobody's from now on.

use std::collections::BTreeMap;

use super::{plan::PlannedTarget, project::Project};
use crate::{
    model::{Untrusted, config, config::Guards},
    plan::{
        build,
        document::{ScopeChange, TargetPlan},
    },
    repo::{Record, RecordPlace, RecordStore},
};

/// Where the applies of targets that are gone are recorded.
fn store(project: &Project) -> Option<RecordStore> {
    let config = project.loaded.config.as_ref()?;
    project.past.history.as_ref()?;
    let place = match config.record {
        config::Record::Git => RecordPlace::Git,
        config::Record::File => RecordPlace::Folder(super::recording::FOLDER.into()),
        config::Record::None => return None,
    };
    RecordStore::open(&project.place, &place).ok()
}

fn records(store: &RecordStore) -> Vec<Record> {
    store.read_all().unwrap_or_default().into_values().filter_map(Result::ok).collect()
}

/// The plans of targets that the base or a record has and the configuration has not: one scope change
/// each. A target that has another name now is not among them.
pub(super) fn plans(project: &Project, guards: &Guards, planned: &[PlannedTarget]) -> Vec<TargetPlan> {
    if project.narrowed || project.loaded.config.is_none() {
        return Vec::new();
    }
    let names = project.names();
    let mut gone: BTreeMap<String, &str> = BTreeMap::new();
    let base = project.past.base.as_ref().and_then(|(_, side)| side.loaded.config.as_ref());
    for target in base.iter().flat_map(|config| &config.targets).filter(|target| !target.emulator) {
        if !names.contains(&*target.name) {
            gone.insert(target.name.to_string(), target.provider);
        }
    }
    for record in store(project).iter().flat_map(records) {
        let name = record.target.raw();
        let identity = record.identity.to_live();
        if names.contains(name) {
            continue;
        }
        if record.released || planned.iter().any(|target| target.live.identity == identity) {
            gone.remove(name);
        } else {
            gone.entry(name.to_owned()).or_insert("unknown");
        }
    }
    gone.into_iter()
        .map(|(name, provider)| build::dropped(&name, provider, guards, scope_change(&name)))
        .collect()
}

fn scope_change(name: &str) -> ScopeChange {
    ScopeChange { what: "target".into(), before: Some(name.into()), after: None }
}

/// The commit of the last recorded apply of a target that is gone; `None` where there is no record of one.
pub fn recorded(project: &Project, name: &str) -> Option<Untrusted> {
    let all = store(project).map(|store| records(&store)).unwrap_or_default();
    let record = all.into_iter().find(|record| record.target.raw() == name && !record.released);
    record.map(|record| record.revision)
}

/// Records that nothing of a target is managed any more; where that was recorded.
pub(super) fn release(project: &Project, name: &str) -> Option<Untrusted> {
    let store = store(project)?;
    let record = records(&store).into_iter().find(|record| record.target.raw() == name)?;
    let revision = project.revisions.desired.clone()?;
    store.write(&Record { revision, released: true, ..record }).ok()?;
    store.location(name).map(Into::into)
}
