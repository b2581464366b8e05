//! What the stories stand on: a project in a folder of its own, the real program, the real emulator.

pub(crate) mod emulator;
pub(crate) mod http;
pub(crate) mod project;
pub(crate) mod repository;

pub(crate) use emulator::Emulator;
pub(crate) use project::Project;
