"""What the workflows of templates/github must say, and the scripts in them, run as a runner runs them.

    python3 tests/action/test_workflows.py

Read as text, so that no library is needed; lint.sh holds them against GitHub's own schema.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "github"


def jobs(name):
    """The jobs of a workflow: text by name."""
    text = (TEMPLATES / name).read_text()
    return {found.group(1): found.group(0) for found in re.finditer(r"(?m)^  (\w+):.*\n((?:    .*\n)+)", text.partition("\njobs:\n")[2])}


def steps(job):
    """The steps of a job, as text."""
    return re.split(r"(?m)^(?=      - )", job.partition("    steps:\n")[2])[1:]


def value(text, key):
    """What stands after a key, without the comment."""
    found = re.search(rf"(?m)^ *(?:- )?{key}: (.*?)(?: +#.*)?$", text)
    return found and found.group(1)


def holds(condition, results):
    """Whether a condition of GitHub's about the results of needed jobs is true, in a workflow that goes on."""
    words = re.fullmatch(r"\$\{\{ (.*) \}\}", condition).group(1)
    words = re.sub(r"needs\.(\w+)\.result", lambda found: repr(results[found.group(1)]), words)
    words = words.replace("!cancelled()", "True").replace("&&", " and ").replace("||", " or ")
    return eval(words, {"__builtins__": {}})  # noqa: S307


def script(name, job, step):
    """The script of the step with this name."""
    found = [one for one in steps(jobs(name)[job]) if value(one, "name") == step]
    (found,) = found
    lines = re.search(r"(?m)^        run: \|\n((?:          .*\n)+)", found).group(1)
    return re.sub(r"(?m)^          ", "", lines)


