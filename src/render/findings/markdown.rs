//! Findings for a comment or a summary: a table, errors first.

use super::{counted, labels, ordered};
use crate::{
    model::{Finding, Level, Sources},
    render::{
        advice,
        escape::{markdown, markdown_code},
    },
};

/// Most findings that are listed one by one.
const LISTED: usize = 30;

/// How many there are, and each with its place; of very many only the first. Empty where there are
/// none.
pub fn markdown_list(findings: &[Finding], sources: &Sources) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut all = ordered(findings, sources);
    all.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let errors = all.iter().filter(|finding| finding.level == Level::Error).count();
    let mut page = format!("### {} in the definitions\n\n", counted(errors, all.len() - errors));
    for finding in all.iter().take(LISTED) {
        let place = labels(finding, sources).next().map_or_else(String::new, |(_, spot)| {
            let place = format!("{}:{}:{}", spot.source.path, spot.start.line, spot.start.column);
            format!("{} ", markdown_code(&place))
        });
        let level = if finding.level == Level::Error { "**error**" } else { "warning" };
        page.push_str(&format!("- {place}{level} {}: {}", finding.code, markdown(finding.message.raw())));
        if let Some(help) = &finding.help {
            page.push_str(&format!("<br>{}", advice::prose(help.raw())));
        }
        page.push('\n');
    }
    if let Some(more) = all.len().checked_sub(LISTED).filter(|more| *more > 0) {
        page.push_str(&format!("\n**Incomplete:** {more} more; `rolecall validate` shows them all.\n"));
    }
    page.push('\n');
    page
}
