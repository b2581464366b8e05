"""Drives a WorkOS server with the vendor's own client, whose parser refuses an answer with a missing field.

    workos_client.py URL KEY [--documented]

The server must hold the emulator's sample. With `--documented` the calls are left out that the vendor's OpenAPI
document does not have, and answers that it does not describe; so a validating proxy can stand between.
Every call that the client has for roles, permissions, memberships, organizations, groups and role assignments
is made at least once; the last line says how many calls of each service were made.
"""

import sys
from collections import Counter

from workos import WorkOSClient
from workos._errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    UnprocessableEntityError,
    AuthorizationError,
)
from workos.authorization._resource import ResourceTargetByExternalId, ResourceTargetById
from workos.authorization.models.replace_group_role_assignment_entry import ReplaceGroupRoleAssignmentEntry
from workos.organization_membership._resource import RoleMultiple, RoleSingle
from workos.organizations.models.organization_domain_data import OrganizationDomainData

URL, KEY = sys.argv[1], sys.argv[2]
DOCUMENTED_ONLY = "--documented" in sys.argv[3:]
ACME, GLOBEX = "org_acme", "org_globex"
CALLS = Counter()


class Counted:
    """A service of the client that notes which of its methods were called."""

    def __init__(self, name, service):
        self._name, self._service = name, service

    def __getattr__(self, method):
        call = getattr(self._service, method)

        def counted(*args, **kwargs):
            CALLS[f"{self._name}.{method}"] += 1
            return call(*args, **kwargs)

        return counted


def broken(kind, code, call, *args, **kwargs):
    """As `refused`, for a request that the document does not allow; a validating proxy would answer it itself."""
    if not DOCUMENTED_ONLY:
        refused(kind, code, call, *args, **kwargs)


def refused(kind, code, call, *args, **kwargs):
    """The call is refused with this kind of error and this code; returns the error."""
    try:
        answer = call(*args, **kwargs)
    except kind as error:
        assert error.code == code, f"{error.code!r}, not {code!r}: {error}"
        assert error.request_id, "an answer without X-Request-ID"
        return error
    except APIError as error:
        raise AssertionError(f"{error.status_code}, not {kind.__name__}: {error}") from error
    raise AssertionError(f"not refused: {answer}")


def slugs(page):
    return [item.slug for item in page.data]


def every(list_call, *args, **kwargs):
    """All items of a list, three at a time, with the pages checked against each other."""
    page = list_call(*args, limit=3, **kwargs)
    items, pages = [], 0
    while True:
        assert len(page.data) <= 3
        items += page.data
        pages += 1
        if page.after is None:
            break
        previous, page = page, list_call(*args, limit=3, after=page.after, **kwargs)
        back = list_call(*args, limit=3, before=page.data[0].id, **kwargs)
        assert [item.id for item in back.data] == [item.id for item in previous.data]
    ids = [item.id for item in items]
    assert len(ids) == len(set(ids))
    whole = list_call(*args, limit=100, **kwargs)
    assert [item.id for item in whole.data] == ids and whole.after is None and whole.before is None
    return items, pages


w = WorkOSClient(api_key=KEY, client_id="client_x", base_url=URL, max_retries=0)
authorization = Counted("authorization", w.authorization)
memberships = Counted("organization_membership", w.organization_membership)
organizations = Counted("organizations", w.organizations)
groups = Counted("groups", w.groups)


