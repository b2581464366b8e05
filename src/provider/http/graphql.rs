//! GraphQL: a query is a read and a mutation is a write, by type and not by a look at the text.
//!
//! The keyword before the selection is written here: [`Reading::query`] begins every document with
//! `query`, and only [`WriteClient::mutate`] writes `mutation`. Selections are texts of the program,
//! so that values reach the server only as variables.

use std::fmt;

use reqwest::Method;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::{Answer, Bounded, Connection, Failure, Get, Quota, Reading, Send, WriteClient};
use crate::provider::{Effect, ReadErrorKind};

/// Most errors of an answer that are read.
const MOST_ERRORS: usize = 1000;
/// Most errors of an answer that are quoted.
const QUOTED_ERRORS: usize = 5;

/// A document without its keyword and without values.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) struct Document {
    /// Declared variables: `$path: ID!, $after: String`; empty where there are none.
    pub(in crate::provider) parameters: &'static str,
    /// What is asked for, without the outer braces.
    pub(in crate::provider) selection: &'static str,
}

/// A query.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Query<'a> {
    /// Path of the endpoint below the base URL.
    pub(in crate::provider) segments: &'a [&'a str],
    /// What to ask.
    pub(in crate::provider) document: Document,
    /// Values of the variables.
    pub(in crate::provider) variables: Map<String, Value>,
    /// As in [`Get`].
    pub(in crate::provider) wave: u32,
    /// The quota of its group.
    pub(in crate::provider) quota: Option<Quota>,
}

/// A mutation.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Mutation<'a> {
    /// As in [`Query`].
    pub(in crate::provider) segments: &'a [&'a str],
    /// What to do.
    pub(in crate::provider) document: Document,
    /// Values of the variables.
    pub(in crate::provider) variables: Map<String, Value>,
    /// The quota of its group.
    pub(in crate::provider) quota: Option<Quota>,
}

impl Document {
    fn body(self, keyword: &str, variables: Map<String, Value>) -> Value {
        let Self { parameters, selection } = self;
        let parameters = if parameters.is_empty() { String::new() } else { format!("({parameters})") };
        let query = format!("{keyword}{parameters} {{ {selection} }}");
        let fields = [("query", Value::String(query)), ("variables", Value::Object(variables))];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
    }
}

impl Reading {
    /// Sends a query; like a GET it is repeated on 429, 5xx, and broken connections.
    pub(in crate::provider) async fn query(&self, query: Query<'_>) -> Result<Answer, Failure> {
        let Query { segments, document, variables, wave, quota } = query;
        let body = document.body("query", variables).to_string();
        self.post_query(Get { segments, query: &[], wave, quota }, body.as_bytes()).await
    }
}

impl WriteClient {
    /// Sends a mutation once, as [`WriteClient::send`] does.
    pub(in crate::provider) async fn mutate(&self, mutation: Mutation<'_>) -> Result<Answer, Failure> {
        let Mutation { segments, document, variables, quota } = mutation;
        let body = Some(document.body("mutation", variables));
        self.send(Send { method: Method::POST, segments, query: &[], body, quota }).await
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

/// Only whether there are errors, whatever else there is.
#[derive(Deserialize)]
struct Errors {
    #[serde(default)]
    errors: Option<Bounded<ErrorEntry, MOST_ERRORS>>,
    /// Outer `None`: nothing was executed.
    #[serde(default, deserialize_with = "present")]
    data: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct ErrorEntry {
    message: String,
}

/// Tells an absent key from `null`.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<IgnoredAny>, D::Error> {
    IgnoredAny::deserialize(deserializer).map(Some)
}

impl fmt::Display for ErrorEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.trim_end_matches('.'))
    }
}

impl Connection {
    /// The `data` of an answer. Errors at the top are a failure although the status is 200.
    ///
    /// Without any `data` the server refused the document before it did anything (GraphQL
    /// specification, 7.1.1); otherwise nobody knows how far it came.
    pub(in crate::provider) fn data<'a, T: Deserialize<'a>>(&self, answer: &'a Answer) -> Result<T, Failure> {
        let Errors { errors, data } = self.parse(answer)?;
        let errors = errors.map(|errors| errors.0).unwrap_or_default();
        if errors.is_empty() {
            return self.parse::<Envelope<T>>(answer).map(|envelope| envelope.data);
        }
        let mut said: Vec<String> = errors.iter().take(QUOTED_ERRORS).map(ToString::to_string).collect();
        if errors.len() > QUOTED_ERRORS {
            said.push(format!("and {} more", errors.len() - QUOTED_ERRORS));
        }
        let line = &answer.request.0;
        let message = format!("{line} answered with errors: {}", self.quote(&said.join("; ")));
        Err(Failure {
            kind: ReadErrorKind::Rejected,
            effect: if data.is_none() { Effect::Refused } else { Effect::Unknown },
            status: Some(answer.status),
            code: None,
            request: answer.request.clone(),
            message,
            help: None,
        }
        .or_usual_help())
    }
}
