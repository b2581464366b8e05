//! A stand-in for GitLab's API, written from its documentation: <https://docs.gitlab.com/api/notes/>,
//! <https://docs.gitlab.com/api/issues/>, <https://docs.gitlab.com/api/merge_requests/>,
//! <https://docs.gitlab.com/api/commits/>, <https://docs.gitlab.com/api/jobs/>, and
//! <https://docs.gitlab.com/api/job_artifacts/>.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, Uri},
};
use serde_json::{Value, json};

/// The token that the stand-in knows.
pub(crate) const TOKEN: &str = "glpat-0123456789abcdefghij";
/// Whom it acts for.
pub(crate) const BOT: &str = "project_1_bot_0a1b";
/// The path of the project, and as it stands in an address.
pub(crate) const PROJECT: &str = "acme/tools/roles";
const ENCODED: &str = "acme%2Ftools%2Froles";

/// A running stand-in.
pub(crate) struct GitLab {
    /// `http://127.0.0.1:PORT/api/v4`.
    pub(crate) url: String,
    world: Arc<Mutex<World>>,
}

/// What it keeps.
pub(crate) struct World {
    /// Notes by their ids.
    pub(crate) notes: BTreeMap<u64, Note>,
    /// Issues by their numbers: author, text, whether open.
    pub(crate) issues: BTreeMap<u64, (String, String, bool)>,
    /// Merge requests by their numbers, as the API shows them.
    pub(crate) requests: BTreeMap<u64, Value>,
    /// The merge requests that a commit belongs to.
    pub(crate) of_commit: BTreeMap<String, Vec<u64>>,
    /// Pipelines of merge requests, the oldest first.
    pub(crate) pipelines: Vec<Pipeline>,
    /// Whether artifacts lie in an object storage, to which GitLab redirects.
    pub(crate) object_storage: bool,
    /// Status of the next answer to something that writes.
    pub(crate) refuse: Option<(u16, Value)>,
    /// Status of every answer to what has this part in its path.
    pub(crate) refuse_at: Option<(&'static str, u16)>,
    /// Every request.
    pub(crate) seen: Vec<String>,
    /// What no client of GitLab may do.
    pub(crate) wrong: Vec<String>,
    url: String,
}

/// A note.
pub(crate) struct Note {
    pub(crate) on: u64,
    pub(crate) author: String,
    pub(crate) text: String,
}

/// A pipeline of a merge request.
pub(crate) struct Pipeline {
    pub(crate) of: u64,
    pub(crate) sha: String,
    pub(crate) reference: String,
    pub(crate) jobs: Vec<Job>,
}

/// A job of a pipeline.
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) status: &'static str,
    /// Its artifacts as an archive; `None` where they expired.
    pub(crate) archive: Option<Vec<u8>>,
}

impl Job {
    /// A part of the plan that left the files of a folder, below the name of that part.
    pub(crate) fn planned(part: Option<(usize, usize)>, folder: &std::path::Path) -> Self {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let below = format!("rolecall-results/{}", part.map_or(1, |(part, _)| part));
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let entry = entry.expect("a file");
            let name = format!("{below}/{}", entry.file_name().display());
            archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("a file");
            let bytes = std::fs::read(entry.path()).expect("it is there");
            std::io::Write::write_all(&mut archive, &bytes).expect("it is written");
        }
        let bytes = archive.finish().expect("an archive").into_inner();
        let name = part.map_or("roles-plan".to_owned(), |(part, all)| format!("roles-plan {part}/{all}"));
        Self { name, status: "success", archive: Some(bytes) }
    }
}

impl GitLab {
    /// With an open merge request 7 that proposes `head`.
    pub(crate) fn start(head: &str) -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                let url = format!("http://{}/api/v4", listener.local_addr().expect("an address"));
                let world = Arc::new(Mutex::new(World::new(&url)));
                sender.send((url, Arc::clone(&world))).expect("somebody waits");
                let router = axum::Router::new().fallback(answer).with_state(world);
                axum::serve(listener, router).await.expect("it serves");
            });
        });
        let (url, world) = receiver.recv().expect("it listens");
        let gitlab = Self { url, world };
        gitlab.propose(7, head, "main");
        gitlab
    }

    /// Opens a merge request.
    pub(crate) fn propose(&self, number: u64, head: &str, target: &str) {
        let request = json!({
            "id": 1000 + number, "iid": number, "project_id": 1, "state": "opened", "sha": head,
            "source_branch": format!("mr-{number}"), "target_branch": target,
            "source_project_id": 1, "target_project_id": 1,
            "merge_commit_sha": null, "squash_commit_sha": null, "merged_at": null,
            "web_url": format!("https://gitlab.com/{PROJECT}/-/merge_requests/{number}"),
        });
        self.world().requests.insert(number, request);
    }

    /// Merges one, by a commit.
    pub(crate) fn merge(&self, number: u64, commit: &str) {
        let mut world = self.world();
        let request = world.requests.get_mut(&number).expect("it is there");
        request["state"] = json!("merged");
        request["merge_commit_sha"] = json!(commit);
        request["merged_at"] = json!("2026-11-20T00:00:00.000Z");
        world.of_commit.entry(commit.to_owned()).or_default().push(number);
    }

    /// Adds a pipeline of a merge request for its head.
    pub(crate) fn ran(&self, of: u64, sha: &str, jobs: Vec<Job>) {
        let reference = format!("refs/merge-requests/{of}/head");
        self.world().pipelines.push(Pipeline { of, sha: sha.to_owned(), reference, jobs });
    }

    /// The texts of the notes on a merge request.
    pub(crate) fn notes(&self, on: u64) -> Vec<String> {
        self.world().notes.values().filter(|note| note.on == on).map(|note| note.text.clone()).collect()
    }

    /// Requires that nothing was done that no client of GitLab may do.
    #[track_caller]
    pub(crate) fn is_content(&self) {
        assert_eq!(self.world().wrong, Vec::<String>::new());
    }

    /// What it keeps, to look at and to change.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no panic")
    }
}

