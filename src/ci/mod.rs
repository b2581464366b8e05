//! The forges' CI systems.

pub mod acceptance;
pub mod actor;
pub mod annotations;
pub mod decision;
pub mod event;
pub mod forge;
pub mod gitlab_reports;
pub mod inputs;
pub mod outputs;
pub mod page;
pub mod pipelines;
mod record_file;
pub mod remote;
pub mod report;
pub mod results;
mod reviewed;
pub mod run;
pub mod situation;
