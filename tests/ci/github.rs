//! A stand-in for GitHub's API, written from its documentation: <https://docs.github.com/en/rest>,
//! version 2022-11-28. It keeps comments, issues, and pull requests, and refuses what GitHub refuses.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, StatusCode, Uri, header},
};
use serde_json::{Value, json};

/// The token that the stand-in knows, as GitHub Actions gives one to a job.
pub(crate) const TOKEN: &str = "ghs_0123456789abcdefghijklmnopqrstuvwxyz";
/// Whom it acts for.
pub(crate) const BOT: &str = "github-actions[bot]";
/// The repository.
pub(crate) const REPOSITORY: &str = "acme/roles";
/// What is added to the number of an artifact by a second attempt.
pub(crate) const AGAIN: u64 = 100;
/// Longest text of a comment or an issue, in characters.
const LONGEST: usize = 65_536;

/// A running stand-in. Its thread ends with the process of the tests.
pub(crate) struct GitHub {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    world: Arc<Mutex<World>>,
}

/// What it keeps.
#[derive(Default)]
pub(crate) struct World {
    /// Comments by their ids.
    pub(crate) comments: BTreeMap<u64, Comment>,
    /// Issues by their numbers.
    pub(crate) issues: BTreeMap<u64, Issue>,
    /// Pull requests by their numbers, as the API shows them.
    pub(crate) pulls: BTreeMap<u64, Value>,
    /// The pull requests of a commit.
    pub(crate) of_commit: BTreeMap<String, Vec<u64>>,
    /// Files by the last part of their paths: where a redirect to them leads, and what they hold.
    pub(crate) files: BTreeMap<String, (String, Vec<u8>)>,
    /// Runs of workflows, oldest first.
    pub(crate) runs: Vec<WorkflowRun>,
    /// Whom a token that is no app's acts for; apps get 403.
    pub(crate) user: Option<String>,
    /// What goes wrong, in order.
    pub(crate) faults: Vec<Fault>,
    /// Every request, `METHOD /path`.
    pub(crate) seen: Vec<String>,
    /// What no client of GitHub may do.
    pub(crate) wrong: Vec<String>,
    next: u64,
}

/// A run of a workflow, with one artifact that holds a plan.
pub(crate) struct WorkflowRun {
    pub(crate) head: String,
    pub(crate) path: &'static str,
    /// When it ran.
    pub(crate) at: &'static str,
    /// When it ran again, if it did: that left another artifact.
    pub(crate) again: Option<&'static str>,
}

/// Before everything that the tests merge.
pub(crate) const EARLY: &str = "2026-11-20T00:00:00Z";
/// When the tests merge.
pub(crate) const MERGED: &str = "2026-11-20T01:00:00Z";
/// After that.
pub(crate) const LATE: &str = "2026-11-20T02:00:00Z";

/// A comment.
pub(crate) struct Comment {
    pub(crate) on: u64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) minimized: bool,
}

/// An issue.
pub(crate) struct Issue {
    pub(crate) author: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) open: bool,
    pub(crate) labels: Vec<String>,
}

/// Something that goes wrong once.
pub(crate) struct Fault {
    /// The request that it happens to: its beginning, `POST /repos/`.
    pub(crate) request: &'static str,
    /// A part of its path.
    pub(crate) part: &'static str,
    /// The answer.
    pub(crate) status: u16,
    /// Another header.
    pub(crate) header: Option<(&'static str, &'static str)>,
    /// The message in it.
    pub(crate) message: &'static str,
    /// Whether the request is carried out all the same.
    pub(crate) done: bool,
}

