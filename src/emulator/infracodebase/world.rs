//! Enterprises with their workspaces, and the tokens that reach them. Roles are not among them: nothing of the API
//! reads or writes any.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::emulator::product::Change;

/// A token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) token: String,
    /// The one enterprise that an enterprise token reaches; a personal one reaches all.
    #[serde(default)]
    pub(super) enterprise: Option<String>,
    /// The workspaces that it reaches, where they were chosen.
    #[serde(default)]
    pub(super) workspaces: Option<Vec<String>>,
    /// Whether its time is over.
    #[serde(default)]
    pub(super) expired: bool,
}

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Workspace {
    pub(super) id: String,
    pub(super) name: String,
}

/// An enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Enterprise {
    pub(super) id: String,
    pub(super) name: String,
    /// The caller's role, which the list may tell.
    #[serde(default = "owner")]
    pub(super) role: String,
    #[serde(default)]
    pub(super) workspaces: Vec<Workspace>,
}

fn owner() -> String {
    "Owner".to_owned()
}

/// Everything. It has the form of a seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct World {
    provider: String,
    /// Tokens; where there are none, every token that is not empty reaches everything.
    #[serde(default)]
    pub(super) tokens: Vec<Token>,
    pub(super) enterprises: Vec<Enterprise>,
}

/// The one kind of object.
pub(super) const WORLD: &str = "world";

impl Default for World {
    fn default() -> Self {
        Self { provider: "infracodebase".to_owned(), tokens: Vec::new(), enterprises: Vec::new() }
    }
}

impl World {
    /// Builds the world of a seed, or says what is wrong with it.
    pub(super) fn build(document: &Value) -> Result<Self, String> {
        let world = Self::deserialize(document).map_err(|error| error.to_string())?;
        if world.provider != "infracodebase" {
            return Err(format!("the field `provider` is `{}`, not `infracodebase`", world.provider));
        }
        if world.enterprises.is_empty() {
            return Err("the field `enterprises` is empty; an emulator needs at least one".to_owned());
        }
        let mut ids = BTreeSet::new();
        for enterprise in &world.enterprises {
            let workspaces = enterprise.workspaces.iter().map(|workspace| &workspace.id);
            for id in std::iter::once(&enterprise.id).chain(workspaces) {
                if id.is_empty() || !ids.insert(id.as_str()) {
                    return Err(format!("the id `{id}` is empty or given twice"));
                }
            }
        }
        for token in &world.tokens {
            if token.token.is_empty() {
                return Err("a `token` is empty".to_owned());
            }
            let named = token.enterprise.iter().chain(token.workspaces.iter().flatten());
            if let Some(unknown) = named.into_iter().find(|id| !ids.contains(id.as_str())) {
                return Err(format!("there is no enterprise or workspace `{unknown}` for a token"));
            }
        }
        Ok(world)
    }

    /// The world as the one change that puts it in place.
    pub(super) fn object(&self) -> Change {
        let value = serde_json::to_value(self).ok();
        Change { scope: String::new(), kind: WORLD.to_owned(), id: WORLD.to_owned(), value }
    }

    /// Puts a whole world in place, and returns the change that undoes this.
    pub(super) fn apply(&mut self, change: &Change) -> Result<Change, String> {
        if change.kind != WORLD {
            return Err(format!("there are no objects of the kind `{}`", change.kind));
        }
        let before = self.object();
        *self = match &change.value {
            None => Self::default(),
            Some(value) => Self::deserialize(value).map_err(|error| error.to_string())?,
        };
        Ok(before)
    }
}

/// The seed that holds when nobody gives one: two enterprises, which every token reaches.
pub(super) fn sample() -> Value {
    let workspace = |name: &str| json!({ "id": format!("ws-{name}"), "name": name });
    json!({
        "provider": "infracodebase",
        "enterprises": [
            { "id": "ent-acme", "name": "Acme", "workspaces": [workspace("network"), workspace("storage")] },
            { "id": "ent-globex", "name": "Globex", "role": "Viewer", "workspaces": [workspace("edge")] },
        ],
    })
}
