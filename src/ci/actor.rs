//! Who runs this, as far as the environment tells.

use crate::{model::Untrusted, workflow::Environment};

/// Variables that name somebody, those of CI systems first.
const VARIABLES: [&str; 4] = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "USERNAME"];

/// The name of whoever runs this; `unknown` where nothing tells it.
pub fn actor(environment: &Environment) -> Untrusted {
    let text = |name: &&str| environment(name).and_then(|value| value.into_string().ok());
    let mut names = VARIABLES.iter().filter_map(text).filter(|name| !name.is_empty());
    names.next().map_or_else(|| "unknown".into(), Untrusted::from)
}
