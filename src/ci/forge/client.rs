//! Talking to a forge within bounds: how long, how much, how often, and where the token goes.

use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    Method, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LINK, LOCATION, RETRY_AFTER},
};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::{Host, Url};

use super::{Kind, NoAccess, Refusal};
use crate::{model::secret::Secret, provider::http};

/// All requests of a run together may take this long.
const DEADLINE: Duration = Duration::from_secs(300);
/// Longest time to connect, and longest silence.
const SILENCE: Duration = Duration::from_secs(30);
/// A forge that asks for more patience than this is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The pause before something is read again.
const PAUSE: Duration = Duration::from_secs(1);
/// So often a request is sent again that a limit turned away.
const LIMITED: u32 = 2;
/// Largest answer in bytes, decompressed: a hundred comments of the greatest length, and more.
const LARGEST: usize = 32 << 20;
/// Of an answer that is no success, this much is read.
const LARGEST_REFUSAL: usize = 64 << 10;
/// Most pages of one list, of a hundred each: GitHub lets nobody comment any more after 2,500.
const PAGES: u32 = 100;
/// Everything but the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whom to talk to.
pub struct Service<'a> {
    /// Base URL of the API, as the CI system tells it.
    pub url: &'a str,
    /// The variable that the URL comes from, for messages.
    pub variable: &'static str,
    /// The header that the token goes into, in small letters.
    pub header: &'static str,
    /// What stands before the token in it.
    pub prefix: &'static str,
    /// The forge's token.
    pub token: &'a Secret,
    /// The media type to ask for.
    pub accept: &'static str,
    /// Another header, in small letters, and its value.
    pub also: Option<(&'static str, &'static str)>,
}

/// A client of a forge's API.
pub struct Client {
    http: reqwest::Client,
    base: Url,
    loopback: bool,
    signed: HeaderMap,
    deadline: Instant,
}

/// A request.
struct Ask<'a> {
    method: Method,
    segments: &'a [&'a str],
    query: &'a [(&'a str, &'a str)],
    body: Option<Vec<u8>>,
}

/// An answer.
struct Answer {
    status: StatusCode,
    body: Vec<u8>,
    /// Whether there is a further page.
    more: bool,
    /// What a limit asks for; `None` where the headers speak of none.
    wait: Option<Duration>,
    /// Where a redirect leads.
    location: Option<Url>,
}

impl Ask<'_> {
    fn line(&self) -> String {
        format!("{} /{}", self.method, self.segments.join("/"))
    }
}

impl Client {
    /// Prepares a client; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Where the token or the address cannot be used.
    pub fn open(service: &Service<'_>) -> Result<Self, NoAccess> {
        let no = |message: String, help: &str| Err(NoAccess { message, help: help.to_owned() });
        let variable = service.variable;
        let Some((base, loopback)) = base(service.url) else {
            return no(
                format!("the address in {variable} cannot be used"),
                "It has to be an https URL without user, query, or fragment; the CI system sets it.",
            );
        };
        let value = HeaderValue::try_from(format!("{}{}", service.prefix, service.token.expose()));
        let (Ok(name), Ok(mut value)) = (HeaderName::try_from(service.header), value) else {
            return no(
                "the forge's token does not fit into a header".to_owned(),
                "Store it as it was issued, on one line.",
            );
        };
        value.set_sensitive(true);
        let mut signed =
            HeaderMap::from_iter([(name, value), (ACCEPT, HeaderValue::from_static(service.accept))]);
        if let Some((name, value)) = service.also {
            signed.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        http::install_tls();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .gzip(true)
            .connect_timeout(SILENCE)
            .read_timeout(SILENCE)
            .https_only(!loopback);
        if loopback {
            builder = builder.no_proxy();
            if base.scheme() == "http" {
                // Plain http needs no certificates, so it works where the system has none.
                builder = builder.tls_certs_only([]);
            }
        }
        match builder.build() {
            Ok(http) => Ok(Self { http, base, loopback, signed, deadline: Instant::now() + DEADLINE }),
            Err(error) => no(format!("the system gives no HTTPS client: {}", error.without_url()), ""),
        }
    }

    /// Whether another URL has the same scheme, host, and port.
    pub(super) fn is_of(&self, other: &str) -> bool {
        Url::parse(other).is_ok_and(|other| other.origin() == self.base.origin())
    }

    /// Reads one object.
    ///
    /// # Errors
    ///
    /// What the forge, or the way to it, says against that.
    pub async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Refusal> {
        let ask = Ask { method: Method::GET, segments, query, body: None };
        let answer = self.exchange(&ask, true).await?;
        parsed(&ask, &answer.body)
    }

    /// Reads every page of a list, and hands each one to `each`.
    ///
    /// The next page is asked for by its number: what the header of the answer says about its address is
    /// not followed.
    ///
    /// # Errors
    ///
    /// What the forge, or the way to it, says against that; and where the list does not end.
    pub async fn pages<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        mut each: impl FnMut(T),
    ) -> Result<(), Refusal> {
        let mut request = String::new();
        for page in 1..=PAGES {
            let number = page.to_string();
            let query = [query, &[("per_page", "100"), ("page", &number)]].concat();
            let ask = Ask { method: Method::GET, segments, query: &query, body: None };
            let answer = self.exchange(&ask, true).await?;
            each(parsed(&ask, &answer.body)?);
            if !answer.more {
                return Ok(());
            }
            request = ask.line();
        }
        Err(Refusal::new(Kind::Malformed, &request, None, format!("has more than {PAGES} pages")))
    }

