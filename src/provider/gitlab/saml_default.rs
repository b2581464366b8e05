//! The default role of the group's SAML provider: no API tells it, and deleting the role takes it away.

use super::{DEFAULT_URL, URL, spec::catalogue};
use crate::{
    contract::UnseenUse,
    model::{RoleId, RoleState, Value, config::Target, object::field},
};

/// What a person looks at before this role of a top-level group goes. Source: `/user/group/saml_sso/`,
/// configure the default membership role.
pub(super) fn unseen_use(role: &RoleState, group: &str, target: &Target) -> UnseenUse {
    let name = role.name.raw();
    let base = match role.fields.get(field::BASE) {
        Some(Value::Role(Some(RoleId::Live(base)))) => catalogue().builtin(base.raw()),
        _ => None,
    };
    let falls = base.map_or("its base", |base| base.title);
    let url = target.settings.get(URL).map_or(DEFAULT_URL, |url| url.value.raw().trim_end_matches('/'));
    let open = match target.emulator {
        true => format!(
            "This target is an EMULATOR, whose groups have no pages: there is nothing to open. Of a group `{group}` in GitLab an Owner opens Settings > SAML SSO."
        ),
        false => format!(
            "Open {url}/groups/{group}/-/saml (Settings > SAML SSO) as an Owner; a group without SAML SSO has nothing to look at."
        ),
    };
    UnseenUse {
        why: format!(
            "where the SAML provider of the group gives `{name}` to whoever signs in first, it would silently give plain {falls} from then on, and no API tells whether it does"
        ),
        steps: vec![
            open,
            format!(
                "Look at \"Default membership role\". Where it is `{name}`, choose the role that new people are to get, and save."
            ),
            "Then run it again with `--allow unseen --reason TEXT`, where TEXT says what was found there."
                .to_owned(),
        ],
    }
}
