//! A place where a text claims what the code no longer does.

use std::error::Error;
use std::fmt;

/// One contradiction, and how to remove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Drift {
    /// The file below the course's root.
    pub(crate) file: String,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) what: String,
    /// The command to run, or the words that are missing.
    pub(crate) mend: String,
}

impl Drift {
    pub(crate) fn new(
        file: impl Into<String>,
        line: usize,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        let (file, what, mend) = (file.into(), what.into(), mend.into());
        Self {
            file,
            line,
            what,
            mend,
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// A command that cannot continue because of a drift fails with that drift.
impl Error for Drift {}

/// The line, counted from 1, that a byte of a text is in.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}
