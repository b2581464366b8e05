//! Stories: what a person does with the program, through the real binary against the real emulator.

mod assignments;
mod guards;
mod roles;
mod saved_plans;
mod scope;
