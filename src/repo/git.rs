//! Opening repositories, and git's refusals in words.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Repository, RepositoryOpenFlags as Flags};

use super::{ConfigPlace, RepoError, RepoErrorKind as Kind, Root, shell};

/// An open repository and where the definitions lie in it.
pub(super) struct Opened {
    pub(super) repo: Repository,
    /// Folder of the definitions in the trees, with `/`; empty for the top.
    pub(super) prefix: String,
}

/// Opens the repository that the definitions lie in; `None` outside git.
///
/// Only `.git` entries count on the way up: a folder that merely looks like a bare repository is
/// something that a commit can contain, together with a configuration that it chose. Variables such
/// as `GIT_DIR` are not read.
pub(super) fn open(place: &ConfigPlace) -> Result<Option<Opened>, RepoError> {
    match &place.root {
        Root::Bare { git_dir, folder } => {
            let repo = open_exactly(git_dir).map_err(|error| refusal(&error, git_dir))?;
            Ok(Some(Opened { repo, prefix: folder.to_string() }))
        }
        Root::Folder(root) => {
            let Some((repo, top)) = discover(root)? else { return Ok(None) };
            let inside = root.strip_prefix(&top).ok();
            let Some(inside) = inside else {
                let message = format!(
                    "the repository `{}` has its work tree elsewhere, at `{}`, so it does not hold `{}`",
                    repo.path().display(),
                    top.display(),
                    root.display()
                );
                return Err(RepoError::new(Kind::Unsupported, message)
                    .help("Run rolecall in that work tree, or unset git's `core.worktree`."));
            };
            let parts: Option<Vec<_>> = inside.components().map(|part| part.as_os_str().to_str()).collect();
            let Some(parts) = parts else {
                let message = format!("the path of the folder `{}` is not UTF-8", root.display());
                return Err(RepoError::new(Kind::BadPath, message).help("Rename the folder."));
            };
            Ok(Some(Opened { prefix: parts.join("/"), repo }))
        }
    }
}

/// Opens the repository that the definitions lie in, without which there is `nothing`; `instead` is
/// what else to do than run in a clone.
pub(super) fn needed(place: &ConfigPlace, nothing: &str, instead: &str) -> Result<Opened, RepoError> {
    if let Some(opened) = open(place)? {
        return Ok(opened);
    }
    let at = match &place.root {
        Root::Folder(folder) => folder,
        Root::Bare { git_dir, .. } => git_dir,
    };
    let message = format!("`{}` is not in a git repository, so there is {nothing}", at.display());
    Err(RepoError::new(Kind::NotARepository, message).help(format!("Run rolecall in a clone, or {instead}.")))
}

/// The top of the work tree that `folder` lies in; `None` outside git.
pub(super) fn top(folder: &Path) -> Result<Option<PathBuf>, RepoError> {
    Ok(discover(folder)?.map(|(_, top)| top))
}

/// The repository whose `.git` is in `folder` or above, and the top of its work tree without links.
pub(super) fn discover(folder: &Path) -> Result<Option<(Repository, PathBuf)>, RepoError> {
    for top in folder.ancestors() {
        let entry = top.join(".git");
        let Ok(kind) = entry.metadata() else { continue };
        let repo = match open_exactly(&entry) {
            // As git itself: an empty `.git` folder is no repository, a dangling `.git` file is an error.
            Err(error) if error.code() == ErrorCode::NotFound && kind.is_dir() => continue,
            other => other.map_err(|error| refusal(&error, top))?,
        };
        let top = repo.workdir().unwrap_or(top);
        let top = top.canonicalize().map_err(|error| RepoError::io("cannot open", top, &error))?;
        return Ok(Some((repo, top)));
    }
    Ok(None)
}

/// Opens the repository at `git_dir` and nowhere else.
pub(super) fn open_exactly(git_dir: &Path) -> Result<Repository, git2::Error> {
    Repository::open_ext(git_dir, Flags::NO_SEARCH | Flags::NO_DOTGIT, std::iter::empty::<&Path>())
}

/// Whether `folder` has the parts of a repository itself.
pub(super) fn looks_bare(folder: &Path) -> bool {
    folder.join("HEAD").symlink_metadata().is_ok()
        && folder.join("objects").is_dir()
        && folder.join("refs").is_dir()
        && folder.join(".git").symlink_metadata().is_err()
}

