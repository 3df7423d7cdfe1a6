//! Waiting for events.

mod epoll;
mod epoll_flags;
mod events;

pub use epoll::Epoll;
pub use epoll_flags::EpollFlags;
pub use events::{Event, Events};
