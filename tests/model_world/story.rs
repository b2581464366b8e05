//! How a story is told: a world and definitions in, the plan in a few lines out.

use super::{
    definitions::{Definitions, plan},
    interpreter::execute_all,
    text::text,
    world::World,
};

/// The plan in text. One that is not refused is also executed: it must succeed, and leave nothing
/// to do.
pub(crate) fn story(world: &World, definitions: &Definitions) -> String {
    let planned = plan(world, definitions);
    let text = text(&planned);
    if let Ok(planned) = planned
        && !planned.is_refused()
    {
        let after = execute_all(world, &planned.ops, |_, _| ()).unwrap_or_else(|why| panic!("{why}\n{text}"));
        let again = plan(&after, definitions).unwrap_or_else(|why| panic!("{why:?}"));
        assert!(again.plan.changes.is_empty(), "something is left to do:\n{}", super::text::changes(&again));
    }
    text
}
