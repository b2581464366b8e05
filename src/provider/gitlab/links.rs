//! What gives roles to many people at once: SAML and LDAP group links, and groups that a group is
//! shared with. Deleting a role takes it from every link without a word, so that they are read before.

use std::collections::BTreeSet;

use super::{
    help::explain,
    place::Place,
    quota,
    spec::{LDAP_GROUP, SAML_GROUP, SHARED_GROUP},
    wire::{LdapLinks, RestGroup, SamlLinks},
};
use crate::{
    contract::{Moved, Obstacle, manual},
    model::{
        Kind, Untrusted,
        live::{LiveObject, LiveState},
    },
    provider::{
        ReadError,
        http::{Answer, Failure, Get, Reading},
    },
};

/// The one 404 that means "no LDAP links" (`/api/group_ldap_links/`).
const NO_LDAP_LINKS: &str = "No linked LDAP groups found";
/// What begins the id of a SAML link that names its provider.
const PROVIDER: &str = "provider=";

/// A link as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// What identifies it in its group; `None` where that cannot be said.
    pub(super) id: Option<Untrusted>,
    /// Its access level.
    pub(super) level: u32,
    /// Its custom role.
    pub(super) role: Option<u64>,
    /// What to call it, where that is not its id.
    pub(super) name: Option<Untrusted>,
    /// The day from which on it no longer counts, where it ends.
    pub(super) ends: Option<Untrusted>,
}

/// A SAML group of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SamlGroup<'a> {
    pub(super) name: &'a str,
    pub(super) provider: Option<&'a str>,
}

impl<'a> SamlGroup<'a> {
    /// `NAME`, or `provider=PROVIDER;NAME` where the link names its provider.
    pub(super) fn id(&self) -> Option<Untrusted> {
        match self.provider {
            Some(provider) => {
                is_provider(provider).then(|| format!("{PROVIDER}{provider};{}", self.name).into())
            }
            None => (!self.name.starts_with(PROVIDER)).then(|| self.name.into()),
        }
    }

    pub(super) fn of(id: &'a str) -> Option<Self> {
        let group = match id.strip_prefix(PROVIDER) {
            Some(rest) => {
                let (provider, name) = rest.split_once(';')?;
                is_provider(provider).then_some(Self { name, provider: Some(provider) })?
            }
            None => Self { name: id, provider: None },
        };
        (!group.name.is_empty() && !matches!(group.name, "." | "..")).then_some(group)
    }
}

/// What an LDAP link selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Selects<'a> {
    Cn(&'a str),
    Filter(&'a str),
}

/// An LDAP group of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LdapGroup<'a> {
    pub(super) provider: &'a str,
    pub(super) selects: Selects<'a>,
}

impl<'a> LdapGroup<'a> {
    /// `PROVIDER:cn=NAME` or `PROVIDER:filter=FILTER`.
    pub(super) fn id(self) -> Option<Untrusted> {
        let (kind, text) = match self.selects {
            Selects::Cn(cn) => ("cn", cn),
            Selects::Filter(filter) => ("filter", filter),
        };
        (is_provider(self.provider) && !text.is_empty())
            .then(|| format!("{}:{kind}={text}", self.provider).into())
    }

    pub(super) fn of(id: &'a str) -> Option<Self> {
        let (provider, rest) = id.split_once(':')?;
        let selects = match rest.split_once('=')? {
            ("cn", cn) if !cn.is_empty() => Selects::Cn(cn),
            ("filter", filter) if !filter.is_empty() => Selects::Filter(filter),
            _ => return None,
        };
        is_provider(provider).then_some(Self { provider, selects })
    }
}

fn is_provider(provider: &str) -> bool {
    !provider.is_empty() && provider.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// The links of one kind, or why they were not read: that is not the same as none.
pub(super) type Part = Result<Vec<Link>, Unread>;

/// Why links were not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unread {
    /// What the server said.
    pub(super) why: String,
    /// Whether it said that there is nothing of the kind: of a group that is there it means nothing.
    nothing: bool,
}

/// The links of one group, by kind; `None` where they were not asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    pub(super) saml: Option<Part>,
    pub(super) ldap: Option<Part>,
    pub(super) shares: Option<Part>,
}

