//! The grammar of faults.

use std::time::Duration;

use globset::{GlobBuilder, GlobMatcher};

use super::EmulatorError;
use super::call::Call;

/// A fault: which requests it meets and what happens to them.
///
/// The text form is `METHOD PATH-GLOB WORD...`, separated by blanks:
///
/// - `METHOD`: an HTTP method, `*` for any, `READ` or `WRITE`;
/// - `PATH-GLOB`: matched against the path as sent; `*` stays within a segment, `**` crosses segments;
/// - selection, all counted over the requests that match method and path: `after=N` skips the first `N`,
///   `nth=N` takes only the `N`th of the rest, `every=N` each `N`th of the rest, `times=N` stops after `N` firings;
/// - `latency=MS`: waits before anything else; may stand alone or beside an effect;
/// - at most one effect:
///
/// | word | effect |
/// |---|---|
/// | `status=N` | the product's documented error for the status; with `retry_after=S` in the body, `retry_after_header=S` as a header, `code=TEXT` as its code |
/// | `drop` | closes the connection before the request has an effect |
/// | `drop-after` | the request has its effect, then the connection is closed without an answer |
/// | `lose` | answers as if a write had its effect, which it has not |
/// | `truncate`, `truncate=BYTES` | cuts the connection in the middle of the body |
/// | `html` | a web page with status 200 (or `status=N`) instead of JSON |
/// | `redirect=URL` | 302 (or `status=N`) to the address |
/// | `garbage`, `garbage=KIND` | damages the JSON of the answer: `types` (default), `missing`, `ids`, `null`, `empty`, `scalar`, `array`, `deep`, `text` |
/// | `echo-credential`, `echo-credential=FORM` | 400 (or `status=N`) whose body repeats the credential: `all` (default), `raw`, `base64`, `percent` |
/// | `stale=N` | a read is answered from the state before the last `N` writes; a write is not touched |
/// | `huge`, `huge=MIB` | pads the body to 65 (or `MIB`) mebibytes, in chunks without a declared length; with `gzip` compressed, some kilobytes per mebibyte |
/// | `loop-cursor` | a page whose cursor leads to the same page for ever |
///
/// `done` beside `status`, `html`, `redirect` or `echo-credential`: the request has its effect all the same.
/// Where several faults fire on one request, the first that has an effect wins; latencies add up.
#[derive(Debug, Clone)]
pub struct Fault {
    spec: String,
    method: String,
    path: GlobMatcher,
    after: u64,
    nth: Option<u64>,
    every: Option<u64>,
    times: Option<u64>,
    pub(crate) latency: Duration,
    pub(crate) effect: Option<Effect>,
}

/// What happens to a request that a fault meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The product's error.
    Status { status: u16, code: Option<String>, retry_after: Option<u64>, header: Option<u64>, done: bool },
    /// No effect, no answer.
    Drop,
    /// Effect, but no answer.
    DropAfter,
    /// An answer, but no effect.
    Lose,
    /// A body that is cut off after so many bytes, or in its middle.
    Truncate(Option<usize>),
    /// A web page.
    Html { status: u16, done: bool },
    /// Another address.
    Redirect { status: u16, url: String, done: bool },
    /// Damaged JSON.
    Garbage(Garbage),
    /// An error that repeats the credential.
    Echo { status: u16, form: Echo, done: bool },
    /// The state before so many writes.
    Stale(usize),
    /// A body of so many mebibytes.
    Huge { mebibytes: usize, gzip: bool },
    /// A cursor without an end.
    LoopCursor,
}

/// How an answer's JSON is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Garbage {
    /// Texts become numbers, numbers and booleans become texts.
    Types,
    /// The first field of every object is missing.
    Missing,
    /// Every id is `..`.
    Ids,
    /// The body is `null`.
    Null,
    /// The body has no bytes.
    Empty,
    /// The body is a number.
    Scalar,
    /// The body is an array of arrays.
    Array,
    /// The body is nested deeper than any parser should follow.
    Deep,
    /// The body is not JSON at all, though declared as such.
    Text,
}

/// In which form the credential is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    /// In all of the following forms.
    All,
    /// As it is.
    Raw,
    /// In base64.
    Base64,
    /// Percent-encoded.
    Percent,
}

/// The words of a specification that modify an effect.
#[derive(Default)]
struct Words {
    status: Option<u16>,
    code: Option<String>,
    retry_after: Option<u64>,
    header: Option<u64>,
    done: bool,
    gzip: bool,
}

impl Fault {
    /// Reads a fault from its text form.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Fault`] with the word that is not understood.
    pub fn parse(spec: &str) -> Result<Self, EmulatorError> {
        Self::read(spec).map_err(|reason| EmulatorError::Fault { spec: spec.to_owned(), reason })
    }

