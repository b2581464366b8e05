//! Progress: a bar on a terminal, plain lines where nobody watches.

use std::{
    fmt,
    io::{self, IsTerminal as _},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{commands::Context, ui::Ui};
use crate::{
    apply,
    contract::manual,
    model::{RoleId, Untrusted},
    plan::{
        change::{Change, Plan, What},
        operation::{Op, PermissionAct, Verb},
    },
    provider::http,
    render::escape,
};

/// Waits shorter than this are not worth a line.
const WORTH_SAYING: Duration = Duration::from_secs(2);

/// Shows what a command is doing, on standard error. One serves a whole command, so that the
/// connections that report to it are heard in each of its parts.
pub(super) struct Progress {
    bar: ProgressBar,
    now: Now,
    ui: Ui,
    /// Whether there is a terminal on which a bar can move.
    moves: bool,
    quiet: bool,
}

impl Progress {
    pub(super) fn start(context: &Context) -> Self {
        let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        let moves = io::stderr().is_terminal() && !ci && !context.global.quiet && context.global.verbose == 0;
        let target = if moves { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        Self { bar, now: Now::default(), ui: context.ui.clone(), moves, quiet: context.global.quiet }
    }

    /// For a connection to report to.
    pub(super) fn events(&self) -> http::Events {
        let (bar, now, ui) = (self.bar.clone(), self.now.clone(), self.ui.clone());
        let (moves, quiet) = (self.moves, self.quiet);
        Arc::new(move |event| match event {
            http::Event::Request { request, status, ms } => {
                let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                tracing::info!("{}: {status} after {ms} ms", request.0);
                bar.tick();
            }
            http::Event::Waiting { request, wait, why } if *wait >= WORTH_SAYING && !quiet => {
                if moves {
                    let what = escape::terminal(&request.0).into_owned();
                    now.wait(Instant::now() + *wait, format!("{} ({what})", because(*why)));
                } else {
                    let (seconds, why) = (wait.as_secs().max(1), because(*why));
                    ui.status(&escape::terminal(&format!(
                        "Waiting {seconds} s before {}: {why}.",
                        request.0
                    )));
                }
            }
            http::Event::Waiting { .. } => {}
        })
    }

    /// Live is being read.
    pub(super) fn reading(&self, targets: usize) {
        if self.moves {
            self.bar.reset();
            self.bar.set_style(self.style("{spinner} {now}", |_| 2));
            self.bar.enable_steady_tick(Duration::from_millis(120));
            self.now.doing(match targets {
                1 => "Reading what is live".to_owned(),
                n => format!("Reading what is live in {n} targets"),
            });
        }
    }

    /// `changes` changes are being applied.
    pub(super) fn applying(&self, changes: usize) {
        if self.moves {
            self.bar.reset();
            self.bar.set_length(changes as u64);
            let digits = |number: u64| number.to_string().len();
            self.bar.set_style(self.style("{spinner} [{bar:24}] {pos}/{len} {now}", move |state| {
                31 + digits(state.pos()) + digits(changes as u64)
            }));
            self.bar.enable_steady_tick(Duration::from_millis(120));
        }
    }

    /// A step of an apply of `plan`.
    pub(super) fn step(&self, target: &str, plan: &Plan, event: &apply::Event<'_>) {
        match event {
            apply::Event::Started(op) => self.now.doing(format!("{target}: {}", doing(op, plan))),
            apply::Event::Ended(op, status) => {
                self.bar.inc(op.covers.len() as u64);
                let ended = match status {
                    apply::Status::Done => "done",
                    apply::Status::Failed { .. } => "failed",
                    apply::Status::NotAttempted { .. } => "not attempted",
                };
                if !self.moves {
                    self.ui.status(&format!("{target}: {}: {ended}", doing(op, plan)));
                }
            }
            apply::Event::ReadingBack => self.now.doing(format!("{target}: reading back")),
        }
    }

    /// `{now}` in a template stands for what is being done; `before` tells the columns in front of it.
    fn style(
        &self,
        template: &str,
        before: impl Fn(&ProgressState) -> usize + Send + Sync + Clone + 'static,
    ) -> ProgressStyle {
        let now = self.now.clone();
        let ellipsis = if self.ui.err.unicode { "…" } else { "..." };
        let say = move |state: &ProgressState, to: &mut dyn fmt::Write| {
            // The last column stays free: some terminals wrap once it is written.
            let room = width().saturating_sub(before(state) + 1);
            let _full = to.write_str(&fit(&now.at(Instant::now()), room, ellipsis));
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        style.with_key("now", say)
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// What a bar says beside its numbers: what is done, and while something waits, for what and how
/// long still. What else is under way meanwhile does not hide a wait.
#[derive(Clone, Default)]
struct Now(Arc<Mutex<Said>>);

#[derive(Default)]
struct Said {
    doing: String,
    /// Until when, and for what.
    waits: Vec<(Instant, String)>,
}

impl Now {
    fn doing(&self, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).doing = text;
    }

    fn wait(&self, until: Instant, what: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).waits.push((until, what));
    }

    /// The text at `time`: of several waits the one that ends first.
    fn at(&self, time: Instant) -> String {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.waits.retain(|(until, _)| *until > time);
        match said.waits.iter().min_by_key(|(until, _)| *until) {
            Some((until, what)) => {
                let left = until.duration_since(time).as_millis().div_ceil(1000);
                format!("waiting {left} s: {what}")
            }
            None => said.doing.clone(),
        }
    }
}

/// `text` in at most `width` columns: a line that wraps cannot be drawn anew, and stays behind.
fn fit(text: &str, width: usize, ellipsis: &str) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(ellipsis.width());
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken <= room
    };
    text.chars().take_while(fits).chain(ellipsis.chars().take(width)).collect()
}

/// The columns of the terminal at this moment.
fn width() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0))
}

