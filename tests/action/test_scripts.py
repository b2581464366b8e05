"""The scripts of the GitHub Action, run as a runner runs them, with a stand-in for the program.

    python3 tests/action/test_scripts.py

Needs Python 3.9 or newer, bash, curl and cargo; uses no network but 127.0.0.1.
"""

import functools
import hashlib
import http.server
import os
import re
import shutil
import stat
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = "x86_64-unknown-linux-musl"
CREDENTIALS = {
    "CODERABBIT_API_KEY": "secret-1",
    "GITLAB_TOKEN": "secret-2",
    "GITLAB_TOKEN_COM": "secret-3",
    "WORKOS_API_KEY": "secret-4",
    "DEVIN_TOKEN": "secret-5",
    "INFRACODEBASE_TOKEN": "secret-6",
    "ROLECALL_CREDENTIAL_MINE": "secret-7",
    "GITHUB_TOKEN": "secret-8",
    "AWS_SECRET_ACCESS_KEY": "secret-9",
}

# Writes down how it was called, and does what `does` says.
PROGRAM = """#!/bin/bash -p
if [ "$1" = --version ]; then echo "rolecall 9.9.9"; exit 0; fi
{{ pwd; echo "$*"; }} >>"{log}/calls"
env -0 >"{log}/environment"
{does}
"""

# Stands in for cargo: writes down how it was called, and "builds".
CARGO = """#!/bin/bash -p
env -0 >"{log}/environment"
{{ pwd; echo "$*"; }} >>"{log}/calls"
while [ "$1" != --target-dir ]; do shift; done
mkdir -p "$2/release"
printf '#!/bin/bash\\necho rolecall 9.9.9\\n' >"$2/release/rolecall"
chmod +x "$2/release/rolecall"
"""


