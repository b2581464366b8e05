//! Seeds: what an emulator holds when it starts.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::product::{Product, Registered};
use super::{EmulatorError, registered};

/// The state that an emulator begins with; checked when it is read.
///
/// A seed is a document with a field `provider` and fields of that provider, described with it (in
/// [`coderabbit`](super::coderabbit), [`gitlab`](super::gitlab), [`workos`](super::workos),
/// [`devin`](super::devin), and [`infracodebase`](super::infracodebase)). `GET /_dashboard/state` of a running emulator serves its state in the same
/// form, so that a state can be saved as a seed.
#[derive(Debug, Clone)]
pub struct Seed {
    provider: &'static str,
    document: Value,
}

impl Seed {
    /// Reads a seed from a JSON file (named `*.json`) or a YAML file.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::SeedFile`] if the file cannot be read, [`EmulatorError::Seed`] with the name of the field if
    /// its content is not valid or has fields that do not exist.
    pub fn read(path: &Path) -> Result<Self, EmulatorError> {
        let text = fs::read_to_string(path)
            .map_err(|source| EmulatorError::SeedFile { path: path.to_owned(), source })?;
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let document = if is_json {
            serde_json::from_str(&text).map_err(|error| error.to_string())
        } else {
            serde_yaml::from_str(&text).map_err(|error| error.to_string())
        };
        document
            .map_err(|reason| EmulatorError::Seed { path: None, reason })
            .and_then(Self::from_document)
            .map_err(|error| error_in(path, error))
    }

    /// Reads a seed from YAML text, of which JSON is a part.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::Seed`] with the name of the field that is not valid.
    pub fn parse(text: &str) -> Result<Self, EmulatorError> {
        let document = serde_yaml::from_str(text)
            .map_err(|error| EmulatorError::Seed { path: None, reason: error.to_string() })?;
        Self::from_document(document)
    }

    /// The seed that holds when nobody gives one. For `coderabbit` that is two tenants:
    ///
    /// | tenant | key | organization | caller | members |
    /// |---|---|---|---|---|
    /// | `acme` | `cr-acme` | `88321` (CodeRabbit id `crorg-acme`) | `1001` | `1001`, `1002` administrators; `1003` to `1007` members; `1008` billing administrator |
    /// | `globex` | `cr-globex` | `99454` (CodeRabbit id `crorg-globex`) | `2001` | `2001`, `2002` administrators; `2003` member |
    ///
    /// Neither has custom roles. Every other credential that is not empty reaches `acme` as its caller.
    ///
    /// For `gitlab` that is gitlab.com with the groups `acme` and `partners`; every token that is not empty is that of
    /// the Owner `ada`, but `glpat-acme-reader` only reads, and `glpat-acme-developer` is that of the Developer `mira`.
    ///
    /// For `workos` it is one environment, which every key reaches, with four environment roles and the organizations
    /// `org_acme` (external id `acme`, with a custom role, a group and a directory-managed membership), `org_globex`
    /// and `org_initech`.
    ///
    /// For `devin` it is one enterprise with the organizations `org-apps`, `org-data`, and `org-platform`, one custom
    /// role at each level, and a registered group whose members come by sign-in; every token is that of the service
    /// user `service-user-rolecall`, which manages members and organizations.
    ///
    /// For `infracodebase` it is two enterprises with three workspaces, which every token reaches.
    ///
    /// # Errors
    ///
    /// [`EmulatorError::UnknownProvider`].
    pub fn default_for(provider: &str) -> Result<Self, EmulatorError> {
        let registered = registered(provider)?;
        Ok(Self { provider: registered.name, document: (registered.default_seed)() })
    }

    /// The provider that the seed is for.
    pub fn provider(&self) -> &'static str {
        self.provider
    }

    /// The seed as a document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    fn from_document(document: Value) -> Result<Self, EmulatorError> {
        let wrong = |reason| EmulatorError::Seed { path: None, reason };
        let provider = document.get("provider").and_then(Value::as_str).ok_or_else(|| {
            wrong("the field `provider` is missing; add for example `provider: coderabbit`".to_owned())
        })?;
        let registered = registered(provider)?;
        (registered.build)(&document).map_err(wrong)?;
        Ok(Self { provider: registered.name, document })
    }

    /// The world that the seed describes.
    pub(crate) fn product(&self, registered: &Registered) -> Result<Box<dyn Product>, EmulatorError> {
        if self.provider != registered.name {
            return Err(EmulatorError::SeedProvider {
                provider: registered.name.to_owned(),
                seed: self.provider.to_owned(),
            });
        }
        (registered.build)(&self.document).map_err(|reason| EmulatorError::Seed { path: None, reason })
    }
}

fn error_in(path: &Path, error: EmulatorError) -> EmulatorError {
    match error {
        EmulatorError::Seed { reason, .. } => EmulatorError::Seed { path: Some(path.to_owned()), reason },
        other => other,
    }
}
