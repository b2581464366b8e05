//! Who exists at a provider, by every way to write them.

use std::collections::{BTreeMap, btree_map::Entry};

use super::{Untrusted, desired::Spelling};

/// Principals by what the API tells of them. A handle, an e-mail address, and an id are ways of
/// their own: people choose their handles, perhaps one that is somebody else's id or address.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Class and spelling to id; `None` where several principals share the spelling.
    known: BTreeMap<(&'static str, Spelling), Option<Untrusted>>,
}

impl Directory {
    /// Adds one way to write the principal `id`. What leads to two principals leads to neither.
    pub fn add(&mut self, class: &'static str, spelling: Spelling, id: Untrusted) {
        match self.known.entry((class, spelling)) {
            Entry::Vacant(place) => {
                place.insert(Some(id));
            }
            Entry::Occupied(mut known) => {
                if known.get().as_ref() != Some(&id) {
                    known.insert(None);
                }
            }
        }
    }

    /// Adds a principal by its id alone.
    pub fn add_id(&mut self, class: &'static str, id: Untrusted) {
        self.add(class, Spelling::Id(id.clone()), id);
    }

    /// The id of the principal that is written so.
    pub fn find(&self, class: &'static str, spelling: &Spelling) -> Option<&Untrusted> {
        self.known.get(&(class, spelling.clone()))?.as_ref()
    }

    /// Every way that leads to one principal: class, spelling, and id.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Spelling, &Untrusted)> {
        self.known.iter().filter_map(|((class, spelling), id)| Some((*class, spelling, id.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_that_is_somebody_elses_id_or_address_leads_to_nobody_else() {
        let mut directory = Directory::default();
        let handle = |text: &str| Spelling::Handle(text.into());
        directory.add_id("user", "1001".into());
        directory.add("user", Spelling::Email("mira@example.test".into()), "1001".into());
        directory.add("user", handle("1001"), "666".into());
        directory.add("user", handle("mira@example.test"), "666".into());
        let found = |spelling: &Spelling| directory.find("user", spelling).map(Untrusted::raw);
        assert_eq!(found(&Spelling::Id("1001".into())), Some("1001"));
        assert_eq!(found(&Spelling::Email("mira@example.test".into())), Some("1001"));
        assert_eq!(found(&handle("1001")), Some("666"));
        assert_eq!(found(&handle("mira@example.test")), Some("666"));
        assert_eq!(directory.find("bot", &Spelling::Id("1001".into())), None);
    }

    #[test]
    fn what_two_principals_share_leads_to_neither() {
        let mut directory = Directory::default();
        let shared = Spelling::Email("team@example.test".into());
        for id in ["1", "1", "2", "1"] {
            directory.add("user", shared.clone(), id.into());
        }
        assert_eq!(directory.find("user", &shared), None);
        assert_eq!(directory.iter().count(), 0);
    }
}
