"""A GitHub on this machine.

    rolecall -> Recorder -> prism (GitHub's own description) -> Backend -> emulate (state)

The recorder keeps every request and what prism found wrong with it. The backend puts in what emulate does not have
(artifacts, runs, pull requests of a commit, GraphQL), the commits of the real repository, and faults.
"""

import http.client
import http.server
import io
import json
import re
import threading
import urllib.parse
import zipfile

# prism says in one header everything that an answer of emulate lacks.
http.client._MAXLINE = 1 << 24
NO_ANSWER = {"content-length", "transfer-encoding", "connection", "keep-alive", "content-encoding"}
LONGEST_COMMENT = 65_536
# Whom the token of a job acts for.
BOT = "github-actions[bot]"


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def serve(self):
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                status, headers, answered = answer(self.command, self.path, dict(self.headers.items()), body)
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answered)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answered)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = serve

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


def forward(to, method, path, headers, body):
    """Sends a request on, and gives back status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", to, timeout=60)
    kept = {name: value for name, value in headers.items() if name.lower() not in {"host", "accept-encoding", "connection"}}
    connection.request(method, path, body=body or None, headers=kept)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, [(name, value) for name, value in answer.getheaders() if name.lower() not in NO_ANSWER], content


def as_json(status, value, headers=()):
    return status, [("content-type", "application/json; charset=utf-8"), *headers], json.dumps(value).encode()


class Request:
    """One request of rolecall, as the recorder saw it."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.body = method, urllib.parse.urlsplit(path).path, body
        self.query = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.status, self.violations = None, []

    def __repr__(self):
        return f"{self.method} {self.path} -> {self.status}"


def of_the_request(violations):
    """What prism found wrong with a request, as far as it says so: of very many it says only the first."""
    try:
        return [one for one in json.loads(violations) if one["location"][0] == "request"]
    except json.JSONDecodeError:
        return [violations] if '"location":["request"' in violations else []


class Recorder:
    def __init__(self, prism, backend):
        self.requests = []

        def answer(method, path, headers, body):
            request = Request(method, path, headers, body)
            self.requests.append(request)
            # prism would follow the redirect to the storage itself, and the token with it.
            to = backend if request.path.endswith("/zip") else prism
            status, headers, content = forward(to, method, path, headers, body)
            request.status = status
            for name, value in headers:
                if name.lower() == "sl-violations":
                    request.violations = of_the_request(value)
            if status in (404, 405) and b"NO_PATH_MATCHED" in content or b"NO_METHOD_MATCHED" in content:
                request.violations = [{"message": "no such path in the part of the description; see slice.mjs"}]
            return status, [(name, value) for name, value in headers if name.lower() != "sl-violations"], content

        self.server = Server(answer)

    def violations(self):
        return [(repr(request), request.violations) for request in self.requests if request.violations]


