//! What a plain scalar is under YAML 1.2's core schema, and which plain scalars look like text but
//! are something else to this or to an older reader of YAML.
//! Source: YAML 1.2.2, section 10.3.2; YAML 1.1 types `bool`, `int`, `float`.

/// The type of a plain scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scalar {
    /// No value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; `None` where it does not fit.
    Int(Option<i64>),
    /// A number with a fraction or exponent.
    Float(f64),
    /// Text.
    Text,
}

/// Resolves a plain scalar.
pub(crate) fn resolve(text: &str) -> Scalar {
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    // Almost every scalar is a word that begins with a letter no other type begins with.
    if !matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.' | b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F') {
        return Scalar::Text;
    }
    match text {
        "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(radix))
        {
            return Scalar::Int(i64::from_str_radix(digits, radix).ok());
        }
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Scalar::Int(text.parse().ok());
    }
    if is_float(digits)
        && let Ok(number) = text.parse()
    {
        return Scalar::Float(number);
    }
    Scalar::Text
}

/// `1.5`, `.5`, `1.`, `1e3`, without sign.
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
        None => (text, None),
    };
    let whole = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && whole(exponent)
    });
    whole(before) && whole(after) && !(before.is_empty() && after.is_empty()) && exponent_fits
}

/// What a plain scalar is, where text was wanted and it is not safely text; `None` where it is.
pub(crate) fn look_alike(text: &str) -> Option<&'static str> {
    match resolve(text) {
        Scalar::Null => return Some("no value"),
        Scalar::Bool(_) => return Some("a truth value"),
        Scalar::Int(_) if text.len() > 1 && text.starts_with('0') && !text.starts_with("0x") => {
            return Some("a number that loses its zero");
        }
        Scalar::Int(_) | Scalar::Float(_) => return Some("a number"),
        Scalar::Text => {}
    }
    let lower = text.len() <= 3 && text.is_ascii();
    if lower && matches!(text.to_ascii_lowercase().as_str(), "yes" | "no" | "on" | "off" | "y" | "n") {
        return Some("a truth value to older readers of YAML");
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.starts_with(|c: char| c.is_ascii_digit()) {
        if digits.contains('_') && digits.bytes().all(|b| b.is_ascii_digit() || b == b'_' || b == b'.') {
            return Some("a number to older readers of YAML");
        }
        let parts = || digits.split(':');
        if parts().count() > 1 && parts().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit())) {
            return Some("a number in base 60 to older readers of YAML");
        }
        if let Some(bits) = digits.strip_prefix("0b")
            && !bits.is_empty()
            && bits.bytes().all(|b| matches!(b, b'0' | b'1' | b'_'))
        {
            return Some("a number to older readers of YAML");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_schema() {
        for (text, scalar) in [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("null", Scalar::Null),
            ("True", Scalar::Bool(true)),
            ("012", Scalar::Int(Some(12))),
            ("-7", Scalar::Int(Some(-7))),
            ("0x1F", Scalar::Int(Some(31))),
            ("0o17", Scalar::Int(Some(15))),
            ("99999999999999999999", Scalar::Int(None)),
            ("1e3", Scalar::Float(1000.0)),
            ("-.5", Scalar::Float(-0.5)),
            ("no", Scalar::Text),
            ("1_000", Scalar::Text),
            ("12:30", Scalar::Text),
            ("1.2.3", Scalar::Text),
            (".", Scalar::Text),
            ("e3", Scalar::Text),
            ("-", Scalar::Text),
            ("0x", Scalar::Text),
            ("nullable", Scalar::Text),
        ] {
            assert_eq!(resolve(text), scalar, "{text:?}");
        }
    }

    #[test]
    fn look_alikes() {
        for text in [
            "no",
            "Yes",
            "on",
            "OFF",
            "y",
            "N",
            "012",
            "1_000",
            "12:30",
            "0x1F",
            "1e3",
            "~",
            "null",
            "",
            "1.0",
            "true",
            "0b101",
            "190:20:30",
        ] {
            assert!(look_alike(text).is_some(), "{text:?}");
        }
        for text in
            ["none", "north", "a12", "v1.0", "1.2.3", "12a", "cr-1", "2026-11-20", "read", "id:7", "on-call"]
        {
            assert!(look_alike(text).is_none(), "{text:?}");
        }
    }
}
