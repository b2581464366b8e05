//! Who has which access where: direct, inherited, and through invited groups.

use std::collections::BTreeMap;

use super::caller::Context;
use super::levels::GUEST;
use super::switches::{GROUP_LINK_ROLES, INVITED_CUSTOM_ROLE, PROJECT_SHARE_ROLES};
use super::world::{Deployment, Member, Place, Share, World};

/// Access with where it comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effective<'a> {
    pub(super) level: u8,
    pub(super) role: Option<u64>,
    /// The membership that it stands on; of the invited group, where it comes through one.
    pub(super) member: &'a Member,
}

/// Base and custom role of somebody who comes through an invitation.
///
/// The lower side decides. Where both are on the same level, an invitation without a custom role gives none, and
/// otherwise people keep their own, if they have one.
fn invited(user: (u8, Option<u64>), invite: (u8, Option<u64>)) -> (u8, Option<u64>) {
    match user.0.cmp(&invite.0) {
        std::cmp::Ordering::Less => user,
        std::cmp::Ordering::Greater => invite,
        std::cmp::Ordering::Equal => (user.0, invite.1.and(user.1)),
    }
}

/// Whether a share of this kind of place keeps a custom role.
pub(super) fn shares_keep_roles(context: Context<'_>, place: Place) -> bool {
    match place {
        Place::Project(_) => context.switches.is(&PROJECT_SHARE_ROLES, "on"),
        Place::Group(_) => match context.switches.get(&GROUP_LINK_ROLES) {
            "deployment" => context.world.facts.deployment == Deployment::Instance,
            value => value == "on",
        },
    }
}

fn through<'a>(context: Context<'_>, share: &Share, member: &'a Member) -> Effective<'a> {
    let (level, role) = invited((member.access_level, member.role), (share.access_level, share.role));
    let plain = role.is_some() && context.switches.is(&INVITED_CUSTOM_ROLE, "guest");
    let (level, role) = if plain { (GUEST, None) } else { (level, role) };
    Effective { level, role, member }
}

/// The places whose memberships reach into a place: itself and the groups above, nearest first.
fn sources(world: &World, place: Place) -> Vec<Place> {
    let own = matches!(place, Place::Project(_)).then_some(place);
    let groups = world.group_of(place).into_iter().flat_map(|group| world.lineage(group));
    own.into_iter().chain(groups.map(|group| Place::Group(group.id))).collect()
}

fn consider<'a>(best: &mut Option<Effective<'a>>, found: Effective<'a>) {
    if best.is_none_or(|best| found.level > best.level) {
        *best = Some(found);
    }
}

/// The highest access of one user at a place; on equal levels the nearest membership counts.
pub(super) fn effective<'a>(context: Context<'a>, place: Place, user: u64) -> Option<Effective<'a>> {
    let world = context.world;
    let mut best = None;
    let sources = sources(world, place);
    for source in &sources {
        if let Some(member) = world.member(*source, user) {
            consider(&mut best, direct(member));
        }
    }
    for source in sources {
        for share in world.shares.get(&source).into_iter().flat_map(BTreeMap::values) {
            for group in world.lineage(share.group) {
                if let Some(member) = world.member(Place::Group(group.id), user) {
                    consider(&mut best, through(context, share, member));
                }
            }
        }
    }
    best
}

/// The highest access of everybody at a place.
pub(super) fn everybody<'a>(context: Context<'a>, place: Place) -> BTreeMap<u64, Effective<'a>> {
    let world = context.world;
    let mut found: BTreeMap<u64, Effective<'a>> = BTreeMap::new();
    let mut add = |effective: Effective<'a>| {
        let best = found.entry(effective.member.user).or_insert(effective);
        if effective.level > best.level {
            *best = effective;
        }
    };
    let sources = sources(world, place);
    for source in &sources {
        world.members_of(*source).for_each(|member| add(direct(member)));
    }
    for source in sources {
        for share in world.shares.get(&source).into_iter().flat_map(BTreeMap::values) {
            for group in world.lineage(share.group) {
                world
                    .members_of(Place::Group(group.id))
                    .for_each(|member| add(through(context, share, member)));
            }
        }
    }
    found
}

fn direct(member: &Member) -> Effective<'_> {
    Effective { level: member.access_level, role: member.role, member }
}

/// The highest level that a user inherits at a place from a group above, with the name of that group.
pub(super) fn inherited(world: &World, place: Place, user: u64) -> Option<(u8, &str)> {
    let mut best: Option<(u8, &str)> = None;
    for source in sources(world, place).into_iter().filter(|source| *source != place) {
        let Place::Group(id) = source else { continue };
        if let (Some(member), Some(group)) = (world.member(source, user), world.groups.get(&id))
            && best.is_none_or(|(level, _)| member.access_level > level)
        {
            best = Some((member.access_level, &group.name));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::invited;

    #[test]
    fn the_table_of_invited_groups_holds() {
        let (read_code, vulnerability, admin) = (Some(1), Some(2), Some(3));
        let users = [(10, None), (10, read_code), (10, vulnerability), (30, None), (30, admin)];
        let guest = [(10, None); 5];
        let rows = [
            ((10, None), guest),
            (
                (10, read_code),
                [(10, None), (10, read_code), (10, vulnerability), (10, read_code), (10, read_code)],
            ),
            (
                (10, vulnerability),
                [(10, None), (10, read_code), (10, vulnerability), (10, vulnerability), (10, vulnerability)],
            ),
            ((30, None), [(10, None), (10, read_code), (10, vulnerability), (30, None), (30, None)]),
            ((30, admin), [(10, None), (10, read_code), (10, vulnerability), (30, None), (30, admin)]),
        ];
        for (invite, expected) in rows {
            assert_eq!(users.map(|user| invited(user, invite)), expected, "{invite:?}");
        }
    }
}
