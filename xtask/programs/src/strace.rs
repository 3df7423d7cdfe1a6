//! The system calls of a program, as strace writes them down.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use crate::tool;

/// A file that strace writes the calls of a program and its threads into.
#[derive(Debug)]
pub struct Strace {
    file: NamedTempFile,
}

/// One system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The thread that made it.
    pub thread: u32,
    /// What it is called: `accept4`.
    pub name: String,
    /// Its arguments in parentheses and its result, as strace prints them.
    pub rest: String,
}

impl Strace {
    /// Makes ready for a program's calls.
    ///
    /// # Errors
    ///
    /// Fails when this machine has no strace, and says how to get it.
    pub fn new() -> Result<Self> {
        tool::find("strace")?;
        let file = NamedTempFile::new()?;
        Ok(Self { file })
    }

    /// What to put in front of a program's command line.
    pub(crate) fn command(&self) -> impl Iterator<Item = OsString> {
        let options = "strace -f -qq -a1 -s24 -e signal=none -o"
            .split(' ')
            .map(OsString::from);
        options.chain([self.file.path().into(), "--".into()])
    }

    /// The calls up to now, in the order in which they ended.
    ///
    /// # Errors
    ///
    /// Fails when the file has gone.
    pub fn calls(&self) -> Result<Vec<Call>> {
        let text = fs::read(self.file.path()).context("cannot read what strace wrote")?;
        Ok(parse(&String::from_utf8_lossy(&text)))
    }
}

impl Call {
    /// What the call returned, if it succeeded with a number.
    pub fn result(&self) -> Option<u64> {
        let (_, result) = self.rest.rsplit_once(" = ")?;
        result.split_whitespace().next()?.parse().ok()
    }

    /// The descriptor that is its first argument.
    pub fn descriptor(&self) -> Option<u32> {
        let arguments = self.rest.strip_prefix('(')?;
        let end = arguments.find(|c: char| !c.is_ascii_digit())?;
        arguments[..end].parse().ok()
    }
}

/// strace writes a call in two lines if another thread's call comes in between; here they
/// become one again.
fn parse(text: &str) -> Vec<Call> {
    const CUT: &str = " <unfinished ...>";
    let mut calls = Vec::new();
    let mut unfinished: Vec<Call> = Vec::new();
    // What follows the last newline is still being written.
    let (text, _) = text.rsplit_once('\n').unwrap_or_default();
    for line in text.lines() {
        let (thread, call) = line.trim_start().split_once(' ').unwrap_or_default();
        let (Ok(thread), call) = (thread.parse(), call.trim_start()) else {
            continue;
        };
        if let Some(resumed) = call.strip_prefix("<... ") {
            let begun = unfinished.iter().position(|call| call.thread == thread);
            let end = resumed.split_once(" resumed>");
            if let (Some(begun), Some((_, end))) = (begun, end) {
                let mut call = unfinished.swap_remove(begun);
                call.rest.push_str(end);
                calls.push(call);
            }
            continue;
        }
        let Some(open) = call.find('(') else {
            continue;
        };
        let (name, rest) = call.split_at(open);
        let is_cut = rest.ends_with(CUT);
        let list = if is_cut { &mut unfinished } else { &mut calls };
        list.push(Call {
            thread,
            name: name.to_owned(),
            rest: rest.trim_end_matches(CUT).to_owned(),
        });
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = r#"
7 accept4(3, {sa_family=AF_INET}, [16], SOCK_CLOEXEC) = 4
7 accept4(3,  <unfinished ...>
9 recvfrom(4, "one = two", 65536, 0, NULL, NULL) = 9
9 recvfrom(5, 0x7f, 65536, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)
7 <... accept4 resumed>{sa_family=AF_INET}, [16], SOCK_CLOEXEC) = 6
9 exit(0)                                 = ?
9 +++ exited with 0 +++
7 epoll_wait(3, "#;

    #[test]
    fn a_call_in_two_halves_is_one_call() {
        let calls = parse(TRACE);
        let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
        assert_eq!(
            names,
            ["accept4", "recvfrom", "recvfrom", "accept4", "exit"]
        );
        assert_eq!(calls[3].thread, 7);
        assert_eq!(
            calls[3].rest,
            "(3, {sa_family=AF_INET}, [16], SOCK_CLOEXEC) = 6"
        );
    }

    #[test]
    fn results_and_descriptors_are_numbers_or_nothing() {
        let calls = parse(TRACE);
        let results: Vec<_> = calls.iter().map(Call::result).collect();
        assert_eq!(results, [Some(4), Some(9), None, Some(6), None]);
        assert_eq!(calls[1].descriptor(), Some(4));
    }
}
