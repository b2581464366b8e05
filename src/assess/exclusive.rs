//! `exclusive`: whoever writes that a list is the whole truth relies on it. Where somebody else keeps
//! the role, or nobody can tell who holds it, nothing of the target is applied until the definitions
//! say what is so.

use std::collections::BTreeMap;

use crate::{
    model::{Scope, Untrusted},
    plan::{
        change::{Kept, Plan, Verdict},
        document::Guard,
    },
};

pub(super) fn judge(plan: &mut Plan) {
    type List<'a> = (&'a Scope, &'a str, Option<&'a Untrusted>, bool, &'a Untrusted);
    let mut lists: BTreeMap<List<'_>, usize> = BTreeMap::new();
    for kept in plan.kept.iter().filter(|kept| kept.breaks_list) {
        let Kept { scope, class, who, role, why, .. } = kept;
        let name = plan.role_names.get(role);
        *lists.entry((scope, class, name, who.is_some(), why)).or_default() += 1;
    }
    let mut verdicts = Vec::new();
    for ((scope, class, role, known, why), number) in lists {
        let role = role.map_or_else(String::new, |role| format!(" of `{}`", role.raw()));
        let list = match scope {
            Scope::Target => format!("the exclusive list{role}"),
            Scope::Level(level) => format!("the exclusive list{role} in the {level}"),
            Scope::In { kind, path } => format!("the exclusive list{role} in {kind} `{}`", path.raw()),
        };
        let why = why.raw().trim_end_matches('.');
        verdicts.push(match (known, number) {
            (false, _) => Verdict::refuse(
                Guard::Exclusive,
                format!("nobody can tell whether {list} is the whole truth: {why}"),
                Some("Plan again, with a credential that may read it all. Until then, take `exclusive` out of the list, or leave it out with `--only`.".to_owned()),
            ),
            (true, number) => {
                let others = match number {
                    1 => format!("1 other {class} holds the role and keeps it"),
                    n => format!("{n} other {class}s hold the role and keep it"),
                };
                Verdict::refuse(
                    Guard::Exclusive,
                    format!("{list} is not the whole truth: {others}: {why}"),
                    Some("Name them in the list, take `exclusive` out of it, or end in the product what gives them the role.".to_owned()),
                )
            }
        });
    }
    plan.verdicts.extend(verdicts);
}
