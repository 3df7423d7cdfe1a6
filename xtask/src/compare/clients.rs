//! Probes of what one client can do to another.

use std::io::{Read, Seek, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};
use programs::Child;

use super::Subject;
use super::behaviour::Finding;
use super::talk::{TIMEOUT, Talk};

/// Nothing that Python's `repr` would show in another way.
const LINES: [&str; 3] = ["hello", "a second line, with spaces", "{bye}"];

/// The tutorial's own conversation: its client, its lines, its replies.
pub(crate) fn lines(subject: &mut Subject) -> Result<Finding> {
    let addr = subject.server.addr();
    let mut input = tempfile::tempfile()?;
    writeln!(input, "{}", LINES.join("\n"))?;
    input.rewind()?;
    let mut output = tempfile::tempfile()?;
    let mut command = Command::new("python3");
    command
        .arg(subject.client)
        .args([addr.ip().to_string(), addr.port().to_string()]);
    command
        .stdin(input)
        .stdout(output.try_clone()?)
        .stderr(Stdio::null());
    let mut child = Child::spawn(&mut command)?;
    let has_ended = child.wait(TIMEOUT)?.is_some();
    let mut printed = String::new();
    output.rewind()?;
    output.read_to_string(&mut printed)?;
    match first_missing(&printed) {
        Some(line) => bail!("no reply to '{line}'"),
        None if !has_ended => bail!("the client does not end"),
        None => Ok(Finding::Holds),
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

/// One client sends nothing at all, another nothing more after its first message.
pub(crate) fn silent(addr: SocketAddr) -> Result<()> {
    let _silent = Talk::connect(addr)?;
    let paused = Talk::connect(addr)?;
    paused.ping()?;
    Talk::connect(addr)?.ping()
}

/// Some clients reset their connections; those before and after them are served.
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
