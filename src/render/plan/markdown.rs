//! A plan for a pull request's comment or a step summary.
//!
//! Numbers first, then what is refused, what is managed, what goes, what changes, what comes. What
//! does not fit is left out from the least important on, and the page says so.

mod assignments;
mod change;
pub(super) mod fit;
mod target;

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use self::fit::{Block, Item, Section, Subject};
use super::{
    drift::{self, back, outside, ways_out},
    origins::Told,
    refusals::refusals,
    view::{count, headline, is_quiet},
};
use crate::{
    model::Untrusted,
    plan::{
        document::{PlanDocument, Revisions, TargetPlan},
        people,
    },
    render::{advice, escape},
};

/// A page is never cut to less than this: headline, digest, and what is missing need room.
pub const MIN_CHARS: usize = 6_000;

/// How a page looks.
#[derive(Clone, Debug)]
pub struct MarkdownOptions {
    /// Where files of the planned revision can be read; without it places are plain text.
    pub permalink: Option<Permalink>,
    /// Longest page, counted in bytes of UTF-8: there are never more characters or UTF-16 units
    /// than bytes, whichever of them a forge counts. At least [`MIN_CHARS`].
    pub max_chars: usize,
    /// Whether people are named, or only counted: then nobody stands in a message or a note either.
    pub names: bool,
    /// Whether the command that applies the plan stands below it. A page in a CI system leaves that out: there
    /// a merge applies, and the plan of a proposal is no reason to.
    pub apply: bool,
}

impl Default for MarkdownOptions {
    fn default() -> Self {
        Self { permalink: None, max_chars: 60_000, names: true, apply: true }
    }
}

/// The address of a folder of one revision, such as `https://github.com/acme/roles/blob/4f2a91c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permalink(String);

impl Permalink {
    /// `base` if it is an `https` or `http` URL that can stand in a link as it is.
    pub fn new(base: &str) -> Option<Self> {
        let rest = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"))?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/%@+".contains(&b);
        (!rest.is_empty() && rest.bytes().all(plain)).then(|| Self(base.trim_end_matches('/').to_owned()))
    }

    /// The address of a line of a file; `None` for a path that no file in the folder has.
    fn line(&self, file: &Untrusted, line: u32) -> Option<String> {
        const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
        let mut url = self.0.clone();
        for segment in file.raw().split('/') {
            if matches!(segment, "" | "." | "..") {
                return None;
            }
            url.push('/');
            url.extend(utf8_percent_encode(segment, SEGMENT));
        }
        Some(format!("{url}#L{line}"))
    }
}

/// The plan in full, as far as it fits.
pub fn render(plan: &PlanDocument, options: &MarkdownOptions) -> String {
    let plan = &*shown(plan, options);
    let several = plan.targets.len() > 1;
    let mut blocks = vec![refused(plan, options)];
    blocks.extend(targets(plan, options, Told::Plan));
    if several {
        blocks.push(unchanged(plan, Told::Plan));
        blocks.push(digests(plan));
    }
    let head = format!("### {}\n\n{}{}\n", headline(plan, "−"), alert(plan), revisions(&plan.revisions));
    fit::page(&head, &blocks, &footer(plan, options), options.max_chars.max(MIN_CHARS))
}

/// A plan whose changes are drift, told as what somebody did outside git since the last apply, with
/// the two ways out.
pub fn drift(plan: &PlanDocument, options: &MarkdownOptions) -> String {
    let foot =
        ways_out(plan).map_or_else(String::new, |ways_out| format!("{}\n\n", advice::prose(&ways_out)));
    drift_with(plan, options, &foot)
}

/// The same with `accept` for the way out that takes it into the definitions: whole Markdown blocks, which
/// always fit. Below them stands how it is put back.
pub fn drift_or_accept(plan: &PlanDocument, options: &MarkdownOptions, accept: &str) -> String {
    let back = back(plan).map_or_else(String::new, |back| {
        format!("#### Put it back\n\n{}\n\n", advice::prose(&format!("{back}.")))
    });
    drift_with(plan, options, &format!("{}\n\n{back}", accept.trim_end()))
}

fn drift_with(plan: &PlanDocument, options: &MarkdownOptions, ways_out: &str) -> String {
    let plan = outside(&shown(plan, options));
    let mut blocks: Vec<Block> = targets(&plan, options, Told::Report).collect();
    if plan.targets.len() > 1 {
        blocks.push(unchanged(&plan, Told::Report));
    }
    let headline = drift::headline(&plan.targets, "−");
    let head = format!("### {headline}\n\n{}{}\n", alert(&plan), revisions(&plan.revisions));
    let foot = format!("{ways_out}rolecall {}\n", clipped(plan.rolecall.raw()));
    fit::page(&head, &blocks, &foot, options.max_chars.max(MIN_CHARS))
}

