//! Records as a chain of commits, each with one file `record.json`.

use std::path::Path;

use git2::{ErrorCode, ObjectType, Oid, Repository, Signature, Time};

use super::{
    Found, LARGEST, Record,
    format::{self, Fault},
    moved,
};
use crate::repo::{
    RepoError, RepoErrorKind as Kind,
    git::{self, Opened},
    shell, tree,
};

const START: &str = "refs/rolecall/applied/";
const FILE: &str = "record.json";
/// Largest commit of a record, in bytes: this program writes a line.
const LARGEST_COMMIT: usize = 64 << 10;

/// The full name of the reference of `target` under the root at `prefix`.
pub(super) fn name(prefix: &str, target: &str) -> String {
    format!("{START}{}/{}", format::component(prefix), format::component(target))
}

/// The targets that have a record under this root.
pub(super) fn targets(opened: &Opened) -> Result<Vec<String>, RepoError> {
    let start = format!("{START}{}/", format::component(&opened.prefix));
    let failed = |error: git2::Error| git::failure("cannot list the records of applies", &error);
    let names = opened.repo.references_glob(&format!("{start}*")).map_err(failed)?;
    let mut targets = Vec::new();
    for reference in names {
        let reference = reference.map_err(failed)?;
        let name = reference.name().ok().and_then(|name| name.strip_prefix(&start));
        targets.extend(name.and_then(format::text));
        if targets.len() > super::MOST {
            break;
        }
    }
    Ok(targets)
}

/// The last records of roots whose folders have no config in the commit `tree` any more, with the names
/// of their references and their folders. `configs` are the names that a config can have. Records that
/// cannot be read are left out.
pub(super) fn left_behind(
    opened: &Opened,
    tree: &git2::Tree<'_>,
    configs: &[&str],
) -> Result<Vec<(String, String, Record)>, RepoError> {
    let failed = |error: git2::Error| git::failure("cannot list the records of applies", &error);
    let mut found = Vec::new();
    for reference in opened.repo.references_glob(&format!("{START}*")).map_err(failed)?.take(super::MOST) {
        let reference = reference.map_err(failed)?;
        let parts = reference.name().ok().and_then(|name| name.strip_prefix(START)?.split_once('/'));
        let texts = parts.and_then(|(root, target)| Some((format::text(root)?, format::text(target)?)));
        let Some((root, target)) = texts.filter(|(root, _)| *root != opened.prefix) else { continue };
        let is_there = |config: &&str| tree.get_path(&Path::new(&root).join(config)).is_ok();
        let Some(version) = reference.target().filter(|_| !configs.iter().any(is_there)) else { continue };
        let name = name(&root, &target);
        if let Ok(record) = record(&opened.repo, &name, version, &target) {
            found.push((name, root, record));
        }
    }
    Ok(found)
}

pub(super) fn read(opened: &Opened, target: &str) -> Result<Option<Found>, RepoError> {
    let name = name(&opened.prefix, target);
    let Some(version) = tip(&opened.repo, &name)? else { return Ok(None) };
    let record = record(&opened.repo, &name, version, target);
    Ok(Some(Found { version, record }))
}

/// The object that the reference names; `None` where there is no such reference.
fn tip(repo: &Repository, name: &str) -> Result<Option<Oid>, RepoError> {
    match repo.find_reference(name) {
        Ok(reference) => match reference.target() {
            Some(id) => Ok(Some(id)),
            None => Err(malformed(name, "leads to another reference")),
        },
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(git::failure(&format!("cannot read the record `{name}`"), &error)),
    }
}

fn record(repo: &Repository, name: &str, id: Oid, target: &str) -> Result<Record, RepoError> {
    let top = commit(repo, name, id)?.tree_id();
    let folder = tree::open(repo, top, "").map_err(|error| match error.missing {
        true => git::missing(repo, &format!("the record `{name}`"), error.id),
        false => malformed(name, "has no folder that can be read"),
    })?;
    let file = folder.get_name(FILE).filter(|entry| tree::Entry::of(entry) == tree::Entry::File);
    let id = file.ok_or_else(|| malformed(name, &format!("has no file `{FILE}`")))?.id();
    match header(repo, name, id)? {
        (size, ObjectType::Blob) if size as u64 <= LARGEST => {}
        (size, ObjectType::Blob) => return Err(malformed(name, &format::too_large(size as u64))),
        _ => return Err(malformed(name, &format!("has no file `{FILE}`"))),
    }
    let blob = repo
        .find_blob(id)
        .map_err(|error| git::failure(&format!("cannot read the record `{name}`"), &error))?;
    let record = Record::from_bytes(blob.content()).map_err(|fault| match fault {
        Fault::Newer(version) => RepoError::new(
            Kind::Record,
            format!("the record `{name}` was written by a newer rolecall (version {version} of the format)"),
        )
        .help("Use that rolecall here, too."),
        Fault::Malformed(fault) => malformed(name, &fault),
    })?;
    if record.target.raw() != target {
        return Err(malformed(name, "is that of another target"));
    }
    Ok(record)
}

