//! `-v`: what happens, on standard error and through the redactor.

use std::io::{self, Write};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use super::ui::Ui;
use crate::model::secret::Redactor;

/// Starts logging at the wanted detail; nothing is logged without `-v`.
pub(super) fn start(verbose: u8, redactor: Redactor) {
    let level = match verbose {
        0 => return,
        1 => "rolecall=info",
        2 => "rolecall=debug",
        _ => "rolecall=trace",
    };
    // A second subscriber in one process is no error worth a word.
    let _already = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(Clean(redactor))
        .with_ansi(false)
        .without_time()
        .with_target(false)
        .try_init();
}

/// Reports a bug in one sentence instead of a trace.
pub(super) fn catch_panics(ui: Ui) {
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let help = "Please report it with the command you ran: https://github.com/OWNER/rolecall/issues";
        ui.error(&format!("rolecall stopped because of a bug of its own{place}"), Some(help));
    }));
}

struct Clean(Redactor);

impl<'a> MakeWriter<'a> for Clean {
    type Writer = CleanLine<'a>;

    fn make_writer(&'a self) -> CleanLine<'a> {
        CleanLine(&self.0)
    }
}

/// One event at a time: the subscriber writes each as a whole line.
struct CleanLine<'a>(&'a Redactor);

impl Write for CleanLine<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let clean = self.0.clean(&text);
        io::stderr().lock().write_all(crate::render::escape::terminal_block(&clean).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}
