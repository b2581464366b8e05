//! GraphQL against servers that refuse in every way.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    testing::{Act, Server, json as answer},
    *,
};
use crate::provider::{Effect, ReadErrorKind};

const THING: Document = Document { parameters: "$id: ID!", selection: "thing(id: $id) { name }" };

#[derive(Debug, Deserialize)]
struct Data {
    thing: Option<Thing>,
}

#[derive(Debug, Deserialize)]
struct Thing {
    name: String,
}

fn variables(id: &str) -> Map<String, Value> {
    Map::from_iter([("id".to_owned(), json!(id))])
}

async fn ask(server: &Server) -> Result<Option<String>, Failure> {
    let (connection, _) = server.connect(&[]);
    let reading = connection.clone().read_client().begin();
    let query = Query {
        segments: &["api", "graphql"],
        document: THING,
        variables: variables("\"} mutation { x"),
        wave: 1,
        quota: None,
    };
    let answer = reading.query(query).await?;
    connection.data::<Data>(&answer).map(|data| data.thing.map(|thing| thing.name))
}

async fn change(server: &Server) -> Result<(), Failure> {
    let (connection, _) = server.connect(&[]);
    let client = connection.clone().write_client();
    let segments = &["api", "graphql"][..];
    let mutation = Mutation { segments, document: THING, variables: variables("1"), quota: None };
    let answer = client.mutate(mutation).await?;
    connection.data::<Data>(&answer).map(|_| ())
}

#[tokio::test]
async fn a_reader_sends_queries_and_a_writer_mutations_with_values_as_variables() {
    let server = Server::start(|_, _| answer(200, r#"{"data":{"thing":{"name":"x"}}}"#)).await;
    assert_eq!(ask(&server).await, Ok(Some("x".to_owned())));
    assert_eq!(change(&server).await, Ok(()));
    let sent: Vec<Value> =
        server.seen().iter().map(|seen| serde_json::from_str(&seen.body).unwrap()).collect();
    assert_eq!(sent[0]["query"], "query($id: ID!) { thing(id: $id) { name } }");
    assert_eq!(sent[0]["variables"]["id"], "\"} mutation { x");
    assert_eq!(sent[1]["query"], "mutation($id: ID!) { thing(id: $id) { name } }");
    assert!(server.seen().iter().all(|seen| seen.line == "POST /api/graphql"));
}

#[tokio::test]
async fn errors_at_status_200_are_failures_and_tell_whether_anything_ran() {
    for (body, effect, words) in [
        (r#"{"errors":[{"message":"Field 'x' doesn't exist"}]}"#, Effect::Refused, "doesn't exist"),
        (
            r#"{"data":{"thing":null},"errors":[{"message":"no right."},{"message":"late"}]}"#,
            Effect::Unknown,
            "no right; late",
        ),
        (r#"{"data":null,"errors":[{"message":"Internal server error"}]}"#, Effect::Unknown, "Internal"),
    ] {
        let server = Server::start(move |_, _| answer(200, body)).await;
        for failure in [ask(&server).await.unwrap_err(), change(&server).await.unwrap_err()] {
            assert_eq!((failure.kind, failure.effect), (ReadErrorKind::Rejected, effect), "{body}");
            assert!(failure.message.contains(words), "{}", failure.message);
            assert_eq!(failure.status, Some(200));
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_no_graphql_is_malformed() {
    for body in
        ["[]", "{}", r#"{"data":{"thing":{"name":1}}}"#, r#"{"data":7}"#, r#"{"errors":"no"}"#, "<html>"]
    {
        let server = Server::start(move |_, _| answer(200, body)).await;
        assert_eq!(ask(&server).await.unwrap_err().kind, ReadErrorKind::Malformed, "{body}");
    }
}

#[tokio::test]
async fn a_query_is_repeated_and_a_mutation_is_not() {
    let script = |_: &testing::Seen, before: usize| match before {
        0 => Act::Close,
        _ => answer(200, r#"{"data":{"thing":null}}"#),
    };
    let server = Server::start(script).await;
    assert_eq!(ask(&server).await, Ok(None));
    assert_eq!(server.seen().len(), 2);
    let server = Server::start(script).await;
    assert_eq!(change(&server).await.unwrap_err().effect, Effect::Unknown);
    assert_eq!(server.seen().len(), 1);
}