def permissions():
    first = authorization.list_permissions()
    assert len(first.data) == 10 and first.after, "a page has ten items unless told otherwise"
    listed, pages = every(authorization.list_permissions)
    assert pages > 3 and len(listed) == 13
    assert len(list(first.auto_paging_iter())) == 13
    backwards, _ = every(authorization.list_permissions, order="asc")
    assert [item.id for item in backwards] == [item.id for item in reversed(listed)]
    made = authorization.create_permission(
        slug="documents:read*", name="Read documents", description="All of them"
    )
    assert (made.slug, made.system, made.resource_type_slug) == ("documents:read*", False, "organization")
    refused(ConflictError, "permission_slug_conflict", authorization.create_permission, slug="documents:read*", name="x")
    refused(UnprocessableEntityError, None, authorization.create_permission, slug="Documents", name="x")
    broken(UnprocessableEntityError, None, authorization.create_permission, slug="x", name="x" * 49)
    refused(NotFoundError, None, authorization.create_permission, slug="x", name="x", resource_type_slug="nothing")
    assert authorization.get_permission("documents:read*").id == made.id
    changed = authorization.update_permission("documents:read*", name="Documents", description=None)
    assert (changed.name, changed.description, changed.id) == ("Documents", None, made.id)
    refused(NotFoundError, None, authorization.get_permission, "nothing")
    refused(NotFoundError, None, authorization.update_permission, "nothing", name="x")
    refused(NotFoundError, None, authorization.delete_permission, "nothing")
    refused(AuthorizationError, None, authorization.delete_permission, "widgets:sso:manage")
    refused(AuthorizationError, None, authorization.update_permission, "widgets:sso:manage", name="x")


def environment_roles():
    before = slugs(authorization.list_environment_roles())
    assert before == ["admin", "support-agent", "project-editor", "member"]
    made = authorization.create_environment_role(slug="auditor", name="Auditor", description="Reads")
    assert (made.type, made.permissions, made.resource_type_slug) == ("EnvironmentRole", [], "organization")
    assert slugs(authorization.list_environment_roles()) == before + ["auditor"], "new roles go to the bottom"
    refused(ConflictError, "role_slug_conflict", authorization.create_environment_role, slug="auditor", name="x")
    refused(UnprocessableEntityError, None, authorization.create_environment_role, slug="-x", name="x")
    refused(NotFoundError, None, authorization.create_environment_role, slug="x", name="x", resource_type_slug="nothing")
    full = authorization.set_environment_role_permissions("auditor", permissions=["reports:read", "billing:read"])
    assert set(full.permissions) == {"reports:read", "billing:read"} and full.id == made.id
    refused(NotFoundError, None, authorization.set_environment_role_permissions, "auditor", permissions=["reports:export", "nothing"])
    assert set(authorization.get_environment_role("auditor").permissions) == {"reports:read", "billing:read"}
    added = authorization.add_environment_role_permission("auditor", body_slug="documents:read*")
    again = authorization.add_environment_role_permission("auditor", body_slug="documents:read*")
    assert len(added.permissions) == 3 and again.updated_at == added.updated_at
    refused(NotFoundError, None, authorization.add_environment_role_permission, "auditor", body_slug="nothing")
    refused(UnprocessableEntityError, None, authorization.add_environment_role_permission, "auditor", body_slug="project:read")
    changed = authorization.update_environment_role("auditor", name="Auditor 2", description=None)
    assert (changed.name, changed.description, len(changed.permissions)) == ("Auditor 2", None, 3)
    refused(NotFoundError, None, authorization.get_environment_role, "org-billing-admin")
    refused(NotFoundError, None, authorization.update_environment_role, "nothing", name="x")
    authorization.delete_permission("documents:read*")
    assert len(authorization.get_environment_role("auditor").permissions) == 2
    assert authorization.set_environment_role_permissions("auditor", permissions=[]).permissions == []


