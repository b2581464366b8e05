//! What git says about the made-up tenant, and planning with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use jiff::civil::{Date, date};
use rolecall::{
    assess,
    contract::Spec,
    model::{
        Address, Finding, Scope, Site, Source, SourceId, Sources, Untrusted,
        config::{CredentialSource, Guards, Limit, Manage, Mode, OnUnassign, Placed, Target},
        desired::{
            DesiredAssignment, DesiredDefault, DesiredPermission, DesiredRole, DesiredState, Exclusive,
            Protect, Removal, RoleName, RoleRef, Spelling, Via,
        },
        live::LiveState,
    },
    plan::{
        build,
        change::{Change, Plan},
        compare,
        document::{Guard, PlanDocument, Revisions, TargetPlan},
        earlier::{Earlier, Views},
        operation::Op,
        order,
        resolve::{self, resolve},
    },
};

use super::{sixth::Sextant, spec::Madeup, world::World};

/// The day of every plan.
pub(crate) const TODAY: Date = date(2026, 11, 20);

/// Definitions and everything else that a plan depends on beside the world.
#[derive(Clone)]
pub(crate) struct Definitions {
    /// Which provider they are for.
    pub(crate) spec: &'static dyn Spec,
    pub(crate) target: Target,
    pub(crate) desired: DesiredState,
    pub(crate) base: Option<DesiredState>,
    pub(crate) applied: Option<DesiredState>,
    pub(crate) released: Option<DesiredState>,
    /// More states whose protection holds.
    pub(crate) protecting: Vec<DesiredState>,
    /// The ids of the record, by address.
    pub(crate) ids: BTreeMap<Address, Untrusted>,
    /// Whether nobody asks what git declared before.
    pub(crate) exempt: bool,
    pub(crate) guards: Guards,
    pub(crate) allowed: BTreeMap<Guard, Untrusted>,
    /// Counts places, so that each thing stands somewhere else.
    pub(crate) place: u32,
}

impl fmt::Debug for Definitions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.target, self.desired)
    }
}

/// A plan with its operations and its document.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) ops: Vec<Op>,
    pub(crate) document: PlanDocument,
}

impl Planned {
    pub(crate) fn target(&self) -> &TargetPlan {
        &self.document.targets[0]
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.plan.refusals().next().is_some()
    }
}

/// Nothing declared; guards that never refuse; everything live is known to git.
pub(crate) fn definitions() -> Definitions {
    Definitions {
        spec: &Madeup,
        target: Target {
            name: "t".into(),
            provider: "madeup",
            files: Vec::new(),
            manage: Manage { roles: Mode::Declared, assignments: Mode::Declared },
            settings: BTreeMap::new(),
            credential: CredentialSource::Env("MADEUP_TOKEN".into()),
            emulator: false,
            on_unassign: OnUnassign::Refuse,
            site: site(0),
        },
        desired: DesiredState::default(),
        base: None,
        applied: None,
        released: None,
        protecting: Vec::new(),
        ids: BTreeMap::new(),
        exempt: true,
        guards: Guards { max_deletes: Limit::Count(1000), max_unassigns: Limit::Count(1000), min_admins: 0 },
        allowed: BTreeMap::new(),
        place: 0,
    }
}

/// Nothing declared of the second provider.
pub(crate) fn sixth_definitions() -> Definitions {
    let first = definitions();
    Definitions { spec: &Sextant, target: Target { provider: "sextant", ..first.target }, ..first }
}

fn site(at: u32) -> Site {
    Site { source: SourceId(0), start: at, end: at + 1 }
}

fn placed<T>(value: T, at: u32) -> Placed<T> {
    Placed { value, site: site(at) }
}

/// `builtin:NAME`, `=LIVE NAME`, or a key.
pub(crate) fn role_name(text: &str) -> RoleName {
    match (text.strip_prefix("builtin:"), text.strip_prefix('=')) {
        (Some(name), _) => RoleName::Builtin(name.into()),
        (None, Some(name)) => RoleName::Live(name.into()),
        (None, None) => RoleName::Key(text.into()),
    }
}