impl Links {
    /// What was asked for, with the class of its principals.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&'static str, &Part)> {
        let parts = [(SAML_GROUP, &self.saml), (LDAP_GROUP, &self.ldap), (SHARED_GROUP, &self.shares)];
        parts.into_iter().filter_map(|(class, part)| Some((class, part.as_ref()?)))
    }

    /// Whether any answer shows that there is such a group.
    pub(super) fn show_a_group(&self) -> bool {
        self.parts().any(|(_, part)| !matches!(part, Err(unread) if unread.nothing))
    }

    /// What the server said that knows no such group.
    pub(super) fn denial(&self) -> Option<&str> {
        let mut parts = self.parts().filter_map(|(_, part)| part.as_ref().err());
        parts.next().map(|unread| &*unread.why)
    }
}

/// Reads the links of a group, those of these classes, at the same time.
///
/// # Errors
///
/// Where a list comes to no end, or makes no sense. A list that the token may not read is unread, which
/// is not empty; so is one of which the server says that it is not there.
pub(super) async fn read(
    reading: &Reading,
    group: &Place,
    classes: &BTreeSet<&'static str>,
    wave: u32,
) -> Result<Links, ReadError> {
    let asked = |class: &str| classes.contains(class);
    let (saml, ldap, shares) = tokio::join!(
        async { if asked(SAML_GROUP) { saml(reading, group, wave).await.map(Some) } else { Ok(None) } },
        async { if asked(LDAP_GROUP) { ldap(reading, group, wave).await.map(Some) } else { Ok(None) } },
        async { if asked(SHARED_GROUP) { shares(reading, group, wave).await.map(Some) } else { Ok(None) } },
    );
    Ok(Links { saml: saml?, ldap: ldap?, shares: shares? })
}

/// Reads the groups that a group is shared with: they stand in the group itself.
async fn shares(reading: &Reading, group: &Place, wave: u32) -> Result<Part, ReadError> {
    let quota = quota::of_single_groups(reading.connection());
    match reading.get(Get { segments: &group.segments(&[]), query: &[], wave, quota }).await {
        Ok(answer) => Ok(Ok(of_shares(&reading.connection().parse(&answer)?))),
        Err(failure) => Ok(Err(closed(failure, &[403, 404])?)),
    }
}

/// Reads the LDAP group links of a group.
async fn ldap(reading: &Reading, group: &Place, wave: u32) -> Result<Part, ReadError> {
    match get(reading, group, &["ldap_group_links"], wave).await {
        Ok(answer) => Ok(Ok(of_ldap(&reading.connection().parse(&answer)?))),
        Err(failure) if failure.status == Some(404) && failure.message.ends_with(NO_LDAP_LINKS) => {
            Ok(Ok(Vec::new()))
        }
        Err(failure) => Ok(Err(closed(failure, &[403, 404])?)),
    }
}

/// Reads the SAML group links of a group.
pub(super) async fn saml(reading: &Reading, group: &Place, wave: u32) -> Result<Part, ReadError> {
    match get(reading, group, &["saml_group_links"], wave).await {
        Ok(answer) => {
            let links: SamlLinks<'_> = reading.connection().parse(&answer)?;
            Ok(Ok(of_saml(&links)))
        }
        // Who may not see them is refused with 401 here (`/api/saml/`).
        Err(failure) => Ok(Err(closed(failure, &[401, 403, 404])?)),
    }
}

/// Why the token may not read a list of links; the error where something else is wrong.
fn closed(failure: Failure, refusals: &[u16]) -> Result<Unread, ReadError> {
    match failure.status {
        Some(status) if refusals.contains(&status) => {
            Ok(Unread { why: failure.message, nothing: status == 404 })
        }
        _ => Err(explain(failure).into()),
    }
}

