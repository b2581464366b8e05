//! Other definitions in the same repository: a root may have been moved, and two may be of one tenant.

use git2::Oid;

use super::{
    CONFIG_NAME, ConfigPlace, RepoError, RepoErrorKind as Kind, Root, git, resolve,
    tree::{self, Entry},
};

/// Most folders of a commit that are looked into.
const MOST_FOLDERS: usize = 100_000;
/// Deepest folder that is looked into.
const DEEPEST: usize = 128;
/// Most configs of a commit.
const MOST: usize = 1_000;

/// The configs that `commit` has beside that of `place`: files of the usual name, or of the name that
/// `place` has, in any folder; and every YAML file in the folder of `place`, since a config can have
/// any name. None outside git. Folders whose names begin with a dot, links, and submodules are left
/// out.
///
/// # Errors
///
/// `UnknownRevision`, `Shallow`, `MissingObject` where this clone does not hold the whole tree of the
/// commit; `Git` where it has too many folders to look into.
pub fn elsewhere(place: &ConfigPlace, commit: &str) -> Result<Vec<ConfigPlace>, RepoError> {
    let Some(git::Opened { repo, prefix }) = git::open(place)? else { return Ok(Vec::new()) };
    let top = resolve::commit(&repo, commit)?.tree_id();
    let too_many = |what: &str, most: usize| {
        let message = format!("the commit {commit} has more than {most} {what}");
        RepoError::new(Kind::Git, message).help("Split the repository.")
    };
    let mut found = Vec::new();
    let mut folders: Vec<(String, usize, Oid)> = vec![(String::new(), 0, top)];
    let mut looked = 0;
    while let Some((path, depth, id)) = folders.pop() {
        looked += 1;
        if looked > MOST_FOLDERS || depth > DEEPEST {
            return Err(too_many("folders", MOST_FOLDERS));
        }
        let folder = tree::open(&repo, id, &path).map_err(|error| match error.missing {
            true => git::missing(&repo, &format!("the folder `{path}`"), error.id),
            false => RepoError::new(Kind::Git, format!("in the commit {commit} `{path}` {}", error.fault)),
        })?;
        for entry in &folder {
            let Ok(name) = entry.name() else { continue };
            match Entry::of(&entry) {
                Entry::Folder if !name.starts_with('.') => {
                    let inner = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
                    folders.push((inner, depth + 1, entry.id()));
                }
                Entry::File => {
                    let own = path == prefix;
                    let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
                    let config = name == CONFIG_NAME || name == &*place.config || (own && yaml);
                    if config && !(own && name == &*place.config) {
                        found.push((path.clone(), name.to_owned()));
                    }
                }
                Entry::Folder | Entry::Link | Entry::Submodule => {}
            }
        }
        if found.len() > MOST {
            return Err(too_many("configs", MOST));
        }
    }
    found.sort();
    let place = |(path, name): (String, String)| {
        let root = match &place.root {
            Root::Bare { git_dir, .. } => {
                Root::Bare { git_dir: git_dir.clone(), folder: path.as_str().into() }
            }
            Root::Folder(folder) => {
                let inside = prefix.split('/').filter(|part| !part.is_empty()).count();
                let top = folder.ancestors().nth(inside).unwrap_or(folder);
                Root::Folder(if path.is_empty() { top.to_owned() } else { top.join(path) })
            }
        };
        ConfigPlace { root, config: name.as_str().into() }
    };
    Ok(found.into_iter().map(place).collect())
}
