//! Generated tenants, with the names that people and attackers give.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, option, prelude::*, sample::select};
use rolecall::{
    contract::Spec,
    model::{
        Key, Kind, RoleId, Scope, Untrusted, Value, field,
        live::{Live, LiveObject, LiveState, Query},
    },
};

/// Texts that YAML, a terminal, a file system, or a reader could mistake.
const HOSTILE: &[&str] = &[
    "Security reviewer",
    "security-reviewer",
    "SECURITY REVIEWER",
    "Security  Reviewer ",
    "no",
    "NO",
    "y",
    "on",
    "null",
    "~",
    "true",
    "012",
    "1_000",
    "1e3",
    "0x1F",
    "12:30",
    ".inf",
    "2026-11-20",
    "-",
    "---",
    "...",
    "- a",
    "? a",
    ": b",
    "a: b",
    "a:",
    "a #b",
    "#a",
    "&a",
    "*a",
    "!a",
    "!!str a",
    "|",
    ">-",
    "%YAML 1.2",
    "@a",
    "`a`",
    "'",
    "\"",
    "''",
    "\"\"",
    "\\",
    "\\n",
    "{",
    "}",
    "[a]",
    "{a: b}",
    ",",
    "<<",
    "=",
    " ",
    "  a",
    "a  ",
    "\t",
    "a\tb",
    "\n",
    "a\nb",
    "a\n\nb\n",
    "a\r\nb",
    "\r",
    "\na",
    "a\n  b\n c",
    "a\n# b",
    "roles:\n  x: {}",
    "\u{0}",
    "\u{1b}[31mred",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "x\u{200d}y",
    "\u{202e}nimda",
    "\u{2066}a\u{2069}",
    "\u{2028}",
    "\u{feff}",
    "\u{feff}a",
    "\u{fffe}",
    "\u{ffff}",
    "\u{10ffff}",
    "\u{e0041}",
    "\u{e000}",
    "e\u{301}",
    "é",
    "\u{301}",
    "a\u{fe0f}",
    "🚀",
    "👩\u{200d}💻",
    "❤\u{fe0f}",
    "1\u{fe0f}\u{20e3}",
    "🇩🇪",
    "日本語",
    "Администратор",
    "Аdmin",
    "مرحبا",
    "CON",
    "nul",
    "com1.txt",
    "LPT9",
    "a.",
    "a/b",
    "../../etc/passwd",
    "..",
    ".git",
    "C:\\x",
    "a%00b",
    "assignments",
    "none",
    "roles",
    "builtin:cr_admin",
    "cr_admin",
    "Admin",
    "admin",
    "Administrator",
    "member",
    "Member",
    "{target}",
    "{key}",
    "$HOME",
    "# rolecall: allow RC041 because x",
    "rolecall: allow RC041 because x",
    "yaml-language-server: $schema=x",
    "::error::x",
    "@everyone",
    "<script>",
    "=1+1",
    "|-",
    "a|b",
    "0",
    "-1",
    "+1",
    ".",
    "_",
    "__",
    "a_b",
    "a.b",
    "id: 1",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(HOSTILE).prop_map(str::to_owned),
        2 => (select(HOSTILE), select(HOSTILE)).prop_map(|(a, b)| format!("{a}{b}")),
        1 => any::<String>(),
        1 => "[A-Za-z][a-z ]{0,20}",
        1 => "[ -~]{1,30}",
        1 => (select(HOSTILE), 60..200_usize).prop_map(|(text, times)| text.repeat(times)),
    ]
}

fn name() -> impl Strategy<Value = String> {
    // The provider's own bounds.
    text()
        .prop_map(|text| text.chars().take(255).collect())
        .prop_filter("a name", |name: &String| !name.is_empty())
}

/// A role before it is live: name, description, permissions.
type Role = (String, Option<Option<String>>, BTreeSet<usize>);

/// Numbers that become a tenant of any provider.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    roles: Vec<Role>,
    /// What people are called, and which role they hold: a number beyond all roles is none that can
    /// be read.
    people: Vec<(Option<String>, usize)>,
    default: Option<usize>,
    /// Which roles are imported first.
    pub(crate) first: BTreeSet<usize>,
    /// Where to.
    pub(crate) out: Option<&'static str>,
}

