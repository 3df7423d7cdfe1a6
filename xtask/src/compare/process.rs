//! Probes of the process: how it ends, comes back, and what it takes.

use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use programs::Usage;

use super::Subject;
use super::behaviour::Finding;
use super::talk::Talk;

/// How long a server may take to end that has nothing left to do.
const ENDING: Duration = Duration::from_secs(3);

/// Enough clients to see what each of them costs.
const CLIENTS: usize = 100;

/// The first process ends before its client does, so that the kernel keeps the closed
/// connection, and the port with it, for a minute.
pub(crate) fn restart(subject: &mut Subject) -> Result<Finding> {
    let server = &mut subject.server;
    let talk = Talk::connect(server.addr())?;
    talk.ping()?;
    server.child.kill();
    talk.expect_end()?;
    drop(talk);
    let second = subject.program.start_on(server.addr().port());
    let second = second.map_err(|error| match programs::is_port_taken(&error) {
        true => anyhow!("port taken"),
        false => error,
    })?;
    Talk::connect(second.addr())?.ping()?;
    Ok(Finding::Holds)
}

/// An idle client is connected meanwhile.
pub(crate) fn ctrl_c(subject: &mut Subject) -> Result<Finding> {
    let server = &mut subject.server;
    let talk = Talk::connect(server.addr())?;
    talk.ping()?;
    server.child.interrupt()?;
    let Some(status) = server.child.wait(ENDING)? else {
        bail!("does not end");
    };
    check_exit(status)?;
    talk.expect_end().context("its client")?;
    Ok(Finding::Holds)
}

fn check_exit(status: ExitStatus) -> Result<()> {
    ensure!(status.success(), "{status}");
    Ok(())
}

pub(crate) fn threads(subject: &mut Subject) -> Result<Finding> {
    Ok(Finding::Count(usage(subject)?.threads))
}

pub(crate) fn memory(subject: &mut Subject) -> Result<Finding> {
    Ok(Finding::Bytes(usage(subject)?.resident_bytes))
}

/// Connects the clients one after the other, for not every server can take them together,
/// and has each send a message.
fn usage(subject: &Subject) -> Result<Usage> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let client = Talk::connect(subject.server.addr())?;
        client.ping()?;
        clients.push(client);
    }
    Usage::of(subject.server.child.pid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn words(script: &str) -> String {
        let status = Command::new("sh").args(["-c", script]).status().unwrap();
        check_exit(status).map_or_else(|error| error.to_string(), |()| "clean".to_owned())
    }

    #[test]
    fn an_end_is_clean_or_has_a_reason() {
        assert_eq!(words("exit 0"), "clean");
        assert_eq!(words("exit 7"), "exit status: 7");
        assert_eq!(words("kill -INT $$"), "signal: 2 (SIGINT)");
    }
}
