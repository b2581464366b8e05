"""Makes comment.png: a pull request that the program really looked at, and the comment that it really wrote.

    python3 docs/images/comment.py PROGRAM [CHROMIUM]

PROGRAM is a built rolecall. Two of its emulators are the products, a git repository is the one that is reviewed, and a
server of a few lines takes the comment in place of GitHub. What it takes is rendered and photographed as it came. Needs
the packages of docs/images/requirements.txt.
"""

import http.server
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from markdown_it import MarkdownIt
from PIL import Image, ImageChops

HERE = Path(__file__).resolve().parent
WIDTH, SCALE = 560, 2

CONFIG = """version: 1
targets:
  reviews:
    provider: coderabbit
    files: ["roles/reviews.yaml"]
    settings: {{ url: "{reviews}" }}
    on_unassign: {{ to: builtin:cr_member }}
  accounts:
    provider: workos
    files: ["roles/accounts.yaml"]
    settings: {{ url: "{accounts}" }}
    on_unassign: {{ to: builtin:member }}
"""
ACCOUNTS = """provider: workos
roles:
  billing-viewer:
    name: Billing viewer
    description: Sees invoices
    permissions: ["billing:read"]
"""
REVIEWER = """  security-reviewer:
    name: Security reviewer
    description: Reads everything and keeps the learnings
    permissions: {{ repository_management: [read], reports: [read], learnings: [read{more}] }}
"""
HELPER = """  incident-helper:
    name: Incident helper
    description: Reads what was reported
    permissions: { reports: [read] }
"""
AUDITOR = """  release-auditor:
    name: Release auditor
    description: Reads who has access and what was reported
    permissions: { user_management: [read], audit_logs: [read] }
"""
BEFORE = (
    "provider: coderabbit\nroles:\n"
    + REVIEWER.format(more="")
    + HELPER
    + 'assignments:\n  - role: security-reviewer\n    users: ["1003"]\n  - role: incident-helper\n    users: ["1004", "1005"]\n'
)
AFTER = (
    "provider: coderabbit\nroles:\n"
    + REVIEWER.format(more=", write")
    + AUDITOR
    + 'assignments:\n  - role: security-reviewer\n    users: ["1003"]\n  - role: release-auditor\n    users: ["1006", "1007"]\n'
)

# In the manner of GitHub's pages; the colours are those of its light theme.
STYLE = """
body { margin: 0; background: #fff; color: #1f2328; font: 14px/1.5 "Liberation Sans", Helvetica, Arial, sans-serif; }
.post { margin: 16px; border: 1px solid #d1d9e0; border-radius: 6px; }
.by { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; color: #59636e; }
.by b { color: #1f2328; }
.by span { border: 1px solid #d1d9e0; border-radius: 2em; padding: 0 7px; font-size: 12px; margin-left: 4px; }
.body { padding: 16px; overflow-wrap: break-word; }
.body > :first-child { margin-top: 0; } .body > :last-child { margin-bottom: 0; }
h1, h2, h3, h4 { margin: 20px 0 12px; line-height: 1.25; font-weight: 600; }
h2 { font-size: 1.5em; padding-bottom: .3em; border-bottom: 1px solid #d1d9e0b3; } h3 { font-size: 1.25em; } h4 { font-size: 1em; }
p, ul, ol, table, pre, details, blockquote { margin: 0 0 14px; } ul, ol { padding-left: 2em; } li + li { margin-top: .25em; }
a { color: #0969da; text-decoration: underline; } summary { cursor: default; }
code, pre { font: 85%/1.45 "Liberation Mono", Menlo, monospace; background: #818b981f; border-radius: 6px; }
code { padding: .2em .4em; } pre { padding: 14px; background: #f6f8fa; overflow: hidden; white-space: pre-wrap; }
pre code { padding: 0; background: none; font-size: 100%; }
table { border-collapse: collapse; } th, td { padding: 6px 13px; border: 1px solid #d1d9e0; } th { font-weight: 600; }
tr:nth-child(2n) td { background: #f6f8fa; }
blockquote { padding: 0 1em; color: #59636e; border-left: .25em solid #d1d9e0; }
blockquote > :last-child, .alert > :last-child { margin-bottom: 0; }
.alert { padding: 8px 16px; margin: 0 0 14px; border-left: .25em solid; } .alert .title { font-weight: 600; margin-bottom: 8px; }
.note { border-color: #0969da; } .note .title { color: #0969da; } .tip { border-color: #1a7f37; } .tip .title { color: #1a7f37; }
.important { border-color: #8250df; } .important .title { color: #8250df; }
.warning { border-color: #9a6700; } .warning .title { color: #9a6700; }
.caution { border-color: #cf222e; } .caution .title { color: #d1242f; }
.diff .add { background: #dafbe1; color: #116329; } .diff .del { background: #ffebe9; color: #82071e; }
.diff .add, .diff .del { display: block; }
"""


