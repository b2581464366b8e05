//! A set of changes in the making, with the numbers that generated ids come from, and the audit log.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::emulator::product::Change;

use super::caller::{Principal, Request};
use super::objects::{Event, Role};
use super::switches::AUDIT_DATA;
use super::table::{self, Stored, put_as};
use super::world::COUNTER;

/// Changes that are to be made together.
pub(super) struct Edit<'a> {
    pub(super) request: Request<'a>,
    last: u64,
    changes: Vec<Change>,
}

impl<'a> Edit<'a> {
    pub(super) fn new(request: Request<'a>) -> Self {
        Self { request, last: request.enterprise.last, changes: Vec::new() }
    }

    /// The changes, complete with what was counted.
    pub(super) fn finish(mut self) -> Vec<Change> {
        if self.last != self.request.enterprise.last {
            self.changes.insert(0, put_as(self.request.name, COUNTER, "last", &self.last));
        }
        self.changes
    }

    /// The next place in the order of creation.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// A new id, and the place in the order of creation.
    pub(super) fn id(&mut self, prefix: &str) -> (String, u64) {
        let number = self.number();
        (id(prefix, self.request.name, number), number)
    }

    /// Puts an object in place.
    pub(super) fn put<T: Stored>(&mut self, object: &T) {
        self.changes.push(table::put(self.request.name, object));
    }

    /// Removes an object.
    pub(super) fn remove<T: Stored>(&mut self, key: &str) {
        self.changes.push(table::remove::<T>(self.request.name, key));
    }

    /// Notes in the audit log what is done, and to whom.
    pub(super) fn log(&mut self, action: &str, org: Option<&str>, data: Value) {
        let (user_id, service_user_id) = match self.request.principal {
            Some(Principal::User(user)) => (Some(user.id.clone()), None),
            Some(Principal::ServiceUser(service_user)) => (None, Some(service_user.id.clone())),
            None => (None, None),
        };
        let data = match data {
            Value::Object(data) if !self.request.switches.is(&AUDIT_DATA, "empty") => data,
            _ => Map::new(),
        };
        let (id, order) = self.id("audit-");
        self.put(&Event {
            id,
            action: action.to_owned(),
            created_at: self.request.now,
            data,
            org_id: org.map(str::to_owned),
            user_id,
            service_user_id,
            order,
        });
    }

    /// Notes in the audit log what became of a role.
    pub(super) fn log_role(&mut self, action: &str, role: &Role) {
        let mut data = json!({ "role_id": role.id, "role_name": role.name, "role_type": role.level });
        if self.request.switches.is(&AUDIT_DATA, "with_permissions") {
            data["permissions"] = json!(role.permissions);
        }
        self.log(action, None, data);
    }
}

/// An id: a prefix, and hexadecimal digits that follow from the enterprise and a number alone.
pub(super) fn id(prefix: &str, enterprise: &str, number: u64) -> String {
    let digest = Sha256::digest(format!("{prefix}{enterprise}#{number}"));
    let digits = digest.iter().take(8).map(|byte| format!("{byte:02x}"));
    std::iter::once(prefix.to_owned()).chain(digits).collect()
}