impl GitHub {
    /// With a pull request 7 that proposes `head`, to `main`.
    pub(crate) fn start() -> Self {
        let world = Arc::new(Mutex::new(World { next: 1_000, ..World::default() }));
        let (sender, receiver) = std::sync::mpsc::channel();
        let state = Arc::clone(&world);
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                let url = format!("http://{}", listener.local_addr().expect("an address"));
                sender.send(url).expect("somebody waits");
                let router = axum::Router::new().fallback(answer).with_state(state);
                axum::serve(listener, router).await.expect("it serves");
            });
        });
        let url = receiver.recv().expect("it listens");
        Self { url, world }
    }

    /// What it keeps, to look at and to change.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no panic")
    }

    /// Adds a pull request.
    pub(crate) fn pull(&self, number: u64, head: &str, more: &Value) {
        let mut pull = json!({
            "number": number, "state": "open", "merged_at": null, "merge_commit_sha": null,
            "head": {"sha": head, "ref": "change", "repo": {"id": 1, "full_name": REPOSITORY}},
            "base": {"sha": "b".repeat(40), "ref": "main", "repo": {"id": 1, "full_name": REPOSITORY}},
        });
        for (field, value) in more.as_object().expect("fields") {
            pull[field] = value.clone();
        }
        self.world().pulls.insert(number, pull);
    }

    /// Adds a run of the workflow that plans pull requests, which left this plan for its `head`.
    pub(crate) fn planned(&self, head: &str, plan: &[u8]) {
        self.left_by(".github/workflows/roles-plan.yml", head, plan);
    }

    /// The same of any workflow.
    pub(crate) fn left_by(&self, path: &'static str, head: &str, plan: &[u8]) {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.start_file("rolecall-plan.json", zip::write::SimpleFileOptions::default()).expect("a file");
        std::io::Write::write_all(&mut archive, plan).expect("it is written");
        let bytes = archive.finish().expect("an archive").into_inner();
        let mut world = self.world();
        world.runs.push(WorkflowRun { head: head.to_owned(), path, at: EARLY, again: None });
        let id = world.runs.len().to_string();
        let place = format!("{}/elsewhere/{id}", self.url);
        world.files.insert(id, (place, bytes));
    }

    /// Adds a comment and returns its id.
    pub(crate) fn comment(&self, on: u64, author: &str, body: &str) -> u64 {
        self.world().add(on, author, body)
    }

    /// The comments on a pull request that are not folded away.
    pub(crate) fn comments(&self, on: u64) -> Vec<(u64, String, String)> {
        let world = self.world();
        let shown = world.comments.iter().filter(|(_, one)| one.on == on && !one.minimized);
        shown.map(|(id, one)| (*id, one.author.clone(), one.body.clone())).collect()
    }

    /// The requests that match.
    pub(crate) fn seen(&self, request: &str) -> usize {
        self.world().seen.iter().filter(|one| one.starts_with(request)).count()
    }

    /// Requires that nothing was done that no client of GitHub may do.
    #[track_caller]
    pub(crate) fn is_content(&self) {
        assert_eq!(self.world().wrong, Vec::<String>::new());
    }
}

impl World {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn add(&mut self, on: u64, author: &str, body: &str) -> u64 {
        let id = self.number();
        let comment = Comment { on, author: author.to_owned(), body: body.to_owned(), minimized: false };
        self.comments.insert(id, comment);
        id
    }

    fn shown(&self, id: u64) -> Value {
        let one = &self.comments[&id];
        json!({
            "id": id, "node_id": format!("IC_{id}"), "body": one.body, "user": {"login": one.author},
            "html_url": format!("https://github.com/{REPOSITORY}/pull/{}#issuecomment-{id}", one.on),
        })
    }

    fn issue(&self, number: u64) -> Value {
        let one = &self.issues[&number];
        json!({
            "number": number, "node_id": format!("I_{number}"), "title": one.title, "body": one.body,
            "user": {"login": one.author}, "state": if one.open { "open" } else { "closed" },
            "labels": one.labels.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
            "html_url": format!("https://github.com/{REPOSITORY}/issues/{number}"),
        })
    }
}

