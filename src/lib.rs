//! Custom roles of SaaS products as code.

pub mod catalog;
pub mod contract;
pub mod model;
pub mod plan;
pub mod render;