/// Of two SAML links of one name GitLab takes away none that does not name its provider (422,
/// `/api/saml/`).
pub(super) fn cannot_go(moved: &Moved<'_>, live: &LiveState) -> Option<Obstacle> {
    let group = SamlGroup::of(moved.principal.raw()).filter(|group| group.provider.is_none())?;
    if moved.class != SAML_GROUP || moved.before.is_none() {
        return None;
    }
    let is_twin = |slot: &&LiveObject| {
        slot.key.class == SAML_GROUP
            && slot.key.scope == *moved.scope
            && slot.key.name != *moved.principal
            && SamlGroup::of(slot.key.name.raw()).is_some_and(|other| other.name == group.name)
    };
    let twin = live.of(Kind::Assignment).find(is_twin)?;
    Some(Obstacle {
        why: format!(
            "{} has another SAML link of this name, `{}`, and GitLab takes none away then that names no provider",
            manual::place(moved.scope).unwrap_or_default(),
            twin.key.name.raw()
        ),
        help: "Take the other link away in an apply before, or this one in GitLab itself.".to_owned(),
    })
}

fn of_shares(group: &RestGroup<'_>) -> Vec<Link> {
    let link = |share: &super::wire::Share<'_>| Link {
        id: Some(share.group_id.to_string().into()),
        level: share.group_access_level,
        role: share.member_role_id,
        name: share.group_full_path.as_ref().map(|path| (&*path.0).into()),
        ends: share.expires_at.as_ref().map(|day| (&*day.0).into()),
    };
    group.shared_with_groups.iter().flat_map(|shares| &shares.0).map(link).collect()
}

fn of_saml(links: &SamlLinks<'_>) -> Vec<Link> {
    let link = |link: &super::wire::SamlLink<'_>| {
        let provider = link.provider.as_ref().map(|provider| &*provider.0).filter(|text| !text.is_empty());
        Link {
            id: SamlGroup { name: &link.name.0, provider }.id(),
            level: link.access_level,
            role: link.member_role_id,
            name: None,
            ends: None,
        }
    };
    links.0.iter().map(link).collect()
}

fn of_ldap(links: &LdapLinks<'_>) -> Vec<Link> {
    let link = |link: &super::wire::LdapLink<'_>| {
        let text = |text: &'_ Option<crate::provider::http::Text<'_>>| {
            text.as_ref().map(|text| text.0.clone().into_owned()).filter(|text| !text.is_empty())
        };
        let (provider, cn, filter) = (text(&link.provider), text(&link.cn), text(&link.filter));
        let selects = match (&cn, &filter) {
            (Some(cn), _) => Some(Selects::Cn(cn)),
            (None, Some(filter)) => Some(Selects::Filter(filter)),
            (None, None) => None,
        };
        let group =
            selects.zip(provider.as_deref()).map(|(selects, provider)| LdapGroup { provider, selects });
        Link {
            id: group.and_then(LdapGroup::id),
            level: link.group_access,
            role: link.member_role_id,
            name: None,
            ends: None,
        }
    };
    links.0.iter().map(link).collect()
}

async fn get(reading: &Reading, group: &Place, rest: &[&str], wave: u32) -> Result<Answer, Failure> {
    reading.get(Get { segments: &group.segments(rest), query: &[], wave, quota: None }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_links_id_says_which_link_it_is() {
        for (name, provider, id) in
            [("eng-all", None, "eng-all"), ("a;b", Some("saml-2"), "provider=saml-2;a;b")]
        {
            let group = SamlGroup { name, provider };
            assert_eq!(group.id(), Some(id.into()));
            assert_eq!(SamlGroup::of(id), Some(group));
        }
        assert_eq!(SamlGroup { name: "provider=x;y", provider: None }.id(), None);
        assert_eq!(SamlGroup { name: "x", provider: Some("a;b") }.id(), None);
        for id in ["", "..", "provider=;x", "provider=a/b;x", "provider=a"] {
            assert_eq!(SamlGroup::of(id), None, "{id}");
        }
        for (selects, id) in
            [(Selects::Cn("eng"), "ldapmain:cn=eng"), (Selects::Filter("(a=b:c)"), "ldapmain:filter=(a=b:c)")]
        {
            let group = LdapGroup { provider: "ldapmain", selects };
            assert_eq!(group.id(), Some(id.into()));
            assert_eq!(LdapGroup::of(id), Some(group));
        }
        for id in ["", "eng", "cn=eng", "ldapmain:eng", "ldapmain:cn=", "a b:cn=x", ":cn=x"] {
            assert_eq!(LdapGroup::of(id), None, "{id}");
        }
    }
}
