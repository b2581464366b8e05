//! Every provider that the program knows: the one list to add a sixth to.

use std::sync::Arc;

use super::{
    Provider, coderabbit::CodeRabbit, devin::Devin, gitlab::GitLab, infracodebase::Infracodebase,
    workos::WorkOs,
};
use crate::contract::Spec;

/// The known providers, in the order in which they are listed to people.
#[derive(Clone, Default)]
pub struct Registry(Vec<Arc<dyn Provider>>);

impl Registry {
    /// The providers that ship with the program.
    pub fn builtin() -> Self {
        Self::default()
            .with(Arc::new(CodeRabbit))
            .with(Arc::new(GitLab))
            .with(Arc::new(WorkOs))
            .with(Arc::new(Devin))
            .with(Arc::new(Infracodebase))
    }

    /// Adds a provider; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, provider: Arc<dyn Provider>) -> Self {
        self.0.retain(|known| known.name() != provider.name());
        self.0.push(provider);
        self
    }

    /// The provider that `provider: NAME` means.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Provider>> {
        self.0.iter().find(|provider| provider.name() == name)
    }

    /// All contracts, without the I/O.
    pub fn specs(&self) -> Vec<&dyn Spec> {
        self.0.iter().map(|provider| -> &dyn Spec { provider.as_ref() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_found_by_its_name_and_listed_once() {
        let count = Registry::builtin().specs().len();
        let registry = Registry::builtin().with(Arc::new(CodeRabbit));
        assert_eq!(registry.specs().len(), count);
        assert_eq!(registry.get("coderabbit").map(|found| found.title()), Some("CodeRabbit"));
        assert!(registry.get("code-rabbit").is_none());
    }
}
