"""The jobs of templates/rolecall.yml, run as GitLab's runner runs their scripts, with a stand-in for the program.

    python3 tests/action/test_gitlab.py
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = """#!/bin/bash
echo "$* $INPUT_COMMAND ${INPUT_SHARD:-} ${INPUT_EXPECT_PLAN:-} ${INPUT_RECORD_FILE:-} $ROLECALL_RESULTS" >>"$LOG"
exit "${CODE:-0}"
"""
# In place of the network: curl gives this file, whatever the address.
CURL = """#!/bin/bash
echo "$*" >>"$LOG.curl"
while [ "$1" != --output ]; do shift; done
cp '{asset}' "$2"
"""


def scalar(text):
    text = text.strip()
    if text[:1] == "'":
        return text[1:-1].replace("''", "'")
    if text[:1] == '"':
        return text[1:-1]
    return re.sub(r" # .*$", "", text)


def jobs(text):
    """The jobs with what of them is needed here: `variables` and the lists of commands."""
    found = {}
    for name, body in re.findall(r"(?m)^([\w.-]+):\n((?:(?:  .*)?\n)+)", text + "\n"):
        job = {"variables": dict(re.findall(r"(?m)^    (\w+): (.*)$", section(body, "variables")))}
        for part in ("before_script", "script", "after_script"):
            job[part] = [scalar(line) for line in re.findall(r"(?m)^    - (.*)$", folded(section(body, part)))]
        job["rules"] = [rule(text) for text in re.findall(r"(?m)^    - (.*\n(?:      .*\n)*)", folded(section(body, "rules")))]
        job["paths"] = re.findall(r"(?m)^      - (.*)$", section(body, "artifacts"))
        job["environment"] = (re.findall(r"(?m)^    name: ([\w-]+)", section(body, "environment")) or [None])[0]
        found[name] = job
    return found


def rule(text):
    """When a job is added to a pipeline, and with which variables."""
    when = re.search(r"(?m)^      when: (.*)$", text)
    variables = re.search(r"(?m)^      variables:\n((?:        .*\n)+)", text)
    return {
        "if": scalar(re.match(r"if: (.*)", text).group(1)),
        "when": scalar(when.group(1)) if when else "on_success",
        "variables": {key: scalar(value) for key, value in re.findall(r"(?m)^ +(\w+): (.*)$", variables.group(1) if variables else "")},
    }


def holds(condition, variables):
    """Whether a condition of GitLab's is true: `==`, `&&`, `||`, and parentheses of variables and texts."""
    words = re.sub(r"\$(\w+)", lambda found: repr(variables.get(found.group(1))), condition)
    return eval(words.replace("&&", " and ").replace("||", " or "), {"__builtins__": {}})  # noqa: S307


def folded(lines):
    """The same with each `>-` on one line, as YAML reads it."""
    lines = re.sub(r"(?m)^ *#.*\n", "", lines)
    return re.sub(r"(?m)^    - >-\n((?:      .*\n)+)", lambda found: f"    - {' '.join(found.group(1).split())}\n", lines)


def section(body, name):
    found = re.search(rf"(?m)^  {name}:\n((?:    .*\n)+)", body)
    return found.group(1) if found else ""


