//! How people write principals, and what a provider can make of it.

use crate::{
    contract::{PrincipalClass, is_safe_id},
    model::{Untrusted, desired::Spelling},
};

use super::{suggest, validate::short};

/// Reads a principal; the error says what is wrong.
pub(crate) fn parse(text: &str, class: &PrincipalClass) -> Result<Spelling, String> {
    let spelling = read(text, class)?;
    match class.form {
        Some(form) if !form(&spelling) => {
            Err(format!("`{}` can be none of the {}", short(text), class.field))
        }
        _ => Ok(spelling),
    }
}

fn read(text: &str, class: &PrincipalClass) -> Result<Spelling, String> {
    let can = class.spellings;
    if can.free {
        return match (1..=255).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
            true => Ok(Spelling::Handle(text.into())),
            false => Err(format!("`{}` is no name", short(text))),
        };
    }
    if let Some(address) = text.strip_prefix("email:") {
        if !can.email {
            return Err(format!("{} cannot be found by e-mail address here", class.field));
        }
        return match is_email(address) {
            true => Ok(Spelling::Email(address.into())),
            false => Err(format!("`{}` is no e-mail address", short(address))),
        };
    }
    if let Some(id) = text.strip_prefix("id:") {
        if !can.id {
            return Err(format!("{} cannot be found by id here", class.field));
        }
        return check_id(id).map(Spelling::Id);
    }
    if let Some((prefix, _)) = text.split_once(':') {
        return Err(format!("`{}:` is no way to write a principal", short(prefix)));
    }
    if !can.handle {
        return Err(format!("{} cannot be found by a plain name here", class.field));
    }
    if text.contains('@') && can.email && is_email(text) {
        return Err(format!("an e-mail address without `email:`: `{}`", short(text)));
    }
    if can.handle_is_id {
        return check_id(text).map(Spelling::Handle);
    }
    // Where the provider has a form for handles, that decides.
    let safe = class.form.is_some() || is_safe_id(&text.into());
    match safe && !text.is_empty() {
        true => Ok(Spelling::Handle(text.into())),
        false => Err(format!("`{}` is no handle", short(text))),
    }
}

/// Reads a principal from a table: as everywhere, and an e-mail address by itself where that is how
/// somebody is found.
pub(crate) fn in_table(text: &str, class: &PrincipalClass) -> Result<Spelling, String> {
    let can = class.spellings;
    match can.email && !can.free && is_email(text) && !text.contains(':') {
        true => Ok(Spelling::Email(text.into())),
        false => parse(text, class),
    }
}

/// Ids of people who come from an identity provider hold `|`: `okta|acme|mira`. It stands encoded in
/// every path.
fn check_id(id: &str) -> Result<Untrusted, String> {
    if id.is_empty() {
        return Err("an id without any character".to_owned());
    }
    let value = Untrusted::from(id);
    if is_safe_id(&id.replace('|', "-").into()) {
        Ok(value)
    } else {
        Err(format!("`{}` is no id", short(id)))
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let fine = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '@' && c != '/')
    };
    text.len() <= 254 && fine(local) && fine(host)
}

/// What a class accepts, for the message that refuses something else.
pub(crate) fn accepted(class: &PrincipalClass) -> String {
    let can = class.spellings;
    let mut forms = Vec::new();
    if can.free {
        forms.push("NAME");
    } else if can.handle {
        forms.push(if can.handle_is_id { "ID" } else { "HANDLE" });
    }
    if can.email {
        forms.push("email:ADDRESS");
    }
    if can.id {
        forms.push("id:ID");
    }
    format!("Accepted: {} ({}).", suggest::list(forms), class.spellings.about)
}

/// Who a spelling names, as far as spelling tells: two spellings with the same answer are the same
/// principal.
pub(crate) fn identity(spelling: &Spelling, class: &PrincipalClass) -> (u8, String) {
    match spelling {
        Spelling::Id(id) => (0, id.raw().to_owned()),
        Spelling::Handle(handle) if class.spellings.handle_is_id => (0, handle.raw().to_owned()),
        Spelling::Handle(handle) => (1, handle.raw().to_lowercase()),
        Spelling::Email(email) => (2, email.raw().to_lowercase()),
    }
}
