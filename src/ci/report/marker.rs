//! The first line of everything that is kept on a forge: it says whose text it is, so that the next run
//! finds it. It proves nothing: anybody can write it, so the author counts too, and nothing else is ever
//! taken from it.

use serde::{Deserialize, Serialize};

use crate::{model::Untrusted, render::json};

/// What a text is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The plan of a pull request.
    Plan,
    /// The offline comparison of a pull request.
    Diff,
    /// The same of a fork: what its author wrote, in the author's words.
    ForkDiff,
    /// What an apply did with what was merged.
    Apply,
    /// What was changed outside git.
    Drift,
}

impl Topic {
    fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Diff => "diff",
            Self::ForkDiff => "fork-diff",
            Self::Apply => "apply",
            Self::Drift => "drift",
        }
    }
}

/// What the marker says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The workflow that keeps the text.
    pub workflow: Untrusted,
    /// The commit that it is about.
    pub head: Option<Untrusted>,
    /// Digest of the plan, or of what an issue says.
    pub digest: Option<Untrusted>,
    /// Whether the text tells what an apply did, and not only that nothing was applied.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub applied: bool,
    /// Version of the marker, always 1.
    pub v: u32,
}

/// Version of the marker.
pub const VERSION: u32 = 1;

/// Longer lines are no markers.
const LONGEST: usize = 4_000;

impl Marker {
    /// The line, without its end. Nothing in it ends the comment early: `--`, `<`, and `>` stand as escapes
    /// of JSON.
    pub fn line(&self, topic: Topic) -> String {
        let facts =
            json::to_line(self).replace("--", "-\\u002d").replace('<', "\\u003c").replace('>', "\\u003e");
        format!("<!-- rolecall:{} {facts} -->", topic.name())
    }

    /// The marker of a text about `topic`, if that is its first line.
    pub fn read(text: &Untrusted, topic: Topic) -> Option<Self> {
        let line = text.raw().lines().next().filter(|line| line.len() <= LONGEST)?;
        let facts = line.strip_prefix("<!-- rolecall:")?.strip_prefix(topic.name())?.strip_prefix(' ')?;
        let marker: Self = serde_json::from_str(facts.trim_end().strip_suffix(" -->")?).ok()?;
        (marker.v == VERSION).then_some(marker)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::corpus::{any_text, assert_inert, hostile};

    fn marker(workflow: &str) -> Marker {
        Marker {
            workflow: workflow.into(),
            head: None,
            digest: Some("sha256:ab".into()),
            applied: false,
            v: VERSION,
        }
    }

    fn is_one_comment(line: &str) {
        assert_inert(line, false);
        assert!(!line.contains('\n'));
        let inner = line.strip_prefix("<!--").and_then(|line| line.strip_suffix("-->")).unwrap_or("--");
        assert!(!inner.contains("--") && !inner.contains(['<', '>']), "{line}");
    }

    #[test]
    fn p11_no_name_of_a_workflow_ends_the_marker() {
        for name in hostile().into_iter().chain(["--> <b>", "a--b---c", "-->\n@octocat"].map(str::to_owned)) {
            let marker = marker(&name);
            let line = marker.line(Topic::Plan);
            is_one_comment(&line);
            if line.len() <= LONGEST {
                let text = format!("{line}\nand more").as_str().into();
                assert_eq!(Marker::read(&text, Topic::Plan), Some(marker));
            }
        }
    }

    #[test]
    fn a_marker_stands_on_the_first_line_and_names_its_topic() {
        let line = marker("roles").line(Topic::ForkDiff);
        for text in
            [format!(" {line}"), format!("\n{line}"), line.replace("-->", ""), line.replace(":1", ":2")]
        {
            assert_eq!(Marker::read(&text.as_str().into(), Topic::ForkDiff), None, "{text}");
        }
        for topic in [Topic::Plan, Topic::Diff, Topic::Apply, Topic::Drift] {
            assert_eq!(Marker::read(&line.as_str().into(), topic), None);
        }
        let windows = format!("{line}\r\nmore");
        assert!(Marker::read(&windows.as_str().into(), Topic::ForkDiff).is_some());
    }

    proptest! {
        #[test]
        fn no_text_breaks_a_marker(name in any_text(), body in any_text()) {
            is_one_comment(&marker(&name).line(Topic::Plan));
            let text = format!("<!-- rolecall:plan {body} -->");
            let _none = Marker::read(&text.as_str().into(), Topic::Plan);
        }
    }
}
