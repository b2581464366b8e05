//! The stable codes of findings. `docs/codes.md` explains each with an example and a fix.

use std::{fmt, str::FromStr};

use super::{Level, config::LintLevel};

macro_rules! codes {
    ($($(#[$meta:meta])* $variant:ident = $number:literal, $default:expr, $summary:literal;)*) => {
        /// A stable code, printed as `RC` and three digits.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $summary] $(#[$meta])* $variant,)* }

        impl Code {
            /// Every code, in order of number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// `RC001` and so on.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => concat!("RC", $number),)* }
            }

            /// What it stands for, a few words.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary,)* }
            }

            fn default(self) -> Default {
                match self { $(Self::$variant => $default,)* }
            }
        }
    };
}

/// How a code behaves where nobody says otherwise.
enum Default {
    /// Always an error.
    Error,
    /// Always a warning.
    Warning,
    /// A lint at this level, which config, command line, and comments can change.
    Lint(LintLevel),
}
use Default::{Error, Lint, Warning};

codes! {
    // -- Reading files --
    FileUnreadable = "001", Error, "a file cannot be read";
    NotUtf8 = "002", Error, "a file is not UTF-8";
    TooLarge = "003", Error, "a file, or all files together, are too large";
    Syntax = "004", Error, "a file is not YAML";
    DuplicateKey = "005", Error, "a key stands twice in one mapping";
    TooDeep = "006", Error, "nesting is too deep";
    Alias = "007", Error, "an alias is unknown or expands to too much";
    SeveralDocuments = "008", Error, "a file holds more than one document";
    Tag = "009", Error, "a YAML tag is used";
    NotAStringKey = "010", Error, "a key is not text";
    HiddenCharacter = "011", Error, "an invisible or direction-changing character";
    LookAlike = "012", Error, "a plain value that is not the text it looks like";
    Empty = "013", Error, "a file is empty";
    PathLeavesRoot = "014", Error, "a path or pattern leaves the definitions";
    Link = "015", Error, "a path goes through a symbolic link";
    NoFiles = "016", Warning, "a pattern matches no file";
    // -- Shape --
    UnknownField = "020", Error, "an unknown field";
    WrongType = "021", Error, "a value of the wrong type";
    MissingField = "022", Error, "a required field is missing";
    NotAllowed = "023", Error, "a value that is not one of the allowed ones";
    Grammar = "024", Error, "a key, name, or id that breaks its grammar";
    Limit = "025", Error, "a value outside the provider's limits";
    Schema = "026", Error, "something else that the schema forbids";
    UnknownProvider = "027", Error, "an unknown provider";
    Unsupported = "028", Error, "something that this provider does not have";
    OtherProvider = "029", Error, "a file for another provider than its target's";
    // -- Meaning --
    UnknownRole = "030", Error, "a reference to a role that is not declared";
    UnknownSet = "031", Error, "a reference to a permission set that is not declared";
    UnknownBuiltin = "032", Error, "a reference to a built-in role that does not exist";
    Cycle = "033", Error, "sets or bases that include each other";
    SameName = "034", Error, "two roles with one name at the provider";
    UnknownPermission = "035", Error, "a permission that does not exist";
    PlaintextCredential = "036", Error, "a credential in plain text";
    TwoRoles = "037", Error, "one principal in two roles where the provider allows one";
    RemovedButDeclared = "038", Error, "a removed role is declared";
    DeclaredTwice = "039", Error, "something is declared twice";
    // -- Lints --
    NoDescription = "040", Lint(LintLevel::Warn), "a role without a description";
    NamedAfterPerson = "041", Lint(LintLevel::Warn), "a role named after a person or a team";
    IdenticalRoles = "042", Lint(LintLevel::Warn), "roles with the same permissions";
    SubsumedRole = "043", Lint(LintLevel::Allow), "a role whose permissions another role holds too";
    UnusedRole = "044", Lint(LintLevel::Allow), "a role that nobody holds in the definitions";
    TooManyRoles = "045", Lint(LintLevel::Warn), "more roles than people can tell apart";
    PowerfulDefault = "046", Lint(LintLevel::Warn), "a default role that can write or delete";
    GrantedByBase = "047", Lint(LintLevel::Warn), "a permission that the base grants already";
    UnknownToOpenCatalogue = "048", Lint(LintLevel::Warn), "a permission that the known catalogue does not have";
    LintComment = "049", Error, "a comment that sets a lint is malformed or gives no reason";
    // -- People and time --
    PrincipalSpelling = "050", Error, "a principal spelled in a way that the provider cannot resolve";
    UnknownPrincipal = "051", Error, "a principal that does not exist live";
    Expired = "052", Warning, "an assignment that has expired";
    Ambiguous = "053", Error, "more than one live object for one key";
    IdInSharedFile = "054", Error, "an id in a file that serves several targets";
    UnknownId = "055", Error, "an id that no live role has";
    OneTenant = "056", Error, "two targets that are one tenant and declare the same object";
    UnknownScope = "057", Error, "a place that does not exist live";
    MissingRequirement = "058", Error, "a permission without another one that it requires";
    OtherScope = "059", Lint(LintLevel::Warn), "a permission or a role of another scope than where it is used";
    // -- Tables of people --
    Table = "060", Error, "a table of people that cannot be read as one";
    Column = "061", Error, "a column that a table of people does not have";
    EmptyCell = "062", Lint(LintLevel::Warn), "an empty cell in a column of people";
}

impl Code {
    /// The level where nobody says otherwise; `None` is not reported.
    pub fn default_level(self) -> Option<Level> {
        match self.default() {
            Error | Lint(LintLevel::Deny) => Some(Level::Error),
            Warning | Lint(LintLevel::Warn) => Some(Level::Warning),
            Lint(LintLevel::Allow) => None,
        }
    }

    /// The default level of a lint; `None` for a code whose level is fixed.
    pub fn lint(self) -> Option<LintLevel> {
        match self.default() {
            Lint(level) => Some(level),
            Error | Warning => None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or(UnknownCode)
    }
}

/// No code has this spelling.
#[derive(Debug, thiserror::Error)]
#[error("not a code of rolecall")]
pub struct UnknownCode;
