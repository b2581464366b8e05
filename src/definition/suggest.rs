//! "Did you mean".

/// The known word nearest to `word`, where one is near enough to be a slip of the hand.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Long texts are no slips, and distance is quadratic in length.
    if word.len() > 128 {
        return None;
    }
    // Capitals are no slip that counts.
    let small = word.to_lowercase();
    let most = match word.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    known
        .into_iter()
        .filter(|known| *known != word && known.len().abs_diff(word.len()) <= 12)
        .filter_map(|known| {
            let distance = strsim::osa_distance(&small, &known.to_lowercase());
            (distance <= most).then_some((distance, known))
        })
        .min()
        .map(|(_, known)| known)
}

/// `Did you mean X?`, or nothing.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|known| format!("Did you mean `{known}`?"))
}

/// Words as a list: `a`, `b`, and `c`; a long list is cut.
pub(crate) fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 12;
    let words: Vec<&str> = words.into_iter().collect();
    let mut text: Vec<String> = words.iter().take(MOST).map(|word| format!("`{word}`")).collect();
    if words.len() > MOST {
        text.push(format!("{} more", words.len() - MOST));
    }
    match text.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [init @ .., last] => format!("{}, and {last}", init.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_only() {
        let known = ["permissions", "include", "base", "a:read"];
        assert_eq!(nearest("permisions", known), Some("permissions"));
        assert_eq!(nearest("Base", known), Some("base"));
        assert_eq!(nearest("PERMISSION", known), Some("permissions"));
        assert_eq!(nearest("a:raed", known), Some("a:read"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("base", known), None);
    }

    #[test]
    fn lists_read_well() {
        assert_eq!(list([]), "none");
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b"]), "`a` and `b`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b`, and `c`");
    }
}
