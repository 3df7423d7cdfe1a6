//! What a text claims and the code no longer does.

use std::error::Error;
use std::fmt;

/// One place where the repository contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Drift {
    /// The file below the course's root.
    pub(crate) file: String,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) what: String,
    /// What to do about it: a command, or the words that are missing.
    pub(crate) mend: String,
}

impl Drift {
    pub(crate) fn new(
        file: impl Into<String>,
        line: usize,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            line,
            what: what.into(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file, line, what, ..
        } = self;
        write!(f, "{file}:{line}: {what}")
    }
}

/// A command that cannot go on for a drift ends with it.
impl Error for Drift {}

/// The line, counted from 1, that a byte of a text is in.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
        + 1
}
