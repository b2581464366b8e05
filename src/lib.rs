//! Custom roles of SaaS products as code.

pub mod apply;
pub mod assess;
pub mod catalog;
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
