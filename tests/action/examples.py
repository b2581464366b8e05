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


def credentials(names, suffix):
    lines = [f"  {name}: ${{{{ secrets.{name}_{suffix} }}}}" for name in names]
    return ["env:", *lines] if lines else []


def fill(template, *, action, branch, credentials_of, owner, owners, root="", reads=True):
    """The text of a template with its placeholders filled in."""
    write = credentials(credentials_of, "WRITE")
    lines = {
        "DIRECTORY": [f"directory: {json.dumps(root)}"] if root else [],
        "READ_CREDENTIALS": credentials(credentials_of, "READ") if reads else write,
        "WRITE_CREDENTIALS": write,
        "ONLY_OWNER": [f"if: ${{{{ github.repository_owner == '{owner}' }}}}"] if owner else [],
    }
    words = {
        "ACTION": action,
        "BRANCH": branch,
        "READ_ENVIRONMENT": "roles-plan" if reads else "roles-production",
        "ROOT": f"/{root}" if root else "",
        "OWNERS": owners,
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


def examples():
    """The examples by name."""
    for template in sorted((ROOT / "templates" / "github").iterdir()):
        yield template.name, fill(template.read_text(), **SAMPLE)


def variants():
    """Other fillings that `init` can make: text by name."""
    others = {
        "emulator": {"credentials_of": [], "owner": "", "root": "my roles"},
        "no-reading-key": {"reads": False, "branch": "release/1.0"},
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