/// Whether a folder above the bare repository `git_dir` has a `.git` that belongs to another
/// repository. In the layout of a bare `.bare` beside a `.git` file that names it, it does not.
pub(super) fn inside_work_tree(git_dir: &Path) -> bool {
    git_dir.ancestors().skip(1).any(|folder| {
        let entry = folder.join(".git");
        if entry.symlink_metadata().is_err() {
            return false;
        }
        let same = entry.is_file()
            && open_exactly(&entry)
                .is_ok_and(|repo| repo.path().canonicalize().is_ok_and(|other| other == git_dir));
        !same
    })
}

/// Whether history ends early: in a linked work tree the list lies in the main repository, where
/// the library does not look.
pub(super) fn is_shallow(repo: &Repository) -> bool {
    repo.is_shallow() || repo.commondir().join("shallow").metadata().is_ok_and(|data| data.len() > 0)
}

/// Whether objects were left out on purpose (`git clone --filter=…`).
fn is_partial(repo: &Repository) -> bool {
    repo.config().and_then(|mut config| config.snapshot()).is_ok_and(|config| {
        let promised = config.entries(Some(r"^remote\..*\.promisor$")).is_ok_and(|entries| {
            let mut any = false;
            entries.for_each(|_| any = true).is_ok() && any
        });
        promised || config.get_str("extensions.partialclone").is_ok()
    })
}

/// Why an object that a commit names is not there, and what fetches it.
pub(super) fn missing(repo: &Repository, what: &str, id: git2::Oid) -> RepoError {
    if is_partial(repo) {
        return RepoError::new(
            Kind::MissingObject,
            format!("{what} (object {id}) is not in this clone: it was made with a filter, and is partial"),
        )
        .help("Fetch what was left out:\ngit fetch --refetch --no-filter");
    }
    if is_shallow(repo) {
        return RepoError::new(
            Kind::Shallow,
            format!("{what} (object {id}) is not in this clone: the clone is shallow"),
        )
        .help(UNSHALLOW);
    }
    RepoError::new(
        Kind::MissingObject,
        format!("{what} (object {id}) is missing from the repository: it is damaged, or incomplete"),
    )
    .help("Look for what else is missing, then clone again if needed:\ngit fsck --full")
}

/// What to do about a shallow clone.
pub(super) const UNSHALLOW: &str = "Fetch the rest of the history, in CI with `fetch-depth: 0` or its like in the \
     checkout step:\ngit fetch --unshallow";

/// What git's library said when it opened the repository at `place`, as an error that says what to do.
pub(super) fn refusal(error: &git2::Error, place: &Path) -> RepoError {
    let at = place.display();
    match error.code() {
        ErrorCode::Owner => RepoError::new(
            Kind::Owner,
            format!("the repository at `{at}` belongs to another user, so git does not trust it"),
        )
        .help(format!(
            "If you trust everybody who can write there, say so to git:\ngit config --global --add safe.directory {}",
            shell::quote(&shell::git_path(place))
        )),
        _ if error.message().contains("unsupported extension name extensions.partialclone") => RepoError::new(
            Kind::Unsupported,
            format!("the repository at `{at}` is a partial clone that an older git marked as one"),
        )
        .help(
            "Fetch what was left out, then take the mark away:\n\
             git fetch --refetch --no-filter && git config --unset extensions.partialClone",
        ),
        _ if ["unsupported extension", "unknown object format", "unsupported repository version"]
            .iter()
            .any(|text| error.message().contains(text)) =>
        {
            RepoError::new(
                Kind::Unsupported,
                format!("the repository at `{at}` has a format that rolecall cannot read: {}", error.message()),
            )
            .help("rolecall reads repositories with SHA-1 object ids and references in files.")
        }
        ErrorCode::NotFound => RepoError::new(
            Kind::Git,
            format!("the `.git` in `{at}` leads to no repository: {}", error.message()),
        )
        .help("It is a linked work tree or a submodule whose repository was moved, or is not mounted here."),
        _ => failure(&format!("cannot open the repository at `{at}`"), error),
    }
}

/// A failure of git's library while `doing` something.
pub(super) fn failure(doing: &str, error: &git2::Error) -> RepoError {
    RepoError::new(Kind::Git, format!("{doing}: {}", error.message()))
        .help("Check the repository:\ngit fsck --full")
}
