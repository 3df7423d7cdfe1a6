//! Which channel an event is for.

/// The name under which a channel is registered: a place in a table, and how many
/// have had that place before.
///
/// epoll gives back 64 bits with each event. A descriptor or a pointer in there
/// says nothing about *when*: in one batch of events, an early one may close
/// connection 5 and accept a new connection 5, and a late one for the old
/// connection then hits the new. A token is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    pub(crate) generation: u32,
    pub(crate) index: u32,
}

impl From<Token> for u64 {
    fn from(token: Token) -> Self {
        u64::from(token.generation) << 32 | u64::from(token.index)
    }
}

impl From<u64> for Token {
    fn from(bits: u64) -> Self {
        Self {
            generation: (bits >> 32) as u32,
            index: bits as u32,
        }
    }
}
