//! Failures as sentences: which request, what happened, what the API itself said, what to do.

use std::{error::Error, io, time::Duration};

use serde_json::Value;

use super::{
    Answer, Connection, Sends,
    exchange::{Trouble, TroubleKind},
    limits::DEADLINE,
    pause,
};
use crate::provider::{Effect, ReadError, ReadErrorKind, RequestLine, WriteError};

/// Most characters that are quoted from an API.
const LONGEST_QUOTE: usize = 300;

/// What to do about an answer that is not what the provider documents.
const MALFORMED: &str = "Run it again. If it stays so, the provider, or a proxy before it, does not answer as documented: check `settings.url`, and report the message.";

/// What to do after an interrupt.
const LOOK: &str = "Run `rolecall plan` to see what is there now.";

/// A request that failed. The message is free of credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) struct Failure {
    pub(in crate::provider) kind: ReadErrorKind,
    pub(in crate::provider) effect: Effect,
    pub(in crate::provider) status: Option<u16>,
    /// The code that the API gave, where it gave one: what a status means beyond its number.
    pub(in crate::provider) code: Option<String>,
    pub(in crate::provider) request: RequestLine,
    pub(in crate::provider) message: String,
    pub(in crate::provider) help: Option<String>,
}

impl Failure {
    /// Help where nothing more exact is known.
    pub(super) fn or_usual_help(mut self) -> Self {
        let usual = || match (self.kind, self.status) {
            (_, Some(409 | 412)) => {
                "It contradicts what is there now: somebody may have changed it meanwhile. Plan again."
            }
            (ReadErrorKind::Malformed, _) => MALFORMED,
            (ReadErrorKind::Unreachable, _) => {
                "Check the network, and run it again; `-v` shows each request."
            }
            (ReadErrorKind::RateLimited, _) => "Wait, and run it again.",
            (ReadErrorKind::Denied | ReadErrorKind::Rejected, _) => {
                "`rolecall doctor` checks the settings and what the credential may do; `-v` shows each request."
            }
        };
        self.help = Some(self.help.take().unwrap_or_else(|| usual().to_owned()));
        self
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        let Failure { kind, request, message, help, .. } = failure;
        Self { kind, request: Some(request), message: message.into(), help }
    }
}

impl From<Failure> for WriteError {
    fn from(failure: Failure) -> Self {
        let Failure { effect, status, request, message, help, .. } = failure;
        Self { effect, request, status, message: message.into(), help }
    }
}

/// What an API says about an error, in any of the usual envelopes.
#[derive(Debug, Default)]
pub(super) struct Said {
    text: Option<String>,
    /// What a program tells it by.
    code: Option<String>,
    /// What its body asks to wait.
    pub(super) retry_after: Option<Duration>,
}

/// Understands `{"error": {"code", "message", "retry_after"}}`, `{"error": "text"}`,
/// `{"errors": [{"message"}]}`, a `message` and `code` at the top, a `message` that says for each
/// field what is wrong: `{"message": {"field": ["text"]}}`, and problems as of RFC 9457: `title`,
/// `detail`, and `errors` or a list as `detail`, of which each says by `loc` or `field` and `msg` or
/// `message` what is wrong with which part of the request.
pub(super) fn said(body: &[u8]) -> Said {
    let Ok(Value::Object(top)) = serde_json::from_slice::<Value>(body) else {
        return Said::default();
    };
    let inner = match (top.get("error"), top.get("errors")) {
        (Some(error @ Value::Object(_)), _) => error.clone(),
        (_, Some(Value::Array(errors))) => errors.first().cloned().unwrap_or_default(),
        _ => Value::Null,
    };
    let word = |key: &str| {
        [inner.get(key), top.get(key)].into_iter().flatten().find_map(Value::as_str).map(str::to_owned)
    };
    let plain = inner.as_str().or_else(|| top.get("error").and_then(Value::as_str)).map(str::to_owned);
    let by_field = top.get("message").and_then(Value::as_object).map(said_of_fields);
    let problem = said_of_problem(&top);
    let code = word("code");
    let text = match (code.clone(), problem.or_else(|| word("message")).or(plain).or(by_field)) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => code.or(message),
    };
    let seconds =
        [inner.get("retry_after"), top.get("retry_after")].into_iter().flatten().find_map(Value::as_f64);
    Said { text, code, retry_after: seconds.and_then(pause::from_seconds) }
}

