"""Writes templates/rolecall.yml as GitLab would see it after filling in the inputs, for the check against its schema.

    python3 tests/action/gitlab.py OUTPUT [INPUT=VALUE...]

Fails where an input is used that is not declared, or declared and not used.
"""

import re
import sys
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "rolecall.yml"
# What a project has to give.
GIVEN = {"version": "0.1.0", "sha256": "0" * 64}


def main():
    header, _, jobs = TEMPLATE.read_text().partition("\n---\n")
    inputs = dict(GIVEN)
    for name, body in re.findall(r"(?m)^    (\w+):\n((?:      .*\n?)+)", header):
        default = re.search(r"(?m)^      default: (.*)$", body)
        if default:
            inputs[name] = default.group(1).strip('"')
        elif name not in inputs:
            sys.exit(f"templates/rolecall.yml: the input {name} has no default, and no sample here")
    inputs.update(given.split("=", 1) for given in sys.argv[2:])
    used = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", jobs))
    if used != set(inputs):
        sys.exit(f"templates/rolecall.yml: inputs that are used or declared only: {', '.join(used ^ set(inputs))}")
    filled = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: inputs[found.group(1)], jobs)
    # YAML reads what came from a word as a word; where only a number or nothing is left, it is written so.
    filled = re.sub(r"(?m)^(    \w+:) $", r'\1 ""', filled)
    Path(sys.argv[1]).write_text(filled)


if __name__ == "__main__":
    main()
