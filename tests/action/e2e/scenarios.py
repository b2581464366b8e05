"""What people do with pull requests and merges, and what attackers do: through the real action.yml, a local GitHub that is
held against GitHub's own description, and two products.

    tests/action/e2e/run.sh [NAME...]
"""

import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[:0] = [str(folder) for folder in Path(__file__).resolve().parents[:2]]
from github import BOT  # noqa: E402
from test_workflows import script, steps, value  # noqa: E402
from world import AUDITOR, READ, ROLECALL, ROOT, TOKEN, VIEWER, WRITE, Services, World, git  # noqa: E402

MORE = {"roles/coderabbit/auditor.yaml": AUDITOR.format(reports="read, delete")}
MOST = {"roles/coderabbit/auditor.yaml": AUDITOR.format(reports="read, write, delete")}
OTHER = {"roles/workos/viewer.yaml": VIEWER.format(about="Sees what was paid")}
MARKER = re.compile(r"<!-- rolecall:plan (\{.*\}) -->")
GROUPS_READ, GROUPS_WRITE = "glpat-that-reads", "glpat-that-writes"
SECRETS = (READ, WRITE, "sk_test_acme", GROUPS_READ, GROUPS_WRITE)


def marker(comment):
    """What the first line of a comment says about it."""
    return json.loads(MARKER.fullmatch(comment["body"].splitlines()[0]).group(1))


class Scenario(unittest.TestCase):
    services = None

    @classmethod
    def setUpClass(cls):
        if Scenario.services is None:
            names = [f"{case.__name__.lower()}-{name}".replace("_", "-") for case in CASES for name in dir(case) if name.startswith("test_")]
            Scenario.services = Services(names)
            unittest.addModuleCleanup(Scenario.services.close)

    def setUp(self):
        self.world = World(self.services, f"{type(self).__name__.lower()}-{self._testMethodName}".replace("_", "-"))
        self.addCleanup(self.world.close)
        self.ran = []

    def tearDown(self):
        """What holds in every scenario."""
        self.assertEqual(self.services.recorder.violations(), [], "GitHub describes these requests otherwise")
        for request in self.services.recorder.requests:
            self.assertIn(request.headers.get("authorization"), (f"Bearer {TOKEN}", f"token {TOKEN}"), request)
        texts = [str(request.headers) + request.body.decode("utf-8", "replace") for request in self.services.recorder.requests]
        for ran in self.ran:
            texts += [ran.said, ran.summary, str(ran.outputs)]
            if (ran.temp / "environment-report").exists():
                self.assertFalse(set(SECRETS) & set(ran.environment("report").values()), "the report sees a credential")
        for download in self.services.backend.downloads:
            self.assertNotIn("authorization", download, "the token went to another host")
        for text in texts:
            for secret in SECRETS:
                self.assertNotIn(secret, text)
            self.assertNotIn(TOKEN, text.replace(f"Bearer {TOKEN}", ""))
        self.assertFalse(self.world.pwned.exists(), "something of the repository was run")

    def on_pull(self, pull, command="plan", **more):
        self.ran.append(self.world.on_pull(pull, command, **more))
        return self.ran[-1]

    def on_main(self, command, **more):
        self.ran.append(self.world.on_main(command, **more))
        return self.ran[-1]

    def ends(self, ran, code, outcome=None):
        """Asserts how a job ended."""
        outcome = outcome or ("success" if code in (0, 2, 8) else "failure")
        self.assertEqual((ran["exit_code"], ran["OUTCOME"]), (str(code), outcome), ran.said + ran.log[-3000:])

    def one_comment(self, pull):
        comments = self.world.own_comments(pull.number)
        self.assertEqual(len(comments), 1, ([one["body"][:200] for one in comments], self.ran[-1].said))
        return comments[0]

    def keep_plan(self, ran, pull, head=None, source=1, at="08:00"):
        """What actions/upload-artifact does with the plan of a pull request: of another head or another repository, if given."""
        run = 5000 + len(self.services.backend.runs)
        head = head or pull.head
        content = {"head_sha": head, "head_branch": pull.branch, "repository_id": 1, "head_repository_id": source}
        self.services.backend.runs[run] = {
            "id": run,
            "name": "roles plan",
            "path": ".github/workflows/roles-plan.yml",
            "event": "pull_request",
            "status": "completed",
            "conclusion": "success",
            "created_at": f"2026-11-20T{at}:00Z",
            "updated_at": f"2026-11-20T{at}:00Z",
            "head_sha": head,
            "repository": {"id": 1, "full_name": self.world.repo},
            "head_repository": {"id": source, "full_name": self.world.repo if source == 1 else f"mallory/{self.world.name}"},
        }
        plan = Path(ran["plan_file"])
        self.services.backend.artifact(self.world.repo, "rolecall-plan", run, content, {plan.name: plan.read_bytes()}, at)

    def begin(self):
        """Applies and records what is there, so that there is a last apply."""
        self.ends(self.apply(), 0)
        self.ends(self.record(self.ran[-1]), 0)

    def apply(self, **more):
        more.setdefault("credentials", {"CODERABBIT_API_KEY": WRITE})
        return self.on_main("apply", **more)

    def record(self, applied, **more):
        kept = self.world.folder / f"record {self.world.runs}"
        kept.mkdir()
        shutil.copy(applied["record_file"], kept / "record.json")
        more.setdefault("credentials", {"WORKOS_API_KEY": None})
        return self.on_main("record", inputs={"record_file": str(kept / "record.json")}, **more)

    def writes(self):
        return self.world.writes(self.world.reviews) + self.world.writes(self.world.accounts)

    def asked(self):
        """How many requests the products have seen."""
        said = [self.world.call(f"{product}/_dashboard/requests") for product in (self.world.reviews, self.world.accounts)]
        return sum(len(one["requests"] if isinstance(one, dict) else one) for one in said)


