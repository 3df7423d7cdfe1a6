//! The command line and the output of the programs, the same on every day.
//!
//! It is not part of the lesson. A program of your own would use a library for this;
//! the days depend on `libc` and `socket2` only.

#![allow(dead_code, unused_imports, reason = "each program uses a part of it")]

#[path = "exit.rs"]
mod exit;

use std::borrow::Cow;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::net::IpAddr;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;

pub(crate) use super::reactor::print_line;
use super::reactor::{self, InetAddr, ParseInetAddrError};
pub(crate) use exit::{Exit, exit_code};

const DEFAULT_PREFIX: &[u8] = b"Echo: ";

const SERVER_HELP: &str = concat!(
    "An echo server: sends back what a client sends, behind a prefix.

Usage: ",
    env!("CARGO_PKG_NAME"),
    " [ADDR] [OPTIONS]

  ADDR           where to listen, IP:PORT; port 0 lets the kernel choose
                 [default: 127.0.0.1:8888]
  --prefix TEXT  what each reply begins with; '' sends the bytes back as they
                 came [default: 'Echo: ']
  --quiet        do not print what the clients send
  --help         print this text"
);

/// Prints what client `fd` sent, in quotes and with control characters and invalid UTF-8
/// escaped. A client may send any byte, and an escape sequence printed as it is would
/// take over the terminal.
pub(crate) fn print_message(fd: RawFd, message: &[u8]) {
    let message = OsStr::from_bytes(message);
    print_line(format_args!("Message from client {fd}: {message:?}"));
}

/// The options of an echo server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The address to listen on.
    pub(crate) addr: InetAddr,
    /// What each reply begins with.
    pub(crate) prefix: Vec<u8>,
    /// Does not print what clients send.
    pub(crate) quiet: bool,
}

impl Options {
    /// Parses the arguments of the process.
    ///
    /// # Errors
    ///
    /// [`Exit::Help`] for `--help`, [`Exit::Usage`] for unknown arguments.
    pub(crate) fn from_args() -> Result<Self, Exit> {
        Self::parse(env::args_os().skip(1))
    }

    /// The reply to a message: prefix and message. Without a prefix, nothing is copied.
    pub(crate) fn reply<'a>(&self, message: &'a [u8]) -> Cow<'a, [u8]> {
        if self.prefix.is_empty() {
            message.into()
        } else {
            [&self.prefix, message].concat().into()
        }
    }

    fn parse(args: impl Iterator<Item = OsString>) -> Result<Self, Exit> {
        let mut addr = None;
        let mut options = Self {
            addr: default_addr(),
            prefix: DEFAULT_PREFIX.to_vec(),
            quiet: false,
        };
        let mut args = Args { args };
        while let Some((name, value)) = args.next() {
            match (name.as_bytes(), value) {
                (b"--help" | b"-h", None) => return Err(Exit::Help(SERVER_HELP)),
                (b"--quiet", None) => options.quiet = true,
                (b"--prefix", value) => {
                    options.prefix = args.value(&name, value)?.into_encoded_bytes();
                }
                _ => addr = Some(positional_addr(addr, &name)?),
            }
        }
        options.addr = addr.unwrap_or(options.addr);
        Ok(options)
    }
}

/// The address of the Python samples.
pub(crate) fn default_addr() -> InetAddr {
    InetAddr::new([127, 0, 0, 1], 8888)
}

/// Parses the one argument that is no option.
///
/// # Errors
///
/// [`Exit::Usage`] for an unknown option, a second address, and one that is none.
pub(crate) fn positional_addr(earlier: Option<InetAddr>, arg: &OsStr) -> Result<InetAddr, Exit> {
    let text = arg.to_string_lossy();
    if text.starts_with('-') {
        return Err(Exit::Usage(format!("unknown option '{text}'")));
    }
    if earlier.is_some() {
        return Err(Exit::Usage(format!("unexpected argument '{text}'")));
    }
    text.parse().map_err(|error| match address_to_type(&text) {
        Some(addr) => Exit::Usage(format!("'{text}' is not an address: type {addr}")),
        None => ParseInetAddrError::into(error),
    })
}

