//! The vendors' own clients against the emulators, in a Python that has them.

mod workos_openapi;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use crate::common::Emulator;

/// Names the Python of a virtual environment with `requirements.txt`.
const PYTHON: &str = "ROLECALL_VENDOR_PYTHON";

/// Runs a script of this folder with the address and a token; says so where it cannot.
fn satisfied(script: &str, emulator: &Emulator, token: &str) {
    let Some(python) = std::env::var_os(PYTHON) else {
        // Not `eprintln!`, which the harness would keep to itself.
        let _seen = writeln!(
            std::io::stderr(),
            "SKIPPED: {script} is not run, because {PYTHON} names no Python; see tests/vendor_clients/README.md"
        );
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendor_clients").join(script);
    let output = Command::new(python)
        .args(["-B".as_ref(), path.as_os_str(), emulator.url.as_ref(), token.as_ref()])
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .output()
        .expect("the Python of the variable runs");
    assert!(
        output.status.success(),
        "{script}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn python_gitlab_is_satisfied() {
    satisfied("gitlab.py", &Emulator::of("gitlab", &[]), "glpat-acme");
}

#[test]
fn the_workos_client_is_satisfied() {
    satisfied("workos_client.py", &Emulator::of("workos", &[]), "sk_test_acme");
}