class Forge(http.server.BaseHTTPRequestHandler):
    """As much of GitHub as a comment takes."""

    base, head, body = "", "", ""

    def answer(self, status, value):
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path.endswith("/comments"):
            self.answer(200, [])
        elif path.endswith("/pulls/7"):
            self.answer(200, {"number": 7, "state": "open", "head": {"sha": Forge.head, "ref": "auditors"}, "base": {"sha": Forge.base, "ref": "main"}})
        else:
            self.answer(403, {"message": "Resource not accessible by integration"})

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.endswith("/issues/7/comments"):
            Forge.body = sent["body"]
            self.answer(201, {"id": 1, "html_url": "https://github.com/acme/roles/pull/7#issuecomment-1", "body": sent["body"], "user": {"login": "github-actions[bot]"}})
        else:
            self.answer(403, {"message": "Resource not accessible by integration"})

    def log_message(self, *_):
        pass


def git(folder, *arguments):
    who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "Mira"), ("EMAIL", "mira@acme.example.test"), ("DATE", "1790000000 +0000"))}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", **who}
    return subprocess.run(["git", "-C", str(folder), *arguments], env=environment, check=True, capture_output=True, text=True).stdout.strip()


def comment(program, folder, products):
    """The comment on a pull request, as the program sends it."""
    desk, origin = folder / "desk", folder / "origin.git"
    desk.mkdir()
    git(folder, "init", "-q", "--bare", "-b", "main", str(origin))
    git(desk, "init", "-q", "-b", "main")
    git(desk, "remote", "add", "origin", str(origin))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forge)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    plain = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8", "TZ": "UTC"}

    def rolecall(*arguments, codes=(0,), **more):
        done = subprocess.run([program, *arguments], cwd=desk, env={**plain, **more}, capture_output=True, text=True, check=False)
        if done.returncode not in codes:
            sys.exit(f"rolecall {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def write(reviews):
        (desk / "roles").mkdir(exist_ok=True)
        (desk / "rolecall.yaml").write_text(CONFIG.format(**products))
        (desk / "roles" / "reviews.yaml").write_text(reviews)
        (desk / "roles" / "accounts.yaml").write_text(ACCOUNTS)

    write(BEFORE)
    git(desk, "add", "rolecall.yaml", "roles")
    git(desk, "commit", "-q", "-m", "Roles as they are")
    git(desk, "push", "-q", "origin", "HEAD:refs/heads/main")
    git(desk, "fetch", "-q", "origin")
    rolecall("apply", "--auto-approve")
    git(desk, "push", "-q", "origin", "refs/rolecall/*:refs/rolecall/*")
    Forge.base = git(desk, "rev-parse", "HEAD")
    git(desk, "switch", "-q", "-c", "auditors")
    write(AFTER)
    git(desk, "commit", "-q", "-a", "-m", "Let somebody audit releases")
    Forge.head = git(desk, "rev-parse", "HEAD")
    git(desk, "push", "-q", "origin", "HEAD:refs/heads/auditors")
    event = folder / "event.json"
    event.write_text(json.dumps({
        "pull_request": {"number": 7, "head": {"sha": Forge.head, "repo": {"full_name": "acme/roles"}}, "base": {"ref": "main", "sha": Forge.base}},
        "repository": {"default_branch": "main", "private": True},
    }))
    job = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "GITHUB_GRAPHQL_URL": f"http://127.0.0.1:{server.server_address[1]}/graphql",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_BASE_REF": "main",
        "GITHUB_HEAD_REF": "auditors",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REPOSITORY": "acme/roles",
        "GITHUB_RUN_ID": "1",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_SHA": Forge.head,
        "GITHUB_TOKEN": "stand-in",
        "GITHUB_WORKFLOW": "roles plan",
        "GITHUB_WORKSPACE": str(desk),
        "CODERABBIT_API_KEY": "a-stand-in-1",
        "WORKOS_API_KEY": "sk_test_stand_in",
        "ROLECALL_ALLOW_HOSTS": "127.0.0.1",
        "ROLECALL_RESULTS": str(folder / "results"),
        "RUNNER_TEMP": str(folder),
    }
    # The guard refuses: 4.
    rolecall("ci", "run", "plan", codes=(4,), **job)
    said = rolecall("ci", "report", **job)
    server.shutdown()
    if not Forge.body:
        sys.exit(f"no comment was made\n{said}")
    return Forge.body


