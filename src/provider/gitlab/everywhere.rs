//! Every place whose members can hold the roles: read where that matters as a whole.

use std::collections::BTreeSet;

use super::{
    deployment::Deployment,
    help::explain,
    members,
    place::{Place, PlaceKind, is_path},
    wire::{Groups, Projects},
};
use crate::{
    model::Untrusted,
    provider::{
        ReadError, ReadErrorKind,
        http::{Answer, Connection, Items, List, Reading},
    },
};

/// Every group and project whose members can hold the roles, and how many requests followed each
/// other for that.
pub(super) async fn all(
    reading: &Reading,
    deployment: &Deployment,
) -> Result<(BTreeSet<Place>, u32), ReadError> {
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
                vec![
                    ("include_subgroups", "true".into()),
                    ("with_shared", "false".into()),
                    ("simple", "true".into()),
                ],
            ),
        ),
        Deployment::Instance => (
            list(&["api", "v4", "groups"], vec![("all_available", "true".into())]),
            list(&["api", "v4", "projects"], vec![("simple", "true".into())]),
        ),
    };
    let (groups, projects) = tokio::join!(
        reading.pages(groups, |connection: &Connection, answer: &Answer| {
            Ok(connection.parse::<Groups>(answer)?.0.into_iter().map(|group| group.full_path).collect())
        }),
        reading.pages(projects, |connection: &Connection, answer: &Answer| {
            Ok(connection
                .parse::<Projects>(answer)?
                .0
                .into_iter()
                .map(|one| one.path_with_namespace)
                .collect())
        })
    );
    let (groups, projects): (Items<String>, Items<String>) =
        (groups.map_err(explain)?, projects.map_err(explain)?);
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
    Ok((places, 2))
}