class Review(Scenario):
    def test_opened_updated_and_merged(self):
        self.begin()
        before = self.writes()
        pull = self.world.propose("more", MORE | OTHER)
        opened = self.on_pull(pull)
        self.ends(opened, 2)
        self.assertEqual((opened["changes"], opened["digest"][:7]), ("true", "sha256:"))
        comment = self.one_comment(pull)
        self.assertEqual(comment["id"], int(opened["comment_id"]))
        self.assertEqual((marker(comment)["workflow"], marker(comment)["head"]), ("roles plan", pull.head))
        for text in ("auditor", "billing-viewer", "reports: ?delete", opened["digest"]):
            self.assertRegex(comment["body"], text)
        self.assertIn("auditor", opened.summary)

        self.world.update(pull, MOST)
        updated = self.on_pull(pull, activity="synchronize")
        self.ends(updated, 2)
        again = self.one_comment(pull)
        self.assertEqual((again["id"], marker(again)["head"]), (comment["id"], pull.head))
        self.assertRegex(again["body"], "reports: ?(delete, )?write")
        self.assertNotEqual(updated["digest"], opened["digest"])
        self.assertEqual(self.writes(), before, "a review writes nothing")
        self.keep_plan(updated, pull)

        self.world.merge(pull)
        planned = self.on_main("plan", inputs={"require_reviewed": "true"})
        self.ends(planned, 2)
        self.assertEqual(planned["digest"], updated["digest"], "the digest of what was reviewed")
        applied = self.apply(inputs={"expect_plan": planned["digest"]})
        self.ends(applied, 0)
        self.assertGreater(self.writes(), before)
        self.ends(self.record(applied), 0)
        refs = git(self.world.origin, "for-each-ref", "--format=%(refname)", "refs/rolecall/applied")
        self.assertEqual(len(refs.splitlines()), 2, refs)
        told = [one["body"] for one in self.world.own_comments(pull.number) if one["body"].startswith("<!-- rolecall:apply ")]
        self.assertEqual(len(told), 1, applied.said)
        self.assertIn("auditor", told[0])
        after = self.on_main("plan", inputs={"require_reviewed": "true"})
        self.ends(after, 0)
        self.assertEqual(after["changes"], "false")

    def test_squashed_is_the_same_plan(self):
        self.begin()
        pull = self.world.propose("more", MORE)
        reviewed = self.on_pull(pull)
        self.keep_plan(reviewed, pull)
        self.world.merge(pull, squash=True)
        planned = self.on_main("plan", inputs={"require_reviewed": "true"})
        self.ends(planned, 2)
        self.assertEqual(planned["digest"], reviewed["digest"])

    def test_retargeted(self):
        self.begin()
        git(self.world.desk, "switch", "--quiet", "--create", "release")
        self.world.write(MORE)
        self.world.commit("Release")
        git(self.world.desk, "push", "--quiet", "origin", "release")
        git(self.world.desk, "switch", "--quiet", "main")
        pull = self.world.propose("most", MOST)
        self.ends(self.on_pull(pull), 2)
        first = self.one_comment(pull)
        pull.base = "release"
        self.world.push(pull)
        ran = self.on_pull(pull, activity="edited")
        # Both branches change the same line: what git cannot merge nobody can plan.
        self.ends(ran, 3)
        self.assertEqual(self.one_comment(pull)["id"], first["id"])

    def test_nothing_changes(self):
        self.begin()
        pull = self.world.propose("words", {"README.md": "words\n"})
        ran = self.on_pull(pull)
        self.ends(ran, 0)
        self.assertEqual((ran["changes"], self.world.own_comments(pull.number)), ("false", []))
        self.world.update(pull, MORE)
        self.ends(self.on_pull(pull, activity="synchronize"), 2)
        first = self.one_comment(pull)
        self.world.update(pull, {"roles/coderabbit/auditor.yaml": AUDITOR.format(reports="read")})
        self.ends(self.on_pull(pull, activity="synchronize"), 0)
        last = self.one_comment(pull)
        self.assertEqual(last["id"], first["id"])
        self.assertNotRegex(last["body"], "reports: ?delete")

    def test_105_comments_that_spoof_the_marker(self):
        self.begin()
        pull = self.world.propose("more", MORE)
        claim = json.dumps({"workflow": "roles plan", "head": pull.head, "digest": "sha256:" + "0" * 64, "v": 1})
        for number in range(105):
            body = f"<!-- rolecall:plan {claim} -->\nNothing changes, trust me ({number})."
            self.world.api("POST", f"/issues/{pull.number}/comments", {"body": body}, token="tok_mallory")
        self.ends(self.on_pull(pull), 2)
        first = self.one_comment(pull)
        self.world.update(pull, MOST)
        self.ends(self.on_pull(pull, activity="synchronize"), 2)
        self.assertEqual(self.one_comment(pull)["id"], first["id"])
        others = [one for one in self.world.comments(pull.number) if one["user"]["login"] != BOT]
        self.assertEqual(len(others), 105)
        self.assertTrue(all("trust me" in one["body"] for one in others))

    def test_superseded_comments_are_minimised(self):
        self.begin()
        pull = self.world.propose("more", MORE)
        claim = json.dumps({"workflow": "roles plan", "head": pull.head, "digest": None, "v": 1})
        for _ in range(2):
            self.world.api("POST", f"/issues/{pull.number}/comments", {"body": f"<!-- rolecall:plan {claim} -->\nold"}, token=TOKEN)
        first, last = self.world.own_comments(pull.number)
        ran = self.on_pull(pull)
        self.ends(ran, 2)
        self.assertEqual(ran["comment_id"], str(last["id"]))
        self.assertEqual(len(self.world.own_comments(pull.number)), 2)
        self.assertIn(first["node_id"], json.dumps(self.services.backend.minimized))
        self.assertNotIn(last["node_id"], json.dumps(self.services.backend.minimized))

    def test_an_older_run_does_not_overwrite_a_newer_one(self):
        self.begin()
        pull = self.world.propose("more", MORE)
        payload = self.world.pull_event(pull)
        self.world.update(pull, MOST)
        self.ends(self.on_pull(pull, activity="synchronize"), 2)
        newer = self.one_comment(pull)
        self.on_pull(pull, payload=payload)
        self.assertEqual(self.one_comment(pull)["body"], newer["body"])

    def test_a_pull_request_that_is_behind_reverts_nothing(self):
        self.begin()
        pull = self.world.propose("other", OTHER)
        merged = self.world.propose("more", MORE)
        self.world.merge(merged)
        self.ends(self.on_pull(pull), 2)
        body = self.one_comment(pull)["body"]
        self.assertIn("billing-viewer", body)
        # What was merged meanwhile and is not applied yet is still added, and not taken back.
        self.assertRegex(body, r"(?m)^ *\+ reports: ?delete")
        self.assertNotRegex(body, r"(?m)^ *- reports: ?delete")

    def test_more_than_a_comment_holds(self):
        self.begin()
        many = "".join(
            f"  role-{number}:\n    name: Role {number}\n    description: {'@everyone ``` <!-- ' * 12}\n    permissions: {{ reports: [read] }}\n"
            for number in range(300)
        )
        pull = self.world.propose("many", {"roles/coderabbit/many.yaml": "provider: coderabbit\nroles:\n" + many.replace("description: @", "description: '@").replace("<!-- \n", "<!-- '\n")})
        self.ends(self.on_pull(pull), 2)
        body = self.one_comment(pull)["body"]
        self.assertLessEqual(len(body), 60_000)
        self.assertIn("300", body)
        self.assertRegex(body, "(?i)more|incomplete")

    def test_definitions_that_are_wrong_are_shown_at_their_lines(self):
        pull = self.world.propose("wrong", {"roles/coderabbit/auditor.yaml": AUDITOR.format(reports="read").replace("name:", "nmae:")})
        for command, inputs in (("plan", {}), ("validate", {"sarif_file": "rolecall.sarif"})):
            ran = self.on_pull(pull, command, inputs=inputs)
            self.ends(ran, 3)
            self.assertRegex(ran.said, r"(?m)^::error file=roles/coderabbit/auditor\.yaml,line=4,")

    def test_errors_take_the_place_of_an_older_plan(self):
        self.begin()
        pull = self.world.propose("more", MORE)
        self.ends(self.on_pull(pull), 2)
        planned, older = self.one_comment(pull), pull.head
        self.world.update(pull, {"roles/coderabbit/auditor.yaml": AUDITOR.format(reports="read").replace("name:", "nmae:")})
        # The job that plans is skipped then; the one that validates corrects the comment.
        self.ends(self.on_pull(pull, "validate", activity="synchronize"), 3)
        comment = self.one_comment(pull)
        self.assertEqual((comment["id"], marker(comment)["head"]), (planned["id"], pull.head))
        self.assertIn("Nothing is planned: the definitions have errors", comment["body"])
        self.assertIn(f"was of the older commit `{older[:12]}`", comment["body"])
        self.assertIn("nmae", comment["body"])
        self.assertNotRegex(comment["body"], "reports: ?delete")
        self.world.update(pull, MORE)
        self.ends(self.on_pull(pull, "validate", activity="synchronize"), 0)
        self.ends(self.on_pull(pull, activity="synchronize"), 2)
        self.assertRegex(self.one_comment(pull)["body"], "reports: ?delete")

    def test_what_no_pull_request_can_plan_is_applied_by_the_plan_of_the_push(self):
        self.begin()
        pull = self.world.propose("more", MORE)
        self.ends(self.on_pull(pull, "validate"), 0)
        self.ends(self.on_pull(pull, "diff"), 0)
        comment = self.one_comment(pull)
        self.assertTrue(comment["body"].startswith("<!-- rolecall:diff "), comment["body"])
        self.world.merge(pull)
        # As roles-apply-approved.yml does; between the two jobs the reviewers of the environment read the plan.
        planned = self.on_main("plan", credentials={"CODERABBIT_API_KEY": WRITE})
        self.ends(planned, 2)
        self.assertIn("delete", planned.summary)
        self.ends(self.apply(inputs={"expect_plan": planned["digest"]}), 0)
        self.assertEqual(self.on_main("plan")["changes"], "false")


