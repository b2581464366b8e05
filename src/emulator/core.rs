//! One emulator without its network: the product, its journal, and everything that is counted or injected.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::EmulatorError;
use super::call::{Answer, Call};
use super::fault::{Effect, Fault};
use super::inject;
use super::journal::Journal;
use super::limiter::Limiter;
use super::product::{Change, Failure, Product, Usage, View};
use super::requests::RequestLog;
use super::switch::Switches;

/// How many writes `stale` can look back.
const HISTORY: usize = 256;

/// A fault in force, with its counts.
#[derive(Debug)]
pub(crate) struct Armed {
    fault: Fault,
    matched: u64,
    fired: u64,
}

impl From<Fault> for Armed {
    fn from(fault: Fault) -> Self {
        Self { fault, matched: 0, fired: 0 }
    }
}

/// How the connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// As usual.
    None,
    /// Without an answer.
    Close,
    /// After so many bytes of the body.
    Body(usize),
}

/// What is known of a request before it has an effect.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// Its number in the request log.
    pub(crate) seq: u64,
    /// How long it waits.
    pub(crate) latency: Duration,
    /// The limits that admitted it, to be left at the end.
    pub(crate) permits: Vec<String>,
    /// How far the caller's throttle is used up, if there is one.
    pub(crate) usage: Option<Usage>,
    /// The refusal, if its limit is exhausted.
    pub(crate) refusal: Option<Answer>,
    /// The fault's effect.
    pub(crate) effect: Option<Effect>,
}

/// A finished answer.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What to send.
    pub(crate) answer: Answer,
    /// How much of it.
    pub(crate) cut: Cut,
    /// Whether to send it without a declared length.
    pub(crate) chunked: bool,
}

/// One emulator's state.
pub(crate) struct Core {
    pub(crate) product: Box<dyn Product>,
    pub(crate) switches: Switches,
    pub(crate) requests: RequestLog,
    pub(crate) faults: Vec<Armed>,
    pub(crate) writes: Vec<Value>,
    pub(crate) clock_offset: i64,
    pub(crate) limiter: Limiter,
    /// `None` while nothing is durable.
    journal: Option<Journal>,
    /// The inverses of the last commits, oldest first.
    history: VecDeque<Vec<Change>>,
    next_write: u64,
}

impl Core {
    /// A core over a product, and over a journal if its state is durable.
    pub(crate) fn new(
        product: Box<dyn Product>,
        journal: Option<Journal>,
        switches: Switches,
        faults: Vec<Fault>,
    ) -> Self {
        Self {
            product,
            switches,
            requests: RequestLog::new(),
            faults: faults.into_iter().map(Armed::from).collect(),
            writes: Vec::new(),
            clock_offset: 0,
            limiter: Limiter::default(),
            journal,
            history: VecDeque::new(),
            next_write: 1,
        }
    }

