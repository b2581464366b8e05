//! A set of changes in the making, with the numbers that generated ids come from.

use crate::emulator::product::Change;

use super::caller::Request;
use super::ids;
use super::objects::Role;
use super::table::{self, Stored};
use super::time::Moment;
use super::world::{COUNTER, ENVIRONMENT, EnvironmentFacts, Organization, OrganizationFacts, put_as, scope};

/// Where a role lies.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// In the environment.
    Environment,
    /// In one organization.
    Organization(&'a Organization),
}

impl<'a> Place<'a> {
    /// The role with a slug, if it lies here.
    pub(super) fn role(self, request: Request<'a>, slug: &str) -> Option<&'a Role> {
        match self {
            Self::Environment => request.environment.roles.get(slug),
            Self::Organization(organization) => organization.roles.get(slug),
        }
    }
}

/// Changes that are to be made together.
pub(super) struct Edit<'a> {
    pub(super) request: Request<'a>,
    last: u64,
    changes: Vec<Change>,
}

impl<'a> Edit<'a> {
    pub(super) fn new(request: Request<'a>) -> Self {
        Self { request, last: request.environment.last, changes: Vec::new() }
    }

    /// The changes, complete with what was counted.
    pub(super) fn finish(mut self) -> Vec<Change> {
        if self.last != self.request.environment.last {
            self.changes.insert(0, put_as(self.request.name, COUNTER, "last", &self.last));
        }
        self.changes
    }

    /// The time of the request.
    pub(super) fn now(&self) -> Moment {
        Moment(self.request.now)
    }

    /// The next place in the order of creation.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// A new id, and the place in the order of creation.
    pub(super) fn id(&mut self, prefix: &str) -> (String, u64) {
        let number = self.number();
        (ids::id(prefix, self.now(), &format!("{}#{number}", self.request.name)), number)
    }

    /// Puts the environment's facts in place.
    pub(super) fn put_environment(&mut self, facts: &EnvironmentFacts) {
        self.changes.push(put_as("", ENVIRONMENT, self.request.name, facts));
    }

    /// Puts an organization's facts in place.
    pub(super) fn put_organization(&mut self, facts: &OrganizationFacts) {
        self.put(facts);
    }

    /// Puts an object of the environment in place.
    pub(super) fn put<T: Stored>(&mut self, object: &T) {
        self.changes.push(table::put(self.request.name, object));
    }

    /// Removes an object of the environment.
    pub(super) fn remove<T: Stored>(&mut self, key: &str) {
        self.changes.push(table::remove::<T>(self.request.name, key));
    }

    /// Puts an object of an organization in place.
    pub(super) fn put_in<T: Stored>(&mut self, organization: &str, object: &T) {
        self.changes.push(table::put(&scope(self.request.name, organization), object));
    }

    /// Removes an object of an organization.
    pub(super) fn remove_in<T: Stored>(&mut self, organization: &str, key: &str) {
        self.changes.push(table::remove::<T>(&scope(self.request.name, organization), key));
    }

    /// Removes an organization with all its objects, so that undoing brings all of them back.
    pub(super) fn remove_organization(&mut self, organization: &Organization) {
        let id = &organization.facts.id;
        let objects = organization.objects(&scope(self.request.name, id));
        self.changes.extend(objects.into_iter().rev().map(|change| Change { value: None, ..change }));
        self.remove::<OrganizationFacts>(id);
    }

    /// Puts a role in place.
    pub(super) fn put_role(&mut self, place: Place<'_>, role: &Role) {
        match place {
            Place::Environment => self.put(role),
            Place::Organization(organization) => self.put_in(&organization.facts.id, role),
        }
    }
}
