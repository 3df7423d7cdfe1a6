//! Probes of what one client can do to another.

use std::io::{Seek, Write};
use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Subject;
use super::behaviour::Finding;
use super::talk::{TIMEOUT, Talk};

/// Nothing that Python's `repr` would show in another way.
const LINES: [&str; 3] = ["hello", "a second line, with spaces", "{bye}"];

/// The exit code of timeout(1) for a program that did not end in time.
const TIMED_OUT: i32 = 124;

/// The tutorial's own conversation: its client, its lines, its replies.
pub(crate) fn lines(subject: &mut Subject) -> Result<Finding> {
    let addr = subject.server.addr();
    let mut input = tempfile::tempfile()?;
    writeln!(input, "{}", LINES.join("\n"))?;
    input.rewind()?;
    let mut client = Command::new("timeout");
    client
        .args([&TIMEOUT.as_secs().to_string(), "python3"])
        .arg(subject.client);
    client
        .args([addr.ip().to_string(), addr.port().to_string()])
        .stdin(input);
    let output = client.output().context("cannot run timeout")?;
    match first_missing(&String::from_utf8_lossy(&output.stdout)) {
        Some(line) => bail!("no reply to '{line}'"),
        None if output.status.code() == Some(TIMED_OUT) => bail!("the client does not end"),
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
