//! The repository's server: which commit a branch is at, and the records of applies, which a checkout
//! does not bring along.
//!
//! The `git` that made the checkout is asked, as the library that reads the clone knows no network.
//! It gets the forge's own token in a variable that only it sees, bound to the forge's address, and no
//! other credential; no hook of the clone runs.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use base64::Engine as _;

use super::event;
use crate::{
    model::secret::Secret,
    workflow::{Environment, Exit, Failure},
};

/// The references of records.
const RECORDS: &str = "refs/rolecall/applied/*";
/// Longest answer that is looked at, in characters.
const LONGEST: usize = 2_000;

/// The server that a clone came from.
pub struct Remote<'a> {
    /// A folder in the clone.
    pub folder: &'a Path,
    /// Looks up variables.
    pub environment: &'a Environment,
    /// The forge's address, to which the token is bound.
    pub server: Option<String>,
    /// The forge's token.
    pub token: Option<&'a Secret>,
    /// The user that belongs to the token.
    pub user: &'static str,
}

impl Remote<'_> {
    /// The commit that `branch` is at now.
    ///
    /// # Errors
    ///
    /// Where the server does not tell.
    pub async fn tip(&self, branch: &str) -> Result<String, Failure> {
        let reference = format!("refs/heads/{branch}");
        let said = self.git(&["ls-remote", "--exit-code", "origin", &reference]).await?;
        let line = said.lines().find_map(|line| {
            let (id, name) = line.split_once('\t')?;
            (name == reference && event::is_commit(id)).then(|| id.to_owned())
        });
        line.ok_or_else(|| {
            Failure::new(Exit::Refused, format!("the server does not know the branch `{branch}`"))
        })
    }

    /// Brings the records of applies into the clone.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached, or refuses.
    pub async fn fetch_records(&self) -> Result<(), Failure> {
        self.fetch(&format!("+{RECORDS}:{RECORDS}")).await
    }

    /// Brings a commit into the clone as data: nothing is checked out.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached, or does not give it.
    pub async fn fetch_commit(&self, commit: &str) -> Result<(), Failure> {
        self.fetch(&format!("+{commit}:refs/rolecall/fetched")).await
    }

    async fn fetch(&self, refs: &str) -> Result<(), Failure> {
        let options = ["--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"];
        let args = [&["fetch"], options.as_slice(), &["origin", refs]].concat();
        self.git(&args).await.map(drop)
    }

    /// Pushes records; the server takes them only where nobody pushed another one meanwhile.
    ///
    /// # Errors
    ///
    /// Where the server cannot be reached, or refuses.
    pub async fn push_records(&self, references: &[String]) -> Result<(), Failure> {
        let mut args = vec!["push", "--quiet", "--no-verify", "origin"];
        let refs: Vec<String> = references.iter().map(|name| format!("{name}:{name}")).collect();
        args.extend(refs.iter().map(String::as_str));
        self.git(&args).await.map(drop)
    }

    async fn git(&self, args: &[&str]) -> Result<String, Failure> {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.folder).args(["-c", "core.hooksPath=/dev/null"]).args(args);
        command.env_clear().stdin(Stdio::null());
        // Where it lies and how it reaches the network; nothing that holds a credential of a provider.
        let kept = [
            "PATH",
            "HOME",
            "SYSTEMROOT",
            "USERPROFILE",
            "TEMP",
            "TMP",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
            "NO_PROXY",
            "no_proxy",
            "ALL_PROXY",
        ];
        for name in kept {
            if let Some(value) = (self.environment)(name) {
                command.env(name, value);
            }
        }
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C");
        if let (Some(server), Some(token)) = (&self.server, self.token) {
            let basic =
                base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", self.user, token.expose()));
            command
                .env("GIT_CONFIG_COUNT", "1")
                .env("GIT_CONFIG_KEY_0", format!("http.{}/.extraheader", server.trim_end_matches('/')))
                .env("GIT_CONFIG_VALUE_0", format!("AUTHORIZATION: basic {basic}"));
        }
        let what = args.first().copied().unwrap_or_default();
        let failed = |why: &str| {
            let why: String = why.trim().chars().take(LONGEST).collect();
            Failure::new(Exit::Error, format!("`git {what}` failed: {why}"))
        };
        let output = tokio::task::spawn_blocking(move || command.output()).await;
        let output =
            output.map_err(std::io::Error::other).flatten().map_err(|error| failed(&error.to_string()))?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(failed(if why.trim().is_empty() { "it gave no reason" } else { &why }));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
