//! Permissions that people make, and types of resources.

use super::{Length, Slug};

/// Permissions that exist because somebody made them: each is declared under `permission_definitions` by
/// its slug, made, changed, and deleted over the API, which lists all of them. Those that the provider ships
/// are in its catalogue or `builtin` among the live objects, and never declared.
///
/// A slug never changes, nor the type of resource.
#[derive(Clone, Copy, Debug)]
pub struct PermissionClass {
    /// What roles name it by.
    pub slug: Slug,
    /// Bounds of its name in characters.
    pub name: Length,
    /// Bounds of its description in characters.
    pub description: Length,
    /// What types of resources there are for it; `None` where it has none.
    pub resource_type: Option<ResourceType>,
}

/// The type of resource that a role or a permission is for: written as `resource_type:`, and chosen when
/// it is made.
#[derive(Clone, Copy, Debug)]
pub struct ResourceType {
    /// What it is where nothing is said.
    pub usual: &'static str,
    /// Bounds in characters.
    pub length: Length,
}
