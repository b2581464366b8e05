//! Why something differs, in the words of whoever tells it.

use crate::plan::document::{Action, Change, FieldChange, Origin, Reason};

/// From where a difference is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Told {
    /// What a plan does.
    #[default]
    Plan,
    /// What a plan leaves alone.
    Left,
    /// What somebody did outside git.
    Report,
}

impl Told {
    /// What leads the list of what is live and not managed.
    pub(super) fn unmanaged(self) -> &'static str {
        match self {
            Self::Report => "not managed",
            Self::Plan | Self::Left => "left alone",
        }
    }
}

/// What a plan does to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It comes, as it is not there.
    Comes,
    /// It goes.
    Goes,
    /// It becomes another.
    Turns,
}

impl Way {
    pub(super) fn of(action: Action) -> Self {
        match action {
            Action::Create | Action::Assign => Self::Comes,
            Action::Delete | Action::Unassign => Self::Goes,
            _ => Self::Turns,
        }
    }
}

/// Why something differs, in words, where that is worth saying: what the definitions changed is what
/// a plan is for, and what nobody can tell is said only of what is left alone for it.
pub(super) fn origin_words(origin: Origin, way: Way, told: Told) -> Option<&'static str> {
    match (origin, told, way) {
        (Origin::Drift, Told::Plan, Way::Comes) => Some("drift: removed outside git, comes back"),
        (Origin::Drift, Told::Plan, Way::Goes) => {
            Some("drift: added outside git, this plan takes it away again")
        }
        (Origin::Drift, Told::Plan, Way::Turns) => Some("drift: changed outside git, goes back"),
        (Origin::Drift, Told::Left, Way::Comes) => Some("drift: removed outside git"),
        (Origin::Drift, Told::Left, Way::Goes) => Some("drift: added outside git"),
        (Origin::Drift, Told::Left, Way::Turns) => Some("drift: changed outside git"),
        (Origin::Undetermined, Told::Left, _) => Some("nobody can tell why: there is no record of an apply"),
        (Origin::Unapplied, Told::Plan | Told::Left, _) => Some("merged earlier, not in place yet"),
        (Origin::Unread, Told::Plan | Told::Left, Way::Goes) => Some("not read: it may be gone already"),
        (Origin::Unread, Told::Plan | Told::Left, _) => Some("not read: it may be in place already"),
        (Origin::Drift | Origin::Unapplied | Origin::Unread, Told::Report, _)
        | (Origin::Pending | Origin::Undetermined | Origin::Mixed, ..) => None,
    }
}

/// [`origin_words`] of a change as a whole. One that follows its base role, or whose day has come, has a reason
/// that says more.
pub(super) fn change_words(change: &Change, told: Told) -> Option<&'static str> {
    match change.reason {
        Some(Reason::BaseChanged | Reason::Expired) => None,
        _ => origin_words(change.origin, Way::of(change.action), told),
    }
}

/// Whether an element of it, or the whole, has the origin.
pub(super) fn has_origin(change: &Change, wanted: Origin) -> bool {
    let of_field = |field: &FieldChange| match field {
        FieldChange::Set { added, removed, .. } => {
            added.iter().chain(removed).any(|element| element.origin == wanted)
        }
        FieldChange::Value { origin, .. } => *origin == wanted,
    };
    change.origin == wanted || change.fields.iter().any(of_field)
}
