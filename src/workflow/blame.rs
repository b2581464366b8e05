//! `--blame`: who wrote the lines that a plan refers to, and who changed what outside git.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Failure, activity,
    plan::{Part, Planned},
    project::Project,
};
use crate::{
    model::Untrusted,
    plan::document::{Blame, FieldChange, PlanDocument, TargetPlan},
    repo,
};

/// Puts the author beside every place of the plan, and beside every change that may have been made
/// outside git who made it, as the provider's audit log tells. Neither is in any digest.
///
/// Of a report of drift the places are those of what was applied last, where that is recorded.
///
/// # Errors
///
/// Where the history cannot be read. An audit log that cannot be read is only noted.
pub async fn blame(project: &Project, planned: &mut Planned, part: Part) -> Result<(), Failure> {
    authors(project, &mut planned.document, part)?;
    activity::attach(planned).await;
    Ok(())
}

/// Puts the author beside every place of the document. A line that is not committed has none, and
/// neither has one of a merge in memory, whose lines stand in no commit.
fn authors(project: &Project, document: &mut PlanDocument, part: Part) -> Result<(), Failure> {
    if project.past.history.is_none() {
        return Ok(());
    }
    let planned = project.rev.then(|| project.revisions.desired.as_ref().map(Untrusted::raw)).flatten();
    for target in &mut document.targets {
        let applied = target.applied.as_ref().filter(|_| part == Part::Drift);
        let applied = applied.map(|applied| applied.revision.raw().to_owned());
        if applied.is_none() && project.revisions.merged.is_some() {
            continue;
        }
        // Of a work tree that differs, the lines that are committed.
        one(project, target, applied.as_deref().or(planned))?;
    }
    Ok(())
}

fn one(project: &Project, target: &mut TargetPlan, commit: Option<&str>) -> Result<(), Failure> {
    let mut lines: BTreeMap<Arc<str>, BTreeSet<u32>> = BTreeMap::new();
    places(target, |file, line, _| {
        lines.entry(file.raw().into()).or_default().insert(line);
    });
    let mut authors: BTreeMap<(Arc<str>, u32), Blame> = BTreeMap::new();
    for (file, wanted) in lines {
        let wanted: Vec<u32> = wanted.into_iter().collect();
        for (number, line) in repo::blame(&project.place, commit, &file, &wanted)? {
            let blame = Blame {
                commit: Untrusted::new(line.commit),
                author: line.author,
                time: Untrusted::new(line.time),
                summary: line.summary,
            };
            authors.insert((Arc::clone(&file), number), blame);
        }
    }
    places(target, |file, line, blame| {
        *blame = authors.get(&(file.raw().into(), line)).cloned();
    });
    Ok(())
}

/// Visits every place in a file that the plan of a target names.
fn places(target: &mut TargetPlan, mut visit: impl FnMut(&Untrusted, u32, &mut Option<Blame>)) {
    for change in &mut target.changes {
        if let Some(place) = &mut change.definition {
            visit(&place.file, place.line, &mut place.blame);
        }
        for field in &mut change.fields {
            let FieldChange::Set { added, .. } = field else { continue };
            for via in added.iter_mut().filter_map(|element| element.via.as_mut()) {
                if let (Some(file), Some(line)) = (&via.file, via.line) {
                    visit(file, line, &mut via.blame);
                }
            }
        }
    }
}