    /// The text that the fault was read from.
    pub fn spec(&self) -> &str {
        &self.spec
    }

    fn read(spec: &str) -> Result<Self, String> {
        let mut words = spec.split_whitespace();
        let method = words.next().ok_or("it is empty")?.to_ascii_uppercase();
        if method != "*" && !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("`{method}` is not an HTTP method, `*`, `READ` or `WRITE`"));
        }
        let glob = words.next().ok_or("the path is missing")?;
        if !glob.starts_with('/') && !glob.starts_with('*') {
            return Err(format!("the path `{glob}` must begin with `/` or `*`"));
        }
        let path = GlobBuilder::new(glob)
            .literal_separator(true)
            .build()
            .map_err(|error| format!("`{glob}` is not a glob: {error}"))?
            .compile_matcher();
        let mut fault = Self {
            spec: spec.to_owned(),
            method,
            path,
            after: 0,
            nth: None,
            every: None,
            times: None,
            latency: Duration::ZERO,
            effect: None,
        };
        let mut modifiers = Words::default();
        let mut effect: Option<(String, String)> = None;
        for word in words {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            match name {
                "nth" => fault.nth = Some(positive(name, value)?),
                "every" => fault.every = Some(positive(name, value)?),
                "times" => fault.times = Some(positive(name, value)?),
                "after" => fault.after = number(name, value)?,
                "latency" => fault.latency = Duration::from_millis(number(name, value)?),
                "status" => modifiers.status = Some(status(value)?),
                "retry_after" => modifiers.retry_after = Some(number(name, value)?),
                "retry_after_header" => modifiers.header = Some(number(name, value)?),
                "code" => modifiers.code = Some(value.to_owned()),
                "done" => modifiers.done = true,
                "gzip" => modifiers.gzip = true,
                _ => {
                    if let Some((earlier, _)) = &effect {
                        return Err(format!("it has two effects, `{earlier}` and `{name}`"));
                    }
                    effect = Some((name.to_owned(), value.to_owned()));
                }
            }
        }
        fault.effect =
            modifiers.effect(effect.as_ref().map(|(name, value)| (name.as_str(), value.as_str())))?;
        if fault.effect.is_none() && fault.latency.is_zero() {
            return Err("it has no effect; add for example `status=500`, `drop` or `latency=200`".to_owned());
        }
        Ok(fault)
    }

    /// Whether method and path are the fault's.
    pub(crate) fn matches(&self, call: &Call) -> bool {
        let method = match self.method.as_str() {
            "*" => true,
            "READ" => !call.is_mutating(),
            "WRITE" => call.is_mutating(),
            method => call.method == method,
        };
        method && self.path.is_match(&call.path)
    }

    /// Whether the fault fires on the `matched`th matching request (from 1) after it fired `fired` times.
    pub(crate) fn fires(&self, matched: u64, fired: u64) -> bool {
        let Some(position) = matched.checked_sub(self.after).filter(|position| *position > 0) else {
            return false;
        };
        self.nth.is_none_or(|nth| position == nth)
            && self.every.is_none_or(|every| position % every == 0)
            && self.times.is_none_or(|times| fired < times)
    }
}

impl Words {
    fn effect(self, word: Option<(&str, &str)>) -> Result<Option<Effect>, String> {
        let done = self.done;
        let effect = match word {
            None => match self.status {
                Some(status) => Effect::Status {
                    status,
                    code: self.code,
                    retry_after: self.retry_after,
                    header: self.header,
                    done,
                },
                None if self.retry_after.is_some()
                    || self.header.is_some()
                    || self.code.is_some()
                    || done =>
                {
                    return Err(
                        "`retry_after`, `retry_after_header`, `code` and `done` need `status=N`".to_owned()
                    );
                }
                None => return Ok(None),
            },
            Some(("drop", "")) => Effect::Drop,
            Some(("drop-after", "")) => Effect::DropAfter,
            Some(("lose", "")) => Effect::Lose,
            Some(("truncate", "")) => Effect::Truncate(None),
            Some(("truncate", bytes)) => Effect::Truncate(Some(size("truncate", bytes)?)),
            Some(("html", "")) => Effect::Html { status: self.status.unwrap_or(200), done },
            Some(("redirect", url)) if !url.is_empty() => {
                Effect::Redirect { status: self.status.unwrap_or(302), url: url.to_owned(), done }
            }
            Some(("redirect", _)) => {
                return Err("`redirect` needs an address: `redirect=URL`".to_owned());
            }
            Some(("garbage", kind)) => Effect::Garbage(garbage(kind)?),
            Some(("echo-credential", form)) => {
                Effect::Echo { status: self.status.unwrap_or(400), form: echo(form)?, done }
            }
            Some(("stale", writes)) => Effect::Stale(size("stale", writes)?),
            Some(("huge", "")) => Effect::Huge { mebibytes: 65, gzip: self.gzip },
            Some(("huge", mebibytes)) => match size("huge", mebibytes)? {
                mebibytes if mebibytes <= 1024 => Effect::Huge { mebibytes, gzip: self.gzip },
                _ => return Err("`huge` is at most 1024 mebibytes".to_owned()),
            },
            Some(("loop-cursor", "")) => Effect::LoopCursor,
            Some((name, _)) => {
                return Err(format!(
                    "`{name}` is not understood here; effects are status=N, drop, drop-after, lose, truncate, html, \
                     redirect=URL, garbage, echo-credential, stale=N, huge, loop-cursor"
                ));
            }
        };
        Ok(Some(effect))
    }
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("`{name}` needs a whole number, not `{value}`"))
}

