//! What is asked of GraphQL. Source: `/api/graphql/reference/`.
//!
//! The order of pages is by id: names can change while the pages are read.

use crate::provider::http::Document;

/// What is read of a standard role.
macro_rules! standard {
    () => {
        "pageInfo { hasNextPage endCursor } nodes { id name description baseAccessLevel { integerValue } \
         enabledPermissions { pageInfo { hasNextPage } nodes { value } } membersCount usersCount detailsPath }"
    };
}

/// What is read of an admin role.
macro_rules! admin {
    () => {
        "pageInfo { hasNextPage endCursor } nodes { id name description \
         enabledPermissions { pageInfo { hasNextPage } nodes { value } } usersCount detailsPath }"
    };
}

/// The catalogue of one kind of role.
macro_rules! permissions {
    () => {
        "{ pageInfo { hasNextPage } nodes { value } }"
    };
}

/// The built-in roles that a custom role can start from here: those that are switched off are not there
/// (`MemberRolesAccessLevel`).
macro_rules! bases {
    () => {
        " bases: __type(name: \"MemberRolesAccessLevel\") { enumValues { name } }"
    };
}

/// Roles of a group, and the catalogue beside their first page.
pub(super) const GROUP: Document = Document {
    parameters: "$group: ID!, $after: String",
    selection: concat!(
        "group(fullPath: $group) { id memberRoles(first: 100, after: $after, orderBy: ID, sort: ASC) { ",
        standard!(),
        " } } memberRolePermissions ",
        permissions!(),
        bases!()
    ),
};

/// The next page of a group's roles.
pub(super) const GROUP_NEXT: Document = Document {
    parameters: "$group: ID!, $after: String",
    selection: concat!(
        "group(fullPath: $group) { id memberRoles(first: 100, after: $after, orderBy: ID, sort: ASC) { ",
        standard!(),
        " } }"
    ),
};

/// Roles of an instance of both kinds, and their catalogues beside the first pages.
pub(super) const INSTANCE: Document = Document {
    parameters: "$after: String",
    selection: concat!(
        "memberRoles(first: 100, after: $after, orderBy: ID, sort: ASC) { ",
        standard!(),
        " } memberRolePermissions ",
        permissions!(),
        " adminMemberRoles(first: 100) { ",
        admin!(),
        " } adminMemberRolePermissions ",
        permissions!(),
        bases!()
    ),
};

/// The next page of an instance's standard roles.
pub(super) const INSTANCE_NEXT: Document = Document {
    parameters: "$after: String",
    selection: concat!(
        "memberRoles(first: 100, after: $after, orderBy: ID, sort: ASC) { ",
        standard!(),
        " }"
    ),
};

/// The next page of an instance's admin roles.
pub(super) const ADMIN_NEXT: Document = Document {
    parameters: "$after: String",
    selection: concat!("adminMemberRoles(first: 100, after: $after) { ", admin!(), " }"),
};

/// What is read of the policies that name a role.
macro_rules! policies {
    () => {
        "memberRoles(first: 100, after: $after, orderBy: ID, sort: ASC) { pageInfo { hasNextPage endCursor } \
         nodes { id dependentSecurityPolicies { name } } }"
    };
}

/// Security policies that name roles of a group.
pub(super) const GROUP_POLICIES: Document = Document {
    parameters: "$group: ID!, $after: String",
    selection: concat!("group(fullPath: $group) { ", policies!(), " }"),
};

/// Security policies that name roles of an instance.
pub(super) const INSTANCE_POLICIES: Document =
    Document { parameters: "$after: String", selection: policies!() };

/// What a mutation of a role answers.
macro_rules! outcome {
    () => {
        " { errors memberRole { id } }"
    };
}

/// Makes a standard role.
pub(super) const CREATE: Document = Document {
    parameters: "$input: MemberRoleCreateInput!",
    selection: concat!("outcome: memberRoleCreate(input: $input)", outcome!()),
};

/// Changes a standard role.
pub(super) const UPDATE: Document = Document {
    parameters: "$input: MemberRoleUpdateInput!",
    selection: concat!("outcome: memberRoleUpdate(input: $input)", outcome!()),
};

/// Deletes a standard role.
pub(super) const DELETE: Document = Document {
    parameters: "$input: MemberRoleDeleteInput!",
    selection: concat!("outcome: memberRoleDelete(input: $input)", outcome!()),
};

/// Makes an admin role.
pub(super) const ADMIN_CREATE: Document = Document {
    parameters: "$input: MemberRoleAdminCreateInput!",
    selection: concat!("outcome: memberRoleAdminCreate(input: $input)", outcome!()),
};

/// Changes an admin role.
pub(super) const ADMIN_UPDATE: Document = Document {
    parameters: "$input: MemberRoleAdminUpdateInput!",
    selection: concat!("outcome: memberRoleAdminUpdate(input: $input)", outcome!()),
};

/// Deletes an admin role.
pub(super) const ADMIN_DELETE: Document = Document {
    parameters: "$input: MemberRoleAdminDeleteInput!",
    selection: concat!("outcome: memberRoleAdminDelete(input: $input)", outcome!()),
};
