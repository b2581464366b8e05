//! The two clients. They are different types: what holds a [`ReadClient`] has no way to send
//! anything but GET and GraphQL queries, and never resends a write of which the outcome is unknown.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use reqwest::Method;
use tokio::time::Instant;

use super::{
    Answer, Connection, Event, Failure, Quota, Why,
    exchange::{Ask, Trouble, TroubleKind},
    failure,
    pause::Pauses,
    quota::{Gate, Pass},
};
use crate::provider::Effect;

/// Reads, and nothing else.
#[derive(Clone, Debug)]
pub(in crate::provider) struct ReadClient(Arc<Connection>);

/// Writes, and nothing else.
#[derive(Clone, Debug)]
pub(in crate::provider) struct WriteClient(Arc<Connection>);

/// Reading a target once: all its requests share one deadline.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Reading {
    connection: Arc<Connection>,
    deadline: Instant,
    before: u32,
}

/// A GET request.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Get<'a> {
    /// Path below the base URL, each segment as it is; ids must have been checked.
    pub(in crate::provider) segments: &'a [&'a str],
    /// Query parameters.
    pub(in crate::provider) query: &'a [(&'a str, &'a str)],
    /// How many requests of this reading it waited for, one after the other, itself included.
    pub(in crate::provider) wave: u32,
    /// The quota of its group.
    pub(in crate::provider) quota: Option<Quota>,
}

/// A mutating request.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Send<'a> {
    /// POST, PATCH, PUT, or DELETE.
    pub(in crate::provider) method: Method,
    /// As in [`Get`].
    pub(in crate::provider) segments: &'a [&'a str],
    /// Query parameters.
    pub(in crate::provider) query: &'a [(&'a str, &'a str)],
    /// JSON body.
    pub(in crate::provider) body: Option<serde_json::Value>,
    /// The quota of its group.
    pub(in crate::provider) quota: Option<Quota>,
}

impl Connection {
    /// A client that can only read.
    pub(in crate::provider) fn read_client(self: Arc<Self>) -> ReadClient {
        ReadClient(self)
    }

    /// A client that can write.
    pub(in crate::provider) fn write_client(self: Arc<Self>) -> WriteClient {
        WriteClient(self)
    }

    /// Waits until a request may be sent: for its quota, and for a free place.
    async fn enter<'g>(
        &'g self,
        ask: &Ask<'_>,
        gate: Option<&'g Gate>,
        safe: bool,
        deadline: Instant,
    ) -> Result<(Option<Pass<'g>>, Option<tokio::sync::SemaphorePermit<'g>>), Failure> {
        let waiting = |until: Instant| {
            let wait = until.saturating_duration_since(Instant::now());
            if until > deadline {
                return Err(self.too_long(ask.line(), wait, "the provider's quota is used up"));
            }
            self.counters.waited(wait);
            self.report(&Event::Waiting { request: ask.line(), wait, why: Why::Quota });
            Ok(())
        };
        let entering = async {
            let pass = match gate {
                Some(gate) => Some(gate.enter(waiting).await?),
                None => None,
            };
            // A semaphore fails only when it is closed, which never happens here.
            let permit = self.permits.acquire().await.ok();
            while let Some(until) = self.closed_until() {
                waiting(until)?;
                tokio::time::sleep_until(until).await;
            }
            Ok((pass, permit))
        };
        tokio::select! {
            biased;
            entered = tokio::time::timeout_at(deadline, entering) => entered.unwrap_or_else(|_| {
                Err(self.too_long(ask.line(), Duration::ZERO, "other requests are under way"))
            }),
            () = self.stop.ends_waiting(safe) => Err(Self::interrupted(ask.line())),
        }
    }

    /// Sends nothing more for a while: the server said that its limit is used up, or refused a request for
    /// its rate of which nobody can tell what else counts against the same limit.
    pub(super) fn close_for(&self, wait: Duration) {
        let until = Instant::now() + wait.min(self.limits.longest_pause);
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        *closed = Some(closed.map_or(until, |before| before.max(until)));
    }

    /// Until when nothing is let through; `None` where the way is free.
    fn closed_until(&self) -> Option<Instant> {
        let closed = *self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        closed.filter(|until| *until > Instant::now())
    }

    /// Waits before `ask` is sent again; why not, where that would exceed the deadline or the run
    /// is to end.
    async fn pause(
        &self,
        ask: &Ask<'_>,
        wait: Duration,
        why: Why,
        safe: bool,
        deadline: Instant,
    ) -> Result<(), String> {
        if Instant::now() + wait > deadline {
            return Err(format!(
                "the next try would be in {} s, after the {} s that all requests together may take",
                wait.as_secs_f64().ceil(),
                self.limits.deadline.as_secs()
            ));
        }
        self.counters.waited(wait);
        tracing::debug!(request = %self.redactor.clean(&ask.line().0), wait_ms = wait.as_millis() as u64, ?why, "waiting");
        self.report(&Event::Waiting { request: ask.line(), wait, why });
        tokio::select! {
            biased;
            () = tokio::time::sleep(wait) => {}
            () = self.stop.ends_waiting(safe) => {
                return Err("the run was interrupted before the next try".to_owned());
            }
        }
        self.counters.repeated();
        Ok(())
    }

    /// Sends `ask` until there is an answer to keep. `safe` says whether it may be repeated when
    /// nobody knows what came of it.
    async fn run(
        &self,
        ask: Ask<'_>,
        quota: Option<Quota>,
        safe: bool,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let gate = quota.map(|quota| self.gate(quota));
        let mut pauses = Pauses::new(&self.limits);
        let mut tries = 0;
        loop {
            let entered = self.enter(&ask, gate.as_deref(), safe, deadline).await?;
            let result = self.exchange(&ask, deadline).await;
            drop(entered);
            let (mut failure, why, told) = match result {
                Ok(answer) if (200..300).contains(&answer.status) => return Ok(answer),
                Ok(answer) => {
                    let why = match answer.status {
                        // The server answered that it did nothing, so a write may be repeated too.
                        429 => Some(Why::RateLimited),
                        // What a server does not offer (501) it will not offer in a moment either.
                        408 | 500 | 502..=599 if safe => Some(Why::ServerError(answer.status)),
                        _ => None,
                    };
                    let told = answer.retry_after.or_else(|| failure::said(&answer.body).retry_after);
                    (self.refused(&answer), why, told)
                }
                Err(trouble) => {
                    let why = may_repeat(&trouble, safe).then_some(Why::Broken);
                    (self.troubled(ask.line(), &trouble), why, None)
                }
            };
            let Some(why) = why else { return Err(failure) };
            if why != Why::RateLimited {
                tries += 1;
                if tries >= self.limits.tries {
                    if tries > 1 {
                        failure.message.push_str(&format!(", {tries} times"));
                    }
                    return Err(failure);
                }
            }
            let wait = pauses.next(told);
            // Where the wait is too long, this is the end of it, and others may still have their time.
            if why == Why::RateLimited && Instant::now() + wait <= deadline {
                // Whatever counts against the same limit would be refused, too. What is written is little, and
                // what it came to has to be read.
                match &gate {
                    Some(gate) => gate.close_for(wait),
                    None if safe => self.close_for(wait),
                    None => {}
                }
            }
            if let Err(not) = self.pause(&ask, wait, why, safe, deadline).await {
                failure.message.push_str("; ");
                failure.message.push_str(&not);
                return Err(failure);
            }
        }
    }
}