/// Gives one role its fields.
pub(crate) struct RoleBuilder<'d> {
    role: DesiredRole,
    place: &'d mut u32,
}

impl RoleBuilder<'_> {
    fn next(&mut self) -> u32 {
        *self.place += 1;
        *self.place
    }

    pub(crate) fn name(mut self, name: &str) -> Self {
        self.role.name = placed(name.into(), self.next());
        self
    }

    pub(crate) fn at(mut self, scope: Scope) -> Self {
        self.role.scope = scope;
        self
    }

    /// A role that only a person makes.
    pub(crate) fn office(mut self) -> Self {
        self.role.class = "office";
        self.role.scope = Scope::Level("crown".into());
        self
    }

    pub(crate) fn id(mut self, id: &str) -> Self {
        self.role.id = Some(placed(id.into(), self.next()));
        self
    }

    pub(crate) fn previously(mut self, name: &str) -> Self {
        let at = self.next();
        self.role.previously.push(placed(name.into(), at));
        self
    }

    pub(crate) fn permissions(mut self, permissions: &[&str]) -> Self {
        for permission in permissions {
            let at = self.next();
            Arc::make_mut(&mut self.role.permissions).insert((*permission).into(), Via::Own(site(at)));
        }
        self
    }

    pub(crate) fn set(mut self, name: &str, permissions: &[&str]) -> Self {
        for permission in permissions {
            let at = self.next();
            Arc::make_mut(&mut self.role.permissions)
                .insert((*permission).into(), Via::Set { name: name.into(), site: site(at) });
        }
        self
    }

    pub(crate) fn except(mut self, permissions: &[&str]) -> Self {
        for permission in permissions {
            let at = self.next();
            self.role.except.insert((*permission).into(), site(at));
        }
        self
    }

    pub(crate) fn base(mut self, base: &str) -> Self {
        self.role.base = Some(placed(role_name(base), self.next()));
        self
    }

    pub(crate) fn description(mut self, description: Option<&str>) -> Self {
        self.role.description = Some(placed(description.map(Untrusted::from), self.next()));
        self
    }

    pub(crate) fn allow_gap(mut self, allow: bool) -> Self {
        self.role.allow_gap = allow;
        self
    }

    pub(crate) fn protect(mut self, protect: &[Protect]) -> Self {
        self.role.protect = protect.iter().copied().collect();
        self
    }
}

impl Definitions {
    fn next(&mut self) -> u32 {
        self.place += 1;
        self.place
    }

    fn reference(&mut self, role: &str) -> RoleRef {
        placed(role_name(role), self.next())
    }

