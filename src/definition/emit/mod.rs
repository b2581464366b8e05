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
mod text;
mod trial;

#[cfg(test)]
mod tests;

pub use draft::{Additions, Known, NewRole, Skipped, Wish, draft};
pub use holders::{Holder, NewAssignment};
pub use insert::insert;
pub use intent::check;
pub(crate) use keys::is_device;
pub use quote::shown;
pub use text::{HOLDERS_KEY, Part, new_text, sections};
