//! Waiting for events and calling their callbacks.

mod channel;
mod epoll;
mod epoll_flags;
mod events;
mod slab;
mod token;

pub use channel::Channel;
pub use epoll::Epoll;
pub use epoll_flags::EpollFlags;
pub use events::{Event, Events};
pub use token::Token;
