//! The facts that Infracodebase's documentation leaves open, and the behaviours the emulator can show for each.

use crate::emulator::Switch;

/// Whether the description names endpoints for roles.
pub(super) const ROLE_ENDPOINTS: Switch = Switch {
    name: "role_endpoints",
    values: &["absent", "described"],
    about: "whether the OpenAPI document has a path for roles, which no documentation mentions; calling it is a 501",
};
/// Whether reading the description needs a token.
pub(super) const DESCRIPTION_TOKEN: Switch = Switch {
    name: "description_token",
    values: &["not_needed", "needed"],
    about: "whether the OpenAPI document is only for callers with a token",
};
/// The form of errors.
pub(super) const ERROR_BODY: Switch = Switch {
    name: "error_body",
    values: &["text", "json", "empty"],
    about: "the body of an error: text, JSON with a message, or none",
};
/// Which form tokens must have.
pub(super) const TOKEN_FORM: Switch = Switch {
    name: "token_form",
    values: &["any", "prefixed"],
    about: "whether a token must begin with icb_pat_ or icb_eat_, as the documented ones do",
};
/// What an enterprise shows that the token does not reach.
pub(super) const FOREIGN_ENTERPRISE: Switch = Switch {
    name: "foreign_enterprise",
    values: &["404", "403"],
    about: "the status of an enterprise that the token does not reach",
};
/// What the list of enterprises tells about the caller.
pub(super) const LISTING: Switch = Switch {
    name: "listing",
    values: &["names", "role"],
    about: "whether the list of enterprises tells the caller's role and the number of workspaces",
};
/// Which documented endpoints answer that they are not there yet.
pub(super) const PENDING: Switch = Switch {
    name: "pending",
    values: &["none", "workspaces", "all"],
    about: "which endpoints answer 501 not_implemented, as documented ones may",
};
/// Whether requests are limited.
pub(super) const RATE_LIMIT: Switch = Switch {
    name: "rate_limit",
    values: &["none", "60_per_60s"],
    about: "whether requests are limited; no numbers are published",
};

/// All switches.
pub(super) static ALL: &[Switch] = &[
    ROLE_ENDPOINTS,
    DESCRIPTION_TOKEN,
    ERROR_BODY,
    TOKEN_FORM,
    FOREIGN_ENTERPRISE,
    LISTING,
    PENDING,
    RATE_LIMIT,
];
