//! From what a person calls a commit to the commit.

use std::collections::BTreeMap;

use git2::{Commit, ErrorCode, ObjectType, Oid, Repository};

use super::{RepoError, RepoErrorKind as Kind, git};

/// Most names that are compared with a misspelt one.
const MOST_NAMES: usize = 10_000;

/// The commit that `spec` names: a branch, a tag, `HEAD~1`, an id or the beginning of one.
///
/// Stricter than git, because a wrong commit means wrong roles and whoever can push can make names:
/// a name that means two commits (tag and branch, or a branch that looks like an id) is refused, and
/// 40 hexadecimal digits are an id, never the name of a tag.
pub(super) fn commit<'r>(repo: &'r Repository, spec: &str) -> Result<Commit<'r>, RepoError> {
    let unusable = |why: &str| {
        RepoError::new(Kind::UnknownRevision, format!("the revision `{spec}` {why}"))
            .help("Name a branch, a tag, a commit's id, or a commit relative to one, such as `HEAD~1`.")
    };
    if spec.is_empty() || spec.len() > 1024 || spec.chars().any(char::is_control) {
        return Err(unusable("is empty, too long, or holds a control character"));
    }
    if spec.contains("..") {
        return Err(unusable("is a range; one commit is needed"));
    }
    let name = stem(spec);
    if let Some(id) = full_id(name) {
        match repo.odb().and_then(|odb| odb.read_header(id)) {
            Ok(_) => {}
            Err(error) if error.code() == ErrorCode::NotFound => return Err(not_found(repo, spec, name)),
            Err(error) => return Err(git::failure(&format!("cannot read the commit `{name}`"), &error)),
        }
    } else {
        unambiguous(repo, spec, name)?;
    }
    let object = repo.revparse_single(spec).map_err(|error| match error.code() {
        ErrorCode::NotFound | ErrorCode::UnbornBranch => not_found(repo, spec, name),
        ErrorCode::Ambiguous => RepoError::new(
            Kind::AmbiguousRevision,
            format!("several objects have ids that begin with `{name}`"),
        )
        .help("Write more of the id's digits."),
        ErrorCode::InvalidSpec => unusable("is not spelled like one"),
        _ => git::failure(&format!("cannot find the revision `{spec}`"), &error),
    })?;
    let kind = object.kind();
    object.peel_to_commit().map_err(|error| match error.code() {
        ErrorCode::NotFound => not_found(repo, spec, name),
        _ => match kind {
            Some(ObjectType::Tree) => unusable("is a folder of a commit; the commit is needed"),
            Some(ObjectType::Blob) => unusable("is a file; the commit is needed"),
            _ => unusable("leads to no commit"),
        },
    })
}

/// The name or id that `spec` starts from, without `~1`, `^`, `@{…}`, `:path`.
fn stem(spec: &str) -> &str {
    let end = spec.find(['~', '^', ':']).unwrap_or(spec.len());
    let end = spec.find("@{").map_or(end, |at| at.min(end));
    spec.get(..end).unwrap_or(spec)
}

/// An id that is written in full.
fn full_id(name: &str) -> Option<Oid> {
    (name.len() == 40 && is_hex(name)).then(|| Oid::from_str(name).ok()).flatten()
}

fn is_hex(name: &str) -> bool {
    name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Refuses a `name` that means several commits.
fn unambiguous(repo: &Repository, spec: &str, name: &str) -> Result<(), RepoError> {
    // `HEAD` and its like are files of git's own that win over everything.
    if name.is_empty() || name == "@" || name == "HEAD" || name.ends_with("_HEAD") {
        return Ok(());
    }
    let mut meanings: BTreeMap<Oid, String> = BTreeMap::new();
    for start in ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"] {
        let full = format!("{start}{name}");
        let commit = repo.find_reference(&full).and_then(|reference| reference.peel_to_commit());
        if let Ok(commit) = commit {
            meanings.entry(commit.id()).or_insert(full);
        }
    }
    if !meanings.is_empty()
        && is_hex(name)
        && let Ok(commit) = repo.find_commit_by_prefix(name)
    {
        meanings.entry(commit.id()).or_insert_with(|| commit.id().to_string());
    }
    if meanings.len() < 2 {
        return Ok(());
    }
    let spellings: Vec<_> =
        meanings.values().map(|full| format!("`{}`", spec.replacen(name, full, 1))).collect();
    Err(RepoError::new(
        Kind::AmbiguousRevision,
        format!("the revision `{spec}` means {} different commits", meanings.len()),
    )
    .help(format!("Write which one: {}.", spellings.join(" or "))))
}

/// Why there is no commit `spec`, whose first part is `name`.
fn not_found(repo: &Repository, spec: &str, name: &str) -> RepoError {
    let shallow = git::is_shallow(repo);
    let start = repo.revparse_single(if name.is_empty() { "@" } else { name });
    let known = start.as_ref().is_ok_and(|object| object.peel_to_commit().is_ok());
    if shallow && (known || is_hex(name)) {
        return RepoError::new(
            Kind::Shallow,
            format!(
                "the revision `{spec}` is not in this clone: the clone is shallow, its history ends early"
            ),
        )
        .help(git::UNSHALLOW);
    }
    if known {
        return RepoError::new(
            Kind::UnknownRevision,
            format!("there is no revision `{spec}`: `{name}` exists, what follows it leads to no commit"),
        )
        .help("Look at the history:\ngit log --oneline");
    }
    if let Ok(reference) = repo.resolve_reference_from_short_name(name)
        && let Some(id) = reference.target()
    {
        return git::missing(repo, &format!("the commit that `{name}` names"), id);
    }
    if matches!(name, "" | "@" | "HEAD") {
        return RepoError::new(
            Kind::UnknownRevision,
            format!("there is no revision `{spec}`: nothing was committed yet"),
        )
        .help("Commit the definitions first, or read the files as they lie there, without `--rev`.");
    }
    let mut help = String::new();
    let near = nearest(repo, name);
    if !near.is_empty() {
        help = format!("Did you mean {}? ", near.join(" or "));
    }
    if is_hex(name) {
        help.push_str("It may have to be fetched first:\ngit fetch --all");
    } else {
        help.push_str("A branch or tag may have to be fetched first:\ngit fetch --all --tags");
    }
    RepoError::new(Kind::UnknownRevision, format!("there is no revision `{spec}`")).help(help)
}

/// Up to three names of branches and tags that are spelled like `name`, in back-ticks.
fn nearest(repo: &Repository, name: &str) -> Vec<String> {
    let Ok(references) = repo.references() else { return Vec::new() };
    let mut near: Vec<(usize, String)> = references
        .take(MOST_NAMES)
        .filter_map(|reference| reference.ok()?.shorthand().ok().map(str::to_owned))
        .filter_map(|known| {
            // `mian` is near `main`, and so is `origin/main` where only that exists.
            let last = known.rsplit('/').next().unwrap_or(&known);
            let distance = strsim::damerau_levenshtein(name, &known)
                .min(strsim::damerau_levenshtein(name, last).saturating_add(1));
            (distance <= 1 + name.chars().count() / 3).then_some((distance, known))
        })
        .collect();
    near.sort();
    near.dedup();
    near.into_iter().take(3).map(|(_, known)| format!("`{known}`")).collect()
}
