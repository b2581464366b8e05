//! Places inside a target where roles and assignments live.

use super::Spec;
use crate::model::Scope;

/// A kind of place that a class of roles or principals has. A class without any lives in the target
/// itself.
#[derive(Clone, Copy, Debug)]
pub struct ScopeSpec {
    /// Kind of the place as it is written: `organization`, `group`; empty for [`ScopeForm::Target`].
    pub kind: &'static str,
    /// How it is written.
    pub form: ScopeForm,
    /// What it is, a few words, for editors and messages.
    pub about: &'static str,
    /// What the path of an instance looks like, where the provider has a form for it.
    pub path: Option<PathForm>,
}

/// The form of a path.
#[derive(Clone, Copy, Debug)]
pub struct PathForm {
    /// Whether this can be one.
    pub is_valid: fn(&str) -> bool,
    /// What it looks like, in words, to follow "Write".
    pub about: &'static str,
}

/// How a place is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeForm {
    /// Without `scope`: the target itself.
    Target,
    /// By its kind alone, `scope: enterprise`: there is one of it, or the role counts in all of them.
    Level,
    /// By its kind and which ones, `scope: { organization: [a, b] }`: one object for each.
    Instance,
}

impl ScopeSpec {
    /// The target itself, for a class that also has other places.
    pub const TARGET: Self =
        Self { kind: "", form: ScopeForm::Target, about: "the whole target", path: None };

    /// A level.
    pub const fn level(kind: &'static str, about: &'static str) -> Self {
        Self { kind, form: ScopeForm::Level, about, path: None }
    }

    /// One of several places.
    pub const fn instance(kind: &'static str, about: &'static str) -> Self {
        Self { kind, form: ScopeForm::Instance, about, path: None }
    }

    /// The same with a form for its paths.
    #[must_use]
    pub const fn with_path(self, path: PathForm) -> Self {
        Self { path: Some(path), ..self }
    }
}

/// Whether a class with these places can have an object at `scope`.
pub fn has_place(scopes: &[ScopeSpec], scope: &Scope) -> bool {
    let (form, kind) = match scope {
        Scope::Target => (ScopeForm::Target, ""),
        Scope::Level(kind) => (ScopeForm::Level, &**kind),
        Scope::In { kind, .. } => (ScopeForm::Instance, &**kind),
    };
    match scopes {
        [] => form == ScopeForm::Target,
        _ => scopes.iter().any(|known| known.form == form && known.kind == kind),
    }
}

/// Whether a role that lives at `role` can be held at `at`: one of the target everywhere, one of a level
/// in that level and its places, one of a place there and in what lies in it. Where a provider does not keep the levels
/// apart for certain, a role of a level can be held wherever there are levels.
pub fn counts_at(spec: &dyn Spec, role: &Scope, at: &Scope) -> bool {
    match (role, at) {
        (Scope::Target, _) => true,
        (Scope::Level(_), _) if !spec.keeps_levels_apart() => true,
        (Scope::Level(level), Scope::Level(kind) | Scope::In { kind, .. }) => level == kind,
        (Scope::Level(_), Scope::Target) => false,
        (Scope::In { .. }, at) => role == at || spec.lies_in(at, role),
    }
}
