//! A stand-in for the notes and issues of GitLab's API, written from its documentation:
//! <https://docs.gitlab.com/api/notes/>, <https://docs.gitlab.com/api/issues/>.

use std::{
    collections::BTreeMap,
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
#[derive(Default)]
pub(crate) struct World {
    /// Notes on the merge request 7 by their ids: author and text.
    pub(crate) notes: BTreeMap<u64, (String, String)>,
    /// Issues by their numbers: author, text, whether open.
    pub(crate) issues: BTreeMap<u64, (String, String, bool)>,
    /// What is proposed.
    pub(crate) head: String,
    /// Status of the next answer to something that writes.
    pub(crate) refuse: Option<(u16, Value)>,
    /// Every request.
    pub(crate) seen: Vec<String>,
}

impl GitLab {
    /// With a merge request 7 that proposes `head`.
    pub(crate) fn start(head: &str) -> Self {
        let world = Arc::new(Mutex::new(World { head: head.to_owned(), ..World::default() }));
        let (sender, receiver) = std::sync::mpsc::channel();
        let state = Arc::clone(&world);
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                let url = format!("http://{}/api/v4", listener.local_addr().expect("an address"));
                sender.send(url).expect("somebody waits");
                let router = axum::Router::new().fallback(answer).with_state(state);
                axum::serve(listener, router).await.expect("it serves");
            });
        });
        Self { url: receiver.recv().expect("it listens"), world }
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
    let known = headers.get("private-token").is_some_and(|token| token == TOKEN);
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, value) = match (known, world.refuse.take_if(|_| method != Method::GET)) {
        (false, _) => (401, json!({"message": "401 Unauthorized"})),
        (true, Some(refusal)) => refusal,
        (true, None) => world.route(&method, uri.path(), &body),
    };
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(value.to_string())).expect("an answer")
}

impl World {
    fn route(&mut self, method: &Method, path: &str, body: &Value) -> (u16, Value) {
        let path: Vec<&str> = path.trim_start_matches("/api/v4/").split('/').collect();
        let path = match path.as_slice() {
            ["user"] => return (200, json!({"id": 5, "username": BOT})),
            ["projects", ENCODED, rest @ ..] => rest,
            _ => return (404, json!({"message": "404 Project Not Found"})),
        };
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let note = |id: u64, author: &str, text: &str| json!({"id": id, "body": text, "author": {"username": author}, "system": false});
        let issue = |iid: u64, (author, text, open): &(String, String, bool)| {
            json!({"iid": iid, "description": text, "author": {"username": author},
                "state": if *open { "opened" } else { "closed" },
                "web_url": format!("https://gitlab.com/{PROJECT}/-/issues/{iid}")})
        };
        let next = 1 + self.notes.keys().chain(self.issues.keys()).max().copied().unwrap_or(100);
        match (method.as_str(), path) {
            ("GET", ["merge_requests", "7"]) => (200, json!({"iid": 7, "sha": self.head})),
            ("GET", ["merge_requests", "7", "notes"]) => {
                let all = self.notes.iter().map(|(id, (author, text))| note(*id, author, text));
                (200, all.collect())
            }
            ("POST", ["merge_requests", "7", "notes"]) => {
                self.notes.insert(next, (BOT.to_owned(), text("body")));
                (201, note(next, BOT, &text("body")))
            }
            ("PUT", ["merge_requests", "7", "notes", id]) => {
                let id = id.parse().unwrap_or_default();
                match self.notes.get_mut(&id).filter(|(author, _)| author == BOT) {
                    Some((_, kept)) => {
                        *kept = text("body");
                        (200, note(id, BOT, &text("body")))
                    }
                    None => (403, json!({"message": "403 Forbidden"})),
                }
            }
            ("GET", ["issues"]) => {
                let open = self.issues.iter().filter(|(_, (_, _, open))| *open);
                (200, open.map(|(iid, one)| issue(*iid, one)).collect())
            }
            ("POST", ["issues"]) => {
                let one = (BOT.to_owned(), text("description"), true);
                let shown = issue(next, &one);
                self.issues.insert(next, one);
                (201, shown)
            }
            ("POST", ["issues", _, "notes"]) => (201, json!({"id": next})),
            ("PUT", ["issues", iid]) => {
                let iid = iid.parse().unwrap_or_default();
                let Some(one) = self.issues.get_mut(&iid) else {
                    return (404, json!({"message": "404 Not found"}));
                };
                one.2 &= body["state_event"] != "close";
                if body["description"].is_string() {
                    one.1 = text("description");
                }
                (200, issue(iid, one))
            }
            _ => (404, json!({"error": "404 Not Found"})),
        }
    }
}
