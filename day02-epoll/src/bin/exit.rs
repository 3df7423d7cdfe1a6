//! How a program ends.

use std::io;
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use super::reactor::{InetAddr, ParseInetAddrError, log_stderr, out_of_resources, print_line};

/// Why a program ends before its work is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// `--help`: the text goes to stdout, exit code 0.
    Help(&'static str),
    /// Arguments that it does not know: exit code 2.
    Usage(String),
    /// A call that failed: exit code 1.
    Failed(String),
}

impl Exit {
    /// The server cannot listen on `addr`.
    pub(crate) fn cannot_listen(addr: &InetAddr, error: &io::Error) -> Self {
        let kind = error.kind();
        // Too few descriptors, too little memory or too few threads: no fault of the address.
        if out_of_resources(error) || kind == io::ErrorKind::WouldBlock {
            return Self::Failed(format!(
                "cannot start: {error} (ulimit -a shows the limits)"
            ));
        }
        let why = match kind {
            io::ErrorKind::AddrInUse if has_server(addr) => {
                "address already in use — is yesterday's server still running?".to_owned()
            }
            io::ErrorKind::AddrInUse => {
                "address already in use, and no server listens there".to_owned()
            }
            io::ErrorKind::PermissionDenied => {
                "permission denied — ports below 1024 are for root, try 8888".to_owned()
            }
            io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
            _ => error.to_string(),
        };
        Self::Failed(format!("cannot listen on {addr}: {why}"))
    }
}

impl From<io::Error> for Exit {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ParseInetAddrError> for Exit {
    fn from(error: ParseInetAddrError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// The result of `main`: prints on one line why the program ends, if it had to.
pub(crate) fn exit_code(result: Result<(), Exit>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Exit::Help(text)) => {
            print_line(format_args!("{text}"));
            ExitCode::SUCCESS
        }
        Err(Exit::Usage(message)) => {
            log_stderr(format_args!(
                "error: {message} (--help lists what there is)"
            ));
            ExitCode::from(2)
        }
        Err(Exit::Failed(message)) => {
            log_stderr(format_args!("error: {message}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether a server accepts connections at `addr`. A socket that is bound, or a client's end
/// of a connection, can take a port too.
fn has_server(addr: &InetAddr) -> bool {
    TcpStream::connect_timeout(&(*addr).into(), Duration::from_secs(1)).is_ok()
}
