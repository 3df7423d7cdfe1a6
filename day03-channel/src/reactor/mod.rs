//! Waiting for events and calling their callbacks.

mod channel;
mod epoll;
mod epoll_flags;
mod slab;
mod token;

pub use channel::Channel;
pub use epoll::{Epoll, Event, Events};
pub use epoll_flags::EpollFlags;
pub use token::Token;