/// `detail (part: text; part: text)`, or the title where there is no detail.
fn said_of_problem(top: &serde_json::Map<String, Value>) -> Option<String> {
    /// More of them say nothing new.
    const SHOWN: usize = 5;
    let word = |value: &Value, names: [&str; 2]| {
        names.into_iter().find_map(|name| value.get(name)).and_then(Value::as_str).map(str::to_owned)
    };
    let part = |error: &Value| -> Option<String> {
        let path = error.get("loc").and_then(Value::as_array).map(|path| {
            let segments = path.iter().map(|segment| match segment {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            segments.collect::<Vec<_>>().join(".")
        });
        let place = path.or_else(|| word(error, ["field", "field"]));
        let text = word(error, ["msg", "message"])?;
        Some(place.map_or_else(|| text.clone(), |place| format!("{place}: {text}")))
    };
    let (title, detail) = (top.get("title").and_then(Value::as_str), top.get("detail"));
    let (detail, errors) = match detail {
        Some(Value::Array(errors)) => (None, Some(errors)),
        Some(Value::String(text)) => (Some(text.as_str()), top.get("errors").and_then(Value::as_array)),
        _ => (title.filter(|_| top.contains_key("status")), top.get("errors").and_then(Value::as_array)),
    };
    let listed =
        |errors: &Vec<Value>| errors.iter().filter_map(part).take(SHOWN).collect::<Vec<_>>().join("; ");
    let errors = errors.map(listed).filter(|errors| !errors.is_empty());
    match (detail, errors) {
        (Some(detail), Some(errors)) => Some(format!("{detail} ({errors})")),
        (Some(detail), None) => Some(detail.to_owned()),
        // A list of errors alone is one of the other envelopes, unless it stands under `detail`.
        (None, Some(errors)) => top.contains_key("detail").then_some(errors),
        (None, None) => None,
    }
}

/// `field text, text; field text`.
fn said_of_fields(fields: &serde_json::Map<String, Value>) -> String {
    let of_field = |(field, texts): (&String, &Value)| {
        let texts: Vec<&str> = match texts {
            Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
            text => text.as_str().into_iter().collect(),
        };
        format!("{field} {}", texts.join(", "))
    };
    fields.iter().map(of_field).collect::<Vec<_>>().join("; ")
}

impl Connection {
    /// `text` from the API, without credentials and not longer than a message can bear.
    pub(in crate::provider) fn quote(&self, text: &str) -> String {
        // Cleaned first: a credential that is cut in two would not be found any more.
        let clean = self.redactor.clean(text);
        let mut quote: String = clean.chars().take(LONGEST_QUOTE).collect();
        if clean.chars().nth(LONGEST_QUOTE).is_some() {
            quote.push('…');
        }
        quote
    }

    /// A failure at `request` that only this program noticed.
    pub(in crate::provider) fn malformed(&self, request: &RequestLine, what: &str) -> Failure {
        Failure {
            kind: ReadErrorKind::Malformed,
            effect: Effect::Unknown,
            status: None,
            code: None,
            request: request.clone(),
            message: format!("{} {}", request.0, self.quote(what)),
            help: Some(MALFORMED.to_owned()),
        }
    }

    /// The failure that an answer with another status than 2xx is.
    pub(super) fn refused(&self, answer: &Answer) -> Failure {
        let status = answer.status;
        let (kind, effect, help) = match status {
            300..=399 => (ReadErrorKind::Malformed, Effect::Unknown, Some(
                "Redirects are not followed, so that the credential stays with its host. Set `settings.url` to the address of the API itself.".to_owned(),
            )),
            401 => (ReadErrorKind::Denied, Effect::Refused, Some(self.credential_help())),
            403 | 410 => (ReadErrorKind::Denied, Effect::Refused, None),
            408 => (ReadErrorKind::Unreachable, Effect::Unknown, None),
            429 => (ReadErrorKind::RateLimited, Effect::Refused, Some(format!(
                "Wait and run it again, or set {DEADLINE} to the number of seconds that it may wait."
            ))),
            400..=499 => (ReadErrorKind::Rejected, Effect::Refused, None),
            _ => (ReadErrorKind::Unreachable, Effect::Unknown, Some(
                "The provider failed. Run it again later; `-v` shows each request.".to_owned(),
            )),
        };
        let reason = reqwest::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let mut message = format!("{} answered {status}", answer.request.0);
        if let Some(reason) = reason {
            message.push(' ');
            message.push_str(reason);
        }
        let said = said(&answer.body);
        if let Some(host) = &answer.redirect {
            message.push_str(&format!(", a redirect to {}", self.quote(host)));
        } else if let Some(text) = said.text {
            message.push_str(&format!(": {}", self.quote(&text)));
        } else if let Some(title) = html_title(&answer.body) {
            message.push_str(&format!(" with an HTML page{}", self.quote(&title)));
        }
        let code = said.code.map(|code| self.quote(&code));
        let request = answer.request.clone();
        Failure { kind, effect, status: Some(status), code, request, message, help }
    }

    /// The failure that no whole answer is.
    pub(super) fn troubled(&self, request: RequestLine, trouble: &Trouble) -> Failure {
        let host = &self.destination.host;
        let (kind, effect, help) = match trouble.kind {
            TroubleKind::NotConnected => (
                ReadErrorKind::Unreachable,
                Effect::NotSent,
                Some(format!("Check the network, the proxy, and the name {host}.")),
            ),
            TroubleKind::NotTrusted => (
                ReadErrorKind::Unreachable,
                Effect::NotSent,
                Some(format!(
                    "Check the certificate of {host}, the clock, and the system's certificates (SSL_CERT_FILE names others)."
                )),
            ),
            TroubleKind::NoAnswer => (ReadErrorKind::Unreachable, Effect::Unknown, None),
            TroubleKind::Deadline => (
                ReadErrorKind::Unreachable,
                Effect::Unknown,
                Some(format!("Set {DEADLINE} to more seconds.")),
            ),
            TroubleKind::GivenUp => (ReadErrorKind::Unreachable, Effect::Unknown, Some(LOOK.to_owned())),
            TroubleKind::Cut | TroubleKind::Unusable => (ReadErrorKind::Malformed, Effect::Unknown, None),
        };
        let message = format!("{} {}", request.0, self.quote(&trouble.what));
        Failure { kind, effect, status: trouble.status, code: None, request, message, help }
    }

    /// The failure of a request that an interrupt came before.
    pub(super) fn interrupted(request: RequestLine) -> Failure {
        Failure {
            kind: ReadErrorKind::Unreachable,
            effect: Effect::NotSent,
            status: None,
            code: None,
            message: format!("{} was not sent: the run was interrupted", request.0),
            request,
            help: Some(LOOK.to_owned()),
        }
    }

    /// The failure that waiting beyond the deadline would be.
    pub(super) fn too_long(&self, request: RequestLine, wait: Duration, why: &str) -> Failure {
        Failure {
            kind: ReadErrorKind::RateLimited,
            effect: Effect::NotSent,
            status: None,
            code: None,
            message: format!(
                "{} would have to wait {} s more because {why}, beyond the {} s that all requests together may take",
                request.0,
                wait.as_secs_f64().ceil(),
                self.limits.deadline.as_secs()
            ),
            request,
            help: Some(format!("Set {DEADLINE} to more seconds.")),
        }
    }

    fn credential_help(&self) -> String {
        match self.destination.sends {
            Sends::Credential => format!(
                "The credential in {} is not accepted. Check that it is the whole key, not expired, and of this tenant and region.",
                self.variable
            ),
            Sends::Dummy => format!(
                "A server on this machine gets a dummy credential. To send the one in {}, add `--allow-host {}`.",
                self.variable, self.destination.host
            ),
        }
    }
}

/// ` titled "…"` of an HTML page, empty where it has no title; `None` where it is no HTML.
pub(super) fn html_title(body: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(body.get(..body.len().min(16 << 10)).unwrap_or_default());
    let head = head.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if !head.starts_with('<') {
        return None;
    }
    let lower = head.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|start| {
        let open = start + lower.get(start..)?.find('>')? + 1;
        let close = open + lower.get(open..)?.find("</title")?;
        head.get(open..close).map(str::trim)
    });
    Some(
        title
            .filter(|title| !title.is_empty())
            .map(|title| format!(" titled \"{title}\""))
            .unwrap_or_default(),
    )
}

/// Whether TLS is what failed.
pub(super) fn is_tls(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<rustls::Error>().is_some())
}

