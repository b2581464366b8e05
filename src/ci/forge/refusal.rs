//! What a forge answers when it does not do what was asked.

use serde_json::Value;

use crate::model::Untrusted;

/// A request that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of refusal it is.
    pub kind: Kind,
    /// Method and path.
    pub request: String,
    /// The status; `None` where there was no answer.
    pub status: Option<u16>,
    /// The forge's own words, or what happened to the connection.
    pub why: Untrusted,
}

/// Kinds of refusals, by what to do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 401: the token is not known.
    Unauthorized,
    /// 403: the token may not do that.
    Forbidden,
    /// 404, 410: it is not there, or the token may not see it.
    NotFound,
    /// The text is too long.
    TooLong,
    /// The forge lets nothing through for a while.
    Limited,
    /// The forge failed.
    Broken,
    /// There was no connection, so nothing was sent.
    NotSent,
    /// There was no answer: nobody knows what came of it.
    NoAnswer,
    /// Any other refusal.
    Other,
    /// An answer that is not what the forge's documentation says.
    Malformed,
}

/// Longest text of a forge that is repeated, in characters.
const LONGEST: usize = 300;

impl Refusal {
    pub(super) fn new(kind: Kind, request: &str, status: Option<u16>, why: impl Into<String>) -> Self {
        Self { kind, request: request.to_owned(), status, why: why.into().into() }
    }

    /// What an answer says that is no success. `limited` is whether its headers speak of a limit.
    pub(super) fn of(request: &str, status: u16, body: &[u8], limited: bool) -> Self {
        let why = words(body);
        let says = |text: &str| why.to_lowercase().contains(text);
        let kind = match status {
            429 => Kind::Limited,
            // GitHub's secondary limits, which often have no header at all:
            // <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>.
            403 if limited || says("rate limit") => Kind::Limited,
            401 => Kind::Unauthorized,
            403 => Kind::Forbidden,
            404 | 410 => Kind::NotFound,
            400 | 413 | 422 if says("too long") => Kind::TooLong,
            500.. => Kind::Broken,
            _ => Kind::Other,
        };
        Self::new(kind, request, Some(status), why)
    }

    /// One sentence: what was asked and what came of it.
    pub fn sentence(&self) -> String {
        let why = self.why.raw().trim_end_matches('.');
        match self.status {
            Some(status) if why.is_empty() => format!("{} was answered with {status}", self.request),
            Some(status) => format!("{} was answered with {status}: {why}", self.request),
            None => format!("{} {why}", self.request),
        }
    }
}

/// The words of an error: `message` and the messages of `errors`, or else `error`.
fn words(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut words = Vec::new();
    collect(value.get("message").or_else(|| value.get("error")), &mut words);
    if let Some(Value::Array(errors)) = value.get("errors") {
        for error in errors {
            collect(Some(error.get("message").unwrap_or(error)), &mut words);
        }
    }
    words.join("; ").chars().take(LONGEST).collect()
}

/// All texts in a value that is not deep.
fn collect(value: Option<&Value>, words: &mut Vec<String>) {
    match value {
        Some(Value::String(text)) => words.push(text.clone()),
        Some(Value::Array(list)) => {
            words.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        // Of one field the answer says: `{"note": ["is too long"]}`.
        Some(Value::Object(fields)) => {
            for (field, value) in fields {
                let mut inner = Vec::new();
                if !value.is_object() {
                    collect(Some(value), &mut inner);
                }
                words.extend(inner.into_iter().map(|text| format!("{field} {text}")));
            }
        }
        _ => {}
    }
}
