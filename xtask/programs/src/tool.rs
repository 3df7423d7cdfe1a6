//! Programs of other people that a machine may lack.

use std::io;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Fails unless a tool can be run, and says how to get it.
pub(crate) fn find(name: &str) -> Result<()> {
    let version = Command::new(name)
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    match version {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("{name} is not installed: your distribution's package '{name}' has it");
        }
        Err(error) => Err(error).with_context(|| format!("cannot run {name}")),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert!(find("cargo").is_ok());
        let error = find("no-such-tool").unwrap_err().to_string();
        assert!(
            error.starts_with("no-such-tool is not installed"),
            "{error}"
        );
    }
}
