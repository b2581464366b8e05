use proptest::prelude::*;

use super::*;
use crate::{
    model::{Address, Scope},
    plan::document::{Action, Applied, Change, Guard, Origin, TargetError, UnmanagedRole, VerdictOutcome},
    render::{
        escape::is_hidden,
        plan::{
            json::tests::any_plan,
            samples::{
                HOSTILE, digest, document, everything, fields, git, hostile, many, person, role, set, target,
                verdict,
            },
        },
    },
};

fn linked() -> MarkdownOptions {
    MarkdownOptions {
        permalink: Permalink::new("https://github.com/acme/roles/blob/4f2a91c/"),
        ..MarkdownOptions::default()
    }
}

#[test]
fn whole() {
    insta::assert_snapshot!(render(&everything(), &linked()), @r#"
### Plan: 1 to create, 2 to change, 1 to rename, 1 to replace, 1 to delete, 1 to release, a new default role; 4 assignments (+2 ~1 −1); 1 scope change; 1 by hand; drift in 2 of them.

> [!CAUTION]
> 1 refusal: nothing will be sent to **reviews**.

> [!NOTE]
> **EMULATOR**: **reviews** is not a real tenant.

Commit `4f2a91c0d3b8` on release-roles, compared with origin/main (`8d10c33fa1b2`), 2026<span>&#45;</span>11<span>&#45;</span>20.


#### Refused

- **Somebody still holds the role**, delete **Old role**: 1 person holds the role<br>Help: Add `- { name: Old role, reassign_to: member }` to `removed`.

**reviews** · acme · **EMULATOR** · api.acme.test · tenant 88321 · manage: roles **authoritative**, assignments **declared**

##### What is managed and guarded changes

- **How roles are managed** (`manage.roles`): `declared` → `authoritative`

##### Allowed by hand

- `protect`, replace **Base mover**: the role is protected from being deleted<br>Reason given: agreed with the release team, CHG<span>&#45;</span>12

##### Assignments by place

- +2 ~1 −1 at group acme/platform

##### Removals

**Replace Base mover** · `reviews/role/base-mover`

```diff
- base: "guest"
+ base: "reporter"
```

Side effect: The identity provider's link of the role is lost.

**Change Security reviewer** · held by 3 people · [roles/security.yaml:4](https://github.com/acme/roles/blob/4f2a91c/roles/security.yaml#L4) · `reviews/role/security-reviewer`

```diff
@@ description @@
- Reviews all the code and reads audit logs
+ Reviews security relevant code and reads
+ audit logs
  ↳ merged earlier, not in place yet
@@ permissions: 2 removed, 3 added, 7 unchanged @@
- learnings: none
- user_management: read
  ↳ drift: added outside git, this plan takes it
    away again
+ learnings: read, write  (via set security-read)
+ members: read  (via base Member)
  ↳ drift: removed outside git, comes back
  api_keys: read
  audit: read
  knowledge: read
  reports: read
  reviews: read, write
  workspaces: read
```

With set security-read from [roles/sets.yaml:4](https://github.com/acme/roles/blob/4f2a91c/roles/sets.yaml#L4)

**group acme/platform** · Release auditor · −1

```diff
- x@example.test
  ↳ expired
```

##### Changes

**Change Clicked together** · held by nobody · `reviews/role/clicked`

Takes over a live role that no earlier revision is known to declare.

```diff
- protected: false
+ protected: true
```

**Rename Release Aide → Release helper** · `reviews/role/release-helper`

**Default role: Member → Release auditor** · `reviews/default`

**By hand**, as there is no API for it:

1. Open Settings &#62; Roles.
2. Choose “Release auditor” as the default.

**group acme/platform** · Release auditor · ~1

```diff
! jo: Developer → Release auditor
```

##### Additions

**Create Release auditor** · [roles/release.yaml:2](https://github.com/acme/roles/blob/4f2a91c/roles/release.yaml#L2) · `reviews/role/release-auditor`

```diff
+ description: "Reads what was released"
@@ permissions: 4 @@
+ read_release
+ read_tag
+ reports: read, write
```

**group acme/platform** · Release auditor · +2

```diff
+ mira
+ okan
```

##### No longer managed, stays as it is

**Release Released role** · `reviews/role/released`

It is no longer managed, and stays as it is.

<details><summary><b>Drift: changed outside git, and put back by this plan</b> (1)</summary>

**Delete Old role** · held by 1 person · *drift: added outside git, this plan takes it away again* · `reviews/role/=Old%20role`

Git never declared it, and the mode is authoritative.

```diff
@@ permissions: 2 @@
- reviews: read, write
```

</details>

- Note: There is no record of the last apply.
- Not applicable (`min_admins`): the provider has no administrator role
- Left alone: 2 roles that git does not declare: Temp, Guest 2; 12 assignments.

Digest <code>sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd</code> · rolecall 0&#46;1.0

```sh
rolecall plan --rev 4f2a91c0d3b8e7a6f5c4d3e2f1a0b9c8d7e6f5a4 --base 8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90 --target reviews
```
"#);
}

#[test]
fn a_pull_request_tells_what_is_its_own() {
    insta::assert_snapshot!(render(&git::review(), &linked()), @r"
    ### Plan: 1 to create, 2 to change, 1 to delete, 2 to release; 4 assignments (+2 ~1 −1); 4 scope changes; drift in 5 of them.

    Commit `4f2a91c0d3b8` on release-roles, merged with origin/main (`8d10c33fa1b2`) in memory, as the branch is behind, 2026<span>&#45;</span>11<span>&#45;</span>20.


    **reviews** · acme · api.acme.test · tenant 88321 · last recorded 2026<span>&#45;</span>11<span>&#45;</span>20 10<span>&#58;</span>04 UTC by mira at `8d10c33fa1b2`

    ##### What is managed and guarded changes

    - **How roles are managed** (`manage.roles`): `declared` → `authoritative`
    - **Most roles that one plan may delete** (`guards.max_deletes`): `3` → `50%`
    - **Files that are no longer read** (`files`): `roles/legacy.yaml`
    - **Setting** (`settings.org_id`): `88321` → `88322`

    ##### Assignments by place

    - +2 ~1 −1 ○1 at group acme/platform

    ##### Removals

    **Change Security reviewer** · held by 3 people · [roles/security.yaml:4](https://github.com/acme/roles/blob/4f2a91c/roles/security.yaml#L4) (Mira, `4f2a91c0`, 2026<span>&#45;</span>11<span>&#45;</span>19) · `reviews/role/security-reviewer`

    ```diff
    @@ permissions: 1 removed, 2 added, 1 unchanged @@
    - api_keys: write
      ↳ drift: added outside git, this plan takes it
        away again
    + audit: read
    + learnings: read
      ↳ drift: removed outside git, comes back
      reports: read
    ```

    - Audit log 2026<span>&#45;</span>11<span>&#45;</span>19 15<span>&#58;</span>20 UTC by okan: edited role Security reviewer

    ##### Changes

    **Change Release helper** · *merged earlier, not in place yet* · [roles/security.yaml:12](https://github.com/acme/roles/blob/4f2a91c/roles/security.yaml#L12) (Mira, `4f2a91c0`, 2026<span>&#45;</span>11<span>&#45;</span>19) · `reviews/role/release-helper`

    ```diff
    @@ description @@
    - Does anything
    + Prepares releases
    ```

    **group acme/platform** · Auditor · ~1

    ```diff
    ! jo: Developer → Auditor
      ↳ merged earlier, not in place yet
    ```

    ##### Additions

    **group acme/platform** · Auditor · +1

    ```diff
    + mira
    ```

    ##### No longer managed, stays as it is

    **Release Intern** · `reviews/role/intern`

    Git declared it before, and the definitions no longer do. It is no longer managed, and stays as it is.

    **group acme/platform** · Auditor · ○1

    ```diff
      sam
      ↳ no longer declared
    ```

    <details><summary><b>Drift: changed outside git, and put back by this plan</b> (4)</summary>

    **Delete Clicked** · held by nobody · *drift: added outside git, this plan takes it away again* · `reviews/role/clicked`

    Git never declared it, and the mode is authoritative.

    ```diff
    @@ permissions: 1 @@
    - api_keys: write
    ```

    - Audit log 2026<span>&#45;</span>11<span>&#45;</span>18 09<span>&#58;</span>01 UTC by okan: created role Clicked

    **group acme/platform** · Auditor · −1

    ```diff
    - x@example.test
      ↳ drift: added outside git, this plan takes it
        away again
    ```

    **Create Auditor** · *drift: removed outside git, comes back* · [roles/security.yaml:20](https://github.com/acme/roles/blob/4f2a91c/roles/security.yaml#L20) (Mira, `4f2a91c0`, 2026<span>&#45;</span>11<span>&#45;</span>19) · `reviews/role/auditor`

    ```diff
    @@ permissions: 1 @@
    + audit: read
    ```

    **group acme/platform** · Auditor · +1

    ```diff
    + okan
      ↳ drift: removed outside git, comes back
    ```

    </details>

    - **Warning** `RC052`: `audit:read` is not in the live catalogue · [roles/security.yaml:9](https://github.com/acme/roles/blob/4f2a91c/roles/security.yaml#L9) (Mira, `4f2a91c0`, 2026<span>&#45;</span>11<span>&#45;</span>19)<br>Help: Refresh it with `rolecall catalog --write`

    Digest <code>sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd</code> · rolecall 0&#46;1.0

    ```sh
    rolecall plan --rev 4f2a91c0d3b8e7a6f5c4d3e2f1a0b9c8d7e6f5a4 --base 8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90 --target reviews
    rolecall apply --target reviews --expect-plan sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
    ```
    ");
}

#[test]
fn what_is_left_alone_is_told_with_the_way_to_include_it() {
    insta::assert_snapshot!(render(&git::pending_only(), &linked()), @r"
    ### Plan: 1 to change; 3 differences left alone.

    Commit `4f2a91c0d3b8` on release-roles, compared with origin/main (`8d10c33fa1b2`), 2026<span>&#45;</span>11<span>&#45;</span>20.


    **reviews** · acme · api.acme.test · tenant 88321 · **only what the definitions changed (--pending-only)** · last recorded 2026<span>&#45;</span>11<span>&#45;</span>20 10<span>&#58;</span>04 UTC by mira at `8d10c33fa1b2`

    ##### Changes

    **Change Security reviewer** · held by 3 people · [roles/security.yaml:4](https://github.com/acme/roles/blob/4f2a91c/roles/security.yaml#L4) (Mira, `4f2a91c0`, 2026<span>&#45;</span>11<span>&#45;</span>19) · `reviews/role/security-reviewer`

    ```diff
    @@ permissions: 1 added, 1 unchanged @@
    + audit: read
      reports: read
    ```

    <details><summary><b>Left alone by --pending-only</b> (3)</summary>

    **Would change Security reviewer** · *drift: changed outside git* · `reviews/role/security-reviewer`

    ```diff
    @@ permissions: 1 removed, 1 added @@
    - api_keys: write
    + learnings: read
    ```

    **Would change Release helper** · *nobody can tell why: there is no record of an apply* · `reviews/role/release-helper`

    ```diff
    @@ description @@
    - Does anything
    + Prepares releases
    ```

    **group acme/platform** · Developer · ~1

    ```diff
    ! jo: Auditor → Developer
      ↳ drift: changed outside git
    ```

    A plan without `--pending-only` includes it.

    </details>

    Digest <code>sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd</code> · rolecall 0&#46;1.0

    ```sh
    rolecall plan --rev 4f2a91c0d3b8e7a6f5c4d3e2f1a0b9c8d7e6f5a4 --base 8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90 --target reviews --pending-only
    rolecall apply --target reviews --pending-only --expect-plan sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
    ```
    ");
}

#[test]
fn drift_is_told_as_what_somebody_did() {
    insta::assert_snapshot!(drift(&git::drift(Origin::Drift), &linked()), @r"
    ### Drift: 1 created, 1 changed, 1 renamed, 1 deleted, 2 assignments (+1 −1) outside git.

    Commit `4f2a91c0d3b8` on release-roles, compared with origin/main (`8d10c33fa1b2`), 2026<span>&#45;</span>11<span>&#45;</span>20.


    **reviews** · acme · api.acme.test · tenant 88321 · last recorded 2026<span>&#45;</span>11<span>&#45;</span>20 10<span>&#58;</span>04 UTC by mira at `8d10c33fa1b2`

    ##### Assignments by place

    - +1 −1 at group acme/platform

    ##### Taken away outside git

    **Changed Security reviewer** · held by 3 people · [roles/security.yaml:4](https://github.com/acme/roles/blob/4f2a91c/roles/security.yaml#L4) (Mira, `4f2a91c0`, 2026<span>&#45;</span>11<span>&#45;</span>19) · `reviews/role/security-reviewer`

    ```diff
    @@ permissions: 1 removed, 1 added, 1 unchanged @@
    - learnings: read
    + api_keys: write
      reports: read
    ```

    - Audit log 2026<span>&#45;</span>11<span>&#45;</span>19 15<span>&#58;</span>20 UTC by okan: edited role Security reviewer

    **Deleted Auditor** · [roles/security.yaml:20](https://github.com/acme/roles/blob/4f2a91c/roles/security.yaml#L20) (Mira, `4f2a91c0`, 2026<span>&#45;</span>11<span>&#45;</span>19) · `reviews/role/auditor`

    ```diff
    @@ permissions: 1 @@
    - audit: read
    ```

    **group acme/platform** · Auditor · −1

    ```diff
    - okan
    ```

    ##### Changed outside git

    **Renamed Helper → Helper&#33;&#33;** · `reviews/role/helper`

    ##### Added outside git

    **Created Clicked** · held by nobody · `reviews/role/clicked`

    ```diff
    @@ permissions: 1 @@
    + api_keys: write
    ```

    - Audit log 2026<span>&#45;</span>11<span>&#45;</span>18 09<span>&#58;</span>01 UTC by okan: created role Clicked

    **group acme/platform** · Auditor · +1

    ```diff
    + x@example.test
    ```

    `rolecall apply` puts it back; `rolecall import --drift` takes it into the definitions.

    rolecall 0&#46;1.0
    ");
}

#[test]
fn nothing_to_do() {
    insta::assert_snapshot!(render(&document(vec![target("reviews", Vec::new())]), &MarkdownOptions::default()), @r"
### No changes. Live matches the definitions.

Commit `4f2a91c0d3b8` on release-roles, compared with origin/main (`8d10c33fa1b2`), 2026<span>&#45;</span>11<span>&#45;</span>20.


**reviews** · acme · api.acme.test · tenant 88321

No changes.

Digest <code>sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd</code> · rolecall 0&#46;1.0

```sh
rolecall plan --rev 4f2a91c0d3b8e7a6f5c4d3e2f1a0b9c8d7e6f5a4 --base 8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90 --target reviews
```
");
}

#[test]
fn several_targets() {
    insta::assert_snapshot!(render(&many(4), &MarkdownOptions::default()), @r"
### Plan: 1 to rename; 1 of 4 targets failed.

> [!CAUTION]
> There is no plan for **team<span>&#45;</span>002**.

Commit `4f2a91c0d3b8` on release-roles, compared with origin/main (`8d10c33fa1b2`), 2026<span>&#45;</span>11<span>&#45;</span>20.


#### team<span>&#45;</span>001

acme · api.acme.test · tenant 88321

##### Changes

**Rename Release Aide → Release helper** · `reviews/role/release-helper`

#### team<span>&#45;</span>002

acme

**No plan:** GET /api/v4/groups/acme answered 503 four times in 30 s

Help: Try again later, or leave the target out with `--target`.

<details><summary>No changes in 2 targets</summary>

team<span>&#45;</span>000, team<span>&#45;</span>003

</details>

<details><summary>Digest of each target</summary>

- team<span>&#45;</span>000 `sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`
- team<span>&#45;</span>001 `sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`
- team<span>&#45;</span>003 `sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`

</details>

No digest, as a target failed · rolecall 0&#46;1.0

```sh
rolecall plan --rev 4f2a91c0d3b8e7a6f5c4d3e2f1a0b9c8d7e6f5a4 --base 8d10c33fa1b2c3d4e5f60718293a4b5c6d7e8f90
```
");
}

#[test]
fn two_hundred_targets_are_one_line() {
    let page = render(&many(200), &MarkdownOptions::default());
    assert!(page.contains("<details><summary>No changes in 198 targets</summary>\n"), "{page}");
    assert!(!page.contains("**Incomplete:**"));
}

#[test]
fn places_are_links_only_where_a_file_can_be() {
    let options = linked();
    let link = options.permalink.as_ref().unwrap();
    assert_eq!(
        link.line(&"roles/a b)#.yaml".into(), 4).as_deref(),
        Some("https://github.com/acme/roles/blob/4f2a91c/roles/a%20b%29%23.yaml#L4")
    );
    for path in ["../../x", "/etc/passwd", "", "a//b"] {
        assert_eq!(link.line(&path.into(), 1), None, "{path}");
    }
    for base in ["javascript:alert(1)", "https://", "https://x.test/a)b", "https://x.test/ a"] {
        assert_eq!(Permalink::new(base), None, "{base}");
    }
}

#[test]
fn people_are_counted_where_they_are_not_named() {
    let page = render(&everything(), &MarkdownOptions { names: false, ..MarkdownOptions::default() });
    for name in ["mira", "okan", "x@example", "jo:"] {
        assert!(!page.contains(name), "{name}: {page}");
    }
    assert!(page.contains("**group acme/platform** · Release auditor · +2\n"), "{page}");
}

#[test]
fn nobody_is_named_in_any_sample_where_people_are_only_counted() {
    let options = MarkdownOptions { names: false, ..MarkdownOptions::default() };
    let texts = ["Zoe Quill (zq-77) and zoe.quill@acme.example.test hold it", "user:5 keeps `zq-77`"];
    for mut plan in [everything(), many(40), git::review(), git::pending_only(), git::drift(Origin::Drift)] {
        for target in &mut plan.targets {
            target.people = ["Zoe Quill", "zq-77", "5"].map(Untrusted::from).to_vec();
            let text = |index: usize| -> Untrusted { texts[index % 2].into() };
            target.notes.extend([text(0), text(1)]);
            target.applied = Some(Applied {
                revision: "4f2a91c0d3b8e7a6f5c4d3e2f1a0b9c8d7e6f5a4".into(),
                time: "2026-11-20T10:00:00Z".into(),
                digest: digest('a'),
                actor: Some("zq-77".into()),
            });
            target.error = target.error.take().map(|error| TargetError {
                message: text(0),
                help: Some(text(1)),
                ..error
            });
            for (index, change) in target.changes.iter_mut().enumerate() {
                change.side_effects.push(text(index));
                change.manual = Some(vec![text(index)]);
                let mut refused = verdict(Guard::MinAdmins, VerdictOutcome::Refused, texts[index % 2]);
                refused.help = Some(text(index + 1));
                change.verdicts.push(refused);
            }
            let mut allowed = verdict(Guard::Held, VerdictOutcome::Allowed, texts[0]);
            allowed.reason = Some("as zq-77 asked".into());
            target.verdicts.push(allowed);
        }
        let mut known: Vec<String> =
            ["Zoe", "Quill", "zq-77", "zq&#45;77", "user:5", "acme.example"].map(str::to_owned).to_vec();
        for change in plan.targets.iter().flat_map(|target| &target.changes) {
            known.extend(change.activity.iter().map(|one| one.actor.raw().to_owned()));
            if let Some((_, id)) = change.address.as_str().split_once("/user:") {
                known.extend([
                    id.split('/').next().unwrap_or_default().to_owned(),
                    change.title.raw().to_owned(),
                ]);
            }
        }
        for page in [render(&plan, &options), drift(&plan, &options)] {
            // Words only: what stands in a page is encoded for Markdown, and digests hold any digits.
            let plain = page.replace("<span>", "").replace("</span>", "").replace("&#45;", "-");
            for who in known.iter().filter(|who| who.len() > 1) {
                assert!(!plain.contains(who.as_str()), "{who} is in {page}");
            }
        }
    }
}

/// A line without its code spans, in which everything is only text.
fn without_code(line: &str) -> String {
    let ticks = |text: &str| text.chars().take_while(|c| *c == '`').count();
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        out.push_str(&rest[..start]);
        let fence = "`".repeat(ticks(&rest[start..]));
        let inside = &rest[start + fence.len()..];
        let end = inside
            .match_indices(&fence)
            .find(|(at, _)| ticks(&inside[*at..]) == fence.len() && !inside[..*at].ends_with('`'));
        rest = end.map_or("", |(at, _)| &inside[at + fence.len()..]);
    }
    out + rest
}

/// The page without its code, and without line feeds.
fn prose(page: &str) -> Result<String, String> {
    let mut fence: Option<String> = None;
    let mut out = String::new();
    for line in page.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        let opens = ticks.len() >= 3 && !line[ticks.len()..].contains('`');
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if opens => fence = Some(ticks),
            None => out.push_str(&without_code(line)),
        }
    }
    if fence.is_none() { Ok(out) } else { Err("a fence is left open".to_owned()) }
}

/// Fences and folds that are opened are closed, in this order.
fn balanced(page: &str) -> Result<(), String> {
    let mut open = 0_usize;
    for tag in prose(page)?.split('<') {
        if tag.starts_with("details") {
            open += 1;
        } else if tag.starts_with("/details>") {
            open = open.checked_sub(1).ok_or("a fold is closed that is not open")?;
        }
    }
    if open == 0 { Ok(()) } else { Err("a fold is left open".to_owned()) }
}

#[test]
fn hostile_text_is_inert() {
    for text in HOSTILE {
        for page in [render(&hostile(text), &linked()), drift(&hostile(text), &linked())] {
            assert!(!page.chars().any(|c| c != '\n' && is_hidden(c)), "{page}");
            assert!(!page.lines().any(|line| line.trim_start().starts_with("::")), "{page}");
            assert_eq!(balanced(&page), Ok(()), "{page}");
            let outside = prose(&page).unwrap();
            assert!(!outside.contains("@acme"), "{outside}");
            assert!(!outside.contains("**bold**"), "{outside}");
            assert!(!outside.contains("(https://evil.test)"), "{outside}");
        }
    }
}

/// Much of everything.
fn large(roles: usize, text: &str) -> PlanDocument {
    let mut changes = Vec::new();
    for number in 0..roles {
        let values: Vec<_> = (0..30).map(|value| format!("area{number}:{value}")).collect();
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        let all = fields([("permissions", set(&values))]);
        let key = format!("role-{number}");
        let change = if number % 2 == 0 {
            Change { before: all, ..role(Action::Delete, &key, text) }
        } else {
            Change { after: all, ..role(Action::Create, &key, text) }
        };
        changes.push(change);
        changes.push(person(Action::Assign, &format!("{text}{number}"), None, Some(text)));
    }
    let mut plan = document(vec![target("reviews", changes), target("zero", Vec::new())]);
    for target in &mut plan.targets {
        target.unmanaged.roles = (0..roles)
            .map(|_| UnmanagedRole {
                address: Address::live_role("reviews", &text.into(), &Scope::Target),
                name: text.into(),
            })
            .collect();
    }
    plan
}

#[test]
fn removals_stay_longest() {
    let plan = large(100, "A role");
    let full = render(&plan, &MarkdownOptions { max_chars: usize::MAX, ..MarkdownOptions::default() });
    assert!(full.len() > 20_000 && !full.contains("**Incomplete:**"));
    let page = render(&plan, &MarkdownOptions { max_chars: 14_000, ..MarkdownOptions::default() });
    let incomplete = page.lines().find(|line| line.starts_with("**Incomplete:**")).unwrap();
    insta::assert_snapshot!(incomplete, @"**Incomplete:** this page is full. Without details: 150 additions, 1 list of what is left alone. `rolecall` in a terminal shows everything.");
    assert_eq!(page.matches("**Delete A role**").count(), 50, "{page}");
    let page = render(&plan, &MarkdownOptions { max_chars: 6_000, ..MarkdownOptions::default() });
    let incomplete = page.lines().find(|line| line.starts_with("**Incomplete:**")).unwrap();
    insta::assert_snapshot!(incomplete, @"**Incomplete:** this page is full. Without details: 47 removals, 150 additions, 1 list of what is left alone. `rolecall` in a terminal shows everything.");
}

fn laws(plan: &PlanDocument, max_chars: usize) -> Result<(), TestCaseError> {
    let full = render(plan, &MarkdownOptions { max_chars: usize::MAX, ..linked() });
    let page = render(plan, &MarkdownOptions { max_chars, ..linked() });
    prop_assert!(page.len() <= max_chars, "{} > {max_chars}", page.len());
    prop_assert!(page.encode_utf16().count() <= max_chars);
    let headline = format!("### {}", headline(plan, "−"));
    prop_assert!(page.starts_with(&headline));
    if let Some(digest) = &plan.digest {
        let digest = format!("Digest <code>{}</code>", digest.raw());
        prop_assert!(page.contains(&digest));
    }
    prop_assert_eq!(page != full, page.contains("**Incomplete:**"));
    prop_assert_eq!(balanced(&full), Ok(()), "{}", &full);
    prop_assert_eq!(balanced(&page), Ok(()), "{}", &page);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_cut_page_keeps_the_laws(roles in 0_usize..80, text in any::<String>(), max_chars in MIN_CHARS..30_000) {
        laws(&large(roles, &text), max_chars)?;
    }

    #[test]
    fn any_page_keeps_the_laws(plan in any_plan(), max_chars in MIN_CHARS..9_000) {
        laws(&plan, max_chars)?;
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    /// With the longest texts everywhere, headline and digest still fit.
    #[test]
    fn the_core_fits_at_any_cost(text in "[@#~\u{1f600}\u{202e}]{200,300}", failed: bool) {
        let mut plan = hostile(&text);
        plan.rolecall = text.as_str().into();
        plan.revisions.desired = Some(text.as_str().into());
        plan.revisions.today = text.as_str().into();
        let first = plan.targets.first().cloned();
        plan.targets.extend(std::iter::repeat_n(first, 8).flatten());
        if failed {
            plan.targets.push(crate::render::plan::samples::failed(&text));
            plan.digest = None;
        }
        laws(&plan, MIN_CHARS)?;
    }
}