class Strangers(Scenario):
    def offline(self, pull, **more):
        before = self.asked()
        ran = self.on_pull(pull, **more)
        self.ends(ran, 0)
        self.assertEqual(self.asked(), before, "a product was asked")
        self.assertEqual(self.world.own_comments(pull.number), [])
        self.assertIn("auditor", ran.summary)
        return ran

    def test_a_fork_is_compared_offline(self):
        self.offline(self.world.propose("more", MORE, fork=True))

    def test_a_fork_that_is_gone(self):
        pull = self.world.propose("more", MORE, fork=True)
        payload = self.world.pull_event(pull, head_repo=None)
        self.offline(pull, payload=payload)

    def test_dependabot(self):
        pull = self.world.propose("more", MORE)
        self.offline(pull, environment={"GITHUB_ACTOR": "dependabot[bot]"})

    def test_pull_request_target_is_refused(self):
        pull = self.world.propose("more", MORE, fork=True)
        before = self.asked()
        for command in ("validate", "plan", "apply"):
            self.ends(self.on_pull(pull, command, event="pull_request_target"), 4)
        self.assertEqual(self.asked(), before)

    def test_the_diff_of_a_fork_after_its_run(self):
        pull = self.world.propose("more", MORE, fork=True)
        run = {
            "event": "pull_request",
            "conclusion": "success",
            "head_sha": pull.head,
            "head_branch": pull.branch,
            "head_repository": {"id": 2, "full_name": f"mallory/{self.world.name}", "owner": {"login": "mallory"}},
            "pull_requests": [],
        }
        payload = {"action": "completed", "workflow_run": run, "repository": self.world.repository()}
        before = self.asked()
        ran = self.on_main("diff", event="workflow_run", payload=payload, credentials={"WORKOS_API_KEY": None})
        self.ends(ran, 0)
        self.assertEqual(self.asked(), before)
        comment = self.one_comment(pull)
        self.assertTrue(comment["body"].startswith("<!-- rolecall:fork-diff"), comment["body"][:200])
        self.assertIn("auditor", comment["body"])
        self.ends(self.on_main("plan", event="workflow_run", payload=payload), 4)

    def test_commands_that_are_none(self):
        pull = self.world.propose("more", MORE)
        ran = self.on_pull(pull, f"plan$(touch '{self.world.pwned}')")
        self.ends(ran, 64)

    def test_a_folder_outside_of_the_checkout(self):
        pull = self.world.propose("more", MORE)
        ran = self.on_pull(pull, inputs={"directory": "../desk"})
        self.assertIn(ran["exit_code"], ("4", "64"), ran.said)
        self.assertEqual(ran["OUTCOME"], "failure")


