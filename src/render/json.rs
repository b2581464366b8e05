//! JSON that is inert on a terminal: equal values, but nothing invisible stands in the text itself.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::escape::{Context, Piece, pieces};

/// Indented by two spaces, with a line feed at the end.
pub fn to_string(value: &impl Serialize) -> String {
    let mut text = write(value, Inert(PrettyFormatter::new()));
    text.push('\n');
    text
}

/// On one line, without a line feed at the end.
pub fn to_line(value: &impl Serialize) -> String {
    write(value, Inert(CompactFormatter))
}

fn write(value: &impl Serialize, formatter: impl Formatter) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, formatter);
    let written = value.serialize(&mut serializer).map_err(|error| error.to_string());
    match written.and_then(|()| String::from_utf8(bytes).map_err(|error| error.to_string())) {
        Ok(text) => text,
        // Only a type can fail (a map whose keys are not text), never a value of the documents here.
        Err(error) => serde_json::json!({ "error": error }).to_string(),
    }
}

/// Writes as `inner` does, except that hidden characters become `\uXXXX`.
struct Inert<F>(F);

/// Hands a call over to the inner formatter.
macro_rules! hand_over {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $type)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        })*
    };
}

impl<F: Formatter> Formatter for Inert<F> {
    hand_over! {
        begin_array(); end_array(); begin_array_value(first: bool); end_array_value();
        begin_object(); end_object(); begin_object_key(first: bool); end_object_key();
        begin_object_value(); end_object_value();
        begin_string(); end_string(); write_char_escape(escape: CharEscape);
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut result = Ok(());
        pieces(text, Context::Fragment, |_, piece| {
            if result.is_ok() {
                result = match piece {
                    Piece::Plain(c) => writer.write_all(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    Piece::Shown(c) => c
                        .encode_utf16(&mut [0; 2])
                        .iter()
                        .try_for_each(|unit| write!(writer, "\\u{unit:04x}")),
                };
            }
        });
        result
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::corpus::{any_text, assert_inert, hostile};
    use super::*;

    fn document(text: &str) -> Value {
        json!({ text: [text, { "nested": text }, [], {}, 1.5, null, true] })
    }

    #[test]
    fn values_are_equal_and_the_text_is_inert() {
        for text in hostile() {
            let value = document(&text);
            for written in [to_string(&value), to_line(&value)] {
                assert_inert(&written, false);
                assert_eq!(serde_json::from_str::<Value>(&written).ok(), Some(value.clone()), "{written}");
            }
            assert!(!to_line(&value).contains('\n'));
        }
    }

    #[test]
    fn looks_as_usual_where_nothing_is_hidden() {
        insta::assert_snapshot!(to_string(&json!({ "name": "Größe", "of": [1, "a\n"], "tag": "\u{e0041}\u{9b}##[x]" })), @r#"
        {
          "name": "Größe",
          "of": [
            1,
            "a\n"
          ],
          "tag": "\udb40\udc41\u009b##\u005bx]"
        }
        "#);
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any_text()) {
            let value = document(&text);
            let written = to_string(&value);
            assert_inert(&written, false);
            prop_assert_eq!(serde_json::from_str::<Value>(&written).ok(), Some(value));
        }
    }
}