/// The plan as it may be shown: with nobody in any text, where people are not named.
fn shown<'a>(plan: &'a PlanDocument, options: &MarkdownOptions) -> Cow<'a, PlanDocument> {
    if options.names { Cow::Borrowed(plan) } else { Cow::Owned(people::masked(plan)) }
}

fn targets<'a>(
    plan: &'a PlanDocument,
    options: &'a MarkdownOptions,
    told: Told,
) -> impl Iterator<Item = Block> + 'a {
    let several = plan.targets.len() > 1;
    plan.targets
        .iter()
        .filter(move |target| !several || !is_quiet(target))
        .map(move |target| target::block(plan, target, options, told))
}

/// Inline text, cut where it is very long: for places where everything has to fit.
pub fn clipped(text: &str) -> String {
    cut(text, escape::markdown)
}

/// Text encoded by `encode`: at most 60 characters of it, and at most [`CLIPPED`] bytes of output.
fn cut(text: &str, encode: fn(&str) -> String) -> String {
    let mut characters = 60;
    loop {
        let end = text.char_indices().nth(characters).map_or(text.len(), |(end, _)| end);
        let encoded = encode(text.get(..end).unwrap_or_default());
        if encoded.len() <= CLIPPED || characters == 0 {
            return if end < text.len() { format!("{encoded}…") } else { encoded };
        }
        characters /= 2;
    }
}

/// Longest clipped text in bytes, without its ellipsis.
const CLIPPED: usize = 160;

