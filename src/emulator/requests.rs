//! The log of requests that tests count, and its longest chain.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::call::Call;

/// Older entries are dropped, and counted, beyond this many.
const KEPT: usize = 100_000;

#[derive(Debug)]
struct Entry {
    seq: u64,
    method: String,
    path: String,
    query: String,
    mutating: bool,
    tenant: Option<String>,
    body: Option<Value>,
    in_flight: usize,
    start: Duration,
    end: Option<Duration>,
    status: Option<u16>,
    fault: Option<String>,
}

/// Every request of the product's API, in the order of arrival.
#[derive(Debug)]
pub(crate) struct RequestLog {
    origin: Instant,
    entries: VecDeque<Entry>,
    next: u64,
    in_flight: usize,
    max_in_flight: usize,
    dropped: u64,
}

impl RequestLog {
    /// An empty log whose times count from now.
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            entries: VecDeque::new(),
            next: 1,
            in_flight: 0,
            max_in_flight: 0,
            dropped: 0,
        }
    }

    /// Notes that a request arrived, and returns its sequence number. `secret` is replaced wherever it occurs,
    /// unless it is so short that it could be a part of ordinary text.
    pub(crate) fn begin(&mut self, call: &Call, tenant: Option<String>, secret: Option<&str>) -> u64 {
        let hide = |text: &str| match secret {
            Some(secret) if secret.len() > 6 => text.replace(secret, "***"),
            _ => text.to_owned(),
        };
        let body = (call.is_mutating() && !call.body.is_empty()).then(|| {
            let text = hide(&String::from_utf8_lossy(&call.body));
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        });
        self.in_flight += 1;
        self.max_in_flight = self.max_in_flight.max(self.in_flight);
        let seq = self.next;
        self.next += 1;
        self.entries.push_back(Entry {
            seq,
            method: call.method.clone(),
            path: hide(&call.path),
            query: hide(&call.raw_query),
            mutating: call.is_mutating(),
            tenant,
            body,
            in_flight: self.in_flight,
            start: self.origin.elapsed(),
            end: None,
            status: None,
            fault: None,
        });
        if self.entries.len() > KEPT {
            self.entries.pop_front();
            self.dropped += 1;
        }
        seq
    }

    /// Notes which fault a request meets.
    pub(crate) fn fault(&mut self, seq: u64, spec: &str) {
        if let Some(entry) = self.entry(seq) {
            entry.fault = Some(spec.to_owned());
        }
    }

    /// Notes how a request ended; `None` if it got no answer.
    pub(crate) fn end(&mut self, seq: u64, status: Option<u16>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let end = self.origin.elapsed();
        if let Some(entry) = self.entry(seq) {
            entry.end = Some(end);
            entry.status = status;
        }
    }

    fn entry(&mut self, seq: u64) -> Option<&mut Entry> {
        let first = self.entries.front()?.seq;
        let index = usize::try_from(seq.checked_sub(first)?).ok()?;
        self.entries.get_mut(index)
    }

    /// Forgets the past; requests under way stay counted as such.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.max_in_flight = self.in_flight;
        self.dropped = 0;
    }

    /// The longest chain of requests of which each began after the one before had ended.
    fn depth(&self) -> usize {
        let mut spans: Vec<_> =
            self.entries.iter().filter_map(|entry| entry.end.map(|end| (end, entry.start))).collect();
        spans.sort_unstable();
        let mut depth = 0;
        let mut free = Duration::ZERO;
        for (end, start) in spans {
            if depth == 0 || start >= free {
                depth += 1;
                free = end;
            }
        }
        depth
    }

    /// The log as `GET /_dashboard/requests` serves it.
    pub(crate) fn to_json(&self) -> Value {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let requests: Vec<Value> = self
            .entries
            .iter()
            .map(|entry| {
                json!({
                    "seq": entry.seq, "method": entry.method, "path": entry.path, "query": entry.query,
                    "status": entry.status, "start_ms": ms(entry.start), "end_ms": entry.end.map(ms),
                    "in_flight": entry.in_flight, "mutating": entry.mutating, "tenant": entry.tenant,
                    "body": entry.body, "fault": entry.fault,
                })
            })
            .collect();
        json!({
            "count": requests.len(), "depth": self.depth(), "max_in_flight": self.max_in_flight,
            "dropped": self.dropped, "requests": requests,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_the_longest_chain_and_the_credential_is_hidden() {
        let mut log = RequestLog::new();
        let call =
            Call::new("POST", "/v1/roles", "key=cr-secret", Vec::new(), br#"{"name":"cr-secret"}"#.to_vec());
        let first = log.begin(&call, None, Some("cr-secret"));
        let second = log.begin(&call, None, Some("cr-secret"));
        log.end(first, Some(201));
        let third = log.begin(&call, None, Some("cr-secret"));
        log.end(second, None);
        log.end(third, Some(201));
        let json = log.to_json();
        assert_eq!(
            (&json["count"], &json["depth"], &json["max_in_flight"]),
            (&3.into(), &2.into(), &2.into())
        );
        assert!(!json.to_string().contains("secret"));
        assert_eq!(json["requests"][0]["body"]["name"], "***");
        log.clear();
        assert_eq!(log.to_json()["count"], 0);
    }
}