async fn answer(
    State(world): State<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let mut world = world.lock().expect("no panic");
    world.seen.push(format!("{method} {}", uri.path()));
    if let Some(id) = uri.path().strip_prefix("/storage/") {
        // Another server: it takes no token, and one that gets there is lost.
        if headers.contains_key("private-token") || headers.contains_key("authorization") {
            world.wrong.push(format!("{method} {} with a token", uri.path()));
        }
        let archive = id.parse().ok().and_then(|id| world.archive(id)).unwrap_or_default();
        return Response::builder().status(200).body(Body::from(archive)).expect("an answer");
    }
    let known = headers.get("private-token").is_some_and(|token| token == TOKEN);
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let refused = world.refuse_at.filter(|(part, _)| uri.path().contains(part));
    let answer = match (known, refused, world.refuse.take_if(|_| method != Method::GET)) {
        (false, ..) => refusal(401, "401 Unauthorized"),
        (true, Some((_, status)), _) => refusal(status, &format!("{status} refused")),
        (true, None, Some((status, value))) => Answer::Value(status, value),
        (true, None, None) => world.route(&method, &uri, &body),
    };
    let response = Response::builder();
    let json = |status: u16, value: &Value| {
        (response.status(status).header("content-type", "application/json"), Body::from(value.to_string()))
    };
    let (response, body) = match answer {
        Answer::Value(status, value) => json(status, &value),
        Answer::Page(shown, next) => {
            let (response, body) = json(200, &shown);
            match next {
                Some(page) => (
                    response.header("link", format!("<https://gitlab.com/list?page={page}>; rel=\"next\"")),
                    body,
                ),
                None => (response, body),
            }
        }
        Answer::Bytes(bytes) => {
            (Response::builder().header("content-type", "application/octet-stream"), Body::from(bytes))
        }
        Answer::Elsewhere(place) => {
            (Response::builder().status(302).header("location", place), Body::empty())
        }
    };
    response.body(body).expect("an answer")
}

enum Answer {
    Value(u16, Value),
    /// A page of a list, and the number of the next one.
    Page(Value, Option<usize>),
    Bytes(Vec<u8>),
    Elsewhere(String),
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::Value(status, json!({"message": message}))
}

/// One page of a list: twenty where nothing else is asked for, and at most a hundred.
fn page(all: Vec<Value>, query: &HashMap<String, String>) -> Answer {
    let number =
        |name: &str, usual: usize| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (per_page, page) = (number("per_page", 20).min(100), number("page", 1).max(1));
    let more = all.len() > per_page * page;
    let shown = all.into_iter().skip(per_page * (page - 1)).take(per_page).collect();
    Answer::Page(shown, more.then_some(page + 1))
}

impl World {
    fn new(url: &str) -> Self {
        Self {
            notes: BTreeMap::new(),
            issues: BTreeMap::new(),
            requests: BTreeMap::new(),
            of_commit: BTreeMap::new(),
            pipelines: Vec::new(),
            object_storage: true,
            refuse: None,
            refuse_at: None,
            seen: Vec::new(),
            wrong: Vec::new(),
            url: url.trim_end_matches("/api/v4").to_owned(),
        }
    }

    /// Pipelines have the ids 1, 2, and so on, and the jobs of each begin at a hundred times that.
    fn job(&self, id: usize) -> Option<&Job> {
        self.pipelines.get((id / 100).checked_sub(1)?)?.jobs.get(id % 100)
    }

    fn archive(&self, id: usize) -> Option<Vec<u8>> {
        self.job(id)?.archive.clone()
    }

    fn shown_note(&self, id: u64) -> Value {
        let Note { author, text, .. } = &self.notes[&id];
        json!({"id": id, "body": text, "author": {"username": author}, "system": false})
    }

