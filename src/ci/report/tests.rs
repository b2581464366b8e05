//! What a forge gets, with everything in it that an attacker may have written.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{
    comment::LONGEST,
    marker::{Marker, Topic, VERSION},
};
use crate::{
    ci::{
        acceptance::{self, Acceptance},
        decision::Command,
        outputs, page,
        results::Results,
    },
    model::Untrusted,
    plan::document::TargetError,
    render::{
        corpus::{assert_inert, hostile},
        escape,
    },
};

/// Results in which everything that a stranger may write is `text`.
fn results(text: &str) -> Results {
    let mut results = Results::new(Command::Plan);
    results.failure = Some(TargetError { exit: 4, message: text.into(), help: Some(text.into()) });
    results.notes = vec![text.into(), format!("before {text}").as_str().into()];
    results
}

#[test]
fn p11_hostile_text_is_inert_in_comments_issues_summaries_and_notes() {
    for text in hostile() {
        let marker =
            Marker { workflow: text.as_str().into(), head: None, digest: None, applied: false, v: VERSION };
        let body = format!("{}\n{}", marker.line(Topic::Plan), page::page(&results(&text), LONGEST));
        assert_inert(&body, false);
        let (_, page) = body.split_once('\n').unwrap_or_default();
        // No line is a command of a forge: quick actions begin a line with a slash.
        for line in page.lines() {
            assert!(!line.trim_start().starts_with(['/', '@']), "{line:?} of {text:?}");
            assert!(!line.trim_start().starts_with("::"), "{line:?} of {text:?}");
        }
        for event in Parser::new_ext(page, Options::all()) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    panic!("a link to {dest_url} out of {text:?}");
                }
                Event::Html(html) | Event::InlineHtml(html) => {
                    let own = ["<span>", "</span>", "<br>", "<code>", "</code>"];
                    assert!(own.contains(&html.trim()), "{html:?} out of {text:?}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn p11_a_hostile_patch_is_shown_byte_for_byte_or_not_at_all() {
    let mut shown = 0;
    for text in hostile() {
        let patch = format!("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+{text}\n");
        let hostile = Untrusted::from(text.as_str());
        let one = Acceptance {
            targets: vec![hostile.clone()],
            sha256: acceptance::sha256(&patch),
            patch: patch.as_str().into(),
            files: vec![hostile.clone()],
            left: vec![hostile.clone()],
            people: Vec::new(),
        };
        let other = Acceptance { files: Vec::new(), ..one.clone() };
        let page = acceptance::markdown(&[one, other], true, 60_000);
        assert_inert(&page, false);
        let (mut code, mut inside) = (Vec::new(), false);
        for event in Parser::new_ext(&page, Options::all()) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    panic!("a link to {dest_url} out of {text:?}");
                }
                Event::Start(Tag::CodeBlock(_)) => {
                    code.push(String::new());
                    inside = true;
                }
                Event::End(TagEnd::CodeBlock) => inside = false,
                Event::Text(piece) if inside => {
                    code.last_mut().into_iter().for_each(|code| code.push_str(&piece));
                }
                Event::Html(html) => {
                    let own = html.starts_with("<details><summary>Patch") || html.trim() == "</details>";
                    assert!(own, "{html:?} out of {text:?}");
                }
                _ => {}
            }
        }
        assert!(code.iter().all(|code| *code == patch), "{code:?} of {text:?}");
        assert_eq!(code.is_empty(), page.contains("is not shown"), "{page}");
        shown += code.len();
    }
    assert!(shown > 100, "{shown}");
}

#[test]
fn p11_hostile_text_ends_no_warning_and_no_output() {
    for text in hostile() {
        let line = format!("::warning title=rolecall::{}", escape::github_data(&text));
        assert_inert(&line, false);
        assert_eq!(line.lines().count(), 1, "{text:?}");
        let dotenv = outputs::dotenv(&[("digest", text.clone())]);
        assert_eq!(dotenv.lines().count(), 1, "{text:?}");
        let output = outputs::github(&[("digest", text.clone())]);
        let end = output.lines().next().and_then(|line| line.strip_prefix("digest<<")).unwrap_or_default();
        assert_eq!(output.matches(end).count(), 2, "{text:?}");
    }
}

#[test]
fn a_page_keeps_its_limit_and_says_what_is_missing() {
    let mut results = results("short");
    results.diff = "A line of a comparison.\n".repeat(10_000);
    results.notes.extend((0..2_000).map(|number| format!("Note {number} says something.").as_str().into()));
    for budget in [10_000, LONGEST] {
        let page = page::page(&results, budget);
        assert!(page.len() <= budget, "{} of {budget}", page.len());
        assert!(page.contains("**Incomplete:**") && page.contains("short"));
    }
    results.diff = "A line of a comparison.\n".to_owned();
    results.notes.clear();
    let page = page::page(&results, LONGEST);
    assert!(page.contains("A line of a comparison.") && !page.contains("Incomplete"), "{page}");
    results.failure =
        Some(TargetError { exit: 1, message: "x@y ".repeat(50_000).as_str().into(), help: None });
    assert!(page::page(&results, 20_000).len() <= 20_000);
}
