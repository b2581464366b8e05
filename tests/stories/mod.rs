//! Stories: what a person does with the program, through the real binary against the real emulator.

mod assignments;
mod roles;
mod scope;
mod guards;
mod saved_plans;
