"""The world of a scenario: a repository with its server, its pull requests, two products, and runs of workflows."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from github import BOT, Backend, Recorder, forward

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
TOOLS = Path(os.environ.get("ROLECALL_E2E_TOOLS", ROOT / "target" / "action-tools" / "e2e"))
ROLECALL = Path(os.environ.get("ROLECALL", ROOT / "target" / "debug" / "rolecall"))
WRKFLW = os.environ.get("WRKFLW", "wrkflw")
OWNER = "octocat"
# The tokens of the forge, by whom they act for; that of a job begins like those of an app.
TOKEN = "ghs_of_a_job"
# Keys of the first product.
READ, WRITE = "cr-key-that-reads", "cr-key-that-writes"
REVIEWS = {
    "provider": "coderabbit",
    "tenants": [
        {
            "name": "acme",
            "caller": "1001",
            "keys": [{"key": READ, "kind": "agentic"}, {"key": WRITE, "kind": "user", "owner": "1001"}],
            "orgs": [
                {
                    "id": "88321",
                    "roles": [{"id": "role-auditor", "name": "Auditor", "permissions": ["reports:read"]}],
                    "users": [
                        {"user_id": "1001", "user_name": "ada", "role": "cr_admin"},
                        {"user_id": "1002", "user_name": "ben", "role": "cr_admin"},
                        {"user_id": "1003", "user_name": "mira", "role": "role-auditor"},
                    ],
                }
            ],
        }
    ],
}
AUDITOR = """provider: coderabbit
roles:
  auditor:
    name: Auditor
    description: Reads reports
    permissions: {{ reports: [{reports}] }}
"""
VIEWER = """provider: workos
roles:
  billing-viewer:
    name: Billing viewer
    description: {about}
    permissions: ["billing:read"]
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def git(folder, *arguments, **more):
    identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.test"))}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **identity}
    done = subprocess.run(["git", "-C", str(folder), *arguments], env=environment, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"git {' '.join(arguments)}: {done.stderr}")
    return done.stdout.strip()


def merges(clone, commit):
    """Merges a commit; whether that worked."""
    try:
        git(clone, "merge", "--quiet", "--no-ff", "--message", "Merge", commit)
    except AssertionError:
        return False
    return True


