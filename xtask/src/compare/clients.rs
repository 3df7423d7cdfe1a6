//! Probes of what one client can do to another.

use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};
use programs::Child;

use super::talk::{PATIENCE, Talk};

/// Nothing that Python's `repr` would show in another way.
const LINES: [&str; 3] = ["hello", "a second line, with spaces", "{bye}"];

/// The document's own conversation: its client, its lines, its replies.
pub(crate) fn lines(client: &Path, addr: SocketAddr) -> Result<()> {
    let mut input = tempfile::tempfile()?;
    writeln!(input, "{}", LINES.join("\n"))?;
    input.rewind()?;
    let mut output = tempfile::tempfile()?;
    let mut command = Command::new("python3");
    command
        .arg(client)
        .args([addr.ip().to_string(), addr.port().to_string()])
        .stdin(input)
        .stdout(output.try_clone()?)
        .stderr(Stdio::null());
    let mut child = Child::spawn(&mut command)?;
    let ended = child.wait(PATIENCE)?.is_some();
    let mut printed = String::new();
    output.rewind()?;
    output.read_to_string(&mut printed)?;
    match first_missing(&printed) {
        Some(line) => bail!("no reply to '{line}'"),
        None if !ended => bail!("the client does not end"),
        None => Ok(()),
    }
}

/// The first line whose reply is not in what the client printed.
fn first_missing(printed: &str) -> Option<&'static str> {
    let mut printed = printed.lines();
    LINES.into_iter().find(|line| {
        let reply = format!("b'Echo: {line}'");
        !printed.any(|printed| printed == reply)
    })
}

/// One client says nothing at all, another leaves its message unfinished for good.
pub(crate) fn silent(addr: SocketAddr) -> Result<()> {
    let _silent = Talk::connect(addr)?;
    let paused = Talk::connect(addr)?;
    paused.ping()?;
    Talk::connect(addr)?.ping()
}

/// A client breaks the connection off, and those before and after it are served.
pub(crate) fn reset(addr: SocketAddr) -> Result<()> {
    let bystander = Talk::connect(addr)?;
    bystander.ping()?;
    for _ in 0..3 {
        let broken = Talk::connect(addr)?;
        broken.ping()?;
        broken.reset()?;
    }
    bystander.ping()?;
    Talk::connect(addr)?.ping()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::bad_servers;

    #[test]
    fn a_good_server_passes() {
        let addr = bad_servers::good();
        silent(addr).unwrap();
        reset(addr).unwrap();
    }

    #[test]
    fn servers_that_let_one_client_harm_another_do_not() {
        assert!(silent(bad_servers::one_at_a_time()).is_err());
        assert!(reset(bad_servers::falling_with_its_client()).is_err());
    }

    #[test]
    fn a_reply_that_the_client_did_not_print_is_named() {
        let whole = LINES
            .map(|line| format!("b'{line}'\nb'Echo: {line}'\n"))
            .concat();
        assert_eq!(first_missing(&whole), None);
        assert_eq!(first_missing(""), Some("hello"));
        let cut = whole.replace("Echo: {bye}", "Echo: {by");
        assert_eq!(first_missing(&cut), Some("{bye}"));
    }
}
