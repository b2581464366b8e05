"""The Job of examples/kubernetes: its user can read a clone that belongs to somebody else.

    python3 tests/action/test_kubernetes.py

Takes rolecall from ROLECALL (default: target/debug/rolecall).
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JOB = (ROOT / "examples" / "kubernetes" / "drift.yaml").read_text()
PROGRAM = Path(os.environ.get("ROLECALL", ROOT / "target" / "debug" / "rolecall"))
CONFIG = """version: 1
targets:
  reviews: { provider: coderabbit, emulator: true, files: ["roles/*.yaml"] }
"""
ROLE = """provider: coderabbit
roles:
  auditor: { name: Auditor, permissions: { reports: [read] } }
"""


class Owner(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("only root can make files of another user")
        if not PROGRAM.exists():
            self.skipTest(f"there is no {PROGRAM}")
        self.folder = Path(tempfile.mkdtemp(prefix="rolecall-kubernetes-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.folder.chmod(0o755)
        # The user of the Job may not read the folder that it was built in.
        self.program = Path(shutil.copy(PROGRAM, self.folder / "rolecall"))
        self.roles = self.folder / "roles"
        (self.roles / "roles").mkdir(parents=True)
        (self.roles / "rolecall.yaml").write_text(CONFIG)
        (self.roles / "roles" / "one.yaml").write_text(ROLE)
        git = ["git", "-C", self.roles, "-c", "user.name=m", "-c", "user.email=m@example.test"]
        for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "first"]):
            subprocess.run([*git, *command], check=True)
        for path in [self.roles, *self.roles.rglob("*")]:
            os.chown(path, 1000, 1000)

    def validate(self, home):
        user, group = (int(re.search(rf"{key}: (\d+)", JOB).group(1)) for key in ("runAsUser", "runAsGroup"))
        return subprocess.run(
            [self.program, "-C", self.roles, "validate"],
            user=user,
            group=group,
            extra_groups=[],
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )

    def test_the_job_reads_a_clone_of_another_user(self):
        # The folder that HOME names, with the files that the ConfigMap puts there.
        home = self.folder / "home"
        home.mkdir()
        mounted = re.search(r"name: HOME.*\n +value: (\S+)", JOB).group(1)
        self.assertIn(f"- name: git\n              mountPath: {mounted}\n", JOB)
        refused = self.validate(home)
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertIn("belongs to another user", refused.stderr)
        config = re.search(r"(?m)^  gitconfig: \|\n((?:    .*\n)+)", JOB).group(1)
        path = re.search(r"- key: gitconfig\n +path: (\S+)", JOB).group(1)
        volume = re.search(r"- name: roles\n +mountPath: (\S+)", JOB).group(1)
        (home / path).write_text(re.sub(r"(?m)^    ", "", config).replace(f"= {volume}\n", f"= {self.roles}\n"))
        read = self.validate(home)
        self.assertEqual(read.returncode, 0, read.stderr)


if __name__ == "__main__":
    unittest.main()