class Merge(Scenario):
    def test_a_pull_request_applies_nothing(self):
        pull = self.world.propose("more", MORE)
        before = self.writes()
        for command in ("apply", "record"):
            self.ends(self.on_pull(pull, command, credentials={"CODERABBIT_API_KEY": WRITE}), 4)
        self.assertEqual(self.writes(), before)

    def test_an_old_run_that_is_replayed_applies_nothing(self):
        self.begin()
        old = self.world.merge(self.world.propose("more", MORE))
        self.ends(self.apply(), 0)
        self.world.merge(self.world.propose("less", {"roles/coderabbit/auditor.yaml": AUDITOR.format(reports="read")}))
        self.ends(self.apply(), 0)
        before = self.writes()
        self.ends(self.apply(commit=old), 5)
        self.assertEqual(self.writes(), before)

    def test_another_plan_than_the_expected_one(self):
        before = self.writes()
        self.ends(self.apply(inputs={"expect_plan": "sha256:" + "0" * 64}), 5)
        self.assertEqual(self.writes(), before)

    def test_a_program_built_here_does_not_apply(self):
        before = self.writes()
        self.ends(self.apply(inputs={"allow_source_build": "false"}), 4)
        self.assertEqual(self.writes(), before)

    def test_a_second_merge_before_the_first_apply(self):
        self.begin()
        for pull in (self.world.propose("more", MORE), self.world.propose("other", OTHER)):
            self.keep_plan(self.on_pull(pull), pull)
            self.world.merge(pull)
        planned = self.on_main("plan", inputs={"require_reviewed": "true"})
        self.ends(planned, 2)
        self.ends(self.apply(inputs={"expect_plan": planned["digest"]}), 0)

    def test_an_apply_that_failed_half_way_is_run_again(self):
        self.begin()
        pull = self.world.propose("both", MORE | OTHER)
        self.keep_plan(self.on_pull(pull), pull)
        self.world.merge(pull)
        planned = self.on_main("plan", inputs={"require_reviewed": "true"})
        self.world.call(f"{self.world.accounts}/_dashboard/faults", "PUT", ["WRITE ** status=500"])
        failed = self.apply(inputs={"expect_plan": planned["digest"]})
        self.assertIn(failed["exit_code"], ("6", "7"), failed.said)
        self.assertEqual(failed["OUTCOME"], "failure")
        self.world.call(f"{self.world.accounts}/_dashboard/faults", "PUT", [])
        again = self.on_main("plan", inputs={"require_reviewed": "true"})
        self.ends(again, 2)
        self.assertNotEqual(again["digest"], planned["digest"])
        self.ends(self.apply(inputs={"expect_plan": again["digest"]}), 0)

    def test_an_unrelated_click_is_no_dead_end(self):
        self.begin()
        pull = self.world.propose("other", OTHER)
        self.keep_plan(self.on_pull(pull), pull)
        self.world.merge(pull)
        self.world.call(f"{self.world.reviews}/_dashboard/roles", "POST", {"name": "Clicked", "permissions": ["reports:read"]})
        planned = self.on_main("plan", inputs={"require_reviewed": "true"})
        self.ends(planned, 2)
        self.ends(self.apply(inputs={"expect_plan": planned["digest"]}), 0)

    def test_a_click_on_a_managed_role_is_neither_applied_nor_in_the_way(self):
        self.begin()
        pull = self.world.propose("other", OTHER)
        self.keep_plan(self.on_pull(pull), pull)
        self.world.merge(pull)
        self.world.click("role-auditor", ["reports:read", "reports:delete"])
        before = self.world.writes(self.world.reviews)
        planned = self.on_main("plan", inputs={"require_reviewed": "true"})
        self.ends(planned, 2)
        self.ends(self.apply(inputs={"expect_plan": planned["digest"]}), 0)
        self.assertEqual(self.world.writes(self.world.reviews), before, "nobody reviewed that the click is taken back")
        # By hand, the reviewers of the environment approve what the summary shows: also that.
        planned = self.on_main("plan", event="workflow_dispatch")
        self.ends(planned, 2)
        self.assertIn("auditor", planned.summary)
        self.ends(self.apply(event="workflow_dispatch", inputs={"expect_plan": planned["digest"]}), 0)
        self.assertGreater(self.world.writes(self.world.reviews), before)

    def test_who_merged_hears_that_nothing_was_applied(self):
        self.begin()
        pull = self.world.propose("more", MORE)
        reviewed = self.on_pull(pull)
        old = self.world.merge(pull)
        self.ends(self.on_main("plan", inputs={"require_reviewed": "true"}), 5)
        (told,) = self.told(pull)
        for text in ("### Nothing was applied", "exit code 5", "not reviewed", "auditor", "Open a pull request"):
            self.assertIn(text, told)
        # The artifact comes late, and the run is run again.
        self.keep_plan(reviewed, pull)
        planned = self.on_main("plan", inputs={"require_reviewed": "true"})
        self.ends(planned, 2)
        self.ends(self.apply(inputs={"expect_plan": planned["digest"]}), 0)
        (done,) = self.told(pull)
        self.assertNotIn("Nothing was applied", done)
        # Neither a failure nor a run that is behind takes that back.
        self.world.call(f"{self.world.reviews}/_dashboard/faults", "PUT", ["GET ** status=500"])
        self.ends(self.on_main("plan", inputs={"require_reviewed": "true"}), 7)
        other = self.world.propose("other", OTHER)
        self.world.merge(other)
        for command in ("plan", "apply"):
            ran = self.on_main(command, commit=old, inputs={"require_reviewed": "true"}, credentials={"CODERABBIT_API_KEY": WRITE})
            self.assertEqual(ran["OUTCOME"], "failure")
        self.world.call(f"{self.world.reviews}/_dashboard/faults", "PUT", [])
        self.assertEqual((self.told(pull), self.told(other)), ([done], []))

    def told(self, pull):
        """What merged pull requests say of applies."""
        return [one["body"] for one in self.world.own_comments(pull.number) if one["body"].startswith("<!-- rolecall:apply ")]

    def test_a_push_that_nobody_reviewed(self):
        self.begin()
        self.world.write(MORE)
        self.world.commit("Straight to main")
        git(self.world.desk, "push", "--quiet", "origin", "main")
        refused = self.on_main("plan", inputs={"require_reviewed": "true"})
        self.ends(refused, 5)
        self.assertIn("auditor", refused.said)
        self.ends(self.on_main("plan", event="workflow_dispatch"), 2)

    def test_what_only_a_comment_claims_was_not_reviewed(self):
        self.begin()
        pull = self.world.propose("more", MORE)
        self.ends(self.on_pull(pull), 2)
        self.world.merge(pull)
        self.ends(self.on_main("plan", inputs={"require_reviewed": "true"}), 5)

    def test_a_plan_of_another_head_or_of_a_fork_was_not_reviewed(self):
        self.begin()
        pull = self.world.propose("more", MORE)
        ran = self.on_pull(pull)
        self.keep_plan(ran, pull, head="0" * 40)
        self.keep_plan(ran, pull, source=2)
        self.world.merge(pull)
        self.ends(self.on_main("plan", inputs={"require_reviewed": "true"}), 5)

    def test_a_plan_that_was_made_after_the_merge_was_not_reviewed(self):
        self.begin()
        pull = self.world.propose("other", OTHER)
        self.keep_plan(self.on_pull(pull), pull)
        self.world.merge(pull)
        self.world.write(MORE)
        self.world.commit("Straight to main")
        git(self.world.desk, "push", "--quiet", "origin", "main")
        self.ends(self.on_main("plan", inputs={"require_reviewed": "true"}), 5)
        # Somebody edits the title: the workflow runs once more for the same head.
        again = self.on_pull(pull)
        self.ends(again, 0)
        self.assertIn("merged or closed", again.said)
        self.assertEqual(again["plan_file"], "")
        self.keep_plan(self.on_main("plan", event="workflow_dispatch"), pull, at="10:00")
        self.ends(self.on_main("plan", inputs={"require_reviewed": "true"}), 5)

    def test_a_link_of_a_fork_leads_no_file_out(self):
        victim = self.world.folder / "victim"
        victim.write_text("of the machine")
        pull = self.world.propose("fork", {"notes.md": "x"}, fork=True)
        git(self.world.desk, "switch", "--quiet", pull.branch)
        (self.world.desk / "rolecall.sarif").symlink_to(victim)
        pull.head = self.world.commit("A link")
        git(self.world.desk, "switch", "--quiet", "main")
        self.world.push(pull)
        refused = self.on_pull(pull, "validate", inputs={"sarif_file": "rolecall.sarif"})
        self.ends(refused, 4)
        self.assertIn("symbolic link", refused.said)
        self.assertEqual(victim.read_text(), "of the machine")


