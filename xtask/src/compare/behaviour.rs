//! What is compared: the rows of the table.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;

use super::{Subject, bytes, clients, crowd, process};

/// How long a server that has failed a conversation gets to end because of it, so that the
/// table can say so.
const ENDING: Duration = Duration::from_millis(300);

use Probe::{Process, Talk};

/// One situation, and from which day on the course promises to handle it.
pub(crate) struct Behaviour {
    pub(crate) title: &'static str,
    promised_from: usize,
    probe: Probe,
}

pub(crate) enum Probe {
    /// Needs no more than the server's address.
    Talk(fn(SocketAddr) -> Result<()>),
    Process(fn(&mut Subject) -> Result<Finding>),
}

/// What a probe learned about a server that passed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Holds,
    Count(u64),
    Bytes(u64),
}

/// What was found, or what went wrong in a few words.
pub(crate) type Verdict = Result<Finding, String>;

#[rustfmt::skip] // A table: one row a line.
pub(crate) const BEHAVIOURS: &[Behaviour] = &[
    row("the Python client's lines", 1, Process(clients::lines)),
    row("binary data", 1, Talk(bytes::binary)),
    row("a message above 1024 bytes", 1, Talk(bytes::long_message)),
    row("8 MiB at once, byte for byte", 1, Talk(bytes::burst)),
    row("half-close keeps the tail", 1, Talk(bytes::half_close)),
    row("a slow reader gets all of it", 1, Talk(bytes::slow_reader)),
    row("a silent client blocks no other", 1, Talk(clients::silent)),
    row("1000 clients at once", 1, Process(crowd::thousand)),
    row("a reset hurts no other client", 1, Talk(clients::reset)),
    row("restart on the same port at once", 1, Process(process::restart)),
    row("clean end on Ctrl-C", 4, Process(process::ctrl_c)),
    row("threads for 100 clients", 1, Process(process::threads)),
    row("memory with 100 clients", 1, Process(process::memory)),
];

const fn row(title: &'static str, promised_from: usize, probe: Probe) -> Behaviour {
    Behaviour {
        title,
        promised_from,
        probe,
    }
}

impl Behaviour {
    /// A sample, which has no day, promises nothing.
    pub(crate) fn is_promised_by(&self, day: Option<usize>) -> bool {
        day.is_some_and(|day| day >= self.promised_from)
    }

    pub(crate) fn try_on(&self, subject: &mut Subject) -> Verdict {
        let result = match self.probe {
            Talk(probe) => probe(subject.server.addr()).map(|()| Finding::Holds),
            Process(probe) => probe(subject),
        };
        result.map_err(|error| how_it_ended(subject).unwrap_or(format!("{error:#}")))
    }
}

/// How the server ended, if that is why its conversation failed: its own last words say
/// more than the conversation.
fn how_it_ended(subject: &mut Subject) -> Option<String> {
    if subject.server.child.was_signalled() {
        return None;
    }
    let status = subject.server.child.wait(ENDING).ok()??;
    let words = subject.server.last_words();
    // Python's tracebacks end with the exception's name, a colon and its text.
    let name = words.as_deref().and_then(|words| words.split(':').next());
    let cause = name.map_or(status.to_string(), str::to_owned);
    Some(format!("died: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_behaviour_has_a_name_of_its_own() {
        let keys: BTreeSet<_> = BEHAVIOURS.iter().map(|behaviour| behaviour.title).collect();
        assert_eq!(keys.len(), BEHAVIOURS.len());
    }
}
