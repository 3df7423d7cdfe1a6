//! How many instructions a server itself needs for an echo.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};
use programs::Callgrind;

use crate::fleet::Contestant;
use crate::results::InstructionsResult;

/// What the longer of two runs has more than the shorter, so that start and end, and
/// whatever happens once, drop out.
const ECHOES: usize = 5000;

const SHORT_RUN: usize = 500;

const MESSAGE: &[u8] = &[b'x'; 64];

/// Under valgrind everything takes its time.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Talks to two servers of its own that run under valgrind.
///
/// `None` for a script: most of its instructions would be the interpreter's.
pub(crate) fn count(contestant: &Contestant) -> Result<Option<InstructionsResult>> {
    if contestant.program.is_script() {
        return Ok(None);
    }
    let short = run(contestant, SHORT_RUN)?;
    let long = run(contestant, SHORT_RUN + ECHOES)?;
    Ok(Some(InstructionsResult {
        server: contestant.name().to_owned(),
        per_echo: (long as f64 - short as f64) / ECHOES as f64,
    }))
}

fn run(contestant: &Contestant, echoes: usize) -> Result<u64> {
    let callgrind = Callgrind::new()?;
    let mut server = contestant.program.clone().counted_by(&callgrind).start()?;
    let mut client = TcpStream::connect(server.addr())?;
    client.set_nodelay(true)?;
    client.set_read_timeout(Some(TIMEOUT))?;
    let mut reply = vec![0; MESSAGE.len() + contestant.prefix];
    for _ in 0..echoes {
        client.write_all(MESSAGE)?;
        client.read_exact(&mut reply).context("no echo")?;
    }
    drop(client);
    server.child.interrupt()?;
    let ended = server.child.wait(TIMEOUT)?;
    ended.context("the server does not end")?;
    callgrind.instructions()
}