pub(crate) fn tenant() -> impl Strategy<Value = Tenant> {
    let role = (name(), option::of(option::of(text())), prop::collection::btree_set(0..8_usize, 0..5));
    let roles = vec(role, 0..7);
    let people = vec((option::of(text()), 0..12_usize), 0..8);
    let out = select(vec![None, Some("roles/{target}/{key}.yaml"), Some("roles/all-of-{target}.yaml")]);
    (roles, people, option::of(0..7_usize), prop::collection::btree_set(0..7_usize, 0..4), out)
        .prop_map(|(roles, people, default, first, out)| Tenant { roles, people, default, first, out })
}

fn object(kind: Kind, class: &'static str, name: &str) -> LiveObject {
    LiveObject {
        key: Key { kind, class, scope: Scope::Target, name: name.into(), role: None },
        id: None,
        builtin: false,
        fields: BTreeMap::new(),
        holders: None,
        locked: None,
    }
}

/// The live id of a generated role; some of them look like numbers.
pub(crate) fn id(index: usize) -> Untrusted {
    ["012", "1e3", "no", "r3", "4", "null", "0x6"][index].into()
}

impl Tenant {
    /// How many people hold something that cannot be read.
    pub(crate) fn unreadable(&self, spec: &dyn Spec) -> usize {
        let all = self.roles.len() + assignable(spec).len();
        self.people.iter().filter(|(_, role)| *role >= all).count()
    }

    /// The tenant at a provider whose permissions are `permissions`.
    pub(crate) fn live(&self, spec: &dyn Spec, permissions: &[&str]) -> LiveState {
        let mut live = LiveState { read: Query::all(), ..LiveState::default() };
        let class = spec.roles()[0].class;
        for builtin in &spec.catalogue().builtin {
            let mut role = object(Kind::Role, class, builtin.title);
            (role.id, role.builtin) = (Some(builtin.id.into()), true);
            live.objects.push(role);
        }
        let mut ids: Vec<Untrusted> = Vec::new();
        for (index, (name, description, set)) in self.roles.iter().enumerate() {
            let mut role = object(Kind::Role, class, name);
            role.id = Some(id(index));
            let set = set.iter().map(|permission| permissions[*permission].into()).collect();
            role.fields.insert(field::PERMISSIONS, Live::Known(Value::Set(set)));
            let description = match description {
                Some(text) => Live::Known(Value::Text(text.as_deref().map(Untrusted::from))),
                None => Live::Unreadable,
            };
            role.fields.insert(field::DESCRIPTION, description);
            ids.push(id(index));
            live.objects.push(role);
        }
        let mut default = object(Kind::Default, "default", "");
        let role = self.default.and_then(|index| ids.get(index)).cloned().map(RoleId::Live);
        default.fields.insert(field::ROLE, Live::Known(Value::Role(role)));
        live.objects.push(default);
        ids.extend(assignable(spec).iter().map(|id| Untrusted::from(*id)));
        let principals = &spec.principals()[0];
        for (index, (called, role)) in self.people.iter().enumerate() {
            let person = format!("{}", 1000 + index);
            let mut slot = object(Kind::Assignment, principals.class, &person);
            let held = ids
                .get(*role)
                .map_or(Live::Unreadable, |role| Live::Known(Value::Role(Some(RoleId::Live(role.clone())))));
            slot.fields.insert(field::ROLE, held);
            live.objects.push(slot);
            let who = (principals.class, Untrusted::from(person));
            live.directory.add_id(who.0, who.1.clone());
            if let Some(called) = called {
                live.names.insert(who, called.as_str().into());
            }
        }
        live.objects.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
        live
    }
}

fn assignable(spec: &dyn Spec) -> Vec<&'static str> {
    spec.catalogue().builtin.iter().filter(|builtin| builtin.assignable).map(|builtin| builtin.id).collect()
}

/// Something that somebody does in the dashboard; numbers are taken modulo what is there.
#[derive(Clone, Debug)]
pub(crate) enum Click {
    Rename(usize, String),
    Describe(usize, Option<String>),
    Permit(usize, BTreeSet<usize>),
    Delete(usize),
    Make(String, BTreeSet<usize>),
    Give(usize, usize),
    Default(usize),
}

