//! The program: nothing but the exit code.

fn main() {}