    fn shown_issue(&self, iid: u64) -> Value {
        let (author, text, open) = &self.issues[&iid];
        json!({"iid": iid, "description": text, "author": {"username": author},
            "state": if *open { "opened" } else { "closed" },
            "web_url": format!("https://gitlab.com/{PROJECT}/-/issues/{iid}")})
    }

    fn route(&mut self, method: &Method, uri: &Uri, body: &Value) -> Answer {
        let query: HashMap<String, String> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let path: Vec<&str> = uri.path().trim_start_matches("/api/v4/").split('/').collect();
        let path = match path.as_slice() {
            ["user"] => return Answer::Value(200, json!({"id": 5, "username": BOT})),
            ["projects", ENCODED, rest @ ..] => rest,
            _ => return refusal(404, "404 Project Not Found"),
        };
        if method == Method::GET { self.read(path, &query) } else { self.write(method, path, body) }
    }

    fn read(&self, path: &[&str], query: &HashMap<String, String>) -> Answer {
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        let index = |text: &str| text.parse::<usize>().unwrap_or_default();
        match path {
            ["merge_requests", iid] => match self.requests.get(&number(iid)) {
                Some(request) => Answer::Value(200, request.clone()),
                None => refusal(404, "404 Not found"),
            },
            ["merge_requests", iid, "notes"] => {
                let on = number(iid);
                let ids = self.notes.iter().filter(|(_, note)| note.on == on).map(|(id, _)| *id);
                page(ids.map(|id| self.shown_note(id)).collect(), query)
            }
            ["merge_requests", iid, "pipelines"] => {
                let of = number(iid);
                let all = self.pipelines.iter().enumerate().filter(|(_, pipeline)| pipeline.of == of);
                let shown = all.map(|(at, pipeline)| {
                    json!({"id": at + 1, "project_id": 1, "sha": pipeline.sha, "ref": pipeline.reference,
                        "status": "success", "source": "merge_request_event"})
                });
                page(shown.rev().collect(), query)
            }
            ["pipelines", id, "jobs"] => {
                let id = index(id);
                let Some(pipeline) = id.checked_sub(1).and_then(|at| self.pipelines.get(at)) else {
                    return refusal(404, "404 Not found");
                };
                let shown = pipeline.jobs.iter().enumerate().map(|(at, job)| {
                    json!({"id": id * 100 + at, "name": job.name, "status": job.status, "stage": "test",
                        "artifacts_expire_at": "2027-01-01T00:00:00.000Z"})
                });
                page(shown.rev().collect(), query)
            }
            ["jobs", id, "artifacts"] => match self.archive(index(id)) {
                Some(_) if self.object_storage => Answer::Elsewhere(format!("{}/storage/{id}", self.url)),
                Some(bytes) => Answer::Bytes(bytes),
                None => refusal(404, "404 Not Found"),
            },
            ["repository", "commits", sha, "merge_requests"] => {
                let state = query.get("state");
                let all =
                    self.of_commit.get(*sha).into_iter().flatten().map(|iid| self.requests[iid].clone());
                page(all.filter(|one| state.is_none_or(|state| one["state"] == **state)).collect(), query)
            }
            ["issues"] => {
                let open = self.issues.iter().filter(|(_, (_, _, open))| *open).map(|(iid, _)| *iid);
                page(open.map(|iid| self.shown_issue(iid)).collect(), query)
            }
            _ => refusal(404, "404 Not Found"),
        }
    }

    fn write(&mut self, method: &Method, path: &[&str], body: &Value) -> Answer {
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        let next = 1 + self.notes.keys().chain(self.issues.keys()).max().copied().unwrap_or(100);
        match (method.as_str(), path) {
            ("POST", ["merge_requests", iid, "notes"]) if self.requests.contains_key(&number(iid)) => {
                let note = Note { on: number(iid), author: BOT.to_owned(), text: text("body") };
                self.notes.insert(next, note);
                Answer::Value(201, self.shown_note(next))
            }
            ("PUT", ["merge_requests", iid, "notes", id]) => {
                let id = number(id);
                let own = |note: &&mut Note| note.author == BOT && note.on == number(iid);
                match self.notes.get_mut(&id).filter(own) {
                    Some(note) => {
                        note.text = text("body");
                        Answer::Value(200, self.shown_note(id))
                    }
                    None => refusal(403, "403 Forbidden"),
                }
            }
            ("POST", ["issues"]) => {
                self.issues.insert(next, (BOT.to_owned(), text("description"), true));
                Answer::Value(201, self.shown_issue(next))
            }
            ("POST", ["issues", _, "notes"]) => Answer::Value(201, json!({"id": next})),
            ("PUT", ["issues", iid]) => {
                let iid = number(iid);
                let Some(one) = self.issues.get_mut(&iid) else { return refusal(404, "404 Not found") };
                one.2 &= body["state_event"] != "close";
                if body["description"].is_string() {
                    one.1 = text("description");
                }
                Answer::Value(200, self.shown_issue(iid))
            }
            _ => refusal(404, "404 Not Found"),
        }
    }
}
