//! P11: what others wrote is shown, and does nothing.

use serde_json::json;

use crate::common::{Emulator, Project, project::Output};

/// Terminal control, overwriting, bidi, zero width, C1, forge commands, Markdown, HTML, mentions,
/// formulas, line breaks.
pub(super) const HOSTILE: [&str; 10] = [
    "\u{1b}[31mred\u{1b}]0;title\u{7}\u{1b}]8;;http://evil.test\u{7}link",
    "over\rwritten\u{8}\u{7f}",
    "adm\u{202e}nimda\u{202c}\u{2066}x\u{2069}",
    "zero\u{200b}width\u{feff}\u{2060}\u{ad}",
    "c1\u{9b}31m\u{85}\u{90}",
    "line\nbreak\n::error file=x::pwned\n##[command]x",
    "](http://evil.test) <img src=x onerror=alert(1)> @everyone #1",
    "```\n| a | b |\n<!-- -->\u{2028}\u{2029}",
    "=cmd|' /C calc'!A0",
    "{{ 7*7 }} ${x} $(id) `id`",
];

/// What may be in no output whatever happens.
pub(super) fn inert(output: &Output, what: &str) {
    for (stream, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        for c in text.chars() {
            let hidden = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
            let control = c.is_control() && c != '\n';
            assert!(!hidden && !control, "{what}: {c:?} in {stream}\n{text:?}");
        }
        assert!(
            !text.lines().any(|line| line.starts_with("::") || line.starts_with("##[")),
            "{what}: {text}"
        );
    }
}

const COMMANDS: [&str; 7] = [
    "plan",
    "plan -vv --color never",
    "plan --format json",
    "plan --format markdown",
    "apply --auto-approve --format markdown",
    "apply --auto-approve --format json",
    "apply --auto-approve",
];

#[test]
fn p11_what_somebody_wrote_in_the_dashboard_is_inert() {
    for hostile in HOSTILE {
        let emulator = Emulator::start();
        emulator.switch("user_fields", "extended");
        let held = emulator.make_role(&json!({ "name": format!("x{hostile}"), "description": hostile, "permissions": ["reports:read"] }));
        let mine = emulator.make_role(&json!({ "name": "Mine", "description": hostile, "permissions": [] }));
        let mut state = emulator.get("/_dashboard/state");
        let users = state["tenants"][0]["orgs"][0]["users"].as_array_mut().expect("users");
        users[2]["user_name"] = json!(hostile);
        emulator.put("/_dashboard/state", &state);
        emulator.give("1003", &held);
        let project = Project::in_git(&emulator, "");
        project.define(&format!(
            "roles:\n  mine: {{ id: {mine}, name: Mine, description: Needed, permissions: {{ reports: [read] }} }}\nassignments:\n  - {{ role: mine, users: [\"1003\"] }}\n"
        ));
        for command in COMMANDS {
            inert(&project.run(command), command);
        }
        let name = serde_json::Value::from(format!("x{hostile}"));
        project.define(&format!("removed:\n  - {{ name: {name} }}\n"));
        for command in COMMANDS {
            inert(&project.run(command), command);
        }
    }
}

/// The line of YAML that stands alone after the line which ends with `start`.
fn line_to_add<'a>(message: &'a str, start: &str) -> &'a str {
    let rest = &message[message.find(start).expect("the message says it") + start.len()..];
    rest.trim_start_matches('\n').lines().next().expect("a line").trim()
}

#[test]
fn the_line_to_add_is_yaml_whatever_the_role_is_called() {
    for name in
        ["adm\u{202e}nimda", r"back\nslash \u{41} `tick` ##[x]", "two  blanks, \"quotes\"", "хе\u{301}"]
    {
        let emulator = Emulator::start();
        let held = emulator.make_role(&json!({ "name": name, "permissions": ["reports:read"] }));
        emulator.give("1003", &held);
        let mut project = Project::in_git(&emulator, "");
        project.set("COLUMNS", "1000");
        let quoted: String = name.chars().map(|c| format!("\\U{:08X}", u32::from(c))).collect();
        project.define(&format!("removed:\n  - {{ name: \"{quoted}\" }}\n"));
        let plan = project.run("plan --color never").exits(4);
        let line = line_to_add(&plan.stdout, "Say under `removed:` where they go:");
        project.define(&format!("removed:\n  {line}\n"));
        let _plan = project.run("plan").exits(0);
        let _applied = project.apply().exits(0);
        assert_eq!(emulator.held_by("1003"), "Member", "{line}");
    }
}

#[test]
fn p11_what_an_api_says_in_errors_is_inert() {
    let emulator = Emulator::start();
    let project = Project::in_git(&emulator, "");
    project.define("roles:\n  one: { name: One, description: Needed, permissions: { reports: [read] } }\n");
    for hostile in HOSTILE {
        let word: String = hostile.chars().filter(|c| !c.is_whitespace()).collect();
        for fault in [format!("WRITE ** status=422 code={word}"), format!("READ ** status=403 code={word}")] {
            emulator.faults(&[&fault]);
            for command in COMMANDS {
                inert(&project.run(command), command);
            }
        }
    }
}

#[test]
fn p11_what_an_author_wrote_in_a_file_is_inert() {
    for hostile in HOSTILE {
        let emulator = Emulator::start();
        let project = Project::in_git(&emulator, "");
        let text = serde_json::Value::from(hostile);
        for file in [
            format!(
                "roles:\n  one: {{ name: {text}, description: {text}, permissions: {{ reports: [read] }} }}\n"
            ),
            format!(
                "roles:\n  one: {{ name: One, description: {text}, permissions: {{ {text}: [read] }} }}\n"
            ),
            format!("assignments:\n  - {{ role: builtin:cr_member, users: [{text}] }}\n"),
            format!("removed:\n  - {{ name: {text} }}\n"),
            format!("{text}: {text}\n"),
            format!("# {hostile}\nroles: {{ {hostile}\n"),
        ] {
            project.define(&file);
            for command in
                COMMANDS.iter().chain(&["validate", "validate --format json", "validate --format sarif"])
            {
                inert(&project.run(command), &format!("{command} on {file:?}"));
            }
        }
    }
}

#[test]
fn p11_names_from_the_command_line_and_of_files_are_inert() {
    let project = Project::new();
    let emulator = Emulator::start();
    project.target(&emulator, "");
    for hostile in HOSTILE {
        let one = hostile.replace('\n', " ");
        inert(&project.run_args(["plan", "--target", &one]), "--target");
        inert(&project.run_args(["plan", "--only", &one]), "--only");
        inert(&project.run_args(["plan", "--rev", &one]), "--rev");
        inert(&project.run_args(["show", &one]), "show");
        inert(&project.run_args(["apply", "--expect-plan", &one]), "--expect-plan");
        inert(&project.run_args(["plan", "--allow-host", &one]), "--allow-host");
        let reason = project.run_args(["plan", "--allow", "protect", "--reason", &one]);
        inert(&reason, "--reason");
    }
    project.write("roles/\u{1b}[31m.yaml", "provider: coderabbit\nroles: { a: 1 }\n");
    inert(&project.run("validate"), "a file's name");
}
