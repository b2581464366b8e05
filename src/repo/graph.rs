//! Questions about the graph of commits, whose answers are never guessed where a clone holds only a
//! part of it.

use std::collections::HashSet;

use git2::{ErrorClass, ErrorCode, Oid, Repository};

use super::{RepoError, RepoErrorKind as Kind, git};

/// Largest list of a shallow clone's oldest commits, in bytes.
const LARGEST_LIST: u64 = 16 << 20;

/// The commits of a repository and what joins them.
pub(super) struct Graph {
    /// The repository, or of a linked work tree the main one: there the library knows which
    /// commits of a shallow clone have parents that it does not hold.
    pub(super) repo: Repository,
    /// The oldest commits of a shallow clone.
    ends: HashSet<Oid>,
}

/// Everything that can be reached from one commit.
struct Reached {
    commits: HashSet<Oid>,
    /// Those at which the history of this clone ends early.
    ends: Vec<Oid>,
}

impl Graph {
    /// The graph of `repo`.
    pub(super) fn of(repo: Repository) -> Result<Self, RepoError> {
        let repo = if repo.is_worktree() {
            let main = repo.commondir();
            git::open_exactly(main).map_err(|error| git::refusal(&error, main))?
        } else {
            repo
        };
        let ends = ends(&repo)?;
        Ok(Self { repo, ends })
    }

    /// The commit `id`.
    pub(super) fn commit(&self, id: Oid) -> Result<git2::Commit<'_>, RepoError> {
        self.repo.find_commit(id).map_err(|error| self.error(id, &error))
    }

    /// The parents of `id`, in order.
    ///
    /// # Errors
    ///
    /// `Shallow` where the commit has parents, and the clone does not hold them.
    pub(super) fn parents(&self, id: Oid) -> Result<Vec<Oid>, RepoError> {
        let commit = self.commit(id)?;
        if self.is_end(&commit) {
            let message =
                format!("what is before the commit {id} is not in this clone: the clone is shallow");
            return Err(RepoError::new(Kind::Shallow, message).help(git::UNSHALLOW));
        }
        Ok(commit.parent_ids().collect())
    }

    /// Whether the clone's history ends early at `commit`, which is not where it began.
    pub(super) fn is_end(&self, commit: &git2::Commit<'_>) -> bool {
        let begun = || commit.raw_header_bytes().split(|byte| *byte == b'\n');
        self.ends.contains(&commit.id()) && begun().any(|line| line.starts_with(b"parent "))
    }

    /// Whether `ancestor` is `of` or comes before it.
    ///
    /// # Errors
    ///
    /// `Shallow` where that cannot be told, `MissingObject` where a commit is lost.
    pub(super) fn is_ancestor(&self, ancestor: Oid, of: Oid) -> Result<bool, RepoError> {
        self.commit(ancestor)?;
        self.commit(of)?;
        if ancestor == of {
            return Ok(true);
        }
        if self.ends.is_empty() {
            return self.repo.graph_descendant_of(of, ancestor).map_err(|error| self.error(of, &error));
        }
        let later = self.reach(of)?;
        if later.commits.contains(&ancestor) {
            return Ok(true);
        }
        // An end that lies before `ancestor` cannot have it among what is hidden behind that end.
        let earlier = self.reach(ancestor)?;
        if later.ends.iter().all(|end| earlier.commits.contains(end)) {
            return Ok(false);
        }
        Err(undecided(&format!("whether the commit {ancestor} comes before {of}")))
    }

    /// The best common ancestors of both; empty where they have no history in common.
    ///
    /// # Errors
    ///
    /// As [`Self::is_ancestor`].
    pub(super) fn common(&self, one: Oid, two: Oid) -> Result<Vec<Oid>, RepoError> {
        if !self.ends.is_empty() {
            // A better one could be hidden behind an end, unless that end is common itself.
            let (first, second) = (self.reach(one)?, self.reach(two)?);
            let hidden =
                |of: &Reached, other: &Reached| of.ends.iter().any(|end| !other.commits.contains(end));
            if hidden(&first, &second) || hidden(&second, &first) {
                return Err(undecided(&format!("where the commits {one} and {two} parted")));
            }
        }
        match self.repo.merge_bases(one, two) {
            Ok(bases) => Ok(bases.iter().copied().collect()),
            // The library has one code for "there is none" and for "an object is lost".
            Err(error) if error.code() == ErrorCode::NotFound && error.class() == ErrorClass::Merge => {
                Ok(Vec::new())
            }
            Err(error) => Err(self.error(one, &error)),
        }
    }

    fn reach(&self, from: Oid) -> Result<Reached, RepoError> {
        let mut reached = Reached { commits: HashSet::from([from]), ends: Vec::new() };
        let mut next = vec![from];
        while let Some(id) = next.pop() {
            let commit = self.commit(id)?;
            if self.is_end(&commit) {
                reached.ends.push(id);
                continue;
            }
            next.extend(commit.parent_ids().filter(|parent| reached.commits.insert(*parent)));
        }
        Ok(reached)
    }

    fn error(&self, id: Oid, error: &git2::Error) -> RepoError {
        match error.code() {
            ErrorCode::NotFound => {
                git::missing(&self.repo, "a commit of the history", lost(error).unwrap_or(id))
            }
            _ => git::failure(&format!("cannot read the history before the commit {id}"), error),
        }
    }
}

/// The object that the library says it did not find.
pub(super) fn lost(error: &git2::Error) -> Option<Oid> {
    let words = error.message().split(|c: char| !c.is_ascii_hexdigit());
    words.filter(|word| word.len() == 40).find_map(|word| Oid::from_str(word).ok())
}

fn undecided(what: &str) -> RepoError {
    let message = format!("{what} cannot be told: the clone is shallow, its history ends early");
    RepoError::new(Kind::Shallow, message).help(git::UNSHALLOW)
}

/// The oldest commits of a shallow clone; empty where the history is whole.
fn ends(repo: &Repository) -> Result<HashSet<Oid>, RepoError> {
    let list = repo.commondir().join("shallow");
    match list.metadata() {
        Ok(data) if data.len() <= LARGEST_LIST => {}
        Ok(data) => {
            let message =
                format!("`{}` has {} bytes; at most {LARGEST_LIST} are read", list.display(), data.len());
            return Err(RepoError::new(Kind::Git, message));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(error) => return Err(RepoError::io("cannot read", &list, &error)),
    }
    let text = std::fs::read_to_string(&list).map_err(|error| RepoError::io("cannot read", &list, &error))?;
    let ids = text.lines().map(|line| Oid::from_str(line.trim()));
    ids.collect::<Result<_, _>>()
        .map_err(|error| git::failure(&format!("cannot read `{}`", list.display()), &error))
}
