//! The name that a role bears while its own is taken.

use super::digest;
use crate::model::{Address, Untrusted};

/// A name that says what it is, in case a run is interrupted, and that is the same in each run: the
/// next plan finds the role by it.
pub(super) fn name(address: &Address) -> Untrusted {
    format!("rolecall temporary {}", digest::short(address.as_str())).into()
}
