//! GitLab's REST API, version 4: <https://docs.gitlab.com/api/rest/>.

pub mod issues;
pub mod merged;
pub mod notes;
pub mod pipelines;

use super::{Author, Client, NoAccess, Refusal, Service, learned};
use crate::{
    ci::event,
    model::{Redactor, Untrusted},
    workflow::Environment,
};

/// The variable that holds the token for notes: the token of a job may not write them.
pub const TOKEN: &str = "ROLECALL_GITLAB_NOTE_TOKEN";

/// A project on GitLab.
pub struct GitLab {
    client: Client,
    /// The path of the project; in an address it is one segment.
    project: String,
}

impl GitLab {
    /// The project at `path`, with the token and the address that `environment` holds.
    ///
    /// # Errors
    ///
    /// Where there is no token, or the project or the address cannot be used.
    pub fn open(environment: &Environment, redactor: &Redactor, path: &Untrusted) -> Result<Self, NoAccess> {
        let Some(token) = event::text(environment, TOKEN) else {
            return Err(NoAccess {
                message: format!("{TOKEN} is not set"),
                help: "Put an access token of the project with the scope `api` into it, and the role Reporter, or Developer with `require_reviewed`: the token of a job may neither write notes nor read pipelines.".to_owned(),
            });
        };
        let token = learned(token, redactor);
        if path.raw().is_empty() {
            return Err(NoAccess {
                message: "CI_PROJECT_PATH is not set".to_owned(),
                help: "The runner sets it.".to_owned(),
            });
        }
        let url = event::text(environment, "CI_API_V4_URL")
            .unwrap_or_else(|| "https://gitlab.com/api/v4".to_owned());
        let client = Client::open(&Service {
            url: &url,
            variable: "CI_API_V4_URL",
            header: "private-token",
            prefix: "",
            token: &token,
            accept: "application/json",
            also: None,
        })?;
        Ok(Self { client, project: path.raw().to_owned() })
    }

    fn path<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [&["projects", self.project.as_str()], more].concat()
    }

    /// Whom the token acts for.
    ///
    /// # Errors
    ///
    /// What GitLab, or the way to it, says against that.
    pub async fn login(&self) -> Result<String, Refusal> {
        Ok(self.client.get::<Author>(&["user"], &[]).await?.login)
    }
}
