//! What the frame asks of an emulated product: pure answers over a world that it keeps as objects.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{Answer, Call};
use super::switch::{Switch, Switches};

/// One object put in place or removed; the unit of the journal, of the write log and of undoing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// Where the object lives, for example `acme/88321` (tenant and organization).
    pub(crate) scope: String,
    /// What it is, for example `role`.
    pub(crate) kind: String,
    /// Its id within scope and kind.
    pub(crate) id: String,
    /// The whole object, or `None` when it is removed.
    pub(crate) value: Option<Value>,
}

/// What surrounds a request besides the world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// The behaviours in force.
    pub(crate) switches: &'a Switches,
    /// The emulator's clock, in milliseconds since 1970.
    pub(crate) now: i64,
}

/// A limit that a request falls under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limit {
    /// Requests with the same key count together.
    pub(crate) key: String,
    /// How many may begin within `window_ms`.
    pub(crate) requests: usize,
    /// The length of the sliding window.
    pub(crate) window_ms: i64,
    /// How many may be under way at once.
    pub(crate) concurrent: Option<usize>,
}

/// How far a caller has used up a limit that answers tell about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// How many requests may begin within the window.
    pub(crate) limit: usize,
    /// How many have begun, with the present one unless it was refused.
    pub(crate) observed: usize,
    /// When the window ends, in milliseconds since 1970.
    pub(crate) reset: i64,
}

/// An error that the product shall answer in its own documented form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The product's error code; `None` is the usual one for the status.
    pub(crate) code: Option<String>,
    /// The text for a person.
    pub(crate) message: String,
    /// Seconds after which to try again, for the body.
    pub(crate) retry_after: Option<u64>,
    /// Seconds for a `Retry-After` header.
    pub(crate) retry_after_header: Option<u64>,
}

/// An emulated product: a world of objects, and answers computed from it.
///
/// Answers never change the world themselves; they carry [`Change`]s that the frame journals and then applies.
pub(crate) trait Product: Send {
    /// The credential that a request presents.
    fn credential(&self, call: &Call) -> Option<String>;
    /// The tenant that a request reaches, if its credential reaches one.
    fn tenant(&self, view: View<'_>, call: &Call) -> Option<String>;
    /// The limit that a request falls under.
    fn limit(&self, view: View<'_>, call: &Call) -> Option<Limit>;
    /// The answer to a request whose limit is exhausted for `wait_ms` more.
    fn limited(&self, view: View<'_>, call: &Call, wait_ms: i64) -> Answer;
    /// A second limit, over all requests of a caller, about which every answer tells; by default there is none.
    fn throttle(&self, _view: View<'_>, _call: &Call) -> Option<Limit> {
        None
    }
    /// The answer to a request whose throttle is exhausted for `wait_ms` more.
    fn throttled(&self, view: View<'_>, call: &Call, wait_ms: i64) -> Answer {
        self.limited(view, call, wait_ms)
    }
    /// The answer with what it tells about the throttle.
    fn metered(&self, _usage: Usage, answer: Answer) -> Answer {
        answer
    }
    /// The answer of the product's API.
    fn answer(&self, view: View<'_>, call: &Call) -> Answer;
    /// The answer of a `/_dashboard/` route that the frame does not serve itself.
    fn dashboard(&self, view: View<'_>, call: &Call) -> Answer;
    /// An error in the form that the product documents for the route.
    fn failure(&self, view: View<'_>, call: &Call, failure: &Failure) -> Answer;
    /// Changes a page of a list so that following its cursor never ends.
    fn loop_cursor(&self, body: &mut Value);
    /// Puts one object in place or removes it, and returns the change that undoes this.
    fn apply(&mut self, change: &Change) -> Result<Change, String>;
    /// Every object of the world, in an order in which `apply` accepts them.
    fn objects(&self) -> Vec<Change>;
    /// The world as a seed.
    fn export(&self) -> Value;
    /// A copy that can be changed without changing this one.
    fn fork(&self) -> Box<dyn Product>;
    /// Whether objects of this kind belong in the write log.
    fn in_write_log(&self, kind: &str) -> bool;
}

/// One line of the registry.
pub(crate) struct Registered {
    /// The provider's name.
    pub(crate) name: &'static str,
    /// Its switches.
    pub(crate) switches: &'static [Switch],
    /// A world without objects, which a state folder fills.
    pub(crate) empty: fn() -> Box<dyn Product>,
    /// The world that a seed describes, or what is wrong with the seed.
    pub(crate) build: fn(&Value) -> Result<Box<dyn Product>, String>,
    /// The seed to use when nobody gives one.
    pub(crate) default_seed: fn() -> Value,
}