    /// Sends something that changes the forge's state. It is repeated only where it certainly was not
    /// carried out.
    ///
    /// # Errors
    ///
    /// What the forge, or the way to it, says against that.
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        segments: &[&str],
        body: &serde_json::Value,
    ) -> Result<T, Refusal> {
        let ask = Ask { method, segments, query: &[], body: Some(body.to_string().into_bytes()) };
        let answer = self.exchange(&ask, false).await?;
        parsed(&ask, &answer.body)
    }

    /// Reads a file of at most `largest` bytes, which may lie elsewhere: one redirect is followed, and the
    /// token does not go along.
    ///
    /// # Errors
    ///
    /// What the forge, or the way to it, says against that.
    pub async fn download(&self, segments: &[&str], largest: usize) -> Result<Vec<u8>, Refusal> {
        let ask = Ask { method: Method::GET, segments, query: &[], body: None };
        let no = |what: &str| Refusal::new(Kind::Malformed, &ask.line(), None, what);
        let answer = self.repeated(&ask, true, largest).await?;
        if answer.status.is_success() {
            return Ok(answer.body);
        }
        let place = answer.location.filter(|_| answer.status.is_redirection());
        let Some(place) = place else {
            return Err(self.refusal(&ask, &answer.status, &answer.body, answer.wait));
        };
        let (_, loopback) = base(place.as_str().split(['?', '#']).next().unwrap_or_default())
            .ok_or_else(|| no("leads to an address that is not followed"))?;
        if loopback && !self.loopback {
            return Err(no("leads to this machine, which is not followed"));
        }
        let request = self.http.get(place).header(ACCEPT, "*/*");
        let answer = self.answer(request, &ask, largest).await?;
        match answer.status.is_success() {
            true => Ok(answer.body),
            false => Err(self.refusal(&ask, &answer.status, &answer.body, answer.wait)),
        }
    }

    async fn exchange(&self, ask: &Ask<'_>, reads: bool) -> Result<Answer, Refusal> {
        let answer = self.repeated(ask, reads, LARGEST).await?;
        match answer.status.is_success() {
            true => Ok(answer),
            false => Err(self.refusal(ask, &answer.status, &answer.body, answer.wait)),
        }
    }

    /// Sends `ask` until there is an answer to keep: again after a limit, and once more where something
    /// that only `reads` came to nothing.
    async fn repeated(&self, ask: &Ask<'_>, reads: bool, largest: usize) -> Result<Answer, Refusal> {
        let (mut limited, mut broken) = (0, false);
        loop {
            let result = self.once(ask, largest).await;
            let (kind, wait) = match &result {
                Ok(answer) if answer.status.is_success() || answer.status.is_redirection() => return result,
                Ok(answer) => {
                    (self.refusal(ask, &answer.status, &answer.body, answer.wait).kind, answer.wait)
                }
                Err(refusal) => (refusal.kind, None),
            };
            let pause = match kind {
                // A limit without a time: GitHub asks for a minute at least.
                Kind::Limited if limited < LIMITED => wait.unwrap_or(LONGEST_PAUSE),
                Kind::NotSent if !broken => PAUSE,
                Kind::Broken | Kind::NoAnswer if reads && !broken => PAUSE,
                _ => return result,
            };
            match kind {
                Kind::Limited => limited += 1,
                _ => broken = true,
            }
            // Asked again earlier than the forge wants, it would only turn away for longer.
            if pause > LONGEST_PAUSE || Instant::now() + pause > self.deadline {
                return result;
            }
            tracing::info!(request = %ask.line(), seconds = pause.as_secs(), "waiting");
            tokio::time::sleep(pause).await;
        }
    }

    async fn once(&self, ask: &Ask<'_>, largest: usize) -> Result<Answer, Refusal> {
        let mut url = self.base.clone();
        let mut path = url.path().trim_end_matches('/').to_owned();
        for segment in ask.segments {
            // A segment of dots would lead elsewhere, however it is encoded.
            if matches!(*segment, "" | "." | "..") {
                return Err(Refusal::new(Kind::Malformed, &ask.line(), None, "is no address"));
            }
            path.push('/');
            path.extend(utf8_percent_encode(segment, SEGMENT));
        }
        url.set_path(&path);
        if !ask.query.is_empty() {
            url.query_pairs_mut().extend_pairs(ask.query);
        }
        let mut request = self.http.request(ask.method.clone(), url).headers(self.signed.clone());
        if let Some(body) = &ask.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        self.answer(request, ask, largest).await
    }

    async fn answer(
        &self,
        request: reqwest::RequestBuilder,
        ask: &Ask<'_>,
        largest: usize,
    ) -> Result<Answer, Refusal> {
        let line = ask.line();
        let late = || {
            let seconds = DEADLINE.as_secs();
            let what = format!("did not end within the {seconds} s that all requests together may take");
            Refusal::new(Kind::NoAnswer, &line, None, what)
        };
        let reading = async {
            let mut response = request.send().await.map_err(|error| {
                let kind =
                    if error.is_connect() || error.is_builder() { Kind::NotSent } else { Kind::NoAnswer };
                let what =
                    if kind == Kind::NotSent { "was not sent: no connection" } else { "got no answer" };
                Refusal::new(kind, &line, None, what)
            })?;
            let mut answer = Answer::of_headers(&response);
            let largest = if answer.status.is_success() { largest } else { LARGEST_REFUSAL };
            answer.body = body(&mut response, largest, &line).await?;
            tracing::info!(request = %line, status = answer.status.as_u16(), bytes = answer.body.len());
            Ok(answer)
        };
        tokio::time::timeout_at(self.deadline, reading).await.unwrap_or_else(|_| Err(late()))
    }

    fn refusal(&self, ask: &Ask<'_>, status: &StatusCode, body: &[u8], wait: Option<Duration>) -> Refusal {
        Refusal::of(&ask.line(), status.as_u16(), body, wait.is_some())
    }
}

