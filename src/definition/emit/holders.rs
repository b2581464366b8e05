//! Who holds what, as assignments.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;

use super::{
    draft::{Known, Skips, Wish},
    text::{Part, new_text},
    trial::Trial,
};
use crate::{
    contract::{self, PrincipalClass, Spec},
    definition::{leak, principal},
    model::{
        Kind, RoleId, Scope, Untrusted, Value,
        desired::{RoleName, Spelling},
        field,
        live::{Live, LiveObject, LiveState},
    },
};

/// Who gets one role.
#[derive(Clone, Debug)]
pub struct NewAssignment {
    /// The role.
    pub role: RoleName,
    /// Where they hold it.
    pub scope: Scope,
    /// The last day on which they do, where the product ends it itself.
    pub expires: Option<Date>,
    /// People by the field of their class (`users`), in the order of the contract.
    pub people: Vec<(&'static str, Vec<Holder>)>,
}

/// One principal.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The class, such as `user`.
    pub class: &'static str,
    /// As it is written: `1003`, `email:…`
    pub written: String,
    /// The same as the definitions read it.
    pub spelling: Spelling,
    /// What to call them beside it.
    pub called: Option<Untrusted>,
}

/// A role, where it is held, and for how long: whom this is the same of, they stand in one assignment.
type Given<'a> = (RoleName, &'a Scope, Option<Date>);

/// What the search for holders needs.
pub(super) struct Search<'a> {
    pub(super) live: &'a LiveState,
    pub(super) spec: &'a dyn Spec,
    pub(super) known: &'a Known,
    pub(super) wish: &'a Wish,
    pub(super) trial: &'a Trial<'a>,
    /// Keys of roles that are declared or about to be, by live id.
    pub(super) keys: &'a BTreeMap<Untrusted, Arc<str>>,
}

