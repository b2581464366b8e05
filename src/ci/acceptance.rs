//! The way out of drift that accepts it: the patch that `rolecall import --drift` makes, and what it leaves
//! out.
//!
//! A page shows a patch byte for byte or not at all: one that a mask or an escape altered would not apply,
//! or say something else.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    model::Untrusted,
    plan::people::{self, People},
    render::{advice, escape, plan::markdown::clipped},
    workflow::{
        Failure, World,
        import::drift::{self, Options},
        plan::Planned,
        project::Project,
    },
};

/// Most of what a patch leaves out that is listed.
const LISTED: usize = 20;
/// Longest text of one of them, in characters.
const LONGEST: usize = 500;
/// Room for what is said beside patches.
const WORDS: usize = 3_500;

/// How the drift of some targets is taken into the definitions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The targets with drift.
    pub targets: Vec<Untrusted>,
    /// For `git apply`; empty where no file would change.
    pub patch: Untrusted,
    /// SHA-256 of the patch as it was made. Where a credential was taken out of it, it is another one.
    pub sha256: String,
    /// The files that it changes, below the top of the repository.
    pub files: Vec<Untrusted>,
    /// What it does not take over, one sentence each.
    pub left: Vec<Untrusted>,
    /// Everybody whom all this names, as they are known.
    pub people: Vec<Untrusted>,
}

/// How what a plan calls drift is accepted; nothing is read again.
///
/// # Errors
///
/// Where the definitions are not in a work tree.
pub fn of(world: &World, project: &Project, planned: &Planned) -> Result<Acceptance, Failure> {
    let options = Options { assignments: true, ..Options::default() };
    let found = drift::of(world, project, planned, &options)?;
    let drifted = planned.document.targets.iter().filter(|target| !target.changes.is_empty());
    let drifted: Vec<Untrusted> = drifted.map(|target| target.name.clone()).collect();
    let patch = drift::patch(&found.prefix, &found.files);
    let mut left: Vec<Untrusted> = Vec::new();
    for target in found.targets.iter().filter(|target| drifted.iter().any(|name| name.raw() == &*target.name))
    {
        let name = &target.name;
        match &target.result {
            Ok(taken) => left.extend(
                taken.not_taken().map(|(verb, left)| format!("{name}: {verb}: {}", left.sentence()).into()),
            ),
            Err(problem) => left.push(format!("{name}: {}", problem.failure.message.raw()).into()),
        }
    }
    let live: Vec<_> = planned.targets.iter().map(|target| &target.live).collect();
    let mut desired: Vec<_> = project.targets().map(|(_, desired)| desired).collect();
    for target in &planned.targets {
        let earlier = target.past.earlier();
        desired.extend(earlier.base.into_iter().chain(earlier.applied));
    }
    let texts: Vec<&str> = std::iter::once(patch.as_str()).chain(left.iter().map(Untrusted::raw)).collect();
    let people = people::named_in(&texts, &live, &desired);
    let slash = if found.prefix.is_empty() || found.prefix.ends_with('/') { "" } else { "/" };
    let files = found.files.iter().map(|file| format!("{}{slash}{}", found.prefix, file.path).into());
    Ok(Acceptance {
        targets: drifted,
        sha256: sha256(&patch),
        files: files.collect(),
        patch: patch.into(),
        left,
        people,
    })
}

/// SHA-256 of a patch, in hexadecimal digits.
pub fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a page does not show a patch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// A credential was taken out of it.
    Credential,
    /// It names people, and they are only to be counted.
    People,
    /// Encoded for the page it would be another one.
    Hidden,
    /// Both are made from the same text, so that the second would not apply.
    SameFile,
    /// There is no room.
    Full,
}

impl Why {
    /// The sentence about the patch of `whom`.
    fn sentence(self, whom: &str) -> String {
        let why = match self {
            Self::Full => {
                return format!("**Incomplete:** the patch{whom} does not fit on this page.");
            }
            Self::Credential => "something like a credential was in it",
            Self::People => "it names people, who are only counted here",
            Self::Hidden => "it holds characters that nobody sees, or that a page would obey",
            Self::SameFile => "it changes a file that another patch changes, too",
        };
        format!("The patch{whom} is not shown: {why}.")
    }
}

