"""Drives the GitLab emulator with python-gitlab, GitLab's REST and GraphQL client.

    python gitlab.py URL TOKEN

The emulator is started by somebody else, with the default seed. Both deployments are driven: the script puts the seed
of the other one in place over the emulator's dashboard.
"""

import json
import sys
import urllib.request

# This file has the name of the package, and its folder stands first where Python looks for modules.
sys.path.pop(0)

import gitlab  # noqa: E402
from gql.transport.exceptions import TransportQueryError  # noqa: E402

URL, TOKEN = sys.argv[1], sys.argv[2]
GUEST, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 20, 30, 40, 50

LIST = """
query($path: ID!, $first: Int, $after: String) {
  group(fullPath: $path) {
    __typename
    memberRoles(first: $first, after: $after, orderBy: ID) {
      pageInfo { hasNextPage endCursor }
      nodes { ...Facts }
    }
  }
}
fragment Facts on MemberRole {
  id name description createdAt editPath detailsPath
  base: baseAccessLevel { integerValue stringValue humanAccess }
  enabledPermissions { nodes { value name } }
  usersCount membersCount
}
"""
CREATE = """
mutation($input: MemberRoleCreateInput!) {
  memberRoleCreate(input: $input) { clientMutationId errors memberRole { id name } }
}
"""
UPDATE = """
mutation($input: MemberRoleUpdateInput!) {
  memberRoleUpdate(input: $input) {
    errors memberRole { id name description enabledPermissions { nodes { value } } }
  }
}
"""
DELETE = """
mutation($id: MemberRoleID!) { memberRoleDelete(input: { id: $id }) { errors memberRole { id name } } }
"""
UNAVAILABLE = "The resource that you are attempting to access does not exist"


