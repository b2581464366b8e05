//! A request as the products see it, and the answer they give.

use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::product::Change;

/// The path prefix of what a person would do in the product's web interface, and of the emulator's own controls.
pub(crate) const DASHBOARD: &str = "/_dashboard/";

/// A request that arrived whole.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The method, upper case.
    pub(crate) method: String,
    /// The path as sent, still percent-encoded.
    pub(crate) path: String,
    /// The path's segments, percent-decoded one by one, so that an encoded slash stays within its segment.
    pub(crate) segments: Vec<String>,
    /// The query as sent, without the question mark.
    pub(crate) raw_query: String,
    /// The query's pairs, decoded, in order.
    pub(crate) query: Vec<(String, String)>,
    /// The headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// Takes a request apart.
    pub(crate) fn new(
        method: &str,
        path: &str,
        raw_query: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Self {
        let segments = path
            .split('/')
            .skip(1)
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let query = url::form_urlencoded::parse(raw_query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        Self {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            segments,
            raw_query: raw_query.to_owned(),
            query,
            headers,
            body,
        }
    }

    /// The first value of a header, named in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(parameter, _)| parameter == name).map(|(_, value)| value.as_str())
    }

    /// Whether the method can change something.
    pub(crate) fn is_mutating(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// Whether the request belongs to the dashboard rather than to the product's API.
    pub(crate) fn is_dashboard(&self) -> bool {
        self.path.starts_with(DASHBOARD)
    }

    /// The decoded segments as a pattern to match on.
    pub(crate) fn route(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }
}

/// An answer, with the changes that it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Headers besides `content-type`.
    pub(crate) headers: Vec<(String, String)>,
    /// The `content-type`, where there is a body.
    pub(crate) content_type: &'static str,
    /// The body; empty where there is none.
    pub(crate) body: Vec<u8>,
    /// What to change in the world, all or nothing.
    pub(crate) changes: Vec<Change>,
}

impl Answer {
    /// A JSON answer.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        // Values of ours have text as keys, the only thing that could fail.
        Self::raw(status, "application/json", serde_json::to_vec(body).unwrap_or_default())
    }

    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self::raw(status, "application/json", Vec::new())
    }

    /// An answer of any type.
    pub(crate) fn raw(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status, headers: Vec::new(), content_type, body, changes: Vec::new() }
    }

    /// An error of the emulator's own routes.
    pub(crate) fn plain_error(status: u16, message: &str) -> Self {
        Self::json(status, &serde_json::json!({ "error": { "message": message } }))
    }

    /// The same answer with one header more.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same answer with changes.
    pub(crate) fn changing(mut self, changes: Vec<Change>) -> Self {
        self.changes = changes;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_slash_stays_within_its_segment() {
        let call = Call::new("get", "/v1/roles/a%2Fb", "x=1&x=2", Vec::new(), Vec::new());
        assert_eq!(call.route(), ["v1", "roles", "a/b"]);
        assert_eq!(call.parameter("x"), Some("1"));
        assert!(!call.is_mutating());
        assert!(!call.is_dashboard());
    }
}