class Job(unittest.TestCase):
    """A job of a runner: folders whose names have spaces, and files for outputs."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rolecall action "))
        self.addCleanup(shutil.rmtree, self.folder)
        self.action = self.folder / "_actions" / "the action"
        self.workspace = self.folder / "work" / "a checkout"
        self.temp = self.folder / "_temp"
        self.cache = self.folder / "_tool cache"
        self.log = self.folder / "log"
        self.bin = self.folder / "bin"
        for folder in (self.action, self.workspace, self.temp, self.cache, self.log, self.bin):
            folder.mkdir(parents=True)
        self.pwned = self.folder / "pwned"
        shutil.copytree(ROOT / "action", self.action / "action")
        shutil.copy(ROOT / "action.yml", self.action)

    def release(self, **targets):
        """Lists targets with their sums."""
        lines = ["# a comment", "repository acme/rolecall", "version 9.9.9"]
        lines += [f"{target.replace('__', '-')} {sha}" for target, sha in targets.items()]
        (self.action / "action" / "RELEASE").write_text("\n".join(lines) + "\n")

    def lists(self, program, target=TARGET):
        self.release(**{target: hashlib.sha256(program).hexdigest()})

    def program(self, does=""):
        return PROGRAM.format(log=self.log, does=does).encode()

    def write(self, path, content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755)
        return path

    def step(self, script, environment=None, cwd=None, **changes):
        """Runs one step; gives back the process and its outputs."""
        output = self.folder / "output"
        output.write_text("")
        env = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_ACTIONS": "true",
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            "RUNNER_TEMP": str(self.temp),
            "RUNNER_TOOL_CACHE": str(self.cache),
            **CREDENTIALS,
            **(environment or {}),
            **changes,
        }
        process = subprocess.run(
            self.command(script),
            cwd=cwd or self.workspace,
            env={name: value for name, value in env.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        pairs = [line.partition("=") for line in output.read_text().splitlines()]
        return process, {name: value for name, _, value in pairs}

    def command(self, script):
        """What the runner starts for the step of that script: it writes `run:` into a file, and puts that into `shell:`."""
        step = re.search(rf"(?m)^      shell: (.*)\n      run: '(.*{re.escape(script)}.*)'$", (self.action / "action.yml").read_text())
        # <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell>
        shell = {"bash": "bash --noprofile --norc -e -o pipefail {0}"}.get(step.group(1), step.group(1))
        file = self.folder / "step.sh"
        file.write_text(step.group(2) + "\n")
        return [word.replace("{0}", str(file)) for word in shell.split()]

    def environment(self):
        """What the stand-in saw."""
        entries = (self.log / "environment").read_bytes().decode().split("\0")
        return dict(entry.partition("=")[::2] for entry in entries if entry)

    def calls(self):
        path = self.log / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def assert_no_secret(self, text):
        for name, value in CREDENTIALS.items():
            self.assertNotIn(value, text, name)


class Install(Job):
    def setUp(self):
        super().setUp()
        self.served = self.folder / "served"
        self.served.mkdir()
        self.requests = requests = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                requests.append(self.path)

        handler = functools.partial(Handler, directory=str(self.served))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.base = f"http://127.0.0.1:{server.server_address[1]}"

    def install(self, **environment):
        return self.step("install.sh", {"ROLECALL_DOWNLOAD_BASE": self.base}, **environment)

    def offer(self, program, listed=None):
        """Serves a program whose sum the action's commit lists."""
        self.lists(program if listed is None else listed)
        (self.served / f"rolecall-{TARGET}").write_bytes(program)

    def fake_cargo(self):
        self.write(self.bin / "cargo", CARGO.format(log=self.log).encode())
        return f"{self.bin}:{os.environ['PATH']}"

    def path_without_cargo(self):
        for name in ("bash", "env", "curl", "sha256sum", "cut", "mktemp", "rm", "mkdir", "chmod", "mv", "dirname"):
            (self.bin / name).symlink_to(shutil.which(name))
        return str(self.bin)

    def test_a_release_is_downloaded_once_and_held_against_its_sum(self):
        program = self.program()
        self.offer(program)
        process, outputs = self.install()
        self.assertEqual(process.returncode, 0, process.stdout)
        sha = hashlib.sha256(program).hexdigest()
        bin = self.cache / "rolecall" / sha / "rolecall"
        self.assertEqual(outputs, {"bin": str(bin), "sha256": sha, "source": "release", "version": "9.9.9"})
        self.assertEqual(bin.read_bytes(), program)
        process, again = self.install()
        self.assertEqual((process.returncode, again), (0, outputs))
        self.assertEqual(self.requests, [f"/rolecall-{TARGET}"])
        self.assertEqual([path.name for path in self.temp.iterdir()], [], "what was downloaded is cleared away")

    def test_without_a_tool_cache_it_lies_with_the_temporary_files(self):
        self.offer(self.program())
        process, outputs = self.install(RUNNER_TOOL_CACHE=None)
        self.assertEqual(process.returncode, 0, process.stdout)
        self.assertTrue(outputs["bin"].startswith(f"{self.temp}/rolecall/"), outputs)

    def test_a_tampered_program_is_refused(self):
        self.offer(self.program("# tampered"), listed=self.program())
        process, outputs = self.install()
        self.assertEqual((process.returncode, outputs), (1, {}))
        self.assertRegex(process.stdout, r"(?m)^::error title=rolecall::the sha256 of rolecall-.* is [0-9a-f]{64}, not [0-9a-f]{64}")
        self.assertEqual(list(self.cache.rglob("rolecall*")), [])
        self.assertEqual(self.calls(), [])

    def test_a_release_that_cannot_be_reached_is_an_error(self):
        self.lists(self.program())
        process, outputs = self.install()
        self.assertEqual((process.returncode, outputs), (1, {}))
        self.assertIn("::error title=rolecall::rolecall-", process.stdout)
        self.assertIn("cannot be downloaded", process.stdout)

    def test_a_planted_program_in_the_tool_cache_is_replaced_and_never_run(self):
        program = self.program()
        self.offer(program)
        planted = self.cache / "rolecall" / hashlib.sha256(program).hexdigest() / "rolecall"
        self.write(planted, f"#!/bin/bash\ntouch '{self.pwned}'\necho rolecall 9.9.9\n".encode())
        process, outputs = self.install()
        self.assertEqual(process.returncode, 0, process.stdout)
        self.assertIn("::warning title=rolecall::the tool cache holds another program", process.stdout)
        self.assertEqual(Path(outputs["bin"]).read_bytes(), program)
        self.assertFalse(self.pwned.exists())

    def test_a_planted_link_is_removed_and_not_followed(self):
        program = self.program()
        self.offer(program)
        victim = self.write(self.folder / "victim", b"something of the machine's")
        planted = self.cache / "rolecall" / hashlib.sha256(program).hexdigest() / "rolecall"
        planted.parent.mkdir(parents=True)
        for target in (victim, self.folder / "missing"):
            planted.unlink(missing_ok=True)
            planted.symlink_to(target)
            process, outputs = self.install()
            self.assertEqual(process.returncode, 0, process.stdout)
            self.assertFalse(planted.is_symlink())
            self.assertEqual(Path(outputs["bin"]).read_bytes(), program)
        self.assertEqual(victim.read_bytes(), b"something of the machine's")

    def test_only_https_or_this_machine(self):
        self.offer(self.program())
        for base in ("http://127.0.0.1.example:80", "http://127.0.0.1:1@evil.test/", "http://127.0.0.1:1/@evil.test", "http://127.0.0.1", "http://localhost:1", "ftp://127.0.0.1", f"file://{self.served}"):
            process, outputs = self.install(ROLECALL_DOWNLOAD_BASE=base)
            self.assertEqual((process.returncode, outputs), (1, {}), base)
            self.assertIn("has to begin with https://", process.stdout)
        self.assertEqual(self.requests, [])

    def test_a_list_that_cannot_be_understood_is_an_error(self):
        good = hashlib.sha256(b"").hexdigest()
        for lines, problem in (
            (f"repository acme/rolecall\nversion 1\n{TARGET} {good[:-1]}\n", "is none"),
            (f"repository acme/rolecall\nversion 1\n{TARGET} {good[:-1]}G\n", "is none"),
            (f"repository acme/rolecall\nversion 1\n{TARGET} {good} {good}\n", "or several"),
            (f"repository acme/rolecall\n{TARGET} {good}\n", "no version"),
            (f"version\n{TARGET} {good}\n", "has no value"),
        ):
            (self.action / "action" / "RELEASE").write_text(lines)
            process, outputs = self.install()
            self.assertEqual((process.returncode, outputs), (1, {}), lines)
            self.assertIn(problem, process.stdout)

    def test_a_given_program_is_held_against_the_sum_all_the_same(self):
        program = self.program()
        given = self.write(self.folder / "given" / "rolecall", program)
        self.lists(program)
        process, outputs = self.install(ROLECALL_BINARY=str(given))
        self.assertEqual((process.returncode, outputs["bin"], outputs["source"]), (0, str(given), "release"))
        self.lists(b"another")
        process, outputs = self.install(ROLECALL_BINARY=str(given))
        self.assertEqual((process.returncode, outputs), (1, {}))
        self.assertIn("the sha256 of ROLECALL_BINARY is", process.stdout)
        self.release()
        process, outputs = self.install(ROLECALL_BINARY=str(given))
        self.assertEqual((process.returncode, outputs), (1, {}))
        self.assertIn("no release is listed", process.stdout)
        process, outputs = self.install(ROLECALL_BINARY=str(given), ROLECALL_ALLOW_LOCAL="1")
        self.assertEqual((process.returncode, outputs["source"]), (0, "build"), process.stdout)
        for path in ("rolecall", str(self.folder / "missing")):
            process, outputs = self.install(ROLECALL_BINARY=path, ROLECALL_ALLOW_LOCAL="1")
            self.assertEqual((process.returncode, outputs), (1, {}), path)

    def test_an_unknown_machine_builds_or_says_that_it_cannot(self):
        self.offer(self.program())
        process, outputs = self.install(RUNNER_ARCH="RISCV64", PATH=self.path_without_cargo())
        self.assertEqual((process.returncode, outputs), (1, {}))
        self.assertIn("no release is listed for Linux-RISCV64 and there is no cargo", process.stdout)
        process, outputs = self.install(RUNNER_ARCH="RISCV64", PATH=self.fake_cargo())
        self.assertEqual((process.returncode, outputs["source"]), (0, "build"), process.stdout)
        self.assertEqual(self.requests, [])

    def test_a_build_sees_no_credential_and_no_setting_of_the_step(self):
        self.release()
        evil = {
            "RUSTFLAGS": "-Cevil",
            "RUSTC_WRAPPER": "/evil",
            "CARGO_BUILD_RUSTC_WRAPPER": "/evil",
            "CARGO_HOME": str(self.workspace),
            "CARGO_REGISTRY_TOKEN": "secret-10",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret-11",
            "LD_PRELOAD": "",
            "INPUT_COMMAND": "plan",
        }
        process, outputs = self.install(PATH=self.fake_cargo(), **evil)
        self.assertEqual(process.returncode, 0, process.stdout)
        self.assertEqual(outputs["source"], "build")
        self.assertEqual(outputs["bin"], f"{self.temp}/rolecall-build/target/release/rolecall")
        seen = self.environment()
        self.assert_no_secret("\n".join(seen.values()))
        for name in evil.keys() - {"CARGO_HOME"}:
            self.assertNotIn(name, seen)
        self.assertEqual(seen["CARGO_HOME"], f"{self.temp}/rolecall-build/cargo")
        allowed = re.compile(
            r"(?i)^(PATH|HOME|TMPDIR|CARGO_HOME|RUSTUP_HOME|GITHUB_(ACTION_PATH|OUTPUT|WORKSPACE)|RUNNER_\w+"
            r"|ROLECALL_(BINARY|ALLOW_LOCAL|DOWNLOAD_BASE)|(https?|no|all)_proxy|PWD|OLDPWD|SHLVL|_)$"
        )
        self.assertEqual([name for name in seen if not allowed.match(name)], [])
        cwd, arguments = self.calls()
        self.assertEqual(cwd, str(self.action))
        self.assertEqual(arguments, f"build --release --locked --target-dir {self.temp}/rolecall-build/target")
        # A setting that somebody left in the home of an earlier build is gone.
        config = self.temp / "rolecall-build" / "cargo" / "config.toml"
        config.write_text("[build]\nrustc-wrapper = '/evil'\n")
        process, _ = self.install(PATH=self.fake_cargo())
        self.assertEqual((process.returncode, config.exists()), (0, False), process.stdout)

    @unittest.skipUnless(shutil.which("cargo"), "there is no cargo")
    def test_a_real_build_reads_no_setting_of_the_checkout(self):
        self.release()
        evil = self.write(self.workspace / "evil.sh", f"#!/bin/bash\ntouch '{self.pwned}'\nexec \"$@\"\n".encode())
        config = f"[build]\nrustc-wrapper = '{evil}'\n[target.'cfg(all())']\nrunner = '{evil}'\n"
        self.write(self.workspace / ".cargo" / "config.toml", config.encode())
        self.write(self.workspace / "rust-toolchain.toml", b"[toolchain]\nchannel = 'evil'\n")
        for path, text in (
            ("Cargo.toml", "[package]\nname = 'rolecall'\nversion = '9.9.9'\nedition = '2021'\n"),
            ("Cargo.lock", "version = 3\n[[package]]\nname = 'rolecall'\nversion = '9.9.9'\n"),
            ("src/main.rs", 'fn main() { println!("rolecall {}", env!("CARGO_PKG_VERSION")); }\n'),
        ):
            self.write(self.action / path, text.encode())
        # What the machine itself needs to find its toolchain.
        rustup = {"RUSTUP_HOME": os.environ["RUSTUP_HOME"]} if "RUSTUP_HOME" in os.environ else {}
        process, outputs = self.install(RUSTC_WRAPPER=str(evil), **rustup)
        self.assertEqual(process.returncode, 0, process.stdout)
        self.assertEqual((outputs["source"], outputs["version"]), ("build", "9.9.9"))
        self.assertFalse(self.pwned.exists())

    def test_an_action_in_the_checkout_is_not_built_under_its_settings(self):
        for name in (".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain"):
            inside = self.workspace / "vendored" / "rolecall"
            shutil.copytree(self.action, inside)
            self.release()
            shutil.copy(self.action / "action" / "RELEASE", inside / "action" / "RELEASE")
            setting = self.write(self.workspace / name, b"")
            self.action, outside = inside, self.action
            process, outputs = self.install(PATH=self.fake_cargo())
            self.assertEqual((process.returncode, outputs), (1, {}), process.stdout)
            self.assertIn(f"whose {name} would decide", process.stdout)
            self.assertEqual(self.calls(), [])
            setting.unlink()
            process, outputs = self.install(PATH=self.fake_cargo())
            self.assertEqual((process.returncode, outputs["source"]), (0, "build"), process.stdout)
            (self.log / "calls").unlink()
            self.action = outside
            shutil.rmtree(inside)

    def test_nothing_that_bash_reads_from_the_environment_runs(self):
        program = self.program()
        self.offer(program)
        startup = self.write(self.folder / "startup", f"touch '{self.pwned}'\n".encode())
        functions = ("env", "exec", "cd", "curl", "sha256sum", "cut", "mktemp", "printf", "echo", "rm", "command", "cargo")
        evil = {f"BASH_FUNC_{name}%%": f"() {{ touch '{self.pwned}'; }}" for name in functions}
        evil |= {"BASH_ENV": str(startup), "ENV": str(startup), "SHELLOPTS": "xtrace", "PS4": f"$(touch '{self.pwned}')"}
        process, outputs = self.step("install.sh", {"ROLECALL_DOWNLOAD_BASE": self.base, **evil})
        self.assertEqual(process.returncode, 0, process.stdout)
        self.assertEqual(Path(outputs["bin"]).read_bytes(), program)
        ran = {"ROLECALL_BIN": outputs["bin"], "ROLECALL_SHA256": outputs["sha256"], "ROLECALL_RESULTS": str(self.temp)}
        for script in ("run.sh", "report.sh"):
            self.step(script, {"INPUT_COMMAND": "plan", **ran, **evil})
        self.step("verdict.sh", {"ROLECALL_EXIT_CODE": "0", **evil})
        self.assertEqual(self.calls()[1::2], ["ci run", "ci report"])
        self.assertFalse(self.pwned.exists())

    def test_a_program_of_the_checkout_is_not_found_through_a_relative_path(self):
        self.offer(self.program())
        for name in ("curl", "sha256sum", "env", "mktemp"):
            self.write(self.workspace / name, f"#!/bin/bash\ntouch '{self.pwned}'\n".encode())
        process, _ = self.install(PATH=f".:{os.environ['PATH']}")
        self.assertEqual(process.returncode, 0, process.stdout)
        self.assertFalse(self.pwned.exists())

    def test_a_program_that_does_not_run_here_is_an_error(self):
        self.offer(b"#!/bin/bash\nexit 3\n")
        process, outputs = self.install()
        self.assertEqual((process.returncode, outputs), (1, {}))
        self.assertIn("does not run on this machine (Linux-X64)", process.stdout)
        self.offer(b"#!/bin/bash\nprintf 'rolecall 1\\nbin=/evil\\n'\n")
        process, outputs = self.install()
        self.assertEqual((process.returncode, outputs), (1, {}), process.stdout)