def organization_roles():
    listed = authorization.list_organization_roles(ACME).data
    assert [role.slug for role in listed][-1] == "auditor", "a new environment role is at the bottom there too"
    assert {role.type for role in listed} == {"EnvironmentRole", "OrganizationRole"}
    assert slugs(authorization.list_organization_roles(GLOBEX))[0] == "admin"
    made = authorization.create_organization_role(ACME, slug="org-auditor", name="Auditor", description=None)
    assert (made.type, made.permissions) == ("OrganizationRole", [])
    generated = authorization.create_organization_role(ACME, name="Night  Shift!")
    assert generated.slug.startswith("night-shift-") and len(generated.slug) == len("night-shift-") + 6
    refused(ConflictError, "organization_role_slug_conflict", authorization.create_organization_role, ACME, slug="org-auditor", name="x")
    refused(UnprocessableEntityError, None, authorization.create_organization_role, ACME, slug="auditor-2", name="x")
    refused(UnprocessableEntityError, None, authorization.create_organization_role, ACME, slug="org-x", name="")
    refused(NotFoundError, None, authorization.create_organization_role, "org_nothing", slug="org-x", name="x")
    other = authorization.create_organization_role(GLOBEX, slug="org-auditor", name="Auditor")
    assert other.id != made.id, "a slug is unique within its organization only"
    assert slugs(authorization.list_organization_roles(GLOBEX))[-1] == "org-auditor"
    full = authorization.set_organization_role_permissions(ACME, "org-auditor", permissions=["reports:read", "billing:read"])
    assert set(full.permissions) == {"reports:read", "billing:read"}
    added = authorization.add_organization_role_permission(ACME, "org-auditor", body_slug="reports:export")
    assert len(added.permissions) == 3
    authorization.remove_organization_role_permission(ACME, "org-auditor", "reports:export")
    assert set(authorization.get_organization_role(ACME, "org-auditor").permissions) == {"reports:read", "billing:read"}
    refused(NotFoundError, None, authorization.remove_organization_role_permission, ACME, "org-auditor", "reports:export")
    refused(NotFoundError, None, authorization.set_organization_role_permissions, ACME, "org-auditor", permissions=["nothing"])
    changed = authorization.update_organization_role(ACME, "org-auditor", name="Auditor 2", description="Reads")
    assert (changed.name, changed.description) == ("Auditor 2", "Reads")
    assert authorization.get_organization_role(ACME, "org-auditor").name == "Auditor 2"
    assert authorization.get_organization_role(ACME, "member").type == "EnvironmentRole"
    refused(NotFoundError, None, authorization.get_organization_role, GLOBEX, "org-billing-admin")
    refused(NotFoundError, None, authorization.update_organization_role, ACME, "member", name="x")
    refused(ConflictError, "role_has_assignments", authorization.delete_organization_role, ACME, "org-billing-admin")
    authorization.delete_organization_role(ACME, generated.slug)
    refused(NotFoundError, None, authorization.delete_organization_role, ACME, generated.slug)


def organizations_of_all_kinds():
    listed, _ = every(organizations.list_organizations)
    assert {org.name for org in listed} == {"Acme", "Globex", "Initech"}
    assert [org.name for org in organizations.list_organizations(search="glob").data] == ["Globex"]
    assert [org.id for org in organizations.list_organizations(domains=["acme.example.test"]).data] == [ACME]
    assert organizations.get_organization_by_external_id("acme").id == ACME
    refused(NotFoundError, None, organizations.get_organization_by_external_id, "nothing")
    refused(NotFoundError, None, organizations.get_organization, "org_nothing")
    made = organizations.create_organization(
        name="Hooli",
        external_id="hooli",
        metadata={"tier": "free"},
        domain_data=[OrganizationDomainData(domain="hooli.example.test", state="verified")],
    )
    assert organizations.get_organization(made.id).external_id == "hooli"
    refused(BadRequestError, "external_id_already_used", organizations.create_organization, name="x", external_id="hooli")
    refused(ConflictError, None, organizations.create_organization, name="x", domains=["hooli.example.test"])
    changed = organizations.update_organization(made.id, name="Hooli 2", stripe_customer_id="cus_1", external_id=None)
    assert (changed.name, changed.external_id, changed.stripe_customer_id) == ("Hooli 2", None, "cus_1")
    refused(NotFoundError, None, organizations.update_organization, "org_nothing", name="x")
    organizations.delete_organization(made.id)
    refused(NotFoundError, None, organizations.get_organization, made.id)


def of_organization(organization, **kwargs):
    return memberships.list_organization_memberships(organization_id=organization, **kwargs)


