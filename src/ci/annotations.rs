//! Problems that a forge shows at their lines: GitHub's workflow commands.
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use crate::render::escape;

/// Most annotations of one level that a run writes: GitHub shows ten of a step, and drops the rest
/// without a word (<https://github.com/orgs/community/discussions/26680>).
const MOST: usize = 9;

/// The lines of a run, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotations(Vec<String>);

/// The command that shows a text at no line; the lines of a list stay lines.
pub fn command(level: &str, text: &str) -> String {
    let lines: Vec<String> = text.lines().map(escape::github_data).collect();
    format!("::{level} title=rolecall::{}\n", lines.join("%0A"))
}

impl Annotations {
    /// Adds lines that are encoded already.
    pub(super) fn add(&mut self, lines: &str) {
        self.0.extend(lines.lines().map(str::to_owned));
    }

    /// Leaves all of them out.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// As many as a forge shows, and a line that counts the rest.
    pub fn shown(&self) -> String {
        let mut out = String::new();
        let mut rest = Vec::new();
        for (level, name) in [("::error ", "error"), ("::warning ", "warning"), ("::notice ", "notice")] {
            let all: Vec<&String> = self.0.iter().filter(|line| line.starts_with(level)).collect();
            for line in all.iter().take(MOST) {
                out.push_str(line);
                out.push('\n');
            }
            match all.len().saturating_sub(MOST) {
                0 => {}
                1 => rest.push(format!("1 {name}")),
                more => rest.push(format!("{more} {name}s")),
            }
        }
        if !rest.is_empty() {
            let rest = rest.join(", ");
            out.push_str(&format!(
                "::notice title=rolecall::without an annotation: {rest}; the summary has them\n"
            ));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_forge_would_drop_is_counted() {
        let mut annotations = Annotations::default();
        for number in 0..25 {
            annotations.add(&format!("::error title=rolecall::{number}\n"));
        }
        annotations.add("::warning title=rolecall::one\n");
        let shown = annotations.shown();
        assert_eq!(shown.lines().filter(|line| line.starts_with("::error ")).count(), MOST);
        assert!(shown.contains("::warning title=rolecall::one\n"));
        assert!(shown.ends_with("without an annotation: 16 errors; the summary has them\n"), "{shown}");
    }
}
