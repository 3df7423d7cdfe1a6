//! The Rust on the museum's page: `cargo test -p bug-museum` compiles it and runs it, or
//! sees to it that it does not compile.

#![cfg_attr(doctest, doc = include_str!("../README.md"))]
