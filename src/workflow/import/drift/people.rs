//! Who holds another role than git says.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    find::Finder,
    name_of,
    step::{Line, Rank, Step},
};
use crate::{
    contract,
    definition::{
        emit::{self, HOLDERS_KEY, Holder, Meaning, NewAssignment, Revision},
        is_table,
    },
    model::{
        Key, Kind, RoleId, Scope, Untrusted,
        desired::{DesiredAssignment, RoleName, Spelling},
        field,
        live::Live,
    },
    plan::{change::Change, document::Reason},
    workflow::import::place::Place,
};

/// A principal and the role that they hold live.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    pub(super) class: &'static str,
    /// Where, as the API spells it.
    pub(super) scope: Scope,
    pub(super) principal: Untrusted,
    /// `None` where they hold nothing.
    pub(super) role: Option<RoleId>,
}

impl Moved {
    /// The one role that they hold there.
    fn slot(&self) -> Key {
        let (kind, class, name) = (Kind::Assignment, self.class, self.principal.clone());
        Key { kind, class, scope: self.scope.clone(), name, role: None }
    }
}

impl<'a> Finder<'a> {
    /// What to call somebody, with the place where that is not the whole target.
    pub(super) fn called(&self, moved: &Moved) -> String {
        let id = &moved.principal;
        let place = match &moved.scope {
            Scope::Target => String::new(),
            Scope::Level(kind) => format!(" in the {kind}"),
            Scope::In { kind, path } => format!(" in {kind} `{}`", path.raw()),
        };
        match self.input.live.names.get(&(moved.class, id.clone())) {
            Some(name) if name != id => format!("`{}` ({}){place}", name.raw(), id.raw()),
            _ => format!("`{}`{place}", id.raw()),
        }
    }

    /// Whether an assignment of the definitions is for the place where somebody moved.
    fn is_there(&self, moved: &Moved, scope: &Scope) -> bool {
        self.input.live.place(scope) == Some(&moved.scope)
    }

    fn is_vacant(&self, role: Option<&RoleId>) -> bool {
        match role {
            None => true,
            Some(RoleId::Live(id)) => {
                self.input.spec.catalogue().builtin(id.raw()).is_some_and(|builtin| builtin.vacant)
            }
            Some(RoleId::New(_)) => false,
        }
    }

    /// Whether it can be told that somebody was moved outside git; `after` is what was applied.
    pub(super) fn is_moved(&mut self, moved: &Moved, change: &Change, after: Option<&RoleId>) -> bool {
        let called = self.called(moved);
        let slot = self.input.live.of(Kind::Assignment).find(|slot| slot.key == moved.slot());
        if slot.is_some_and(|slot| matches!(slot.fields.get(field::ROLE), Some(Live::Unreadable))) {
            self.leave(called, "which role they hold cannot be read", None);
            return false;
        }
        let unread = self.input.live.incomplete_at(Kind::Assignment, moved.class, &moved.scope);
        if let (None, Some(why)) = (slot, unread) {
            self.leave(called, &format!("the read is incomplete: {}", why.raw()), None);
            return false;
        }
        if change.reason == Some(Reason::RoleRemoved) {
            self.leave(called, "their role is under `removed`", None);
            return false;
        }
        let wanted = self.resolved.assignments.get(&moved.slot());
        match wanted {
            Some(wanted) if Some(&wanted.role) == moved.role.as_ref() => false,
            Some(wanted) if Some(&wanted.role) != after => {
                self.leave(called, "git gave them another role since", Some(wanted.site));
                false
            }
            Some(_) => true,
            None => {
                let undeclared =
                    matches!(change.reason, Some(Reason::NotInExclusiveList | Reason::NeverDeclared));
                if !undeclared {
                    self.leave(called, "git no longer assigns them a role", None);
                }
                undeclared && !self.is_vacant(moved.role.as_ref())
            }
        }
    }

