//! Comments that set a lint: `# rolecall: allow RC041 because it is the team's own word`, on the
//! line above an object or at the end of its line.

use crate::model::{Code, Finding, SourceId, config::LintLevel};

use super::{span::Span, syntax::Comment};

/// A comment that sets a lint for one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// First byte of the line that it concerns, and one past its last.
    pub(crate) line: Span,
    /// The lint.
    pub(crate) code: Code,
    /// What it is to do.
    pub(crate) level: LintLevel,
}

/// Reads the directives among the comments of `text`.
pub(crate) fn read(
    text: &str,
    comments: &[Comment],
    source: SourceId,
    findings: &mut Vec<Finding>,
) -> Vec<Directive> {
    let mut directives = Vec::new();
    for comment in comments {
        let body = comment.span.slice(text).trim_start_matches('#').trim();
        let Some(body) = body.strip_prefix("rolecall:") else { continue };
        match parse(body.trim()) {
            Ok((level, code)) => directives.push(Directive { line: line_of(text, *comment), code, level }),
            Err((message, help)) => findings
                .push(Finding::new(Code::LintComment, message).at(comment.span.site(source), "").help(help)),
        }
    }
    directives
}

fn parse(body: &str) -> Result<(LintLevel, Code), (String, &'static str)> {
    const FORM: &str = "Write `# rolecall: allow RC041 because REASON`; `warn` and `deny` are possible too.";
    let mut words = body.split_whitespace();
    let level = match words.next() {
        Some("allow") => LintLevel::Allow,
        Some("warn") => LintLevel::Warn,
        Some("deny") => LintLevel::Deny,
        _ => {
            return Err((
                "a comment for rolecall that does not begin with `allow`, `warn`, or `deny`".into(),
                FORM,
            ));
        }
    };
    let word = words.next().unwrap_or_default();
    let Ok(code) = word.parse::<Code>() else {
        return Err(("a comment for rolecall without a known code".into(), FORM));
    };
    if code.lint().is_none() {
        return Err((format!("{code} is not a lint: nothing can change its level"), "Solve it instead."));
    }
    if words.next() != Some("because") || words.next().is_none() {
        return Err(("a comment for rolecall without a reason".into(), FORM));
    }
    Ok((level, code))
}

/// The line that a comment concerns: its own, or the first one below that is no comment.
fn line_of(text: &str, comment: Comment) -> Span {
    let at = comment.span.start as usize;
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let mut start = start;
    loop {
        let rest = text.get(start..).unwrap_or_default();
        let length = rest.find('\n').unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        if !comment.alone || !line.trim_start().starts_with('#') {
            return Span::new(start, start + length);
        }
        start += length + 1;
        if start >= text.len() {
            return Span::new(text.len(), text.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_and_known_lint_are_required() {
        assert_eq!(parse("allow RC041 because it is a word"), Ok((LintLevel::Allow, Code::NamedAfterPerson)));
        assert_eq!(parse("deny RC040 because we say so"), Ok((LintLevel::Deny, Code::NoDescription)));
        for bad in [
            "",
            "allow",
            "allow RC041",
            "allow RC041 because",
            "allow RC999 because x",
            "allow RC005 because x",
            "ignore RC041 because x",
        ] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
