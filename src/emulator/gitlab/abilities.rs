//! The abilities that a custom role can have.

use std::sync::LazyLock;

use super::ability_table::ABILITY_TABLE;
use super::levels::SECURITY_MANAGER;
use super::switches::{
    ABILITIES, ADMIN_SECURITY_TESTING_19, FLAG_ADMIN_SECURITY_ATTRIBUTES, FLAG_ADMIN_SECURITY_TESTING,
    FLAG_MANAGE_PROTECTED_TAGS, FLAG_READ_SECURITY_ATTRIBUTE, SEC_AI_ABILITY,
};
use crate::emulator::switch::Switches;

/// Whether 18.9 has an ability already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// 18.9 has it.
    V18,
    /// Only later versions have it.
    V19,
}

/// What a role can allow beyond its base.
#[derive(Debug)]
pub(super) struct Ability {
    /// Its name in REST; in GraphQL the same in upper case.
    pub(super) name: &'static str,
    /// Its display name.
    pub(super) title: &'static str,
    pub(super) summary: &'static str,
    /// Whether it belongs to custom admin roles only.
    pub(super) admin: bool,
    pub(super) since: Since,
    /// The bases that have it already in a group; `None` where it does not apply to groups.
    pub(super) group: Option<&'static [u8]>,
    /// The same for projects.
    pub(super) project: Option<&'static [u8]>,
    pub(super) group_18: Option<&'static [u8]>,
    pub(super) project_18: Option<&'static [u8]>,
    /// Another ability that has to be there.
    pub(super) requirement: Option<&'static str>,
    /// Whether a Guest with only such abilities uses no seat.
    pub(super) free_seat: bool,
}

/// The bases that have an ability already; level 25 is left out while there is no such role.
fn levels(all: Option<&'static [u8]>, security_manager: bool) -> Option<Vec<u8>> {
    all.map(|all| {
        all.iter().copied().filter(|level| security_manager || *level != SECURITY_MANAGER).collect()
    })
}

impl Ability {
    /// The name in GraphQL.
    pub(super) fn value(&self) -> String {
        self.name.to_uppercase()
    }

    pub(super) fn group_levels(&self, switches: &Switches) -> Option<Vec<u8>> {
        let new = switches.is(&ABILITIES, "19.3");
        levels(if new { self.group } else { self.group_18 }, super::levels::has_security_manager(switches))
    }

    pub(super) fn project_levels(&self, switches: &Switches) -> Option<Vec<u8>> {
        let new = switches.is(&ABILITIES, "19.3");
        levels(
            if new { self.project } else { self.project_18 },
            super::levels::has_security_manager(switches),
        )
    }

    /// Whether a base has the ability already, for groups and for projects as far as it applies there.
    pub(super) fn in_base(&self, base: u8, switches: &Switches) -> bool {
        let lists = [self.group_levels(switches), self.project_levels(switches)];
        let mut applicable = lists.iter().flatten().peekable();
        applicable.peek().is_some() && applicable.all(|levels| levels.contains(&base))
    }

    /// Whether the version has the ability.
    fn exists(&self, switches: &Switches) -> bool {
        let new = switches.is(&ABILITIES, "19.3");
        match self.name {
            "admin_security_testing" if new => switches.is(&ADMIN_SECURITY_TESTING_19, "present"),
            "update_sec_ai_workflow_settings" => new && switches.is(&SEC_AI_ABILITY, "present"),
            _ => new || self.since == Since::V18,
        }
    }

    /// Whether its feature flag, if it has one, is on.
    pub(super) fn is_on(&self, switches: &Switches) -> bool {
        let flag = match self.name {
            "admin_security_attributes" => &FLAG_ADMIN_SECURITY_ATTRIBUTES,
            "read_security_attribute" => &FLAG_READ_SECURITY_ATTRIBUTE,
            "admin_security_testing" => &FLAG_ADMIN_SECURITY_TESTING,
            "manage_protected_tags" => &FLAG_MANAGE_PROTECTED_TAGS,
            _ => return true,
        };
        switches.is(flag, "on")
    }
}

/// The abilities of every version, standard ones first, each kind by title.
static SORTED: LazyLock<Vec<&'static Ability>> = LazyLock::new(|| {
    let mut all: Vec<&Ability> = ABILITY_TABLE.iter().collect();
    all.sort_by_cached_key(|ability| (ability.admin, ability.title.to_lowercase()));
    all
});

/// The abilities of the version, standard ones first, each kind by title.
pub(super) fn all(switches: &Switches) -> Vec<&'static Ability> {
    SORTED.iter().copied().filter(|ability| ability.exists(switches)).collect()
}

/// An ability of any version, by its REST name.
pub(super) fn known(name: &str) -> Option<&'static Ability> {
    ABILITY_TABLE.iter().find(|ability| ability.name == name)
}

/// An ability of the version, by its REST name.
pub(super) fn of_version(name: &str, switches: &Switches) -> Option<&'static Ability> {
    known(name).filter(|ability| ability.exists(switches))
}

/// How error texts write a name: `read_code` is `Read code`.
pub(super) fn human(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::gitlab::switches;

    fn switches() -> Switches {
        Switches::new("gitlab", switches::ALL)
    }

    #[test]
    fn a_version_has_its_own_abilities() {
        let mut switches = switches();
        let count = |switches: &Switches, admin| {
            all(switches).into_iter().filter(|ability| ability.admin == admin).count()
        };
        assert_eq!((count(&switches, false), count(&switches, true)), (41, 6));
        switches.set("abilities", "18.9").unwrap();
        assert_eq!(count(&switches, false), 32);
        assert!(of_version("destroy_package", &switches).is_none());
    }

    #[test]
    fn a_base_has_an_ability_when_every_list_that_applies_names_it() {
        let mut switches = switches();
        let read_code = known("read_code").unwrap();
        assert!(read_code.in_base(20, &switches) && !read_code.in_base(10, &switches));
        let compliance = known("read_compliance_dashboard").unwrap();
        switches.set("security_manager", "on").unwrap();
        assert!(!compliance.in_base(25, &switches), "only its group list names 25");
        assert!(!known("read_admin_users").unwrap().in_base(50, &switches));
        assert_eq!(human("admin_cicd_variables"), "Admin cicd variables");
    }
}