    /// Declares a role; without more its name is its key.
    pub(crate) fn role(mut self, key: &str, build: impl FnOnce(RoleBuilder<'_>) -> RoleBuilder<'_>) -> Self {
        let at = self.next();
        let role = DesiredRole {
            key: key.into(),
            class: "role",
            scope: Scope::Target,
            id: None,
            name: placed(key.into(), at),
            previously: Vec::new(),
            slug: None,
            resource_type: None,
            description: None,
            base: None,
            include: Vec::new(),
            permissions: Arc::default(),
            except: BTreeMap::new(),
            protect: BTreeSet::new(),
            allow_gap: false,
            site: site(at),
            place: site(at),
        };
        let role = build(RoleBuilder { role, place: &mut self.place }).role;
        self.desired.roles.push(role);
        self.desired.roles.sort_by(|a, b| (&a.key, &a.scope).cmp(&(&b.key, &b.scope)));
        self
    }

    /// Declares a permission as a resource of its own.
    pub(crate) fn permission(mut self, slug: &str, name: &str) -> Self {
        let at = self.next();
        let name = placed(name.into(), at);
        let declared = DesiredPermission { name, description: None, resource_type: None, site: site(at) };
        self.desired.permissions.insert(slug.into(), declared);
        self
    }

    /// The same with more to say.
    pub(crate) fn permission_with(
        mut self,
        slug: &str,
        description: Option<Option<&str>>,
        resource_type: Option<&str>,
    ) -> Self {
        let (first, second) = (self.next(), self.next());
        let declared = self.desired.permissions.get_mut(&Untrusted::from(slug)).expect("a permission");
        declared.description = description.map(|text| placed(text.map(Untrusted::from), first));
        declared.resource_type = resource_type.map(|text| placed(text.into(), second));
        self
    }

    /// A permission that goes on purpose.
    pub(crate) fn removed_permission(mut self, slug: &str) -> Self {
        let at = self.next();
        self.desired.removed_permissions.insert(slug.into(), site(at));
        self
    }

    pub(crate) fn assign(self, role: &str, users: &[&str]) -> Self {
        self.assign_until(role, users, None)
    }

    /// `email:…` and `id:…` are spellings of their own, as in a file.
    pub(crate) fn assign_until(self, role: &str, users: &[&str], expires: Option<Date>) -> Self {
        users.iter().fold(self, |mut definitions, user| {
            let spelling = match (user.strip_prefix("email:"), user.strip_prefix("id:")) {
                (Some(email), _) => Spelling::Email(email.into()),
                (None, Some(id)) => Spelling::Id(id.into()),
                (None, None) => Spelling::Handle((*user).into()),
            };
            definitions.assignment("user", role, spelling, expires);
            definitions
        })
    }

    /// Principals who hold a role in a place.
    pub(crate) fn hold(mut self, class: &'static str, scope: &Scope, role: &str, who: &[&str]) -> Self {
        for principal in who {
            let role = self.reference(role);
            let principal = placed(Spelling::Handle((*principal).into()), self.next());
            let (scope, place) = (scope.clone(), principal.site);
            let assignment = DesiredAssignment { role, scope, class, principal, place, expires: None };
            self.desired.assignments.push(assignment);
        }
        self
    }

    /// A role that goes from a place.
    pub(crate) fn removed_at(mut self, role: &str, scope: &Scope, reassign_to: Option<&str>) -> Self {
        self = self.removed(role, reassign_to);
        if let Some(removal) = self.desired.removed.last_mut() {
            removal.scope = Some(scope.clone());
        }
        self
    }

    pub(crate) fn assignment(
        &mut self,
        class: &'static str,
        role: &str,
        principal: Spelling,
        expires: Option<Date>,
    ) {
        let role = self.reference(role);
        let principal = placed(principal, self.next());
        let (scope, place) = (Scope::Target, principal.site);
        self.desired.assignments.push(DesiredAssignment { role, scope, class, principal, place, expires });
    }

    pub(crate) fn default_role(mut self, role: Option<&str>) -> Self {
        let role = role.map(|role| self.reference(role));
        let site = site(self.next());
        self.desired.default = Some(DesiredDefault { role, site });
        self
    }

    pub(crate) fn exclusive(mut self, role: &str) -> Self {
        self.exclusive_class("user", role);
        self
    }

    pub(crate) fn exclusive_class(&mut self, class: &'static str, role: &str) {
        let role = self.reference(role);
        let place = role.site;
        self.desired.exclusive.push(Exclusive { role, scope: Scope::Target, class, place });
    }

    pub(crate) fn removed(mut self, role: &str, reassign_to: Option<&str>) -> Self {
        let role = self.reference(role);
        let reassign_to = reassign_to.map(|to| self.reference(to));
        self.desired.removed.push(Removal { role, scope: None, reassign_to });
        self
    }

    pub(crate) fn on_unassign(mut self, role: &str) -> Self {
        self.target.on_unassign = OnUnassign::To(placed(role.into(), 0));
        self
    }

    pub(crate) fn manage(mut self, roles: Mode, assignments: Mode) -> Self {
        self.target.manage = Manage { roles, assignments };
        self
    }

    /// The definitions of the base revision: also what git declared before.
    pub(crate) fn based_on(mut self, base: Self) -> Self {
        self.exempt = false;
        self.base = Some(base.desired);
        self
    }

    /// The definitions of the last recorded apply.
    pub(crate) fn applied(mut self, applied: Self) -> Self {
        self.exempt = false;
        self.applied = Some(applied.desired);
        self
    }

    /// Definitions that the target no longer reads, in files that are still there.
    pub(crate) fn releasing(mut self, released: Self) -> Self {
        self.exempt = false;
        self.released = Some(released.desired);
        self
    }

    /// Definitions whose protection holds: of history, or of a target that is gone.
    pub(crate) fn protected_by(mut self, protecting: Self) -> Self {
        self.exempt = false;
        self.protecting.push(protecting.desired);
        self
    }

    /// The record as a complete apply leaves it, of a commit that is its own base.
    pub(crate) fn after_apply(&self, world: &World) -> Self {
        Self {
            base: Some(self.desired.clone()),
            applied: Some(self.desired.clone()),
            released: None,
            protecting: Vec::new(),
            exempt: false,
            ids: ids(&self.desired, world),
            ..self.clone()
        }
    }

    /// The record's id of a role.
    pub(crate) fn recorded(mut self, key: &str, id: &str) -> Self {
        self.ids.insert(Address::role("t", key, &Scope::Target), id.into());
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// What a record tells of the live roles: each bears the name that the definitions give it.
pub(crate) fn ids(desired: &DesiredState, world: &World) -> BTreeMap<Address, Untrusted> {
    let live =
        |name: &Untrusted| world.roles.iter().find(|(_, role)| role.name == name.raw() && !role.builtin);
    let roles = desired.roles.iter();
    roles
        .filter_map(|role| {
            let (id, _) = live(&role.name.value)?;
            Some((Address::role("t", &role.key, &role.scope), Untrusted::from(&**id)))
        })
        .collect()
}

/// Plans as the program does: resolve, compare, judge, order, build.
pub(crate) fn plan(world: &World, definitions: &Definitions) -> Result<Planned, Vec<Finding>> {
    plan_live(&world.live(), definitions)
}

/// The same from what was read.
pub(crate) fn plan_live(live: &LiveState, definitions: &Definitions) -> Result<Planned, Vec<Finding>> {
    plan_selected(live, definitions, |_| ())
}

/// The same, with a hand on the plan before it is judged.
pub(crate) fn plan_selected(
    live: &LiveState,
    definitions: &Definitions,
    select: impl FnOnce(&mut Plan),
) -> Result<Planned, Vec<Finding>> {
    plan_part(live, definitions, |plan| {
        select(plan);
        None
    })
}

/// The same, where the hand takes a part of the plan and returns what it left.
pub(crate) fn plan_part(
    live: &LiveState,
    definitions: &Definitions,
    part: impl FnOnce(&mut Plan) -> Option<Vec<Change>>,
) -> Result<Planned, Vec<Finding>> {
    let Definitions { target, desired, guards, allowed, .. } = definitions;
    let earlier = Earlier {
        base: definitions.base.as_ref(),
        applied: definitions.applied.as_ref(),
        ids: definitions.applied.as_ref().map(|_| &definitions.ids),
        released: definitions.released.as_ref(),
        protecting: &definitions.protecting,
        open: None,
        left: &[],
        exempt: definitions.exempt,
    };
    let spec = definitions.spec;
    let input = resolve::Input { target, spec, desired, live, earlier, today: TODAY };
    let resolved = resolve(input)?;
    let views = Views::of(input, &resolved);
    let input = compare::Input { target, spec, resolved: &resolved, live, earlier, views: &views };
    let mut plan = compare::compare(input);
    let left = part(&mut plan);
    assess::judge(&mut plan, assess::Facts { live, spec, guards, allowed });
    let ops = order::order(&plan, spec);
    let mut sources = Sources::default();
    sources.add(Source::new("roles/all.yaml", None, "\n".repeat(definitions.place as usize + 2)));
    let circumstances = build::Circumstances {
        target,
        spec,
        identity: &live.identity,
        guards,
        selection: &[],
        left: left.as_deref(),
        applied: None,
        scope_changes: &[],
    };
    let target = build::target(circumstances, &plan, &sources);
    let revisions = Revisions { today: TODAY.to_string().into(), ..Revisions::default() };
    let document = build::document(revisions, vec![target]);
    Ok(Planned { plan, ops, document })
}
