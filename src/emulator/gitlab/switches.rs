//! What differs between GitLab instances, and the facts that GitLab's documentation leaves open.

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
    LICENCE "licence" ["ultimate", "none"]
        "whether there is a licence for custom roles; without one lists are empty and writes refused";
    ABILITIES "abilities" ["19.3", "18.9"]
        "the version whose abilities, and bases that have them already, hold";
    SECURITY_MANAGER_ROLE "security_manager" ["off", "on"]
        "whether the base role Security Manager (25) exists; since which version is not established";
    CUSTOM_ADMIN_ROLES "custom_admin_roles" ["on", "off"]
        "the feature flag of custom admin roles";
    GROUP_LINK_ROLES "group_link_roles" ["deployment", "on", "off"]
        "whether a group share keeps its custom role: as the deployment has it (instance yes, gitlab.com no), yes, or no";
    PROJECT_SHARE_ROLES "project_share_roles" ["off", "on"]
        "whether sharing a project keeps a custom role, which is behind an unfinished flag";
    INVITED_CUSTOM_ROLE "invited_custom_role" ["rule", "guest"]
        "whether people of an invited group keep custom roles by the rule for invited groups, or are plain Guests";
    FLAG_ADMIN_SECURITY_ATTRIBUTES "flag_admin_security_attributes" ["on", "off"]
        "the feature flag of admin_security_attributes";
    FLAG_READ_SECURITY_ATTRIBUTE "flag_read_security_attribute" ["on", "off"]
        "the feature flag of read_security_attribute";
    FLAG_ADMIN_SECURITY_TESTING "flag_admin_security_testing" ["off", "on"]
        "the feature flag of admin_security_testing";
    FLAG_MANAGE_PROTECTED_TAGS "flag_manage_protected_tags" ["off", "on"]
        "the feature flag of manage_protected_tags";
    ADMIN_SECURITY_TESTING_19 "admin_security_testing_19" ["present", "absent"]
        "whether 19.x still has the ability admin_security_testing";
    SEC_AI_ABILITY "sec_ai_ability" ["present", "absent"]
        "whether 19.x has update_sec_ai_workflow_settings under this name";
    ADMIN_MODE "admin_mode" ["off", "on"]
        "whether instance endpoints need a token with the scope admin_mode";
    PROMOTION_MANAGEMENT "promotion_management" ["off", "on"]
        "whether a change that uses a further seat waits for an administrator (202), unless one makes it";
    TOO_LONG "too_long" ["500", "400"]
        "the status when a name or description has more than 255 characters";
    UNKNOWN_PARAMETERS "unknown_parameters" ["ignored", "400"]
        "what REST does with parameters of a role that do not exist";
    ADMIN_ROLE_NAMES "admin_role_names" ["shared", "separate"]
        "whether admin roles and standard roles of an instance share their names";
    PROTECTED_BRANCH_DELETE "protected_branch_delete" ["refused", "allowed"]
        "whether a role that a protected branch uses can be deleted; 19.x refuses";
    MEMBER_ROLES_WITHOUT_IDS "member_roles_without_ids" ["internal_error", "argument_error"]
        "the text of the error when gitlab.com is asked for memberRoles without ids";
    INTROSPECTION "introspection" ["on", "off"]
        "whether GraphQL tells which values an enum has";
    GRAPHQL_BAD_TOKEN "graphql_bad_token" ["errors", "message"]
        "the body of GraphQL's 401: a list of errors, or the message of REST";
    INSUFFICIENT_SCOPE "insufficient_scope" ["oauth", "forbidden"]
        "the body of the 403 for a token without the scope: OAuth's error, or the plain message";
    SHARE_STATUS "share_status" ["201", "200"]
        "the status when a group or project is shared";
    LINK_BASE_MISMATCH "link_base_mismatch" ["refused", "overwritten", "kept"]
        "what happens when the level of a share or LDAP link is not the base of its custom role";
    LAPSED_MEMBER_ROLE "lapsed_member_role" ["absent", "shown"]
        "whether memberships still show their custom role without a licence";
    LINK_NOT_FOUND "link_not_found" ["404 Not Found", "404 Group Link Not Found"]
        "the text of the 404 for an LDAP or SAML group link that does not exist";
    MEMBER_NOT_FOUND "member_not_found" ["404 Not found", "404 Member Not Found"]
        "the text of the 404 for a person who is no direct member";
    RATE_LIMITS "rate_limits" ["on", "off"]
        "whether the documented limits are enforced";
    THROTTLE "throttle" ["deployment", "on", "off"]
        "whether requests of a user are counted against 2000 a minute and answers tell so: on gitlab.com only, always, or never";
    THROTTLE_BODY "throttle_body" ["retry_later", "empty", "json"]
        "the body of the throttle's 429: `Retry later` as text, none, or a JSON message";
    APPLICATION_RETRY_AFTER "application_retry_after" ["60", "absent"]
        "whether the 429 of a limit of one endpoint says Retry-After: 60";
}