/// What to type in place of an address that other programs take. Names are not looked up.
fn address_to_type(text: &str) -> Option<String> {
    if text.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()) {
        return Some(format!("{text}:8888"));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("localhost", text));
    port.parse::<u16>().ok()?;
    match host {
        "localhost" => Some(format!("127.0.0.1:{port}")),
        "" | "*" => Some(format!(
            "127.0.0.1:{port}, or 0.0.0.0:{port} for all addresses of this machine"
        )),
        _ => {
            let (ip, interface) = host.strip_prefix('[')?.strip_suffix(']')?.split_once('%')?;
            let number = fs::read_to_string(format!("/sys/class/net/{interface}/ifindex"));
            Some(format!("[{ip}%{}]:{port}", number.ok()?.trim_end()))
        }
    }
}

/// Splits `--name=value` in two; a value may also be the next argument.
struct Args<I> {
    args: I,
}

impl<I: Iterator<Item = OsString>> Args<I> {
    fn next(&mut self) -> Option<(OsString, Option<OsString>)> {
        let arg = self.args.next()?;
        let bytes = arg.as_bytes();
        match bytes.iter().position(|&byte| byte == b'=') {
            Some(at) if bytes.starts_with(b"--") => {
                let (name, value) = (&bytes[..at], &bytes[at + 1..]);
                Some((
                    OsStr::from_bytes(name).to_owned(),
                    Some(OsStr::from_bytes(value).to_owned()),
                ))
            }
            _ => Some((arg, None)),
        }
    }

    fn value(&mut self, name: &OsStr, attached: Option<OsString>) -> Result<OsString, Exit> {
        attached
            .or_else(|| self.args.next())
            .ok_or_else(|| Exit::Usage(format!("{} needs a value", name.to_string_lossy())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<Options, Exit> {
        Options::parse(line.iter().map(OsString::from))
    }

    fn usage_error(line: &[&str]) -> String {
        match parse(line) {
            Err(Exit::Usage(message)) => message,
            other => panic!("{line:?}: {other:?}"),
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_python_samples() {
        let options = parse(&[]).unwrap();
        assert_eq!(options.addr.to_string(), "127.0.0.1:8888");
        assert_eq!(options.prefix, b"Echo: ");
        assert!(!options.quiet);
    }

    #[test]
    fn options_come_in_any_order_and_either_form() {
        let options = parse(&["--prefix", "", "[::1]:0", "--quiet"]).unwrap();
        assert_eq!(options.addr.to_string(), "[::1]:0");
        assert_eq!(options.prefix, b"");
        assert!(options.quiet);
        assert_eq!(parse(&["--prefix=a=b"]).unwrap().prefix, b"a=b");
        assert_eq!(parse(&["--prefix", "--quiet"]).unwrap().prefix, b"--quiet");
    }

    #[test]
    fn a_reply_is_prefix_and_message() {
        assert_eq!(parse(&[]).unwrap().reply(b"hi"), &b"Echo: hi"[..]);
        let verbatim = parse(&["--prefix="]).unwrap();
        assert!(matches!(verbatim.reply(b"hi"), Cow::Borrowed(b"hi")));
    }

    #[test]
    fn an_error_names_the_argument() {
        assert_eq!(usage_error(&["--loud"]), "unknown option '--loud'");
        assert_eq!(usage_error(&["--quiet=no"]), "unknown option '--quiet'");
        assert_eq!(usage_error(&["--prefix"]), "--prefix needs a value");
        assert!(usage_error(&["127.0.0.1:70000"]).contains("out of range"));
        assert!(usage_error(&["here"]).contains("'here' is not an address"));
        assert!(usage_error(&["127.0.0.1:1", "127.0.0.1:2"]).contains("unexpected argument"));
    }

    #[test]
    fn an_address_of_another_form_is_refused_with_the_one_to_type() {
        for (text, expected) in [
            ("localhost:80", "127.0.0.1:80"),
            ("8888", "127.0.0.1:8888"),
            ("127.0.0.2", "127.0.0.2:8888"),
            (
                ":80",
                "127.0.0.1:80, or 0.0.0.0:80 for all addresses of this machine",
            ),
            (
                "*:80",
                "127.0.0.1:80, or 0.0.0.0:80 for all addresses of this machine",
            ),
            ("[fe80::1%lo]:80", "[fe80::1%1]:80"),
        ] {
            let error = usage_error(&[text]);
            assert_eq!(
                error,
                format!("'{text}' is not an address: type {expected}")
            );
        }
        for text in ["a.example:80", "[fe80::1%none]:80", "localhost:x", "::1"] {
            assert!(usage_error(&[text]).contains("expected IP:PORT"), "{text}");
        }
    }

    #[test]
    fn help_is_an_exit_of_its_own() {
        assert_eq!(parse(&["--help"]), Err(Exit::Help(SERVER_HELP)));
    }
}
