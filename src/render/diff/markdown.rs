//! The difference for a pull request.

use super::{
    plan::{
        fields::is_simple,
        words::{Fate, difference},
    },
    view::{
        RELEASED, Row, bringers, broken, conclusion, condition, count, explained, files, has_more,
        is_permission, is_quiet, plain_rows, rows, side, subject,
    },
};
use crate::{
    model::Untrusted,
    plan::{
        difference::document::{
            AssignmentDifference, Cause, DiffDocument, FieldDifference, Holding, Place, RoleDifference, Side,
            TargetDifference, TargetStatus, Text, What,
        },
        document::ScopeChange,
    },
    render::escape::{markdown, markdown_code, terminal},
};

/// How a page looks.
#[derive(Clone, Debug)]
pub struct MarkdownOptions {
    /// Longest page, counted in bytes of UTF-8.
    pub max_chars: usize,
}

impl Default for MarkdownOptions {
    fn default() -> Self {
        Self { max_chars: 60_000 }
    }
}

/// The difference as far as it fits; a page that is cut says what is missing.
pub fn render(diff: &DiffDocument, options: &MarkdownOptions) -> String {
    let mut page = Page { out: String::new(), room: options.max_chars.saturating_sub(RESERVE), left_out: 0 };
    page.out.push_str(&format!("### {}\n\n{}\n\n", conclusion(diff, "−"), revisions(diff)));
    if !diff.policies.is_empty() {
        page.item(&format!("{}\n", diff.policies.iter().map(scope_change).collect::<String>()), 1);
    }
    for target in diff.targets.iter().filter(|target| !is_quiet(target)) {
        whole(&mut page, target, diff);
    }
    let quiet: Vec<_> = diff.targets.iter().filter(|target| is_quiet(target)).collect();
    if diff.targets.len() > 1 && !quiet.is_empty() {
        let names: Vec<_> = quiet.iter().map(|target| markdown(target.name.raw())).collect();
        page.item(&format!("No difference in {}.\n\n", names.join(", ")), 1);
    }
    let Page { mut out, left_out, .. } = page;
    if left_out > 0 {
        out.push_str(&format!(
            "**Incomplete:** this page is full. Left out: {}. `rolecall diff` in a terminal shows everything.\n",
            count(left_out, "difference", "differences")
        ));
    }
    out
}

/// Room for the line about what is missing.
const RESERVE: usize = 200;

/// What fits.
struct Page {
    out: String,
    room: usize,
    left_out: usize,
}

impl Page {
    /// Adds `text`, which tells of `number` differences, if it fits. After the first that does not,
    /// nothing comes: a page is not to be read as complete in its later parts.
    fn item(&mut self, text: &str, number: usize) {
        if self.left_out == 0 && self.out.len() + text.len() <= self.room {
            self.out.push_str(text);
        } else {
            self.left_out += number;
        }
    }
}

fn revisions(diff: &DiffDocument) -> String {
    format!("From {} to {}.", named(&diff.a), named(&diff.b))
}

fn named(one: &Side) -> String {
    let (name, commit) = side(one);
    let mut text = match (name, &one.merge_base_with) {
        (None, _) => "the work tree".to_owned(),
        (Some(name), Some(other)) => {
            format!("where {} parted from {}", markdown_code(other.raw()), markdown_code(name))
        }
        (Some(name), None) => markdown_code(name),
    };
    if let Some(commit) = commit {
        text.push_str(&format!(" ({})", markdown_code(commit)));
    }
    if one.absent {
        text.push_str(" without a configuration");
    }
    text
}

fn scope_change(change: &ScopeChange) -> String {
    let side = |side: &Option<Untrusted>| match side {
        Some(value) => markdown_code(value.raw()),
        None => "(none)".to_owned(),
    };
    format!("- **{}**: {} → {}\n", markdown(change.what.raw()), side(&change.before), side(&change.after))
}

fn whole(page: &mut Page, target: &TargetDifference, diff: &DiffDocument) {
    page.item(&format!("#### {}\n\n", header(target)), 0);
    if target.status == TargetStatus::Unknown {
        let names: Vec<_> = broken(target, diff).iter().map(|name| markdown(name)).collect();
        let text = format!(
            "> [!CAUTION]\n> This target cannot be compared: its definitions have errors in {}.\n\n",
            names.join(" and ")
        );
        page.item(&text, 1);
        return;
    }
    scope(page, target);
    for cause in &target.causes {
        page.item(&shared(cause), cause.roles.len());
    }
    let roles = target.permission_definitions.iter().chain(&target.roles);
    for role in roles.filter(|role| has_more(role)) {
        page.item(&whole_role(role), 1);
    }
    lists(page, target);
}

