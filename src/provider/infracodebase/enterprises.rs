//! Which enterprise the target is, and which workspaces there are.

use std::collections::BTreeMap;

use super::{
    API,
    help::explain,
    spec::{ENTERPRISE_ID, WORKSPACE},
    wire::Listed,
};
use crate::{
    contract::is_safe_id,
    model::{Scope, Untrusted},
    provider::{
        ReadError, ReadErrorKind, RequestLine,
        http::{Failure, Get, Reading},
    },
};

/// Most enterprises that a message names.
const SHOWN: usize = 10;

/// What is known of the target.
#[derive(Debug)]
pub(super) struct Found {
    /// The id of the enterprise.
    pub(super) enterprise: Untrusted,
    /// Its workspaces, each as it may be written, with its canonical spelling; empty where nobody asked.
    pub(super) places: BTreeMap<Scope, Scope>,
    /// Why there is no such list, where the server does not have it yet.
    pub(super) unlisted: Option<Untrusted>,
}

/// What asking for the workspaces came to.
enum Asked {
    Places(BTreeMap<Scope, Scope>),
    /// The documented answer of a server that does not have the list yet (501).
    NotYet(ReadError),
}

/// Finds the enterprise that the target is, and its workspaces where they are `asked` for: one request
/// each, at the same time where the enterprise is named.
pub(super) async fn find(reading: &Reading, asked: bool) -> Result<Found, ReadError> {
    let named = reading.connection().setting(ENTERPRISE_ID).cloned();
    let Some(named) = named else {
        let enterprise = only(enterprises(reading).await.map_err(explain)?)?;
        let places = if asked { Some(workspaces(reading, &enterprise, 2).await?) } else { None };
        return Ok(Found::new(enterprise, places));
    };
    let wanted = async { if asked { Some(workspaces(reading, &named, 1).await) } else { None } };
    let (known, places) = tokio::join!(enterprises(reading), wanted);
    match known {
        Ok(known) if known.iter().any(|(id, _)| *id == named) => {}
        Ok(known) => return Err(foreign(&named, &known)),
        // Whether this list is for tokens of one enterprise is not documented; its workspaces tell, too.
        Err(failure) if matches!(failure.status, Some(403 | 404 | 501)) => {
            let places = match places {
                Some(places) => places,
                None => workspaces(reading, &named, 2).await,
            };
            return match places? {
                // Nothing tells then that there is such an enterprise.
                Asked::NotYet(error) => Err(error),
                places => Ok(Found::new(named, Some(places))),
            };
        }
        Err(failure) => return Err(explain(failure).into()),
    }
    Ok(Found::new(named, places.transpose()?))
}

impl Found {
    fn new(enterprise: Untrusted, asked: Option<Asked>) -> Self {
        match asked {
            None => Self { enterprise, places: BTreeMap::new(), unlisted: None },
            Some(Asked::Places(places)) => Self { enterprise, places, unlisted: None },
            Some(Asked::NotYet(error)) => {
                Self { enterprise, places: BTreeMap::new(), unlisted: Some(error.message) }
            }
        }
    }
}

/// Every enterprise that the token reaches: id and name.
pub(super) async fn enterprises(reading: &Reading) -> Result<Vec<(Untrusted, Option<Untrusted>)>, Failure> {
    let segments = &[API[0], API[1], "enterprises"];
    let answer = reading.get(Get { segments, query: &[], wave: 1, quota: None }).await?;
    let list: Listed<'_> = reading.connection().parse(&answer)?;
    let items = list.data.0.into_iter().map(|item| {
        let id = Untrusted::from(&*item.id.0);
        match is_safe_id(&id) {
            true => Ok((id, item.name.map(|name| Untrusted::from(&*name.0)))),
            false => Err(not_an_id(reading, &answer.request, &id)),
        }
    });
    items.collect()
}

/// Workspaces by every spelling.
async fn workspaces(reading: &Reading, enterprise: &Untrusted, wave: u32) -> Result<Asked, ReadError> {
    let segments = &[API[0], API[1], "enterprises", enterprise.raw(), "workspaces"];
    let answer = match reading.get(Get { segments, query: &[], wave, quota: None }).await {
        Ok(answer) => answer,
        Err(failure) if failure.status == Some(501) => return Ok(Asked::NotYet(explain(failure).into())),
        Err(failure) => return Err(explain(failure).into()),
    };
    let list: Listed<'_> = reading.connection().parse(&answer)?;
    let mut places = BTreeMap::new();
    for item in &list.data.0 {
        let id = Untrusted::from(&*item.id.0);
        if !is_safe_id(&id) {
            return Err(not_an_id(reading, &answer.request, &id).into());
        }
        let scope = Scope::within(WORKSPACE, id);
        places.insert(scope.clone(), scope);
    }
    Ok(Asked::Places(places))
}

fn not_an_id(reading: &Reading, request: &RequestLine, id: &Untrusted) -> Failure {
    reading.connection().malformed(request, &format!("answered with an unexpected body: {id:?} is no id"))
}

/// The one enterprise of the token.
fn only(mut known: Vec<(Untrusted, Option<Untrusted>)>) -> Result<Untrusted, ReadError> {
    match (known.pop(), known.is_empty()) {
        (Some((id, _)), true) => Ok(id),
        (None, _) => Err(rejected(
            "the token reaches no enterprise".to_owned(),
            "Make one in the settings of the enterprise, under Tokens.".to_owned(),
        )),
        (Some(last), false) => {
            known.push(last);
            let message = format!("the token reaches {} enterprises", known.len());
            Err(rejected(
                message,
                format!("Say which one under `settings`, `enterprise:`. {}", names(&known)),
            ))
        }
    }
}

fn foreign(named: &Untrusted, known: &[(Untrusted, Option<Untrusted>)]) -> ReadError {
    rejected(format!("the token does not reach the enterprise `{}`", named.raw()), names(known))
}

/// `It reaches: ent-acme (Acme), …`
fn names(known: &[(Untrusted, Option<Untrusted>)]) -> String {
    if known.is_empty() {
        return "It reaches none.".to_owned();
    }
    let said = known.iter().take(SHOWN).map(|(id, name)| match name {
        Some(name) => format!("{} ({})", id.raw(), name.raw()),
        None => id.raw().to_owned(),
    });
    let more = known.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("It reaches {}{more}.", said.collect::<Vec<_>>().join(", "))
}

fn rejected(message: String, help: String) -> ReadError {
    let request = Some(RequestLine::from("GET /api/v1/enterprises"));
    ReadError { kind: ReadErrorKind::Rejected, request, message: message.into(), help: Some(help) }
}
