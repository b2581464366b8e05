//! The abilities that a custom role can have.

use super::levels::SECURITY_MANAGER;
use super::switches::{
    ABILITIES, ADMIN_SECURITY_TESTING_19, FLAG_ADMIN_SECURITY_ATTRIBUTES, FLAG_ADMIN_SECURITY_TESTING,
    FLAG_MANAGE_PROTECTED_TAGS, FLAG_READ_SECURITY_ATTRIBUTE, SEC_AI_ABILITY,
};
use crate::emulator::switch::Switches;

/// Whether 18.9 has an ability already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// 18.9 has it.
    V18,
    /// Only later versions have it.
    V19,
}

/// What a role can allow beyond its base.
#[derive(Debug)]
pub(super) struct Ability {
    /// Its name in REST; in GraphQL the same in upper case.
    pub(super) name: &'static str,
    /// Its display name.
    pub(super) title: &'static str,
    pub(super) summary: &'static str,
    /// Whether it belongs to custom admin roles only.
    pub(super) admin: bool,
    since: Since,
    /// The bases that have it already in a group; `None` where it does not apply to groups.
    group: Option<&'static [u8]>,
    /// The same for projects.
    project: Option<&'static [u8]>,
    group_18: Option<&'static [u8]>,
    project_18: Option<&'static [u8]>,
    /// Another ability that has to be there.
    pub(super) requirement: Option<&'static str>,
    /// Whether a Guest with only such abilities uses no seat.
    pub(super) free_seat: bool,
}

/// The bases that have an ability already; level 25 is left out while there is no such role.
fn levels(all: Option<&'static [u8]>, security_manager: bool) -> Option<Vec<u8>> {
    all.map(|all| {
        all.iter().copied().filter(|level| security_manager || *level != SECURITY_MANAGER).collect()
    })
}

impl Ability {
    /// The name in GraphQL.
    pub(super) fn value(&self) -> String {
        self.name.to_uppercase()
    }

    pub(super) fn group_levels(&self, switches: &Switches) -> Option<Vec<u8>> {
        let new = switches.is(&ABILITIES, "19.3");
        levels(if new { self.group } else { self.group_18 }, super::levels::has_security_manager(switches))
    }

    pub(super) fn project_levels(&self, switches: &Switches) -> Option<Vec<u8>> {
        let new = switches.is(&ABILITIES, "19.3");
        levels(
            if new { self.project } else { self.project_18 },
            super::levels::has_security_manager(switches),
        )
    }

    /// Whether a base has the ability already, for groups and for projects as far as it applies there.
    pub(super) fn in_base(&self, base: u8, switches: &Switches) -> bool {
        let lists = [self.group_levels(switches), self.project_levels(switches)];
        let mut applicable = lists.iter().flatten().peekable();
        applicable.peek().is_some() && applicable.all(|levels| levels.contains(&base))
    }

    /// Whether the version has the ability.
    fn exists(&self, switches: &Switches) -> bool {
        let new = switches.is(&ABILITIES, "19.3");
        match self.name {
            "admin_security_testing" if new => switches.is(&ADMIN_SECURITY_TESTING_19, "present"),
            "update_sec_ai_workflow_settings" => new && switches.is(&SEC_AI_ABILITY, "present"),
            _ => new || self.since == Since::V18,
        }
    }

    /// Whether its feature flag, if it has one, is on.
    pub(super) fn is_on(&self, switches: &Switches) -> bool {
        let flag = match self.name {
            "admin_security_attributes" => &FLAG_ADMIN_SECURITY_ATTRIBUTES,
            "read_security_attribute" => &FLAG_READ_SECURITY_ATTRIBUTE,
            "admin_security_testing" => &FLAG_ADMIN_SECURITY_TESTING,
            "manage_protected_tags" => &FLAG_MANAGE_PROTECTED_TAGS,
            _ => return true,
        };
        switches.is(flag, "on")
    }
}

