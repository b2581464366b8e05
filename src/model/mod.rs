//! The vocabulary as plain data. Everything else is written in these words; nothing here reads,
//! decides, or prints.

pub mod activity;
pub mod address;
pub mod code;
pub mod config;
pub mod desired;
pub mod directory;
pub mod files;
pub mod finding;
pub mod live;
pub mod object;
pub mod role;
pub mod secret;
pub mod site;
pub mod untrusted;

pub use address::Address;
pub use code::Code;
pub use finding::{Finding, Label, Level};
pub use object::{Field, Key, Kind, RoleId, Scope, Value, field};
pub use role::RoleState;
pub use secret::{Redactor, Secret};
pub use site::{Site, Source, SourceId, Sources};
pub use untrusted::Untrusted;