def members():
    listed, _ = every(memberships.list_organization_memberships, organization_id=ACME)
    assert len(listed) == 6 and sum(member.directory_managed for member in listed) == 1
    assert {member.status for member in of_organization(GLOBEX).data} == {"active"}
    statuses = ["active", "inactive", "pending"]
    assert {member.status for member in of_organization(GLOBEX, statuses=statuses).data} == set(statuses)
    assert len(memberships.list_organization_memberships(user_id="user_mira").data) == 2
    refused(BadRequestError, "missing_user_id_or_organization_id", memberships.list_organization_memberships)
    refused(NotFoundError, None, of_organization, "org_nothing")
    member = memberships.create_organization_membership(
        user_id="user_nia", organization_id=ACME, role=RoleSingle(role_slug="org-auditor")
    )
    assert (member.role.slug, [role.slug for role in member.roles]) == ("org-auditor", ["org-auditor"])
    assert member.user.email == "nia@acme.example.test"
    refused(ConflictError, "role_has_assignments", authorization.delete_organization_role, ACME, "org-auditor")
    plain = memberships.create_organization_membership(user_id="user_nia", organization_id="org_initech")
    assert plain.role.slug == "member", "the default role"
    refused(UnprocessableEntityError, "invalid_request_parameters", memberships.create_organization_membership, user_id="user_nia", organization_id=ACME)
    refused(NotFoundError, None, memberships.create_organization_membership, user_id="user_nothing", organization_id=ACME)
    for role, code in [
        (RoleSingle(role_slug="org-nothing"), "invalid_role"),
        (RoleSingle(role_slug="project-editor"), "sub_resource_scoped_role_not_allowed"),
        (RoleMultiple(role_slugs=["admin", "member"]), "multiple_roles_not_enabled"),
    ]:
        refused(UnprocessableEntityError, code, memberships.update_organization_membership, member.id, role=role)
    changed = memberships.update_organization_membership(member.id, role=RoleMultiple(role_slugs=["admin"]))
    assert memberships.get_organization_membership(member.id).role.slug == changed.role.slug == "admin"
    refused(NotFoundError, None, memberships.get_organization_membership, "om_nothing")
    refused(NotFoundError, None, memberships.update_organization_membership, "om_nothing", role=RoleSingle(role_slug="admin"))
    assert memberships.deactivate_organization_membership(member.id).status == "inactive"
    assert memberships.deactivate_organization_membership(member.id).status == "inactive"
    again = memberships.reactivate_organization_membership(member.id)
    assert (again.status, again.role.slug) == ("active", "admin"), "the roles stay"
    pending = "om_globex_nia"
    refused(BadRequestError, "cannot_deactivate_pending_organization_membership", memberships.deactivate_organization_membership, pending)
    refused(BadRequestError, "cannot_reactivate_pending_organization_membership", memberships.reactivate_organization_membership, pending)
    returned = memberships.create_organization_membership(user_id="user_tomas", organization_id=GLOBEX)
    assert (returned.id, returned.status) == ("om_globex_tomas", "active"), "an inactive one is activated"
    memberships.delete_organization_membership(plain.id)
    refused(NotFoundError, None, memberships.delete_organization_membership, plain.id)
    authorization.delete_organization_role(ACME, "org-auditor")


