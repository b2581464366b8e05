//! Parts of one plan, or of what came of it, that were made side by side for different targets.

use super::{ApplyDocument, PlanDocument, digest, document::RunStatistics, outcome::OutcomeSummary};

impl PlanDocument {
    /// This and another part as one plan: its digest is that of a plan of all targets at once.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        self.targets.extend(other.targets);
        self.targets.sort_by(|a, b| a.name.cmp(&b.name));
        self.digest = digest::plan(&self.targets);
        self.run = statistics(self.run, other.run);
        self
    }
}

impl ApplyDocument {
    /// This and another part as one result. The digest is that of the whole only where it is given for
    /// both, and unknown otherwise.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        self.targets.extend(other.targets);
        self.targets.sort_by(|a, b| a.name.cmp(&b.name));
        let digests: Option<Vec<_>> =
            self.targets.iter().map(|target| Some((target.name.clone(), target.digest.clone()?))).collect();
        self.digest = digests.map(|digests| digest::whole(&digests));
        self.summary = OutcomeSummary::of(self.targets.iter().flat_map(|target| &target.changes));
        self.run = statistics(self.run, other.run);
        self
    }
}

/// What both cost: they ran at the same time.
fn statistics(one: Option<RunStatistics>, two: Option<RunStatistics>) -> Option<RunStatistics> {
    let (Some(one), Some(two)) = (one, two) else { return None };
    Some(RunStatistics {
        requests: one.requests.saturating_add(two.requests),
        depth: one.depth.max(two.depth),
        retries: one.retries.saturating_add(two.retries),
        wall_ms: one.wall_ms.max(two.wall_ms),
    })
}
