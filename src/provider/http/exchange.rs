//! One request and its answer, within bounds. What to make of a failure is decided elsewhere.

use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    Method, Response,
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
};
use tokio::time::Instant;

use super::{Connection, Event, failure, pages::PageHeaders, pause};
use crate::provider::RequestLine;

/// A request.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) method: Method,
    pub(super) segments: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<&'a [u8]>,
    /// Whether the credential goes along.
    pub(super) signed: bool,
}

/// An answer.
#[derive(Debug)]
pub(in crate::provider) struct Answer {
    /// The request it answers.
    pub(in crate::provider) request: RequestLine,
    /// HTTP status.
    pub(in crate::provider) status: u16,
    /// The body; of an answer that is no success only the beginning.
    pub(in crate::provider) body: Vec<u8>,
    /// What `Retry-After` asks for, or else when a limit that is used up begins anew.
    pub(super) retry_after: Option<Duration>,
    /// What its headers say about pages.
    pub(super) pages: PageHeaders,
    /// The host that a redirect leads to.
    pub(super) redirect: Option<String>,
}

/// Why there is no whole answer.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) kind: TroubleKind,
    /// What happened, to follow the request in a sentence.
    pub(super) what: String,
    pub(super) status: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TroubleKind {
    /// There was no connection, so nothing was sent; trying again may help.
    NotConnected,
    /// The server's certificate is not accepted; trying again does not help.
    NotTrusted,
    /// No answer, or not in time.
    NoAnswer,
    /// The answer began and ended early.
    Cut,
    /// The answer is too large, or not compressed as it says.
    Unusable,
    /// The time for the whole command is over.
    Deadline,
    /// Somebody interrupted the run, and did not want to wait for the answer.
    GivenUp,
}

/// In a segment of a path everything but the unreserved characters of RFC 3986 is encoded, so that a
/// colon, an asterisk, or a slash in it is one for every server and for every proxy before it.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Of an answer that is no success, this much is read: enough for a message.
const LONGEST_REFUSAL: usize = 64 << 10;

impl Ask<'_> {
    /// Method, path, and query, for the log; the credential stands in a header.
    fn whole_line(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(self.query).finish();
        let sign = if query.is_empty() { "" } else { "?" };
        format!("{}{sign}{query}", self.line().0)
    }

    /// Method and path, for messages.
    pub(super) fn line(&self) -> RequestLine {
        RequestLine(format!("{} /{}", self.method, self.segments.join("/")))
    }
}

impl Connection {
    /// Sends `ask` once.
    pub(super) async fn exchange(&self, ask: &Ask<'_>, deadline: Instant) -> Result<Answer, Trouble> {
        let start = Instant::now();
        self.counters.sent();
        let trouble = |kind, what| Err(Trouble { kind, what, status: None });
        let result = tokio::select! {
            result = tokio::time::timeout_at(deadline, self.send_and_read(ask)) => {
                result.unwrap_or_else(|_| {
                    let seconds = self.limits.deadline.as_secs();
                    let what = format!("did not end within the {seconds} s that all requests together may take");
                    trouble(TroubleKind::Deadline, what)
                })
            }
            () = self.stop.gives_up() => {
                trouble(TroubleKind::GivenUp, "was given up without an answer: the run was interrupted".to_owned())
            }
        };
        let status = match &result {
            Ok(answer) => Some(answer.status),
            Err(trouble) => trouble.status,
        };
        let bytes = result.as_ref().map_or(0, |answer| answer.body.len());
        self.counters.received(bytes);
        let ms = start.elapsed().as_millis() as u64;
        let request = RequestLine(self.redactor.clean(&ask.whole_line()).into_owned());
        self.report(&Event::Request { request, status, ms });
        result
    }