MERGE_REQUEST = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1", "CI_PROJECT_ID": "1"}
FORK = {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"}
BRANCH = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_PROJECT_ID": "1"}


class Component(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rolecall gitlab "))
        self.addCleanup(shutil.rmtree, self.folder)
        self.jobs = self.filled()
        self.project = self.folder / "a project"
        self.bin = self.folder / "bin"
        for folder in (self.project, self.bin, self.folder / "builds"):
            folder.mkdir()
        self.log = self.folder / "log"
        asset = self.folder / "asset"
        asset.write_text(PROGRAM)
        self.sha = hashlib.sha256(asset.read_bytes()).hexdigest()
        (self.bin / "curl").write_text(CURL.format(asset=asset))
        (self.bin / "curl").chmod(0o755)

    def filled(self, *given):
        """The jobs of the component with these inputs, each NAME=VALUE."""
        filled = self.folder / "filled.yml"
        subprocess.run(["python3", str(HERE / "gitlab.py"), str(filled), *given], check=True)
        return jobs(filled.read_text())

    def run_job(self, name, code=0, part=None, **more):
        base, job = self.jobs[".rolecall"], self.jobs[name]
        variables = {key: scalar(value) for key, value in {**base["variables"], **job["variables"]}.items()}
        environment = {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LOG": str(self.log),
            "CODE": str(code),
            "CI_PROJECT_DIR": str(self.project),
            "CI_BUILDS_DIR": str(self.folder / "builds"),
            "CI_JOB_ID": "7",
            **variables,
            "ROLECALL_SHA256": self.sha,
            **({"CI_NODE_INDEX": str(part), "CI_NODE_TOTAL": "8"} if part else {}),
            **more,
        }
        script = "\n".join(base["before_script"] + (job["script"] or base["script"]))
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script], cwd=self.project, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        called = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return done.returncode, [" ".join(call.split()) for call in called], done.stderr

    def results(self, part=1):
        folder = self.project / "rolecall-results" / str(part)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def test_changes_are_no_failure_and_drift_is_one(self):
        passes = {
            "roles-validate": (0, 2, 8),
            "roles-diff": (0, 2, 8),
            "roles-plan": (0, 2, 8),
            "roles-drift": (0, 8),
        }
        for name, fine in passes.items():
            for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 64):
                status, called, said = self.run_job(name, code)
                self.assertEqual(status, 0 if code in fine else code, (name, code, said))
                folder = {"roles-validate": "rolecall-validated", "roles-diff": "rolecall-compared"}.get(name, "rolecall-results")
                self.assertEqual(called, [f"ci run {name.removeprefix('roles-')} {self.project}/{folder}/1"])

    def test_each_part_has_its_shard_and_its_folder(self):
        status, called, said = self.run_job("roles-plan", 2, part=3)
        self.assertEqual((status, called), (0, [f"ci run plan 3/8 {self.results(3)}"]), said)

    def test_another_program_than_the_named_one_does_not_run(self):
        status, called, _ = self.run_job("roles-plan", ROLECALL_SHA256="0" * 64)
        self.assertNotEqual(status, 0)
        self.assertEqual(called, [])

    def applied(self, part=1):
        folder = self.project / "rolecall-applied" / str(part)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def pipeline(self, variables, jobs=None):
        """The jobs that a pipeline has, each with how it starts and the variables of its rule."""
        found = {}
        for name, job in (jobs or self.jobs).items():
            first = next((rule for rule in job["rules"] if holds(rule["if"], variables)), None)
            if first:
                found[name] = (first["when"], first["variables"])
        return found

    def test_each_pipeline_has_the_jobs_that_it_may_have(self):
        asked = {"INPUT_REQUIRE_REVIEWED": "true"}
        on, always, manual = ("on_success", {}), ("always", {}), ("manual", {})
        note = ("always", {"REPORTED": "rolecall-validated rolecall-results"})
        merge_request = {"roles-validate": on, "roles-diff": on, "roles-plan": on, "roles-note": note}
        self.assertEqual(self.pipeline(MERGE_REQUEST), merge_request)
        self.assertEqual(self.pipeline(FORK), {"roles-validate": on, "roles-diff": on})
        after = {"roles-record": always, "roles-report": always}
        push = {"roles-validate": on, "roles-plan": ("on_success", asked), "roles-apply": on, **after}
        self.assertEqual(self.pipeline({**BRANCH, "CI_PIPELINE_SOURCE": "push"}), push)
        # Nobody reviewed what is planned by hand, so somebody lets it go on.
        by_hand = {"roles-validate": on, "roles-plan": on, "roles-apply": manual, **after}
        self.assertEqual(self.pipeline({**BRANCH, "CI_PIPELINE_SOURCE": "web"}), by_hand)
        drift = {"roles-drift": on, "roles-drift-issue": always}
        self.assertEqual(self.pipeline({**BRANCH, "CI_PIPELINE_SOURCE": "schedule"}), drift)
        for source in ("push", "web"):
            self.assertEqual(self.pipeline({**BRANCH, "CI_COMMIT_BRANCH": "change", "CI_PIPELINE_SOURCE": source}), {})

    def test_without_a_reading_key_each_apply_waits_for_who_read_the_plan(self):
        jobs = self.filled("plan_environment=roles-production")
        on, always, manual = ("on_success", {}), ("always", {}), ("manual", {})
        compared = ("always", {"REPORTED": "rolecall-compared"})
        self.assertEqual(self.pipeline(MERGE_REQUEST, jobs), {"roles-validate": on, "roles-diff": on, "roles-note": compared})
        self.assertEqual(self.pipeline(FORK, jobs), {"roles-validate": on, "roles-diff": on})
        # No merge request left a plan, so to ask for one would refuse every push.
        merged = {"roles-validate": on, "roles-plan": on, "roles-apply": manual, "roles-record": always, "roles-report": always}
        for source in ("push", "web"):
            self.assertEqual(self.pipeline({**BRANCH, "CI_PIPELINE_SOURCE": source}, jobs), merged)
        for name in ("roles-plan", "roles-drift", "roles-apply"):
            self.assertEqual(jobs[name]["environment"], "roles-production", name)

    def test_each_job_has_one_kind_of_credential(self):
        environments = {name: job["environment"] for name, job in self.jobs.items() if job["environment"]}
        reports = {name: "roles-report" for name in ("roles-report", "roles-note", "roles-drift-issue")}
        providers = {"roles-plan": "roles-plan", "roles-drift": "roles-plan", "roles-apply": "roles-production"}
        self.assertEqual(environments, {**providers, **reports, "roles-record": "roles-record"})

    def test_only_what_was_planned_is_applied(self):
        (self.results(3) / "rolecall.env").write_text("ROLECALL_CHANGES=true\nROLECALL_DIGEST=sha256:abc\n")
        status, called, said = self.run_job("roles-apply", 0, part=3)
        self.assertEqual((status, called), (0, [f"ci run apply 3/8 sha256:abc {self.applied(3)}"]), said)
        self.assertEqual(self.jobs["roles-apply"]["paths"], ["rolecall-applied/"], "the plans of other parts stay behind")
        for text in ("ROLECALL_CHANGES=true\n", "ROLECALL_DIGEST=\n"):
            (self.results() / "rolecall.env").write_text(text)
            status, called, said = self.run_job("roles-apply")
            self.assertEqual((status, called), (5, []), said)
        for code in (1, 3, 4, 5, 6, 7, 64):
            (self.results() / "rolecall.env").write_text("ROLECALL_DIGEST=sha256:abc\n")
            self.assertEqual(self.run_job("roles-apply", code)[0], code)

    def test_every_part_is_recorded(self):
        for part in (1, 2):
            (self.applied(part) / "record.json").write_text("{}")
        status, called, said = self.run_job("roles-record")
        records = [f"rolecall-applied/{part}/record.json" for part in (1, 2)]
        self.assertEqual((status, called), (0, [f"ci run record {record} {self.results()}" for record in records]), said)
        self.assertEqual(self.run_job("roles-record", 1)[0], 1)

    def test_no_record_is_no_failure(self):
        self.applied(1)
        status, called, said = self.run_job("roles-record")
        self.assertEqual((status, called), (0, []), said)

    def test_what_became_of_a_merge_is_told_once_for_all_parts(self):
        # Definitions that are wrong are not planned.
        status, called, said = self.run_job("roles-report")
        self.assertEqual((status, [call.split()[:4] for call in called]), (0, [["ci", "report", "--results", "rolecall-validated"]]), said)
        self.results()
        for folder in ("rolecall-results", "rolecall-applied"):
            # The plans tell which parts of the apply there have to be, also where there is none.
            (self.project / folder).mkdir(exist_ok=True)
            status, called, said = self.run_job("roles-report")
            self.assertEqual((status, len(called)), (0, 1), said)
            self.assertTrue(called[0].startswith("ci report --results rolecall-applied --results rolecall-results --expect-apply true "), called)
        text = (HERE.parents[1] / "templates" / "rolecall.yml").read_text()
        self.assertRegex(text, r"(?m)^roles-report:\n(?:  .*\n)+?  needs:\n    - roles-validate\n    - roles-plan\n    - roles-apply\n")

    def test_the_note_is_about_all_parts(self):
        status, called, said = self.run_job("roles-drift-issue")
        self.assertEqual((status, called), (0, [f"ci report {self.project}/rolecall-results"]), said)
        reported = self.pipeline(MERGE_REQUEST)["roles-note"][1]
        # Definitions that are wrong are not planned, and the note of an older commit has to say so.
        for folders in (["rolecall-validated"], ["rolecall-validated", "rolecall-results"]):
            for folder in folders:
                (self.project / folder / "1").mkdir(parents=True, exist_ok=True)
            status, called, said = self.run_job("roles-note", **reported)
            self.assertEqual([call.split()[:4] for call in called], [["ci", "report", "--results", folder] for folder in folders], said)
            self.assertEqual(status, 0)
        text = (HERE.parents[1] / "templates" / "rolecall.yml").read_text()
        self.assertRegex(text, r"(?m)^  needs:\n    - roles-validate\n    - roles-diff\n    - job: roles-plan\n      optional: true\n")

    def test_the_download_is_by_https_only(self):
        self.run_job("roles-plan")
        self.assertIn("--proto =https ", (self.folder / "log.curl").read_text())


if __name__ == "__main__":
    unittest.main()