    /// The edits that put somebody where they are live; `None` where they are declared so.
    pub(super) fn person_step(&self, moved: &Moved) -> Option<Step> {
        let declared = self.resolved.assignments.get(&moved.slot());
        let vacant = self.is_vacant(moved.role.as_ref());
        match declared {
            None if vacant => return None,
            Some(declared) if Some(&declared.role) == moved.role.as_ref() => return None,
            _ => {}
        }
        let called = self.called(moved);
        let mut step = Step {
            id: format!("person {} {} {:?}", moved.class, moved.principal.raw(), moved.scope),
            lines: Vec::new(),
            edits: Vec::new(),
            means: Vec::new(),
            site: declared.map(|declared| declared.site),
            by_hand: String::new(),
        };
        let old = declared.and_then(|declared| {
            let same = |one: &&DesiredAssignment| {
                one.principal.site == declared.site && self.is_there(moved, &one.scope)
            };
            self.desired.assignments.iter().find(same)
        });
        let held = |role: &RoleId| name_of(self.input.live, self.desired, role);
        if let Some(old) = old
            && is_table(&self.path(old.principal.site))
        {
            let (path, now) = (self.path(old.principal.site), moved.role.as_ref().map(held));
            let now = now.map_or_else(|| "no role".to_owned(), |name| format!("`{}`", name.raw()));
            step.by_hand =
                format!("{called}: they hold {now}, and stand in `{path}`, which is never written");
            step.means.push(Meaning::Impossible);
            return Some(step);
        }
        if let (Some(old), Some(declared)) = (old, declared) {
            let place = (old.principal.site.start, old.principal.site.end);
            step.edits.push((self.path(old.principal.site), Revision::Leave { place }));
            let (role, who) = (old.role.value.clone(), old.principal.value.clone());
            step.means.push(Meaning::Left { role, scope: old.scope.clone(), class: old.class, who });
            if vacant {
                let name = held(&declared.role);
                step.lines.push(Line::new(
                    Rank::Takes,
                    &called,
                    "no longer holds",
                    &format!("`{}`", name.raw()),
                ));
                step.by_hand = format!("{called}: take them out of the holders of `{}`", name.raw());
                return Some(step);
            }
        }
        let role = moved.role.as_ref()?;
        let name = held(role);
        let was = declared
            .map_or_else(String::new, |declared| format!(" instead of `{}`", held(&declared.role).raw()));
        step.by_hand = format!("{called}: they hold `{}`{was}", name.raw());
        let admin = matches!(role, RoleId::Live(id) if self.input.spec.catalogue().builtin(id.raw()).is_some_and(|b| b.admin));
        let mut line = Line::new(Rank::Gives, &called, "holds", &format!("`{}`{was}", name.raw()));
        line.lesser = !admin;
        step.lines.push(line);
        let Some(role) = self.named(role) else {
            step.by_hand.push_str(", a role that is not declared: `rolecall import` it first");
            step.means.push(Meaning::Impossible);
            return Some(step);
        };
        let spelled = match old {
            Some(old) => Some((spelled(&old.principal.value), old.principal.value.clone())),
            None => contract::principal(self.input.spec, moved.class)
                .and_then(|class| emit::spelling(self.input.live, self.input.spec, class, &moved.principal)),
        };
        let Some((written, who)) = spelled else {
            step.by_hand.push_str("; nothing that the definitions accept names them");
            step.means.push(Meaning::Impossible);
            return Some(step);
        };
        self.join(moved, &role, (written, who), old, &mut step);
        Some(step)
    }

