//! Pushing the record of an apply that has ended. No credential of a provider is needed, so that the
//! job that may push has none.

use super::{Ran, Run};
use crate::{
    ci::record_file::RecordFile,
    repo::{self, Facts, History, Record, RecordPlace, RecordStore},
    workflow::{Exit, Failure},
};

/// So often a record is put after another one that was pushed meanwhile.
const TRIES: usize = 3;

pub(super) async fn push(run: Run<'_>, ran: &mut Ran) -> Result<(), Failure> {
    let path = run.inputs.record_file.as_deref().ok_or_else(|| {
        Failure::new(Exit::Usage, "`record` needs `record_file`: the file that the apply wrote")
    })?;
    let file = RecordFile::read(path)?;
    let place = repo::find_config(run.start, run.config, repo::Reading::WorkTree)?;
    let facts = Facts::of(&place)?;
    check(&file, &facts, run)?;
    let mut failed = None;
    for _ in 0..TRIES {
        run.remote().fetch_records().await?;
        let store = RecordStore::open(&place, &RecordPlace::Git)?;
        let history = History::open(&place)?;
        let mut references = Vec::new();
        for record in &file.records {
            let target = record.target.raw();
            let last = store.read(target).ok().flatten();
            if last.as_ref().is_some_and(|last| is_newer(last, record, history.as_ref())) {
                ran.notes(format!("A newer apply of `{target}` is recorded already."));
                continue;
            }
            if last.as_ref() != Some(record) {
                store.write(record)?;
            }
            references.extend(store.location(target));
        }
        if references.is_empty() {
            return Ok(());
        }
        match run.remote().push_records(&references).await {
            Ok(()) => {
                ran.notes(format!("Recorded: {}.", references.join(", ")));
                return Ok(());
            }
            // Somebody else may have pushed one meanwhile.
            Err(failure) => failed = Some(failure),
        }
    }
    Err(failed
        .unwrap_or_else(|| Failure::new(Exit::Error, "the record could not be pushed"))
        .help("The apply itself is done. Give the job `contents: write`, and run it again."))
}

/// A record is written for this commit and these definitions only, whatever the file says.
fn check(file: &RecordFile, facts: &Facts, run: Run<'_>) -> Result<(), Failure> {
    let refused = |message: String| Err(Failure::new(Exit::Refused, message).help("Nothing was pushed."));
    let commit = facts.commit.as_deref().unwrap_or_default();
    if run.situation.commit.as_deref() != Some(commit) {
        return refused("what is checked out is not the event's commit".to_owned());
    }
    if file.root.raw() != facts.prefix() {
        return refused(format!("the record is of the folder `{}`", file.root.raw()));
    }
    match file.records.iter().find(|record| record.revision.raw() != commit) {
        Some(other) => refused(format!("the record is of the commit {}", other.revision.raw())),
        None => Ok(()),
    }
}

/// Whether `last` is of a commit that came after that of `record`.
fn is_newer(last: &Record, record: &Record, history: Option<&History>) -> bool {
    let (last, record) = (last.revision.raw(), record.revision.raw());
    last != record && history.is_some_and(|history| history.is_ancestor(record, last).unwrap_or(false))
}
