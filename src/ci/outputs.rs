//! What later steps of a workflow may read, in the form of each forge.

use uuid::Uuid;

use crate::render::escape;

/// Lines for the file that `GITHUB_OUTPUT` names. Each value has a delimiter of its own that nobody
/// can guess, so that no value can begin another one:
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings>.
pub fn github(outputs: &[(&'static str, String)]) -> String {
    let mut text = String::new();
    for (name, value) in outputs {
        let end = format!("end_{}", Uuid::new_v4().simple());
        text.push_str(&format!("{name}<<{end}\n{value}\n{end}\n"));
    }
    text
}

/// Lines of a dotenv report of GitLab, `ROLECALL_` before each name; a value is one line there:
/// <https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv>.
pub fn dotenv(outputs: &[(&'static str, String)]) -> String {
    let line = |(name, value): &(&'static str, String)| {
        format!("ROLECALL_{}={}\n", name.to_ascii_uppercase(), escape::terminal(value))
    };
    outputs.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_begin_another_output() {
        let text = github(&[("digest", "a\nend_\nchanges<<x\ntrue\nx".to_owned())]);
        let end = text.lines().next().and_then(|line| line.strip_prefix("digest<<")).unwrap_or_default();
        assert!(end.len() > 30, "{text}");
        assert_eq!(text.lines().filter(|line| *line == end).count(), 1);
        assert_eq!(text.lines().last(), Some(end));
    }

    #[test]
    fn a_dotenv_value_is_one_line() {
        assert_eq!(dotenv(&[("digest", "a\nB=c".to_owned())]), "ROLECALL_DIGEST=a\\nB=c\n");
    }
}
