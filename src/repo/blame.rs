//! Who wrote the lines of a definition.
//!
//! The library's own blame takes an object that a clone lacks for a file that was not there, and
//! then names the wrong author; it also reads files of any size to find renames. So the lines are
//! followed here.

use std::{collections::BTreeMap, sync::Arc};

use git2::{Commit, ErrorCode, Oid, Patch};

use super::{
    ConfigPlace, RepoError, RepoErrorKind as Kind, WorkTree, dirty, git, graph::Graph, path, rename, resolve,
    tree,
};
use crate::model::{
    Untrusted,
    files::{FileErrorKind, Files},
};

/// Longest summary, in characters.
const LONGEST_SUMMARY: usize = 200;

/// The commit that gave a line its present form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Full id.
    pub commit: Arc<str>,
    /// Name of the author.
    pub author: Untrusted,
    /// When it was written, RFC 3339, UTC.
    pub time: Arc<str>,
    /// First line of the commit's message, at most 200 characters.
    pub summary: Untrusted,
}

/// Who wrote `lines` (from 1) of the file at `path`, relative to the root, as `commit` has it, or the
/// work tree for `None`. Files that were renamed are followed.
///
/// Lines that nobody committed, that the file does not have, or that are older than what a shallow
/// or partial clone holds, are not in the result; neither is anything of a file that is not in git.
///
/// # Errors
///
/// `NotARepository`, and those of [`super::Revision::open`]; `BadPath` where the path leaves the
/// root, or where the work tree has no file there; `Link`, `TooLarge`, `Io` where that cannot be read.
pub fn blame(
    place: &ConfigPlace,
    commit: Option<&str>,
    path: &str,
    lines: &[u32],
) -> Result<BTreeMap<u32, Line>, RepoError> {
    path::readable(path, &place.config).map_err(|error| RepoError::new(Kind::BadPath, error.message))?;
    let opened = git::needed(place, "nobody to name as the author", "leave `--blame` out")?;
    if commit.is_none() && opened.repo.head().is_err_and(|error| error.code() == ErrorCode::UnbornBranch) {
        return Ok(BTreeMap::new());
    }
    let newest = resolve::commit(&opened.repo, commit.unwrap_or("HEAD"))?.id();
    let text = match commit {
        Some(_) => None,
        None => Some(WorkTree::open(place)?.read(path).map_err(|error| {
            let kind = match error.kind {
                FileErrorKind::Link => Kind::Link,
                FileErrorKind::TooLarge => Kind::TooLarge,
                FileErrorKind::Io => Kind::Io,
                _ => Kind::BadPath,
            };
            RepoError::new(kind, error.message)
        })?),
    };
    let path = if opened.prefix.is_empty() { path.to_owned() } else { format!("{}/{path}", opened.prefix) };
    let mut search = Search { graph: Graph::of(opened.repo)?, open: BTreeMap::new(), found: BTreeMap::new() };
    let first = search.graph.commit(newest)?;
    let blob = search.way(first.tree_id(), &path, &[])?.and_then(|way| way.last().copied());
    let Some(committed) = blob.and_then(|blob| rename::text(&search.graph.repo, blob)) else {
        return Ok(BTreeMap::new());
    };
    let time = first.time().seconds();
    drop(first);
    let count = committed.split_inclusive(|byte| *byte == b'\n').count();
    let wanted = lines.iter().map(|line| Wanted { line: *line, here: *line });
    let wanted = match &text {
        None => wanted.filter(|wanted| (1..=count).contains(&(wanted.here as usize))).collect(),
        Some(text) => same(&committed, text, wanted.collect())?.0,
    };
    search.open.insert((time, newest, path), wanted);
    search.run()?;
    Ok(search.found)
}

/// A line that is followed.
#[derive(Clone, Copy)]
struct Wanted {
    /// Its number in the file that was asked for.
    line: u32,
    /// Its number in the file of the commit that was come to.
    here: u32,
}

struct Search {
    graph: Graph,
    /// Where lines were followed to: time and id of the commit, path. The newest is looked at first,
    /// so that lines that parted at a merge meet again.
    open: BTreeMap<(i64, Oid, String), Vec<Wanted>>,
    found: BTreeMap<u32, Line>,
}

impl Search {
    fn run(&mut self) -> Result<(), RepoError> {
        while let Some(((_, id, path), wanted)) = self.open.pop_last() {
            match self.step(id, &path, wanted) {
                // What the clone does not hold is not known; the other lines may be.
                Err(error) if matches!(error.kind, Kind::Shallow | Kind::MissingObject) => {}
                other => other?,
            }
        }
        Ok(())
    }

