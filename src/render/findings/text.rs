//! Findings for a person at a terminal.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode};
use miette::{ThemeCharacters, ThemeStyles};

use super::{
    Count, counted,
    excerpt::{Excerpts, Masks},
    ordered,
};
use crate::{
    model::{Code, Finding, Level, Site, Sources},
    render::{Style, advice},
};

/// One report for each finding: code, message, the lines with the exact bytes underlined, help; at
/// the end how many there are. Nothing where there are none.
///
/// `masked` are the places of credentials: they show as `****` in every excerpt. Places of a finding
/// about a plaintext credential are masked in any case.
pub fn text(findings: &[Finding], sources: &Sources, masked: &[Site], style: &Style) -> String {
    let credentials = findings.iter().filter(|finding| finding.code == Code::PlaintextCredential);
    let credentials = credentials.flat_map(|finding| finding.labels.iter().map(|label| label.site));
    let masks = Masks::new(masked.iter().copied().chain(credentials), sources);
    // Narrower than this, nothing can be read; much wider, nothing can be found.
    let style = Style { width: style.width.clamp(40, 200), ..*style };
    let handler = handler(&style);
    let findings = ordered(findings, sources);
    let mut out = String::new();
    for finding in &findings {
        let report = Report::new(finding, sources, &masks, &style);
        // Writing to a string does not fail, and every label lies in a part of the excerpts.
        if handler.render_report(&mut out, &report).is_err() {
            out.push_str(&format!("{}: {}\n", report.code, report.message));
        }
        out.push('\n');
    }
    let count = Count::of(&findings, sources);
    if !findings.is_empty() {
        out.push_str(&counted(count.errors, count.warnings));
        match count.files {
            0 => {}
            1 => out.push_str(" in 1 file"),
            files => out.push_str(&format!(" in {files} files")),
        }
        out.push('\n');
    }
    out
}

fn handler(style: &Style) -> GraphicalReportHandler {
    let theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_urls(false)
        .without_cause_chain()
        .without_syntax_highlighting()
        // Filled before, so that nothing that a reader copies is broken.
        .with_wrap_lines(false)
        .with_context_lines(1)
}

/// A finding as miette takes it.
#[derive(Debug)]
struct Report {
    code: String,
    severity: Severity,
    message: String,
    help: Option<String>,
    excerpts: Excerpts,
}

impl Report {
    fn new(finding: &Finding, sources: &Sources, masks: &Masks, style: &Style) -> Self {
        let (severity, level) = match finding.level {
            Level::Error => (Severity::Error, "error"),
            Level::Warning => (Severity::Warning, "warning"),
        };
        Self {
            code: format!("{level}[{}]", finding.code),
            severity,
            message: advice::lines(finding.message.raw(), style.width.saturating_sub(6)),
            help: finding.help.as_ref().map(|help| advice::lines(help.raw(), style.width.saturating_sub(10))),
            excerpts: Excerpts::new(finding, sources, masks, style),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.excerpts.labels.is_empty()).then_some(&self.excerpts as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpts.labels.iter().cloned()))
    }
}
