//! Where a file was before the commit that moved it.

use std::collections::HashMap;

use git2::{Delta, ObjectType, Oid, Repository};

use super::tree;
use crate::model::files::LARGEST_FILE;

/// Most files that one commit deleted and that are looked at.
const MOST_DELETED: usize = 10_000;
/// Most of them that are compared line by line.
const MOST_COMPARED: usize = 50;

/// The path and object that a file which is new in the tree `after`, and has the object `now`, had in
/// the tree `before`: of the files that are gone the same one, else the one with most lines in
/// common, if that is at least half of the longer one's.
pub(super) fn origin(
    repo: &Repository,
    before: Oid,
    after: Oid,
    now: Oid,
) -> Result<Option<(String, Oid)>, git2::Error> {
    let (before, after) = (repo.find_tree(before)?, repo.find_tree(after)?);
    let diff = repo.diff_tree_to_tree(Some(&before), Some(&after), None)?;
    let gone = diff.deltas().filter(|delta| delta.status() == Delta::Deleted).take(MOST_DELETED).filter_map(
        |delta| {
            let file = delta.old_file();
            Some((std::str::from_utf8(file.path_bytes()?).ok()?.to_owned(), file.id()))
        },
    );
    let mut gone: Vec<(String, Oid)> = gone.collect();
    if let Some(same) = gone.iter().position(|(_, id)| *id == now) {
        return Ok(Some(gone.swap_remove(same)));
    }
    let Some(text) = text(repo, now) else { return Ok(None) };
    let near = |id: Oid| {
        let size = tree::header(repo, id).map_or(0, |(size, _)| size);
        size <= text.len().saturating_mul(2) && text.len() <= size.saturating_mul(2)
    };
    let near = gone.into_iter().filter(|(_, id)| near(*id)).take(MOST_COMPARED);
    let mut best: Option<(usize, usize, (String, Oid))> = None;
    for (path, id) in near {
        let Some(other) = self::text(repo, id) else { continue };
        let (common, longest) = common_lines(&text, &other);
        let better = best.as_ref().is_none_or(|(most, of, _)| common * of > most * longest);
        if common > 0 && common * 2 >= longest && better {
            best = Some((common, longest, (path, id)));
        }
    }
    Ok(best.map(|(_, _, origin)| origin))
}

/// The bytes of the file `id`; `None` where it is not in this clone, or too large.
pub(super) fn text(repo: &Repository, id: Oid) -> Option<Vec<u8>> {
    let (size, kind) = tree::header(repo, id).ok()?;
    if kind != ObjectType::Blob || size as u64 > LARGEST_FILE {
        return None;
    }
    Some(repo.find_blob(id).ok()?.content().to_vec())
}

/// How many lines that say something both have, and how many of them the longer one has.
fn common_lines(one: &[u8], two: &[u8]) -> (usize, usize) {
    let lines = |text| {
        <[u8]>::split(text, |byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
    };
    let mut counts: HashMap<&[u8], usize> = HashMap::new();
    let mut first = 0;
    for line in lines(one) {
        first += 1;
        *counts.entry(line).or_default() += 1;
    }
    let (mut second, mut common) = (0, 0);
    for line in lines(two) {
        second += 1;
        if let Some(left) = counts.get_mut(line).filter(|left| **left > 0) {
            *left -= 1;
            common += 1;
        }
    }
    (common, first.max(second))
}
