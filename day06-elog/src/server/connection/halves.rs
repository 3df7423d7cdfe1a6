//! The state of a connection: one for each half of TCP.

/// The half that the peer writes and this side reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadHalf {
    Open,
    /// Not read from: too much output waits for the peer.
    Paused,
    /// Closing: input is read and thrown away.
    Draining,
    /// The end of the stream, or a failure.
    Ended,
}

/// The half that this side writes and the peer reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WriteHalf {
    Open,
    /// The output that waits is still sent, and then the half is shut down.
    Closing,
    Closed,
}

/// What changes the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A read returned 0: the peer has closed its half.
    EndOfStream,
    /// The output has reached the high-water mark.
    Pause,
    /// The output has fallen to the low-water mark.
    Resume,
    /// This side has nothing more to write, and goes on reading.
    Shutdown,
    /// This side closes the connection.
    Close,
    /// All output is sent, and the write half is shut down.
    Flushed,
    /// The connection has failed, or its time is over.
    Abort,
}

/// Both halves.
///
/// | change        | read half                   | write half       |
/// |---------------|-----------------------------|------------------|
/// | `EndOfStream` | any → `Ended`               |                  |
/// | `Pause`       | `Open` → `Paused`           |                  |
/// | `Resume`      | `Paused` → `Open`           |                  |
/// | `Shutdown`    |                             | `Open` → `Closing` |
/// | `Close`       | `Open`, `Paused` → `Draining` | `Open` → `Closing` |
/// | `Flushed`     |                             | `Closing` → `Closed` |
/// | `Abort`       | any → `Ended`               | any → `Closed`   |
///
/// A change that the table does not name has no effect. No half ever reopens once it has
/// ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Halves {
    pub(super) read: ReadHalf,
    pub(super) write: WriteHalf,
}

impl Halves {
    pub(super) const OPEN: Self = Self {
        read: ReadHalf::Open,
        write: WriteHalf::Open,
    };

    pub(super) fn after(self, change: Change) -> Self {
        let read = match (change, self.read) {
            (Change::EndOfStream | Change::Abort, _) => ReadHalf::Ended,
            (Change::Pause, ReadHalf::Open) => ReadHalf::Paused,
            (Change::Resume, ReadHalf::Paused) => ReadHalf::Open,
            (Change::Close, ReadHalf::Open | ReadHalf::Paused) => ReadHalf::Draining,
            (_, read) => read,
        };
        let write = match (change, self.write) {
            (Change::Shutdown | Change::Close, WriteHalf::Open) => WriteHalf::Closing,
            (Change::Flushed, WriteHalf::Closing) | (Change::Abort, _) => WriteHalf::Closed,
            (_, write) => write,
        };
        Self { read, write }
    }

    /// Whether the peer may still send something that a callback will see.
    pub(super) fn is_readable(self) -> bool {
        matches!(self.read, ReadHalf::Open | ReadHalf::Paused)
    }

    /// Everything is sent, and the connection waits for the peer to close its half (lingering
    /// close): closing a socket with unread input would reset the connection, and the reset
    /// can destroy the end of a reply that is still under way.
    pub(super) fn is_lingering(self) -> bool {
        (self.read, self.write) == (ReadHalf::Draining, WriteHalf::Closed)
    }

    /// Both halves have ended: the connection can be removed.
    pub(super) fn is_done(self) -> bool {
        (self.read, self.write) == (ReadHalf::Ended, WriteHalf::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: [ReadHalf; 4] = [
        ReadHalf::Open,
        ReadHalf::Paused,
        ReadHalf::Draining,
        ReadHalf::Ended,
    ];
    const WRITE: [WriteHalf; 3] = [WriteHalf::Open, WriteHalf::Closing, WriteHalf::Closed];
    const CHANGES: [Change; 7] = [
        Change::EndOfStream,
        Change::Pause,
        Change::Resume,
        Change::Shutdown,
        Change::Close,
        Change::Flushed,
        Change::Abort,
    ];

    fn all() -> impl Iterator<Item = Halves> {
        READ.into_iter()
            .flat_map(|read| WRITE.map(|write| Halves { read, write }))
    }

    #[test]
    fn every_change_of_every_state_goes_forward() {
        // Open and Paused may alternate, every other step has one direction.
        let read_rank = |read| match read {
            ReadHalf::Open | ReadHalf::Paused => 0,
            ReadHalf::Draining => 1,
            ReadHalf::Ended => 2,
        };
        for (before, change) in all().flat_map(|halves| CHANGES.map(|change| (halves, change))) {
            let after = before.after(change);
            assert!(
                read_rank(after.read) >= read_rank(before.read),
                "{before:?} {change:?}"
            );
            assert!(
                after.write as u8 >= before.write as u8,
                "{before:?} {change:?}"
            );
            if !matches!(change, Change::Pause | Change::Resume) {
                assert_eq!(after.after(change), after, "{change:?} twice");
            }
        }
    }

    #[test]
    fn every_state_ends_when_closed_flushed_and_ended_by_the_peer() {
        for halves in all() {
            let end = halves.after(Change::Close).after(Change::Flushed);
            assert!(end.is_lingering() || end.is_done(), "{halves:?}");
            assert!(end.after(Change::EndOfStream).is_done(), "{halves:?}");
            assert!(halves.after(Change::Abort).is_done(), "{halves:?}");
        }
    }

    #[test]
    fn the_usual_ways_to_the_end() {
        let walk = |changes: &[Change]| {
            let step = |halves: Halves, &change: &Change| halves.after(change);
            changes.iter().fold(Halves::OPEN, step)
        };
        use Change::{Close, EndOfStream, Flushed, Pause, Resume, Shutdown};
        // The peer closes first: its reply is sent, and nothing is left to wait for.
        assert!(walk(&[EndOfStream, Close, Flushed]).is_done());
        // This side closes first, and waits for the peer.
        let lingering = walk(&[Close, Flushed]);
        assert!(lingering.is_lingering() && !lingering.is_readable());
        // A half-close: this side goes on reading.
        let half_closed = walk(&[Shutdown, Flushed]);
        assert!(half_closed.is_readable() && !half_closed.is_done());
        assert!(walk(&[Shutdown, Flushed, EndOfStream]).is_done());
        // Backpressure leaves no trace.
        assert_eq!(walk(&[Pause, Resume]), Halves::OPEN);
        assert!(walk(&[Pause]).is_readable());
    }
}