def wait_for(what, ready, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{what} is not ready after {seconds} s")


class Services:
    """What all scenarios share: emulate, prism, and the servers between."""

    def __init__(self, repositories):
        self.folder = Path(tempfile.mkdtemp(prefix="rolecall-e2e-"))
        self.started = []
        # prism is started before the recorder it answers to, and has to know where the backend is.
        emulate, prism = free_port(), free_port()
        self.backend = Backend(emulate)
        self.recorder = Recorder(prism, self.backend.server.server_address[1])
        self.url = self.recorder.server.url
        seed = self.folder / "seed.yaml"
        people = [{"login": login, "name": login} for login in (OWNER, BOT, "mallory")]
        repos = [{"owner": OWNER, "name": name, "auto_init": True} for name in repositories]
        tokens = {"tok_admin": {"login": OWNER, "scopes": ["repo", "user"]}, TOKEN: {"login": BOT, "scopes": ["repo"]}}
        tokens["tok_mallory"] = {"login": "mallory", "scopes": ["repo"]}
        # JSON is YAML.
        seed.write_text(json.dumps({"tokens": tokens, "github": {"users": people, "repos": repos}}))
        node = node_22()
        self.start(
            "emulate",
            [node, TOOLS / "node_modules/emulate/dist/index.js", "start", "--service", "github", "--port", emulate, "--seed", seed, "--base-url", self.url],
        )
        description = self.folder / "github.json"
        subprocess.run(["node", str(HERE / "slice.mjs"), str(TOOLS), str(description)], check=True)
        proxy = self.start(
            "prism", [TOOLS / "node_modules/.bin/prism", "proxy", description, self.backend.server.url, "-h", "127.0.0.1", "-p", prism]
        )
        wait_for("emulate", lambda: socket.create_connection(("127.0.0.1", emulate)).close() is None)
        wait_for("prism", lambda: "listening" in proxy.read_text())

    def start(self, name, command):
        """Starts a server with its output in a file, and gives back the file."""
        output = self.folder / f"{name}.log"
        with output.open("w") as file:
            process = subprocess.Popen(
                [str(word) for word in command], stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self.started.append(process)
        return output

    def stop(self, process):
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()

    def close(self):
        for process in self.started:
            self.stop(process)
        for server in (self.recorder.server, self.backend.server, self.backend.storage):
            server.shutdown()
            server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)


def node_22():
    """emulate needs Node 22.15 or newer."""
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    if version >= (22, 15):
        return "node"
    return next(path for path in TOOLS.glob("node_modules/node-linux-*/bin/node"))


# Stands before the program: keeps what it says, as wrkflw shows no output of a step, and what it sees.
WRAPPER = """#!/bin/bash -p
if [ "$1" = --version ]; then exec '{program}' --version; fi
env -0 >"$RUNNER_TEMP/environment-$2"
set -o pipefail
'{program}' "$@" 2>&1 | tee -a "$RUNNER_TEMP/said"
"""


class Pull:
    """A pull request: its number, the commit it proposes, and where that is."""

    def __init__(self, number, branch, head, fork=False, base="main"):
        self.number, self.branch, self.head, self.fork, self.base = number, branch, head, fork, base


class Ran:
    """What came of a job."""

    def __init__(self, log, folder, temp, requests):
        self.log, self.requests, self.temp = log, requests, temp
        self.said = (temp / "said").read_text() if (temp / "said").exists() else ""
        self.outputs = {}
        if (folder / "outputs").exists():
            pairs = (line.partition("=") for line in (folder / "outputs").read_text().splitlines())
            self.outputs = {name: value for name, _, value in pairs}
        self.summary = (folder / "summary").read_text() if (folder / "summary").exists() else ""

    def environment(self, command):
        """What `ci run` or `ci report` saw."""
        entries = (self.temp / f"environment-{command}").read_bytes().decode().split("\0")
        return dict(entry.partition("=")[::2] for entry in entries if entry)

    def __getitem__(self, name):
        return self.outputs.get(name, "")


OUTPUTS = ("exit_code", "changes", "added", "changed", "removed", "manual", "digest", "plan_file", "record_file", "results", "comment_id", "comment_url", "version")


class World:
    """A repository of its own in the shared services, with two products."""

    def __init__(self, services, name, program=None):
        self.services, self.name, self.repo = services, name, f"{OWNER}/{name}"
        self.folder = services.folder / name
        self.program = self.folder / "rolecall"
        self.runs = 0
        services.backend.clear()
        services.recorder.requests.clear()
        self.tools = self.folder / "tool cache"
        self.tools.mkdir(parents=True)
        self.program.write_text(WRAPPER.format(program=program or ROLECALL))
        self.program.chmod(0o755)
        self.products = {}
        self.processes = []
        self.reviews = self.product("coderabbit", REVIEWS)
        self.accounts = self.product("workos")
        self.pwned = self.folder / "pwned"
        self.origin = self.folder / "origin.git"
        git(self.folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        self.desk = self.folder / "desk"
        git(self.folder, "clone", "--quiet", str(self.origin), str(self.desk))
        git(self.desk, "switch", "--quiet", "--orphan", "main")
        self.write({"README.md": "Roles\n"})
        self.commit("Nothing yet")
        self.write(
            {
                "rolecall.yaml": "version: 1\ntargets:\n"
                f"  reviews:\n    provider: coderabbit\n    files: [\"roles/coderabbit/*.yaml\"]\n    settings: {{ url: \"{self.reviews}\" }}\n"
                f"  accounts:\n    provider: workos\n    files: [\"roles/workos/*.yaml\"]\n    settings: {{ url: \"{self.accounts}\" }}\n",
                # A build under this folder would run it.
                ".cargo/config.toml": f"[build]\nrustc-wrapper = '{self.desk}/evil.sh'\n",
                "evil.sh": f"#!/bin/bash\ntouch '{self.pwned}'\nexec \"$@\"\n",
                "roles/coderabbit/auditor.yaml": AUDITOR.format(reports="read"),
                "roles/workos/viewer.yaml": VIEWER.format(about="Sees invoices"),
            }
        )
        self.commit("Begin")
        git(self.desk, "push", "--quiet", "origin", "main")

    def close(self):
        for process in self.processes:
            self.services.stop(process)

    def product(self, provider, seed=None):
        """Starts a product's emulator, and gives back its address."""
        command = [ROLECALL, "emulate", provider]
        if seed:
            file = self.folder / f"{provider}.json"
            file.write_text(json.dumps(seed))
            command += ["--seed", file]
        output = self.services.start(f"{self.name}-{provider}", command)
        self.processes.append(self.services.started[-1])
        wait_for(provider, lambda: output.read_text().startswith("{"))
        return json.loads(output.read_text().splitlines()[0])["url"]

    def call(self, url, method="GET", value=None):
        """One request past rolecall, as a person makes it in a product's dashboard."""
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def writes(self, product):
        """How many writes a product has seen."""
        said = self.call(f"{product}/_dashboard/writes")
        return len(said["writes"] if isinstance(said, dict) else said)

    def click(self, role, permissions):
        """Somebody changes a role in the first product's web interface."""
        self.call(f"{self.reviews}/_dashboard/roles/{role}", "PATCH", {"permissions": permissions})

    # -- the repository --

    def write(self, files):
        for path, text in files.items():
            (self.desk / path).parent.mkdir(parents=True, exist_ok=True)
            (self.desk / path).write_text(text)

    def commit(self, message):
        git(self.desk, "add", "--all")
        git(self.desk, "commit", "--quiet", "--allow-empty", "--message", message)
        return git(self.desk, "rev-parse", "HEAD")

    def api(self, method, path, value=None, token="tok_admin"):
        """One request to the forge past rolecall, the recorder and prism."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        body = b"" if value is None else json.dumps(value).encode()
        status, headers, content = forward(self.services.backend.emulate, method, f"/repos/{self.repo}{path}", headers, body)
        if status >= 300:
            raise AssertionError(f"{method} {path}: {status} {content[:500]!r}")
        return json.loads(content) if content else None

    def propose(self, branch, files, fork=False, base="main"):
        """Opens a pull request."""
        git(self.desk, "switch", "--quiet", "--create", branch, base)
        self.write(files)
        head = self.commit(f"Change {branch}")
        git(self.desk, "switch", "--quiet", "main")
        tip = self.api("GET", "/git/ref/heads/main")["object"]["sha"]
        self.api("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": tip})
        self.api("PUT", f"/contents/{branch}.txt", {"message": "m", "content": "aGk=", "branch": branch})
        number = self.api("POST", "/pulls", {"title": f"Change {branch}", "head": branch, "base": "main", "body": ""})["number"]
        pull = Pull(number, branch, head, fork, base)
        self.push(pull)
        return pull

    def push(self, pull):
        if not pull.fork:
            git(self.desk, "push", "--quiet", "--force", "origin", f"{pull.head}:refs/heads/{pull.branch}")
        git(self.desk, "push", "--quiet", "--force", "origin", f"{pull.head}:refs/pull/{pull.number}/head")
        head_repo = {"id": 2, "full_name": f"mallory/{self.name}"} if pull.fork else {"id": 1, "full_name": self.repo}
        self.services.backend.commits[(self.repo, pull.number)] = {
            "head": {"sha": pull.head, "ref": pull.branch, "label": f"{'mallory' if pull.fork else OWNER}:{pull.branch}", "repo": head_repo},
            "base": {"ref": pull.base, "sha": git(self.desk, "rev-parse", pull.base), "repo": {"id": 1, "full_name": self.repo}},
        }

    def update(self, pull, files):
        """Pushes another commit to a pull request."""
        git(self.desk, "switch", "--quiet", pull.branch)
        self.write(files)
        pull.head = self.commit(f"Change {pull.branch} again")
        git(self.desk, "switch", "--quiet", "main")
        self.push(pull)

    def merge(self, pull, squash=False):
        """Merges a pull request, and gives back the new tip of main."""
        git(self.desk, "switch", "--quiet", "main")
        if squash:
            git(self.desk, "merge", "--quiet", "--squash", pull.branch)
            git(self.desk, "commit", "--quiet", "--message", f"Change {pull.branch} (#{pull.number})")
        else:
            git(self.desk, "merge", "--quiet", "--no-ff", "--message", f"Merge pull request #{pull.number}", pull.branch)
        tip = git(self.desk, "rev-parse", "HEAD")
        git(self.desk, "push", "--quiet", "origin", "main")
        self.api("PUT", f"/pulls/{pull.number}/merge", {})
        known = self.services.backend.commits[(self.repo, pull.number)]
        known |= {"merge_commit_sha": tip, "merged": True, "merged_at": "2026-11-20T09:00:00Z", "state": "closed"}
        return tip

    def comments(self, number):
        found, page = [], 1
        while True:
            some = self.api("GET", f"/issues/{number}/comments?per_page=100&page={page}")
            found += some
            if len(some) < 100:
                return found
            page += 1

    def own_comments(self, number):
        return [one for one in self.comments(number) if one["user"]["login"] == BOT]

    # -- runs --

    def pull_event(self, pull, activity="opened", head_repo=...):
        full = f"mallory/{self.name}" if pull.fork else self.repo
        head_repo = {"full_name": full, "id": 2 if pull.fork else 1, "owner": {"login": full.split("/")[0]}} if head_repo is ... else head_repo
        return {
            "action": activity,
            "number": pull.number,
            "pull_request": {
                "number": pull.number,
                "user": {"login": OWNER},
                "head": {"sha": pull.head, "ref": pull.branch, "repo": head_repo},
                "base": {"sha": git(self.desk, "rev-parse", pull.base), "ref": pull.base, "repo": {"full_name": self.repo, "id": 1}},
            },
            "repository": self.repository(),
        }

    def repository(self):
        return {"id": 1, "full_name": self.repo, "name": self.name, "private": True, "default_branch": "main", "owner": {"login": OWNER}}

    def on_pull(self, pull, command="plan", activity="opened", event="pull_request", payload=None, **more):
        """A job of a pull request. What is checked out is the merge that the forge would make."""
        clone = more.pop("clone", None) or self.merged_checkout(pull)
        variables = {
            "GITHUB_EVENT_NAME": event,
            "GITHUB_REF": f"refs/pull/{pull.number}/merge",
            "GITHUB_SHA": git(clone, "rev-parse", "HEAD"),
            "GITHUB_BASE_REF": pull.base,
            "GITHUB_HEAD_REF": pull.branch,
            "GITHUB_WORKFLOW": "roles plan",
        }
        return self.run(clone, command, variables, payload or self.pull_event(pull, activity), **more)

    def on_main(self, command, commit=None, event="push", before=None, payload=None, **more):
        """A job on the default branch, at its tip unless a commit is given."""
        clone = self.checkout(commit or "main")
        commit = git(clone, "rev-parse", "HEAD")
        payload = payload or {"repository": self.repository(), "ref": "refs/heads/main", "after": commit}
        if event == "push":
            payload["before"] = before or git(clone, "rev-parse", "HEAD~1")
        variables = {
            "GITHUB_EVENT_NAME": event,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_SHA": commit,
            "GITHUB_WORKFLOW": "roles apply" if event != "schedule" else "roles drift",
        }
        return self.run(clone, command, variables, payload, **more)

    def merged_checkout(self, pull):
        """A fresh clone with the merge that the forge would make of a pull request, or of its head where there is none."""
        return self.checkout(pull.base, fetch=f"refs/pull/{pull.number}/head", merge=pull.head)

    def checkout(self, revision, fetch=None, merge=None):
        """A fresh clone, as actions/checkout with fetch-depth 0 makes it."""
        self.runs += 1
        clone = self.folder / f"checkout {self.runs}"
        git(self.folder, "clone", "--quiet", str(self.origin), str(clone))
        if fetch:
            git(clone, "fetch", "--quiet", "origin", fetch)
        git(clone, "checkout", "--quiet", "--detach", f"origin/{revision}" if revision == "main" or merge else revision)
        if merge and not merges(clone, merge):
            git(clone, "merge", "--abort")
            git(clone, "checkout", "--quiet", "--detach", merge)
        (clone / ".git" / "info").mkdir(exist_ok=True)
        with (clone / ".git" / "info" / "exclude").open("a") as exclude:
            exclude.write("/.the-action/\n/.job.yml\n")
        return clone

    def run(self, clone, command, variables, payload, inputs=None, credentials=None, environment=None, action=None, token=TOKEN, before=()):
        """Runs the real action.yml in wrkflw; gives back what came of it."""
        number = clone.name.rpartition(" ")[2]
        folder = self.folder / f"job {number}"
        temp = folder / "temp"
        temp.mkdir(parents=True)
        action = Path(action or ROOT)
        (clone / ".the-action").mkdir()
        # wrkflw takes a `shell:` with arguments for the name of a program; test_scripts.py starts the steps with it.
        text = re.sub(r"(?m)^      shell: bash .*$", "      shell: bash", (action / "action.yml").read_text())
        (clone / ".the-action" / "action.yml").write_text(text)
        event = folder / "event.json"
        event.write_text(json.dumps(payload))
        env = {
            "GITHUB_ACTION_PATH": str(action),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_API_URL": self.services.url,
            "GITHUB_GRAPHQL_URL": f"{self.services.url}/graphql",
            "GITHUB_SERVER_URL": "https://github.example.test",
            "GITHUB_REPOSITORY": self.repo,
            "GITHUB_REPOSITORY_OWNER": OWNER,
            "GITHUB_ACTOR": OWNER,
            "GITHUB_RUN_ID": f"1000{number}",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_HEAD_REF": "",
            "GITHUB_BASE_REF": "",
            "RUNNER_TEMP": str(temp),
            "RUNNER_TOOL_CACHE": str(self.tools),
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            "ROLECALL_ALLOW_HOSTS": "127.0.0.1",
            "ROLECALL_BINARY": str(self.program),
            "ROLECALL_ALLOW_LOCAL": "1",
            "WORKOS_API_KEY": "sk_test_acme",
            **variables,
            **({"CODERABBIT_API_KEY": READ} if credentials is None else credentials),
            **(environment or {}),
        }
        wanted = {"command": command, "token": token, **(inputs or {})}
        if command == "apply":
            wanted.setdefault("allow_source_build", "true")
        # JSON is YAML; each string is quoted.
        job = {
            "runs-on": "ubuntu-latest",
            "env": {name: value for name, value in env.items() if value is not None},
            "steps": [
                {"uses": "actions/checkout@v4"},
                *before,
                {"id": "it", "uses": "./.the-action", "with": wanted, "continue-on-error": True},
                {
                    "env": {"OUTCOME": "${{ steps.it.outcome }}", **{f"O_{name}": f"${{{{ steps.it.outputs.{name} }}}}" for name in OUTPUTS}},
                    "run": f"for name in OUTCOME {' '.join(f'O_{name}' for name in OUTPUTS)}; do printf '%s=%s\\n' \"${{name#O_}}\" \"${{!name}}\"; done >'{folder}/outputs'",
                    "shell": "bash",
                },
            ],
        }
        workflow = clone / ".job.yml"
        workflow.write_text(json.dumps({"name": variables["GITHUB_WORKFLOW"], "on": "workflow_dispatch", "jobs": {"job": job}}))
        first = len(self.services.recorder.requests)
        plain = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        done = subprocess.run(
            [WRKFLW, "run", "--runtime", "emulation", "--verbose", str(workflow)],
            cwd=clone,
            env=plain,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return Ran(done.stdout, folder, temp, self.services.recorder.requests[first:])
