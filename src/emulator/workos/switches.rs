//! The facts that WorkOS's documentation leaves open, and the behaviours the emulator can show for each.

use crate::emulator::Switch;

/// Declares every switch as a constant, and the table of all of them.
macro_rules! switches {
    ($($constant:ident $name:literal [$($value:literal),+] $about:literal;)+) => {
        $(
            #[doc = $about]
            pub(super) const $constant: Switch = Switch { name: $name, values: &[$($value),+], about: $about };
        )+
        /// All switches.
        pub(super) static ALL: &[Switch] = &[$($constant),+];
    };
}

switches! {
    UNKNOWN_PERMISSION "unknown_permission" ["404", "422"]
        "the status when a role is given a permission that does not exist";
    PARTIAL_PERMISSIONS "partial_permissions" ["none", "known"]
        "what a permission set with an unknown slug does besides its error: nothing, or it sets those that are known";
    PERMISSION_SCOPE "permission_scope" ["same_type", "free"]
        "whether a role takes only permissions of its own resource type (else 422)";
    PERMISSION_ORDER "permission_order" ["sorted", "reversed", "sent"]
        "the order of a role's permissions in answers";
    PERMISSION_DELETE "permission_delete" ["cascade", "kept", "409"]
        "what deleting a permission does while roles have it: it leaves them, it stays in them, or it is refused";
    SYSTEM_PERMISSION_UPDATE "system_permission_update" ["403", "allowed"]
        "whether a permission that WorkOS manages can be updated";
    ENVIRONMENT_ROLE_BY_ORGANIZATION "environment_role_by_organization" ["404", "403"]
        "the status when an environment role is changed through the path of an organization";
    MISSING_METHOD "missing_method" ["404", "405"]
        "the status of a method that a path does not have, such as DELETE of an environment role";
    UNKNOWN_RESOURCE_TYPE "unknown_resource_type" ["404", "422"]
        "the status when a role or permission is created for a resource type that does not exist";
    EMPTY_DESCRIPTION "empty_description" ["kept", "null"]
        "whether a description of no characters is kept or becomes null";
    UNKNOWN_FIELDS "unknown_fields" ["ignored", "refused"]
        "whether body fields that are not documented, such as slug in an update, are ignored or refused with 422";
    VALIDATION_STATUS "validation_status" ["422", "400"]
        "the status of role and permission requests with a value that is not valid, where both are documented";
    VALIDATION_BODY "validation_body" ["message", "code", "errors"]
        "the form of a 422: message alone, with a code, or with a list of fields";
    UNAUTHORIZED_BODY "unauthorized_body" ["message", "error", "empty"]
        "the form of a 401";
    CUSTOM_ROLE_PLAN "custom_role_plan" ["included", "refused"]
        "whether the plan includes custom roles; else every write of one is a 403";
    CUSTOM_ROLE_LIMIT "custom_role_limit" ["none", "5"]
        "how many custom roles an organization can have; more is a 422";
    DELETE_DEFAULT_ROLE "delete_default_role" ["400", "allowed"]
        "whether the custom role that is its organization's default can be deleted";
    LAST_CUSTOM_ROLE "last_custom_role" ["keeps_own", "inherits"]
        "whether an organization keeps its own default and order when its last custom role is deleted";
    PRIORITY_ENDPOINT "priority_endpoint" ["absent", "slugs", "ids"]
        "whether the former route for the order of an organization's roles is still there, and what it takes";
    DELETE_GROUP_ROLE "delete_group_role" ["role_has_assignments", "role_has_group_role_mappings", "cascade"]
        "what deleting a custom role does while a WorkOS group has it: one of two 409 codes, or the group loses it";
    GROUP_ROLES "group_roles" ["hidden", "shown"]
        "whether the roles that a membership has through groups appear in its own roles";
    GROUP_PROPAGATION "group_propagation" ["immediate", "2s"]
        "how long after its cause a role that comes through a group appears at the members";
    GROUP_LIMIT "group_limit" ["none", "5"]
        "how many members a group can have; more is a 400";
    ORGANIZATION_ASSIGNMENT "organization_assignment" ["replaces", "refused"]
        "what a role assignment on the organization itself does with single roles: it replaces the membership's role, or it is a 422";
    ORGANIZATION_RESOURCE "organization_resource" ["id", "external_id"]
        "the external id of the resource that stands for an organization: its id, or its own external id if it has one";
    UNKNOWN_ASSIGNED_ROLE "unknown_assigned_role" ["404", "422"]
        "the status when a role that does not exist is assigned on a resource";
    DUPLICATE_ASSIGNMENT "duplicate_assignment" ["existing", "422"]
        "what assigning a role does that the membership has on the resource already";
    EXISTING_MEMBERSHIP "existing_membership" ["422", "updated"]
        "what creating an active membership that is there already does";
    UNKNOWN_FILTER "unknown_filter" ["404", "empty"]
        "what a list of memberships of an unknown organization or user is";
    UNKNOWN_CURSOR "unknown_cursor" ["422", "place"]
        "what a cursor means that names no object of the list: it is refused, or it stands for the id's place";
    CONCURRENT_ROLE_WRITES "concurrent_role_writes" ["allowed", "409"]
        "what two requests do that change the roles of one organization at once: both are done, or the later is a 409";
    ORGANIZATION_DELETE "organization_delete" ["202", "200"]
        "the status when an organization is deleted; both are documented";
    RATE_LIMITS "rate_limits" ["on", "off"]
        "whether the documented limits are enforced";
    RATE_LIMIT_SCOPE "rate_limit_scope" ["key", "ip"]
        "whether the general limit is counted by key or by address";
    AUTHORIZATION_LIMIT "authorization_limit" ["none", "50_per_10s"]
        "whether requests under /authorization have a limit of their own";
    RETRY_AFTER "retry_after" ["header", "absent"]
        "whether a rate limit says in a header when to try again";
}
