//! Paths in commands that a person is told to run.

use std::path::Path;

/// `path` as git's configuration spells it: with `/` on every system, without a trailing one, and
/// without Windows' `\\?\`.
pub(super) fn git_path(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut bytes = bytes.to_vec();
    if cfg!(windows) {
        if let Some(rest) = bytes.strip_prefix(br"\\?\") {
            bytes = rest.to_vec();
        }
        for byte in &mut bytes {
            if *byte == b'\\' {
                *byte = b'/';
            }
        }
    }
    while bytes.len() > 1 && bytes.ends_with(b"/") {
        bytes.pop();
    }
    bytes
}

/// `bytes` as one word of a POSIX shell. What a terminal would not show is written as bash's and
/// zsh's `$'\x1b'`, so that the command survives being shown and pasted.
pub(super) fn quote(bytes: &[u8]) -> String {
    let plain = std::str::from_utf8(bytes).ok().filter(|text| !text.chars().any(hidden));
    if let Some(text) = plain {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut word = String::from("$'");
    for byte in bytes {
        match byte {
            b'\'' | b'\\' => word.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => word.push(char::from(*byte)),
            _ => word.push_str(&format!("\\x{byte:02x}")),
        }
    }
    word.push('\'');
    word
}

/// Control characters, and those that are invisible or turn the direction of text.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