def page(body):
    """The comment as a page."""
    html = MarkdownIt("gfm-like", {"linkify": False}).render(body)
    alert = r"<blockquote>\s*<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*(.*?)</blockquote>"

    def drawn(found):
        kind = found.group(1).lower()
        text = re.sub(r"<p>\s*</p>\s*", "", "<p>" + re.sub(r"^(<br ?/?>|</p>\s*<p>)\s*", "", found.group(2)))
        return f'<div class="alert {kind}"><p class="title">{kind.capitalize()}</p>{text}</div>'

    html = re.sub(alert, drawn, html, flags=re.DOTALL)

    def coloured(found):
        kinds = {"+": "add", "-": "del"}
        lines = [f'<span class="{kinds[line[0]]}">{line}</span>' if line[:1] in kinds else line for line in found.group(1).split("\n")]
        return f'<pre class="diff"><code>{chr(10).join(lines)}</code></pre>'.replace("</span>\n", "</span>")

    html = re.sub(r'<pre><code class="language-diff">(.*?)</code></pre>', coloured, html, flags=re.DOTALL)
    by = '<div class="by"><b>github-actions</b> <span>bot</span> commented</div>'
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><div class="post">{by}<div class="body">{html}</div></div>'


def photograph(chromium, folder, html):
    """The page as a picture, cut where it ends."""
    file, shot = folder / "page.html", folder / "shot.png"
    file.write_text(html)
    subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
            "--no-first-run", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}", f"--force-device-scale-factor={SCALE}",
            f"--window-size={WIDTH},4000", f"--screenshot={shot}", file.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    image = Image.open(io.BytesIO(shot.read_bytes())).convert("RGB")
    blank = Image.new("RGB", image.size, "#fff")
    bottom = ImageChops.difference(image, blank).getbbox()[3]
    return image.crop((0, 0, image.width, bottom + 16 * SCALE)).quantize(64, dither=Image.Dither.NONE)


def main():
    program = str(Path(sys.argv[1]).resolve())
    chromium = sys.argv[2] if len(sys.argv) > 2 else "chromium"
    with tempfile.TemporaryDirectory() as temp:
        folder, servers, products = Path(temp), [], {}
        try:
            for name, provider in (("reviews", "coderabbit"), ("accounts", "workos")):
                server = subprocess.Popen([program, "emulate", provider], stdout=subprocess.PIPE, text=True)
                servers.append(server)
                products[name] = json.loads(server.stdout.readline())["url"]
            body = comment(program, folder, products)
        finally:
            for server in servers:
                server.terminate()
                server.wait()
        print(body)
        photograph(chromium, folder, page(body)).save(HERE / "comment.png", optimize=True)


if __name__ == "__main__":
    main()
