//! How many system calls a server makes for an echo.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use programs::{Call, Strace};

use crate::fleet::Contestant;
use crate::results::{CallsResult, Estimate};

/// A count has no noise: a few echoes are as good as many.
const ECHOES: usize = 100;

const MESSAGE: &[u8] = &[b'x'; 64];

/// Long enough for a server to be back waiting when the next message comes: what it
/// does then is all that one echo costs.
const PAUSE: Duration = Duration::from_millis(2);

/// Under strace everything takes its time.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Talks to a server of its own that runs under strace.
pub(crate) fn count(contestant: &Contestant) -> Result<CallsResult> {
    let strace = Strace::new()?;
    let server = contestant.program.clone().traced_by(&strace).start()?;
    let mut client = TcpStream::connect(server.addr())?;
    client.set_read_timeout(Some(TIMEOUT))?;
    let mut reply = vec![0; MESSAGE.len() + contestant.prefix];
    for _ in 0..=ECHOES {
        client.write_all(MESSAGE)?;
        client.read_exact(&mut reply).context("no echo")?;
        thread::sleep(PAUSE);
    }
    let per_echo = calls_between_replies(&strace.calls()?, reply.len())
        .with_context(|| format!("{} sends its replies in an unknown way", contestant.name()))?;
    Ok(CallsResult {
        server: contestant.name().to_owned(),
        per_echo,
    })
}

/// From one reply to the next is one echo: what came before the first belongs to the
/// connection. A server that was kept from waiting once must not change the figure.
fn calls_between_replies(calls: &[Call], reply: usize) -> Option<f64> {
    let is_reply = |call: &Call| {
        (call.name.starts_with("send") || call.name.starts_with("write"))
            && call.descriptor() > Some(2)
            && call.result() == Some(reply as u64)
    };
    let replies: Vec<_> = (0..calls.len())
        .filter(|&at| is_reply(&calls[at]))
        .collect();
    let between = replies.windows(2).map(|pair| (pair[1] - pair[0]) as f64);
    Some(Estimate::of(between.collect())?.median)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, rest: &str) -> Call {
        Call {
            thread: 1,
            name: name.to_owned(),
            rest: rest.to_owned(),
        }
    }

    #[test]
    fn only_what_lies_between_replies_counts() {
        let echo = [
            call("epoll_wait", "(3, ...) = 1"),
            call("recvfrom", "(5, ...) = 64"),
            call("write", "(1, ...) = 64"),
            call("sendto", "(5, ...) = 64"),
        ];
        let start = [
            call("accept4", "(4, ...) = 5"),
            call("epoll_ctl", "(3, ...) = 0"),
        ];
        let calls = [&start[..], &echo, &echo, &echo].concat();
        assert_eq!(calls_between_replies(&calls, 64), Some(4.0));
        assert_eq!(calls_between_replies(&calls, 70), None);
        assert_eq!(calls_between_replies(&echo, 64), None);
    }
}