fn positive(name: &str, value: &str) -> Result<u64, String> {
    match number(name, value)? {
        0 => Err(format!("`{name}` counts from 1")),
        value => Ok(value),
    }
}

fn size(name: &str, value: &str) -> Result<usize, String> {
    number(name, value).and_then(|value| usize::try_from(value).map_err(|_| format!("`{name}` is too large")))
}

fn status(value: &str) -> Result<u16, String> {
    match value.parse() {
        Ok(status) if (200..600).contains(&status) => Ok(status),
        _ => Err(format!("`status` needs an HTTP status from 200 to 599, not `{value}`")),
    }
}

fn garbage(kind: &str) -> Result<Garbage, String> {
    Ok(match kind {
        "" | "types" => Garbage::Types,
        "missing" => Garbage::Missing,
        "ids" => Garbage::Ids,
        "null" => Garbage::Null,
        "empty" => Garbage::Empty,
        "scalar" => Garbage::Scalar,
        "array" => Garbage::Array,
        "deep" => Garbage::Deep,
        "text" => Garbage::Text,
        _ => {
            return Err(format!(
                "`garbage={kind}` is not one of types, missing, ids, null, empty, scalar, array, deep, text"
            ));
        }
    })
}

fn echo(form: &str) -> Result<Echo, String> {
    Ok(match form {
        "" | "all" => Echo::All,
        "raw" => Echo::Raw,
        "base64" => Echo::Base64,
        "percent" => Echo::Percent,
        _ => {
            return Err(format!("`echo-credential={form}` is not one of all, raw, base64, percent"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, path: &str) -> Call {
        Call::new(method, path, "", Vec::new(), Vec::new())
    }

    #[test]
    fn the_examples_of_the_grammar_are_read() {
        let fault = Fault::parse("POST /v1/roles status=500 nth=2").unwrap();
        assert!(fault.matches(&call("POST", "/v1/roles")));
        assert!(!fault.matches(&call("GET", "/v1/roles")));
        assert!(!fault.matches(&call("POST", "/v1/roles/x")));
        assert_eq!((1..4).map(|matched| fault.fires(matched, 0)).collect::<Vec<_>>(), [false, true, false]);
        let fault = Fault::parse("GET /v1/users status=429 retry_after=1 times=3").unwrap();
        assert!(fault.fires(1, 0) && fault.fires(3, 2) && !fault.fires(4, 3));
        let fault = Fault::parse("WRITE /v1/** every=2 after=1 drop-after latency=5").unwrap();
        assert!(fault.matches(&call("DELETE", "/v1/roles/a/b")) && !fault.matches(&call("GET", "/v1/roles")));
        assert_eq!(
            (1..6).map(|matched| fault.fires(matched, 0)).collect::<Vec<_>>(),
            [false, false, true, false, true]
        );
        assert_eq!(fault.effect, Some(Effect::DropAfter));
    }

    #[test]
    fn every_mistake_is_an_error_that_shows_it() {
        for (spec, part) in [
            ("", "empty"),
            ("GET", "path is missing"),
            ("GET v1 drop", "must begin"),
            ("G-T /v1 drop", "HTTP method"),
            ("GET /v1", "no effect"),
            ("GET /v1/[ drop", "glob"),
            ("GET /v1 drop html", "two effects"),
            ("GET /v1 status=99", "200 to 599"),
            ("GET /v1 nth=0 drop", "from 1"),
            ("GET /v1 nth=x drop", "whole number"),
            ("GET /v1 retry_after=1", "need `status=N`"),
            ("GET /v1 redirect", "needs an address"),
            ("GET /v1 garbage=x", "not one of"),
            ("GET /v1 echo-credential=x", "not one of"),
            ("GET /v1 huge=9999", "at most"),
            ("GET /v1 stale", "whole number"),
            ("GET /v1 explode", "not understood"),
        ] {
            let error = Fault::parse(spec).unwrap_err().to_string();
            assert!(error.contains(part), "{spec}: {error}");
        }
    }
}
