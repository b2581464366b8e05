//! What a person sees: data on standard output, everything else on standard error, and no
//! credential on either.

use std::io::{self, IsTerminal as _, Write as _};

use anstream::ColorChoice;

use crate::{
    model::secret::Redactor,
    render::{Style, advice},
};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The two streams with their styles.
#[derive(Clone, Debug)]
pub(super) struct Ui {
    redactor: Redactor,
    /// For what goes to standard output.
    pub(super) out: Style,
    /// For what goes to standard error.
    pub(super) err: Style,
    quiet: bool,
}

/// Width where there is no terminal to ask.
const USUAL_WIDTH: usize = 100;

impl Ui {
    pub(super) fn new(color: Color, quiet: bool, redactor: Redactor) -> Self {
        let style = |auto: ColorChoice, terminal: bool| Style {
            color: match color {
                Color::Auto => auto != ColorChoice::Never,
                Color::Always => true,
                Color::Never => false,
            },
            unicode: speaks_unicode(),
            width: width(terminal),
        };
        Self {
            out: style(anstream::AutoStream::choice(&io::stdout()), io::stdout().is_terminal()),
            err: style(anstream::AutoStream::choice(&io::stderr()), io::stderr().is_terminal()),
            redactor,
            quiet,
        }
    }

    /// Data: what the command was asked for. A closed pipe is no error.
    pub(super) fn data(&self, text: &str) {
        let clean = self.redactor.clean(text);
        let mut out = io::stdout().lock();
        let _closed = out.write_all(clean.as_bytes()).and_then(|()| out.flush());
    }

    /// Something to know while it happens; not with `--quiet`.
    pub(super) fn status(&self, text: &str) {
        if !self.quiet {
            self.error_stream(text);
        }
    }

    /// Why something failed, already encoded, where the data that says so is not in sight.
    pub(super) fn reasons(&self, text: &str) {
        if !text.is_empty() && (self.quiet || !data_is_in_sight()) {
            self.error_stream(text);
        }
    }

    /// Something that went wrong, already encoded.
    pub(super) fn problem(&self, text: &str) {
        self.error_stream(text);
    }

    /// An error in one sentence, with what to do.
    pub(super) fn error(&self, message: &str, help: Option<&str>) {
        // Who reads a log looks for whole lines; only a terminal has an edge.
        let width = if io::stderr().is_terminal() { self.err.width } else { usize::MAX };
        self.error_stream(&advice::error(message, help, Style { width, ..self.err }));
    }

    fn error_stream(&self, text: &str) {
        let clean = self.redactor.clean(text);
        let mut err = io::stderr().lock();
        let line_end = if clean.ends_with('\n') { "" } else { "\n" };
        let _closed = write!(err, "{clean}{line_end}");
    }
}

fn width(terminal: bool) -> usize {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let size = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let width = if terminal { size().or_else(columns) } else { columns() };
    width.unwrap_or(USUAL_WIDTH).clamp(30, 1000)
}

/// Whether whoever looks at standard error sees standard output too: both on one terminal, or both
/// through pipes, as a build's log is collected. What goes to a file or to another program is not.
fn data_is_in_sight() -> bool {
    io::stdout().is_terminal() || (!io::stderr().is_terminal() && is_piped())
}

#[cfg(unix)]
fn is_piped() -> bool {
    use std::os::{fd::AsFd as _, unix::fs::FileTypeExt as _};

    let output = io::stdout().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let kind = output.and_then(|file| file.metadata()).map(|data| data.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

#[cfg(not(unix))]
fn is_piped() -> bool {
    false
}

/// A terminal whose locale is plain ASCII gets plain ASCII.
fn speaks_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    !matches!(locale.as_deref(), Some("C" | "POSIX"))
}

/// Asks for a typed `yes`. `None` where nobody can be asked.
pub(super) fn confirm(question: &str) -> Option<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    let mut err = io::stderr().lock();
    let _closed = write!(err, "{question} Only `yes` is accepted: ").and_then(|()| err.flush());
    let mut answer = String::new();
    match io::stdin().read_line(&mut answer) {
        Ok(_) => Some(answer.trim() == "yes"),
        Err(_) => Some(false),
    }
}
