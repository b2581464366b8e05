//! From live objects to the text of definitions: what `import` writes, as a person would have
//! written it.
//!
//! [`draft`] chooses what is added: keys, ids where a name is not enough, who holds what. [`new_text`]
//! and [`insert`] turn a [`Part`] of it into a file. [`check`] holds what was read back against what
//! was meant, so that no edit of a file changes anything else.

mod draft;
mod holders;
mod insert;
mod intent;
mod keys;
mod quote;
mod revise;
mod text;
mod trial;

#[cfg(test)]
mod tests;

pub use draft::{Additions, Known, NewOverride, NewPermission, NewRole, Skipped, Wish, draft, naming};
pub use holders::{Holder, NewAssignment, last_day, spelling};
pub use insert::insert;
pub use intent::{Meaning, check, check_revised};
pub(crate) use keys::is_device;
pub use quote::{removal, shown};
pub use revise::{Obstacle, PermissionRevision, Revision, RoleRevision, revise};
pub use text::{HOLDERS_KEY, Part, new_text, sections};
