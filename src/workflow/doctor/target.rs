//! One target: where its credential may go, whether it connects, what can be read.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Check, Opened, TargetReport, Wishes,
    definitions::{self, many},
};
use crate::{
    contract::{self, OnRemove, ScopeForm},
    definition::CatalogueFile,
    model::{
        Kind, Scope, Untrusted,
        config::{CredentialSource, OnUnassign, Target},
        field,
        files::Files as _,
        live::{Identity, Live, LiveObject, LiveState, Query},
    },
    plan::query::query,
    provider::{
        Noticed, Provider, ReadError, ReadErrorKind,
        http::{Destination, Sends, judge, read_credential},
    },
    workflow::{
        Exit, Failure, World,
        catalog::unusable_entry,
        lock::{LockError, TenantLock},
        project,
        tenant::{Tenant, emulator_state},
    },
};

/// Where the quota makes reading the members take longer than this, it is left out unless asked for.
const QUICK: Duration = Duration::from_secs(5);

/// Checks that need an answer of the API, in order.
const READS: [&str; 7] = ["access", "identity", "roles", "catalogue", "members", "caller", "lock"];

pub(super) async fn of_target(world: &World, opened: &Opened, name: &str, wishes: Wishes) -> TargetReport {
    let config = opened.loaded.config.iter();
    let entry = config.flat_map(|config| &config.targets).find(|target| *target.name == *name);
    let mut report = TargetReport {
        name: name.into(),
        provider: entry.map(|target| target.provider),
        emulator: entry.is_some_and(|target| target.emulator),
        identity: None,
        checks: vec![definitions::of_target(&opened.loaded, name)],
    };
    let sound = |target: &&Target| {
        opened
            .loaded
            .config
            .as_ref()
            .is_some_and(|config| project::entry_is_sound(&opened.loaded, config, target))
    };
    let found = entry.filter(sound).and_then(|target| Some((target, world.registry.get(target.provider)?)));
    match found {
        Some((target, provider)) => {
            Look { world, opened, target, provider: &**provider, report: &mut report }.at_all(wishes).await;
        }
        None => report.checks.push(Check::failed("entry", unusable_entry())),
    }
    report
}

/// Looking at one target.
struct Look<'a> {
    world: &'a World,
    opened: &'a Opened,
    target: &'a Target,
    provider: &'a dyn Provider,
    report: &'a mut TargetReport,
}

