//! Access levels: the built-in roles, by word, by number, and as GraphQL spells them.

use super::spec::catalogue;
use crate::{catalog::Builtin, model::Untrusted};

/// The built-in role with this number; `None` for a level that is no role.
pub(super) fn by_number(number: u32) -> Option<&'static Builtin> {
    catalogue().builtin.iter().find(|builtin| builtin.number == Some(number))
}

/// The number of a built-in role.
pub(super) fn number(id: &Untrusted) -> Option<u32> {
    catalogue().builtin(id.raw())?.number
}

/// A base as GraphQL spells it: `MINIMAL_ACCESS`. `None` where it cannot be a base.
pub(super) fn as_base(id: &Untrusted) -> Option<String> {
    let builtin = catalogue().builtin(id.raw())?;
    builtin.base.then(|| builtin.id.to_ascii_uppercase())
}
