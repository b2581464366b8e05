//! Custom roles of SaaS products as code.
//!
//! The whole way, room by room (`docs/architecture.md` has the picture):
//!
//! 1. [`repo`] gives the files of the work tree or of a revision.
//! 2. [`definition`] makes them a desired state, or findings that say at which line what is wrong.
//! 3. [`provider`] reads the live state, over HTTP from the product or from the [`emulator`].
//! 4. [`plan`] resolves names, compares, and orders: a pure function of the two states.
//! 5. [`assess`] adds the verdicts of guards.
//! 6. [`render`] shows the plan; a person, or a pull request, approves it.
//! 7. [`apply`] executes the operations, reads back what they did, and says exactly what became of
//!    each.
//!
//! [`model`] is the vocabulary, [`catalog`] and [`contract`] are what a provider is, [`workflow`]
//! puts the rooms together for each command, and [`cli`] is the terminal.

pub mod apply;
pub mod assess;
pub mod catalog;
pub mod ci;
pub mod cli;
pub mod contract;
pub mod definition;
pub mod emulator;
pub mod model;
pub mod plan;
pub mod provider;
pub mod render;
pub mod repo;
pub mod workflow;
