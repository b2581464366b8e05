//! The client that WorkOS publishes drives the emulator of WorkOS.

use std::{env, path::Path, process::Command};

use rolecall::emulator;

/// Names a Python that has the packages of `requirements.txt`.
const PYTHON: &str = "ROLECALL_VENDOR_PYTHON";

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped must say so")]
fn the_vendors_client_makes_every_call() {
    let Some(python) = env::var_os(PYTHON) else {
        eprintln!(
            "SKIPPED: set {PYTHON} to a Python with the packages of tests/vendor_clients/requirements.txt"
        );
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let running = runtime.block_on(emulator::start(emulator::Options::new("workos"))).expect("it starts");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendor_clients/workos_client.py");
    let output = Command::new(python)
        .arg(script)
        .args([running.url().as_str(), "sk_test_acme"])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the Python runs");
    runtime.block_on(running.stop());
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    assert!(text.contains("methods of the client"), "{text}");
}
