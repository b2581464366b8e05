//! GitHub's REST API, version 2022-11-28: <https://docs.github.com/en/rest>.

pub mod artifacts;
pub mod comments;
pub mod issues;
pub mod pulls;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Author, Client, NoAccess, Refusal, Service, learned};
use crate::{
    ci::event,
    model::{Redactor, Untrusted},
    workflow::Environment,
};

/// A repository on GitHub.
pub struct GitHub {
    client: Client,
    graphql: Option<Client>,
    owner: String,
    name: String,
    /// Whether the token is that of an app, such as the one of GitHub Actions.
    app: bool,
}

/// Who comments with the token of GitHub Actions.
const ACTIONS: &str = "github-actions[bot]";

impl GitHub {
    /// The `repository`, written `OWNER/NAME`, with the token and the address that `environment` holds.
    ///
    /// # Errors
    ///
    /// Where there is no token, or the repository or an address cannot be used.
    pub fn open(
        environment: &Environment,
        redactor: &Redactor,
        repository: &Untrusted,
    ) -> Result<Self, NoAccess> {
        let Some(token) = event::text(environment, "GITHUB_TOKEN") else {
            return Err(NoAccess {
                message: "GITHUB_TOKEN is not set".to_owned(),
                help: "The Action passes its input `token` on; `github.token` is the usual value.".to_owned(),
            });
        };
        let token = learned(token, redactor);
        let plain = |part: &&str| {
            !part.is_empty()
                && !matches!(*part, "." | "..")
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        };
        let Some((owner, name)) =
            repository.raw().split_once('/').filter(|(owner, name)| plain(owner) && plain(name))
        else {
            return Err(NoAccess {
                message: "GITHUB_REPOSITORY does not name a repository".to_owned(),
                help: "It has to be OWNER/NAME; the runner sets it.".to_owned(),
            });
        };
        let url =
            event::text(environment, "GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned());
        let service = |url| Service {
            url,
            variable: "GITHUB_API_URL",
            header: "authorization",
            prefix: "Bearer ",
            token: &token,
            accept: "application/vnd.github+json",
            also: Some(("x-github-api-version", "2022-11-28")),
        };
        let client = Client::open(&service(&url))?;
        let graphql = event::text(environment, "GITHUB_GRAPHQL_URL")
            .unwrap_or_else(|| format!("{}/graphql", url.trim_end_matches('/').trim_end_matches("/v3")));
        let graphql = graphql.strip_suffix("/graphql").filter(|url| client.is_of(url));
        let graphql = graphql.and_then(|url| Client::open(&service(url)).ok());
        // <https://github.blog/changelog/2021-03-31-authentication-token-format-updates-are-generally-available/>
        let app = token.expose().starts_with("ghs_");
        Ok(Self { client, graphql, owner: owner.to_owned(), name: name.to_owned(), app })
    }

    /// The path of something in the repository.
    fn path<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        [&["repos", &self.owner, &self.name], more].concat()
    }

    /// Whom the token acts for. An app is not shown by `GET /user`, but as GraphQL's viewer.
    pub async fn login(&self) -> String {
        if !self.app
            && let Ok(user) = self.client.get::<Author>(&["user"], &[]).await
        {
            return user.login;
        }
        let viewer = self.graphql("query { viewer { login } }", &json!({})).await;
        let login = viewer.as_ref().and_then(|data| data.pointer("/viewer/login")).and_then(Value::as_str);
        login.unwrap_or(ACTIONS).to_owned()
    }

    /// Asks GraphQL; `None` for every failure, as nothing depends on it.
    async fn graphql(&self, query: &str, variables: &Value) -> Option<Value> {
        #[derive(Deserialize)]
        struct Answer {
            data: Option<Value>,
        }
        let body = json!({ "query": query, "variables": variables });
        let client = self.graphql.as_ref()?;
        let answer: Result<Answer, Refusal> = client.send(Method::POST, &["graphql"], &body).await;
        answer.ok()?.data
    }
}
