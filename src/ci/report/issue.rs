//! The one issue about drift: opened when there is some, updated when it is other drift, closed when
//! there is none. A closed one is never opened again: whoever closed it has read it.

use super::marker::{Marker, Topic};
use crate::{
    ci::forge::{Kind, Post, Refusal},
    model::Untrusted,
};

/// The issues of a project.
pub(super) trait Tracker {
    /// The own open issues that `wanted` wants, the oldest first.
    async fn own_open(&self, wanted: &dyn Fn(&Untrusted) -> bool) -> Result<Vec<Post>, Refusal>;
    /// Opens one.
    async fn open(&self, title: &str, body: &str) -> Result<Post, Refusal>;
    /// Replaces the text of one.
    async fn update(&self, post: &Post, body: &str) -> Result<Post, Refusal>;
    /// Says `why` below one, and closes it; `done` where there is no drift any more.
    async fn close(&self, post: &Post, why: &str, done: bool) -> Result<(), Refusal>;
}

/// What is to be said.
pub(super) struct Drift<'a> {
    pub(super) marker: &'a Marker,
    pub(super) state: State,
    pub(super) page: &'a dyn Fn(usize) -> String,
}

/// What a run found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Drift.
    Found,
    /// None, and everything could be read.
    Clean,
    /// Nobody knows: the run failed before it could tell.
    Unknown,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// A new issue.
    Opened(Post),
    /// The issue says something else now.
    Updated(Post),
    /// The issue says it already.
    Unchanged(Post),
    /// The issue is closed.
    Closed(Post),
    /// There is no drift, and no issue.
    Nothing,
    /// It stays as it is: the run could not tell.
    Left,
}

/// The title of every such issue.
const TITLE: &str = "Roles were changed outside git";
/// Longest text, in bytes: there are never more characters.
const LONGEST: usize = 60_000;
/// Length of the second try, where the forge found the first one too long.
const SHORTER: usize = 20_000;

/// Opens, updates, or closes the issue.
pub(super) async fn keep(tracker: &impl Tracker, drift: &Drift<'_>) -> Result<Kept, Refusal> {
    if drift.state == State::Unknown {
        return Ok(Kept::Left);
    }
    let mut own = own(tracker, drift).await?;
    let last = own.pop();
    for older in &own {
        tracker.close(older, "A newer issue says the same.", false).await?;
    }
    let Some(last) = last else {
        return match drift.state {
            State::Found => open(tracker, drift).await.map(Kept::Opened),
            _ => Ok(Kept::Nothing),
        };
    };
    if drift.state == State::Clean {
        tracker.close(&last, "There is no drift any more: live is as it was recorded last.", true).await?;
        return Ok(Kept::Closed(last));
    }
    let said = Marker::read(&last.body, Topic::Drift).and_then(|marker| marker.digest);
    if said.is_some() && said == drift.marker.digest {
        return Ok(Kept::Unchanged(last));
    }
    let updated = match tracker.update(&last, &body(drift, LONGEST)).await {
        Err(refusal) if refusal.kind == Kind::TooLong => tracker.update(&last, &body(drift, SHORTER)).await?,
        result => result?,
    };
    Ok(Kept::Updated(updated))
}

async fn own(tracker: &impl Tracker, drift: &Drift<'_>) -> Result<Vec<Post>, Refusal> {
    let same = |text: &Untrusted| {
        Marker::read(text, Topic::Drift).is_some_and(|marker| marker.workflow == drift.marker.workflow)
    };
    tracker.own_open(&same).await
}

async fn open(tracker: &impl Tracker, drift: &Drift<'_>) -> Result<Post, Refusal> {
    match tracker.open(TITLE, &body(drift, LONGEST)).await {
        Err(refusal) if refusal.kind == Kind::TooLong => tracker.open(TITLE, &body(drift, SHORTER)).await,
        // Nobody knows whether it was opened: to repeat it blindly could open two.
        Err(refusal) if matches!(refusal.kind, Kind::NoAnswer | Kind::Broken) => {
            match own(tracker, drift).await?.pop() {
                Some(opened) => Ok(opened),
                None => tracker.open(TITLE, &body(drift, LONGEST)).await,
            }
        }
        result => result,
    }
}

fn body(drift: &Drift<'_>, length: usize) -> String {
    let line = drift.marker.line(Topic::Drift);
    let page = (drift.page)(length.saturating_sub(line.len() + 1));
    format!("{line}\n{page}")
}
