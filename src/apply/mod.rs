//! Executes the operations of a plan, reads back what they did, and reports each step.
//!
//! A write counts only when it was read back. Operations run stratum by stratum: those of one
//! stratum at the same time, then one read, then the next. What was accepted and is not there after
//! a second look is asked for again in another documented way, where the provider has one; then it
//! is an error that names the field. A write whose outcome is unknown is never repeated: reading
//! tells what became of it.

mod readback;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};

use crate::{
    model::{
        Kind, Scope, Untrusted,
        live::{LiveState, Query},
    },
    plan::operation::{Made, Op, OpKind, Verb},
    provider::{Effect, Outcome, Read, ReadError, Write, WriteError, http::Stop},
};

/// Pauses before looking again at what has not shown up.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1500)];

/// What an apply works with.
pub struct Run<'a> {
    /// Reads back.
    pub reader: &'a dyn Read,
    /// Writes.
    pub writer: &'a dyn Write,
    /// The operations, in order.
    pub ops: &'a [Op],
    /// What was read for the plan.
    pub query: &'a Query,
    /// Classes of principals whom the number of a role's holders does not count, or of whom there is no
    /// such number: that they left a role, only their lists tell.
    pub uncounted: &'a BTreeSet<&'static str>,
    /// Most requests in flight at a time.
    pub at_a_time: usize,
    /// Whether requests to one scope follow each other.
    pub one_per_scope: bool,
    /// Set to stop before the next operation.
    pub stop: &'a Stop,
    /// Told about each step.
    pub events: &'a (dyn Fn(Event<'_>) + Sync),
}

/// A step of an apply.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// An operation starts.
    Started(&'a Op),
    /// It ended: accepted or not.
    Ended(&'a Op, &'a Status),
    /// What the stratum did is read back.
    ReadingBack,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Accepted, and read back where a read of roles shows it.
    Done,
    /// It failed, or did not stick.
    Failed {
        /// What happened.
        message: Untrusted,
        /// What to do.
        help: Option<String>,
        /// Principals for whom a batch failed, with the reason; empty where everything failed.
        principals: Vec<(Untrusted, Untrusted)>,
    },
    /// It was not tried.
    NotAttempted {
        /// Why.
        why: Untrusted,
    },
}

/// The end of an apply.
#[derive(Debug)]
pub struct Report {
    /// The status of each operation.
    pub statuses: Vec<Status>,
    /// Ids of the roles that were made.
    pub made: Made,
    /// Whether a request failed because the provider could not be reached, or had too much to do.
    pub unreachable: bool,
}

/// Runs all operations.
pub async fn run(run: Run<'_>) -> Report {
    let mut statuses: Vec<Option<Status>> = vec![None; run.ops.len()];
    let mut made = Made::new();
    let mut halted = Halted::default();
    let mut unreachable = false;
    run.writer.announce(&run.ops.iter().map(|op| &op.verb).collect::<Vec<_>>());
    let strata: BTreeMap<u32, Vec<usize>> =
        run.ops.iter().enumerate().fold(BTreeMap::new(), |mut strata, (index, op)| {
            strata.entry(op.stratum).or_insert_with(Vec::new).push(index);
            strata
        });
    for stratum in strata.values() {
        let mut todo = Vec::new();
        for &index in stratum {
            match not_attempted(&run, index, &statuses, &halted) {
                Some(status) => statuses[index] = Some(status),
                None if run.ops[index].needs.is_empty() => todo.push(index),
                None => match readback::still_held(&run, &run.ops[index], &made).await {
                    Some(status) => statuses[index] = Some(status),
                    None => todo.push(index),
                },
            }
        }
        let results = execute(&run, &todo, &made).await;
        let mut pending = Vec::new();
        for (index, result) in results {
            if let Some(Err(error)) = &result {
                unreachable |= error.status.is_none_or(|status| status == 429 || status >= 500);
            }
            match settle(result) {
                Settled::Status(status) => statuses[index] = Some(status),
                Settled::Accepted(id) => {
                    if let (Verb::CreateRole { address, .. }, Some(id)) = (&run.ops[index].verb, id) {
                        made.insert(address.clone(), id);
                    }
                    pending.push((index, None));
                }
                Settled::Unknown(error) => pending.push((index, Some(error))),
                Settled::Halt(status, why) => {
                    statuses[index] = Some(status);
                    halted.all.get_or_insert(why);
                }
                Settled::Forbidden(status, why) => {
                    statuses[index] = Some(status);
                    halted.alike.entry(run.ops[index].verb.kind()).or_insert(why);
                }
            }
        }
        for (index, status) in readback::read_back(&run, pending, &mut made).await {
            statuses[index] = Some(status);
        }
        for &index in &todo {
            if let Some(status) = &statuses[index] {
                (run.events)(Event::Ended(&run.ops[index], status));
            }
        }
    }
    let statuses = statuses
        .into_iter()
        .map(|status| status.unwrap_or(Status::NotAttempted { why: "the run ended before it".into() }))
        .collect();
    Report { statuses, made, unreachable }
}

