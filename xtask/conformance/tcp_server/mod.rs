//! What a day's `TcpServer` must do, seen by a program that uses the library. Each test file
//! that includes this module says `use … as reactor` for its day's library.

mod addresses;
mod callbacks;
mod chaos;
mod misuse;
mod peers;
mod shutdown;
mod stats;
mod support;
