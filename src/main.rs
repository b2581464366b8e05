//! The program: nothing but the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    rolecall::cli::main()
}
