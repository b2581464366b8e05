//! Finding the config.

use std::{
    fs, io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use super::{RepoError, RepoErrorKind as Kind, git, path, shell};

/// Name of the config, looked for in the working directory and above.
pub const CONFIG_NAME: &str = "rolecall.yaml";

/// Where the config is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigPlace {
    /// The root of the definitions: every path in a config is relative to it, and none leaves it.
    pub root: Root,
    /// Name of the config in the root, without any folder.
    pub config: Arc<str>,
}

/// The root of the definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// A folder, absolute and without links. It need not exist where a revision is read.
    Folder(PathBuf),
    /// A bare repository: there is no work tree, only revisions.
    Bare {
        /// The repository.
        git_dir: PathBuf,
        /// Folder in its trees, with `/`; empty for the top.
        folder: Arc<str>,
    },
}

/// What the config will be read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The files that lie there.
    WorkTree,
    /// A revision (`--rev`): the config may be absent from the work tree, and the repository bare.
    Revision,
}

/// Finds the config: the file `explicit` (`--config`, relative to `start`), or `rolecall.yaml` in
/// `start` (the working directory, or `-C`) and the folders above it, up to the root of the file
/// system.
///
/// A bare repository counts only where `start` is that repository itself, a revision is read, and it
/// does not lie inside a work tree, where anybody who can commit could have put it.
///
/// # Errors
///
/// `NoConfig` says where it looked; `NoWorkTree` and `Bare` concern bare repositories; `BadPath` is
/// an `explicit` that is no file name; `Io` a `start` that cannot be read.
pub fn find_config(
    start: &Path,
    explicit: Option<&Path>,
    reading: Reading,
) -> Result<ConfigPlace, RepoError> {
    let start = start.canonicalize().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            RepoError::new(Kind::BadPath, format!("there is no folder `{}`", start.display()))
        }
        _ => RepoError::io("cannot open", start, &error),
    })?;
    if !start.is_dir() {
        return Err(RepoError::new(Kind::BadPath, format!("`{}` is not a folder", start.display())));
    }
    let bare = git::looks_bare(&start);
    if bare && !git::inside_work_tree(&start) {
        return in_bare(start, explicit, reading);
    }
    if let Some(file) = explicit {
        return named(&start, file, reading);
    }
    if let Some(root) = start.ancestors().find(|folder| folder.join(CONFIG_NAME).symlink_metadata().is_ok()) {
        return Ok(ConfigPlace { root: Root::Folder(root.to_owned()), config: CONFIG_NAME.into() });
    }
    if bare {
        return Err(RepoError::new(
            Kind::Bare,
            format!(
                "`{}` is a bare repository inside a work tree; such a one is not trusted",
                start.display()
            ),
        )
        .help("Whoever can commit to the outer repository can make one. Move it elsewhere, or clone it."));
    }
    if reading == Reading::Revision
        && let Some(top) = git::top(&start)?
    {
        return Ok(ConfigPlace { root: Root::Folder(top), config: CONFIG_NAME.into() });
    }
    Err(RepoError::new(
        Kind::NoConfig,
        format!("there is no `{CONFIG_NAME}` in `{}` or any folder above it", start.display()),
    )
    .help("Run `rolecall init` to start one here, or name the folder with `-C DIR`, or the file with `--config FILE`."))
}

/// The config `file` that a person named.
fn named(start: &Path, file: &Path, reading: Reading) -> Result<ConfigPlace, RepoError> {
    let whole = start.join(file);
    let bad = |why: &str| RepoError::new(Kind::BadPath, format!("the config `{}` {why}", file.display()));
    let name = whole.file_name().ok_or_else(|| bad("does not name a file"))?;
    let name = name.to_str().ok_or_else(|| bad("has a name that is not UTF-8"))?;
    if let Some(fault) = path::fault(name) {
        return Err(bad(fault));
    }
    let parent = whole.parent().unwrap_or(start);
    match fs::metadata(&whole) {
        Ok(data) if data.is_dir() => {
            return Err(bad("is a folder").help(format!("Name the file in it: `{CONFIG_NAME}`.")));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound && reading == Reading::Revision => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let looked = parent.display();
            return Err(RepoError::new(
                Kind::NoConfig,
                format!("there is no config `{}`; looked in `{looked}`", file.display()),
            )
            .help("Run `rolecall init` to start one, or correct `--config`."));
        }
        Err(error) => return Err(RepoError::io("cannot open the config", &whole, &error)),
    }
    Ok(ConfigPlace { root: Root::Folder(resolved(parent)?), config: name.into() })
}

/// `folder` without links, as far as it exists; the rest has to be plain names.
fn resolved(folder: &Path) -> Result<PathBuf, RepoError> {
    for existing in folder.ancestors() {
        let Ok(real) = existing.canonicalize() else { continue };
        let rest = folder.strip_prefix(existing).unwrap_or(Path::new(""));
        if rest.components().all(|part| matches!(part, Component::Normal(_))) {
            return Ok(if rest.as_os_str().is_empty() { real } else { real.join(rest) });
        }
        break;
    }
    Err(RepoError::new(Kind::BadPath, format!("there is no folder `{}`", folder.display())))
}

/// The config in a bare repository.
fn in_bare(start: PathBuf, explicit: Option<&Path>, reading: Reading) -> Result<ConfigPlace, RepoError> {
    if reading == Reading::WorkTree {
        return Err(RepoError::new(
            Kind::NoWorkTree,
            format!("`{}` is a bare repository: it has no files to read", start.display()),
        )
        .help("Name the revision to read with `--rev REV`."));
    }
    let name = explicit.unwrap_or(Path::new(CONFIG_NAME));
    let bad = |why: &str| {
        RepoError::new(Kind::BadPath, format!("the config `{}` {why}", name.display()))
            .help("In a bare repository `--config` is a path from the top of its trees: `sub/rolecall.yaml`.")
    };
    let text = name.to_str().ok_or_else(|| bad("has a name that is not UTF-8"))?;
    let text = if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() };
    if let Some(fault) = path::fault(&text) {
        return Err(bad(fault));
    }
    let (folder, config) = text.rsplit_once('/').unwrap_or(("", &text));
    Ok(ConfigPlace { root: Root::Bare { git_dir: start, folder: folder.into() }, config: config.into() })
}

impl ConfigPlace {
    /// The folder of the definitions.
    ///
    /// # Errors
    ///
    /// `NoWorkTree` where the repository is bare.
    pub fn folder(&self) -> Result<&Path, RepoError> {
        match &self.root {
            Root::Folder(folder) => Ok(folder),
            Root::Bare { git_dir, .. } => Err(RepoError::new(
                Kind::NoWorkTree,
                format!("`{}` is a bare repository: it has no files to read or write", git_dir.display()),
            )
            .help(format!(
                "Name the revision to read with `--rev REV`, or work in a clone:\ngit clone {}",
                shell::quote(&shell::git_path(git_dir))
            ))),
        }
    }
}
