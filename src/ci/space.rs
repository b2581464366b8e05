//! Where a run may write, and which results it may read.
//!
//! A checkout is what somebody proposes: it may hold links that lead anywhere, and results that no run left.
//! So nothing is written below the work space through a link, nothing that a workflow names is written
//! outside of it and of the runner's own folder for temporary files, and nothing that a commit brought
//! along counts as the result of a run.

use std::path::{Component, Path, PathBuf};

use super::{event, situation::Forge};
use crate::{
    repo::{self, write},
    workflow::{Environment, Exit, Failure},
};

/// The folders of a job.
pub struct Space {
    /// The checkout, without links.
    work: PathBuf,
    /// The runner's folder for temporary files, without links.
    temp: Option<PathBuf>,
}

/// A place below a folder that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder, without links.
    root: PathBuf,
    /// The path below it, with `/`; empty for the folder itself.
    relative: String,
    /// Whether the folder is the checkout.
    checkout: bool,
}

impl Space {
    /// The folders of the job that runs. Where the runner names no checkout it is `start`.
    ///
    /// # Errors
    ///
    /// Where the checkout is not there.
    pub fn of(environment: &Environment, forge: Forge, start: &Path) -> Result<Self, Failure> {
        let named = |name: &str| event::text(environment, name).map(PathBuf::from);
        let work = match forge {
            Forge::GitHub => named("GITHUB_WORKSPACE"),
            Forge::GitLab => named("CI_PROJECT_DIR"),
        };
        let work = work.unwrap_or_else(|| start.to_owned());
        let real = work.canonicalize().map_err(|error| {
            Failure::new(Exit::Usage, format!("the directory {}: {error}", work.display()))
        })?;
        let temp = named("RUNNER_TEMP").filter(|_| forge == Forge::GitHub);
        Ok(Self { work: real, temp: temp.and_then(|temp| temp.canonicalize().ok()) })
    }

    /// Where the file goes that the input `name` asks for: below the checkout, or below the runner's folder
    /// for temporary files.
    ///
    /// # Errors
    ///
    /// Exit code 4 for every other path, where a part of it is a link, and where it was committed.
    pub fn file(&self, name: &str, path: &Path) -> Result<Place, Failure> {
        let place = self.place(path)?.ok_or_else(|| {
            Failure::new(Exit::Refused, format!("`{name}` is outside of the checkout: {}", path.display()))
                .help("Give a path below the root of the checkout. Nothing was written.")
        })?;
        place.check()?;
        place.was_left(name)?;
        Ok(place)
    }

    /// The folder for results. The runner, and whoever wrote the workflow, may name any folder outside of
    /// the checkout; in it no part may be a link, and nothing may have been committed there.
    ///
    /// # Errors
    ///
    /// Exit code 4 where it leads out of the checkout by `..` or by a link, or was committed.
    pub fn results(&self, path: &Path) -> Result<Place, Failure> {
        let place = match self.place(path)? {
            Some(place) => place,
            None => Place { root: path.to_owned(), relative: String::new(), checkout: false },
        };
        place.check()?;
        place.was_left("results")?;
        Ok(place)
    }

    /// Refuses a file that a run is said to have left, where a commit brought it along or it is a link.
    ///
    /// # Errors
    ///
    /// Exit code 4.
    pub fn left(&self, name: &str, path: &Path) -> Result<(), Failure> {
        if let Some(place) = self.place(path)? {
            place.check()?;
            place.was_left(name)?;
        }
        Ok(())
    }

    /// A path below one of the folders; `None` elsewhere. A relative one is below the checkout.
    fn place(&self, path: &Path) -> Result<Option<Place>, Failure> {
        let odd = |part: Component<'_>| matches!(part, Component::ParentDir);
        if path.components().any(odd) {
            return Err(Failure::new(
                Exit::Refused,
                format!("the path {} has the part `..`", path.display()),
            )
            .help("Give a path below the root of the checkout. Nothing was written."));
        }
        let whole = if path.is_absolute() { path.to_owned() } else { self.work.join(path) };
        // From the top down: the first folder that is one of them, by whichever name.
        let above: Vec<&Path> = whole.ancestors().collect();
        for folder in above.into_iter().rev() {
            let Ok(real) = folder.canonicalize() else { break };
            for (root, checkout) in [(Some(&self.work), true), (self.temp.as_ref(), false)] {
                let Some(root) = root else { continue };
                let Ok(inside) = real.strip_prefix(root) else { continue };
                let rest = whole.strip_prefix(folder).unwrap_or(Path::new(""));
                let parts: Option<Vec<&str>> = inside
                    .components()
                    .chain(rest.components())
                    .filter(|part| *part != Component::CurDir)
                    .map(|part| part.as_os_str().to_str())
                    .collect();
                let Some(parts) = parts else {
                    return Err(Failure::new(
                        Exit::Usage,
                        format!("the path {} is not UTF-8", path.display()),
                    ));
                };
                return Ok(Some(Place { root: root.clone(), relative: parts.join("/"), checkout }));
            }
        }
        Ok(None)
    }
}

impl Place {
    /// The whole path.
    pub fn path(&self) -> PathBuf {
        if self.relative.is_empty() {
            return self.root.clone();
        }
        self.relative.split('/').fold(self.root.clone(), |path, part| path.join(part))
    }

    /// A file in this folder.
    #[must_use]
    pub fn file(&self, name: &str) -> Self {
        let relative = match self.relative.as_str() {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        Self { relative, ..self.clone() }
    }

    /// Puts `bytes` there, in place of the file that is there, if any; no link is followed below the folder
    /// that is trusted.
    ///
    /// # Errors
    ///
    /// Where it cannot be written, and where a part of the path is a link.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        if !self.checkout {
            std::fs::create_dir_all(&self.root).map_err(|error| {
                Failure::new(Exit::Error, format!("{} cannot be made: {error}", self.root.display()))
            })?;
        }
        Ok(write::replace(&self.root, &self.relative, bytes)?)
    }

    /// Whether a file could be put there.
    fn check(&self) -> Result<(), Failure> {
        if self.relative.is_empty() || !self.root.exists() {
            return Ok(());
        }
        Ok(write::check(&self.root, &self.relative)?)
    }

    /// Refuses what a commit brought along.
    fn was_left(&self, what: &str) -> Result<(), Failure> {
        if !self.checkout || self.relative.is_empty() || !repo::is_committed(&self.root, &self.relative)? {
            return Ok(());
        }
        let message =
            format!("`{}` was committed, and is the place for what a run leaves ({what})", self.relative);
        Err(Failure::new(Exit::Refused, message).help(
            "Remove it from the repository, and add it to `.gitignore`. Nothing was read or written there.",
        ))
    }
}
