//! Stories: what a person does with the program, through the real binary against the real emulator.

mod activity;
mod assignments;
mod diff;
mod guards;
mod history;
mod hostile_text;
mod infracodebase;
mod instants;
#[cfg(unix)]
mod interrupts;
mod json;
mod messages;
mod outcomes;
mod repository;
mod requests;
mod roles;
mod saved_plans;
mod scope;
mod secrets;
mod switches;
mod tables;
mod workos;
