//! `--blame`: who wrote the lines that a plan refers to, and who changed what outside git.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Failure, activity, plan::Planned, project::Project};
use crate::{
    model::Untrusted,
    plan::document::{Blame, FieldChange, PlanDocument},
    repo,
};

/// Puts the author beside every place of the plan, and beside every change that may have been made
/// outside git who made it, as the provider's audit log tells. Neither is in any digest.
///
/// # Errors
///
/// Where the history cannot be read. An audit log that cannot be read is only noted.
pub async fn blame(project: &Project, planned: &mut Planned) -> Result<(), Failure> {
    authors(project, &mut planned.document)?;
    activity::attach(planned).await;
    Ok(())
}

/// Puts the author beside every place of the document. A line that is not committed has none, and the
/// definitions of a merge in memory stand in no commit.
fn authors(project: &Project, document: &mut PlanDocument) -> Result<(), Failure> {
    if project.past.history.is_none() || project.revisions.merged.is_some() {
        return Ok(());
    }
    let mut lines: BTreeMap<Arc<str>, BTreeSet<u32>> = BTreeMap::new();
    places(document, |file, line, _| {
        lines.entry(file.raw().into()).or_default().insert(line);
    });
    // Of a work tree that differs, the lines that are committed.
    let commit = project.rev.then(|| project.revisions.desired.as_ref().map(Untrusted::raw)).flatten();
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
    places(document, |file, line, blame| {
        *blame = authors.get(&(file.raw().into(), line)).cloned();
    });
    Ok(())
}

/// Visits every place in a file that the document names.
fn places(document: &mut PlanDocument, mut visit: impl FnMut(&Untrusted, u32, &mut Option<Blame>)) {
    for change in document.targets.iter_mut().flat_map(|target| &mut target.changes) {
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