class Written(unittest.TestCase):
    def uploads(self):
        for path in sorted(TEMPLATES.glob("*.yml")):
            for name, job in jobs(path.name).items():
                for step in steps(job):
                    if "uses: actions/upload-artifact@" in step:
                        yield f"{path.name}: {name}", step

    def test_nothing_is_uploaded_that_was_not_written(self):
        found = list(self.uploads())
        self.assertGreater(len(found), 9)
        for where, step in found:
            written = re.fullmatch(r"\$\{\{ (steps\.\w+\.outputs\.\w+) \}\}", value(step, "path"))
            self.assertIsNotNone(written, where)
            self.assertIn(f"{written.group(1)} != ''", value(step, "if") or "", where)
            self.assertEqual(value(step, "if-no-files-found"), "error", where)

    def test_another_attempt_of_a_run_may_upload_again(self):
        for where, step in self.uploads():
            self.assertEqual(value(step, "overwrite"), "true", where)

    def test_parts_have_artifacts_of_their_own(self):
        for path in sorted(TEMPLATES.glob("*-shards.yml")):
            for name, job in jobs(path.name).items():
                for step in steps(job):
                    if "uses: actions/upload-artifact@" in step:
                        self.assertIn("strategy:", job)
                        self.assertRegex(value(step, "name"), r"-\$\{\{ (strategy\.job-index|matrix\.part) \}\}$", f"{path.name}: {name}")

    def test_nothing_is_applied_without_the_digest_of_its_plan(self):
        apply = jobs("roles-apply.yml")["apply"]
        self.assertEqual(value(apply, "if"), "${{ needs.plan.outputs.changes == 'true' && needs.plan.outputs.digest != '' }}")
        self.assertIn("expect_plan: ${{ needs.plan.outputs.digest }}\n", apply)
        lost = jobs("roles-apply.yml")["lost"]
        self.assertEqual(value(lost, "if"), "${{ needs.plan.outputs.changes == 'true' && needs.plan.outputs.digest == '' }}")
        self.assertIn("exit 1\n", lost)
        apply = jobs("roles-apply-shards.yml")["apply"]
        self.assertIn("expect_plan: ${{ steps.part.outputs.digest }}\n", apply)
        for path in TEMPLATES.glob("*.yml"):
            for step in (step for job in jobs(path.name).values() for step in steps(job)):
                if value(step, "command") == "apply":
                    self.assertIn("expect_plan: ", step, path.name)

    def test_a_record_is_pushed_where_one_was_written(self):
        all = jobs("roles-apply.yml")
        for name in ("plan", "apply"):
            self.assertIn(f"      record_file: ${{{{ steps.{name}.outputs.record_file }}}}\n", all[name].partition("    steps:\n")[0])
        condition = value(all["record"], "if")
        self.assertEqual(condition, "${{ !cancelled() && (needs.plan.outputs.record_file != '' || needs.apply.outputs.record_file != '') }}")
        for name in ("roles-apply.yml", "roles-apply-shards.yml"):
            self.assertNotIn("secrets.", jobs(name)["record"])
            self.assertNotIn("CREDENTIALS@", jobs(name)["record"])

    def test_parts_are_counted_at_one_place(self):
        for path in sorted(TEMPLATES.glob("*-shards.yml")):
            text = path.read_text()
            self.assertRegex(text, r'(?m)^env:\n  PARTS: "\d+" ')
            self.assertIn('--shards "$PARTS"', text)
            self.assertNotRegex(text.partition("\njobs:\n")[2], r"PARTS: |--shards \d")

    def test_who_merged_hears_where_the_plan_is_refused(self):
        plan = jobs("roles-apply.yml")["plan"]
        self.assertEqual(value(plan, "pull-requests"), "write")
        self.assertNotIn("comment: never", plan)
        parts = jobs("roles-apply-shards.yml")
        self.assertEqual(value(parts["plan"], "pull-requests"), "read")
        self.assertEqual(value(parts["refused"], "pull-requests"), "write")
        # A plan that took too long is cancelled; one whose part is lost is a success.
        told = lambda event, plan, changed: holds(value(parts["refused"], "if").replace("github.event_name", repr(event)), {"plan": plan, "changed": changed})
        for plan, changed, tells in (
            ("failure", "skipped", True),
            ("cancelled", "skipped", True),
            ("success", "failure", True),
            ("success", "success", False),
            ("skipped", "skipped", False),
        ):
            self.assertEqual(told("push", plan, changed), tells, (plan, changed))
            self.assertFalse(told("workflow_dispatch", plan, changed))
        self.assertEqual(value(parts["refused"], "needs"), "[plan, changed]")
        # Definitions with errors are not planned, so the job that finds them tells.
        check = next(step for step in steps(parts["parts"]) if value(step, "command") == "validate")
        self.assertEqual((value(parts["parts"], "pull-requests"), value(check, "comment")), ("write", None))
        # Nothing of any part is applied then.
        self.assertEqual(value(parts["changed"], "needs"), "plan")
        self.assertIsNone(value(parts["changed"].partition("    steps:\n")[0], "if"))
        for name, job in parts.items():
            if "secrets." in job or "CREDENTIALS@" in job:
                self.assertNotEqual(value(job, "pull-requests"), "write", name)
        # What the apply of the parts tells, it tells wherever something was merged.
        self.assertEqual(value(parts["apply"], "pull-requests"), "read")

    def test_an_apply_that_left_nothing_is_missed(self):
        for name in ("refused", "report"):
            made, told = steps(jobs("roles-apply-shards.yml")[name])[-2 if name == "refused" else -3 :][:2]
            self.assertEqual((value(told, "command"), value(told, "expect_apply")), ("report", '"true"'), name)
            # Where nothing is downloaded there is no folder, and the report would be a wrong call.
            self.assertEqual((value(made, "run"), value(made, "RESULTS")), ('mkdir -p "$RESULTS"', value(told, "results")), name)
        # Only where an apply was started.
        self.assertEqual(value(jobs("roles-apply-shards.yml")["report"], "if"), "${{ !cancelled() && needs.apply.result != 'skipped' }}")
        for path in sorted(TEMPLATES.glob("*.yml")):
            if path.name != "roles-apply-shards.yml":
                self.assertNotIn("expect_apply", path.read_text(), path.name)

    def test_findings_are_those_of_this_run(self):
        uploads = []
        for path in sorted(TEMPLATES.glob("*.yml")):
            for job in jobs(path.name).values():
                uploads += [(path.name, job, step) for step in steps(job) if "codeql-action/upload-sarif@" in step]
        self.assertEqual([name for name, *_ in uploads], ["roles-plan-offline.yml", "roles-plan.yml"])
        for name, job, step in uploads:
            # A refused check writes nothing: what lies there then was committed.
            self.assertIn("steps.validate.outputs.sarif_file != ''", value(step, "if"), name)
            (check,) = [one for one in steps(job) if value(one, "id") == "validate"]
            self.assertEqual((value(check, "command"), value(check, "sarif_file")), ("validate", value(step, "sarif_file")), name)

    def test_a_merge_queue_is_checked_and_waits_for_no_plan(self):
        for name in ("roles-plan.yml", "roles-plan-offline.yml", "roles-plan-shards.yml"):
            text = (TEMPLATES / name).read_text()
            self.assertRegex(text, r"(?m)^  merge_group:", name)
            # There is no number of a pull request: without another name all queues would cancel each other.
            self.assertIn("  group: roles-plan-${{ github.event.pull_request.number || github.ref }}\n", text)
            for job in jobs(name).values():
                if "CREDENTIALS@" in job:
                    self.assertIn("github.event.pull_request.head.repo.full_name == github.repository &&", value(job, "if"), name)
        first = jobs("roles-plan-shards.yml")
        self.assertFalse(holds(value(first["report"], "if"), {"parts": "success", "plan": "skipped"}))

    def test_one_job_tells_people_of_all_parts(self):
        for path in sorted(TEMPLATES.glob("*-shards.yml")):
            for job in jobs(path.name).values():
                for step in steps(job):
                    if "shard: " in step and value(step, "command") in ("plan", "apply", "drift"):
                        quiet = "issue: never" if value(step, "command") == "drift" else "comment: never"
                        self.assertIn(quiet, step, path.name)


