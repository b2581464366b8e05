//! What runs in a CI system: the real program, told of events as the forges tell them.

mod checkout;
mod runs;