impl Look<'_> {
    async fn at_all(mut self, wishes: Wishes) {
        self.unassign();
        let may_connect = if self.target.emulator {
            self.emulator();
            true
        } else {
            self.real()
        };
        if !may_connect {
            self.unread("not asked");
            return;
        }
        match Tenant::connect_to_look(self.world, self.target, self.opened.folder.as_deref()).await {
            Ok(tenant) => {
                self.read(&tenant, wishes).await;
                tenant.close().await;
            }
            Err(failure) => {
                self.add(Check::failed("connection", failure));
                self.unread("nothing was read");
            }
        }
    }

    fn add(&mut self, check: Check) {
        self.report.checks.push(check);
    }

    /// The checks that follow from reading, where nothing was read.
    fn unread(&mut self, why: &str) {
        let checks = READS.map(|check| Check::unknown(check, why));
        self.report.checks.extend(checks);
    }

    /// What is missing where a role has to be taken from somebody.
    fn unassign(&mut self) {
        let needs = self.provider.principals().iter().any(|class| class.on_remove == OnRemove::AnotherRole);
        let assigns = self.opened.loaded.desired.get(&self.target.name);
        let assigns = assigns.is_none_or(|desired| !desired.assignments.is_empty());
        if needs && assigns && self.target.on_unassign == OnUnassign::Refuse {
            let vacant = self.provider.catalogue().builtin.iter().find(|role| role.vacant);
            let to = vacant.map_or_else(|| "KEY".to_owned(), |role| format!("builtin:{}", role.id));
            self.add(
                Check::info("on_unassign", "not set: a plan that takes somebody's role away is refused")
                    .help(format!("To name where such people go: `on_unassign: {{ to: {to} }}`.")),
            );
        }
    }

    fn emulator(&mut self) {
        self.add(Check::ok("host", "the emulator inside this program: no network, no account"));
        self.add(Check::info("credential", "not needed"));
        let state = emulator_state(self.target);
        let begun = self.opened.folder.as_ref().is_some_and(|folder| folder.join(&state).is_dir());
        let text = match begun {
            true => format!("kept in {state}; delete that folder to begin again"),
            false => format!("not begun: the first plan begins with a sample tenant, kept in {state}"),
        };
        self.add(Check::info("state", text));
    }

    /// Host and credential; whether there is any use in connecting.
    fn real(&mut self) -> bool {
        let endpoint = self.provider.endpoint(&self.target.settings);
        match judge(&endpoint.url, endpoint.own_hosts, &self.world.allowed_hosts) {
            Ok(destination) => {
                self.host(&destination);
                self.credential(&destination)
            }
            Err(refusal) => {
                let failure = Failure::new(Exit::Refused, refusal.message.raw()).help(refusal.help);
                self.add(Check::failed("host", failure));
                // Only whether it is there: the value is looked at once it may be sent somewhere.
                let variable = self.target.credential.variable();
                match (self.world.environment)(variable) {
                    Some(_) => {
                        self.add(Check::unknown("credential", format!("{variable} is set; it was not read")));
                    }
                    None => self.add(self.missing_credential()),
                }
                false
            }
        }
    }

    fn host(&mut self, destination: &Destination) {
        let host = &destination.host;
        self.add(match destination.sends {
            Sends::Credential if destination.loopback => {
                Check::ok("host", format!("{host}: on this machine, may get the credential"))
            }
            Sends::Credential => Check::ok("host", format!("{host}: may get the credential")),
            Sends::Dummy => Check::info(
                "host",
                format!("{host}: on this machine; it gets a dummy in place of the credential"),
            )
            .help(format!("To send the real one: `--allow-host {host}`.")),
        });
    }

    fn missing_credential(&self) -> Check {
        let source = &self.target.credential;
        let variable = source.variable();
        let help = match source {
            CredentialSource::Env(_) => format!("Set {variable} to the credential of this target."),
            CredentialSource::FileEnv(_) => {
                format!("Set {variable} to the path of a file that holds the credential.")
            }
        };
        let message = format!("the environment variable {variable} is not set");
        Check::failed("credential", Failure::new(Exit::Error, message).help(help))
    }

    fn credential(&mut self, destination: &Destination) -> bool {
        let source = &self.target.credential;
        let variable = source.variable();
        let environment = &*self.world.environment;
        if destination.sends == Sends::Dummy {
            let is = if environment(variable).is_some() { "set" } else { "not set" };
            self.add(Check::info("credential", format!("not needed; {variable} is {is}")));
            return true;
        }
        if environment(variable).is_none() {
            self.add(self.missing_credential());
            return false;
        }
        match read_credential(source, environment, &self.world.redactor) {
            Ok(_) => {
                let text = match source {
                    CredentialSource::Env(_) => format!("{variable} is set"),
                    CredentialSource::FileEnv(_) => format!("in the file that {variable} names"),
                };
                self.add(Check::ok("credential", text));
                true
            }
            Err(error) => {
                let failure = Failure::new(Exit::Error, error.message).help(error.help);
                self.add(Check::failed("credential", failure));
                false
            }
        }
    }

    async fn read(&mut self, tenant: &Tenant, wishes: Wishes) {
        let reader = tenant.reader();
        // Roles that live in single places are read where the definitions name them.
        let named = self.named_places();
        let mut live = match reader.fetch(Query { places: named, ..Query::roles() }).await {
            Ok(live) => live,
            Err(error) => {
                let check = if answered(&error) { "access" } else { "connection" };
                if check == "access" {
                    self.add(Check::ok("connection", "the API answers"));
                }
                self.add(Check::failed(check, error.into()));
                let rest = READS.into_iter().filter(|read| *read != check);
                self.report.checks.extend(rest.map(|read| Check::unknown(read, "nothing was read")));
                return;
            }
        };
        let cost = tenant.connection.statistics();
        let took = many(cost.requests as usize, "request");
        self.add(Check::ok("connection", format!("the API answers ({took})")));
        let noticed = match reader.notice() {
            Some(notice) => notice.await,
            None => Vec::new(),
        };
        if let Some(attested) = self.opened.loaded.attested.get(&self.target.name) {
            let _notes = attested.overlay(&mut live, self.provider);
        }
        self.add(match &live.barred {
            None if contract::is_by_hand(self.provider) => {
                Check::ok("access", "the credential is accepted; roles are made and given by hand")
            }
            // Another key would read no more.
            Some(why) if live.incomplete.get(&Kind::Role) == Some(why) => Check::warning(
                "access",
                format!("too little could be read to tell whether roles can be changed: {}", why.raw()),
            )
            .help("Look in the product itself whether its roles are there, and its licence is valid."),
            Some(why) => Check::warning(
                "access",
                format!("roles can be read; this key cannot change roles: {}", why.raw()),
            )
            .help("Apply with another key, of a person who may change roles."),
            None if !contract::writes_permissions(self.provider) => Check::ok(
                "access",
                "roles can be read, and are changed by hand; whether members can be changed, only a write would tell",
            ),
            None => {
                Check::ok("access", "roles can be read; whether they can be changed, only a write would tell")
            }
        });
        self.add_noticed(noticed);
        self.places(&live);
        self.identity(&live.identity);
        self.roles(&live);
        self.catalogue(&live);
        self.facts(&live);
        self.members(tenant, &*reader, &live, wishes).await;
        self.lock(&live.identity);
    }

    fn add_noticed(&mut self, noticed: Vec<Noticed>) {
        for Noticed { message, help } in noticed {
            let check = Check::info("api", message);
            self.add(match help {
                Some(help) => check.help(help),
                None => check,
            });
        }
    }

    /// Places that the definitions name, and of which nobody can tell whether they are there.
    fn places(&mut self, live: &LiveState) {
        let missing: Vec<String> = live.unchecked.keys().filter_map(contract::manual::place).collect();
        let Some(why) = live.unchecked.values().next() else { return };
        let text = format!("not known whether there is such a place: {}. {}", missing.join(", "), why.raw());
        self.add(Check::warning("places", text));
    }

    fn identity(&mut self, identity: &Identity) {
        self.report.identity = Some(identity.into());
        self.add(match (&identity.tenant, &identity.anchor) {
            (Some(tenant), _) => {
                Check::ok("identity", format!("tenant {} at {}", tenant.raw(), identity.host.raw()))
            }
            (None, Some(anchor)) => Check::info(
                "identity",
                format!(
                    "the API tells no tenant; it is known by {} at {}",
                    anchor.raw(),
                    identity.host.raw()
                ),
            ),
            (None, None) => Check::warning(
                "identity",
                format!("the API tells nothing that only this tenant has, at {}", identity.host.raw()),
            )
            .help("Check by its roles that it is the right one: `rolecall plan`."),
        });
    }

    fn roles(&mut self, live: &LiveState) {
        let roles: Vec<&LiveObject> = live.of(Kind::Role).collect();
        let builtin = roles.iter().filter(|role| role.builtin).count();
        if !self.provider.roles().iter().any(|class| class.listed) {
            let attested = many(roles.len() - builtin, "role");
            let text = format!("the API tells none; {attested} attested, not verified");
            self.add(Check::info("roles", text));
            return;
        }
        let mut text = format!("{} of your own, {builtin} built in", roles.len() - builtin);
        text.push_str(&self.in_places(&roles));
        let told = self.provider.roles().iter().any(|class| class.reads(field::PERMISSIONS));
        if !told && !live.incomplete.contains_key(&Kind::Role) {
            let known =
                |role: &&&LiveObject| matches!(role.fields.get(field::PERMISSIONS), Some(Live::Attested(_)));
            let attested = roles.iter().filter(known).count();
            self.add(Check::info(
                "roles",
                format!(
                    "{text}; the API tells no permissions, those of {} attested, not verified",
                    are(attested)
                ),
            ));
            return;
        }
        let closed = |role: &&&LiveObject| {
            !role.builtin && matches!(role.fields.get(field::PERMISSIONS), Some(Live::Unreadable) | None)
        };
        let unreadable = roles.iter().filter(closed).count();
        self.add(match (live.incomplete_anywhere(Kind::Role), unreadable) {
            (Some(why), _) => Check::warning("roles", format!("{text}; incomplete: {}", why.raw()))
                .help("Nothing is removed on an incomplete read."),
            (None, 0) => Check::ok("roles", format!("{text}, all with their permissions")),
            (None, count) => Check::warning(
                "roles",
                format!("{text}; the permissions of {} cannot be read", many(count, "role")),
            )
            .help("Such a role is not compared, and not changed."),
        });
    }

    /// The single places in which definitions say that roles live, by class.
    fn named_places(&self) -> BTreeMap<(Kind, &'static str), BTreeSet<Scope>> {
        let mut places: BTreeMap<_, BTreeSet<Scope>> = BTreeMap::new();
        let desired = self.opened.loaded.desired.get(&self.target.name);
        for role in desired.iter().flat_map(|desired| &desired.roles) {
            if matches!(role.scope, Scope::In { .. }) {
                places.entry((Kind::Role, role.class)).or_default().insert(role.scope.clone());
            }
        }
        // Where no request tells who holds what, the places alone are looked at here.
        let listed = |class: &str| contract::principal(self.provider, class).is_none_or(|class| class.listed);
        for one in desired.iter().flat_map(|desired| &desired.assignments).filter(|one| !listed(one.class)) {
            if matches!(one.scope, Scope::In { .. }) {
                places.entry((Kind::Assignment, one.class)).or_default().insert(one.scope.clone());
            }
        }
        places
    }

    /// How many of `roles` live in single places, and that others may live in more; empty where a provider
    /// has no such roles.
    fn in_places(&self, roles: &[&LiveObject]) -> String {
        let scopes = self.provider.roles().iter().flat_map(|class| class.scopes);
        let kinds: BTreeSet<&str> =
            scopes.filter(|scope| scope.form == ScopeForm::Instance).map(|scope| scope.kind).collect();
        if kinds.is_empty() {
            return String::new();
        }
        let kinds = kinds.into_iter().collect::<Vec<_>>().join(" or ");
        let inside = roles.iter().filter(|role| matches!(role.key.scope, Scope::In { .. })).count();
        format!("; {inside} of them belong to one {kinds}, where the definitions name it")
    }

    /// What no request changes.
    fn facts(&mut self, live: &LiveState) {
        const SHOWN: usize = 10;
        for fact in live.facts.iter().take(SHOWN) {
            self.add(Check::info("for information", fact.raw()));
        }
        if let Some(more) = live.facts.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            self.add(Check::info("for information", format!("{more} more of the kind")));
        }
    }

    fn catalogue(&mut self, live: &LiveState) {
        let Some(known) = live.catalogue.as_ref().filter(|known| !known.is_empty()) else {
            let text = "the API does not tell which permissions there are";
            if !contract::writes_permissions(self.provider) {
                self.add(Check::info("catalogue", text));
                return;
            }
            let check = Check::warning("catalogue", text);
            self.add(check.help("A wrong name shows only when it is written."));
            return;
        };
        let kept = self.kept();
        let offline = |name: &Untrusted| {
            self.provider.catalogue().permissions.contains_key(name)
                || kept.as_ref().is_some_and(|kept| kept.permissions.contains(name))
        };
        let new: Vec<&Untrusted> = known.iter().filter(|name| !offline(name)).collect();
        let gone: Vec<&Untrusted> =
            kept.iter().flat_map(|kept| &kept.permissions).filter(|name| !known.contains(*name)).collect();
        let mut text = many(known.len(), "permission");
        if !new.is_empty() {
            text.push_str(&format!(", {} not known offline: {}", new.len(), some(&new)));
        }
        if !gone.is_empty() {
            text.push_str(&format!("; {} of the kept list gone: {}", are(gone.len()), some(&gone)));
        }
        let check = Check::ok("catalogue", text);
        self.add(match new.len() + gone.len() {
            0 => check,
            _ if kept.is_some() => {
                check.help("To bring the kept list up to date: `rolecall catalog --write`.")
            }
            _ => check.help("To check names offline, too: `rolecall catalog --write`."),
        });
    }

    /// The list that is kept beside the definitions, where there is a usable one.
    fn kept(&self) -> Option<CatalogueFile> {
        let bytes = self.opened.files.as_ref()?.read(&CatalogueFile::path(&self.target.name)).ok()?;
        CatalogueFile::parse(&bytes, self.target.provider).ok()
    }

    /// The members, their number as far as the roles tell, and what the quota makes of reading them.
    async fn members(
        &mut self,
        tenant: &Tenant,
        reader: &dyn crate::provider::Read,
        live: &LiveState,
        wishes: Wishes,
    ) {
        if !self.provider.principals().iter().any(|class| class.listed) {
            let attested = many(live.of(Kind::Assignment).count(), "assignment");
            let text = format!("the API does not tell who holds what; {attested} attested, not verified");
            self.add(Check::info("members", text));
            self.add(Check::unknown("caller", "the API does not tell for whom the credential acts"));
            return;
        }
        let reading = self.provider.member_reading();
        let expected: Option<u64> = live.of(Kind::Role).map(|role| role.holders).sum();
        let requests = reading.requests(usize::try_from(expected.unwrap_or(1)).unwrap_or(usize::MAX));
        let wait =
            reading.quota.map_or(Duration::ZERO, |quota| tenant.connection.expected_wait(&quota, requests));
        let about = match expected {
            Some(_) if wait.is_zero() => many(requests, "request"),
            Some(_) => format!("{}, at least {} s", many(requests, "request"), wait.as_secs()),
            None => "an unknown number of requests".to_owned(),
        };
        if let Some(quota) = reading.quota {
            let limit = format!(
                "members: {} in {} s, {} at a time",
                many(quota.requests, "request"),
                quota.per.as_secs(),
                tenant.connection.at_a_time(&quota)
            );
            self.add(Check::info("limits", format!("{limit}; reading all takes {about}")));
        }
        if wait > QUICK && !wishes.members {
            let text = format!("not read: {about}");
            self.add(Check::unknown("members", text).help("To read them all the same: `--members`."));
            self.add(Check::unknown("caller", "the members were not read"));
            return;
        }
        // Where people hold roles in places, those count that the definitions name.
        let desired = self.opened.loaded.desired.get(&self.target.name);
        let query = query(desired.map(|desired| &**desired), self.provider, self.target, true);
        let nowhere = !query.places.keys().any(|(kind, _)| *kind == Kind::Assignment);
        match reader.fetch(Query { roles: false, everywhere: false, inside: BTreeSet::new(), ..query }).await
        {
            Ok(members) => self.people(&members, nowhere),
            Err(error) => {
                let needed = self.opened.loaded.desired.get(&self.target.name);
                let failure = Failure::from(error);
                self.add(match needed.is_none_or(|desired| !desired.assignments.is_empty()) {
                    true => Check::failed("members", failure),
                    false => Check { help: failure.help, ..Check::warning("members", failure.message) },
                });
                self.add(Check::unknown("caller", "the members were not read"));
            }
        }
    }

    /// How many principals hold roles: members, and those of other kinds. One that holds several counts
    /// once.
    fn holders(&self, live: &LiveState) -> String {
        let classes = self.provider.principals();
        let field = |slot: &LiveObject| {
            let class = classes.iter().find(|class| class.class == slot.key.class);
            class.map_or(slot.key.class, |class| class.field)
        };
        let mut all: BTreeMap<&str, BTreeSet<&Untrusted>> = BTreeMap::new();
        for slot in live.of(Kind::Assignment) {
            all.entry(field(slot)).or_default().insert(&slot.key.name);
        }
        let members = classes.first().and_then(|class| all.remove(class.field)).unwrap_or_default();
        let mut text = many(members.len(), "member");
        for (field, principals) in all {
            let word = field.replace('_', " ");
            text.push_str(&format!(", {}", many(principals.len(), word.strip_suffix('s').unwrap_or(&word))));
        }
        text
    }

    fn people(&mut self, live: &LiveState, nowhere: bool) {
        let people = self.holders(live);
        self.add(match live.incomplete_anywhere(Kind::Assignment) {
            _ if nowhere => Check::info(
                "members",
                "the definitions name no place where somebody holds a role, so that none was read",
            ),
            Some(why) => Check::warning("members", format!("{people}; incomplete: {}", why.raw()))
                .help("Nothing is taken from anybody on an incomplete read."),
            None => Check::ok("members", format!("{people}, all with their roles")),
        });
        let caller = live.caller.as_ref().map(|id| {
            let name = live.names.iter().find(|((_, known), _)| known == id).map(|(_, name)| name);
            match name {
                Some(name) => format!("{} ({})", id.raw(), name.raw()),
                None => id.raw().to_owned(),
            }
        });
        self.add(match caller {
            Some(caller) => Check::ok("caller", format!("the credential acts for {caller}")),
            None => {
                let check = Check::unknown("caller", "the API does not tell for whom the credential acts");
                // Without an administrator role nothing guards one.
                match self.provider.catalogue().builtin.iter().any(|role| role.admin) {
                    true => {
                        check.help("A plan that moves an administrator is refused unless somebody allows it.")
                    }
                    false => check,
                }
            }
        });
    }

    fn lock(&mut self, identity: &Identity) {
        self.add(match TenantLock::look(identity) {
            Ok(()) => Check::ok("lock", "free: no other apply on this machine"),
            Err(error @ LockError::Held) => Check::failed(
                "lock",
                Failure::new(Exit::Refused, error.to_string()).help("Wait until it has ended."),
            ),
            Err(error @ LockError::Io { .. }) => Check::failed(
                "lock",
                Failure::new(Exit::Error, error.to_string())
                    .help("Apply needs it. Check the permissions there, or set XDG_RUNTIME_DIR to a folder of your own."),
            ),
        });
    }
}

/// Whether the API said something about the credential or the request, so that it can be reached.
fn answered(error: &ReadError) -> bool {
    matches!(error.kind, ReadErrorKind::Denied | ReadErrorKind::Rejected)
}

/// The first few names, and how many more.
fn some(names: &[&Untrusted]) -> String {
    const SHOWN: usize = 10;
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{}`", name.raw())).collect();
    if let Some(more) = names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

/// `1 is`, `2 are`.
fn are(number: usize) -> String {
    format!("{number} {}", if number == 1 { "is" } else { "are" })
}
