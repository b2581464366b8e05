//! Records as files below the root of the definitions.

use std::{fs, io};

use git2::{ObjectType, Oid};

use super::{
    Found, LARGEST, Record,
    format::{self, Fault},
    moved,
};
use crate::{
    model::files::{FileErrorKind, Files, LARGEST_FILE},
    repo::{ConfigPlace, RepoError, RepoErrorKind as Kind, WorkTree, path as paths, write},
};

const ENDING: &str = ".json";
const _: () = assert!(LARGEST == LARGEST_FILE, "what is written has to be readable");

/// The path of the record of `target`, relative to the root.
pub(super) fn path(folder: &str, target: &str) -> String {
    format!("{folder}/{}{ENDING}", format::component(target))
}

/// The targets that have a record in `folder`.
pub(super) fn targets(place: &ConfigPlace, folder: &str) -> Result<Vec<String>, RepoError> {
    if let Some(fault) = paths::fault(folder) {
        return Err(RepoError::new(Kind::BadPath, format!("the folder of records `{folder}` {fault}")));
    }
    let mut at = place.folder()?.to_owned();
    for part in folder.split('/') {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(data) if data.is_symlink() => {
                let message =
                    format!("`{}` is a symbolic link; records are not read through links", at.display());
                return Err(RepoError::new(Kind::Link, message));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(RepoError::io("cannot read", &at, &error)),
        }
    }
    let failed = |error: io::Error| RepoError::io("cannot list the records in", &at, &error);
    let mut targets = Vec::new();
    for entry in fs::read_dir(&at).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        targets.extend(name.to_str().and_then(|name| name.strip_suffix(ENDING)).and_then(format::text));
        if targets.len() > super::MOST {
            break;
        }
    }
    targets.sort();
    Ok(targets)
}

pub(super) fn read(place: &ConfigPlace, folder: &str, target: &str) -> Result<Option<Found>, RepoError> {
    let path = path(folder, target);
    let bytes = match WorkTree::open(place)?.read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let kind = match error.kind {
                FileErrorKind::NotFound => return Ok(None),
                FileErrorKind::Link => Kind::Link,
                FileErrorKind::Pattern => Kind::BadPath,
                FileErrorKind::TooLarge => Kind::Record,
                _ => Kind::Io,
            };
            return Err(RepoError::new(
                kind,
                format!("cannot read the record of the last apply: {}", error.message),
            ));
        }
    };
    let record = Record::from_bytes(&bytes).map_err(|fault| match fault {
        Fault::Newer(version) => RepoError::new(
            Kind::Record,
            format!("the record `{path}` was written by a newer rolecall (version {version} of the format)"),
        )
        .help("Use that rolecall here, too."),
        Fault::Malformed(fault) => malformed(&path, &fault),
    });
    let record = record.and_then(|record| {
        if record.target.raw() == target {
            Ok(record)
        } else {
            Err(malformed(&path, "is that of another target"))
        }
    });
    Ok(Some(Found { version: hash(&bytes)?, record }))
}

pub(super) fn write(
    place: &ConfigPlace,
    folder: &str,
    target: &str,
    bytes: &[u8],
    seen: Option<Option<Oid>>,
) -> Result<Oid, RepoError> {
    if let Some(seen) = seen
        && read(place, folder, target)?.map(|found| found.version) != seen
    {
        return Err(moved(target));
    }
    write::replace(place.folder()?, &path(folder, target), bytes)?;
    hash(bytes)
}

fn hash(bytes: &[u8]) -> Result<Oid, RepoError> {
    Oid::hash_object(ObjectType::Blob, bytes)
        .map_err(|error| RepoError::new(Kind::Git, format!("cannot hash a record: {}", error.message())))
}

fn malformed(path: &str, fault: &str) -> RepoError {
    RepoError::new(Kind::Record, format!("the record of the last apply, `{path}`, {fault}"))
        .help("To go on without a record, delete the file.")
}