impl Search<'_> {
    /// Assignments for everybody who holds a role that means something, and how many of them are
    /// declared already.
    pub(super) fn run(&self, skips: &mut Skips) -> (Vec<NewAssignment>, usize) {
        let roles: BTreeMap<&Untrusted, &LiveObject> =
            self.live.of(Kind::Role).filter_map(|role| Some((role.id.as_ref()?, role))).collect();
        let spellings = self.spellings();
        let mut declared = 0;
        let mut found: BTreeMap<Given<'_>, BTreeMap<&'static str, Vec<Holder>>> = BTreeMap::new();
        let mut spelled = BTreeMap::new();
        let mut usable: BTreeMap<(RoleName, &'static str), Option<String>> = BTreeMap::new();
        for slot in self.live.of(Kind::Assignment) {
            let who = (slot.key.class, slot.key.name.clone());
            let called = self.live.names.get(&who);
            let label = called.unwrap_or(&who.1);
            let scope = &slot.key.scope;
            let known = || self.known.principals.contains(&(who.0, scope.clone(), who.1.clone()));
            let id = match held(slot) {
                Held::Role(id) => id,
                Held::Nothing => continue,
                Held::Unreadable if known() => continue,
                Held::Unreadable => {
                    skips.person(label, "which role they hold cannot be read");
                    continue;
                }
            };
            if self.spec.catalogue().builtin(id.raw()).is_some_and(|builtin| builtin.vacant)
                || self.wish.roles.as_ref().is_some_and(|roles| !roles.contains(id))
            {
                continue;
            }
            if known() {
                declared += 1;
                continue;
            }
            let role = match self.role(id, &roles, slot.key.class, scope) {
                Ok(role) => role,
                Err(why) => {
                    skips.person(label, &why);
                    continue;
                }
            };
            let class = contract::principal(self.spec, slot.key.class);
            let Some(class) = class.filter(|class| contract::has_place(class.scopes, scope)) else {
                skips.person(label, "definitions cannot say where they hold their role");
                continue;
            };
            let expires = match last_day(slot) {
                Ok(expires) => expires,
                Err(why) => {
                    skips.person(label, why);
                    continue;
                }
            };
            let ways = spellings.get(&(slot.key.class, &slot.key.name)).map_or(&[][..], Vec::as_slice);
            let Some((written, spelling)) = self.spell(&who.1, class, ways, &mut spelled) else {
                skips.person(label, "nothing that the definitions accept names them");
                continue;
            };
            let holder = Holder {
                class: class.class,
                written,
                // What is written says it already.
                called: called.filter(|name| **name != who.1 && *name != spelling.text()).cloned(),
                spelling,
            };
            let fault = usable
                .entry((role.clone(), class.class))
                .or_insert_with(|| self.fault(&role, scope, class, &holder));
            if let Some(fault) = fault {
                skips.person(label, fault);
                continue;
            }
            found.entry((role, scope, expires)).or_default().entry(class.field).or_default().push(holder);
        }
        let fields: Vec<&'static str> = self.spec.principals().iter().map(|class| class.field).collect();
        let assignments = found.into_iter().map(|((role, scope, expires), mut people)| NewAssignment {
            role,
            scope: scope.clone(),
            expires,
            people: fields.iter().filter_map(|field| Some((*field, people.remove(field)?))).collect(),
        });
        (assignments.collect(), declared)
    }

    /// How the definitions name the live role with this id.
    fn role(
        &self,
        id: &Untrusted,
        roles: &BTreeMap<&Untrusted, &LiveObject>,
        class: &'static str,
        scope: &Scope,
    ) -> Result<RoleName, String> {
        let name = roles.get(id).map_or(id, |role| &role.key.name);
        if self.known.removed.contains(id) {
            return Err(format!("their role `{}` is under `removed`", name.raw()));
        }
        if self.known.exclusive.contains(&(id.clone(), scope.clone(), class)) {
            return Err(format!("the exclusive list of their role `{}` leaves them out", name.raw()));
        }
        if let Some(key) = self.keys.get(id) {
            return Ok(RoleName::Key(key.clone()));
        }
        match roles.get(id) {
            Some(role) if role.builtin => Ok(RoleName::Builtin(id.clone())),
            _ => Err(format!("their role `{}` was not written", name.raw())),
        }
    }

    /// Why the definitions refuse assignments to a built-in role.
    fn fault(
        &self,
        role: &RoleName,
        scope: &Scope,
        class: &PrincipalClass,
        holder: &Holder,
    ) -> Option<String> {
        let RoleName::Builtin(id) = role else { return None };
        let assignment = NewAssignment {
            role: role.clone(),
            scope: scope.clone(),
            expires: None,
            people: vec![(class.field, vec![holder.clone()])],
        };
        let part = Part { assignments: vec![&assignment], ..Part::default() };
        let fault = self.trial.fault(new_text(&part, self.spec, None))?;
        Some(format!("their role `builtin:{}` cannot be written: {fault}", id.raw()))
    }

    /// Every way that leads to each principal.
    fn spellings(&self) -> BTreeMap<(&'static str, &Untrusted), Vec<&Spelling>> {
        let mut spellings: BTreeMap<(&'static str, &Untrusted), Vec<&Spelling>> = BTreeMap::new();
        for (class, spelling, id) in self.live.directory.iter() {
            spellings.entry((class, id)).or_default().push(spelling);
        }
        spellings
    }

    /// The best way to write a principal in which nobody else is written.
    fn spell(
        &self,
        id: &Untrusted,
        class: &PrincipalClass,
        known: &[&Spelling],
        spelled: &mut BTreeMap<(&'static str, (u8, String)), Untrusted>,
    ) -> Option<(String, Spelling)> {
        let ways = ways_to_write(self.live, self.spec, id, class, known);
        ways.into_iter().find(|(_, way)| {
            let who =
                spelled.entry((class.class, principal::identity(way, class))).or_insert_with(|| id.clone());
            who == id
        })
    }
}

/// The way to write a principal that a person would choose among those that lead back to it.
pub fn spelling(
    live: &LiveState,
    spec: &dyn Spec,
    class: &PrincipalClass,
    id: &Untrusted,
) -> Option<(String, Spelling)> {
    let of = live.directory.iter().filter(|(other, _, known)| *other == class.class && *known == id);
    let known: Vec<&Spelling> = of.map(|(_, spelling, _)| spelling).collect();
    ways_to_write(live, spec, id, class, &known).into_iter().next()
}

/// The ways to write a principal that lead back to it, the best first: a handle, an e-mail address,
/// the id.
fn ways_to_write(
    live: &LiveState,
    spec: &dyn Spec,
    id: &Untrusted,
    class: &PrincipalClass,
    known: &[&Spelling],
) -> Vec<(String, Spelling)> {
    let own = class.spellings.handle_is_id.then(|| id.raw().to_owned());
    let plain = known.iter().filter_map(|spelling| match spelling {
        Spelling::Handle(handle) if !class.spellings.handle_is_id => Some(handle.raw().to_owned()),
        _ => None,
    });
    let email = known.iter().filter_map(|spelling| match spelling {
        Spelling::Email(address) => Some(format!("email:{}", address.raw())),
        _ => None,
    });
    let by_id = format!("id:{}", id.raw());
    let texts = own.into_iter().chain(plain).chain(email).chain([by_id]);
    let ways = texts.filter_map(|text| Some((principal::parse(&text, class).ok()?, text)));
    ways.filter(|(way, text)| {
        let leads_back = contract::principal_id(spec, &live.directory, class.class, way) == Some(id);
        leads_back && leak::find(text, None).is_empty()
    })
    .map(|(way, text)| (text, way))
    .collect()
}

/// The last day of an assignment that the product ends itself; `None` where it ends none.
///
/// # Errors
///
/// Where it ends it on a day that cannot be read.
pub fn last_day(slot: &LiveObject) -> Result<Option<Date>, &'static str> {
    let unreadable = "the day on which they lose their role cannot be read";
    let first_without = match slot.fields.get(field::ENDS) {
        None | Some(Live::Known(Value::Text(None))) => return Ok(None),
        Some(Live::Known(Value::Text(Some(day)))) => day.raw().parse::<Date>(),
        Some(_) => return Err(unreadable),
    };
    first_without.and_then(Date::yesterday).map(Some).map_err(|_| unreadable)
}

enum Held<'a> {
    Role(&'a Untrusted),
    Nothing,
    Unreadable,
}

fn held(slot: &LiveObject) -> Held<'_> {
    if let Some(RoleId::Live(id)) = &slot.key.role {
        return Held::Role(id);
    }
    match slot.fields.get(field::ROLE) {
        Some(
            Live::Known(Value::Role(Some(RoleId::Live(id))))
            | Live::Attested(Value::Role(Some(RoleId::Live(id)))),
        ) => Held::Role(id),
        Some(Live::Unreadable) => Held::Unreadable,
        _ => Held::Nothing,
    }
}
