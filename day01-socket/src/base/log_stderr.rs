//! Lines on stderr and stdout, which never stop a server.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

static STDOUT: Output = Output::new(libc::STDOUT_FILENO, 100);
static STDERR: Output = Output::new(libc::STDERR_FILENO, 0);

/// Writes one line to stderr. `eprintln!` would panic when stderr is closed, and a
/// closed stderr must not end a server. A full one must not stop it: a line for which there
/// is no room is dropped, and the next one that is written says how many were.
///
/// ```
/// # use day01_socket as reactor;
/// reactor::log_stderr(format_args!("client {}: {}", 5, "connection reset"));
/// ```
pub fn log_stderr(message: fmt::Arguments<'_>) {
    STDERR.write_line(message);
}

/// Writes one line to stdout, as [`log_stderr`] does to stderr. A program that reads it in
/// time gets every line: when the pipe is full, this waits for 100 ms, and not again until
/// there is room.
///
/// ```
/// # use day01_socket as reactor;
/// reactor::print_line(format_args!("listening on {}", 8888));
/// ```
pub fn print_line(line: fmt::Arguments<'_>) {
    STDOUT.write_line(line);
}

/// A descriptor that must not block, for lines. `O_NONBLOCK` would change it for every
/// process that shares it, the shell included.
struct Output {
    fd: libc::c_int,
    /// How long to wait for room, in milliseconds, if there has been room before.
    timeout: libc::c_int,
    /// Held from poll(2) to write(2): no other thread takes the room in between.
    dropped: Mutex<Dropped>,
}

#[derive(Clone, Copy)]
struct Dropped {
    lines: u64,
    /// The last of them is there in part.
    is_cut: bool,
}

impl Output {
    const fn new(fd: libc::c_int, timeout: libc::c_int) -> Self {
        let dropped = Mutex::new(Dropped {
            lines: 0,
            is_cut: false,
        });
        Self {
            fd,
            timeout,
            dropped,
        }
    }

    fn write_line(&self, line: fmt::Arguments<'_>) {
        let mut dropped = self.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        self.write_or_count(format!("{line}\n").as_bytes(), &mut dropped);
    }

    fn write_or_count(&self, line: &[u8], dropped: &mut Dropped) {
        let (before, timeout) = match *dropped {
            Dropped { lines: 0, .. } => (String::new(), self.timeout),
            Dropped { lines, is_cut } => {
                let newline = if is_cut { "\n" } else { "" };
                (format!("{newline}({lines} lines dropped: not read)\n"), 0)
            }
        };
        let text = [before.as_bytes(), line].concat();
        let written = self.write(&text, timeout);
        if written >= before.len() {
            dropped.lines = 0;
        }
        if written < text.len() {
            dropped.lines += 1;
            dropped.is_cut |= written > 0;
        } else {
            dropped.is_cut = false;
        }
    }

    /// Writes what there is room for, and returns how many bytes that was. poll(2) promises
    /// room for `PIPE_BUF` bytes in a pipe
    /// ([pipe(7)](https://man7.org/linux/man-pages/man7/pipe.7.html)).
    fn write(&self, bytes: &[u8], timeout: libc::c_int) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            let mut poll = libc::pollfd {
                fd: self.fd,
                events: libc::POLLOUT,
                revents: 0,
            };
            // SAFETY: the pointer is to one pollfd, which outlives the call.
            unsafe { libc::poll(&raw mut poll, 1, timeout) };
            if poll.revents & libc::POLLOUT == 0 {
                break;
            }
            let piece = &bytes[written..bytes.len().min(written + libc::PIPE_BUF)];
            // SAFETY: the pointer and the length are of one slice, which outlives the call.
            let count = unsafe { libc::write(self.fd, piece.as_ptr().cast(), piece.len()) };
            match usize::try_from(count) {
                Ok(count) => written += count,
                Err(_) if io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock => break,
                // It is closed: there is no other place for the line.
                Err(_) => return bytes.len(),
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn lines_without_room_are_dropped_and_counted() {
        let (mut reader, writer) = io::pipe().unwrap();
        let output = Output::new(writer.as_raw_fd(), 0);
        let line = "x".repeat(1000);
        // A pipe has room for 64 KiB.
        for _ in 0..100 {
            output.write_line(format_args!("{line}"));
        }
        let mut text = vec![0; 64 * 1024];
        let count = reader.read(&mut text).unwrap();
        output.write_line(format_args!("the next"));
        drop(writer);
        text.truncate(count);
        reader.read_to_end(&mut text).unwrap();

        let text = String::from_utf8(text).unwrap();
        let whole = text.lines().filter(|text| *text == line).count();
        let expected = format!("({} lines dropped: not read)", 100 - whole);
        let end: Vec<_> = text.lines().rev().take(2).collect();
        assert_eq!(end, ["the next", &expected]);
    }

    #[test]
    fn a_line_that_is_cut_is_ended() {
        let (mut reader, writer) = io::pipe().unwrap();
        let output = Output::new(writer.as_raw_fd(), 1);
        let line = "x".repeat(100_000);
        output.write_line(format_args!("{line}"));
        let mut text = vec![0; 64 * 1024];
        reader.read_exact(&mut text).unwrap();
        output.write_line(format_args!("the next"));
        drop(writer);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "\n(1 lines dropped: not read)\nthe next\n");
    }

    #[test]
    fn a_closed_reader_is_no_error() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = Output::new(writer.as_raw_fd(), 0);
        output.write_line(format_args!("to no reader"));
        assert_eq!(output.dropped.lock().unwrap().lines, 0);
    }
}