class Run(Job):
    def start(self, command="plan", does='echo exit_code=0 >>"$GITHUB_OUTPUT"', sha=None, **environment):
        program = self.program(does)
        bin = self.write(self.folder / "a program" / "rolecall", program)
        sha = hashlib.sha256(program).hexdigest() if sha is None else sha
        inputs = {"ROLECALL_BIN": str(bin), "ROLECALL_SHA256": sha, "INPUT_COMMAND": command}
        return self.step("run.sh", inputs, **environment)

    def test_the_program_decides_and_writes_the_outputs(self):
        does = 'printf "exit_code=5\\ndigest=sha256:00\\n" >>"$GITHUB_OUTPUT"; exit 5'
        process, outputs = self.start(does=does, INPUT_DIRECTORY="my roles", INPUT_TARGETS="a* b", ROLECALL_SOURCE="build")
        self.assertEqual(process.returncode, 0, process.stdout)
        self.assertEqual((outputs["exit_code"], outputs["digest"]), ("5", "sha256:00"))
        self.assertTrue(Path(outputs["results"]).is_dir())
        self.assertEqual(Path(outputs["results"]).parent, self.temp)
        self.assertEqual(self.calls(), [str(self.workspace), "ci run"])
        seen = self.environment()
        expected = {"INPUT_DIRECTORY": "my roles", "INPUT_TARGETS": "a* b", "ROLECALL_SOURCE": "build"}
        expected |= {"ROLECALL_RESULTS": outputs["results"], **CREDENTIALS}
        self.assertEqual({name: seen.get(name) for name in expected}, expected)

    def test_a_command_that_is_none_is_refused_and_not_run(self):
        for command in (f"plan$(touch '{self.pwned}')", "plan; id", "", "PLAN", "plan\nexit_code=0", "import", "--version", "plan apply"):
            process, outputs = self.start(command)
            self.assertEqual((process.returncode, outputs), (0, {"exit_code": "64"}), command)
            self.assertIn("::error title=rolecall::the input command has to be", process.stdout)
        self.assertEqual(self.calls(), [])
        self.assertFalse(self.pwned.exists())
        for command in ("validate", "diff", "plan", "apply", "drift", "record"):
            process, outputs = self.start(command)
            self.assertEqual((process.returncode, outputs["exit_code"]), (0, "0"), command)

    def test_another_program_than_the_installed_one_is_not_run(self):
        for sha in ("", "0" * 64):
            process, outputs = self.start(sha=sha)
            self.assertEqual((process.returncode, outputs), (0, {"exit_code": "4"}))
        inputs = {"ROLECALL_BIN": str(self.folder / "missing"), "ROLECALL_SHA256": "0" * 64, "INPUT_COMMAND": "plan"}
        process, outputs = self.step("run.sh", inputs)
        self.assertEqual((process.returncode, outputs), (0, {"exit_code": "4"}))
        self.assertEqual(self.calls(), [])

    def test_a_program_that_ends_without_a_result_has_failed(self):
        for does, code in (("exit 0", "1"), ("exit 7", "7"), ("exit 101", "1"), ("kill -9 $$", "1")):
            process, outputs = self.start(does=does)
            self.assertEqual((process.returncode, outputs["exit_code"]), (0, code), does)
            self.assertIn("::error title=rolecall::rolecall ", process.stdout)
        # It had written that all is well before it was killed.
        process, outputs = self.start(does='echo exit_code=0 >>"$GITHUB_OUTPUT"; kill -9 $$')
        self.assertEqual((process.returncode, outputs["exit_code"]), (0, "1"))

    def test_a_tool_of_the_checkout_is_not_run(self):
        # An earlier step wrote a relative folder into GITHUB_PATH.
        for name in ("sha256sum", "shasum", "cut", "grep", "mktemp", "git"):
            for folder in (self.workspace, self.workspace / "tools"):
                self.write(folder / name, f"#!/bin/sh\ntouch '{self.pwned}'\n".encode())
        path = f"tools::{os.environ['PATH']}:."
        process, outputs = self.start(does='git --version >/dev/null; echo exit_code=0 >>"$GITHUB_OUTPUT"', PATH=path)
        self.assertEqual((process.returncode, outputs["exit_code"]), (0, "0"), process.stdout)
        self.assertEqual(self.environment()["PATH"], os.environ["PATH"])
        self.assertFalse(self.pwned.exists())

    def test_a_report_joins_the_results_that_it_is_given(self):
        joined = self.workspace / "all results"
        joined.mkdir()
        process, outputs = self.start("report", INPUT_RESULTS="all results")
        self.assertEqual(outputs, {"results": "all results", "exit_code": "0"}, process.stdout)
        for folder in ("missing", "", "all results\nexit_code=0"):
            process, outputs = self.start("report", INPUT_RESULTS=folder)
            self.assertEqual((process.returncode, outputs), (0, {"exit_code": "64"}), folder)
        self.assertEqual(self.calls(), [])


