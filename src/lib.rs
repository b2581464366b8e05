//! Custom roles of SaaS products as code.

pub mod catalog;
pub mod contract;
pub mod definition;
pub mod model;
pub mod plan;
