//! The instructions of a program, as valgrind counts them.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use crate::tool;

/// A file that valgrind's callgrind writes its count into when the program ends.
#[derive(Debug)]
pub struct Callgrind {
    file: NamedTempFile,
}

impl Callgrind {
    /// Makes ready for a program's count.
    ///
    /// # Errors
    ///
    /// Fails when this machine has no valgrind, and says how to get it.
    pub fn new() -> Result<Self> {
        tool::find("valgrind")?;
        let file = NamedTempFile::new()?;
        Ok(Self { file })
    }

    /// What to put in front of a program's command line.
    pub(crate) fn command(&self) -> impl Iterator<Item = OsString> {
        let mut file = OsString::from("--callgrind-out-file=");
        file.push(self.file.path());
        let options = ["valgrind", "--quiet", "--tool=callgrind"].map(OsString::from);
        options.into_iter().chain([file])
    }

    /// How many instructions the program has carried out, the kernel's not counted.
    ///
    /// # Errors
    ///
    /// Fails unless the program has ended in a way that valgrind could see.
    pub fn instructions(&self) -> Result<u64> {
        let text = fs::read(self.file.path()).context("cannot read what valgrind wrote")?;
        total(&String::from_utf8_lossy(&text)).context("valgrind has written no count")
    }
}

fn total(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let total = lines.find_map(|line| line.strip_prefix("totals: "))?;
    total.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_last_word() {
        let text = "events: Ir\nsummary: 12\nfn=(1) main\n1 12\ntotals: 423510\n";
        assert_eq!(total(text), Some(423_510));
        assert_eq!(total("events: Ir\n"), None);
    }
}
