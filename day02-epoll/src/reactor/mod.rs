//! Waiting for events.

mod epoll;
mod epoll_flags;

pub use epoll::{Epoll, Event, Events};
pub use epoll_flags::EpollFlags;
