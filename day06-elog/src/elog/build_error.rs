//! Why a logger could not be started.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why there is no logger.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The file cannot be opened for appending, or created.
    Open {
        /// The file.
        path: PathBuf,
        /// What open(2) said.
        source: io::Error,
    },
    /// The writer thread cannot be started.
    Thread(io::Error),
    /// `init` was called before: the process has one logger.
    AlreadyInstalled,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Open { path, source } => {
                write!(f, "cannot log to {}: {source}", path.display())
            }
            BuildError::Thread(source) => {
                write!(f, "cannot start the thread that writes the log: {source}")
            }
            BuildError::AlreadyInstalled => f.write_str("the process has a logger already"),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            BuildError::Open { source, .. } | BuildError::Thread(source) => Some(source),
            BuildError::AlreadyInstalled => None,
        }
    }
}
