//! What gives roles to many people at once: SAML and LDAP group links, and groups that a group is
//! shared with. Deleting a role takes it from every link without a word, so that they are read before.

use super::{
    help::explain,
    place::Place,
    wire::{LdapLinks, RestGroup, SamlLinks},
};
use crate::{
    model::Untrusted,
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
pub(super) type Part = Result<Vec<Link>, String>;

/// The links of one group, by kind.
#[derive(Clone, Debug)]
pub(super) struct Links {
    pub(super) saml: Part,
    pub(super) ldap: Part,
    pub(super) shares: Part,
}

/// Reads all links of a group at the same time; `None` where there is no such group.
///
/// # Errors
///
/// Where a list comes to no end, or makes no sense. A list that the token may not read is unread, which
/// is not empty.
pub(super) async fn read(reading: &Reading, group: &Place, wave: u32) -> Result<Option<Links>, ReadError> {
    let (saml_links, ldap, shares) = tokio::join!(
        saml(reading, group, wave),
        get(reading, group, &["ldap_group_links"], wave),
        get(reading, group, &[], wave)
    );
    let connection = reading.connection();
    let shares = match shares {
        Err(failure) if failure.status == Some(404) => return Ok(None),
        Err(failure) => Err(closed(failure, &[403])?),
        Ok(answer) => Ok(of_shares(&connection.parse(&answer)?)),
    };
    let ldap = match ldap {
        Err(failure) if failure.status == Some(404) && failure.message.ends_with(NO_LDAP_LINKS) => {
            Ok(Vec::new())
        }
        Err(failure) => Err(closed(failure, &[403, 404])?),
        Ok(answer) => Ok(of_ldap(&connection.parse(&answer)?)),
    };
    Ok(Some(Links { saml: saml_links?, ldap, shares }))
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
fn closed(failure: Failure, refusals: &[u16]) -> Result<String, ReadError> {
    match failure.status {
        Some(status) if refusals.contains(&status) => Ok(failure.message),
        _ => Err(explain(failure).into()),
    }
}

fn of_shares(group: &RestGroup<'_>) -> Vec<Link> {
    let link = |share: &super::wire::Share<'_>| Link {
        id: Some(share.group_id.to_string().into()),
        level: share.group_access_level,
        role: share.member_role_id,
        name: share.group_full_path.as_ref().map(|path| (&*path.0).into()),
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