class Scripts(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="rolecall workflow "))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_script(self, text, **environment):
        """The exit code, the outputs, and what was said."""
        output = self.folder / "output"
        output.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(output), "PARTS": "4", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, dict(line.split("=", 1) for line in output.read_text().splitlines()), done.stdout

    def part(self, number, changes, digest="sha256:abc"):
        """What the plan of a part leaves, moved to where the artifacts of all lie."""
        made = script("roles-apply-shards.yml", "plan", "What the apply of this part needs")
        temp = self.folder / f"temp {number}"
        code, outputs, said = self.run_script(made, FOLDER=str(temp), PART=str(number), SHARD=f"{number + 1}/4", CHANGES=changes, DIGEST=digest)
        self.assertEqual(code, 0, said)
        # The artifacts of all are unpacked into one folder.
        there = self.folder / "parts"
        there.mkdir(exist_ok=True)
        shutil.copy(outputs["file"], there)
        return temp

    def changed(self):
        return self.run_script(script("roles-apply-shards.yml", "changed", "Parts"), PLANNED=str(self.folder / "parts"))

    def test_only_parts_with_changes_are_applied(self):
        for number, changes in enumerate(("false", "true", "false", "true")):
            self.part(number, changes)
        code, outputs, said = self.changed()
        self.assertEqual(code, 0, said)
        self.assertEqual(json.loads(outputs["matrix"]), {"include": [{"part": "1", "shard": "2/4"}, {"part": "3", "shard": "4/4"}]})

    def test_without_changes_the_matrix_is_the_one_that_skips_the_apply(self):
        for number in range(4):
            self.part(number, "false")
        code, outputs, said = self.changed()
        self.assertEqual(code, 0, said)
        skipped = re.fullmatch(r"\$\{\{ needs\.changed\.outputs\.matrix != '(.*)' \}\}", value(jobs("roles-apply-shards.yml")["apply"], "if"))
        self.assertEqual(outputs["matrix"], skipped.group(1))

    def test_a_part_whose_plan_is_missing_applies_none(self):
        for number in range(3):
            self.part(number, "true")
        code, outputs, said = self.changed()
        self.assertEqual((code, outputs), (1, {}))
        self.assertIn("::error title=rolecall::the plan of part 4 is not there", said)
        self.part(3, "")
        self.assertEqual(self.changed()[:2], (1, {}))

    def test_a_part_is_applied_by_its_own_digest(self):
        text = script("roles-apply-shards.yml", "apply", "The digest of this part")
        code, outputs, said = self.run_script(text, FOLDER=str(self.part(0, "true", "sha256:one")))
        self.assertEqual((code, outputs), (0, {"digest": "sha256:one"}), said)
        code, outputs, said = self.run_script(text, FOLDER=str(self.part(1, "true", "")))
        self.assertEqual((code, outputs), (5, {}))
        self.assertIn("::error", said)

    @unittest.skipUnless(shutil.which("jq"), "there is no jq")
    def test_the_records_of_all_parts_are_one_file(self):
        text = script("roles-apply-shards.yml", "record", "Join the records")
        records = self.folder / "records"
        records.mkdir()
        code, outputs, said = self.run_script(text, RECORDS=str(records))
        self.assertEqual((code, outputs), (0, {}), said)
        for number, names in enumerate((["a"], ["b", "c"])):
            part = records / f"rolecall-record-{number}"
            part.mkdir()
            (part / "record.json").write_text(json.dumps({"format_version": 1, "root": "", "records": [{"target": name} for name in names]}))
        code, outputs, said = self.run_script(text, RECORDS=str(records))
        self.assertEqual(code, 0, said)
        joined = json.loads(Path(outputs["file"]).read_text())
        self.assertEqual(joined, {"format_version": 1, "root": "", "records": [{"target": name} for name in "abc"]})

    @unittest.skipUnless(shutil.which("jq"), "there is no jq")
    def test_the_record_of_a_single_part_is_pushed_too(self):
        # A pattern that one artifact matches is unpacked without a folder of its name.
        records = self.folder / "records"
        records.mkdir()
        one = {"format_version": 1, "root": "", "records": [{"target": "a"}]}
        (records / "record.json").write_text(json.dumps(one))
        text = script("roles-apply-shards.yml", "record", "Join the records")
        for _ in range(2):  # what is joined is not joined again
            code, outputs, said = self.run_script(text, RECORDS=str(records))
            self.assertEqual((code, json.loads(Path(outputs["file"]).read_text())), (0, one), said)

    def leave(self, folder, part, command="plan", of=4):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "results.json").write_text(json.dumps({"command": command, "shards": [f"{part}/{of}"]}))

    @unittest.skipUnless(shutil.which("jq"), "there is no jq")
    def test_a_part_without_results_is_named(self):
        for name in ("roles-plan-shards.yml", "roles-drift-shards.yml"):
            text = script(name, "report", "Every part left its results")
            results = self.folder / name
            code, _, said = self.run_script(text, RESULTS=str(results))
            self.assertEqual(code, 1)
            self.assertIn("without results: 1 2 3 4.", said)
            # A single one has no folder of its own.
            self.leave(results, 3)
            self.assertIn("without results: 1 2 4.", self.run_script(text, RESULTS=str(results))[2])
            self.assertEqual(self.run_script(text, RESULTS=str(results), PARTS="1")[0], 1, "of another division")
            self.leave(results, 1, of=1)
            self.assertEqual(self.run_script(text, RESULTS=str(results), PARTS="1")[0], 0)
            (results / "results.json").unlink()
            for number in (0, 2, 3):
                self.leave(results / f"rolecall-results-{number}", number + 1)
            code, _, said = self.run_script(text, RESULTS=str(results))
            self.assertEqual(code, 1)
            self.assertIn("without results: 2.", said)
            self.leave(results / "rolecall-results-1", 2)
            self.assertEqual(self.run_script(text, RESULTS=str(results))[0], 0)

    @unittest.skipUnless(shutil.which("jq"), "there is no jq")
    def test_a_part_of_an_apply_without_results_is_named(self):
        text = script("roles-apply-shards.yml", "report", "Every part left its results")
        results, changed = self.folder / "results", json.dumps({"include": [{"part": "1", "shard": "2/4"}, {"part": "3", "shard": "4/4"}]})
        for number in range(4):
            self.leave(results / f"rolecall-planned-{number}", number + 1)
        self.leave(results / "rolecall-results-3", 4, "apply")
        code, _, said = self.run_script(text, RESULTS=str(results), CHANGED=changed)
        self.assertEqual(code, 1)
        self.assertIn("parts without results: 2/4.", said)
        self.leave(results / "rolecall-results-1", 2, "apply")
        self.assertEqual(self.run_script(text, RESULTS=str(results), CHANGED=changed)[0], 0)
        download = next(step for step in steps(jobs("roles-apply-shards.yml")["report"]) if "download-artifact@" in step)
        self.assertEqual(value(download, "pattern"), "rolecall-{planned,results}-*")

    def test_the_issue_is_kept_only_with_all_results(self):
        names = [value(step, "name") or value(step, "command") for step in steps(jobs("roles-drift-shards.yml")["report"])]
        self.assertLess(names.index("Every part left its results"), names.index("report"))
        last = steps(jobs("roles-plan-shards.yml")["report"])[-1]
        self.assertEqual(value(last, "if"), "${{ !cancelled() && needs.parts.result == 'success' && needs.plan.result != 'success' }}")
        self.assertIn("exit 1\n", last)

    def test_a_required_check_passes_only_after_a_plan_or_without_one_on_purpose(self):
        parts = jobs("roles-plan-shards.yml")
        report = parts["report"]
        runs = lambda **results: holds(value(report, "if"), results)
        # GitHub counts a skipped job as a success. A job whose needs were skipped or failed runs only as its `if` says.
        self.assertEqual(value(report, "needs"), "[parts, plan]")
        self.assertTrue(runs(parts="failure", plan="skipped"))
        self.assertTrue(runs(parts="cancelled", plan="skipped"), "it took too long")
        for plan in ("success", "failure", "cancelled"):
            self.assertTrue(runs(parts="success", plan=plan))
        self.assertFalse(runs(parts="success", plan="skipped"), "of a fork nothing is planned")
        # What it does then.
        failing = [step for step in steps(report) if "exit 1" in step]
        self.assertEqual([value(step, "name") for step in failing], ["The definitions are valid", "Every part left its results", "Every part has succeeded"])
        self.assertTrue(holds(value(failing[0], "if"), {"parts": "failure", "plan": "skipped"}))
        self.assertEqual(value(steps(report)[0], "name"), "The definitions are valid")
        self.assertFalse(holds(value(failing[0], "if"), {"parts": "success", "plan": "success"}))
        self.assertTrue(holds(value(failing[2], "if"), {"parts": "success", "plan": "failure"}))


