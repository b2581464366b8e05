//! Reading a credential. Its value, or anything that could be it, never stands in a message: not
//! even the path in a `file_env` variable, where people paste the credential itself by mistake.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use crate::model::{Redactor, Secret, config::CredentialSource};

/// Looks up an environment variable.
pub type Environment<'a> = &'a (dyn Fn(&str) -> Option<OsString> + Send + Sync);

/// Longest credential in bytes; what is longer is some other file.
const LONGEST: u64 = 8 << 10;

/// Why there is no credential to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialError {
    /// What is wrong, one sentence; names the variable, never a value.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Reads the credential that `source` names, and teaches it to `redactor` before anything else
/// happens to it.
pub fn read_credential(
    source: &CredentialSource,
    environment: Environment<'_>,
    redactor: &Redactor,
) -> Result<Secret, CredentialError> {
    let variable = source.variable();
    let Some(value) = environment(variable) else {
        let what = match source {
            CredentialSource::Env(_) => "the credential",
            CredentialSource::FileEnv(_) => "the path of a file with the credential",
        };
        return Err(CredentialError {
            message: format!("the environment variable {variable} is not set"),
            help: format!("Put {what} into {variable}, or name another variable under `credential`."),
        });
    };
    // Learned before it is judged: a malformed credential is a credential too.
    let (text, place) = match source {
        CredentialSource::Env(_) => {
            learn(redactor, &value.to_string_lossy());
            let text = value.into_string().map_err(|_| malformed(variable, "is not UTF-8"))?;
            (text, format!("the environment variable {variable}"))
        }
        CredentialSource::FileEnv(_) => {
            // A path that leads nowhere may be the credential itself.
            let text = read_file(Path::new(&value), variable)
                .inspect_err(|_| learn(redactor, &value.to_string_lossy()))?;
            learn(redactor, &text);
            (text, format!("the file that {variable} names"))
        }
    };
    let problem = if text.is_empty() {
        Some("is empty")
    } else if text.trim().is_empty() {
        Some("holds only white space")
    } else if text.len() as u64 > LONGEST {
        Some("is too long for a credential")
    } else if text.chars().any(char::is_control) {
        Some("holds a line break or another control character")
    } else if text.contains(char::is_whitespace) {
        Some("holds white space")
    } else if !text.is_ascii() {
        Some("holds a character that is not ASCII")
    } else {
        None
    };
    match problem {
        Some(problem) => Err(malformed(&place, problem)),
        None => Ok(Secret::new(text)),
    }
}

fn learn(redactor: &Redactor, text: &str) {
    redactor.learn(&Secret::new(text.trim().to_owned()));
}

fn malformed(place: &str, problem: &str) -> CredentialError {
    CredentialError {
        message: format!("{place} {problem}"),
        help: "Store the credential as it was issued, on one line and without quotes.".to_owned(),
    }
}

/// The text of a file without its last line break. Links are followed: a mounted secret is one.
fn read_file(path: &Path, variable: &str) -> Result<String, CredentialError> {
    let place = format!("the file that {variable} names");
    let unreadable = |error: &std::io::Error| CredentialError {
        message: format!("{place} cannot be read: {}", error.kind()),
        help: format!("{variable} has to hold the path of a file, not the credential itself."),
    };
    let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !metadata.is_file() {
        return Err(malformed(&place, "is not a regular file"));
    }
    let mut bytes = Vec::new();
    // Two bytes more than the longest credential for its line break, one to notice what is longer.
    File::open(path)
        .and_then(|file| file.take(LONGEST + 3).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    let text = String::from_utf8(bytes).map_err(|_| malformed(&place, "is not UTF-8"))?;
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    Ok(text.to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    const KEY: &str = "cr-0123456789-secret";

    fn from_env(value: impl Into<OsString>) -> (Result<Secret, CredentialError>, Redactor) {
        let (value, redactor) = (value.into(), Redactor::default());
        let lookup = move |name: &str| (name == "ROLES_KEY").then(|| value.clone());
        (read_credential(&CredentialSource::Env("ROLES_KEY".into()), &lookup, &redactor), redactor)
    }

    fn from_file(path: &Path) -> Result<Secret, CredentialError> {
        let path = path.as_os_str().to_owned();
        let lookup = move |_: &str| Some(path.clone());
        read_credential(&CredentialSource::FileEnv("ROLES_KEY_FILE".into()), &lookup, &Redactor::default())
    }

    #[test]
    fn a_credential_is_read_and_known_to_the_redactor() {
        let (secret, redactor) = from_env(KEY);
        assert_eq!(secret.unwrap().expose(), KEY);
        assert_eq!(redactor.clean(&format!("key {KEY}")), "key [credential]");
    }

    #[test]
    fn p2_a_malformed_credential_is_never_shown() {
        for value in [
            "",
            "  ",
            "cr-secret value",
            "cr-secret\n",
            "cr-secr\u{e9}t",
            "cr-secret\u{1b}[31m",
            " cr-secret",
        ] {
            let (result, redactor) = from_env(value);
            let error = result.unwrap_err();
            assert!(error.message.contains("ROLES_KEY"), "{error:?}");
            assert!(!format!("{error:?}").contains("secr"), "{error:?}");
            if value.trim().len() > 6 {
                assert!(redactor.clean(value).contains("[credential]"), "{value:?}");
            }
        }
        assert!(from_env("x".repeat(9000)).0.is_err());
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error =
            read_credential(&CredentialSource::Env("ROLES_KEY".into()), &|_| None, &Redactor::default())
                .unwrap_err();
        assert!(error.message.contains("ROLES_KEY is not set"), "{error:?}");
    }

    #[test]
    fn a_file_loses_its_last_line_break_and_may_be_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        for text in [KEY.to_owned(), format!("{KEY}\n"), format!("{KEY}\r\n")] {
            fs::write(&file, text).unwrap();
            assert_eq!(from_file(&file).unwrap().expose(), KEY);
        }
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(&file, &link).unwrap();
            assert_eq!(from_file(&link).unwrap().expose(), KEY);
        }
    }

    #[test]
    fn p2_what_is_not_a_credential_file_is_refused_without_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let large = folder.path().join("large");
        fs::write(&large, vec![b'a'; 10_000]).unwrap();
        let two_lines = folder.path().join("two");
        fs::write(&two_lines, "a-credential\nand more\n").unwrap();
        for path in [folder.path(), &large, &two_lines, Path::new("cr-pasted-by-mistake")] {
            let error = from_file(path).unwrap_err();
            assert!(error.message.contains("ROLES_KEY_FILE"), "{error:?}");
            let shown = format!("{error:?}");
            assert!(!shown.contains("pasted") && !shown.contains("a-credential"), "{shown}");
        }
    }
}
