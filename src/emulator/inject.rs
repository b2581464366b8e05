//! What a fault does to the body of an answer.

use serde_json::Value;

use super::call::Answer;
use super::encode;
use super::fault::{Echo, Garbage};
use super::gzip;

/// How deep [`Garbage::Deep`] nests.
const DEPTH: usize = 100_000;

/// A page as a proxy or a captive portal would send it.
pub(crate) fn html(status: u16) -> Answer {
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>{status}</title></head>\
         <body><h1>{status}</h1><script>alert(1)</script><p>emulated page</p></body></html>\n"
    );
    Answer::raw(status, "text/html; charset=utf-8", page.into_bytes())
}

/// The text of an error that repeats a credential.
pub(crate) fn echo(form: Echo, credential: &str) -> String {
    let base64 = encode::base64(credential.as_bytes());
    let percent = encode::percent(credential);
    match form {
        Echo::Raw => format!("the key {credential} was rejected"),
        Echo::Base64 => format!("the key {base64} was rejected"),
        Echo::Percent => format!("the key {percent} was rejected"),
        Echo::All => {
            let web_safe = base64.replace('+', "-").replace('/', "_").replace('=', "");
            format!("the key {credential} was rejected (base64 {base64}, {web_safe}; encoded {percent})")
        }
    }
}

/// Damages a JSON body.
pub(crate) fn garbage(kind: Garbage, body: &[u8]) -> Vec<u8> {
    let changed = |change: &dyn Fn(Value) -> Value| {
        serde_json::from_slice(body).map(|value| change(value).to_string().into_bytes()).unwrap_or_default()
    };
    match kind {
        Garbage::Types => changed(&wrong_types),
        Garbage::Missing => changed(&missing_fields),
        Garbage::Ids => changed(&hostile_ids),
        Garbage::Null => b"null".to_vec(),
        Garbage::Empty => Vec::new(),
        Garbage::Scalar => b"42".to_vec(),
        Garbage::Array => b"[[],[[]]]".to_vec(),
        Garbage::Deep => [vec![b'['; DEPTH], vec![b']'; DEPTH]].concat(),
        Garbage::Text => b"{\"roles\": [not json".to_vec(),
    }
}

/// Pads a body with blanks, which leaves JSON valid.
pub(crate) fn huge(mut answer: Answer, mebibytes: usize, compressed: bool) -> Answer {
    let missing = mebibytes.saturating_mul(1024 * 1024).saturating_sub(answer.body.len());
    if compressed {
        answer.body = gzip::padded(&answer.body, missing);
        return answer.header("content-encoding", "gzip");
    }
    answer.body.resize(answer.body.len() + missing, b' ');
    answer
}

fn each(value: Value, change: &dyn Fn(Value) -> Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(change).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, change(value))).collect(),
        other => other,
    }
}

fn wrong_types(value: Value) -> Value {
    match value {
        Value::String(_) => Value::from(7),
        Value::Number(number) => Value::String(number.to_string()),
        Value::Bool(flag) => Value::String(flag.to_string()),
        other => each(other, &wrong_types),
    }
}

fn missing_fields(value: Value) -> Value {
    // A page or a wrapper around one object stays, so that the damage lies within.
    let keep = value
        .as_object()
        .is_some_and(|fields| fields.values().any(|field| field.is_array() || field.is_object()));
    match value {
        Value::Object(fields) if !keep => {
            fields.into_iter().skip(1).map(|(name, value)| (name, missing_fields(value))).collect()
        }
        other => each(other, &missing_fields),
    }
}

fn hostile_ids(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let is_id =
                    matches!(name.as_str(), "id" | "role" | "role_id" | "user_id") && value.is_string();
                (name, if is_id { Value::from("..") } else { hostile_ids(value) })
            })
            .collect(),
        other => each(other, &hostile_ids),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_where_it_is_said_to_be() {
        let body = br#"{"roles":[{"id":"a","name":"n","count":1,"on":true}]}"#;
        let text = |kind| String::from_utf8(garbage(kind, body)).unwrap();
        assert_eq!(text(Garbage::Types), r#"{"roles":[{"count":"1","id":7,"name":7,"on":"true"}]}"#);
        assert_eq!(text(Garbage::Missing), r#"{"roles":[{"id":"a","name":"n","on":true}]}"#);
        assert_eq!(text(Garbage::Ids), r#"{"roles":[{"count":1,"id":"..","name":"n","on":true}]}"#);
        assert_eq!(text(Garbage::Null), "null");
        assert!(serde_json::from_str::<Value>(&text(Garbage::Deep)).is_err());
        let padded = huge(Answer::json(200, &Value::Null), 1, false);
        assert_eq!(padded.body.len(), 1024 * 1024);
        assert!(echo(Echo::All, "cr-a").contains("Y3ItYQ"));
    }
}
