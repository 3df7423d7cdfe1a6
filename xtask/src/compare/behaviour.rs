//! What is compared: the rows of the table.

use std::time::Duration;

use anyhow::Result;

use super::subjects::Subject;
use super::{bytes, clients, crowd, process};

/// How long a server that has failed a conversation gets to die of it, so that the
/// table can say so.
const AGONY: Duration = Duration::from_millis(300);

/// One situation, and from which day on the course promises to master it.
pub(crate) struct Behaviour {
    /// What it is called in JSON.
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    promised_from: usize,
    probe: fn(&mut Subject) -> Result<Finding>,
}

/// What a probe learned about a server that passed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Holds,
    Count(u64),
    Bytes(u64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Found(Finding),
    /// What went wrong, in a few words.
    Breaks(String),
}

pub(crate) const BEHAVIOURS: &[Behaviour] = &[
    Behaviour {
        key: "lines",
        title: "the Python client's lines",
        promised_from: 1,
        probe: |subject| holds(clients::lines(subject.client, subject.server.addr())),
    },
    Behaviour {
        key: "binary",
        title: "binary data",
        promised_from: 1,
        probe: |subject| holds(bytes::binary(subject.server.addr())),
    },
    Behaviour {
        key: "long-message",
        title: "a message above 1024 bytes",
        promised_from: 1,
        probe: |subject| holds(bytes::long_message(subject.server.addr())),
    },
    Behaviour {
        key: "burst",
        title: "8 MiB at once, byte for byte",
        promised_from: 1,
        probe: |subject| holds(bytes::burst(subject.server.addr())),
    },
    Behaviour {
        key: "half-close",
        title: "half-close keeps the tail",
        promised_from: 1,
        probe: |subject| holds(bytes::half_close(subject.server.addr())),
    },
    Behaviour {
        key: "slow-reader",
        title: "a slow reader gets all of it",
        promised_from: 1,
        probe: |subject| holds(bytes::slow_reader(subject.server.addr())),
    },
    Behaviour {
        key: "silent-client",
        title: "a silent client blocks nobody",
        promised_from: 1,
        probe: |subject| holds(clients::silent(subject.server.addr())),
    },
    Behaviour {
        key: "thousand-clients",
        title: "1000 clients at once",
        promised_from: 1,
        probe: |subject| holds(crowd::thousand(&mut subject.server)),
    },
    Behaviour {
        key: "reset",
        title: "a reset hurts nobody else",
        promised_from: 1,
        probe: |subject| holds(clients::reset(subject.server.addr())),
    },
    Behaviour {
        key: "restart",
        title: "restart on the same port at once",
        promised_from: 1,
        probe: |subject| holds(process::restart(subject.program, &mut subject.server)),
    },
    Behaviour {
        key: "ctrl-c",
        title: "clean end on Ctrl-C",
        promised_from: 4,
        probe: |subject| holds(process::ctrl_c(&mut subject.server)),
    },
    Behaviour {
        key: "threads",
        title: "threads for 100 clients",
        promised_from: 1,
        probe: |subject| Ok(Finding::Count(process::usage(&subject.server)?.threads)),
    },
    Behaviour {
        key: "memory",
        title: "memory with 100 clients",
        promised_from: 1,
        probe: |subject| {
            Ok(Finding::Bytes(
                process::usage(&subject.server)?.resident_bytes,
            ))
        },
    },
];

fn holds(result: Result<()>) -> Result<Finding> {
    result.map(|()| Finding::Holds)
}

impl Behaviour {
    pub(crate) fn is_promised_by(&self, day: usize) -> bool {
        day >= self.promised_from
    }

    pub(crate) fn try_on(&self, subject: &mut Subject) -> Verdict {
        match (self.probe)(subject) {
            Ok(finding) => Verdict::Found(finding),
            Err(error) => {
                Verdict::Breaks(cause_of_death(subject).unwrap_or_else(|| format!("{error:#}")))
            }
        }
    }
}

/// A conversation that failed because the server died says less than the server's
/// own last words.
fn cause_of_death(subject: &mut Subject) -> Option<String> {
    if subject.server.child.was_signalled() {
        return None;
    }
    let status = subject.server.child.wait(AGONY).ok()??;
    let words = subject.server.last_words();
    // Python's tracebacks end with the exception's name, a colon and its text.
    let name = words.as_deref().and_then(|words| words.split(':').next());
    Some(match name {
        Some(name) => format!("died: {name}"),
        None => format!("died: {status}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_behaviour_has_a_name_of_its_own() {
        let keys: BTreeSet<_> = BEHAVIOURS.iter().map(|behaviour| behaviour.key).collect();
        assert_eq!(keys.len(), BEHAVIOURS.len());
    }
}