class WithoutReadingKey(unittest.TestCase):
    """Where the only key of a product can write."""

    def example(self, name):
        return (TEMPLATES.parents[1] / "examples" / "github" / name).read_text()

    def test_no_job_has_the_key_but_behind_the_environment(self):
        self.assertNotIn("secrets.", self.example("roles-plan-offline.yml"))
        for name in ("roles-apply-approved.yml", "roles-drift-approved.yml"):
            for job in re.split(r"(?m)^(?=  \w+:)", self.example(name).partition("\njobs:\n")[2]):
                if "secrets." in job:
                    self.assertEqual(value(job, "environment"), "roles-production", name)

    def test_a_push_is_applied_by_the_plan_that_its_reviewers_read(self):
        # No pull request left a plan, so to ask for one would refuse every push.
        text = self.example("roles-apply-approved.yml")
        self.assertNotIn("require_reviewed", text)
        self.assertIn("expect_plan: ${{ needs.plan.outputs.digest }}", text)
        self.assertIn('  push:\n    branches: ["main"]\n', text)

    def test_a_schedule_that_nobody_answered_is_replaced(self):
        text = self.example("roles-drift-approved.yml")
        self.assertIn("  cancel-in-progress: true\n", text)
        self.assertRegex(text, r'cron: "17 5 \* \* 1"')
        self.assertIn("waits until a reviewer of roles-production", text)
        # An apply is never replaced or cut short.
        self.assertIn("  cancel-in-progress: false ", self.example("roles-apply-approved.yml"))

    def test_the_comparison_is_a_comment_where_there_is_no_plan(self):
        offline, online = (jobs(name)["validate"] for name in ("roles-plan-offline.yml", "roles-plan.yml"))
        of = lambda job: next(step for step in steps(job) if value(step, "command") == "diff")
        self.assertIsNone(value(of(offline), "comment"))
        self.assertEqual(value(of(online), "comment"), "never")
        for job in (offline, online, jobs("roles-plan-shards.yml")["parts"]):
            # Definitions that are wrong are not planned: this job says so in the comment of an older commit.
            check = next(step for step in steps(job) if value(step, "command") == "validate")
            self.assertIsNone(value(check, "comment"))
            self.assertEqual(value(job, "pull-requests"), "write")
            self.assertNotIn("CREDENTIALS@", job)


if __name__ == "__main__":
    unittest.main()