/// What is not tried any more.
#[derive(Default)]
struct Halted<'a> {
    /// Why nothing is.
    all: Option<Untrusted>,
    /// Why what is like a refused operation is not: another credential, or another plan of the product,
    /// would be needed for it.
    alike: BTreeMap<OpKind<'a>, Untrusted>,
}

/// Why an operation is not tried, if so.
fn not_attempted(
    run: &Run<'_>,
    index: usize,
    statuses: &[Option<Status>],
    halted: &Halted<'_>,
) -> Option<Status> {
    let alike = || halted.alike.get(&run.ops[index].verb.kind());
    let why = if let Some(why) = halted.all.as_ref().or_else(alike) {
        Some(why.clone())
    } else if run.stop.is_asked() {
        Some("the run was interrupted".into())
    } else {
        run.ops[index]
            .needs
            .iter()
            .any(|need| statuses[*need] != Some(Status::Done))
            .then(|| "something that has to happen before it failed".into())
    };
    why.map(|why| Status::NotAttempted { why })
}

type Executed = (usize, Option<Result<Outcome, WriteError>>);

/// Sends the operations of one stratum, a bounded number at a time; `None` for one that an
/// interrupt came before.
async fn execute(run: &Run<'_>, todo: &[usize], made: &Made) -> Vec<Executed> {
    let mut lanes: Vec<Vec<usize>> = Vec::new();
    let mut of_scope: BTreeMap<&Scope, usize> = BTreeMap::new();
    for &index in todo {
        let lane = match run.one_per_scope {
            true => *of_scope.entry(run.ops[index].verb.scope()).or_insert(lanes.len()),
            false => lanes.len(),
        };
        match lanes.get_mut(lane) {
            Some(lane) => lane.push(index),
            None => lanes.push(vec![index]),
        }
    }
    let results: Vec<Vec<Executed>> = stream::iter(lanes)
        .map(|lane| async move {
            let mut results = Vec::with_capacity(lane.len());
            for index in lane {
                if run.stop.is_asked() {
                    results.push((index, None));
                    continue;
                }
                let op = &run.ops[index];
                (run.events)(Event::Started(op));
                let result = run.writer.execute(&op.verb, made).await;
                // It may have waited for its turn when the interrupt came.
                let kept =
                    run.stop.is_asked() && matches!(&result, Err(error) if error.effect == Effect::NotSent);
                results.push((index, (!kept).then_some(result)));
            }
            results
        })
        .buffer_unordered(run.at_a_time.max(1))
        .collect()
        .await;
    let mut results: Vec<Executed> = results.into_iter().flatten().collect();
    results.sort_by_key(|(index, _)| *index);
    results
}

enum Settled {
    Status(Status),
    /// Accepted; the id of what was made, where the answer told it.
    Accepted(Option<Untrusted>),
    /// Only reading tells.
    Unknown(WriteError),
    /// Failed in a way that every further request would fail too.
    Halt(Status, Untrusted),
    /// Refused in a way that others like it would be, too.
    Forbidden(Status, Untrusted),
}

fn settle(result: Option<Result<Outcome, WriteError>>) -> Settled {
    match result {
        None => Settled::Status(Status::NotAttempted { why: "the run was interrupted".into() }),
        Some(Ok(Outcome::Done { id })) => Settled::Accepted(id),
        Some(Ok(Outcome::Partly { failed })) => Settled::Status(Status::Failed {
            message: format!("{} of the people could not be given the role", failed.len()).into(),
            help: None,
            principals: failed,
        }),
        Some(Err(error)) if error.effect == Effect::Unknown => Settled::Unknown(error),
        Some(Err(error)) => {
            let credential = matches!(error.status, Some(401 | 410));
            let unreachable = error.effect == Effect::NotSent;
            let status = failed(&error);
            if credential || unreachable {
                let why = format!(
                    "an earlier request failed in a way that this one would too: {}",
                    error.message.raw()
                );
                Settled::Halt(status, why.into())
            } else if error.status == Some(403) {
                let why = format!("an earlier request of the same kind was refused: {}", error.message.raw());
                Settled::Forbidden(status, why.into())
            } else {
                Settled::Status(status)
            }
        }
    }
}

/// A failed request in words.
fn failed(error: &WriteError) -> Status {
    Status::Failed {
        message: error.request.said(&error.message).into(),
        help: error.help.clone(),
        principals: Vec::new(),
    }
}

/// Reads the roles of the places in which `ops` change something, for reading back.
async fn read_roles<'o>(run: &Run<'_>, ops: impl Iterator<Item = &'o Op>) -> Result<LiveState, ReadError> {
    let query = query_of_roles(run, ops);
    (run.events)(Event::ReadingBack);
    run.reader.fetch(query).await
}

/// What asks for the roles of the places in which `ops` change something.
fn query_of_roles<'o>(run: &Run<'_>, ops: impl Iterator<Item = &'o Op>) -> Query {
    let scopes: BTreeSet<&Scope> = ops.map(|op| op.verb.scope()).collect();
    let classes = run.query.places.keys().filter(|(kind, _)| *kind == Kind::Role);
    let places = classes.map(|class| (*class, scopes.iter().map(|scope| (*scope).clone()).collect()));
    Query { places: places.collect(), ..Query::roles() }
}