impl Answer {
    fn of_headers(response: &Response) -> Self {
        let headers = response.headers();
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let location = text(LOCATION).and_then(|place| response.url().join(place).ok());
        Self {
            status: response.status(),
            body: Vec::new(),
            more: text(LINK).is_some_and(has_next),
            wait: wait(headers, Timestamp::now()),
            location,
        }
    }
}

/// The whole body of a success; of anything else the beginning.
async fn body(response: &mut Response, largest: usize, line: &str) -> Result<Vec<u8>, Refusal> {
    let success = response.status().is_success();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > largest => {
                if success {
                    let what = format!("was answered with more than {} MiB", largest >> 20);
                    return Err(Refusal::new(Kind::Malformed, line, None, what));
                }
                return Ok(body);
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            // The status says enough.
            Err(_) if !success => return Ok(body),
            Err(_) => return Err(Refusal::new(Kind::NoAnswer, line, None, "got an answer that broke off")),
        }
    }
}

fn parsed<T: DeserializeOwned>(ask: &Ask<'_>, body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let what = format!("was answered with something else than documented (column {})", error.column());
        Refusal::new(Kind::Malformed, &ask.line(), None, what)
    })
}

/// A URL to which paths can be added, and whether it is this machine: `https`, and `http` only there.
fn base(url: &str) -> Option<(Url, bool)> {
    let parsed = Url::parse(url).ok()?;
    let loopback = match parsed.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    let encrypted = parsed.scheme() == "https" || parsed.scheme() == "http" && loopback;
    let plain = parsed.username().is_empty()
        && parsed.password().is_none()
        && parsed.query().is_none()
        && parsed.fragment().is_none();
    (encrypted && plain).then_some((parsed, loopback))
}

/// Whether a `Link` header (RFC 8288) names a next page.
fn has_next(link: &str) -> bool {
    link.split(',').any(|one| one.split(';').skip(1).any(|part| part.trim().replace('"', "") == "rel=next"))
}

/// How long a limit asks to wait: `Retry-After` in seconds, or else the time at which a limit that is
/// used up begins anew.
fn wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    let seconds = number(RETRY_AFTER.as_str()).or_else(|| {
        let used_up = |kind: &str| number(&format!("{kind}-remaining")) == Some(0);
        let kind = ["x-ratelimit", "ratelimit"].into_iter().find(|kind| used_up(kind))?;
        Some(number(&format!("{kind}-reset"))?.saturating_sub(now.as_second()))
    })?;
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}
