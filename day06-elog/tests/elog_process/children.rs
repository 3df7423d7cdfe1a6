//! Starting a process that plays a role, and never leaving it behind.

use std::env;
use std::io::{self, PipeReader};
use std::path::Path;
use std::process::{self, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use conformance::fill_pipe;

/// After this time a child is taken to hang.
const TIMEOUT: Duration = Duration::from_secs(300);

/// What starts this program in a role.
pub(crate) fn command(role: &str, path: &Path, number: usize) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg("child").arg(role).arg(path);
    command.arg(number.to_string()).env_remove("ELOG");
    command.stdin(Stdio::null());
    command
}

/// A child that is killed when the test is done with it.
pub(crate) struct Child(process::Child);

impl Child {
    pub(crate) fn start(role: &str, path: &Path, number: usize) -> Self {
        Self(command(role, path, number).spawn().unwrap())
    }

    /// Starts a child whose stderr is expected and not shown.
    pub(crate) fn start_quietly(role: &str, path: &Path, number: usize) -> Self {
        let mut command = command(role, path, number);
        Self(command.stderr(Stdio::null()).spawn().unwrap())
    }

    /// Starts a child whose stderr is a pipe that is full, and returns the end that nothing
    /// reads.
    pub(crate) fn start_unread(role: &str, path: &Path, number: usize) -> (Self, PipeReader) {
        let (reader, writer) = io::pipe().unwrap();
        fill_pipe(&writer);
        let mut command = command(role, path, number);
        (Self(command.stderr(writer).spawn().unwrap()), reader)
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + TIMEOUT;
        while !self.has_ended() {
            assert!(Instant::now() < deadline, "the child hangs");
            thread::sleep(Duration::from_millis(1));
        }
        self.0.wait().unwrap()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Plays a role to its end, which must be a good one.
pub(crate) fn play(role: &str, path: &Path, number: usize) {
    let status = Child::start(role, path, number).wait();
    assert!(status.success(), "{role} {number}: {status}");
}
