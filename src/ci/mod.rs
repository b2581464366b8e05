//! The forges' CI systems.

pub mod actor;
pub mod event;