type Answer = (u16, Value, Vec<(&'static str, String)>);

fn refusal(status: u16, message: &str) -> Answer {
    (status, json!({"message": message, "documentation_url": "https://docs.github.com/rest"}), Vec::new())
}

fn ok(value: Value) -> Answer {
    (200, value, Vec::new())
}

async fn answer(
    State(world): State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let mut world = world.lock().expect("no panic");
    let request = format!("{method} {}", uri.path());
    world.seen.push(request.clone());
    if let Some(name) = uri.path().strip_prefix("/elsewhere/") {
        // A file's own place: it takes no token, and one that gets there is lost.
        if headers.contains_key(header::AUTHORIZATION) {
            world.wrong.push(format!("{request} with a token"));
        }
        let file = world.files.get(name).map(|(_, bytes)| bytes.clone()).unwrap_or_default();
        return Response::builder().status(200).body(Body::from(file)).expect("an answer");
    }
    world.check_headers(&request, &headers);
    let fault = world
        .faults
        .iter()
        .position(|fault| request.starts_with(fault.request) && request.contains(fault.part))
        .map(|at| world.faults.remove(at));
    let (status, value, more) = match fault {
        Some(fault) => {
            if fault.done {
                let _lost = world.route(&method, &uri, &headers, &body);
            }
            let header = fault.header.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            let (status, value, _) = refusal(fault.status, fault.message);
            (status, value, header)
        }
        None => world.route(&method, &uri, &headers, &body),
    };
    let mut response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in more {
        response = response.header(name, value);
    }
    let no_content = status == StatusCode::NO_CONTENT.as_u16();
    let body = if no_content { Body::empty() } else { Body::from(value.to_string()) };
    response.body(body).expect("an answer")
}

impl World {
    fn check_headers(&mut self, request: &str, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let rules = [
            ("accept", text("accept") == "application/vnd.github+json"),
            ("user-agent", text("user-agent").starts_with("rolecall/")),
            ("x-github-api-version", text("x-github-api-version") == "2022-11-28"),
            ("content-type", request.starts_with("GET") || text("content-type") == "application/json"),
        ];
        for (name, _) in rules.iter().filter(|(_, fine)| !fine) {
            self.wrong.push(format!("{request} has `{name}: {}`", text(name)));
        }
    }

    fn route(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Answer {
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let app = bearer == format!("Bearer {TOKEN}");
        let me = match (&self.user, app) {
            (_, true) => BOT.to_owned(),
            (Some(user), false) => user.clone(),
            (None, false) => return refusal(401, "Bad credentials"),
        };
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let query: HashMap<String, String> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let path: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
        let path = match path.as_slice() {
            ["user"] if app => return refusal(403, "Resource not accessible by integration"),
            ["user"] => return ok(json!({"login": me})),
            ["graphql"] => return self.graphql(&me, &body),
            ["repos", "acme", "roles", rest @ ..] => rest,
            _ => return refusal(404, "Not Found"),
        };
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        match (method.as_str(), path) {
            ("GET", ["pulls", one]) => match self.pulls.get(&number(one)) {
                Some(pull) => ok(pull.clone()),
                None => refusal(404, "Not Found"),
            },
            ("GET", ["pulls"]) => {
                let state = query.get("state").map_or("open", String::as_str);
                let head = query.get("head");
                let wanted = |pull: &&Value| {
                    let owner =
                        pull["head"]["repo"]["full_name"].as_str().and_then(|name| name.split('/').next());
                    let name = format!(
                        "{}:{}",
                        owner.unwrap_or_default(),
                        pull["head"]["ref"].as_str().unwrap_or_default()
                    );
                    pull["state"] == state && head.is_none_or(|head| *head == name)
                };
                let found: Vec<Value> = self.pulls.values().filter(wanted).cloned().collect();
                page(found, &query)
            }
            ("GET", ["commits", commit, "pulls"]) => match self.of_commit.get(*commit) {
                Some(numbers) => {
                    page(numbers.iter().map(|number| self.pulls[number].clone()).collect(), &query)
                }
                None => refusal(422, &format!("No commit found for SHA: {commit}")),
            },
            ("GET", ["issues", on, "comments"]) => {
                let on = number(on);
                let ids: Vec<u64> =
                    self.comments.iter().filter(|(_, one)| one.on == on).map(|(id, _)| *id).collect();
                page(ids.into_iter().map(|id| self.shown(id)).collect(), &query)
            }
            ("POST", ["issues", on, "comments"]) => match text(&body, "body") {
                Ok(text) => {
                    let id = self.add(number(on), &me, &text);
                    (201, self.shown(id), Vec::new())
                }
                Err(refusal) => refusal,
            },
            ("PATCH", ["issues", "comments", id]) => {
                match (self.comments.get_mut(&number(id)), text(&body, "body")) {
                    (None, _) => refusal(404, "Not Found"),
                    (Some(one), _) if one.author != me => {
                        refusal(403, "Resource not accessible by integration")
                    }
                    (Some(one), Ok(text)) => {
                        one.body = text;
                        ok(self.shown(number(id)))
                    }
                    (_, Err(refusal)) => refusal,
                }
            }
            ("GET", ["issues"]) => {
                let state = query.get("state").map_or("open", String::as_str);
                let wanted = |one: &&Issue| {
                    (one.open == (state == "open"))
                        && query.get("creator").is_none_or(|creator| *creator == one.author)
                };
                let numbers: Vec<u64> =
                    self.issues.iter().filter(|(_, one)| wanted(one)).map(|(number, _)| *number).collect();
                let mut shown: Vec<Value> = numbers.into_iter().map(|number| self.issue(number)).collect();
                for (number, pull) in &self.pulls {
                    let text = pull["body"].as_str().unwrap_or_default();
                    shown.push(
                        json!({"number": number, "user": {"login": me}, "body": text, "pull_request": {}}),
                    );
                }
                page(shown, &query)
            }
            ("POST", ["issues"]) => match (text(&body, "title"), text(&body, "body")) {
                (Ok(title), Ok(body_text)) => {
                    let number = self.number();
                    let labels = body["labels"].as_array().into_iter().flatten();
                    let labels = labels.filter_map(Value::as_str).map(str::to_owned).collect();
                    let issue = Issue { author: me, title, body: body_text, open: true, labels };
                    self.issues.insert(number, issue);
                    (201, self.issue(number), Vec::new())
                }
                (Err(refusal), _) | (_, Err(refusal)) => refusal,
            },
            ("PATCH", ["issues", one]) => {
                let Some(issue) = self.issues.get_mut(&number(one)) else { return refusal(404, "Not Found") };
                if let Some(state) = body["state"].as_str() {
                    issue.open = state == "open";
                }
                if !body["body"].is_null() {
                    match text(&body, "body") {
                        Ok(text) => issue.body = text,
                        Err(refusal) => return refusal,
                    }
                }
                ok(self.issue(number(one)))
            }
            ("GET", ["actions", "runs"]) => {
                let head = query.get("head_sha");
                let all =
                    self.runs.iter().enumerate().filter(|(_, run)| head.is_none_or(|head| *head == run.head));
                let shown = |(index, run): (usize, &WorkflowRun)| {
                    json!({
                        "id": index + 1, "event": "pull_request", "head_sha": run.head, "path": run.path,
                        "repository": {"id": 1}, "head_repository": {"id": 1},
                        "created_at": run.at, "updated_at": run.again.unwrap_or(run.at),
                    })
                };
                let runs: Vec<Value> = all.map(shown).rev().collect();
                ok(json!({"total_count": runs.len(), "workflow_runs": runs}))
            }
            ("GET", ["actions", "runs", id, "artifacts"]) => {
                let id = number(id);
                let run = &self.runs[usize::try_from(id).unwrap_or_default() - 1];
                let artifact = |id: u64, at: &str| json!({"id": id, "name": "rolecall-plan", "expired": false, "created_at": at});
                // That of the second attempt has a number of its own.
                let again = run.again.map(|again| artifact(AGAIN + id, again));
                let artifacts: Vec<Value> = again.into_iter().chain([artifact(id, run.at)]).collect();
                ok(json!({"total_count": artifacts.len(), "artifacts": artifacts}))
            }
            ("GET", ["actions", "artifacts", id, "zip"]) => match self.files.get(*id) {
                Some((place, _)) => (302, Value::Null, vec![("location", place.clone())]),
                None => refusal(410, "Artifact has expired"),
            },
            _ => refusal(404, "Not Found"),
        }
    }

    fn graphql(&mut self, me: &str, body: &Value) -> Answer {
        let query = body["query"].as_str().unwrap_or_default();
        if query.contains("viewer") {
            return ok(json!({"data": {"viewer": {"login": me}}}));
        }
        let node = body["variables"]["id"].as_str().unwrap_or_default();
        let id = node.strip_prefix("IC_").and_then(|id| id.parse().ok()).unwrap_or_default();
        if query.contains("minimizeComment")
            && query.contains("OUTDATED")
            && let Some(one) = self.comments.get_mut(&id)
        {
            one.minimized = true;
            return ok(json!({"data": {"minimizeComment": {"minimizedComment": {"isMinimized": true}}}}));
        }
        ok(json!({"data": null, "errors": [{"message": "Could not resolve to a node"}]}))
    }
}

/// A text that is not too long.
fn text(body: &Value, field: &str) -> Result<String, Answer> {
    let invalid = |message: String| {
        let error = json!({"resource": "IssueComment", "code": "custom", "field": field, "message": message});
        Err((422, json!({"message": "Validation Failed", "errors": [error]}), Vec::new()))
    };
    match body[field].as_str() {
        None | Some("") => invalid(format!("{field} can't be blank")),
        Some(text) if text.chars().count() > LONGEST => {
            invalid(format!("{field} is too long (maximum is {LONGEST} characters)"))
        }
        Some(text) => Ok(text.to_owned()),
    }
}

/// One page of a list, and the way to the next one: GitHub writes it with the repository's number.
fn page(all: Vec<Value>, query: &HashMap<String, String>) -> Answer {
    let number =
        |name: &str, usual: usize| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (per_page, page) = (number("per_page", 30).min(100), number("page", 1).max(1));
    let rest = all.len().saturating_sub(per_page * page);
    let shown: Vec<Value> = all.into_iter().skip(per_page * (page - 1)).take(per_page).collect();
    let next = format!("<https://api.github.com/repositories/1/list?page={}>; rel=\"next\"", page + 1);
    let more = if rest > 0 { vec![("link", next)] } else { Vec::new() };
    (200, Value::Array(shown), more)
}