/// The abilities of the version, standard ones first, each kind by title.
pub(super) fn all(switches: &Switches) -> Vec<&'static Ability> {
    let mut found: Vec<&Ability> =
        ABILITIES_KNOWN.iter().filter(|ability| ability.exists(switches)).collect();
    found.sort_by_key(|ability| (ability.admin, ability.title.to_lowercase()));
    found
}

/// An ability of any version, by its REST name.
pub(super) fn known(name: &str) -> Option<&'static Ability> {
    ABILITIES_KNOWN.iter().find(|ability| ability.name == name)
}

/// An ability of the version, by its REST name.
pub(super) fn of_version(name: &str, switches: &Switches) -> Option<&'static Ability> {
    known(name).filter(|ability| ability.exists(switches))
}

/// How error texts write a name: `read_code` is `Read code`.
pub(super) fn human(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Every ability of the versions 18.9 to 19.3.
static ABILITIES_KNOWN: &[Ability] = &[
    Ability {
        name: "admin_ai_catalog_item",
        title: "Manage AI catalog items",
        summary: "Author and remove custom AI agents and flows in the catalog",
        admin: false,
        since: Since::V19,
        group: None,
        project: Some(&[40, 50]),
        group_18: None,
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_ai_catalog_item_consumer",
        title: "Configure AI catalog items",
        summary: "Switch catalog agents and flows on or off for a project and configure them",
        admin: false,
        since: Since::V19,
        group: None,
        project: Some(&[40, 50]),
        group_18: None,
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_cicd_variables",
        title: "Manage CI/CD variables",
        summary: "Full CRUD on CI/CD variables",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: Some(&[40, 50]),
        group_18: Some(&[50]),
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_compliance_framework",
        title: "Manage and assign compliance frameworks",
        summary: "CRUD of compliance frameworks, assigning them to projects, choosing a group's default",
        admin: false,
        since: Since::V18,
        group: Some(&[25, 50]),
        project: Some(&[25, 50]),
        group_18: Some(&[50]),
        project_18: Some(&[50]),
        requirement: Some("read_compliance_dashboard"),
        free_seat: false,
    },
    Ability {
        name: "admin_group_member",
        title: "Manage group members",
        summary: "Membership of the group: add, remove, set roles, but not above the custom role's own base role",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: None,
        group_18: Some(&[50]),
        project_18: None,
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_integrations",
        title: "Manage integrations",
        summary: "CRUD of third-party integrations",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: Some(&[40, 50]),
        group_18: Some(&[50]),
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_merge_request",
        title: "Approve merge request",
        summary: "May give merge request approvals (18.9: available_from_access_level 30; key dropped by 19.x)",
        admin: false,
        since: Since::V18,
        group: None,
        project: Some(&[30, 40, 50]),
        group_18: None,
        project_18: Some(&[30, 40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_protected_branch",
        title: "Manage Protected Branches",
        summary: "CRUD of a project's protected branches (18.9: available_from_access_level 40)",
        admin: false,
        since: Since::V18,
        group: None,
        project: Some(&[40, 50]),
        group_18: None,
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_protected_environments",
        title: "Manage Protected Environments",
        summary: "CRUD of protected environments",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: Some(&[40, 50]),
        group_18: Some(&[50]),
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_push_rules",
        title: "Manage push rules",
        summary: "Set push rules on groups or projects",
        admin: false,
        since: Since::V18,
        group: Some(&[40, 50]),
        project: Some(&[40, 50]),
        group_18: Some(&[40, 50]),
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_runners",
        title: "Manage runners",
        summary: "CRUD of group or project runners plus runner settings",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: Some(&[40, 50]),
        group_18: Some(&[50]),
        project_18: Some(&[40, 50]),
        requirement: Some("read_runners"),
        free_seat: false,
    },
    Ability {
        name: "admin_security_attributes",
        title: "Manage security attributes",
        summary: "Create and edit a top-level group's security categories and attributes",
        admin: false,
        since: Since::V18,
        group: Some(&[25, 40, 50]),
        project: None,
        group_18: Some(&[40, 50]),
        project_18: None,
        requirement: Some("read_security_attribute"),
        free_seat: false,
    },
    Ability {
        name: "admin_security_testing",
        title: "Manage security testing",
        summary: "Change the security testing setup. UNCERTAIN whether it still exists at 19.x (not found there)",
        admin: false,
        since: Since::V18,
        group: Some(&[40, 50]),
        project: Some(&[40, 50]),
        group_18: Some(&[40, 50]),
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_terraform_state",
        title: "Manage Terraform state",
        summary: "Run Terraform against the state, lock or unlock it, delete state versions (level list is [40] only, not 50)",
        admin: false,
        since: Since::V18,
        group: None,
        project: Some(&[40]),
        group_18: None,
        project_18: Some(&[40]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "admin_vulnerability",
        title: "Manage vulnerabilities",
        summary: "Change vulnerability status, links, severity (18.9: available_from_access_level 40)",
        admin: false,
        since: Since::V18,
        group: Some(&[25, 40, 50]),
        project: Some(&[25, 40, 50]),
        group_18: Some(&[40, 50]),
        project_18: Some(&[40, 50]),
        requirement: Some("read_vulnerability"),
        free_seat: false,
    },
    Ability {
        name: "admin_web_hook",
        title: "Manage web hooks",
        summary: "CRUD of webhooks",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: Some(&[40, 50]),
        group_18: Some(&[50]),
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "apply_security_scan_profiles",
        title: "Apply security scan profiles",
        summary: "Attach security scan profiles to groups or projects",
        admin: false,
        since: Since::V18,
        group: Some(&[25, 40, 50]),
        project: Some(&[25, 40, 50]),
        group_18: Some(&[40, 50]),
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "archive_project",
        title: "Archive project",
        summary: "Put a project into the archived state",
        admin: false,
        since: Since::V18,
        group: None,
        project: Some(&[50]),
        group_18: None,
        project_18: Some(&[50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "create_security_scan_profiles",
        title: "Create security scan profiles",
        summary: "Add new security scan profiles",
        admin: false,
        since: Since::V19,
        group: Some(&[25, 40, 50]),
        project: Some(&[25, 40, 50]),
        group_18: Some(&[25, 40, 50]),
        project_18: Some(&[25, 40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "delete_security_scan_profiles",
        title: "Delete security scan profiles",
        summary: "Remove security scan profiles",
        admin: false,
        since: Since::V19,
        group: Some(&[25, 40, 50]),
        project: Some(&[25, 40, 50]),
        group_18: Some(&[25, 40, 50]),
        project_18: Some(&[25, 40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "destroy_package",
        title: "Delete packages",
        summary: "Remove packages and single package files",
        admin: false,
        since: Since::V19,
        group: Some(&[40, 50]),
        project: Some(&[40, 50]),
        group_18: Some(&[40, 50]),
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "manage_deploy_tokens",
        title: "Manage deploy tokens",
        summary: "Create and revoke deploy tokens of a group or project",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: Some(&[40, 50]),
        group_18: Some(&[50]),
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "manage_group_access_tokens",
        title: "Manage group access tokens",
        summary: "CRUD of group access tokens, with token roles not above the custom role's own base role",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: None,
        group_18: Some(&[50]),
        project_18: None,
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "manage_merge_request_settings",
        title: "Manage merge request approvals and settings",
        summary: "Merge checks, approval rules, MR settings, branch targets. Suggested reviewers additionally needs manage_project_access_tokens",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: Some(&[50]),
        group_18: Some(&[50]),
        project_18: Some(&[50]),
        requirement: Some("read_code"),
        free_seat: false,
    },
    Ability {
        name: "manage_project_access_tokens",
        title: "Manage project access tokens",
        summary: "CRUD of project access tokens, with token roles not above the custom role's own base role",
        admin: false,
        since: Since::V18,
        group: None,
        project: Some(&[40, 50]),
        group_18: None,
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "manage_protected_tags",
        title: "Manage Protected Tags",
        summary: "CRUD of protected tags",
        admin: false,
        since: Since::V18,
        group: None,
        project: Some(&[40, 50]),
        group_18: None,
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "manage_security_policy_link",
        title: "Link to a security policy project",
        summary: "Attach a security policy project to a group or project",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: Some(&[50]),
        group_18: Some(&[50]),
        project_18: Some(&[50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_agent_artifacts",
        title: "Read agent artifacts",
        summary: "See audit artifacts left by the agent platform",
        admin: false,
        since: Since::V19,
        group: Some(&[25, 50]),
        project: Some(&[25, 50]),
        group_18: Some(&[25, 50]),
        project_18: Some(&[25, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_code",
        title: "View repository code",
        summary: "Source visible in the web UI only: no clone, pull, archive download, IDE, nor merge requests of private projects; single files can be downloaded",
        admin: false,
        since: Since::V18,
        group: Some(&[15, 20, 25, 30, 40, 50]),
        project: Some(&[15, 20, 25, 30, 40, 50]),
        group_18: Some(&[15, 20, 30, 40, 50]),
        project_18: Some(&[15, 20, 30, 40, 50]),
        requirement: None,
        free_seat: true,
    },
    Ability {
        name: "read_compliance_dashboard",
        title: "Read compliance dashboard",
        summary: "See compliance status pages (adherence, violations, frameworks)",
        admin: false,
        since: Since::V18,
        group: Some(&[25, 50]),
        project: Some(&[50]),
        group_18: Some(&[50]),
        project_18: Some(&[50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_crm_contact",
        title: "View CRM contact",
        summary: "Look at customer-relations contacts",
        admin: false,
        since: Since::V18,
        group: Some(&[15, 20, 25, 30, 40, 50]),
        project: None,
        group_18: Some(&[15, 20, 30, 40, 50]),
        project_18: None,
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_dependency",
        title: "View dependency list",
        summary: "See the dependency list and licences",
        admin: false,
        since: Since::V18,
        group: Some(&[25, 30, 40, 50]),
        project: Some(&[25, 30, 40, 50]),
        group_18: Some(&[30, 40, 50]),
        project_18: Some(&[30, 40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_runners",
        title: "View runners",
        summary: "See runners and the fleet dashboard",
        admin: false,
        since: Since::V18,
        group: Some(&[25, 40, 50]),
        project: Some(&[25, 40, 50]),
        group_18: Some(&[40, 50]),
        project_18: Some(&[40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_security_attribute",
        title: "View security attributes",
        summary: "See a top-level group's security categories and attributes",
        admin: false,
        since: Since::V18,
        group: Some(&[25, 30, 40, 50]),
        project: None,
        group_18: Some(&[15, 20, 30, 40, 50]),
        project_18: None,
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_security_scan_profiles",
        title: "Read security scan profiles",
        summary: "See which security scan profiles exist",
        admin: false,
        since: Since::V18,
        group: Some(&[25, 30, 40, 50]),
        project: Some(&[25, 30, 40, 50]),
        group_18: Some(&[30, 40, 50]),
        project_18: Some(&[30, 40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_virtual_registry",
        title: "Read virtual registry",
        summary: "Resolve packages through virtual registries (top-level groups)",
        admin: false,
        since: Since::V19,
        group: Some(&[10, 15, 20, 25, 30, 40, 50]),
        project: None,
        group_18: Some(&[10, 15, 20, 25, 30, 40, 50]),
        project_18: None,
        requirement: None,
        free_seat: true,
    },
    Ability {
        name: "read_vulnerability",
        title: "View vulnerability reports and dashboards",
        summary: "See vulnerability reports and the security dashboard pages",
        admin: false,
        since: Since::V18,
        group: Some(&[25, 30, 40, 50]),
        project: Some(&[25, 30, 40, 50]),
        group_18: Some(&[30, 40, 50]),
        project_18: Some(&[30, 40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "remove_group",
        title: "Delete subgroup",
        summary: "Delete or restore subgroups, never top-level groups. Title was 'Delete group' up to 18.9",
        admin: false,
        since: Since::V18,
        group: Some(&[50]),
        project: None,
        group_18: Some(&[50]),
        project_18: None,
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "remove_project",
        title: "Delete project",
        summary: "Delete projects (18.9: available_from_access_level 50)",
        admin: false,
        since: Since::V18,
        group: None,
        project: Some(&[50]),
        group_18: None,
        project_18: Some(&[50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "update_sec_ai_workflow_settings",
        title: "Update security AI workflow settings",
        summary: "Change security AI workflow settings. An earlier name UPDATE_SAST_VULNERABILITY_RESOLUTION_SETTING appears in terraform-provider-gitlab 19.1 (rename inferred, UNCERTAIN)",
        admin: false,
        since: Since::V19,
        group: None,
        project: Some(&[25, 40, 50]),
        group_18: None,
        project_18: Some(&[25, 40, 50]),
        requirement: Some("read_vulnerability"),
        free_seat: false,
    },
    Ability {
        name: "update_security_scan_profiles",
        title: "Update security scan profiles",
        summary: "Edit security scan profiles",
        admin: false,
        since: Since::V19,
        group: Some(&[25, 40, 50]),
        project: Some(&[25, 40, 50]),
        group_18: Some(&[25, 40, 50]),
        project_18: Some(&[25, 40, 50]),
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_admin_cicd",
        title: "View CI/CD",
        summary: "Admin area: runner and job details",
        admin: true,
        since: Since::V18,
        group: None,
        project: None,
        group_18: None,
        project_18: None,
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_admin_groups",
        title: "View Groups",
        summary: "Admin area: details of any group",
        admin: true,
        since: Since::V18,
        group: None,
        project: None,
        group_18: None,
        project_18: None,
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_admin_monitoring",
        title: "View system monitoring",
        summary: "Admin area: background migrations, health checks, Gitaly",
        admin: true,
        since: Since::V18,
        group: None,
        project: None,
        group_18: None,
        project_18: None,
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_admin_projects",
        title: "View Projects",
        summary: "Admin area: details of any project",
        admin: true,
        since: Since::V18,
        group: None,
        project: None,
        group_18: None,
        project_18: None,
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_admin_subscription",
        title: "View subscription details",
        summary: "Admin area: subscription details",
        admin: true,
        since: Since::V18,
        group: None,
        project: None,
        group_18: None,
        project_18: None,
        requirement: None,
        free_seat: false,
    },
    Ability {
        name: "read_admin_users",
        title: "View users",
        summary: "Admin area: list of users and a user's details",
        admin: true,
        since: Since::V18,
        group: None,
        project: None,
        group_18: None,
        project_18: None,
        requirement: None,
        free_seat: false,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::gitlab::switches;

    fn switches() -> Switches {
        Switches::new("gitlab", switches::ALL)
    }

    #[test]
    fn a_version_has_its_own_abilities() {
        let mut switches = switches();
        let count = |switches: &Switches, admin| {
            all(switches).into_iter().filter(|ability| ability.admin == admin).count()
        };
        assert_eq!((count(&switches, false), count(&switches, true)), (41, 6));
        switches.set("abilities", "18.9").unwrap();
        assert_eq!(count(&switches, false), 32);
        assert!(of_version("destroy_package", &switches).is_none());
    }

    #[test]
    fn a_base_has_an_ability_when_every_list_that_applies_names_it() {
        let mut switches = switches();
        let read_code = known("read_code").unwrap();
        assert!(read_code.in_base(20, &switches) && !read_code.in_base(10, &switches));
        let compliance = known("read_compliance_dashboard").unwrap();
        switches.set("security_manager", "on").unwrap();
        assert!(!compliance.in_base(25, &switches), "only its group list names 25");
        assert!(!known("read_admin_users").unwrap().in_base(50, &switches));
        assert_eq!(human("admin_cicd_variables"), "Admin cicd variables");
    }
}