fn header(target: &TargetDifference) -> String {
    let mut text = match target.status {
        TargetStatus::Added => "Added: ".to_owned(),
        TargetStatus::Dropped => "Dropped: ".to_owned(),
        TargetStatus::Same | TargetStatus::Changed | TargetStatus::Unknown => String::new(),
    };
    if let Some(before) = &target.name_before {
        text.push_str(&format!("{} → ", markdown(before.raw())));
    }
    text.push_str(&markdown(target.name.raw()));
    if let Some(provider) = &target.provider {
        text.push_str(&format!(" · {}", markdown(provider.raw())));
    }
    if target.emulator {
        text.push_str(" · EMULATOR");
    }
    text
}

fn scope(page: &mut Page, target: &TargetDifference) {
    if target.status == TargetStatus::Dropped {
        page.item(&format!("What it declared is {RELEASED}.\n\n"), 0);
    }
    let mut lines: Vec<String> = target.scope_changes.iter().map(scope_change).collect();
    for (before, files, after) in files(target) {
        let names: Vec<_> = files.iter().map(|file| markdown_code(file.raw())).collect();
        lines.push(format!("- {before}{}{after}\n", names.join(", ")));
    }
    if !lines.is_empty() {
        let text = format!("**What is managed and guarded changes**\n\n{}\n", lines.concat());
        page.item(&text, lines.len());
    }
}

fn place(place: &Place) -> String {
    markdown_code(&format!("{}:{}", place.file.raw(), place.line))
}

/// A line that changed several roles, with all of them.
fn shared(cause: &Cause) -> String {
    let (what, name) = subject(cause);
    let mut head = format!("**Change {what} {}**", name.map(|name| markdown(name.raw())).unwrap_or_default());
    if let Some(include) = &cause.include {
        let verb = if cause.added.is_empty() { "no longer includes" } else { "includes" };
        head.push_str(&format!(" {verb} **{}**", markdown(include.raw())));
    }
    let places: Vec<_> = cause.places.iter().map(place).collect();
    let lines: Vec<String> = plain_rows(false, &cause.removed)
        .iter()
        .chain(&plain_rows(true, &cause.added))
        .map(row_line)
        .collect();
    let names: Vec<_> = cause.roles.iter().map(|role| markdown(role.name.raw())).collect();
    let roles = count(cause.roles.len(), "role", "roles");
    let list = if cause.roles.len() > FEW {
        format!("<details><summary>in {roles}</summary>\n\n{}\n\n</details>", names.join(", "))
    } else {
        format!("in {roles}: {}", names.join(", "))
    };
    format!("{head} · {}\n\n{}{list}\n\n", places.join(", "), fence(&lines))
}

/// More names than these are folded.
const FEW: usize = 12;

fn whole_role(role: &RoleDifference) -> String {
    let verb = match role.what {
        What::Added => "Add",
        What::Removed => "Remove",
        What::Renamed => "Rename",
        What::Changed => "Change",
    };
    let before =
        role.name_before.as_ref().map(|name| format!("{} → ", markdown(name.raw()))).unwrap_or_default();
    let what = if is_permission(&role.address) { " permission" } else { "" };
    let mut head = vec![format!("**{verb}{what} {before}{}**", markdown(role.name.raw()))];
    head.extend(role.definition.as_ref().map(place));
    head.push(markdown_code(role.address.as_str()));
    if role.released {
        head.push(RELEASED.to_owned());
    }
    let mut lines = Vec::new();
    if let Some(before) = &role.key_before {
        lines.push(format!("- key: {}", terminal(before.raw())));
        lines.push(format!("+ key: {}", terminal(role.key.raw())));
    }
    for field in &role.fields {
        field_lines(field, role.what, &mut lines);
    }
    let rows = rows(&role.permissions);
    let explained = explained(role);
    if !rows.is_empty() || explained > 0 {
        let base = role.permissions.base.as_ref().map(|base| format!(" {}", terminal(base.raw())));
        let unchanged = match role.permissions.unchanged {
            0 => String::new(),
            number => format!("{} {number} unchanged", if base.is_some() { " +" } else { "" }),
        };
        lines.push(format!("@@ permissions:{}{unchanged} @@", base.unwrap_or_default()));
        lines.extend(rows.iter().map(row_line));
    }
    if explained > 0 {
        lines.push(format!("  and {explained} by the lines above"));
    }
    format!("{}\n\n{}", head.join(" · "), fence(&lines))
}

fn field_lines(field: &FieldDifference, what: What, lines: &mut Vec<String>) {
    if let (Text::Text(old), Text::Text(new)) = (&field.before, &field.after)
        && field.field == "description"
    {
        lines.push("@@ description @@".to_owned());
        lines.extend(difference(old.raw(), new.raw()).iter().map(|line| {
            let sign = match line.fate {
                Fate::Same => ' ',
                Fate::Removed => '-',
                Fate::Added => '+',
            };
            let text: String = line.parts.iter().map(|(_, part)| part.as_str()).collect();
            format!("{sign} {}", terminal(&text))
        }));
        return;
    }
    if what != What::Added {
        lines.push(format!("- {}: {}", field.field, value(field, &field.before)));
    }
    if what != What::Removed {
        lines.push(format!("+ {}: {}", field.field, value(field, &field.after)));
    }
}