class Drift(Scenario):
    def issues(self):
        return [one for one in self.world.api("GET", "/issues?state=all&per_page=100") if "pull_request" not in one and one["user"]["login"] == BOT]

    def look(self, **more):
        inputs = {"issue": "auto", **more.pop("inputs", {})}
        payload = {"schedule": "17 5 * * 1-5", "repository": self.world.repository()}
        return self.on_main("drift", event="schedule", payload=payload, inputs=inputs, **more)

    def test_found_shown_and_healed(self):
        self.begin()
        self.ends(self.look(), 0)
        self.assertEqual(self.issues(), [])
        self.world.click("role-auditor", ["reports:read", "reports:delete"])
        self.ends(self.look(), 2, "failure")
        (issue,) = self.issues()
        self.assertEqual(issue["state"], "open")
        for text in ("auditor", "reports: ?delete", "#### Accept it", "#### Put it back"):
            self.assertRegex(issue["body"], text)
        # What a reader copies out of the issue.
        (patch,) = re.findall(r"(?ms)^```diff\n(diff --git .*?)^```$", issue["body"])
        clone = self.world.checkout("main")
        for check in (["--check"], []):
            subprocess.run(["git", "apply", *check], cwd=clone, input=patch, text=True, check=True, capture_output=True)
        self.assertIn("delete", (clone / "roles/coderabbit/auditor.yaml").read_text())
        self.world.click("role-auditor", ["reports:read", "reports:write"])
        self.ends(self.look(inputs={"fail_on_drift": "false"}), 2, "success")
        (again,) = self.issues()
        self.assertEqual(again["number"], issue["number"])
        self.assertRegex(again["body"], "reports: ?(delete, )?write")
        self.world.click("role-auditor", ["reports:read"])
        self.ends(self.look(), 0)
        (closed,) = self.issues()
        self.assertEqual((closed["number"], closed["state"]), (issue["number"], "closed"))