def role_assignments():
    om, by_id = "om_acme_mira", ResourceTargetById(resource_id="authz_resource_apollo")
    by_name = ResourceTargetByExternalId(resource_external_id="apollo", resource_type_slug="project")
    own = authorization.list_role_assignments(om).data
    assert [held.role.slug for held in own] == ["member"] and own[0].resource.resource_type_slug == "organization"
    made = authorization.assign_role(om, role_slug="project-editor", resource_target=by_id)
    assert (made.resource.external_id, made.source.type) == ("apollo", "direct")
    listed, _ = every(authorization.list_role_assignments, om)
    assert {held.role.slug for held in listed} == {"member", "project-editor"}
    one = authorization.list_role_assignments(om, resource_external_id="apollo", resource_type_slug="project").data
    assert [held.id for held in one] == [made.id]
    for found in [
        authorization.list_role_assignments_for_resource("authz_resource_apollo", role_slug="project-editor"),
        authorization.list_role_assignments_for_resource_by_external_id(ACME, "project", "apollo"),
    ]:
        assert [held.organization_membership_id for held in found.data] == [om]
    held, _ = every(authorization.list_role_assignments_for_resource, own[0].resource.id)
    assert len(held) == 7
    refused(NotFoundError, None, authorization.list_role_assignments_for_resource, "authz_resource_nothing")
    refused(NotFoundError, None, authorization.assign_role, om, role_slug="nothing", resource_target=by_id)
    refused(UnprocessableEntityError, None, authorization.assign_role, om, role_slug="admin", resource_target=by_id)
    authorization.remove_role_assignment(om, made.id)
    refused(NotFoundError, None, authorization.remove_role_assignment, om, made.id)
    authorization.assign_role(om, role_slug="project-editor", resource_target=by_name)
    if not DOCUMENTED_ONLY:
        assert authorization.check(om, permission_slug="project:read", resource_target=by_name).authorized
        assert not authorization.check(om, permission_slug="billing:read", resource_target=by_name).authorized
        assert slugs(authorization.list_effective_permissions(om, "authz_resource_apollo", order="asc")) == ["project:read", "project:write"]
        assert len(authorization.list_effective_permissions_by_external_id(om, "project", "apollo").data) == 2
        assert slugs(authorization.list_effective_permissions(om, own[0].resource.id)) == ["reports:read"]
        for found in [
            authorization.list_memberships_for_resource("authz_resource_apollo", permission_slug="project:read"),
            authorization.list_memberships_for_resource_by_external_id(ACME, "project", "apollo", permission_slug="project:read"),
        ]:
            assert [member.id for member in found.data] == [om]
    authorization.remove_role(om, role_slug="project-editor", resource_target=by_id)
    refused(NotFoundError, None, authorization.remove_role, om, role_slug="project-editor", resource_target=by_id)
    raised = authorization.assign_role(om, role_slug="admin", resource_target=ResourceTargetById(resource_id=own[0].resource.id))
    assert memberships.get_organization_membership(om).role.slug == "admin"
    authorization.remove_role_assignment(om, raised.id)
    assert memberships.get_organization_membership(om).role.slug == "member", "a membership always has a role"


