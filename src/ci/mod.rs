//! The forges' CI systems.

pub mod actor;
pub mod decision;
pub mod event;
pub mod inputs;
pub mod remote;
pub mod results;
pub mod situation;