class Faults(Scenario):
    """What GitHub answers when it does not help: no comment is worth a failed run."""

    def reviewed(self, said=None):
        ran = self.on_pull(self.pull)
        self.ends(ran, 2)
        if said is not None:
            self.assertRegex(ran.said, said)
        return ran

    def setUp(self):
        super().setUp()
        self.begin()
        self.pull = self.world.propose("more", MORE)

    def test_a_token_that_only_reads(self):
        self.services.backend.fault("POST|PATCH", "/comments", 403, {"message": "Resource not accessible by integration"})
        self.reviewed(r"(?m)^::warning.*pull-requests: write")
        self.assertEqual(self.world.own_comments(self.pull.number), [])

    def test_a_token_that_may_nothing(self):
        self.services.backend.fault(".*", "/repos/", 404, {"message": "Not Found"})
        self.reviewed("(?m)^::warning")

    def test_a_comment_that_is_too_long_for_it(self):
        self.services.backend.fault("POST", "/comments", 422, {"message": "Validation Failed", "errors": [{"message": "Body is too long"}]}, times=1)
        self.reviewed()

    def test_a_limit_that_passes(self):
        self.services.backend.fault("POST", "/comments", 429, {"message": "rate limit"}, [("retry-after", "1")], times=1)
        self.reviewed()
        self.one_comment(self.pull)

    def test_a_second_limit_that_passes(self):
        said = {"message": "You have exceeded a secondary rate limit"}
        self.services.backend.fault("GET", "/comments", 403, said, [("retry-after", "1"), ("x-ratelimit-remaining", "7")], times=1)
        self.reviewed()
        self.one_comment(self.pull)

    def test_a_gateway_that_recovers(self):
        self.services.backend.fault("GET", "/comments", 502, b"<html>bad gateway</html>", times=1)
        self.reviewed()
        self.one_comment(self.pull)

    def test_a_gateway_that_does_not(self):
        self.services.backend.fault(".*", "/", 502, b"<html>bad gateway</html>")
        self.reviewed("(?m)^::warning")

    def test_a_token_that_is_none(self):
        self.services.backend.fault(".*", "/", 401, {"message": "Bad credentials"})
        self.reviewed("(?m)^::warning")


class Program(Scenario):
    """Which program runs."""

    def copy(self):
        action = self.world.folder / "an action"
        shutil.copytree(ROOT / "action", action / "action")
        shutil.copy(ROOT / "action.yml", action)
        return action

    def serve(self, folder):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}"

    def test_one_that_was_planted_in_the_tool_cache(self):
        action = self.copy()
        program = self.world.program.read_bytes()
        sha = hashlib.sha256(program).hexdigest()
        target = "x86_64-unknown-linux-musl"
        (action / "action" / "RELEASE").write_text(f"repository acme/rolecall\nversion 0.1.0\n{target} {sha}\n")
        assets = self.world.folder / "assets"
        assets.mkdir()
        (assets / f"rolecall-{target}").write_bytes(program)
        planted = self.world.tools / "rolecall" / sha / "rolecall"
        planted.parent.mkdir(parents=True)
        planted.write_text(f"#!/bin/bash\ntouch '{self.world.pwned}'\necho rolecall 0.1.0\n")
        planted.chmod(0o755)
        base = {"ROLECALL_BINARY": None, "ROLECALL_ALLOW_LOCAL": None, "ROLECALL_DOWNLOAD_BASE": self.serve(assets)}
        pull = self.world.propose("more", MORE)
        ran = self.on_pull(pull, action=action, environment=base)
        self.ends(ran, 2)
        self.assertEqual(planted.read_bytes(), program)
        # The bytes of a release may apply.
        self.ends(self.apply(action=action, environment=base, inputs={"allow_source_build": "false"}), 0)

    def test_one_that_is_built_ignores_the_settings_of_the_checkout(self):
        action = self.copy()
        (action / "src").mkdir()
        (action / "Cargo.toml").write_text("[package]\nname = 'rolecall'\nversion = '0.1.0'\nedition = '2021'\n")
        (action / "Cargo.lock").write_text("version = 3\n[[package]]\nname = 'rolecall'\nversion = '0.1.0'\n")
        (action / "src" / "main.rs").write_text(
            "use std::os::unix::process::CommandExt;\n"
            f"fn main() {{ panic!(\"{{}}\", std::process::Command::new({json.dumps(str(ROLECALL))}).args(std::env::args_os().skip(1)).exec()) }}\n"
        )
        (action / "action" / "RELEASE").write_text("repository acme/rolecall\n")
        build = {"ROLECALL_BINARY": None, "ROLECALL_ALLOW_LOCAL": None, "RUSTC_WRAPPER": str(self.world.desk / "evil.sh")}
        (self.world.desk / "evil.sh").chmod(0o755)
        pull = self.world.propose("more", MORE)
        self.ends(self.on_pull(pull, action=action, environment=build), 2)
        before = self.writes()
        self.ends(self.apply(action=action, environment=build, inputs={"allow_source_build": "false"}), 4)
        self.assertEqual(self.writes(), before)