class Report(Job):
    def start(self, does="", sha=None, **environment):
        program = self.program(does)
        bin = self.write(self.folder / "rolecall", program)
        sha = hashlib.sha256(program).hexdigest() if sha is None else sha
        inputs = {"ROLECALL_BIN": str(bin), "ROLECALL_SHA256": sha, "ROLECALL_RESULTS": str(self.temp)}
        return self.step("report.sh", {"INPUT_COMMAND": "report", "INPUT_COMMENT": "auto", **inputs}, **environment)

    def test_no_credential_of_a_provider_reaches_the_report(self):
        process, outputs = self.start('echo comment_id=7 >>"$GITHUB_OUTPUT"', SOME_OTHER_SECRET="secret-10", LC_ALL="C")
        self.assertEqual((process.returncode, outputs), (0, {"comment_id": "7"}), process.stdout)
        self.assertEqual(self.calls(), [str(self.workspace), "ci report"])
        seen = self.environment()
        self.assertEqual(seen["GITHUB_TOKEN"], CREDENTIALS["GITHUB_TOKEN"])
        self.assertEqual(seen["ROLECALL_RESULTS"], str(self.temp))
        self.assertEqual(seen["INPUT_COMMENT"], "auto")
        self.assertNotIn("INPUT_COMMAND", seen)
        secrets = [name for name, value in seen.items() if value.startswith("secret-")]
        self.assertEqual(secrets, ["GITHUB_TOKEN"])

    def test_a_tool_of_the_checkout_is_not_run(self):
        for name in ("sha256sum", "shasum", "cut", "grep", "mktemp", "git"):
            for folder in (self.workspace, self.workspace / "tools"):
                self.write(folder / name, f"#!/bin/sh\ntouch '{self.pwned}'\n".encode())
        path = f"tools::{os.environ['PATH']}:."
        process, _ = self.start("git --version >/dev/null", PATH=path)
        self.assertEqual((process.returncode, self.calls()), (0, [str(self.workspace), "ci report"]), process.stdout)
        self.assertFalse(self.pwned.exists())

    def test_whether_an_apply_was_started_reaches_the_report(self):
        self.start(INPUT_EXPECT_APPLY="true")
        self.assertEqual(self.environment()["INPUT_EXPECT_APPLY"], "true")

    def test_a_report_that_fails_is_a_warning(self):
        process, _ = self.start("exit 7")
        self.assertEqual(process.returncode, 0)
        self.assertIn("::warning title=rolecall::the report could not be made (exit code 7)", process.stdout)

    def test_without_results_there_is_no_report(self):
        process, _ = self.start(ROLECALL_RESULTS="")
        self.assertEqual((process.returncode, process.stdout, self.calls()), (0, "", []))

    def test_another_program_than_the_installed_one_is_not_run(self):
        process, _ = self.start(sha="0" * 64)
        self.assertEqual((process.returncode, self.calls()), (0, []))
        self.assertIn("::warning title=rolecall::there is no report", process.stdout)


