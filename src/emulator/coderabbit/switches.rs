//! The facts that CodeRabbit's documentation leaves open, and the behaviours the emulator can show for each.

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
    PATCH_PERMISSIONS "patch_permissions" ["replace", "merge"]
        "whether permissions sent with PATCH replace the role's set or are added to it";
    CREATE_OVERLAY "create_overlay" ["replace", "overlay", "overlay_resource"]
        "what permissions sent beside duplicate_from do: replace the copy, add to it, or replace it for the resources they name";
    EMPTY_PERMISSIONS "empty_permissions" ["empty", "member_default"]
        "what `permissions: []` on create means";
    ACCESS_TYPE "access_type" ["required", "optional"]
        "whether access_type may be absent or null in a permission";
    WRITE_IMPLIES_READ "write_implies_read" ["no", "yes"]
        "whether the server adds read where write is given";
    ENTRIES_PER_RESOURCE "entries_per_resource" ["several", "highest"]
        "whether one resource may have several entries, or only its highest access is kept";
    PERMISSION_ORDER "permission_order" ["sorted", "reversed"]
        "the order of permissions in answers";
    LIST_ORDER "list_order" ["created", "id"]
        "the order of roles in lists";
    DELETE_IN_USE "delete_in_use" ["409", "400"]
        "the status when a role that somebody holds is deleted";
    DELETE_DEFAULT "delete_default" ["allowed", "refused"]
        "whether the default role can be deleted";
    DUPLICATE_NAME "duplicate_name" ["409", "400", "422", "allowed"]
        "the status when a role's name is taken, or that this is allowed";
    NAME_CASE "name_case" ["sensitive", "insensitive"]
        "whether names that differ only in case are the same";
    NAME_TRIM "name_trim" ["keep", "trim"]
        "whether blanks around a name are kept";
    SYSTEM_ROLE_STATUS "system_role_status" ["403", "400", "409"]
        "the status when a system role is changed or deleted";
    UNKNOWN_FIELDS "unknown_fields" ["ignored", "refused"]
        "whether body fields that are not documented are ignored or refused with 400";
    ROLE_SHAPE "role_shape" ["wrapped", "unwrapped"]
        "whether one role of family A stands in `role` or is the body";
    LIST_SHAPE "list_shape" ["roles", "data", "array"]
        "whether the list of family A stands in `roles`, in `data` or is the body";
    FAMILY_A_ID "family_a_id" ["role", "role_id", "id"]
        "what family A calls a role's id";
    FAMILY_A_NAME "family_a_name" ["role_name", "name"]
        "what family A calls a role's name";
    ERROR_ENVELOPE "error_envelope" ["error_object", "error_upper", "errors_list", "message"]
        "the form of family A's errors: error object with lower or upper case codes, list, or top-level message";
    FAMILY_B_GET "family_b_get" ["wrapped", "unwrapped"]
        "whether one role of family B stands in `role` or is the body when it is read";
    FAMILY_B_CREATE_STATUS "family_b_create_status" ["201", "200"]
        "the status of a create in family B";
    FAMILY_B_DELETE "family_b_delete" ["absent", "present"]
        "whether family B can delete";
    FAMILY_B_PATCH_DEFAULT "family_b_patch_default" ["ignored", "applied"]
        "what is_default in a PATCH of family B does";
    BILLING_ADMIN_ID "billing_admin_id" ["cr_billing_admin", "other"]
        "the id of the Billing Admin role; `other` is `cr_billing`";
    MEMBER_IS_DEFAULT "member_is_default" ["no", "yes"]
        "whether cr_member shows is_default while no custom role is the default";
    USER_ROLE_VALUE "user_role_value" ["id", "name", "custom", "null"]
        "what `role` holds for a user with a custom role in GET /v1/users";
    USER_FIELDS "user_fields" ["documented", "extended"]
        "whether GET /v1/users tells user_name, email and name besides the documented fields";
    ROLE_FILTER "role_filter" ["short", "prefixed", "both"]
        "whether role_filter takes member and admin, cr_member and cr_admin, or both";
    MEMBER_FILTER "member_filter" ["exact", "non_admin"]
        "whether role_filter=member finds only cr_member or everybody who is no administrator";
    ASSIGN_UNKNOWN_ROLE "assign_unknown_role" ["400", "404"]
        "the status when a role that does not exist is assigned";
    ASSIGN_BILLING_ADMIN "assign_billing_admin" ["refused", "allowed"]
        "whether the Billing Admin role can be assigned";
    SEAT_MODE_GET "seat_mode_get" ["absent", "present"]
        "whether GET /v1/users/seats/assignment exists";
    ME "me" ["present", "absent"]
        "whether GET /v1/me exists";
    ME_CALLER "me_caller" ["absent", "user_id", "user"]
        "whether GET /v1/me tells the calling user, as `user_id` or as `user.id`";
    ME_ROLE "me_role" ["absent", "present"]
        "whether GET /v1/me tells the caller's role";
    KEY_PREFIX "key_prefix" ["any", "cr-"]
        "whether a key must begin with `cr-`";
    RIGHTS "rights" ["permission", "admin_only"]
        "whether role and user management rights of a custom role suffice, or only the Admin role does";
    NON_ENTERPRISE "non_enterprise" ["all", "writes"]
        "which requests are refused without an Enterprise plan";
    LEGACY_ROLE_STATUS "legacy_role_status" ["403", "401", "410"]
        "the status of role requests with a legacy key";
    ORG_ID_PATCH "org_id_patch" ["body", "query"]
        "where PATCH of family A takes a workspace key's org_id from";
    ORG_ID_DELETE "org_id_delete" ["query", "body"]
        "where DELETE takes a workspace key's org_id from";
    TIMESTAMPS "timestamps" ["rfc3339", "rfc3339_millis", "offset", "date_time", "absent"]
        "the format of created_at and updated_at";
    ROLE_AUDIT "role_audit" ["logged", "absent"]
        "whether create, update and delete of custom roles appear in the audit log";
    RATE_LIMITS "rate_limits" ["on", "off"]
        "whether the documented limits of GET /v1/users and POST /v1/users/roles are enforced";
    RATE_LIMIT_SCOPE "rate_limit_scope" ["endpoint", "shared"]
        "whether those two limits are counted apart or together";
    ROLE_RATE_LIMIT "role_rate_limit" ["none", "10_per_60s"]
        "whether role requests have a limit";
    RETRY_AFTER "retry_after" ["body", "header", "both", "absent"]
        "where a rate limit says when to try again";
}
