//! Changed files as a patch that `git apply` takes.

use std::fmt::Write as _;

use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::Changed;

/// Lines around a change.
const CONTEXT: usize = 3;

/// A unified diff; `prefix` is the folder of the definitions in the repository, empty at its top.
pub fn patch(prefix: &str, files: &[Changed]) -> String {
    let mut out = String::new();
    for file in files {
        let slash = if prefix.is_empty() || prefix.ends_with('/') { "" } else { "/" };
        let path = format!("{prefix}{slash}{}", file.path);
        let (old, new) = (quoted("a/", &path), quoted("b/", &path));
        let _infallible = writeln!(out, "diff --git {old} {new}");
        match &file.before {
            Some(_) => {
                let _infallible = writeln!(out, "--- {old}");
            }
            None => out.push_str("new file mode 100644\n--- /dev/null\n"),
        }
        let _infallible = writeln!(out, "+++ {new}");
        let before = String::from_utf8_lossy(file.before.as_deref().unwrap_or_default());
        hunks(&before, &file.after, &mut out);
    }
    out
}

fn hunks(before: &str, after: &str, out: &mut String) {
    // Lines as git sees them: a lone carriage return ends none.
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    for group in group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let range = |start: usize, end: usize| match end - start {
            0 => format!("{start},0"),
            1 => format!("{}", start + 1),
            count => format!("{},{count}", start + 1),
        };
        let _infallible = writeln!(
            out,
            "@@ -{} +{} @@",
            range(first.old_range().start, last.old_range().end),
            range(first.new_range().start, last.new_range().end)
        );
        for op in &group {
            lines(op, &old, &new, out);
        }
    }
}

fn lines(op: &DiffOp, old: &[&str], new: &[&str], out: &mut String) {
    let mut put = |sign: char, lines: &[&str]| {
        for line in lines {
            out.push(sign);
            out.push_str(line);
            if !line.ends_with('\n') {
                out.push_str("\n\\ No newline at end of file\n");
            }
        }
    };
    let (_, old_range, new_range) = op.as_tag_tuple();
    let (gone, come) = (old.get(old_range).unwrap_or_default(), new.get(new_range).unwrap_or_default());
    match op.tag() {
        DiffTag::Equal => put(' ', gone),
        DiffTag::Delete => put('-', gone),
        DiffTag::Insert => put('+', come),
        DiffTag::Replace => {
            put('-', gone);
            put('+', come);
        }
    }
}

/// A path as git writes it: in quotes where it holds something that could be taken for the end of
/// the line or of the name, or that nobody sees. A name with a blank stands in quotes, too: the tab that
/// git puts behind it is lost where somebody copies the patch from a page.
fn quoted(side: &str, path: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if path.chars().all(plain) {
        return format!("{side}{path}");
    }
    let mut out = format!("\"{side}");
    for c in path.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if !c.is_ascii() || c.is_ascii_control() => {
                for byte in c.to_string().bytes() {
                    let _infallible = write!(out, "\\{byte:03o}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
