//! Import: what is live becomes definitions that plan to nothing.

mod drift;
mod law;
mod memory;
mod program;
mod stories;
mod tenants;
