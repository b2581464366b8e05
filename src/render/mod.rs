//! What a person, a program, or a forge reads: one file per output format.
//!
//! Everything that is printed here may have been written by an attacker. Text enters an output only
//! through [`escape`] or [`json`], which show what would otherwise be invisible or obeyed.

pub mod advice;
pub mod catalog;
#[cfg(test)]
pub(crate) mod corpus;
pub mod diff;
pub mod doctor;
pub mod escape;
pub mod findings;
pub mod json;
mod page;
pub mod plan;
pub mod targets;

/// How text for a terminal looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Box-drawing characters and other symbols; without them ASCII only, apart from quoted text.
    pub unicode: bool,
    /// Columns to fill at most.
    pub width: usize,
}
