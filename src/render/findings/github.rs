//! Findings as annotations of GitHub Actions: workflow commands on standard output.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use super::{counted, labels, ordered};
use crate::{
    model::{Finding, Level, Sources},
    render::escape::{github_data, github_property},
};

/// One command a line, errors first. GitHub shows about ten annotations of each level and step, so
/// that `cap`, if any, limits how many are written; a notice counts the rest.
///
/// `prefix` is the path of the definitions' root within the repository, empty where they are the
/// same: GitHub takes paths from the repository's root.
pub fn github(findings: &[Finding], sources: &Sources, prefix: &str, cap: Option<usize>) -> String {
    let mut findings = ordered(findings, sources);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let (written, rest) = findings.split_at(cap.unwrap_or(usize::MAX).min(findings.len()));
    let mut out: String = written.iter().map(|finding| command(finding, sources, prefix)).collect();
    if !rest.is_empty() {
        let errors = rest.iter().filter(|finding| finding.level == Level::Error).count();
        let counted = counted(errors, rest.len() - errors);
        out.push_str(&format!("::notice title=rolecall::without an annotation: {counted}\n"));
    }
    out
}

fn command(finding: &Finding, sources: &Sources, prefix: &str) -> String {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let mut properties = Vec::new();
    let mut lines = vec![github_data(finding.message.raw())];
    for (index, (label, spot)) in labels(finding, sources).enumerate() {
        let text = github_data(label.text.raw());
        if index > 0 {
            let place = format!("{}:{}:{}", spot.source.path, spot.start.line, spot.start.column);
            let separator = if text.is_empty() { "" } else { ": " };
            lines.push(format!("{}{separator}{text}", github_data(&place)));
            continue;
        }
        properties
            .push(format!("file={}", github_property(&super::in_repository(prefix, &spot.source.path))));
        properties.push(format!("line={},endLine={}", spot.start.line, spot.end.line));
        // Columns are only taken for a place within one line:
        // <https://docs.github.com/en/rest/checks/runs>.
        if spot.start.line == spot.end.line {
            properties.push(format!("col={},endColumn={}", spot.start.column, spot.end.column));
        }
        if !text.is_empty() {
            lines.push(text);
        }
    }
    properties.push(format!("title={}", finding.code));
    lines.extend(finding.help.iter().map(|help| github_data(help.raw())));
    format!("::{level} {}::{}\n", properties.join(","), lines.join("%0A"))
}