class Copied(Scenario):
    """The files that `rolecall init` writes for two targets, one with a key that only reads and one without. What each step
    of them passes on is read from the file; the jobs in between are played as GitHub plays them."""

    # The secrets of the two environments, as the files name them.
    PLAN = {"GITLAB_TOKEN_READ": GROUPS_READ}
    PRODUCTION = {"GITLAB_TOKEN_WRITE": GROUPS_WRITE, "CODERABBIT_API_KEY_WRITE": WRITE}
    TENANT = {
        "provider": "gitlab",
        "deployment": "group",
        "tokens": [{"token": GROUPS_WRITE, "user": "mira", "scopes": ["api"]}, {"token": GROUPS_READ, "user": "mira", "scopes": ["read_api"]}],
        "users": [{"id": 1, "username": "mira", "name": "Mira"}],
        "groups": [{"id": 84, "path": "acme", "members": [{"user": "mira", "access_level": 50}]}],
    }
    HELPER = """provider: gitlab
roles:
  helper:
    name: Helper
    description: {about}
    base: reporter
    permissions: [admin_merge_request]
"""

    def setUp(self):
        super().setUp()
        self.groups = self.world.product("gitlab", self.TENANT)
        config = (
            "version: 1\ntargets:\n"
            f"  reviews:\n    provider: coderabbit\n    files: [\"roles/coderabbit/*.yaml\"]\n    settings: {{ url: \"{self.world.reviews}\" }}\n"
            f"  groups:\n    provider: gitlab\n    files: [\"roles/gitlab/*.yaml\"]\n    settings: {{ url: \"{self.groups}\", group: acme }}\n"
        )
        shutil.rmtree(self.world.desk / "roles" / "workos")
        self.world.write({"rolecall.yaml": config, "roles/gitlab/helper.yaml": self.HELPER.format(about="Helps")})
        init = [str(ROLECALL), "init", "--ci", "github", "--owners", "@acme/security", "--action", f"acme/rolecall@{'a' * 40}"]
        subprocess.run(init, cwd=self.world.desk, env={name: os.environ[name] for name in ("PATH", "HOME")}, check=True, capture_output=True)
        self.world.commit("Two targets")
        git(self.world.desk, "push", "--quiet", "origin", "main")

    def calls(self, file):
        """The steps of a file that call the Action: name of the job, id of the step, inputs, environment."""
        text = (self.world.desk / ".github" / "workflows" / file).read_text()
        self.assertRegex(text, r"(?m)^name: roles ")
        for job in re.split(r"(?m)^(?=  \w+:)", text.partition("\njobs:\n")[2])[1:]:
            secrets = {"roles-plan": self.PLAN, "roles-production": self.PRODUCTION}.get(value(job, "environment"), {})
            for step in steps(job):
                if f"uses: acme/rolecall@{'a' * 40}" in step:
                    block = lambda name: dict(re.findall(r"(?m)^          (\w+): (.*?)(?: +#.*)?$", (re.findall(rf"(?m)^        {name}:\n((?:          .*\n)+)", step) or [""])[0]))
                    yield re.match(r"  (\w+):", job).group(1), value(step, "id"), block("with"), block("env"), secrets, re.search(r"(?m)^name: (.*)$", text).group(1)

    def walk(self, file, run, code=None, **known):
        """Runs the steps of a file in their order; gives back what came of each, by job and command."""
        done = {}
        for job, step, given, variables, secrets, name in self.calls(file):
            known |= {f"secrets.{secret}": text for secret, text in secrets.items()} | {"vars.ROLECALL_ALLOW_HOSTS": "127.0.0.1"}

            def filled(text):
                text = re.sub(r"\$\{\{ (.*?) \}\}", lambda found: known[found.group(1)], text)
                return json.loads(text) if text.startswith('"') else text

            inputs = {key: filled(text) for key, text in given.items()}
            command = inputs.pop("command")
            # Nothing is there but what the file names.
            environment = {"WORKOS_API_KEY": None, "ROLECALL_ALLOW_HOSTS": None, "GITHUB_WORKFLOW": name, **{key: filled(text) for key, text in variables.items()}}
            if command == "apply":
                inputs["allow_source_build"] = "true"  # the program under test is no release
            ran = run(command, inputs=inputs, credentials={}, environment=environment)
            done[job, step or command] = ran
            # What a later job reads: outputs, and the record that was uploaded.
            for output in ("digest", "changes"):
                known[f"needs.{job}.outputs.{output}"] = ran[output]
            if ran["record_file"]:
                kept = self.world.folder / f"record {self.world.runs}"
                kept.mkdir()
                shutil.copy(ran["record_file"], kept / "record.json")
                known["steps.record.outputs.download-path"] = str(kept)
        return done

    def push(self, file, event="push"):
        """What a push, or a person, starts; nothing is left to do afterwards."""
        known = {"inputs.allow": "", "inputs.reason": "", "github.event_name == 'push'": str(event == "push").lower()}
        done = self.walk(file, functools.partial(self.on_main, event=event), **known)
        self.assertEqual(list(done), [("plan", "plan"), ("apply", "apply"), ("record", "record")])
        self.ends(done["plan", "plan"], 2)
        self.ends(done["apply", "apply"], 0)
        self.ends(done["record", "record"], 0)
        return done

    def test_from_the_pull_request_to_the_record(self):
        files = sorted(path.name for path in (self.world.desk / ".github" / "workflows").iterdir())
        self.assertEqual(files, ["roles-apply-approved.yml", "roles-apply.yml", "roles-drift-approved.yml", "roles-drift.yml", "roles-plan.yml"])
        # What is there already is applied by hand: nobody reviewed it.
        for file in ("roles-apply.yml", "roles-apply-approved.yml"):
            self.push(file, event="workflow_dispatch")

        pull = self.world.propose("more", MORE | {"roles/gitlab/helper.yaml": self.HELPER.format(about="Helps all")})
        before = self.writes()
        done = self.walk("roles-plan.yml", lambda command, **more: self.on_pull(pull, command, **more))
        self.assertEqual(list(done), [("validate", "validate"), ("validate", "diff"), ("plan", "plan")])
        self.ends(done["validate", "validate"], 0)
        self.ends(done["validate", "diff"], 0)
        planned = done["plan", "plan"]
        self.ends(planned, 2)
        said = {one["body"].split()[1]: one["body"] for one in self.world.own_comments(pull.number)}
        self.assertEqual(sorted(said), ["rolecall:diff", "rolecall:plan"])
        self.assertIn("Helper", said["rolecall:plan"])
        self.assertNotIn("auditor", said["rolecall:plan"], "its key can write")
        self.assertIn("auditor", said["rolecall:diff"])
        self.assertEqual(self.writes(), before)
        self.keep_plan(planned, pull)

        self.world.merge(pull)
        for file in ("roles-apply.yml", "roles-apply-approved.yml"):
            self.push(file)
        told = [one["body"] for one in self.world.own_comments(pull.number) if one["body"].startswith("<!-- rolecall:apply ")]
        self.assertEqual(len(told), 2, "one of each workflow")
        self.assertTrue(any("Helper" in one for one in told) and any("auditor" in one for one in told), told)
        refs = git(self.world.origin, "for-each-ref", "--format=%(refname)", "refs/rolecall/applied")
        self.assertEqual(refs.splitlines(), ["refs/rolecall/applied/-/groups", "refs/rolecall/applied/-/reviews"])

        payload = {"schedule": "17 5 * * 1", "repository": self.world.repository()}
        look = functools.partial(self.on_main, event="schedule", payload=payload)
        for file in ("roles-drift.yml", "roles-drift-approved.yml"):
            self.ends(self.walk(file, look)["drift", "drift"], 0)
        self.world.click("role-auditor", ["reports:read"])
        self.ends(self.walk("roles-drift.yml", look)["drift", "drift"], 0)
        self.ends(self.walk("roles-drift-approved.yml", look)["drift", "drift"], 2, "failure")
        issues = [one for one in self.world.api("GET", "/issues?state=open&per_page=100") if "pull_request" not in one]
        self.assertEqual(len([one for one in issues if "auditor" in one["body"]]), 1, issues)


