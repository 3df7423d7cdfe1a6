//! What the servers are put through.

/// One kind of load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// What it is called on the command line, in JSON and in file names.
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    pub(crate) load: Shape,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Connections that stay. Each has a number of messages under way, and sends
    /// another for each that has come back.
    Echo {
        connections: usize,
        size: usize,
        in_flight: usize,
    },
    /// A connection for each message, one after the other.
    Churn { size: usize },
}

const SMALL: usize = 64;
const BLOCK: usize = 64 * 1024;

/// Enough for a stream that never dries up: a MiB for each connection.
const STREAM_WINDOW: usize = 16;

const fn echo(connections: usize, size: usize, in_flight: usize) -> Shape {
    Shape::Echo {
        connections,
        size,
        in_flight,
    }
}

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        key: "ping-1",
        title: "ping-pong, 64 B, 1 connection",
        load: echo(1, SMALL, 1),
    },
    Scenario {
        key: "ping-50",
        title: "ping-pong, 64 B, 50 connections",
        load: echo(50, SMALL, 1),
    },
    Scenario {
        key: "ping-1000",
        title: "ping-pong, 64 B, 1000 connections",
        load: echo(1000, SMALL, 1),
    },
    Scenario {
        key: "pipelined",
        title: "64 B, 50 connections, 16 in flight each",
        load: echo(50, SMALL, 16),
    },
    Scenario {
        key: "stream-1",
        title: "64 KiB blocks, 1 connection",
        load: echo(1, BLOCK, STREAM_WINDOW),
    },
    Scenario {
        key: "stream-8",
        title: "64 KiB blocks, 8 connections",
        load: echo(8, BLOCK, STREAM_WINDOW),
    },
    Scenario {
        key: "churn",
        title: "connect, echo 64 B, close",
        load: Shape::Churn { size: SMALL },
    },
];

impl Shape {
    /// Whether the client can separate each reply from the next one although the server writes
    /// something of its own in front of it, as the Python samples do: their replies
    /// have a known length if each message is answered before the next is sent, and
    /// fits what they read at a time.
    pub(crate) fn suits_prefixed(self) -> bool {
        match self {
            Self::Echo {
                size, in_flight, ..
            } => size <= 1024 && in_flight == 1,
            Self::Churn { .. } => true,
        }
    }

    /// Whether the connections are too busy to be compared for long: the kernel fits a
    /// stream's buffers to what it sees of it in its first moments, and two connections
    /// of one program may differ by half for as long as they live. Each round has new
    /// ones.
    pub(crate) fn is_stream(self) -> bool {
        matches!(self, Self::Echo { size: BLOCK, .. })
    }

    /// How many connections a client has at a time.
    pub(crate) fn connections(self) -> usize {
        match self {
            Self::Echo { connections, .. } => connections,
            Self::Churn { .. } => 1,
        }
    }
}
