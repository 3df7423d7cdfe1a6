//! Probes of the process: how it ends, comes back, and what it takes.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use programs::{Program, Server, Usage};

use super::talk::Talk;

/// How long a server may take to end that has nothing left to do.
const ENDING: Duration = Duration::from_secs(3);

/// Enough clients to see what each of them costs.
const CLIENTS: usize = 100;

/// The first process ends before its client does, so that the kernel keeps the
/// closed connection, and the port with it, for a minute.
pub(crate) fn restart(program: &Program, server: &mut Server) -> Result<()> {
    let talk = Talk::connect(server.addr())?;
    talk.ping()?;
    server.child.kill();
    talk.expect_end()?;
    drop(talk);
    let second = program.start_on(server.addr().port()).map_err(in_short)?;
    Talk::connect(second.addr())?.ping()
}

fn in_short(error: anyhow::Error) -> anyhow::Error {
    if programs::is_port_taken(&error) {
        anyhow::anyhow!("port taken")
    } else {
        error
    }
}

/// A client is connected and has nothing to say.
pub(crate) fn ctrl_c(server: &mut Server) -> Result<()> {
    let talk = Talk::connect(server.addr())?;
    talk.ping()?;
    server.child.interrupt()?;
    let Some(status) = server.child.wait(ENDING)? else {
        bail!("does not end");
    };
    check_exit(status)?;
    talk.expect_end().context("its client")
}

fn check_exit(status: ExitStatus) -> Result<()> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => bail!("exit code {code}"),
        (None, Some(signal)) => {
            let signal = Signal::try_from(signal).map_or("a signal", Signal::as_str);
            bail!("killed by {signal}")
        }
        (None, None) => bail!("{status}"),
    }
}

/// Connects the clients one after the other, for not every server can take them
/// together, and has each say something.
pub(crate) fn usage(server: &Server) -> Result<Usage> {
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let client = Talk::connect(server.addr())?;
        client.ping()?;
        clients.push(client);
    }
    Usage::of(server.child.pid())
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
        assert_eq!(words("exit 7"), "exit code 7");
        assert_eq!(words("kill -INT $$"), "killed by SIGINT");
    }
}