fn value(field: &FieldDifference, value: &Text) -> String {
    match value {
        Text::Unmanaged => "(none)".to_owned(),
        Text::Cleared => "(cleared)".to_owned(),
        Text::Text(text) if field.field == "description" => format!("\"{}\"", terminal(text.raw())),
        Text::Text(text) => quoted(text.raw()),
        Text::List(list) => list.iter().map(|one| quoted(one.raw())).collect::<Vec<_>>().join(", "),
    }
}

/// In quotes, unless it is a key, a permission, or the like.
fn quoted(text: &str) -> String {
    if is_simple(text) { terminal(text).into_owned() } else { format!("\"{}\"", terminal(text)) }
}

fn row_line(row: &Row<'_>) -> String {
    let sign = if row.comes { '+' } else { '-' };
    let resource = row.resource.map(|resource| format!("{}: ", terminal(resource))).unwrap_or_default();
    let values: Vec<_> = row.values.iter().map(|value| quoted(value)).collect();
    let mut line = format!("{sign} {resource}{}", values.join(", "));
    let condition =
        row.only_if.map(|only_if| condition(only_if, row.comes)).filter(|words| !words.is_empty());
    line.extend(condition.map(|words| format!("  {words}")));
    let bringers: Vec<_> =
        bringers(row).iter().map(|(what, name)| format!("{what} {}", terminal(name.raw()))).collect();
    if !bringers.is_empty() {
        let at = row.place.map(|at| format!(", {}:{}", terminal(at.file.raw()), at.line));
        line.push_str(&format!("  ({}{})", bringers.join(", "), at.unwrap_or_default()));
    }
    line
}

fn lists(page: &mut Page, target: &TargetDifference) {
    let name = |role: &Option<Untrusted>, none: &str| match role {
        Some(role) => format!("**{}**", markdown(role.raw())),
        None => none.to_owned(),
    };
    let located = |text: String, at: &Option<Place>| match at {
        Some(at) => format!("{text} · {}", place(at)),
        None => text,
    };
    if let Some(default) = &target.default {
        let text = format!(
            "Default role: {} → {}",
            name(&default.before, "(not managed)"),
            name(&default.after, "(not managed)")
        );
        page.item(&format!("{}\n\n", located(text, &default.place)), 1);
    }
    let mut lines: Vec<String> = target.assignments.iter().map(assigned).collect();
    for list in &target.exclusive {
        let words = match list.what {
            What::Removed => "is no longer the whole truth",
            _ => "is the whole truth now: everybody else loses the role",
        };
        let kind = markdown(list.kind.raw());
        let text = format!(
            "- the list of every {kind} in **{}**{} {words}",
            markdown(list.role.raw()),
            within(list.scope.as_ref())
        );
        lines.push(located(text, &list.place) + "\n");
    }
    for entry in &target.removed {
        let verb = match entry.what {
            What::Added => "Now removed",
            What::Removed => "No longer removed",
            What::Renamed | What::Changed => "Still removed",
        };
        let mut text = format!("- {verb}: **{}**", markdown(entry.role.raw()));
        if entry.what == What::Changed {
            text.push_str(&format!(
                ", its holders go to {} → {}",
                name(&entry.reassign_before, "(nowhere)"),
                name(&entry.reassign_after, "(nowhere)")
            ));
        } else if let Some(role) = entry.reassign_after.as_ref().or(entry.reassign_before.as_ref()) {
            text.push_str(&format!(", its holders go to **{}**", markdown(role.raw())));
        }
        lines.push(located(text, &entry.place) + "\n");
    }
    // Each chunk is a list of its own, so that a page can hold a part of them.
    for chunk in lines.chunks(50) {
        page.item(&format!("{}\n", chunk.concat()), chunk.len());
    }
}

fn within(scope: Option<&Untrusted>) -> String {
    scope.map(|scope| format!(" in {}", markdown_code(scope.raw()))).unwrap_or_default()
}

fn assigned(one: &AssignmentDifference) -> String {
    let role = |holding: &Holding| {
        let until = holding.expires.as_ref().map(|day| format!(" until {}", markdown(day.raw())));
        format!("**{}**{}", markdown(holding.role.raw()), until.unwrap_or_default())
    };
    let who = format!(
        "{} {}{}",
        markdown(one.kind.raw()),
        markdown_code(one.principal.raw()),
        within(one.scope.as_ref())
    );
    let what = match (&one.before, &one.after) {
        (Some(before), Some(after)) => format!("{} → {}", role(before), role(after)),
        (Some(before), None) => format!("no longer {}", role(before)),
        (None, Some(after)) => format!("gets {}", role(after)),
        (None, None) => String::new(),
    };
    let at = one.place.as_ref().map(|at| format!(" · {}", place(at))).unwrap_or_default();
    format!("- {who}: {what}{at}\n")
}

/// A block of lines that are visible already; nothing for no lines.
fn fence(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let text = lines.join("\n");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{text}\n{fence}\n\n")
}