def groups_and_their_roles():
    made = groups.create_organization_group(ACME, name="Finance", description="Counts")
    broken(UnprocessableEntityError, None, groups.create_organization_group, ACME, name="x" * 257)
    refused(NotFoundError, None, groups.create_organization_group, "org_nothing", name="x")
    listed, _ = every(groups.list_organization_groups, ACME)
    assert {group.name for group in listed} == {"On call", "Finance"}
    assert groups.get_organization_group(ACME, made.id).description == "Counts"
    assert groups.update_organization_group(ACME, made.id, name="Finance 2", description=None).description is None
    refused(NotFoundError, None, groups.get_organization_group, GLOBEX, made.id)
    refused(NotFoundError, None, groups.update_organization_group, ACME, "group_nothing", name="x")
    groups.create_group_organization_membership(ACME, made.id, organization_membership_id="om_acme_mira")
    refused(NotFoundError, None, groups.create_group_organization_membership, ACME, made.id, organization_membership_id="om_globex_mira")
    if not DOCUMENTED_ONLY:
        groups.update_group_organization_memberships(ACME, made.id, add=["om_acme_okan"], remove=["om_acme_mira"])
        groups.update_group_organization_memberships(ACME, made.id, add=["om_acme_mira"])
    else:
        groups.create_group_organization_membership(ACME, made.id, organization_membership_id="om_acme_okan")
    inside, _ = every(groups.list_group_organization_memberships, ACME, made.id)
    assert {member.id for member in inside} == {"om_acme_mira", "om_acme_okan"}
    assert [group.id for group in memberships.list_organization_membership_groups("om_acme_mira").data] == [made.id]
    groups.delete_group_organization_membership(ACME, made.id, "om_acme_okan")
    refused(NotFoundError, None, groups.delete_group_organization_membership, ACME, made.id, "om_acme_okan")

    held = authorization.create_group_role_assignment(made.id, role_slug="org-billing-admin")
    assert held.resource.resource_type_slug == "organization", "the organization itself unless told otherwise"
    refused(ConflictError, "duplicate_group_role_assignment", authorization.create_group_role_assignment, made.id, role_slug="org-billing-admin")
    refused(NotFoundError, None, authorization.create_group_role_assignment, "group_nothing", role_slug="admin")
    through = [one for one in authorization.list_role_assignments("om_acme_mira").data if one.source.type == "group"]
    assert [one.source.group_role_assignment_id for one in through] == [held.id]
    refused(AuthorizationError, None, authorization.remove_role_assignment, "om_acme_mira", through[0].id)
    assert authorization.get_group_role_assignment(made.id, held.id).role.slug == "org-billing-admin"
    replaced = authorization.update_group_role_assignments(
        made.id,
        role_assignments=[
            ReplaceGroupRoleAssignmentEntry(role_slug="org-billing-admin"),
            ReplaceGroupRoleAssignmentEntry(role_slug="project-editor", resource_id="authz_resource_apollo"),
        ],
    )
    assert held.id in [one.id for one in replaced.data] and len(replaced.data) == 2, "what stays keeps its id"
    if not DOCUMENTED_ONLY:
        authorization.patch_group_role_assignments(
            made.id,
            add=[ReplaceGroupRoleAssignmentEntry(role_slug="support-agent")],
            remove=[ReplaceGroupRoleAssignmentEntry(role_slug="org-billing-admin")],
        )
        assert {one.role.slug for one in every(authorization.list_group_role_assignments, made.id)[0]} == {"support-agent", "project-editor"}
    listed, _ = every(authorization.list_group_role_assignments, made.id)
    assert len(listed) == 2
    authorization.delete_group_role_assignments(made.id, role_slug="project-editor", resource_external_id="apollo", resource_type_slug="project")
    refused(NotFoundError, None, authorization.delete_group_role_assignments, made.id, role_slug="project-editor", resource_id="authz_resource_apollo")
    last = authorization.list_group_role_assignments(made.id).data[0]
    authorization.delete_group_role_assignment(made.id, last.id)
    refused(NotFoundError, None, authorization.get_group_role_assignment, made.id, last.id)
    groups.delete_organization_group(ACME, made.id)
    refused(NotFoundError, None, groups.delete_organization_group, ACME, made.id)


def undocumented():
    other_scheme = {"extra_headers": {"Authorization": "Basic eDp5"}}
    refused(AuthenticationError, None, authorization.list_environment_roles, request_options=other_scheme)
    refused(UnprocessableEntityError, None, authorization.list_permissions, limit=101)
    refused(UnprocessableEntityError, None, authorization.list_permissions, after="perm_nothing")


permissions()
environment_roles()
organization_roles()
organizations_of_all_kinds()
members()
role_assignments()
groups_and_their_roles()
if not DOCUMENTED_ONLY:
    undocumented()

# What the client has beyond these subjects, and what it has for them but this emulator does not answer.
OTHER = {
    "organizations": {
        "get_audit_log_configuration", "list_authorized_applications", "list_it_contacts", "create_it_contact",
        "delete_it_contact", "invite_it_contact", "revoke_it_contact",
    },
    "authorization": {
        "create_resource", "get_resource", "update_resource", "delete_resource", "list_resources",
        "get_resource_by_external_id", "update_resource_by_external_id", "delete_resource_by_external_id",
        "list_resources_for_membership",
    },
}
missed = [
    f"{counted._name}.{method}"
    for counted in (authorization, memberships, organizations, groups)
    for method in dir(counted._service)
    if not method.startswith("_")
    and callable(getattr(counted._service, method))
    and method not in OTHER.get(counted._name, set())
    and f"{counted._name}.{method}" not in CALLS
]
if not DOCUMENTED_ONLY:
    assert not missed, f"never called: {missed}"
print(f"{len(CALLS)} methods of the client, {sum(CALLS.values())} calls")
