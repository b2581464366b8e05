//! Checks that giving somebody a level and a custom role has to pass.

use crate::emulator::gitlab::access;
use crate::emulator::gitlab::caller::{Caller, Context};
use crate::emulator::gitlab::levels;
use crate::emulator::gitlab::refusal::Refusal;
use crate::emulator::gitlab::roles::{self, uses_seat};
use crate::emulator::gitlab::switches::PROMOTION_MANAGEMENT;
use crate::emulator::gitlab::world::{Member, Place, Role};

const MISMATCH: &str = "the custom role's base access level does not match the current access level";

/// A level that a membership can have.
pub(super) fn level(context: Context<'_>, level: i64) -> Result<u8, Refusal> {
    u8::try_from(level)
        .ok()
        .filter(|level| levels::all(context.switches).any(|known| known == *level))
        .ok_or_else(|| Refusal::field("access_level", "is not included in the list"))
}

/// The role with this id, if it can be given at the place with this level.
pub(super) fn role(context: Context<'_>, place: Place, id: u64, level: u8) -> Result<&Role, Refusal> {
    let role =
        roles::assignable(context, place, id).ok_or_else(|| Refusal::field("member_role", "not found"))?;
    if role.base == Some(level) { Ok(role) } else { Err(Refusal::field("member_role_id", MISMATCH)) }
}

/// Refuses a level below the one that the user inherits.
pub(super) fn floor(context: Context<'_>, place: Place, user: u64, level: u8) -> Result<(), Refusal> {
    match access::inherited(context.world, place, user) {
        Some((inherited, group)) if level < inherited => Err(Refusal::field(
            "access_level",
            &format!(
                "should be greater than or equal to {} inherited membership from group {group}",
                levels::human(inherited)
            ),
        )),
        _ => Ok(()),
    }
}

/// Whether an administrator has to agree to what a membership becomes.
pub(super) fn queues(
    context: Context<'_>,
    caller: &Caller<'_>,
    before: Option<&Member>,
    level: u8,
    role: Option<&Role>,
) -> bool {
    let held = before.and_then(|member| member.role).and_then(|id| context.world.roles.get(&id));
    let used = before.is_some_and(|member| uses_seat(member.access_level, held.map(AsRef::as_ref)));
    context.switches.is(&PROMOTION_MANAGEMENT, "on")
        && context.is_instance()
        && !caller.is_admin(context)
        && !used
        && uses_seat(level, role)
}
