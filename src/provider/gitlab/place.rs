//! Groups and projects, by their paths.

use crate::model::{Scope, Untrusted};

/// Longest path in bytes that is asked for; names of groups have at most 255 characters, and they
/// nest.
const LONGEST: usize = 1024;

/// A kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PlaceKind {
    Group,
    Project,
}

impl PlaceKind {
    /// As it is written in scopes.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Project => "project",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Group => "groups",
            Self::Project => "projects",
        }
    }
}

/// A group or project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) kind: PlaceKind,
    /// Its path in lower case: GitLab finds paths whatever their case, and holds them unique so.
    pub(super) path: String,
}

impl Place {
    /// The place that a scope means; `None` where it can be none.
    ///
    /// A path of digits alone is none: the API would take it for an id.
    pub(super) fn of(scope: &Scope) -> Option<Self> {
        let Scope::In { kind, path } = scope else { return None };
        let kind =
            [PlaceKind::Group, PlaceKind::Project].into_iter().find(|known| known.word() == &**kind)?;
        is_path(path).then(|| Self { kind, path: path.raw().to_ascii_lowercase() })
    }

    /// As objects name it.
    pub(super) fn scope(&self) -> Scope {
        Scope::within(self.kind.word(), &*self.path)
    }

    /// The way to it, and to `rest` below it. The path is one segment, so that it is encoded whole.
    pub(super) fn segments<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let mut segments = vec!["api", "v4", self.kind.plural(), &*self.path];
        segments.extend(rest);
        segments
    }

    /// The groups that it lies in, nearest first.
    pub(super) fn above(&self) -> impl Iterator<Item = Self> {
        let parts = self.path.match_indices('/').map(|(at, _)| self.path[..at].to_owned());
        parts.rev().collect::<Vec<_>>().into_iter().map(|path| Self { kind: PlaceKind::Group, path })
    }

    /// Whether it is `group` or lies in it.
    pub(super) fn is_within(&self, group: &str) -> bool {
        self.path.split('/').next() == Some(group)
    }
}

/// Whether this can be the path of a group or project.
pub(super) fn is_path(path: &Untrusted) -> bool {
    let path = path.raw();
    let word = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
            && part.bytes().any(|b| b != b'.')
    };
    path.len() <= LONGEST && path.split('/').all(word) && !path.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p10_only_paths_can_be_places() {
        for path in ["acme", "Acme/Platform_1/a.b-c", "acme/7"] {
            assert!(is_path(&path.into()), "{path}");
        }
        for path in
            ["", "/", "acme/", "/acme", "a//b", ".", "acme/..", "84", "a b", "a%2fb", "a?b", "a\u{e9}"]
        {
            assert!(!is_path(&path.into()), "{path}");
        }
        assert!(!is_path(&"a".repeat(LONGEST + 1).into()));
    }

    #[test]
    fn a_place_is_the_same_whatever_its_case() {
        let of = |path: &str| Place::of(&Scope::within("group", path)).map(|place| place.scope());
        assert_eq!(of("Acme/PLATFORM"), Some(Scope::within("group", "acme/platform")));
        assert_eq!(Place::of(&Scope::within("planet", "acme")), None);
        let tool = Place::of(&Scope::within("project", "acme/platform/tool"));
        let above: Vec<Scope> = tool.iter().flat_map(Place::above).map(|place| place.scope()).collect();
        assert_eq!(above, [Scope::within("group", "acme/platform"), Scope::within("group", "acme")]);
        assert_eq!(Place::of(&Scope::Target), None);
    }
}