class Verdict(Job):
    def verdict(self, code, command="plan", fail_on_drift="true"):
        inputs = {"ROLECALL_EXIT_CODE": code, "INPUT_COMMAND": command, "INPUT_FAIL_ON_DRIFT": fail_on_drift}
        return self.step("verdict.sh", inputs)[0]

    def test_every_exit_code(self):
        passes = {"0", "2", "8"}
        for code in ("0", "1", "2", "3", "4", "5", "6", "7", "8", "64", "", "9", "10", "127", "0\n1", "x"):
            process = self.verdict(code)
            self.assertEqual(process.returncode, 0 if code in passes else 1, repr(code))
            self.assertEqual("::error" in process.stdout, code not in passes, repr(code))
            self.assertEqual("::warning" in process.stdout, code == "8", repr(code))

    def test_drift_fails_unless_it_is_said_not_to(self):
        for command, fails, status in (
            ("drift", "true", 1),
            ("drift", "false", 0),
            ("drift", "", 1),
            ("drift", "False", 1),
            ("plan", "true", 0),
            ("apply", "true", 0),
        ):
            self.assertEqual(self.verdict("2", command, fails).returncode, status, (command, fails))
        self.assertEqual(self.verdict("0", "drift", "true").returncode, 0)
        self.assertEqual(self.verdict("7", "drift", "false").returncode, 1)

    def test_the_documented_exit_codes_are_the_known_ones(self):
        rows = re.findall(r"(?m)^\| (\d+) \|", (ROOT / "docs" / "exit-codes.md").read_text())
        self.assertTrue(rows)
        for code in rows:
            self.assertNotIn("known exit code", self.verdict(code).stdout, code)
        self.assertIn("known exit code", self.verdict("9").stdout)