class Shards(Scenario):
    def test_eight_at_once_and_one_report(self):
        names = [f"tenant-{number:02}" for number in range(40)]
        config = "version: 1\ntargets:\n" + "".join(
            f"  {name}: {{ provider: coderabbit, emulator: true, files: [\"roles/coderabbit/*.yaml\"] }}\n" for name in names
        )
        self.world.write({"rolecall.yaml": config})
        self.world.commit("Forty tenants")
        git(self.world.desk, "push", "--quiet", "origin", "main")
        pull = self.world.propose("more", MORE)
        clones = [self.world.merged_checkout(pull) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            jobs = [
                pool.submit(self.world.on_pull, pull, clone=clone, inputs={"shard": f"{part}/8", "comment": "never"}, credentials={"WORKOS_API_KEY": None})
                for part, clone in enumerate(clones, 1)
            ]
            self.ran = [job.result() for job in jobs]
        planned = []
        joined = self.world.folder / "all results"
        for part, ran in enumerate(self.ran, 1):
            self.assertIn(ran["exit_code"], ("0", "2"), ran.said)
            plan = json.loads(Path(ran["plan_file"]).read_text())
            planned += [target["name"] for target in plan["targets"]]
            shutil.copytree(ran["results"], joined / f"rolecall-results-{part}")
        self.assertEqual(sorted(planned), names, "each target is planned once")
        self.assertEqual(self.world.own_comments(pull.number), [], "no part comments by itself")
        report = self.on_pull(pull, "report", inputs={"results": str(joined)}, credentials={"WORKOS_API_KEY": None})
        self.ends(report, 0)
        body = self.one_comment(pull)["body"]
        self.assertEqual([name for name in names if name not in body], [])

    @unittest.skipUnless(shutil.which("jq"), "there is no jq")
    def test_applied_in_parts_and_recorded_at_once(self):
        records = self.world.folder / "records"
        # More parts than targets: some have nothing in them.
        for part in (1, 2, 3, 4):
            inputs = {"shard": f"{part}/4", "comment": "never"}
            planned = self.on_main("plan", inputs=inputs)
            self.assertIn((planned["exit_code"], planned["changes"]), (("0", "false"), ("2", "true")), planned.said)
            applied = planned
            if planned["changes"] == "true":
                self.ends(self.apply(inputs={**inputs, "expect_plan": "sha256:" + "0" * 64}), 5)
                applied = self.apply(inputs={**inputs, "expect_plan": planned["digest"]})
                self.ends(applied, 0)
            if applied["record_file"]:
                kept = records / f"rolecall-record-{part}"
                kept.mkdir(parents=True)
                shutil.copy(applied["record_file"], kept / "record.json")
        output = self.world.folder / "output"
        joining = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script("roles-apply-shards.yml", "record", "Join the records")],
            env={"PATH": os.environ["PATH"], "RECORDS": str(records), "GITHUB_OUTPUT": str(output)},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(joining.returncode, 0, joining.stderr)
        file = output.read_text().strip().removeprefix("file=")
        self.ends(self.on_main("record", inputs={"record_file": file}, credentials={"WORKOS_API_KEY": None}), 0)
        refs = git(self.world.origin, "for-each-ref", "--format=%(refname)", "refs/rolecall/applied")
        self.assertEqual(refs.splitlines(), ["refs/rolecall/applied/-/accounts", "refs/rolecall/applied/-/reviews"])
        self.ends(self.on_main("plan"), 0)


class OnGitLab(Scenario):
    def test_the_component_names_the_reports_that_are_written(self):
        pull = self.world.propose("more", MORE)
        clone = self.world.merged_checkout(pull)
        text = (ROOT / "templates" / "rolecall.yml").read_text()
        reports = dict(re.findall(r"(?m)^      (codequality|terraform): rolecall-(?:results|validated)/\*/(.*)$", text))
        for command, report, content in (("validate", "codequality", []), ("plan", "terraform", {"create": 1, "update": 1, "delete": 0})):
            results = clone / "rolecall-results" / "1"
            environment = {
                **{name: os.environ[name] for name in ("PATH", "HOME")},
                "RUNNER_TEMP": str(self.world.folder),
                "ROLECALL_ALLOW_HOSTS": "127.0.0.1",
                "CODERABBIT_API_KEY": READ,
                "WORKOS_API_KEY": "sk_test_acme",
                "GITLAB_CI": "true",
                "CI_PIPELINE_SOURCE": "merge_request_event",
                "CI_PROJECT_DIR": str(clone),
                "CI_PROJECT_ID": "1",
                "CI_MERGE_REQUEST_PROJECT_ID": "1",
                "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
                "CI_MERGE_REQUEST_IID": "1",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
                "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": pull.head,
                "CI_COMMIT_SHA": pull.head,
                "CI_DEFAULT_BRANCH": "main",
                "INPUT_COMMAND": command,
                "ROLECALL_RESULTS": str(results),
            }
            ran = subprocess.run([str(self.world.program), "ci", "run"], cwd=clone, env=environment, capture_output=True, text=True, check=False)
            self.assertIn(ran.returncode, (0, 2), ran.stdout + ran.stderr)
            self.assertEqual(json.loads((results / reports[report]).read_text()), content)
            self.assertRegex((results / "rolecall.env").read_text(), "(?m)^ROLECALL_EXIT_CODE=[02]$")
        self.assertRegex((results / "rolecall.env").read_text(), "(?m)^ROLECALL_DIGEST=sha256:[0-9a-f]{64}$")


CASES = (Review, Strangers, Merge, Drift, Faults, Program, Copied, Shards, OnGitLab)

if __name__ == "__main__":
    unittest.main(verbosity=2)