    /// Passes lines on to the parents that have them; the others were written here.
    fn step(&mut self, id: Oid, path: &str, mut wanted: Vec<Wanted>) -> Result<(), RepoError> {
        let parents = self.graph.parents(id)?;
        let commit = self.graph.commit(id)?;
        let (top, author) = (commit.tree_id(), line(&commit));
        drop(commit);
        let way = self.way(top, path, &[])?;
        let Some(&blob) = way.as_ref().and_then(|way| way.last()) else { return Ok(()) };
        let mut before = Vec::new();
        for parent in parents {
            let commit = self.graph.commit(parent)?;
            let (time, tree) = (commit.time().seconds(), commit.tree_id());
            drop(commit);
            let there = self.way(tree, path, way.as_deref().unwrap_or_default())?;
            let there = there.and_then(|way| way.last().copied());
            if there == Some(blob) {
                self.pass((time, parent, path.to_owned()), wanted);
                return Ok(());
            }
            before.push((time, parent, tree, there));
        }
        let anywhere = before.iter().any(|(.., there)| there.is_some());
        for (time, parent, tree, there) in before {
            if wanted.is_empty() {
                break;
            }
            let origin = match there {
                Some(there) => Some((path.to_owned(), there)),
                None if anywhere => None,
                None => rename::origin(&self.graph.repo, tree, top, blob)
                    .map_err(|error| self.failure(parent, &error))?,
            };
            let Some((origin, there)) = origin else { continue };
            let text = |id| {
                rename::text(&self.graph.repo, id).ok_or_else(|| git::missing(&self.graph.repo, "a file", id))
            };
            let (kept, rest) = same(&text(there)?, &text(blob)?, wanted)?;
            self.pass((time, parent, origin), kept);
            wanted = rest;
        }
        self.found.extend(wanted.iter().map(|wanted| (wanted.line, author.clone())));
        Ok(())
    }

    fn pass(&mut self, to: (i64, Oid, String), wanted: Vec<Wanted>) {
        if !wanted.is_empty() {
            self.open.entry(to).or_default().extend(wanted);
        }
    }

    /// The trees from `top` down to the file at `path`, and at the end its object; `None` where there
    /// is no regular file. From where it meets `known`, another way to the same path, it is that one.
    fn way(&self, top: Oid, path: &str, known: &[Oid]) -> Result<Option<Vec<Oid>>, RepoError> {
        let repo = &self.graph.repo;
        let mut way = vec![top];
        let mut at = top;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            if known.get(way.len() - 1) == Some(&at) {
                way.extend(known.iter().skip(way.len()));
                return Ok(Some(way));
            }
            let folder = tree::open(repo, at, path).map_err(|error| match error.missing {
                true => git::missing(repo, &format!("a folder of `{path}`"), error.id),
                false => RepoError::new(Kind::Git, format!("a folder of `{path}` {}", error.fault)),
            })?;
            let Some(entry) = folder.get_name(part) else { return Ok(None) };
            match (tree::Entry::of(&entry), parts.peek()) {
                (tree::Entry::Folder, Some(_)) | (tree::Entry::File, None) => at = entry.id(),
                _ => return Ok(None),
            }
            way.push(at);
        }
        Ok(Some(way))
    }

    fn failure(&self, id: Oid, error: &git2::Error) -> RepoError {
        match error.code() {
            ErrorCode::NotFound => git::missing(&self.graph.repo, "a folder of the history", id),
            _ => git::failure("cannot tell who wrote a line", error),
        }
    }
}

/// Splits lines of the text `now` into those that `before` has as well, with their numbers there,
/// and the others. Endings of lines do not count: nobody wrote those.
fn same(before: &[u8], now: &[u8], wanted: Vec<Wanted>) -> Result<(Vec<Wanted>, Vec<Wanted>), RepoError> {
    let hunks = hunks(&dirty::plain_lines(before.to_vec()), &dirty::plain_lines(now.to_vec()))
        .map_err(|error| git::failure("cannot compare two versions of a file", &error))?;
    let last = now.split_inclusive(|byte| *byte == b'\n').count();
    let (mut kept, mut rest) = (Vec::new(), Vec::new());
    for wanted in wanted.into_iter().filter(|wanted| (1..=last).contains(&(wanted.here as usize))) {
        match number_before(&hunks, wanted.here) {
            Some(here) => kept.push(Wanted { here, ..wanted }),
            None => rest.push(wanted),
        }
    }
    Ok((kept, rest))
}

/// Lines that differ: the number of the first new one, or of the line after the place where lines
/// are gone; how many are new; how many are gone.
struct Hunk {
    start: u32,
    new: u32,
    gone: u32,
}

fn hunks(before: &[u8], now: &[u8]) -> Result<Vec<Hunk>, git2::Error> {
    let mut options = git2::DiffOptions::new();
    options.context_lines(0).interhunk_lines(0).force_text(true);
    let patch = Patch::from_buffers(before, None, now, None, Some(&mut options))?;
    let hunks = (0..patch.num_hunks()).map(|number| {
        let (hunk, _) = patch.hunk(number)?;
        let (new, gone) = (hunk.new_lines(), hunk.old_lines());
        Ok(Hunk { start: hunk.new_start() + u32::from(new == 0), new, gone })
    });
    hunks.collect()
}

/// What number the line `now` had before; `None` where it is new.
fn number_before(hunks: &[Hunk], now: u32) -> Option<u32> {
    let mut before = i64::from(now);
    for hunk in hunks.iter().take_while(|hunk| hunk.start <= now) {
        if now < hunk.start + hunk.new {
            return None;
        }
        before += i64::from(hunk.gone) - i64::from(hunk.new);
    }
    u32::try_from(before).ok()
}

/// What to say of a commit.
fn line(commit: &Commit<'_>) -> Line {
    let author = commit.author();
    let time = jiff::Timestamp::from_second(author.when().seconds()).unwrap_or_default();
    let message = String::from_utf8_lossy(commit.message_bytes());
    let summary = message.trim_start().lines().next().unwrap_or_default().trim_end();
    Line {
        commit: commit.id().to_string().into(),
        author: String::from_utf8_lossy(author.name_bytes()).into_owned().into(),
        time: time.to_string().into(),
        summary: summary.chars().take(LONGEST_SUMMARY).collect::<String>().into(),
    }
}
