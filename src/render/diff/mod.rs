//! Renderings of the difference of two revisions.

pub mod json;
pub mod markdown;
pub mod text;

mod view;

use super::{page, plan};