    async fn send_and_read(&self, ask: &Ask<'_>) -> Result<Answer, Trouble> {
        let mut url = self.destination.base.clone();
        let mut path = url.path().trim_end_matches('/').to_owned();
        // A segment of dots would lead elsewhere, however it is encoded.
        for segment in ask.segments.iter().filter(|segment| !matches!(**segment, "." | "..")) {
            path.push('/');
            path.extend(utf8_percent_encode(segment, SEGMENT));
        }
        url.set_path(&path);
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(ask.query);
        }
        let (name, value) = &self.header;
        let mut request = self.http.request(ask.method.clone(), url).header(ACCEPT, "application/json");
        if ask.signed {
            request = request.header(name, value);
        }
        if let Some(body) = ask.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_vec());
        }
        let mut response = request
            .send()
            .await
            .map_err(|error| not_answered(error, &self.limits.connect, &self.limits.read))?;

        let status = response.status();
        let now = Timestamp::now();
        let used_up = pause::until_reset(response.headers(), now);
        if let Some(wait) = used_up {
            self.close_for(wait);
        }
        let mut answer = Answer {
            request: ask.line(),
            status: status.as_u16(),
            body: Vec::new(),
            retry_after: pause::from_header(response.headers(), now).or(used_up),
            pages: PageHeaders::read(response.headers()),
            redirect: status.is_redirection().then(|| redirect_host(&response)),
        };
        if status.is_success() {
            self.read_whole(&mut response, &mut answer.body).await?;
        } else {
            // The status says enough; a body that breaks does not matter.
            while let Ok(Some(chunk)) = response.chunk().await {
                answer.body.extend_from_slice(&chunk);
                if answer.body.len() >= LONGEST_REFUSAL {
                    answer.body.truncate(LONGEST_REFUSAL);
                    break;
                }
            }
        }
        Ok(answer)
    }

    async fn read_whole(&self, response: &mut Response, body: &mut Vec<u8>) -> Result<(), Trouble> {
        let status = Some(response.status().as_u16());
        let limit = self.limits.answer;
        let too_large = || Trouble {
            kind: TroubleKind::Unusable,
            what: format!("answered with more than {} MiB", limit >> 20),
            status,
        };
        // Of a compressed answer the length is not known here; it is counted below.
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(too_large()),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(()),
                Err(error) if failure::is_decompression(&error) => {
                    return Err(Trouble {
                        kind: TroubleKind::Unusable,
                        what: format!(
                            "answered with a body that is not compressed as it says, after {}",
                            count(body.len())
                        ),
                        status,
                    });
                }
                Err(error) => {
                    let how = if error.is_timeout() { "fell silent" } else { "broke off" };
                    return Err(Trouble {
                        kind: TroubleKind::Cut,
                        what: format!("answered, but the answer {how} after {}", count(body.len())),
                        status,
                    });
                }
            }
        }
    }
}

fn count(bytes: usize) -> String {
    format!("{bytes} byte{}", if bytes == 1 { "" } else { "s" })
}

fn not_answered(error: reqwest::Error, connect: &Duration, read: &Duration) -> Trouble {
    let error = error.without_url();
    let connecting = error.is_connect();
    let (kind, what) = if failure::is_tls(&error) {
        (
            TroubleKind::NotTrusted,
            format!("was not sent: no trusted TLS connection ({})", failure::root_cause(&error)),
        )
    } else if connecting && error.is_timeout() {
        (TroubleKind::NotConnected, format!("was not sent: no connection within {} s", connect.as_secs()))
    } else if connecting {
        (TroubleKind::NotConnected, format!("was not sent: no connection ({})", failure::root_cause(&error)))
    } else if error.is_builder() {
        (TroubleKind::NotTrusted, format!("was not sent: {}", failure::root_cause(&error)))
    } else if error.is_timeout() {
        (TroubleKind::NoAnswer, format!("got no answer within {} s", read.as_secs()))
    } else {
        (
            TroubleKind::NoAnswer,
            format!("got no answer: the connection broke ({})", failure::root_cause(&error)),
        )
    };
    Trouble { kind, what, status: None }
}

/// The host that `Location` names, for the message; the redirect is never followed.
fn redirect_host(response: &Response) -> String {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let target = location.and_then(|text| response.url().join(text).ok());
    target.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "an unknown place".to_owned())
}
