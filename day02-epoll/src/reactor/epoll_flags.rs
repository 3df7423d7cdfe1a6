//! The kinds of events that epoll reports.

use std::fmt;
use std::ops::{BitAnd, BitOr, Not};

/// A set of epoll's event flags
/// ([epoll_ctl(2)](https://man7.org/linux/man-pages/man2/epoll_ctl.2.html)):
/// the interest in a descriptor, or its readiness. The original C++ passes it around as
/// a bare `uint32_t`.
///
/// ```
/// # use day02_epoll as reactor;
/// use reactor::EpollFlags;
///
/// let ready = EpollFlags::IN | EpollFlags::RDHUP;
/// assert!(ready.contains(EpollFlags::IN) && !ready.intersects(EpollFlags::OUT));
/// assert_eq!(format!("{ready:?}"), "IN | RDHUP");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct EpollFlags(u32);

impl EpollFlags {
    /// `EPOLLIN`: a read will not block. There are bytes, the end of the stream or an
    /// error; on a listening socket, a connection.
    pub const IN: Self = Self(libc::EPOLLIN as u32);
    /// `EPOLLOUT`: a write will not block.
    pub const OUT: Self = Self(libc::EPOLLOUT as u32);
    /// `EPOLLRDHUP`: the peer has closed its writing half (FIN).
    pub const RDHUP: Self = Self(libc::EPOLLRDHUP as u32);
    /// `EPOLLERR`: the connection has failed. Reported without interest in it, too.
    pub const ERR: Self = Self(libc::EPOLLERR as u32);
    /// `EPOLLHUP`: both halves are closed. Reported without interest in it, too.
    pub const HUP: Self = Self(libc::EPOLLHUP as u32);
    /// `EPOLLET`: not an event but a mode. Edge-triggered, an event is reported once when it
    /// occurs; level-triggered, it is reported by every wait while its condition holds.
    pub const ET: Self = Self(libc::EPOLLET as u32);

    /// No flag at all.
    pub const fn empty() -> Self {
        Self(0)
    }

    /// The set that epoll's `u32` stands for.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The set as epoll takes it.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Both sets together; [`BitOr`] in a form that constants can be made with.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is no flag in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` is in the set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in the set.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for EpollFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitAnd for EpollFlags {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for EpollFlags {
    type Output = Self;

    fn not(self) -> Self {
        Self(!self.0)
    }
}

/// Lists the flags by name: `IN | RDHUP`.
impl fmt::Debug for EpollFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(EpollFlags, &str); 6] = [
            (EpollFlags::IN, "IN"),
            (EpollFlags::OUT, "OUT"),
            (EpollFlags::RDHUP, "RDHUP"),
            (EpollFlags::ERR, "ERR"),
            (EpollFlags::HUP, "HUP"),
            (EpollFlags::ET, "ET"),
        ];
        let mut rest = *self;
        let mut separator = "";
        for (flag, name) in NAMES {
            if rest.contains(flag) {
                write!(f, "{separator}{name}")?;
                separator = " | ";
                rest = rest & !flag;
            }
        }
        if !rest.is_empty() || self.is_empty() {
            write!(f, "{separator}{:#x}", rest.bits())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_combine() {
        let both = EpollFlags::IN | EpollFlags::OUT;
        assert!(both.contains(EpollFlags::IN));
        assert!(!EpollFlags::IN.contains(both));
        assert!(EpollFlags::IN.intersects(both));
        assert_eq!(both & !EpollFlags::IN, EpollFlags::OUT);
        assert_eq!(EpollFlags::from_bits(both.bits()), both);
    }

    #[test]
    fn debug_lists_names_and_unknown_bits() {
        let shown = |flags: EpollFlags| format!("{flags:?}");
        assert_eq!(shown(EpollFlags::empty()), "0x0");
        assert_eq!(shown(EpollFlags::IN | EpollFlags::RDHUP), "IN | RDHUP");
        let strange = EpollFlags::from_bits(0x100_0000) | EpollFlags::OUT;
        assert_eq!(shown(strange), "OUT | 0x1000000");
    }
}