class Backend:
    """What stands behind prism. `repo` is OWNER/NAME."""

    def __init__(self, emulate):
        self.emulate = emulate
        self.storage = Server(self.download)  # another host than the API's: no token may reach it
        self.server = Server(self.answer)
        self.clear()

    def clear(self):
        self.faults, self.minimized, self.downloads = [], [], []
        self.commits, self.artifacts, self.runs = {}, {}, {}

    def fault(self, method, path, status, body=None, headers=(), times=1_000):
        """Answers requests that match with an error in place of what would be there."""
        self.faults.append([re.compile(method), re.compile(path), status, body, list(headers), times])

    def artifact(self, repo, name, run, content, files, at="08:00"):
        """Adds an artifact of a run. `files`: bytes by name; `at` is when it was uploaded."""
        number = len(self.artifacts) + 1
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path, data in files.items():
                archive.writestr(path, data)
        self.artifacts[number] = (repo, run, name, content, packed.getvalue(), f"2026-11-20T{at}:00Z")
        return number

    def answer(self, method, path, headers, body):
        place = urllib.parse.urlsplit(path)
        for fault in self.faults:
            methods, paths, status, said, more, times = fault
            if times > 0 and methods.fullmatch(method) and paths.search(place.path):
                fault[5] -= 1
                if isinstance(said, bytes):
                    return status, [("content-type", "text/html"), *more], said
                return as_json(status, {"message": "a fault", "documentation_url": "", **(said or {})}, more)
        if method in ("POST", "PATCH") and re.search(r"/issues/(\d+/comments|comments/\d+)$", place.path):
            if len(json.loads(body or b"{}").get("body", "")) > LONGEST_COMMENT:
                said = "Body is too long (maximum is 65536 characters)"
                return as_json(422, {"message": "Validation Failed", "errors": [{"message": said}], "documentation_url": ""})
        if place.path == "/user" and "ghs_" in headers.get("authorization", headers.get("Authorization", "")):
            return as_json(403, {"message": "Resource not accessible by integration", "documentation_url": ""})
        if place.path == "/graphql":
            return self.graphql(json.loads(body or b"{}"))
        found = re.fullmatch(r"/repos/([^/]+/[^/]+)/(.*)", place.path)
        if found:
            own = self.own(method, found.group(1), found.group(2), urllib.parse.parse_qs(place.query))
            if own is not None:
                return own
        status, headers, content = forward(self.emulate, method, path, headers, body)
        if found and "/pulls" in place.path and status == 200:
            value = json.loads(content)
            for pull in value if isinstance(value, list) else [value]:
                self.put_commits(found.group(1), pull)
            content = json.dumps(value).encode()
        return status, headers, content

    def put_commits(self, repo, pull):
        """The commits of the real repository, in place of those that emulate invents."""
        known = self.commits.get((repo, pull.get("number")), {})
        for side in ("head", "base"):
            if side in known and isinstance(pull.get(side), dict):
                repo = {**(pull[side].get("repo") or {}), **known[side].get("repo", {})}
                pull[side].update({**known[side], "repo": repo})
        pull.update({name: value for name, value in known.items() if name not in ("head", "base")})

    def pulls(self, repo, wanted):
        """The pull requests whose commits are wanted."""
        pulls = []
        for (name, number), known in self.commits.items():
            if name == repo and wanted(known):
                _, _, content = forward(self.emulate, "GET", f"/repos/{repo}/pulls/{number}", {"authorization": "Bearer tok_admin"}, b"")
                pull = json.loads(content)
                self.put_commits(repo, pull)
                pulls.append(pull)
        return as_json(200, pulls)

    def own(self, method, repo, rest, query):
        found = re.fullmatch(r"commits/([0-9a-f]{40})/pulls", rest)
        if found:
            return self.pulls(repo, lambda known: found.group(1) in (known.get("merge_commit_sha"), known["head"]["sha"]))
        if rest == "pulls" and method == "GET" and "head" in query:
            return self.pulls(repo, lambda known: known["head"]["label"] == query["head"][0])
        if rest == "actions/artifacts" or re.fullmatch(r"actions/runs/\d+/artifacts", rest):
            run = re.search(r"runs/(\d+)", rest)
            wanted = query.get("name", [None])[0]
            described = [
                self.described(number)
                for number, (where, of, name, *_) in self.artifacts.items()
                if where == repo and wanted in (None, name) and (run is None or int(run.group(1)) == of)
            ]
            return as_json(200, {"total_count": len(described), "artifacts": described})
        found = re.fullmatch(r"actions/artifacts/(\d+)/zip", rest)
        if found:
            return 302, [("location", f"{self.storage.url}/{found.group(1)}?sig=once")], b""
        if rest == "actions/runs":
            wanted = {name: query[name][0] for name in ("event", "head_sha", "status") if name in query}
            runs = [
                run
                for run in self.runs.values()
                if run["repository"]["full_name"] == repo and all(run[name] == value for name, value in wanted.items())
            ]
            return as_json(200, {"total_count": len(runs), "workflow_runs": runs})
        found = re.fullmatch(r"actions/runs/(\d+)", rest)
        if found and int(found.group(1)) in self.runs:
            return as_json(200, self.runs[int(found.group(1))])
        return None

    def described(self, number):
        repo, run, name, content, packed, at = self.artifacts[number]
        url = f"{self.server.url}/repos/{repo}/actions/artifacts/{number}"
        return {
            "id": number,
            "node_id": f"A{number}",
            "name": name,
            "size_in_bytes": len(packed),
            "url": url,
            "archive_download_url": f"{url}/zip",
            "expired": False,
            "created_at": at,
            "expires_at": "2027-02-20T08:00:00Z",
            "updated_at": "2026-11-20T08:00:00Z",
            "workflow_run": {"id": run, **content},
        }

    def download(self, method, path, headers, body):
        self.downloads.append({name.lower(): value for name, value in headers.items()})
        number = int(urllib.parse.urlsplit(path).path.lstrip("/"))
        return 200, [("content-type", "application/zip")], self.artifacts[number][4]

    def graphql(self, asked):
        if "minimizeComment" in asked.get("query", ""):
            self.minimized.append(asked.get("variables", {}))
            return as_json(200, {"data": {"minimizeComment": {"minimizedComment": {"isMinimized": True}}}})
        if "viewer" in asked.get("query", ""):
            return as_json(200, {"data": {"viewer": {"login": BOT}}})
        return as_json(200, {"errors": [{"message": "nothing else is here"}]})
