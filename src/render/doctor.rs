//! The checklist of `rolecall doctor`.
//!
//! | sign | means |
//! |---|---|
//! | `✓` (`+`) | as it should be |
//! | `·` (`-`) | worth knowing |
//! | `!` | it works, with less than there could be |
//! | `✗` (`x`) | it does not work |
//! | `?` | it cannot be told |
//!
//! Signs in parentheses are those of a terminal without Unicode.

use schemars::generate::SchemaSettings;

use super::{
    Style, json,
    page::{Page, Paint, Text},
};
use crate::workflow::doctor::{Check, PrincipalSupport, Report, RoleSupport, Status, Support, TargetReport};

/// From this width on the names of the checks have a column of their own.
const WIDE: usize = 60;
/// Columns of a sign and the longest name of a check.
const NAMES: usize = 13;

/// The whole checklist. The last line counts.
pub fn text(report: &Report, style: Style) -> String {
    let mut list = List { page: Page::new(style), style };
    list.checks(2, &report.checks);
    for target in &report.targets {
        list.page.blank();
        list.page.put(0, 2, &header(target, style));
        list.checks(2, &target.checks);
    }
    for support in &report.providers {
        list.page.blank();
        list.support(support);
    }
    list.page.blank();
    list.conclusion(report);
    list.page.into_string()
}

/// Only what failed, and the count.
pub fn quiet(report: &Report, style: Style) -> String {
    let mut list = List { page: Page::new(style), style };
    let failed = |check: &&Check| check.status == Status::Failed;
    for check in report.checks.iter().filter(failed) {
        list.check(0, check, check.check);
    }
    for target in &report.targets {
        for check in target.checks.iter().filter(failed) {
            list.check(0, check, &format!("{} {}", target.name.raw(), check.check));
        }
    }
    list.conclusion(report);
    list.page.into_string()
}

/// The report as it is.
pub fn json(report: &Report) -> String {
    json::to_string(report)
}

/// The JSON Schema (draft 2020-12) of what [`json()`] writes: `schema/doctor.schema.json`.
pub fn schema() -> String {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Report>();
    schema.insert("$id".to_owned(), "urn:rolecall:schema:doctor:1".into());
    schema.insert("title".to_owned(), "rolecall doctor".into());
    json::to_string(&schema.to_value())
}

fn header(target: &TargetReport, style: Style) -> Text {
    let dot = if style.unicode { " · " } else { ", " };
    let mut text = Text::new().name(Paint::Strong, target.name.raw());
    if let Some(provider) = target.provider {
        text = text.own(Paint::Dim, "  ").own(Paint::Dim, provider);
    }
    if target.emulator {
        text = text.own(Paint::Dim, dot).own(Paint::Emulator, "EMULATOR");
    }
    text
}

struct List {
    page: Page,
    style: Style,
}

impl List {
    /// The checks in order; those that follow each other and say the same share a line.
    fn checks(&mut self, indent: usize, checks: &[Check]) {
        let same = |a: &Check, b: &Check| {
            a.status == Status::Unknown && (a.status, &a.message, &a.help) == (b.status, &b.message, &b.help)
        };
        for group in checks.chunk_by(same) {
            let names: Vec<&str> = group.iter().map(|check| check.check).collect();
            if let Some(first) = group.first() {
                self.check(indent, first, &names.join(", "));
            }
        }
    }

    fn check(&mut self, indent: usize, check: &Check, name: &str) {
        let (sign, paint) = self.sign(check.status);
        let said = match check.status {
            Status::Failed => Paint::Strong,
            Status::Unknown => Paint::Dim,
            Status::Ok | Status::Info | Status::Warning => Paint::Plain,
        };
        let wide = self.style.width >= WIDE;
        let mut text = Text::new().own(paint, sign).space();
        text = text.part(if wide { Paint::Dim } else { Paint::Strong }, name);
        let hang = if wide { indent + 2 + NAMES } else { indent + 2 };
        text = match (wide, name.len() < NAMES) {
            (true, true) => text.own(Paint::Plain, " ".repeat(NAMES - name.len())),
            _ => text.own(Paint::Plain, ": "),
        };
        let mut lines = check.message.raw().split('\n');
        text = text.prose(said, lines.next().unwrap_or_default());
        self.page.put(indent, hang, &text);
        for line in lines {
            self.page.put(hang, hang + 2, &Text::new().prose(said, line.trim_start()));
        }
        for line in check.help.iter().flat_map(|help| help.raw().split('\n')) {
            let paint = if check.status == Status::Failed { Paint::Notice } else { Paint::Dim };
            self.page.put(hang, hang, &Text::new().prose(paint, line));
        }
    }

    fn sign(&self, status: Status) -> (&'static str, Paint) {
        let (unicode, ascii, paint) = match status {
            Status::Ok => ("✓", "+", Paint::Add),
            Status::Info => ("·", "-", Paint::Dim),
            Status::Warning => ("!", "!", Paint::Change),
            Status::Failed => ("✗", "x", Paint::Refuse),
            Status::Unknown => ("?", "?", Paint::Notice),
        };
        (if self.style.unicode { unicode } else { ascii }, paint)
    }

