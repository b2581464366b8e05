//! The default role of new members.

use std::collections::BTreeSet;

use super::Comparison;
use crate::{
    model::{Address, RoleId},
    plan::{
        change::{Change, Hand, Verdict, What},
        document::{Action, Guard},
        origin::Origins,
    },
};

impl Comparison<'_> {
    pub(super) fn default(&mut self) {
        let Some(wanted) = &self.input.resolved.default else { return };
        let live = self.live_default.clone();
        if live.as_ref() == Some(&wanted.role) {
            return;
        }
        let mut verdicts = Vec::new();
        if live.is_none() {
            let message = "the default role cannot be read";
            verdicts.push(Verdict::refuse(Guard::Blocked, message, None));
        }
        let possible = self.input.spec.default_role();
        let builtin = matches!(&wanted.role, Some(RoleId::Live(id)) if self.is_builtin(id));
        let cannot = match &wanted.role {
            _ if possible.is_none() => Some("there is no default role"),
            Some(_) if builtin && possible.is_some_and(|default| !default.builtin) => {
                Some("a built-in role cannot be the default")
            }
            None if possible.is_some_and(|default| !default.none) => Some("there is always a default role"),
            _ => None,
        };
        if let Some(why) = cannot {
            let message = format!("the default role cannot be set: {why} on {}", self.input.spec.title());
            verdicts.push(Verdict::refuse(Guard::Blocked, message, None));
        }
        let before = live.flatten();
        let title = match &wanted.role {
            Some(role) => self.name_of(role),
            None => "none".into(),
        };
        let side_effects = match (&before, &wanted.role) {
            (Some(old), Some(_)) => {
                vec![format!("`{}` is no longer the default", self.name_of(old).raw()).into()]
            }
            _ => Vec::new(),
        };
        self.plan.changes.push(Change {
            address: Address::default_role(&self.input.target.name),
            action: Action::SetDefault,
            title,
            id: None,
            what: What::Default { before, after: wanted.role.clone() },
            origins: Origins::default(),
            adopts: false,
            reason: None,
            holders: None,
            protect: BTreeSet::new(),
            side_effects,
            site: Some(wanted.site),
            verdicts,
            by_hand: Hand::Nothing,
            blocked_by: Vec::new(),
        });
    }
}
