//! Writing Infracodebase: there is nothing to send. Every change is a person's, so that nothing asks for
//! it; whoever does is told so, and no request goes out.

use crate::{
    plan::operation::{Made, Verb},
    provider::{Effect, Fut, Outcome, RequestLine, Write, WriteError},
};

/// Sends nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoWriter;

impl Write for NoWriter {
    fn execute<'a>(&'a self, _: &'a Verb, _: &'a Made) -> Fut<'a, Result<Outcome, WriteError>> {
        Box::pin(async {
            Err(WriteError {
                effect: Effect::NotSent,
                request: RequestLine::from("nothing"),
                status: None,
                message: "nothing was sent: Infracodebase documents no endpoint for roles".into(),
                help: Some("Do it by hand, by the steps that `rolecall plan` prints.".to_owned()),
            })
        })
    }

    fn insist<'a>(&'a self, _: &'a Verb, _: &'a Made) -> Option<Fut<'a, Result<Outcome, WriteError>>> {
        None
    }
}