/// The way out as Markdown, of at most `room` bytes, or `WORDS` where that is more. Empty where nothing
/// is known about it. People stand in it only where `names` says so.
pub fn markdown(all: &[Acceptance], names: bool, room: usize) -> String {
    if all.is_empty() {
        return String::new();
    }
    let several = all.len() > 1;
    let mut room = room.saturating_sub(WORDS);
    let mut patches: Vec<String> = Vec::new();
    let mut withheld: BTreeMap<Why, Vec<&Untrusted>> = BTreeMap::new();
    let mut files = BTreeSet::new();
    for one in all.iter().filter(|one| !one.patch.is_empty()) {
        let block = match one.block(names, several) {
            Ok(_) if one.files.iter().any(|file| files.contains(file)) => Err(Why::SameFile),
            Ok(block) if block.len() > room => Err(Why::Full),
            block => block,
        };
        match block {
            Ok(block) => {
                room -= block.len();
                patches.push(block);
                files.extend(&one.files);
            }
            Err(why) => withheld.entry(why).or_default().extend(&one.targets),
        }
    }
    let mut page = "#### Accept it\n\n".to_owned();
    if !patches.is_empty() {
        let (what, each) = if patches.len() == 1 { ("patch says", "it") } else { ("patches say", "each") };
        page.push_str(&advice::prose(&format!(
            "The {what} it in the definitions. Copy {each}, run `git apply` at the top of the repository, paste it, and end the input with Ctrl-D. Then open a pull request."
        )));
        page.push_str("\n\n");
        page.extend(patches);
    }
    for (why, targets) in withheld {
        let whom = if several { format!(" for {}", few(&targets)) } else { String::new() };
        let command = advice::prose("`rolecall import --drift` prints it.");
        page.push_str(&format!("{} {command}\n\n", why.sentence(&whom)));
    }
    let left = left(all, names, room);
    if !left.is_empty() {
        let all_of_it = all.iter().all(|one| one.patch.is_empty());
        let head = if all_of_it { "No patch takes it over:" } else { "Not taken over:" };
        page.push_str(&format!("{head}\n\n{left}\n"));
    }
    if all.iter().all(|one| one.patch.is_empty() && one.left.is_empty()) {
        page.push_str("The definitions say what is live already.\n\n");
    }
    page
}

/// What no patch takes over.
fn left(all: &[Acceptance], names: bool, room: usize) -> String {
    let mut lines = String::new();
    let mut more = 0;
    let mut listed = 0;
    for one in all {
        let people = People::new(one.people.iter().map(Untrusted::raw));
        for text in &one.left {
            let text = beginning(text.raw());
            let text = if names { text } else { people.mask(&text).into_owned().into() };
            let line = format!("- {}\n", advice::prose(&text));
            if listed < LISTED && lines.len() + line.len() <= room {
                lines.push_str(&line);
                listed += 1;
            } else {
                more += 1;
            }
        }
    }
    if more > 0 {
        lines.push_str(&format!(
            "- **Incomplete:** {more} more, which {} names\n",
            advice::prose("`rolecall import --drift`")
        ));
    }
    lines
}

impl Acceptance {
    /// The patch as it is, for a page that names the targets where there are `several` patches.
    fn block(&self, names: bool, several: bool) -> Result<String, Why> {
        let patch = self.patch.raw();
        let people = People::new(self.people.iter().map(Untrusted::raw));
        if sha256(patch) != self.sha256 {
            return Err(Why::Credential);
        }
        if !names && people.mask(patch) != patch {
            return Err(Why::People);
        }
        let fence = escape::markdown_fence(patch, "diff").ok_or(Why::Hidden)?;
        let targets: Vec<_> = self.targets.iter().collect();
        let whom = if several { format!(" for {}", few(&targets)) } else { String::new() };
        let files = match self.files.len() {
            1 => "1 file".to_owned(),
            number => format!("{number} files"),
        };
        Ok(format!("<details><summary>Patch{whom}: {files}</summary>\n\n{fence}\n</details>\n\n"))
    }
}

/// A few names, and how many more there are.
fn few(names: &[&Untrusted]) -> String {
    const FEW: usize = 3;
    let shown: Vec<String> = names.iter().take(FEW).map(|name| clipped(name.raw())).collect();
    let more = names.len().saturating_sub(FEW);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// The beginning of a text that may be very long.
fn beginning(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}
