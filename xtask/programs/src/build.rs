//! Building packages of the course, and finding what came out.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use conformance::Child;
use serde_json::Value;

/// How a package is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build: what a plain `cargo run` has built already.
    Dev,
    /// What is worth measuring.
    Release,
}

/// Where programs are, by name.
pub type Executables = BTreeMap<String, PathBuf>;

/// Builds packages and returns where their programs are, by name. Cargo's own
/// progress and errors go to stderr.
///
/// # Errors
///
/// Fails when cargo cannot be run or a package does not build.
pub fn build(root: &Path, packages: &[&str], profile: Profile) -> Result<Executables> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    // The directory that cargo builds into is configurable in several ways; its
    // messages say where it was this time.
    command.args([
        "build",
        "--bins",
        "--message-format=json-render-diagnostics",
    ]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    for package in packages {
        command.args(["--package", package]);
    }
    let mut messages = tempfile::tempfile()?;
    command.current_dir(root).stdout(messages.try_clone()?);
    let mut cargo = Child::spawn(&mut command).context("cannot run cargo")?;
    if !cargo.finish()?.success() {
        bail!("cargo could not build {}", packages.join(", "));
    }
    let mut text = String::new();
    messages.rewind()?;
    messages.read_to_string(&mut text)?;
    Ok(executables(&text))
}

fn executables(messages: &str) -> Executables {
    let executable = |line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let name = message["target"]["name"].as_str()?;
        Some((name.to_owned(), message["executable"].as_str()?.into()))
    };
    messages.lines().filter_map(executable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_among_cargos_messages() {
        let found = executables(concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"day01_socket"},"executable":null}"#,
            "\nnot a message\n",
            r#"{"reason":"compiler-artifact","target":{"name":"day01-socket"},"executable":"/t/day01-socket"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        ));
        assert_eq!(found.len(), 1);
        assert_eq!(found["day01-socket"], Path::new("/t/day01-socket"));
    }
}