/// A few names, and how many more there are.
fn few<'a>(names: impl ExactSizeIterator<Item = &'a Untrusted>) -> String {
    const FEW: usize = 3;
    let more = names.len().saturating_sub(FEW);
    let shown: Vec<_> = names.take(FEW).map(|name| format!("**{}**", clipped(name.raw()))).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// The box that nobody overlooks: refusals, failed targets, emulators.
fn alert(plan: &PlanDocument) -> String {
    let names = |wanted: fn(&TargetPlan) -> bool| {
        let targets: Vec<_> =
            plan.targets.iter().filter(|target| wanted(target)).map(|target| &target.name).collect();
        (targets.len(), few(targets.into_iter()))
    };
    let mut lines = Vec::new();
    let (refused, refused_names) = names(|target| refusals(target) > 0);
    if refused > 0 {
        let number: usize = plan.targets.iter().map(refusals).sum();
        lines.push(format!(
            "{}: nothing will be sent to {refused_names}.",
            count(number, "refusal", "refusals")
        ));
    }
    let (failed, failed_names) = names(|target| target.error.is_some());
    if failed > 0 {
        lines.push(format!("There is no plan for {failed_names}."));
    }
    let mut out = String::new();
    if !lines.is_empty() {
        out.push_str(&format!("> [!CAUTION]\n> {}\n\n", lines.join("<br>\n> ")));
    }
    let (emulated, emulated_names) = names(|target| target.emulator);
    if emulated > 0 {
        out.push_str(&format!("> [!NOTE]\n> **EMULATOR**: {emulated_names} is not a real tenant.\n\n"));
    }
    out
}

pub(super) fn revisions(revisions: &Revisions) -> String {
    let mut line = match &revisions.desired {
        Some(commit) => format!("Commit {}", cut(super::view::short(commit), escape::markdown_code)),
        None if revisions.branch.is_some() => "No commit yet".to_owned(),
        None => "Files outside git".to_owned(),
    };
    if let Some(branch) = &revisions.branch {
        line.push_str(&format!(" on {}", clipped(branch.raw())));
    }
    if let Some(base) = &revisions.base {
        let merged = revisions.merged.is_some();
        line.push_str(if merged { ", merged with " } else { ", compared with " });
        let base = cut(super::view::short(base), escape::markdown_code);
        match &revisions.base_name {
            Some(name) => line.push_str(&format!("{} ({base})", clipped(name.raw()))),
            None => line.push_str(&base),
        }
        if merged {
            line.push_str(" in memory, as the branch is behind");
        }
    }
    if revisions.dirty {
        line.push_str(", **with changes that are not committed**");
    }
    line.push_str(&format!(", {}.\n", clipped(revisions.today.raw())));
    line
}

/// Everything that guards refuse, of all targets.
fn refused(plan: &PlanDocument, options: &MarkdownOptions) -> Block {
    let items = plan.targets.iter().flat_map(|target| target::refusals(target, options)).collect();
    let section = Section { head: "#### Refused\n\n".to_owned(), tail: "\n".to_owned(), items };
    Block { heading: String::new(), sections: vec![section] }
}

/// Targets in which nothing changes.
fn unchanged(plan: &PlanDocument, told: Told) -> Block {
    let what = if told == Told::Report { "No drift" } else { "No changes" };
    let targets: Vec<_> = plan.targets.iter().filter(|target| is_quiet(target)).collect();
    let mut block = Block::default();
    if targets.is_empty() {
        return block;
    }
    let line = format!("{what} in {}", count(targets.len(), "target", "targets"));
    let names: Vec<_> = targets
        .iter()
        .map(|target| {
            let mut name = escape::markdown(target.name.raw());
            if target.emulator {
                name.push_str(" (EMULATOR)");
            }
            if let Some(left) = target::left_alone(target, false) {
                name.push_str(&format!(" ({}: {left})", told.unmanaged()));
            }
            name
        })
        .collect();
    let full = format!("<details><summary>{line}</summary>\n\n{}\n\n</details>\n\n", names.join(", "));
    let item = Item::new(Subject::Unchanged, targets.len(), full).brief(format!("{line}.\n\n"));
    block.sections.push(Section { items: vec![item], ..Section::default() });
    block
}

/// The digest of each target, those that change first.
fn digests(plan: &PlanDocument) -> Block {
    let item = |target: &TargetPlan| {
        let digest = target.digest.as_ref()?;
        let line =
            format!("- {} {}\n", escape::markdown(target.name.raw()), escape::markdown_code(digest.raw()));
        let subject = if is_quiet(target) { Subject::QuietDigest } else { Subject::Digest };
        Some(Item::new(subject, 1, line))
    };
    let head = "<details><summary>Digest of each target</summary>\n\n".to_owned();
    let items = plan.targets.iter().filter_map(item).collect();
    Block {
        heading: String::new(),
        sections: vec![Section { head, tail: "\n</details>\n\n".to_owned(), items }],
    }
}

/// The digest of the plan and how to come to it again.
fn footer(plan: &PlanDocument, options: &MarkdownOptions) -> String {
    const COMMANDS: usize = 600;
    let digest = match &plan.digest {
        Some(digest) => format!("Digest <code>{}</code>", clip_digest(digest)),
        None => "No digest, as a target failed".to_owned(),
    };
    let mut commands = vec![command(plan)];
    let changes =
        plan.targets.iter().any(|target| !target.changes.is_empty() || !target.scope_changes.is_empty());
    if let Some(digest) = &plan.digest
        && options.apply
        && changes
        && plan.targets.iter().all(|target| refusals(target) == 0)
    {
        commands.push(format!("rolecall apply{} --expect-plan {}", choice(plan), quoted(digest)));
    }
    let mut commands = commands.join("\n");
    if commands.len() > COMMANDS {
        commands = "rolecall plan".to_owned();
    }
    let code = fence(&commands, "sh");
    format!("{digest} · rolecall {}\n\n{code}", clipped(plan.rolecall.raw()))
}

/// All of a digest, and the beginning of what is none.
pub(super) fn clip_digest(digest: &Untrusted) -> String {
    let raw = digest.raw();
    let end = raw.char_indices().nth(80).map_or(raw.len(), |(end, _)| end);
    escape::html(raw.get(..end).unwrap_or_default())
}

fn command(plan: &PlanDocument) -> String {
    let mut line = "rolecall plan".to_owned();
    for (option, revision) in [("--rev", &plan.revisions.desired), ("--base", &plan.revisions.base)] {
        if let Some(revision) = revision
            && !plan.revisions.dirty
        {
            line.push_str(&format!(" {option} {}", quoted(revision)));
        }
    }
    line + &choice(plan)
}

/// The options that choose what is planned.
fn choice(plan: &PlanDocument) -> String {
    let mut line = String::new();
    if let [target] = plan.targets.as_slice() {
        line.push_str(&format!(" --target {}", quoted(&target.name)));
        for pattern in &target.selection {
            line.push_str(&format!(" --only {}", quoted(pattern)));
        }
    }
    if plan.targets.iter().any(|target| target.pending_only) {
        line.push_str(" --pending-only");
    }
    line
}

/// One word of a shell, shown so that nothing in it is hidden.
fn quoted(word: &Untrusted) -> String {
    let shown = escape::terminal(word.raw());
    if !shown.is_empty() && shown.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:/@%=+".contains(&b)) {
        shown.into_owned()
    } else {
        format!("'{}'", shown.replace('\'', "'\\''"))
    }
}

/// A fenced block of lines that are visible already.
fn fence(lines: &str, language: &str) -> String {
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n\n", lines.trim_end_matches('\n'))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests;