fn because(why: http::Why) -> String {
    match why {
        http::Why::Quota => "the provider's limit of requests".to_owned(),
        http::Why::RateLimited => "the provider says there were too many requests".to_owned(),
        http::Why::ServerError(status) => format!("the provider answered {status}"),
        http::Why::Broken => "the connection broke".to_owned(),
    }
}

/// An operation in a few words, encoded for a terminal.
fn doing(op: &Op, plan: &Plan) -> String {
    let changes = || op.covers.iter().filter_map(|index| plan.changes.get(*index));
    let name = |role: &RoleId| match plan.role_names.get(role) {
        Some(name) => name.raw().to_owned(),
        None => match role {
            RoleId::Live(id) => id.raw().to_owned(),
            RoleId::New(address) => address.as_str().to_owned(),
        },
    };
    // Whom an operation gives a role, by name, and what they lose.
    let called = |who: &Untrusted| {
        let of =
            |change: &&Change| matches!(&change.what, What::Assignment { principal, .. } if principal == who);
        changes().find(of).map_or(who, |change| &change.title).raw().to_owned()
    };
    let given = |who: &Untrusted, to: &str| {
        let of =
            |change: &&Change| matches!(&change.what, What::Assignment { principal, .. } if principal == who);
        let change = changes().find(of);
        let title = change.map_or(who, |change| &change.title);
        let held = change.and_then(|change| match &change.what {
            What::Assignment { before, .. } => before.as_ref(),
            _ => None,
        });
        let held = held.map(|role| format!(" in place of `{}`", name(role))).unwrap_or_default();
        format!("give `{}` the role `{to}`{held}", title.raw())
    };
    // The same role may live in many places.
    let place = manual::place(op.verb.scope());
    let place = place.map_or_else(String::new, |place| format!(" in {place}"));
    let text = match &op.verb {
        Verb::CreateRole { body, .. } => format!("create role `{}`{place}", body.name.raw()),
        Verb::UpdateRole { full, .. } => format!("change role `{}`{place}", full.name.raw()),
        Verb::DeleteRole { role, .. } => format!("delete role `{}`{place}", name(role)),
        Verb::Permission { slug, act } => {
            let verb = match act {
                PermissionAct::Create(_) => "create",
                PermissionAct::Update { .. } => "change",
                PermissionAct::Delete => "delete",
            };
            format!("{verb} permission `{}`", slug.raw())
        }
        Verb::SetDefault { role: Some(role), .. } => format!("make `{}` the default role", name(role)),
        Verb::SetDefault { role: None, .. } => "no default role".to_owned(),
        Verb::Assign { role, principals, .. } => match principals.as_slice() {
            [one] => given(one, &name(role)),
            many => format!("give {} people the role `{}`", many.len(), name(role)),
        },
        Verb::Unassign { role, principals, .. } => match principals.as_slice() {
            [one] => {
                let of = |change: &&Change| matches!(&change.what, What::Assignment { principal, .. } if principal == one);
                let more = changes().find(of).and_then(|change| change.side_effects.first());
                let more = more.map_or_else(String::new, |more| format!(": {}", more.raw()));
                format!("take the role `{}` from `{}`{more}", name(role), called(one))
            }
            many => format!("take the role `{}` from {} people", name(role), many.len()),
        },
    };
    escape::terminal(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_never_wraps() {
        assert_eq!(fit("reading back", 12, "…"), "reading back");
        assert_eq!(fit("reading back", 11, "…"), "reading ba…");
        assert_eq!(fit("reading back", 11, "..."), "reading ...");
        assert_eq!(fit("役割を作る", 6, "…"), "役割…");
        for width in 0..4 {
            assert!(fit("役割を作る", width, "...").width() <= width, "{width}");
        }
    }

    #[test]
    fn a_wait_counts_down_and_is_not_hidden_by_what_starts_meanwhile() {
        let (now, begin) = (Now::default(), Instant::now());
        let after = |seconds| begin + Duration::from_secs(seconds);
        now.wait(after(60), "the second".to_owned());
        now.wait(after(30), "the first".to_owned());
        now.doing("reviews: give a role".to_owned());
        assert_eq!(now.at(after(0)), "waiting 30 s: the first");
        assert_eq!(now.at(after(29)), "waiting 1 s: the first");
        assert_eq!(now.at(after(30)), "waiting 30 s: the second");
        assert_eq!(now.at(after(60)), "reviews: give a role");
    }
}
