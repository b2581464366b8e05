//! The forges' CI systems.

pub mod actor;
pub mod decision;
pub mod event;
pub mod forge;
pub mod inputs;
pub mod page;
pub mod remote;
pub mod report;
pub mod results;
pub mod situation;
