//! How many hold something, in words that are true of them: not every account is a person's.

use std::collections::BTreeMap;

use crate::{
    contract::{self, Spec},
    model::Untrusted,
};

/// Stands for the class where it is not known of whom there are how many.
const ANY: &str = "principal";

/// How many of each class there are among `holders`, of whom `listed` were read; nothing where all of them
/// are people.
pub fn kinds(
    spec: &dyn Spec,
    holders: u64,
    listed: &BTreeMap<&'static str, u64>,
) -> BTreeMap<Untrusted, u64> {
    let mut counted = spec.principals().iter().filter(|class| !class.group && class.counted);
    let kinds = match (counted.next(), counted.next()) {
        _ if listed.values().sum::<u64>() == holders => listed.clone(),
        (Some(only), None) => BTreeMap::from([(only.class, holders)]),
        _ => BTreeMap::from([(ANY, holders)]),
    };
    let of_people = |class: &&'static str| contract::principal(spec, class).is_some_and(|class| class.people);
    match kinds.keys().all(of_people) {
        true => BTreeMap::new(),
        false => kinds.into_iter().map(|(class, number)| (class.into(), number)).collect(),
    }
}

/// `1 person`, `2 users and 1 service user`: `kinds` is empty where all of them are people.
pub fn words(holders: u64, kinds: &BTreeMap<Untrusted, u64>) -> String {
    let noun = |number: u64, class: &str| {
        let class = class.replace('_', " ");
        if number == 1 { format!("1 {class}") } else { format!("{number} {class}s") }
    };
    if kinds.is_empty() {
        return if holders == 1 { "1 person".to_owned() } else { format!("{holders} people") };
    }
    let mut all: Vec<String> = kinds.iter().rev().map(|(class, number)| noun(*number, class.raw())).collect();
    let last = all.pop().unwrap_or_default();
    if all.is_empty() { last } else { format!("{} and {last}", all.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(holders: u64, kinds: &[(&str, u64)]) -> String {
        words(holders, &kinds.iter().map(|(class, number)| ((*class).into(), *number)).collect())
    }

    #[test]
    fn only_people_are_called_so() {
        assert_eq!((said(1, &[]), said(2, &[])), ("1 person".to_owned(), "2 people".to_owned()));
        assert_eq!(said(1, &[("service_user", 1)]), "1 service user");
        assert_eq!(said(3, &[("service_user", 1), ("user", 2)]), "2 users and 1 service user");
        assert_eq!(said(0, &[]), "0 people");
    }
}
