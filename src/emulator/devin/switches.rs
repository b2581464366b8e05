//! The facts that Devin's documentation leaves open, and the behaviours the emulator can show for each.

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
    ERROR_FORM "error_form" ["problem", "detail"]
        "the form of errors: application/problem+json, or the older body with detail alone, an array in a 422";
    ERROR_ITEMS "error_items" ["loc", "field"]
        "the inner shape of the errors of a problem: loc, msg, type; or field, message";
    PERMISSION_NAMES "permission_names" ["pascal", "dotted"]
        "how a 403 names the permission that is missing";
    READ_PERMISSION "read_permission" ["view", "manage"]
        "what reading members and roles needs: ViewAccountMembership, or as older pages say ManageAccountMembership";
    TOTAL "total" ["present", "null", "absent"]
        "whether a page tells how many items there are";
    NEXT_PAGE_FLAG "next_page_flag" ["present", "absent_when_false"]
        "whether the last page says that there is no next one";
    LAST_CURSOR "last_cursor" ["null", "kept"]
        "whether the last page has a cursor all the same";
    ENTERPRISE_ORG_ID "enterprise_org_id" ["null", "absent"]
        "how an assignment in the whole enterprise shows that it has no organization";
    SELF_ORG_ID "self_org_id" ["null", "absent"]
        "how a principal without an organization shows that in /v3/self";
    ORGANIZATION_LISTS "organization_lists" ["own", "all"]
        "which assignments the members of an organization show there: those of the organization, or all";
    EMAIL_FILTER "email_filter" ["exact", "any_case"]
        "whether the filter by e-mail address minds capital letters";
    UNKNOWN_ROLE "unknown_role" ["404", "422", "400"]
        "the status when a role that does not exist is assigned";
    WRONG_ROLE_TYPE "wrong_role_type" ["400", "422"]
        "the status when a role is assigned at the other level";
    DUPLICATE_ASSIGNMENT "duplicate_assignment" ["409", "400"]
        "the status of a first assignment where there is one already";
    MISSING_ASSIGNMENT "missing_assignment" ["404", "created"]
        "what changing an assignment does that is not there: it is refused, or the role is given";
    UNREGISTERED_GROUP "unregistered_group" ["404", "400"]
        "the status when a group that is not registered gets a role";
    GROUP_IN_USE "group_in_use" ["409", "400"]
        "the status when a group is unregistered that has roles or members";
    EXISTING_MEMBER "existing_member" ["returned", "409"]
        "what inviting somebody does who is a member already: the member is returned as it is, or all is refused";
    DELETED_SERVICE_USER "deleted_service_user" ["shown", "404"]
        "whether a deleted service user can still be read by its id";
    GUARD "guard" ["service_users", "everybody", "off"]
        "to whom the guard applies that the role given must not hold more than the caller, nor manage service users";
    GUARDED_LEVEL "guarded_level" ["enterprise", "both"]
        "whether the guard forbids managing the service users of an organization too";
    CUSTOM_ROLE_ID "custom_role_id" ["prefixed", "uuid"]
        "the form of the ids of roles that are made in the dashboard";
    CUSTOM_ROLES "custom_roles" ["unlocked", "hidden", "403"]
        "what an enterprise without the feature gets: all roles, only the built-in ones, or a refusal of the list";
    LEGACY_KEY "legacy_key" ["401", "403"]
        "the status when a key of an older version of the API is used";
    AUDIT_DATA "audit_data" ["ids", "with_permissions", "empty"]
        "what the data of an audit event holds: ids and names, the permissions of a role too, or nothing";
    RATE_LIMIT "rate_limit" ["none", "60_per_60s"]
        "whether requests are limited; no numbers are published";
    RETRY_AFTER "retry_after" ["header", "absent"]
        "whether a refusal for too many requests says in a header when to try again";
}