pub(crate) fn clicks() -> impl Strategy<Value = Vec<Click>> {
    let set = || prop::collection::btree_set(0..8_usize, 0..5);
    let click = prop_oneof![
        2 => (0..7_usize, name()).prop_map(|(role, name)| Click::Rename(role, name)),
        1 => (0..7_usize, option::of(text())).prop_map(|(role, text)| Click::Describe(role, text)),
        4 => (0..7_usize, set()).prop_map(|(role, set)| Click::Permit(role, set)),
        1 => (0..7_usize).prop_map(Click::Delete),
        1 => (name(), set()).prop_map(|(name, set)| Click::Make(name, set)),
        3 => (0..8_usize, 0..12_usize).prop_map(|(person, role)| Click::Give(person, role)),
        1 => (0..8_usize).prop_map(Click::Default),
    ];
    vec(click, 0..7)
}

/// The tenant after somebody clicked; roles with the ids of `fixed` are not deleted.
pub(crate) fn clicked(
    live: &LiveState,
    clicks: &[Click],
    fixed: &BTreeSet<Untrusted>,
    spec: &dyn Spec,
    permissions: &[&str],
) -> LiveState {
    let mut live = live.clone();
    let set = |set: &BTreeSet<usize>| {
        Live::Known(Value::Set(set.iter().map(|index| permissions[*index].into()).collect()))
    };
    for (number, click) in clicks.iter().enumerate() {
        let of = |live: &LiveState, kind: Kind| -> Vec<usize> {
            let fits = |object: &LiveObject| object.key.kind == kind && !object.builtin;
            (0..live.objects.len()).filter(|index| fits(&live.objects[*index])).collect()
        };
        let (roles, people) = (of(&live, Kind::Role), of(&live, Kind::Assignment));
        let role = |index: &usize| roles.get(index % roles.len().max(1)).copied();
        let mut held: Vec<Untrusted> =
            roles.iter().filter_map(|index| live.objects[*index].id.clone()).collect();
        held.extend(assignable(spec).iter().map(|id| Untrusted::from(*id)));
        match click {
            Click::Rename(index, name) => {
                if let Some(at) = role(index) {
                    live.objects[at].key.name = name.as_str().into();
                }
            }
            Click::Describe(index, text) => {
                if let Some(at) = role(index) {
                    let text = Value::Text(text.as_deref().map(Untrusted::from));
                    live.objects[at].fields.insert(field::DESCRIPTION, Live::Known(text));
                }
            }
            Click::Permit(index, wanted) => {
                if let Some(at) = role(index) {
                    live.objects[at].fields.insert(field::PERMISSIONS, set(wanted));
                }
            }
            Click::Delete(index) => {
                let Some(at) = role(index) else { continue };
                let id = live.objects[at].id.clone().expect("an id");
                if fixed.contains(&id) {
                    continue;
                }
                live.objects.remove(at);
                let gone = Live::Known(Value::Role(Some(RoleId::Live(id))));
                for object in &mut live.objects {
                    if object.fields.get(field::ROLE) == Some(&gone) {
                        object.fields.insert(field::ROLE, Live::Known(Value::Role(None)));
                    }
                }
            }
            Click::Make(name, wanted) => {
                let mut made = object(Kind::Role, spec.roles()[0].class, name);
                made.id = Some(format!("made-{number}").into());
                made.fields.insert(field::PERMISSIONS, set(wanted));
                made.fields.insert(field::DESCRIPTION, Live::Known(Value::Text(None)));
                live.objects.push(made);
            }
            Click::Give(person, index) => {
                if let (Some(at), Some(id)) = (people.get(*person), held.get(*index)) {
                    let role = Value::Role(Some(RoleId::Live(id.clone())));
                    live.objects[*at].fields.insert(field::ROLE, Live::Known(role));
                }
            }
            Click::Default(index) => {
                let default = live.objects.iter_mut().find(|object| object.key.kind == Kind::Default);
                let id = roles.get(*index).and_then(|_| held.get(*index)).cloned();
                if let Some(default) = default {
                    default.fields.insert(field::ROLE, Live::Known(Value::Role(id.map(RoleId::Live))));
                }
            }
        }
    }
    live.objects.sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    live
}