    fn support(&mut self, support: &Support) {
        let title = Text::new().own(Paint::Dim, "What ").own(Paint::Strong, support.title);
        self.page.put(0, 2, &title.own(Paint::Dim, " supports"));
        let mut facts: Vec<(&str, String)> =
            support.roles.iter().map(|role| (role.class, self::role(role))).collect();
        facts.push((
            "default role",
            match support.default_role {
                None => "there is none".to_owned(),
                Some(can) => {
                    let mut text = "one of your own".to_owned();
                    text.push_str(if can.builtin { ", a built-in one" } else { ", no built-in one" });
                    text.push_str(if can.none { ", or none" } else { "" });
                    text
                }
            },
        ));
        let all = &support.principals;
        let shared = |field| all.iter().filter(|class| class.field == field).count() > 1;
        facts.extend(all.iter().map(|class| (class.field, principal(class, shared(class.field)))));
        for (what, fact) in facts {
            let wide = self.style.width >= WIDE;
            let pad = if wide { (NAMES + 2).saturating_sub(what.len()).max(1) } else { 1 };
            let what = if wide { what.to_owned() } else { format!("{what}:") };
            let text = Text::new()
                .own(if wide { Paint::Dim } else { Paint::Strong }, what)
                .own(Paint::Plain, " ".repeat(pad))
                .prose(Paint::Plain, &fact);
            self.page.put(2, if wide { 4 + NAMES } else { 4 }, &text);
        }
    }

    fn conclusion(&mut self, report: &Report) {
        let count = |status| report.all().filter(|check| check.status == status).count();
        let (failed, warnings) = (count(Status::Failed), count(Status::Warning));
        let (unknown, fine) = (count(Status::Unknown), count(Status::Ok));
        let mut text = match failed {
            0 => Text::new().own(Paint::Add, "Nothing failed"),
            failed => Text::new().own(Paint::Refuse, format!("{failed} failed")),
        };
        if warnings > 0 {
            text = text.own(Paint::Plain, ", ").own(Paint::Change, many(warnings, "warning"));
        }
        if unknown > 0 {
            text = text.own(Paint::Plain, format!(", {unknown} unknown"));
        }
        self.page.put(0, 2, &text.own(Paint::Plain, format!(", {fine} in order.")));
    }
}

fn role(role: &RoleSupport) -> String {
    let by = |how: &str| match how {
        "api" => "over the API",
        "manual" => "by hand in the dashboard",
        _ => "not at all",
    };
    let mut parts = match role.create == role.delete {
        true => vec![format!("created and deleted {}", by(role.create))],
        false => vec![format!("created {}", by(role.create)), format!("deleted {}", by(role.delete))],
    };
    if role.delete_needs_vacancy {
        parts.push("deleted only while nobody holds it".to_owned());
    }
    parts.push(match role.base {
        "copy" => "`base` is a copy to begin with".to_owned(),
        "floor" => "`base` is always held".to_owned(),
        _ => "no `base`".to_owned(),
    });
    let lists = [
        ("replaced where these change", &role.replaced),
        ("changed by hand", &role.manual),
        ("never changes", &role.fixed),
        ("not told by the API", &role.unreadable),
    ];
    parts.extend(
        lists
            .into_iter()
            .filter(|(_, fields)| !fields.is_empty())
            .map(|(what, fields)| format!("{what}: {}", fields.join(", "))),
    );
    parts.extend(role.limit.map(|limit| format!("at most {limit}")));
    parts.join("; ")
}

/// `shared` is whether another class is written under the same field.
fn principal(class: &PrincipalSupport, shared: bool) -> String {
    let mut parts = vec![format!("{} ({})", class.spellings.join(" or "), class.id)];
    let places = match class.places.as_slice() {
        [] => String::new(),
        _ if !shared => String::new(),
        places => format!(" per {}", places.join(" or ")),
    };
    parts.push(match (class.one_role, &class.several_with) {
        (true, Some(setting)) => format!("one role{places}, or several with `settings: {{ {setting} }}`"),
        (true, None) if places.is_empty() => "one role each".to_owned(),
        (true, None) => format!("one role{places}"),
        (false, _) => format!("any number of roles{places}"),
    });
    if class.by_hand {
        parts.push("given and taken by hand in the dashboard".to_owned());
        return parts.join("; ");
    }
    parts.push(match class.on_remove {
        "gone" => "a role can be taken away".to_owned(),
        "falls_back" => "where a role is taken, another access may stay".to_owned(),
        "membership" => {
            "a role goes only with the membership or the account, or by giving another one".to_owned()
        }
        _ => "a role can only be taken by giving another one".to_owned(),
    });
    parts.join("; ")
}

fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
