//! Which organizations there are, and which ones are meant.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    pages::{self, List, Listed},
    place::{self, Place, looks_like_an_id},
    wire,
};
use crate::{
    model::{Scope, Untrusted},
    provider::{ReadError, ReadErrorKind, http::Reading},
};

/// What the list of organizations tells.
#[derive(Debug, Default)]
pub(super) struct Organizations {
    /// Each by its id.
    names: BTreeMap<String, String>,
    /// The oldest, which tells one enterprise from another: no call gives the enterprise an id.
    pub(super) oldest: Option<Untrusted>,
    /// Whether the credential may not see the list; then every id that is written is believed.
    pub(super) hidden: bool,
    /// How many requests the list took.
    pub(super) pages: u32,
}

/// Reads the list; it takes the permission to manage organizations.
pub(super) async fn list(reading: &Reading) -> Result<Organizations, ReadError> {
    let list = List { segments: &["organizations"], wave: 1 };
    let listed: Listed<wire::Organization> = match pages::read(reading, list).await {
        Ok(listed) => listed,
        Err(error) if error.kind == ReadErrorKind::Denied => {
            return Ok(Organizations { hidden: true, pages: 1, ..Organizations::default() });
        }
        Err(error) => return Err(error),
    };
    for organization in &listed.items {
        place::checked("id of an organization", &organization.org_id).map_err(|what| {
            let what = format!("answered with an unexpected body: {what}");
            reading.connection().malformed(&listed.request, &what)
        })?;
    }
    let oldest = listed.items.iter().min_by_key(|one| (one.created_at, &one.org_id));
    Ok(Organizations {
        oldest: oldest.map(|one| one.org_id.as_str().into()),
        hidden: false,
        pages: listed.items.len().div_ceil(pages::SIZE).max(1) as u32,
        names: listed.items.into_iter().map(|one| (one.org_id, one.name)).collect(),
    })
}

impl Organizations {
    /// All ids.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Whether the list has an organization with this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.names.contains_key(id)
    }

    /// Each of `asked` that exists, with its canonical spelling: the id. A name that two organizations
    /// have names neither.
    pub(super) fn places(&self, asked: &BTreeSet<&Scope>) -> BTreeMap<Scope, Scope> {
        let found = asked.iter().filter_map(|scope| match place::place(scope) {
            Ok(Place::Enterprise) => Some(((*scope).clone(), (*scope).clone())),
            Ok(Place::Organization(written)) => {
                self.id(written).map(|id| ((*scope).clone(), place::organization(id)))
            }
            Err(_) => None,
        });
        found.collect()
    }

    fn id<'a>(&'a self, written: &'a str) -> Option<&'a str> {
        if let Some((id, _)) = self.names.get_key_value(written) {
            return Some(id);
        }
        let mut named = self.names.iter().filter(|(_, name)| *name == written).map(|(id, _)| id.as_str());
        let only = named.next().filter(|_| named.next().is_none());
        only.or_else(|| (self.hidden && looks_like_an_id(written)).then_some(written))
    }
}
