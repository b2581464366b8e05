//! Custom roles of SaaS products as code.

pub mod assess;
pub mod catalog;
pub mod contract;
pub mod emulator;
pub mod model;
pub mod plan;
pub mod render;
