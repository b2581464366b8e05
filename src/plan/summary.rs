//! Counting changes.

use super::document::{Action, Change, Summary};

impl Summary {
    /// Counts `changes`.
    pub fn of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let mut summary = Self::default();
        for change in changes {
            let count = match change.action {
                Action::Create => &mut summary.create,
                Action::Update => &mut summary.update,
                Action::Rename => &mut summary.rename,
                Action::Replace => &mut summary.replace,
                Action::Delete => &mut summary.delete,
                Action::Assign => &mut summary.assign,
                Action::Reassign => &mut summary.reassign,
                Action::Unassign => &mut summary.unassign,
                Action::SetDefault => &mut summary.set_default,
                Action::Release => &mut summary.release,
            };
            *count = count.saturating_add(1);
            if change.manual.is_some() && change.blocked_by.is_empty() {
                summary.manual = summary.manual.saturating_add(1);
            }
        }
        summary
    }

    /// How many assignments change.
    pub fn assignments(&self) -> u32 {
        self.assign.saturating_add(self.reassign).saturating_add(self.unassign)
    }
}
