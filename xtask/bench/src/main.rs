//! `cargo xtask bench`: what each day costs.
//!
//! A package of its own, because of the servers and loggers that it measures the
//! days against: nobody waits for those to be built who wants to see a diff.

#[path = "../../src/atomic.rs"]
mod atomic;
mod calls;
mod cpu;
mod fleet;
mod idle;
mod instructions;
mod load;
mod log_run;
mod loggers;
mod options;
mod peers;
mod plot;
mod publish;
mod results;
mod rounds;
mod run;
mod scenario;
mod stats;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use options::{Command, Options};

fn main() -> ExitCode {
    let options = Options::parse();
    match dispatch(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(options: &Options) -> Result<()> {
    match &options.command {
        Some(Command::Serve { peer, addr }) => Ok(peer.serve(peers::listen(*addr)?)?),
        Some(Command::Write(options)) => log_run::write(options),
        None if options.draw => publish::draw(&options.results(&run::root()?)),
        None if options.log => log_run::loggers(options),
        None => run::servers(options),
    }
}
