//! Exit codes: what other programs may rely on.

/// How a run ended. With several outcomes the first in the order of the variants wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// 64: the command line is wrong.
    Usage,
    /// 3: the definitions are invalid, or name somebody or something that does not exist.
    Invalid,
    /// 6: applied partly.
    Partly,
    /// 5: the plan is stale or not the expected one.
    Stale,
    /// 4: refused by a guard, a policy, or a trust rule.
    Refused,
    /// 7: the provider cannot be reached, limits the rate, or was read incompletely.
    Provider,
    /// 1: any other error.
    Error,
    /// 8: done as far as the API goes; manual steps remain.
    Manual,
    /// 2: there are changes (only with `--detailed-exitcode`).
    Changes,
    /// 0: done.
    Done,
}

impl Exit {
    /// Every outcome, in order of precedence.
    pub const ALL: [Self; 10] = [
        Self::Usage,
        Self::Invalid,
        Self::Partly,
        Self::Stale,
        Self::Refused,
        Self::Provider,
        Self::Error,
        Self::Manual,
        Self::Changes,
        Self::Done,
    ];

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Usage => 64,
            Self::Invalid => 3,
            Self::Partly => 6,
            Self::Stale => 5,
            Self::Refused => 4,
            Self::Provider => 7,
            Self::Error => 1,
            Self::Manual => 8,
            Self::Changes => 2,
            Self::Done => 0,
        }
    }

    /// The outcome with this number; any other number is [`Exit::Error`].
    pub fn from_code(code: u8) -> Self {
        Self::ALL.into_iter().find(|exit| exit.code() == code).unwrap_or(Self::Error)
    }

    /// The one of two that wins.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// What it means, for the help text and the documentation.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Usage => "the command line is wrong",
            Self::Invalid => "the definitions are invalid, or name somebody or something that does not exist",
            Self::Partly => "applied partly",
            Self::Stale => "the plan is stale or not the expected one",
            Self::Refused => "refused by a guard, a policy, or a trust rule",
            Self::Provider => "the provider cannot be reached, limits the rate, or was read incompletely",
            Self::Error => "any other error",
            Self::Manual => "done as far as the API goes; manual steps remain",
            Self::Changes => "there are changes (only with --detailed-exitcode)",
            Self::Done => "done",
        }
    }
}