    /// Adds somebody to a list of those who hold a role, or makes one.
    fn join(
        &self,
        moved: &Moved,
        role: &RoleName,
        (written, who): (String, Spelling),
        old: Option<&DesiredAssignment>,
        step: &mut Step,
    ) {
        let names = &self.input.live.names;
        let called = names.get(&(moved.class, moved.principal.clone()));
        let called = called.filter(|name| **name != moved.principal).cloned();
        let from = old.map(|old| self.path(old.principal.site));
        let slot = self.input.live.of(Kind::Assignment).find(|slot| slot.key == moved.slot());
        let expires = match slot.map_or(Ok(None), emit::last_day) {
            Ok(expires) => expires,
            Err(why) => {
                step.by_hand.push_str(&format!("; {why}"));
                step.means.push(Meaning::Impossible);
                return;
            }
        };
        // A list for several places would give the role in all of them.
        let mut sites = BTreeMap::new();
        for one in &self.desired.assignments {
            *sites.entry(one.principal.site).or_insert(0_usize) += 1;
        }
        let lists = self.desired.assignments.iter().filter(|one| {
            one.class == moved.class
                && one.expires == expires
                && self.is_there(moved, &one.scope)
                && sites.get(&one.principal.site) == Some(&1)
                && self.means_same(&one.role.value, role)
                && !is_table(&self.path(one.principal.site))
        });
        let mut first: BTreeMap<(bool, Arc<str>, u32), &DesiredAssignment> = BTreeMap::new();
        for one in lists {
            let path = self.path(one.principal.site);
            first.insert((Some(&path) != from.as_ref(), path, one.principal.site.start), one);
        }
        if let Some((_, beside)) = first.pop_first() {
            let (path, site) = (self.path(beside.principal.site), beside.principal.site);
            step.edits.push((path, Revision::Join { beside: (site.start, site.end), written, called }));
            step.site = step.site.or(Some(site));
            let (role, scope) = (beside.role.value.clone(), beside.scope.clone());
            step.means.push(Meaning::Joined { role, scope, class: moved.class, who, expires });
            return;
        }
        let field = contract::principal(self.input.spec, moved.class).map_or("", |class| class.field);
        let holder = Holder { class: moved.class, written, spelling: who.clone(), called };
        let scope = moved.scope.clone();
        let people = vec![(field, vec![holder])];
        let assignment = NewAssignment { role: role.clone(), scope: scope.clone(), expires, people };
        let of_role = || match role {
            RoleName::Key(key) => {
                let declared = self.desired.roles.iter().find(|declared| declared.key == *key)?;
                Some(self.path(declared.site))
            }
            RoleName::Builtin(_) | RoleName::Live(_) => None,
        };
        let usual = || {
            let config = self.loaded.config.as_ref()?;
            Place::of(self.input.out, config, self.input.target).ok().map(|place| place.role(HOLDERS_KEY))
        };
        let any = || self.desired.roles.first().map(|declared| self.path(declared.site));
        let Some(path) = from.or_else(of_role).or_else(usual).or_else(any) else {
            step.means.push(Meaning::Impossible);
            return;
        };
        step.edits.push((path, Revision::Assign(assignment)));
        step.means.push(Meaning::Joined { role: role.clone(), scope, class: moved.class, who, expires });
    }

    /// Whether two references name one role: a built-in one has an id and a name.
    fn means_same(&self, a: &RoleName, b: &RoleName) -> bool {
        let id = |role: &RoleName| match role {
            RoleName::Builtin(name) => {
                let mut builtin = self.input.live.of(Kind::Role).filter(|role| role.builtin);
                builtin.find(|role| role.id.as_ref() == Some(name) || role.key.name == *name)?.id.clone()
            }
            RoleName::Key(_) | RoleName::Live(_) => None,
        };
        a == b || id(a).is_some_and(|id_of_a| id(b) == Some(id_of_a))
    }
}

/// A principal as definitions write them.
fn spelled(who: &Spelling) -> String {
    match who {
        Spelling::Handle(text) => text.raw().to_owned(),
        Spelling::Email(text) => format!("email:{}", text.raw()),
        Spelling::Id(text) => format!("id:{}", text.raw()),
    }
}