def dashboard(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{URL}/_dashboard/{path}", data=data, method=method, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def refused(kind, status, text, call, *args, **kwargs):
    """Asserts that a call raises this error with this status and a message that holds this text."""
    try:
        call(*args, **kwargs)
    except kind as error:
        assert error.response_code == status, f"{error.response_code} instead of {status}: {error}"
        assert text in str(error.error_message), f"{text!r} is not in {error.error_message!r}"
        return error
    raise AssertionError(f"{call} was not refused with {status} {text!r}")


class Graph:
    """The GraphQL client of python-gitlab, whose `execute` takes text."""

    def __init__(self):
        self.client = gitlab.GraphQL(URL, token=TOKEN)

    def run(self, query, variables=None):
        return self.client.execute(query, variable_values=variables or {})

    def fails(self, text, query, variables=None):
        try:
            self.run(query, variables)
        except TransportQueryError as error:
            assert any(text in one["message"] for one in error.errors), error.errors
            return error
        raise AssertionError(f"there was no error {text!r}")


def values(role):
    return sorted(node["value"] for node in role["enabledPermissions"]["nodes"])


def gid(number):
    return f"gid://gitlab/MemberRole/{number}"


def group_roles(gl):
    acme = gl.groups.get("acme")
    roles = acme.member_roles
    names = [role.name for role in roles.list(get_all=True)]
    assert names == ["Release approver", "Security reader"], names
    reader = next(role for role in roles.list(get_all=True) if role.name == "Security reader")
    assert reader.group_id == acme.id and reader.base_access_level == GUEST
    assert reader.read_code is True and reader.admin_merge_request is False and reader.read_admin_users is False
    # A subgroup shows the roles of its root.
    assert len(gl.groups.get("acme/platform").member_roles.list(get_all=True)) == 2

    role = roles.create(
        {"name": "Triager", "description": "Sees and sorts", "base_access_level": REPORTER, "read_vulnerability": True}
    )
    assert role.id and role.description == "Sees and sorts" and role.read_vulnerability is True

    create = gitlab.exceptions.GitlabCreateError
    body = {"name": "X", "base_access_level": REPORTER, "read_code": True}
    refused(create, 400, "Name has already been taken", roles.create, {**body, "name": "Triager"})
    refused(
        create, 400, "no enabled permissions", roles.create, {"name": "Empty", "base_access_level": REPORTER}
    )
    refused(create, 400, "Unknown permission: read_admin_users", roles.create, {**body, "read_admin_users": True})
    refused(
        create, 400, "Read vulnerability has to be enabled in order to enable Admin vulnerability",
        roles.create, {"name": "Half", "base_access_level": REPORTER, "admin_vulnerability": True},
    )
    refused(create, 400, "base_access_level does not have a valid value", roles.create, {**body, "base_access_level": 5})
    refused(create, 400, "Base access level is not included in the list", roles.create, {**body, "base_access_level": 50})
    refused(
        create, 400, "Namespace must be top-level namespace",
        gl.groups.get("acme/platform").member_roles.create, body,
    )
    # There is no update over REST, and there never was.
    role.description = "changed"
    try:
        role.save()
    except AttributeError:
        pass
    else:
        raise AssertionError("the client has an update of roles now")

    delete = gitlab.exceptions.GitlabDeleteError
    refused(delete, 404, "404 Member Role Not Found", roles.delete, 999999)
    refused(delete, 400, "assigned to one or more group members", roles.delete, reader.id)
    role.delete()
    assert len(roles.list(get_all=True)) == 2

    for number in range(8):
        roles.create({"name": f"Filler {number}", "base_access_level": GUEST, "read_code": True})
    refused(create, 400, "maximum number of Member Roles", roles.create, {**body, "name": "Eleventh"})
    for one in roles.list(get_all=True):
        if one.name.startswith("Filler"):
            one.delete()

    # The instance's roles are elsewhere.
    refused(gitlab.exceptions.GitlabListError, 400, "400 Bad request", gl.member_roles.list, get_all=True)
    refused(gitlab.exceptions.GitlabGetError, 404, "404 Group Not Found", gl.groups.get, "nowhere")


def graphql_roles(gl, graph):
    made = graph.run(
        CREATE,
        {
            "input": {
                "groupPath": "acme", "baseAccessLevel": "DEVELOPER", "name": "Scanner", "description": "Runs scans",
                "permissions": ["READ_VULNERABILITY", "ADMIN_VULNERABILITY"], "clientMutationId": "c1",
            }
        },
    )["memberRoleCreate"]
    assert made["errors"] == [] and made["clientMutationId"] == "c1", made
    role = made["memberRole"]["id"]

    # Names, permissions and counts, over two pages.
    seen, after = [], None
    while True:
        page = graph.run(LIST, {"path": "acme", "first": 2, "after": after})["group"]
        assert page["__typename"] == "Group"
        seen += page["memberRoles"]["nodes"]
        if not page["memberRoles"]["pageInfo"]["hasNextPage"]:
            break
        after = page["memberRoles"]["pageInfo"]["endCursor"]
    assert [one["name"] for one in seen] == ["Security reader", "Release approver", "Scanner"], seen
    assert seen[0]["usersCount"] == 1 and seen[0]["membersCount"] == 1
    assert seen[2]["base"] == {"integerValue": 30, "stringValue": "DEVELOPER", "humanAccess": "Developer"}
    assert values(seen[2]) == ["ADMIN_VULNERABILITY", "READ_VULNERABILITY"]
    assert seen[2]["detailsPath"].startswith("/groups/acme/-/settings/roles_and_permissions/")

    # The permission set is replaced; what is not sent of the rest stays.
    done = graph.run(UPDATE, {"input": {"id": role, "name": "Scan lead", "permissions": ["READ_CODE"]}})
    after = done["memberRoleUpdate"]["memberRole"]
    assert (after["name"], after["description"], values(after)) == ("Scan lead", "Runs scans", ["READ_CODE"])
    done = graph.run(UPDATE, {"input": {"id": role, "description": "No list"}})["memberRoleUpdate"]
    assert done["errors"] == ["Cannot create a member role with no enabled permissions"], done
    assert done["memberRole"]["description"] == "Runs scans", "the old role comes back"
    done = graph.run(UPDATE, {"input": {"id": role, "name": "Security reader", "permissions": ["READ_CODE"]}})
    assert done["memberRoleUpdate"]["errors"] == ["Name has already been taken"], done
    done = graph.run(
        CREATE, {"input": {"groupPath": "acme", "baseAccessLevel": "GUEST", "name": "Scan lead", "permissions": ["READ_CODE"]}}
    )["memberRoleCreate"]
    assert done["errors"] == ["Name has already been taken"] and done["memberRole"] is None, done
    done = graph.run(
        CREATE, {"input": {"groupPath": "acme", "baseAccessLevel": "GUEST", "permissions": ["READ_ADMIN_USERS"]}}
    )["memberRoleCreate"]
    assert done["errors"] == ["Unknown permission: read_admin_users"], done

    graph.fails("The list of member_role attributes is empty", UPDATE, {"input": {"id": role}})
    graph.fails(UNAVAILABLE, UPDATE, {"input": {"id": gid(999999), "name": "X"}})
    graph.fails(UNAVAILABLE, DELETE, {"id": gid(999999)})
    graph.fails("group_path argument is required.", CREATE, {"input": {"baseAccessLevel": "GUEST", "name": "X"}})
    error = graph.fails(
        "was provided invalid value for baseAccessLevel",
        CREATE, {"input": {"groupPath": "acme", "baseAccessLevel": "OWNER", "name": "X"}},
    )
    assert error.errors[0]["extensions"]["problems"][0]["path"] == ["baseAccessLevel"]
    graph.fails("was provided invalid value", DELETE, {"id": "14"})
    graph.fails("Field 'colour' doesn't exist on type 'Group'", 'query { group(fullPath: "acme") { colour } }')
    graph.fails("missing required arguments: fullPath", "query { group { id } }")

    # Refused while somebody holds it, silently nulled in links.
    done = graph.run(DELETE, {"id": gid(51)})["memberRoleDelete"]
    assert "assigned to one or more group members" in done["errors"][0] and done["memberRole"]["id"] == gid(51)
    acme = gl.groups.get("acme")
    link = acme.saml_group_links.create(
        {"saml_group_name": "scanners", "access_level": GUEST, "member_role_id": int(role.rsplit("/", 1)[1])}
    )
    assert link.access_level == DEVELOPER, "the level is that of the role's base"
    assert graph.run(DELETE, {"id": role})["memberRoleDelete"]["errors"] == []
    link = acme.saml_group_links.get("scanners")
    assert link.member_role_id is None and link.access_level == DEVELOPER
    link.delete()

    catalogue = graph.run(
        "query { memberRolePermissions { nodes { value name description requirements availableFor"
        " enabledForGroupAccessLevels enabledForProjectAccessLevels } edges { cursor node { value } } } }"
    )["memberRolePermissions"]
    by_value = {node["value"]: node for node in catalogue["nodes"]}
    assert by_value["ADMIN_VULNERABILITY"]["requirements"] == ["READ_VULNERABILITY"]
    assert by_value["REMOVE_PROJECT"]["availableFor"] == ["project"]
    assert "MANAGE_PROTECTED_TAGS" not in by_value, "its flag is off"
    assert len(catalogue["edges"]) == len(catalogue["nodes"])
    assert graph.run('query { group(fullPath: "nowhere") { id } }')["group"] is None


def members(gl):
    acme = gl.groups.get("acme")
    platform = gl.groups.get("acme/platform")
    newcomer = gl.users.list(username="newcomer", get_all=True)[0]
    create, update = gitlab.exceptions.GitlabCreateError, gitlab.exceptions.GitlabUpdateError

    member = acme.members.create({"user_id": newcomer.id, "access_level": GUEST, "member_role_id": 51})
    assert member.member_role["id"] == 51 and member.access_level == GUEST
    refused(create, 409, "Member already exists", acme.members.create, {"user_id": newcomer.id, "access_level": GUEST})
    refused(create, 404, "404 User Not Found", acme.members.create, {"user_id": 424242, "access_level": GUEST})
    refused(create, 400, "access_level", acme.members.create, {"user_id": newcomer.id, "access_level": 33})

    # Moving to another level needs the other role, or an explicit null.
    member = acme.members.get(newcomer.id)
    member.access_level = DEVELOPER
    refused(update, 400, "cannot be changed because of an existing association with a custom role", member.save)
    member = acme.members.get(newcomer.id)
    member.access_level = DEVELOPER
    member.member_role_id = 51
    refused(update, 400, "does not match the current access level", member.save)
    refused(
        update, 400, "not found", acme.members.update, newcomer.id, {"access_level": GUEST, "member_role_id": 999999}
    )
    acme.members.update(newcomer.id, {"access_level": REPORTER, "member_role_id": 52})
    assert acme.members.get(newcomer.id).member_role["name"] == "Release approver"
    acme.members.update(newcomer.id, {"access_level": REPORTER})
    assert acme.members.get(newcomer.id).member_role["id"] == 52, "an absent id keeps the role"
    acme.members.update(newcomer.id, {"access_level": REPORTER, "member_role_id": None})
    assert not hasattr(acme.members.get(newcomer.id), "member_role"), "null takes it away"

    # Inherited below, and no lower than that.
    assert platform.members_all.get(newcomer.id).access_level == REPORTER
    refused(gitlab.exceptions.GitlabGetError, 404, "404", platform.members.get, newcomer.id)
    refused(
        create, 400, "should be greater than or equal to Reporter inherited membership from group Acme",
        platform.members.create, {"user_id": newcomer.id, "access_level": GUEST},
    )

    # Pages.
    first = acme.members.list(page=1, per_page=4)
    second = acme.members.list(page=2, per_page=4)
    assert len(first) == 4 and {one.id for one in first}.isdisjoint(one.id for one in second)
    listed = acme.members.list(iterator=True, per_page=4)
    assert listed.total == 11 and listed.total_pages == 3 and len(list(listed)) == 11
    assert [one.username for one in acme.members.list(query="mira", get_all=True)] == ["mira"]
    assert [one.id for one in acme.members.list(user_ids=[1, 2], get_all=True)] == [1, 2]
    assert {one.username for one in platform.members_all.list(get_all=True)} >= {"ada", "lena", "newcomer"}

    acme.members.delete(newcomer.id)
    refused(gitlab.exceptions.GitlabDeleteError, 404, "404", acme.members.delete, newcomer.id)

    # Projects alike.
    project = gl.projects.get("acme/platform/api")
    member = project.members.create({"username": "newcomer", "access_level": REPORTER, "member_role_id": 52})
    assert member.member_role["id"] == 52
    assert project.members_all.get(newcomer.id).member_role["id"] == 52
    project.members.update(newcomer.id, {"access_level": MAINTAINER, "member_role_id": None})
    assert project.members.get(newcomer.id).access_level == MAINTAINER
    assert len(project.members.list(get_all=True)) == 2
    project.members.delete(newcomer.id)

    invited = acme.invitations.create({"email": "newcomer@acme.example.test", "access_level": GUEST, "member_role_id": 51})
    assert invited.status == "success"
    assert acme.members.get(newcomer.id).member_role["id"] == 51
    acme.members.delete(newcomer.id)


def links(gl):
    acme = gl.groups.get("acme")
    create, delete = gitlab.exceptions.GitlabCreateError, gitlab.exceptions.GitlabDeleteError

    saml = acme.saml_group_links
    assert [(one.name, one.member_role_id) for one in saml.list(get_all=True)] == [("acme-security", 51)]
    refused(create, 400, "already been taken", saml.create, {"saml_group_name": "acme-security", "access_level": GUEST})
    refused(
        create, 400, "not found", saml.create,
        {"saml_group_name": "other", "access_level": GUEST, "member_role_id": 999999},
    )
    saml.create({"saml_group_name": "acme-security", "access_level": GUEST, "provider": "okta"})
    refused(gitlab.exceptions.GitlabGetError, 422, "provider", saml.get, "acme-security")
    assert saml.get("acme-security", provider="okta").provider == "okta"
    saml.delete("acme-security", provider="okta")
    refused(gitlab.exceptions.GitlabGetError, 404, "404", saml.get, "nobody")

    ldap = acme.ldap_group_links
    refused(gitlab.exceptions.GitlabListError, 404, "No linked LDAP groups found", ldap.list, get_all=True)
    ldap.create({"cn": "security", "group_access": GUEST, "provider": "ldapmain", "member_role_id": 51})
    ldap.create({"filter": "(memberOf=ops)", "group_access": DEVELOPER, "provider": "ldapmain"})
    refused(
        create, 409, "already been taken", ldap.create, {"cn": "security", "group_access": GUEST, "provider": "ldapmain"}
    )
    listed = ldap.list(get_all=True)
    assert [(one.cn, one.filter, one.member_role_id) for one in listed] == [
        ("security", None, 51), (None, "(memberOf=ops)", None),
    ]
    for one in listed:
        one.delete()
    refused(gitlab.exceptions.GitlabListError, 404, "No linked LDAP groups found", ldap.list, get_all=True)

    partners = gl.groups.get("partners")
    acme.share(partners.id, REPORTER, member_role_id=52)
    shared = gl.groups.get("acme").shared_with_groups
    assert [(one["group_id"], one["group_access_level"]) for one in shared] == [(partners.id, REPORTER)]
    assert shared[0]["member_role_id"] is None, "gitlab.com drops the role of a share"
    refused(create, 409, "already been shared", acme.share, partners.id, REPORTER)
    # The lower of the two levels counts for people of the invited group.
    zoe = gl.users.list(username="zoe", get_all=True)[0]
    assert acme.members_all.get(zoe.id).access_level == REPORTER
    acme.unshare(partners.id)
    refused(delete, 404, "404", acme.unshare, partners.id)

    project = gl.projects.get("acme/product/web")
    project.share(partners.id, DEVELOPER)
    assert gl.projects.get("acme/product/web").shared_with_groups[0]["group_id"] == partners.id
    project.unshare(partners.id)


def reads(gl):
    assert gl.user is None
    gl.auth()
    assert gl.user.username == "ada"
    assert "api" in gl.personal_access_tokens.get("self").scopes
    assert gl.version()[0] != "unknown"
    paths = [one.full_path for one in gl.groups.list(iterator=True, pagination="keyset", order_by="name", sort="asc", per_page=2)]
    assert len(paths) == 5 and paths[0] == "acme", paths
    assert [one.full_path for one in gl.groups.get("acme").descendant_groups.list(get_all=True)]
    assert len(gl.groups.get("acme").projects.list(include_subgroups=True, get_all=True)) == 3
    nobody = gitlab.Gitlab(URL)
    refused(gitlab.exceptions.GitlabAuthenticationError, 401, "401 Unauthorized", nobody.groups.get, "acme")
    reader = gitlab.Gitlab(URL, private_token="glpat-acme-reader")
    refused(
        gitlab.exceptions.GitlabCreateError, 403, "insufficient_scope", reader.groups.get("acme").member_roles.create,
        {"name": "X", "base_access_level": GUEST, "read_code": True},
    )
    developer = gitlab.Gitlab(URL, private_token="glpat-acme-developer")
    refused(
        gitlab.exceptions.GitlabListError, 403, "403 Forbidden", developer.groups.get("acme").member_roles.list, get_all=True
    )
    refused(
        gitlab.exceptions.GitlabCreateError, 403, "403 Forbidden", developer.groups.get("acme").members.create,
        {"user_id": 13, "access_level": GUEST},
    )
    answer = gl.http_get("/groups/84/members", raw=True)
    assert answer.headers["RateLimit-Limit"] == "2000" and int(answer.headers["RateLimit-Observed"]) > 0
    assert answer.headers["x-total"] == "10" and 'rel="first"' in answer.headers["link"]


def lapsed(gl, graph):
    """Without a licence REST refuses, GraphQL shows nothing, and members lose sight of their roles."""
    dashboard("PATCH", "switches", {"licence": "none"})
    acme = gl.groups.get("acme")
    refused(gitlab.exceptions.GitlabListError, 403, "403 Forbidden", acme.member_roles.list, get_all=True)
    assert graph.run(LIST, {"path": "acme"})["group"]["memberRoles"]["nodes"] == []
    graph.fails(UNAVAILABLE, DELETE, {"id": gid(51)})
    dashboard("PATCH", "switches", {"licence": "ultimate"})
    assert len(acme.member_roles.list(get_all=True)) == 2


def instance(gl, graph):
    """Self-managed: roles of the instance, custom admin roles, shares that keep their role."""
    seed = dashboard("GET", "state")
    seed["deployment"] = "instance"
    for role in seed["roles"]:
        role["group"] = None
    dashboard("PUT", "state", seed)
    create, delete = gitlab.exceptions.GitlabCreateError, gitlab.exceptions.GitlabDeleteError

    roles = gl.member_roles
    assert [role.name for role in roles.list(get_all=True)] == ["Release approver", "Security reader"]
    role = roles.create({"name": "Runner keeper", "base_access_level": DEVELOPER, "read_runners": True})
    assert role.group_id is None and role.read_runners is True
    refused(
        create, 400, "Name has already been taken", roles.create,
        {"name": "Runner keeper", "base_access_level": GUEST, "read_code": True},
    )
    refused(delete, 404, "404 Member Role Not Found", roles.delete, 999999)
    refused(delete, 400, "assigned to one or more group members", roles.delete, 51)
    acme = gl.groups.get("acme")
    refused(
        gitlab.exceptions.GitlabListError, 400, "deprecated on self-managed", acme.member_roles.list, get_all=True
    )
    # More than ten are possible here.
    more = [roles.create({"name": f"More {n}", "base_access_level": GUEST, "read_code": True}) for n in range(9)]
    assert len(roles.list(get_all=True)) == 12
    for one in more:
        one.delete()

    listed = graph.run("query { memberRoles(orderBy: NAME, sort: DESC) { nodes { name detailsPath } } }")
    nodes = listed["memberRoles"]["nodes"]
    assert [node["name"] for node in nodes] == ["Security reader", "Runner keeper", "Release approver"]
    assert nodes[0]["detailsPath"] == "/admin/application_settings/roles_and_permissions/51"
    graph.fails(
        "group_path argument is not allowed on self-managed instances.",
        CREATE, {"input": {"groupPath": "acme", "baseAccessLevel": "GUEST", "permissions": ["READ_CODE"]}},
    )
    minimal = graph.run(
        CREATE, {"input": {"baseAccessLevel": "MINIMAL_ACCESS", "name": "Minimal", "permissions": ["READ_CODE"]}}
    )["memberRoleCreate"]
    assert minimal["errors"] == [], minimal
    assert graph.run(DELETE, {"id": minimal["memberRole"]["id"]})["memberRoleDelete"]["errors"] == []

    partners = gl.groups.get("partners")
    acme.share(partners.id, DEVELOPER, member_role_id=role.id)
    assert gl.groups.get("acme").shared_with_groups[0]["member_role_id"] == role.id
    role.delete()
    assert gl.groups.get("acme").shared_with_groups[0]["member_role_id"] is None, "the share lost its role"
    acme.unshare(partners.id)

    made = graph.run(
        "mutation($p: [MemberRoleAdminPermission!]) { memberRoleAdminCreate(input: { name: \"Watcher\", permissions: $p })"
        " { errors memberRole { id name enabledPermissions { nodes { value } } usersCount } } }",
        {"p": ["READ_ADMIN_USERS"]},
    )["memberRoleAdminCreate"]
    assert made["errors"] == [] and values(made["memberRole"]) == ["READ_ADMIN_USERS"]
    watcher = made["memberRole"]["id"]
    give = (
        "mutation($u: UserID!, $r: MemberRoleID) { memberRoleToUserAssign(input: { userId: $u, memberRoleId: $r })"
        " { errors userMemberRole { user { username } memberRole { name } } } }"
    )
    given = graph.run(give, {"u": "gid://gitlab/User/3", "r": watcher})["memberRoleToUserAssign"]
    assert given["userMemberRole"] == {"user": {"username": "mira"}, "memberRole": {"name": "Watcher"}}
    wrong = graph.run(give, {"u": "gid://gitlab/User/3", "r": gid(51)})["memberRoleToUserAssign"]
    assert wrong["errors"] == ["Only admin custom roles can be assigned directly to a user."]
    remove = "mutation($r: MemberRoleID!) { memberRoleAdminDelete(input: { id: $r }) { errors } }"
    held = graph.run(remove, {"r": watcher})["memberRoleAdminDelete"]["errors"]
    assert held and "assigned to one or more users" in held[0], held
    assert graph.run(give, {"u": "gid://gitlab/User/3", "r": None})["memberRoleToUserAssign"]["userMemberRole"] is None
    graph.fails("This mutation can only be used to delete standard member roles", DELETE, {"id": watcher})
    graph.fails("restricted to deleting admin roles only", remove, {"r": gid(51)})
    changed = graph.run(
        "mutation($r: MemberRoleID!) { memberRoleAdminUpdate(input: { id: $r, permissions: [READ_ADMIN_CICD] })"
        " { errors memberRole { name enabledPermissions { nodes { value } } } } }",
        {"r": watcher},
    )["memberRoleAdminUpdate"]
    assert values(changed["memberRole"]) == ["READ_ADMIN_CICD"] and changed["memberRole"]["name"] == "Watcher"
    assert graph.run(remove, {"r": watcher})["memberRoleAdminDelete"]["errors"] == []


def throttled():
    dashboard("PUT", "faults", ["GET /api/v4/groups/84/members status=429 code=application retry_after=1 times=1"])
    gl = gitlab.Gitlab(URL, private_token=TOKEN)
    assert gl.http_get("/groups/84/members"), "the client waits as it is told, and gets its answer"
    dashboard("PUT", "faults", [])


def main():
    gl = gitlab.Gitlab(URL, private_token=TOKEN)
    graph = Graph()
    reads(gl)
    group_roles(gl)
    graphql_roles(gl, graph)
    members(gl)
    links(gl)
    lapsed(gl, graph)
    throttled()
    instance(gl, graph)
    print("python-gitlab", gitlab.__version__, "is satisfied")


main()
