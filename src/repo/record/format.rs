//! What a record says, as JSON.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::LARGEST;
use crate::{
    model::{Untrusted, live},
    repo::{RepoError, RepoErrorKind as Kind},
};

/// The version of the format that this program writes and reads.
const VERSION: u32 = 1;
/// Longest encoded name, in bytes: file systems take 255, and git adds `.lock`.
const LONGEST_NAME: usize = 200;

/// One complete apply of one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Always 1.
    pub format_version: u32,
    /// Name of the target.
    pub target: Untrusted,
    /// Full id of the commit whose definitions were applied: 40 or 64 hexadecimal digits.
    pub revision: Untrusted,
    /// Digest of what was applied: `sha256:` and 64 hexadecimal digits.
    pub digest: Untrusted,
    /// When the apply ended, RFC 3339.
    pub time: Untrusted,
    /// Who applied, as the environment tells it.
    pub actor: Untrusted,
    /// Version of the program that applied.
    pub rolecall: Untrusted,
    /// Who the target was.
    pub identity: RecordIdentity,
    /// The provider's id of each object that is declared, or that a person still has to delete, and is
    /// there, by address.
    pub ids: BTreeMap<Untrusted, Untrusted>,
    /// Objects that were not put in place because a person has to, by address: each with the full id of
    /// the commit whose definitions of it were in place until then, and of one that goes of a commit that
    /// declares it; `None` where git never did.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub open: BTreeMap<Untrusted, Option<Untrusted>>,
    /// Whether the target was given up: nothing of it is managed since.
    pub released: bool,
}

/// Who a target was when it was applied to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordIdentity {
    /// Host.
    pub host: Untrusted,
    /// The tenant's id, where the API tells.
    pub tenant: Option<Untrusted>,
    /// What stands for it where the API does not tell.
    pub anchor: Option<Untrusted>,
}

impl From<&live::Identity> for RecordIdentity {
    fn from(identity: &live::Identity) -> Self {
        let live::Identity { host, tenant, anchor } = identity.clone();
        Self { host, tenant, anchor }
    }
}

impl RecordIdentity {
    /// As the rest of the program knows it.
    pub fn to_live(&self) -> live::Identity {
        let Self { host, tenant, anchor } = self.clone();
        live::Identity { host, tenant, anchor }
    }
}

/// The part of every version of the format.
#[derive(Deserialize)]
struct Head {
    format_version: u32,
}

/// Why bytes are no record.
pub(super) enum Fault {
    /// A newer program wrote it: this version.
    Newer(u32),
    /// What is wrong, as the rest of a sentence that starts with the record's place.
    Malformed(String),
}

impl Record {
    /// The current [`Self::format_version`].
    pub const FORMAT_VERSION: u32 = VERSION;

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Fault> {
        // The parser's own message may quote the text, so it says only where.
        let malformed = |error: &serde_json::Error| {
            let what = match error.classify() {
                serde_json::error::Category::Data => "does not have the fields of a record",
                _ => "is not JSON",
            };
            Fault::Malformed(format!("{what} (line {}, column {})", error.line(), error.column()))
        };
        let head: Head = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        if head.format_version > VERSION {
            return Err(Fault::Newer(head.format_version));
        }
        let record: Self = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        record.check().map_err(|fault| Fault::Malformed(fault.to_owned()))?;
        Ok(record)
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, RepoError> {
        let unusable = |fault: &str| {
            RepoError::new(
                Kind::Record,
                format!("the record of `{}` cannot be written: it {fault}", self.target.raw()),
            )
        };
        self.check().map_err(unusable)?;
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|error| unusable(&error.to_string()))?;
        bytes.push(b'\n');
        if bytes.len() as u64 > LARGEST {
            return Err(unusable(&too_large(bytes.len() as u64)));
        }
        Ok(bytes)
    }

    /// What is wrong with the values, as the rest of a sentence.
    fn check(&self) -> Result<(), &'static str> {
        let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let revision = self.revision.raw();
        if self.format_version != VERSION {
            return Err("has a version of the format that never was");
        }
        if !matches!(revision.len(), 40 | 64) || !hex(revision) {
            return Err("names a revision that is not the full id of a commit");
        }
        let digest = self.digest.raw().strip_prefix("sha256:");
        if !digest.is_some_and(|digest| digest.len() == 64 && hex(digest)) {
            return Err("has a digest that is not `sha256:` and 64 hexadecimal digits");
        }
        if self.seconds().is_none() {
            return Err("has a time that is not RFC 3339");
        }
        let commit = |id: &Untrusted| matches!(id.raw().len(), 40 | 64) && hex(id.raw());
        if !self.open.values().flatten().all(commit) {
            return Err("names an earlier revision that is not the full id of a commit");
        }
        if self.target.is_empty() {
            return Err("names no target");
        }
        Ok(())
    }

    /// Seconds since 1970 when the apply ended.
    pub(super) fn seconds(&self) -> Option<i64> {
        let text = self.time.raw();
        let time: jiff::Timestamp = (text.len() <= 64).then(|| text.parse().ok()).flatten()?;
        Some(time.as_second())
    }
}

pub(super) fn too_large(size: u64) -> String {
    format!("has {size} bytes; at most {LARGEST} are read")
}

/// Letters and digits of ASCII, `-`, and `_` stay. Without a dot no name is `..` or ends in `.lock`,
/// and without `/` no name lies in another.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// `text` as one part of the name of a reference or a file: different for each text.
pub(super) fn component(text: &str) -> String {
    match text {
        "" => return "-".to_owned(),
        "-" => return "%2D".to_owned(),
        _ => {}
    }
    let encoded = utf8_percent_encode(text, KEPT).to_string();
    if encoded.len() <= LONGEST_NAME {
        return encoded;
    }
    // A dot stands in no name that was not shortened.
    let start: String = encoded.chars().take(100).collect();
    let hash = Sha256::digest(text.as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{start}.{hash}")
}

/// The text that [`component`] made `name` of; `None` where it made none, or shortened it.
pub(super) fn text(name: &str) -> Option<String> {
    let text = match name {
        "-" => String::new(),
        _ => percent_decode_str(name).decode_utf8().ok()?.into_owned(),
    };
    (component(&text) == name).then_some(text)
}