/// Whether a request without a whole answer may be sent again.
fn may_repeat(trouble: &Trouble, safe: bool) -> bool {
    match trouble.kind {
        TroubleKind::NotConnected => true,
        TroubleKind::NoAnswer | TroubleKind::Cut => safe,
        TroubleKind::NotTrusted | TroubleKind::Unusable | TroubleKind::Deadline | TroubleKind::GivenUp => {
            false
        }
    }
}

impl ReadClient {
    /// Begins to read: from now on the deadline runs.
    pub(in crate::provider) fn begin(&self) -> Reading {
        let connection = self.0.clone();
        let deadline = Instant::now() + connection.limits.deadline;
        Reading { deadline, before: connection.counters.depth(), connection }
    }
}

impl Reading {
    /// Sends a GET request; repeats it on 429, 5xx, and broken connections.
    pub(in crate::provider) async fn get(&self, get: Get<'_>) -> Result<Answer, Failure> {
        self.get_signed(get, true).await
    }

    /// As [`Self::get`], without the credential.
    pub(in crate::provider) async fn get_openly(&self, get: Get<'_>) -> Result<Answer, Failure> {
        self.get_signed(get, false).await
    }

    async fn get_signed(&self, get: Get<'_>, signed: bool) -> Result<Answer, Failure> {
        let ask = Ask { method: Method::GET, segments: get.segments, query: get.query, body: None, signed };
        let result = self.connection.run(ask, get.quota, true, self.deadline).await;
        self.connection.counters.ended(self.before + get.wave);
        result.map_err(Failure::or_usual_help)
    }

    /// Sends a query in the body of a POST; what it says is a query by [`super::graphql`] alone.
    pub(super) async fn post_query(&self, get: Get<'_>, body: &[u8]) -> Result<Answer, Failure> {
        let ask = Ask {
            method: Method::POST,
            segments: get.segments,
            query: get.query,
            body: Some(body),
            signed: true,
        };
        let result = self.connection.run(ask, get.quota, true, self.deadline).await;
        self.connection.counters.ended(self.before + get.wave);
        result.map_err(Failure::or_usual_help)
    }

    /// The connection, for its settings and messages.
    pub(in crate::provider) fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl WriteClient {
    /// Sends a mutating request once. It is only repeated where it is certain that nothing was
    /// done: no connection came about, or the server answered 429.
    pub(in crate::provider) async fn send(&self, send: Send<'_>) -> Result<Answer, Failure> {
        let connection = &*self.0;
        let body = send.body.as_ref().map(ToString::to_string);
        let ask = Ask {
            method: send.method,
            segments: send.segments,
            query: send.query,
            body: body.as_ref().map(String::as_bytes),
            signed: true,
        };
        let wave = connection.counters.depth() + 1;
        let deadline = Instant::now() + connection.limits.deadline;
        let result = connection.run(ask, send.quota, false, deadline).await;
        connection.counters.ended(wave);
        result.map_err(|mut failure| {
            if failure.effect == Effect::Unknown && failure.help.is_none() {
                failure.help =
                    Some("Whether it was done is not known; it is not sent again blindly.".to_owned());
            }
            failure.or_usual_help()
        })
    }

    /// The connection, for its settings and messages.
    pub(in crate::provider) fn connection(&self) -> &Connection {
        &self.0
    }
}