    /// The emulator's clock in milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        i64::try_from(system).unwrap_or(i64::MAX).saturating_add(self.clock_offset)
    }

    fn view(&self) -> View<'_> {
        View { switches: &self.switches, now: self.now() }
    }

    /// Notes that a request of the product's API arrived, and decides what meets it.
    pub(crate) fn begin(&mut self, call: &Call) -> Ticket {
        let secret = self.product.credential(call);
        let tenant = self.product.tenant(self.view(), call);
        let seq = self.requests.begin(call, tenant, secret.as_deref());
        let mut ticket = Ticket {
            seq,
            latency: Duration::ZERO,
            permits: Vec::new(),
            usage: None,
            refusal: None,
            effect: None,
        };
        for armed in &mut self.faults {
            if !armed.fault.matches(call) {
                continue;
            }
            armed.matched += 1;
            let skipped = ticket.effect.is_some() && armed.fault.effect.is_some()
                || matches!(armed.fault.effect, Some(Effect::Stale(_))) && call.is_mutating();
            if skipped || !armed.fault.fires(armed.matched, armed.fired) {
                continue;
            }
            armed.fired += 1;
            ticket.latency += armed.fault.latency;
            self.requests.fault(seq, armed.fault.spec());
            if ticket.effect.is_none() {
                ticket.effect.clone_from(&armed.fault.effect);
            }
        }
        if reaches_product(ticket.effect.as_ref()) {
            self.enter(call, &mut ticket);
        }
        ticket
    }

    /// Counts a request against its limits.
    fn enter(&mut self, call: &Call, ticket: &mut Ticket) {
        let now = self.now();
        if let Some(throttle) = self.product.throttle(self.view(), call) {
            let entered = self.limiter.enter(&throttle, now);
            ticket.usage = Some(self.limiter.usage(&throttle, now));
            if let Err(wait) = entered {
                ticket.refusal = Some(self.product.throttled(self.view(), call, wait));
                return;
            }
            ticket.permits.push(throttle.key);
        }
        if let Some(limit) = self.product.limit(self.view(), call) {
            match self.limiter.enter(&limit, now) {
                Ok(()) => ticket.permits.push(limit.key),
                Err(wait) => ticket.refusal = Some(self.product.limited(self.view(), call, wait)),
            }
        }
    }

    /// Gives a request its effect and its answer.
    pub(crate) fn perform(&mut self, call: &Call, ticket: &Ticket) -> Outcome {
        let mut outcome = self.effect(call, ticket);
        if let Some(usage) = ticket.usage {
            outcome.answer = self.product.metered(usage, outcome.answer);
        }
        outcome
    }

    fn effect(&mut self, call: &Call, ticket: &Ticket) -> Outcome {
        let mut outcome = Outcome { answer: Answer::empty(500), cut: Cut::None, chunked: false };
        if let Some(refusal) = &ticket.refusal {
            outcome.answer = refusal.clone();
            return outcome;
        }
        match &ticket.effect {
            None => outcome.answer = self.serve(call, ticket.seq),
            Some(Effect::Drop) => outcome.cut = Cut::Close,
            Some(Effect::DropAfter) => {
                self.serve(call, ticket.seq);
                outcome.cut = Cut::Close;
            }
            Some(Effect::Lose) => outcome.answer = self.product.answer(self.view(), call),
            Some(Effect::Truncate(bytes)) => {
                outcome.answer = self.serve(call, ticket.seq);
                outcome.cut = Cut::Body(bytes.unwrap_or(outcome.answer.body.len() / 2));
            }
            Some(Effect::Html { status, done }) => {
                self.serve_if(*done, call, ticket.seq);
                outcome.answer = inject::html(*status);
            }
            Some(Effect::Redirect { status, url, done }) => {
                self.serve_if(*done, call, ticket.seq);
                outcome.answer = Answer::empty(*status).header("location", url);
            }
            Some(Effect::Status { status, code, retry_after, header, done }) => {
                self.serve_if(*done, call, ticket.seq);
                let failure = Failure {
                    status: *status,
                    code: code.clone(),
                    message: "injected by the emulator".to_owned(),
                    retry_after: *retry_after,
                    retry_after_header: *header,
                };
                outcome.answer = self.product.failure(self.view(), call, &failure);
            }
            Some(Effect::Echo { status, form, done }) => {
                self.serve_if(*done, call, ticket.seq);
                let credential = self.product.credential(call).unwrap_or_default();
                let failure = Failure {
                    status: *status,
                    code: None,
                    message: inject::echo(*form, &credential),
                    retry_after: None,
                    retry_after_header: None,
                };
                outcome.answer = self.product.failure(self.view(), call, &failure);
            }
            Some(Effect::Garbage(kind)) => {
                outcome.answer = self.serve(call, ticket.seq);
                outcome.answer.body = inject::garbage(*kind, &outcome.answer.body);
            }
            Some(Effect::Huge { mebibytes, gzip }) => {
                outcome.answer = self.serve(call, ticket.seq);
                outcome.answer = inject::huge(outcome.answer, *mebibytes, *gzip);
                outcome.chunked = true;
            }
            Some(Effect::LoopCursor) => {
                outcome.answer = self.serve(call, ticket.seq);
                if let Ok(mut body) = serde_json::from_slice(&outcome.answer.body) {
                    self.product.loop_cursor(&mut body);
                    outcome.answer.body = body.to_string().into_bytes();
                }
            }
            Some(Effect::Stale(writes)) => {
                let mut earlier = self.product.fork();
                for inverse in self.history.iter().rev().take(*writes).flatten() {
                    let _ = earlier.apply(inverse);
                }
                outcome.answer = earlier.answer(self.view(), call);
            }
        }
        outcome
    }

    fn serve_if(&mut self, done: bool, call: &Call, seq: u64) {
        if done {
            self.serve(call, seq);
        }
    }

    fn serve(&mut self, call: &Call, seq: u64) -> Answer {
        let answer = self.product.answer(self.view(), call);
        self.settle(call, answer, Some(seq))
    }

    /// Answers a dashboard route of the product.
    pub(crate) fn dashboard(&mut self, call: &Call) -> Answer {
        let answer = self.product.dashboard(self.view(), call);
        self.settle(call, answer, None)
    }

    /// Commits what an answer stands for; the answer holds only if that works.
    fn settle(&mut self, call: &Call, mut answer: Answer, request: Option<u64>) -> Answer {
        let changes = std::mem::take(&mut answer.changes);
        if changes.is_empty() {
            return answer;
        }
        let inverses = match self.commit(&changes) {
            Ok(inverses) => inverses,
            Err(reason) => {
                return Answer::plain_error(500, &format!("the write was not stored: {reason}"));
            }
        };
        self.note_write(call, &answer, request, &changes, &inverses);
        self.history.push_back(inverses.into_iter().rev().collect());
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        answer
    }

    fn commit(&mut self, changes: &[Change]) -> Result<Vec<Change>, String> {
        let mut inverses = Vec::with_capacity(changes.len());
        let mut failed = None;
        for change in changes {
            match self.product.apply(change) {
                Ok(inverse) => inverses.push(inverse),
                Err(reason) => {
                    failed = Some(reason);
                    break;
                }
            }
        }
        if failed.is_none()
            && let Some(journal) = &mut self.journal
        {
            failed = journal.append(changes).err().map(|error| error.to_string());
        }
        if let Some(reason) = failed {
            for inverse in inverses.iter().rev() {
                let _ = self.product.apply(inverse);
            }
            return Err(reason);
        }
        if let Some(journal) = self.journal.as_mut().filter(|journal| journal.is_long()) {
            // The commit is stored already; a compaction that fails now is tried again at the next one.
            let _ = journal.compact(&self.product.objects());
        }
        Ok(inverses)
    }

    fn note_write(
        &mut self,
        call: &Call,
        answer: &Answer,
        request: Option<u64>,
        changes: &[Change],
        inverses: &[Change],
    ) {
        let objects: Vec<Value> = changes
            .iter()
            .zip(inverses)
            .filter(|(change, _)| self.product.in_write_log(&change.kind))
            .map(|(change, inverse)| {
                json!({
                    "scope": change.scope, "kind": change.kind, "id": change.id,
                    "before": inverse.value, "after": change.value,
                })
            })
            .collect();
        if objects.is_empty() {
            return;
        }
        self.writes.push(json!({
            "seq": self.next_write, "request": request, "by": if request.is_some() { "api" } else { "dashboard" },
            "method": call.method, "path": call.path, "status": answer.status, "objects": objects,
        }));
        self.next_write += 1;
    }

    /// Puts another world in place of the present one, and forgets what was counted about that.
    pub(crate) fn replace(&mut self, product: Box<dyn Product>) -> Result<(), EmulatorError> {
        if let Some(journal) = &mut self.journal {
            journal.compact(&product.objects())?;
        }
        self.product = product;
        self.history.clear();
        self.writes.clear();
        self.next_write = 1;
        self.limiter.reset();
        Ok(())
    }

    /// The faults in force with their counts.
    pub(crate) fn faults_json(&self) -> Value {
        self.faults
            .iter()
            .map(
                |armed| json!({ "spec": armed.fault.spec(), "matched": armed.matched, "fired": armed.fired }),
            )
            .collect()
    }

    /// Brings the state to the disk and lets go of its folder.
    pub(crate) fn close(&mut self, gracefully: bool) {
        if let Some(mut journal) = self.journal.take()
            && gracefully
        {
            if journal.has_log() {
                let _ = journal.compact(&self.product.objects());
            }
            let _ = journal.sync();
        }
    }
}

/// Whether a request with this fault has an effect that a rate limit would count.
fn reaches_product(effect: Option<&Effect>) -> bool {
    match effect {
        Some(Effect::Drop) => false,
        Some(
            Effect::Status { done, .. }
            | Effect::Html { done, .. }
            | Effect::Redirect { done, .. }
            | Effect::Echo { done, .. },
        ) => *done,
        _ => true,
    }
}
