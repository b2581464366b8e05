//! Access levels: the default roles, and the bases of custom roles.

use crate::emulator::switch::Switches;

use super::switches::SECURITY_MANAGER_ROLE;

pub(super) const MINIMAL_ACCESS: u8 = 5;
pub(super) const GUEST: u8 = 10;
pub(super) const SECURITY_MANAGER: u8 = 25;
pub(super) const MAINTAINER: u8 = 40;
pub(super) const OWNER: u8 = 50;

/// Level, name in GraphQL, name for people.
const LEVELS: [(u8, &str, &str); 8] = [
    (MINIMAL_ACCESS, "MINIMAL_ACCESS", "Minimal Access"),
    (GUEST, "GUEST", "Guest"),
    (15, "PLANNER", "Planner"),
    (20, "REPORTER", "Reporter"),
    (SECURITY_MANAGER, "SECURITY_MANAGER", "Security Manager"),
    (30, "DEVELOPER", "Developer"),
    (MAINTAINER, "MAINTAINER", "Maintainer"),
    (OWNER, "OWNER", "Owner"),
];

/// Whether the gated role exists.
pub(super) fn has_security_manager(switches: &Switches) -> bool {
    switches.is(&SECURITY_MANAGER_ROLE, "on")
}

/// The levels that a membership can have, lowest first.
pub(super) fn all(switches: &Switches) -> impl Iterator<Item = u8> {
    let gated = has_security_manager(switches);
    LEVELS.iter().map(|(level, ..)| *level).filter(move |level| gated || *level != SECURITY_MANAGER)
}

/// Whether a level can be the base of a custom role.
pub(super) fn is_base(level: u8, switches: &Switches) -> bool {
    level != OWNER && all(switches).any(|known| known == level)
}

/// The name in GraphQL; empty for what is no level.
pub(super) fn name(level: u8) -> &'static str {
    LEVELS.iter().find(|(known, ..)| *known == level).map_or("", |(_, name, _)| name)
}

/// The level that GraphQL calls so.
pub(super) fn of_name(name: &str) -> Option<u8> {
    LEVELS.iter().find(|(_, known, _)| *known == name).map(|(level, ..)| *level)
}

/// The name for people; empty for what is no level.
pub(super) fn human(level: u8) -> &'static str {
    LEVELS.iter().find(|(known, ..)| *known == level).map_or("", |(.., human)| human)
}
