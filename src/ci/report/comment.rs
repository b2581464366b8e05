//! The one comment of a workflow on a pull request: found again, updated in place, never overwritten by
//! an older run.

use super::marker::{Marker, Topic};
use crate::{
    ci::forge::{Kind, Post, Refusal},
    model::Untrusted,
};

/// A pull or merge request, as far as its comments go.
pub(super) trait Conversation {
    /// The commit that is proposed now.
    async fn head(&self) -> Result<Option<Untrusted>, Refusal>;
    /// The own comments that `wanted` wants, the oldest first.
    async fn own(&self, wanted: &dyn Fn(&Untrusted) -> bool) -> Result<Vec<Post>, Refusal>;
    /// Makes a comment.
    async fn create(&self, body: &str) -> Result<Post, Refusal>;
    /// Replaces the text of one.
    async fn update(&self, post: &Post, body: &str) -> Result<Post, Refusal>;
    /// Folds one away, if the forge can do that.
    async fn supersede(&self, post: &Post);
}

/// What is to be said.
pub(super) struct Wish<'a> {
    pub(super) topic: Topic,
    pub(super) marker: &'a Marker,
    /// The commit that the run was about; `None` where it does not matter which one is proposed now.
    pub(super) head: Option<&'a str>,
    /// Whether nothing is worth a comment of its own.
    pub(super) quiet: bool,
    /// Why nothing takes the place of what was said of an older commit, but that it counts no more.
    pub(super) corrects: Option<&'static str>,
    /// The text below the marker, of at most so many bytes.
    pub(super) page: &'a dyn Fn(usize) -> String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// A new comment.
    Made(Post),
    /// The comment says something else now.
    Updated(Post),
    /// There was nothing to say, and no comment to correct.
    Nothing,
    /// A newer commit is proposed: its own run comments.
    Stale,
    /// What an apply did stands there: that nothing was applied by another run does not replace it.
    Applied,
}

/// Longest text, in bytes: there are never more characters. GitHub takes 65,536.
pub(super) const LONGEST: usize = 60_000;
/// Length of the second try, where the forge found the first one too long.
const SHORTER: usize = 20_000;
/// So many older comments are folded away in one run.
const SUPERSEDED: usize = 20;

/// Makes or updates the comment.
pub(super) async fn keep(on: &impl Conversation, wish: &Wish<'_>) -> Result<Kept, Refusal> {
    if is_stale(on, wish).await? {
        return Ok(Kept::Stale);
    }
    let own = own(on, wish).await?;
    if own.is_empty() && wish.quiet {
        return Ok(Kept::Nothing);
    }
    let tells = |post: &Post| Marker::read(&post.body, wish.topic).is_some_and(|marker| marker.applied);
    if wish.topic == Topic::Apply && !wish.marker.applied && own.last().is_some_and(tells) {
        return Ok(Kept::Applied);
    }
    let mut length = LONGEST;
    let kept = loop {
        let body = body(wish, own.last(), length);
        match say(on, wish, own.last(), &body).await {
            Err(refusal) if refusal.kind == Kind::TooLong && length > SHORTER => length = SHORTER,
            result => break result?,
        }
    };
    let others = own.len().saturating_sub(1);
    for post in own.iter().take(others).rev().take(SUPERSEDED) {
        on.supersede(post).await;
    }
    Ok(kept)
}

async fn is_stale(on: &impl Conversation, wish: &Wish<'_>) -> Result<bool, Refusal> {
    let Some(head) = wish.head else { return Ok(false) };
    Ok(on.head().await?.is_some_and(|now| now.raw() != head))
}

async fn own(on: &impl Conversation, wish: &Wish<'_>) -> Result<Vec<Post>, Refusal> {
    let same = |text: &Untrusted| {
        Marker::read(text, wish.topic).is_some_and(|marker| marker.workflow == wish.marker.workflow)
    };
    on.own(&same).await
}

fn body(wish: &Wish<'_>, last: Option<&Post>, length: usize) -> String {
    let mut line = wish.marker.line(wish.topic);
    line.push('\n');
    if let Some(why) = wish.corrects {
        line.push_str(&outdated(wish, why, last));
    }
    let page = (wish.page)(length.saturating_sub(line.len()));
    format!("{line}{page}")
}

/// That what stood there is of another commit. Its id is shown only if it is one: a marker may say anything.
fn outdated(wish: &Wish<'_>, why: &str, last: Option<&Post>) -> String {
    let old = last.and_then(|post| Marker::read(&post.body, wish.topic)).and_then(|marker| marker.head);
    let is_id = |id: &str| (40..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit());
    let name = |id: Option<&str>| {
        id.filter(|id| is_id(id)).and_then(|id| id.get(..12)).map(|id| format!(" `{id}`")).unwrap_or_default()
    };
    let (what, by) = match wish.topic {
        Topic::Plan => ("plan", "planned"),
        _ => ("comparison", "compared"),
    };
    let now = name(wish.head);
    let old = match old.as_ref().map(Untrusted::raw) {
        Some(old) if Some(old) != wish.head => format!("the older commit{}", name(Some(old))),
        _ => "an earlier run".to_owned(),
    };
    format!(
        "### Nothing is {by}: {why}\n\nThe {what} that stood here was of {old}. It says nothing about the newest commit{now}.\n\n"
    )
}

async fn say(
    on: &impl Conversation,
    wish: &Wish<'_>,
    last: Option<&Post>,
    body: &str,
) -> Result<Kept, Refusal> {
    if let Some(last) = last {
        return Ok(Kept::Updated(on.update(last, body).await?));
    }
    match on.create(body).await {
        // Nobody knows whether it was made: to repeat it blindly could make two.
        Err(refusal) if matches!(refusal.kind, Kind::NoAnswer | Kind::Broken) => {
            match own(on, wish).await?.pop() {
                Some(made) => Ok(Kept::Made(made)),
                None => on.create(body).await.map(Kept::Made),
            }
        }
        result => result.map(Kept::Made),
    }
}
