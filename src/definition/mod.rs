//! What a person writes: `rolecall.yaml` and definition files, from bytes to the desired state of
//! each target, with every problem of every file as a finding at its place.
//!
//! The way of a file: bytes, text (`hidden`, `leak`), tree (`syntax`), schema (`schema`,
//! `validate`), types (`de`, `config_file`, `definition_file`), and then together with the other
//! files of its target: names (`declared`), desired state (`lower`), rules (`check`), lints
//! (`lint`). What is wrong is left out and the rest goes on, so that one run says everything.

mod attested_file;
mod cache;
mod catalogue_file;
mod check;
mod config;
mod config_file;
mod context;
mod de;
mod declared;
mod definition_file;
mod directive;
pub mod emit;
mod forms;
mod hidden;
mod instance;
mod leak;
mod lint;
mod load;
mod lower;
mod node;
mod parsed;
mod place;
mod principal;
mod scalar;
pub mod schema;
mod sets;
mod span;
mod suggest;
mod syntax;
mod table;
mod target;
mod validate;

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod cache_tests;
#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod codes_page_tests;
#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod load_tests;
#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod place_tests;
#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod schema_tests;
#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod syntax_tests;
#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test may fail loudly")]
mod table_tests;
#[cfg(test)]
pub(crate) mod testing;

pub use attested_file::{AttestedAssignment, AttestedFile, AttestedPlace, AttestedRole};
pub use cache::ParseCache;
pub use catalogue_file::CatalogueFile;
pub use load::{LoadOptions, Loaded, load};
pub(crate) use principal::identity as principal_identity;
pub use table::is_table;
