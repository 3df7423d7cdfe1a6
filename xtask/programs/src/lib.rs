//! The programs of the course, as its tools run them: built, started on a free
//! port, looked at while they run, and ended whatever happens to the tool.

mod build;
mod callgrind;
mod interrupt;
mod machine;
mod program;
mod server;
mod strace;
mod tool;
mod usage;

pub use build::{Executables, Profile, build};
pub use callgrind::Callgrind;
pub use conformance::{Child, raise_descriptor_limit};
pub use interrupt::end_children_on_interrupt;
pub use machine::Machine;
pub use program::Program;
pub use server::{Server, is_port_taken};
pub use strace::{Call, Strace};
pub use usage::Usage;
