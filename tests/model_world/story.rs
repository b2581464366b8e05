//! How a story is told: a world and definitions in, the plan in a few lines out.

use rolecall::plan::pending;

use super::{
    definitions::{Definitions, plan, plan_part, plan_selected},
    interpreter::execute_all,
    text::{operations, text, told},
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

/// The plan with the reason of every difference. One that is not refused is also executed: it must
/// succeed, and with the record of that apply there is nothing left to do.
pub(crate) fn past_story(world: &World, definitions: &Definitions) -> String {
    let planned = match plan(world, definitions) {
        Ok(planned) => planned,
        findings => return text(&findings),
    };
    let text = told(&planned);
    if !planned.is_refused() {
        let after = execute_all(world, &planned.ops, |_, _| ()).unwrap_or_else(|why| panic!("{why}\n{text}"));
        let again = definitions.after_apply(&after);
        let again = plan(&after, &again).unwrap_or_else(|why| panic!("{why:?}"));
        assert!(again.plan.changes.is_empty(), "after\n{text}something is left to do:\n{}", told(&again));
    }
    text
}

/// The plan of what comes from the definitions, and what it leaves.
pub(crate) fn pending_story(world: &World, definitions: &Definitions) -> String {
    let mut lacking = Vec::new();
    let planned = plan_part(&world.live(), definitions, |plan| match pending::keep(plan) {
        Ok(left) => Some(left),
        Err(needs) => {
            lacking = needs;
            None
        }
    });
    match planned {
        Err(findings) => text(&Err(findings)),
        Ok(_) if !lacking.is_empty() => {
            lacking.iter().map(|l| format!("{} needs {}\n", l.selected, l.needs)).collect()
        }
        Ok(planned) => [told(&planned), operations(&planned.ops)].concat(),
    }
}

/// The plan of what somebody changed outside git.
pub(crate) fn drift_story(world: &World, definitions: &Definitions) -> String {
    match plan_selected(&world.live(), definitions, pending::drift) {
        Ok(planned) => told(&planned),
        findings => text(&findings),
    }
}
