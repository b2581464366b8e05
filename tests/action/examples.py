"""Makes examples/github from templates/github, as templates/README.md describes.

    python3 tests/action/examples.py            says which example is out of date
    python3 tests/action/examples.py --write    writes them
    python3 tests/action/examples.py --variants FOLDER    writes other fillings that `init` can make, for linters
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Nobody's commit: the digits in order show that it has to be filled in.
PLACEHOLDER = "0123456789abcdef0123456789abcdef01234567"


def credentials(names, suffix, addressed):
    lines = [f"  {name}: ${{{{ secrets.{name}_{suffix} }}}}" for name in names]
    if lines and addressed:
        lines.append("  ROLECALL_ALLOW_HOSTS: ${{ vars.ROLECALL_ALLOW_HOSTS }}")
    return ["env:", *lines] if lines else []


def selection(names, reads):
    """Which targets a workflow is about, where there are two of a kind."""
    sign = "!" if reads else ""
    return [f"targets: {json.dumps(' '.join(sign + name for name in names))}"] if names else []


def fill(template, *, action, branch, credentials_of, owner, owners, root="", reads=True, approved=(), addressed=False):
    """The text of a template with its placeholders filled in.

    `approved` are the targets whose only key can write, where there are others beside them. `addressed` says that some
    target names a server.
    """
    write = credentials(credentials_of, "WRITE", addressed)
    directory = [f"directory: {json.dumps(root)}"] if root else []
    top = f"/{root}/".replace(" ", "\\ ") if root else "/"
    unplanned = [
        f"- uses: {action}",
        "  with:",
        "    command: diff           # a comment on what cannot be planned without a key that can write",
        *(f"    {line}" for line in directory + selection(approved, False)),
    ]
    approval = {
        True: [
            "# By hand (workflow_dispatch) nothing has to have been reviewed: the reviewers of the environment roles-production",
            "# approve the plan that the first job shows.",
        ],
        False: [
            "# The only key of the product can write, so no pull request plans. The reviewers of the environment roles-production",
            "# are asked twice: whether the first job may have the key, and whether the plan that it shows is applied.",
        ],
    }
    waiting = [
        "# The only key of the product can write, so each run waits until a reviewer of roles-production lets it have the key.",
        "# It asks once a week, and a new run takes the place of one that nobody answered.",
    ]
    owned = [f"{top}{path}" for path in (".rolecall/", "assignments/", "rolecall.yaml", "roles/")]
    lines = {
        "DIRECTORY": directory,
        "TARGETS": selection(approved, reads),
        "UNPLANNED": unplanned if approved else [],
        "READ_CREDENTIALS": credentials(credentials_of, "READ", addressed) if reads else write,
        "WRITE_CREDENTIALS": write,
        "ONLY_OWNER": [f"if: ${{{{ github.repository_owner == '{owner}' }}}}"] if owner else [],
        "APPROVAL": approval[reads],
        "REVIEWED": ["require_reviewed: ${{ github.event_name == 'push' }}"] if reads else [],
        "REVIEW_RIGHTS": ["actions: read               # read the plans that were reviewed"] if reads else [],
        "WAITING": [] if reads else waiting,
        "OWNED": [f"{path} {owners}" for path in (*owned, "/.github/workflows/", "/.github/CODEOWNERS")],
    }
    words = {
        "ACTION": action,
        "BRANCH": branch,
        "READ_ENVIRONMENT": "roles-plan" if reads else "roles-production",
        "APPROVED": "" if reads else " approved",
        "SUFFIX": "" if reads else "-approved",
        "DAYS": "1-5" if reads else "1",
        "REPLACED": "false" if reads else "true",
    }
    filled = []
    for line in template.splitlines():
        alone = re.fullmatch(r"( *)@(\w+)@", line)
        if alone and alone.group(2) in lines:
            filled += [alone.group(1) + text for text in lines[alone.group(2)]]
        else:
            filled.append(re.sub(r"@([A-Z_]+)@", lambda found: words[found.group(1)], line))
    return "\n".join(filled) + "\n"


SAMPLE = {
    "action": f"OWNER/rolecall@{PLACEHOLDER} # the commit of a release",
    "branch": "main",
    "credentials_of": ["GITLAB_TOKEN", "DEVIN_TOKEN"],
    "owner": "acme",
    "owners": "@acme/security",
}
# What differs where the only key of a product can write.
APPROVED = {"reads": False, "credentials_of": ["CODERABBIT_API_KEY"]}
# These have such a twin.
TWINS = ("roles-apply.yml", "roles-drift.yml")


def examples():
    """The examples by name."""
    for template in sorted((ROOT / "templates" / "github").iterdir()):
        text = template.read_text()
        yield template.name, fill(text, **SAMPLE)
        if template.name in TWINS:
            yield template.name.replace(".yml", "-approved.yml"), fill(text, **{**SAMPLE, **APPROVED})


def variants():
    """Other fillings that `init` can make: text by name."""
    others = {
        "emulator": {"credentials_of": [], "owner": "", "root": "my roles"},
        "server-of-its-own": {"addressed": True},
        "no-reading-key": {"reads": False, "branch": "release/1.0"},
        "beside-one-without": {"approved": ["reviews"], "root": "access"},
        "without-beside-others": {**APPROVED, "approved": ["reviews"]},
    }
    for template in sorted((ROOT / "templates" / "github").glob("*.yml")):
        for name, other in others.items():
            yield f"{name}/{template.name}", fill(template.read_text(), **{**SAMPLE, **other})


def main():
    if sys.argv[1:2] == ["--variants"]:
        for name, text in variants():
            path = Path(sys.argv[2], name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return 0
    folder = ROOT / "examples" / "github"
    wrong = []
    made = dict(examples())
    for name, text in made.items():
        path = folder / name
        if "--write" in sys.argv[1:]:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            wrong.append(name)
    known = {*made, "README.md"}
    wrong += [path.name for path in sorted(folder.iterdir()) if path.name not in known]
    if wrong:
        print(f"examples/github is out of date: {', '.join(wrong)}; run tests/action/examples.py --write", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