/// Whether the body is not what its compression promises. What is cut off is not: the connection
/// broke, and the next try may bring the whole.
pub(super) fn is_decompression(error: &reqwest::Error) -> bool {
    let kinds = [io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput];
    // A broken chunk is an error of the body, not of what decodes it.
    let of_body = causes(error).any(|cause| cause.to_string().contains("chunk"));
    !of_body
        && causes(error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| kinds.contains(&cause.kind()))
}

/// The innermost cause, which is the one that says something.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

/// All causes. An I/O error that wraps another one does not give that as its source, so it is
/// looked into.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    fn next<'a>(cause: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        let cause: &'a (dyn Error + 'static) = *cause;
        match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => cause.source(),
        }
    }
    // A chain that leads back to itself must not hang the program.
    std::iter::successors(error.source(), next).take(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_envelope_is_understood() {
        for (body, text) in [
            (r#"{"error":{"code":"forbidden","message":"no","retry_after":2}}"#, "forbidden: no"),
            (r#"{"error":{"code":"forbidden"}}"#, "forbidden"),
            (r#"{"error":"no"}"#, "no"),
            (r#"{"errors":[{"message":"no"},{"message":"never"}]}"#, "no"),
            (r#"{"errors":["no"]}"#, "no"),
            (r#"{"message":"no","code":"X"}"#, "X: no"),
            (
                r#"{"message":{"role":["not found","gone"],"user":"queued"}}"#,
                "role not found, gone; user queued",
            ),
            (r#"{"title":"Forbidden","status":403,"detail":"no"}"#, "no"),
            (r#"{"title":"Forbidden","status":403,"detail":null}"#, "Forbidden"),
            (r#"{"detail":"no"}"#, "no"),
            (
                r#"{"title":"T","status":422,"detail":"no","errors":[{"loc":["body","role_id"],"msg":"required"},{"field":"x","message":"odd"}]}"#,
                "no (body.role_id: required; x: odd)",
            ),
            (r#"{"detail":[{"loc":["body",0],"msg":"required"},{"msg":"odd"}]}"#, "body.0: required; odd"),
        ] {
            assert_eq!(said(body.as_bytes()).text.as_deref(), Some(text), "{body}");
        }
        for body in ["", "[]", "null", "{}", "{\"error\":null}", "{\"errors\":[]}", "not json"] {
            assert_eq!(said(body.as_bytes()).text, None, "{body}");
        }
    }

    #[test]
    fn a_wait_in_the_body_is_understood() {
        let wait = |body: &str| said(body.as_bytes()).retry_after;
        assert_eq!(wait(r#"{"error":{"retry_after":1.5}}"#), Some(Duration::from_millis(1500)));
        assert_eq!(wait(r#"{"retry_after":3}"#), Some(Duration::from_secs(3)));
        assert_eq!(wait(r#"{"error":{"retry_after":"3"}}"#), None);
        assert_eq!(wait(r#"{"error":{"retry_after":-3}}"#), None);
    }

    #[test]
    fn a_page_is_known_by_its_title() {
        assert_eq!(
            html_title(b"<html><TITLE lang=en> Sign in </TITLE>").as_deref(),
            Some(" titled \"Sign in\"")
        );
        assert_eq!(html_title(b"\n<!doctype html>").as_deref(), Some(""));
        assert_eq!(html_title(b"<title>never closed").as_deref(), Some(""));
        assert_eq!(html_title(b"{\"a\":1}"), None);
    }
}