class Description(unittest.TestCase):
    """What action.yml promises, read as text so that no library is needed."""

    text = (ROOT / "action.yml").read_text()

    def section(self, name):
        found = re.search(rf"(?m)^{name}:\n((?:  .*\n)+)", self.text)
        self.assertIsNotNone(found, name)
        return found.group(1)

    def names(self, section):
        return re.findall(r"(?m)^  (\w+):$", self.section(section))

    def test_expressions_stand_in_no_script(self):
        for line in self.text.splitlines():
            if re.match(r"\s*run:", line):
                self.assertRegex(line, r"""^      run: '"\$GITHUB_ACTION_PATH/action/\w+\.sh"'$""")
        self.assertNotRegex(self.text, r"(?m)^\s*(- )?uses:")

    def test_every_script_is_there_and_may_be_run(self):
        scripts = re.findall(r"GITHUB_ACTION_PATH/(action/\w+\.sh)", self.text)
        self.assertEqual(sorted(scripts), sorted(f"action/{path.name}" for path in (ROOT / "action").glob("*.sh")))
        for script in scripts:
            self.assertTrue((ROOT / script).stat().st_mode & stat.S_IXUSR, script)
            self.assertEqual((ROOT / script).read_text().splitlines()[0], "#!/bin/bash -p", script)

    def test_every_input_reaches_the_program(self):
        inputs = self.names("inputs")
        self.assertIn("expect_plan", inputs)
        for name in inputs:
            self.assertRegex(name, r"^[a-z_]+$")
            variable = "GITHUB_TOKEN" if name == "token" else f"INPUT_{name.upper()}"
            self.assertIn(f"        {variable}: ${{{{ inputs.{name} }}}}\n", self.text)

    def test_no_credential_of_a_provider_is_an_input(self):
        for name in self.names("inputs"):
            self.assertNotRegex(name, r"key|secret|password|credential|url|host|args|version")

    def test_outputs_come_from_steps_that_exist(self):
        ids = set(re.findall(r"(?m)^      id: (\w+)$", self.text))
        for name in self.names("outputs"):
            value = re.search(rf"(?m)^  {name}:\n    description: .*\n    value: \$\{{\{{ steps\.(\w+)\.outputs\.{name} \}}\}}$", self.text)
            self.assertIsNotNone(value, name)
            self.assertIn(value.group(1), ids)


if __name__ == "__main__":
    unittest.main()
