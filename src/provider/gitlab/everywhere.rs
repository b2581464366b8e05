//! Every place whose members can hold the roles: read where that matters as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    deployment::Deployment,
    help::explain,
    members,
    place::{Place, PlaceKind, is_path},
    wire::{Groups, ListedProject, Projects},
};
use crate::{
    model::Untrusted,
    provider::{
        ReadError, ReadErrorKind,
        http::{Answer, Connection, Items, List, Reading},
    },
};

/// What lists of all places tell.
#[derive(Debug, Default)]
pub(super) struct Everywhere {
    /// Every group and project.
    pub(super) places: BTreeSet<Place>,
    /// Which groups give which custom role in which projects, by the number of the role: projects keep
    /// the roles of their shares behind a flag, and no call moves them from here.
    pub(super) shares: BTreeMap<u64, Vec<String>>,
    /// A project of which nobody can tell whom it is shared with.
    pub(super) closed: Option<String>,
    /// How many requests followed each other.
    pub(super) waves: u32,
}

impl Everywhere {
    /// Why a role cannot be deleted: the shares of projects, which its deletion would change without a word.
    pub(super) fn keeps(&self, role: &Untrusted) -> Option<Untrusted> {
        if let Some(project) = &self.closed {
            let why = format!("nobody can tell which groups the project `{project}` is shared with");
            return Some(why.into());
        }
        let shares = self.shares.get(&role.raw().parse().ok()?)?;
        Some(shares.join(", and ").into())
    }

    fn take(&mut self, project: &ListedProject) {
        let path = &project.path_with_namespace;
        let Some(shares) = &project.shared_with_groups else {
            self.closed.get_or_insert_with(|| path.clone());
            return;
        };
        for share in &shares.0 {
            let group = share.group_full_path.clone().unwrap_or_else(|| format!("id:{}", share.group_id));
            if let Some(role) = share.member_role_id {
                let said = format!("the project `{path}` is shared with the group `{group}` with it");
                self.shares.entry(role).or_default().push(said);
            }
        }
    }
}

/// Every group and project whose members can hold the roles.
pub(super) async fn all(reading: &Reading, deployment: &Deployment) -> Result<Everywhere, ReadError> {
    let list = |segments: &[&str], query: Vec<(&'static str, String)>| List {
        segments: segments.iter().map(|&segment| segment.to_owned()).collect(),
        query,
        per_page: members::PAGE_SIZE,
        pages_without_total: members::PAGES_WITHOUT_TOTAL,
        wave: 1,
        quota: None,
    };
    let (groups, projects) = match deployment {
        Deployment::Group(path) => (
            list(&["api", "v4", "groups", path, "descendant_groups"], Vec::new()),
            list(
                &["api", "v4", "groups", path, "projects"],
                vec![("include_subgroups", "true".into()), ("with_shared", "false".into())],
            ),
        ),
        Deployment::Instance => (
            list(&["api", "v4", "groups"], vec![("all_available", "true".into())]),
            list(&["api", "v4", "projects"], Vec::new()),
        ),
    };
    let (groups, projects) = tokio::join!(
        reading.pages(groups, |connection: &Connection, answer: &Answer| {
            Ok(connection.parse::<Groups>(answer)?.0.into_iter().map(|group| group.full_path).collect())
        }),
        reading.pages(projects, |connection: &Connection, answer: &Answer| {
            Ok(connection.parse::<Projects>(answer)?.0)
        })
    );
    let (groups, projects): (Items<String>, Items<ListedProject>) =
        (groups.map_err(explain)?, projects.map_err(explain)?);
    let mut found = Everywhere { waves: 2, ..Everywhere::default() };
    for project in &projects.items {
        found.take(project);
    }
    let incomplete = projects.incomplete;
    let items = projects.items.into_iter().map(|one| one.path_with_namespace).collect();
    let projects = Items { items, incomplete };
    let mut places = BTreeSet::new();
    if let Some(path) = deployment.group() {
        places.insert(Place { kind: PlaceKind::Group, path: path.to_owned() });
    }
    for (kind, paths) in [(PlaceKind::Group, groups), (PlaceKind::Project, projects)] {
        if let Some(why) = paths.incomplete {
            return Err(ReadError {
                kind: ReadErrorKind::Malformed,
                request: None,
                message: why.into(),
                help: Some("Run it again.".to_owned()),
            });
        }
        for path in paths.items {
            let path = Untrusted::from(path.to_ascii_lowercase());
            // What cannot stand in a URL is not asked for, and so nobody would know who is there.
            if !is_path(&path) {
                return Err(ReadError {
                    kind: ReadErrorKind::Malformed,
                    request: None,
                    message: format!("the {} {path:?} has a path that cannot be used", kind.word()).into(),
                    help: None,
                });
            }
            places.insert(Place { kind, path: path.raw().to_owned() });
        }
    }
    found.places = places;
    Ok(found)
}
