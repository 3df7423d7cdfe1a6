//! Tokens: which channel an event is for.

/// What a channel's events carry: the index of its slot, and the slot's generation, which
/// grows each time the slot is reused.
///
/// epoll returns 64 bits with each event. A descriptor's number or a pointer would be
/// ambiguous: in one batch of events, the callback of an early one may close connection 5
/// and accept a new connection 5, and a late event of the old connection would then reach
/// the new one. A token is never used twice, and such an event is recognised as stale.
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
