//! Waiting for events and calling their callbacks.

mod channel;
mod epoll;
mod epoll_flags;
mod event_loop;
mod events;
mod loop_handle;
mod remote;
mod signals;
mod slab;
mod task_queue;
mod timers;
mod token;
mod waker;

pub use channel::Channel;
pub use epoll::Epoll;
pub use epoll_flags::EpollFlags;
pub use event_loop::EventLoop;
pub use events::{Event, Events};
pub use loop_handle::{LoopEnded, LoopHandle};
pub use remote::Remote;
pub use signals::{Signal, Signals};
pub use timers::TimerId;
pub use token::Token;