fn commit<'r>(repo: &'r Repository, name: &str, id: Oid) -> Result<git2::Commit<'r>, RepoError> {
    match header(repo, name, id)? {
        (size, ObjectType::Commit) if size <= LARGEST_COMMIT => {}
        (_, ObjectType::Commit) => return Err(malformed(name, "is a commit with too long a message")),
        _ => return Err(malformed(name, "is no commit")),
    }
    repo.find_commit(id).map_err(|error| git::failure(&format!("cannot read the record `{name}`"), &error))
}

fn header(repo: &Repository, name: &str, id: Oid) -> Result<(usize, ObjectType), RepoError> {
    tree::header(repo, id).map_err(|error| match error.code() {
        ErrorCode::NotFound => git::missing(repo, &format!("the record `{name}`"), id),
        _ => git::failure(&format!("cannot read the record `{name}`"), &error),
    })
}

/// Writes after the record `seen` (`Some(None)`: there was none; `None`: nobody looked).
pub(super) fn write(
    opened: &Opened,
    record: &Record,
    bytes: &[u8],
    seen: Option<Option<Oid>>,
) -> Result<Oid, RepoError> {
    let repo = &opened.repo;
    let target = record.target.raw();
    let name = name(&opened.prefix, target);
    let last = tip(repo, &name)?;
    if seen.is_some_and(|seen| seen != last) {
        return Err(moved(target));
    }
    let parent = last.map(|id| commit(repo, &name, id)).transpose()?;
    let id =
        write_commit(repo, record, bytes, parent.as_ref()).map_err(|error| unwritten(repo, &name, &error))?;
    // git compares while it holds the reference's lock; no id at all means that it must not exist.
    let expected = last.unwrap_or(Oid::ZERO_SHA1);
    match repo.reference_matching(&name, id, true, expected, "rolecall: recorded") {
        Ok(_) => Ok(id),
        Err(error) if matches!(error.code(), ErrorCode::Modified | ErrorCode::Exists) => Err(moved(target)),
        Err(error) => Err(unwritten(repo, &name, &error)),
    }
}

fn write_commit(
    repo: &Repository,
    record: &Record,
    bytes: &[u8],
    parent: Option<&git2::Commit<'_>>,
) -> Result<Oid, git2::Error> {
    let mut builder = repo.treebuilder(None)?;
    builder.insert(FILE, repo.blob(bytes)?, 0o100_644)?;
    let tree = repo.find_tree(builder.write()?)?;
    let time = Time::new(record.seconds().unwrap_or_default(), 0);
    let who = repo
        .signature()
        .and_then(|who| Signature::new(who.name()?, who.email()?, &time))
        .or_else(|_| Signature::new("rolecall", "rolecall@localhost", &time))?;
    let short: String = record.revision.raw().chars().take(12).collect();
    let target = format::component(record.target.raw());
    let what = if record.released { "released" } else { "recorded" };
    let message = format!("{target} {what} at {short}\n");
    repo.commit(None, &who, &who, &message, &tree, parent.as_slice())
}

fn malformed(name: &str, fault: &str) -> RepoError {
    let quoted = shell::quote(name.as_bytes());
    RepoError::new(Kind::Record, format!("the record of the last apply, `{name}`, {fault}")).help(format!(
        "Look at it:\ngit log -p {quoted}\n\
         To go on without a record, remove it here, and where it was fetched from:\ngit update-ref -d {quoted}"
    ))
}

fn unwritten(repo: &Repository, name: &str, error: &git2::Error) -> RepoError {
    let message = format!("cannot write the record `{name}`: {}", error.message());
    let help = if error.code() == ErrorCode::Locked {
        format!(
            "Another program is writing it. If none is, remove the lock `{}.lock`.",
            repo.commondir().join(name).display()
        )
    } else {
        format!("rolecall has to be able to write in `{}`.", repo.commondir().display())
    };
    RepoError::new(Kind::Io, message).help(help)
}
