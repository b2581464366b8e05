//! The vendors' own clients and API descriptions, against the emulators.

mod workos;
mod workos_openapi;
