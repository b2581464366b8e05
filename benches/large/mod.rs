//! A large repository: 10,000 roles with 20 permissions each, no two with the same ones.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use tempfile::TempDir;

/// How many roles there are.
pub(crate) const ROLES: usize = 10_000;
const PERMISSIONS: usize = 20;

const RESOURCES: [&str; 13] = [
    "api_keys",
    "audit_logs",
    "billing_management",
    "integrations",
    "learnings",
    "metrics_dashboard",
    "organization_settings",
    "reports",
    "repository_management",
    "repository_settings",
    "role_management",
    "subscription_management",
    "user_management",
];
const ACCESSES: [&str; 3] = ["read", "write", "delete"];

/// Twenty permissions that no other number has: the bits of `number` choose among pairs.
pub(crate) fn permissions(number: usize) -> BTreeMap<&'static str, Vec<&'static str>> {
    let pair = |at: usize| (RESOURCES[at % RESOURCES.len()], ACCESSES[at / RESOURCES.len()]);
    let mut chosen: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for bit in 0..PERMISSIONS - 1 {
        let (resource, access) = pair(2 * bit + (number >> bit & 1));
        chosen.entry(resource).or_default().push(access);
    }
    let (resource, access) = pair(2 * (PERMISSIONS - 1));
    chosen.entry(resource).or_default().push(access);
    chosen
}

/// One role as a person writes it.
fn definition(text: &mut String, role: usize, content: usize) {
    let _ = write!(
        text,
        "  role-{role:05}:\n    name: Role {role:05}\n    description: Number {role} of many\n    permissions:\n"
    );
    for (resource, accesses) in permissions(content) {
        let _ = writeln!(text, "      {resource}: [{}]", accesses.join(", "));
    }
}

/// A folder of definitions for the target `how`; `content` chooses the permissions of a role.
pub(crate) fn project(how: &str, files: usize, content: impl Fn(usize) -> usize, rest: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).expect("a file");
    fs::create_dir(folder.path().join("roles")).expect("a folder");
    write(
        "rolecall.yaml",
        &format!(
            "version: 1\ntargets:\n  large: {{ provider: coderabbit, files: [\"roles/*.yaml\"], {how} }}\nlints: {{ RC045: allow }}\n"
        ),
    );
    for file in 0..files {
        let mut text = "provider: coderabbit\nroles:\n".to_owned();
        (file..ROLES).step_by(files).for_each(|role| definition(&mut text, role, content(role)));
        write(&format!("roles/{file:04}.yaml"), &text);
    }
    if !rest.is_empty() {
        write("roles/rest.yaml", rest);
    }
    folder
}

/// Commits everything that is in the folder, which becomes a repository where it is none.
pub(crate) fn commit(folder: &Path, message: &str) {
    let repo = git2::Repository::open(folder).or_else(|_| git2::Repository::init(folder));
    let commit = |repo: &git2::Repository| {
        let mut index = repo.index()?;
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None)?;
        index.write()?;
        let tree = repo.find_tree(index.write_tree()?)?;
        let who = git2::Signature::new("Mira", "mira@acme.example.test", &git2::Time::new(0, 0))?;
        let parent = repo.head().and_then(|head| head.peel_to_commit()).ok();
        repo.commit(Some("HEAD"), &who, &who, message, &tree, parent.iter().collect::<Vec<_>>().as_slice())
    };
    let _id = repo.and_then(|repo| commit(&repo)).expect("a commit");
}
