//! Starting a process that plays a role, and never leaving it behind.

use std::env;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// After this time a child is taken to hang.
const PATIENCE: Duration = Duration::from_secs(300);

/// A child that is killed when the test is done with it.
pub(crate) struct Role(Child);

impl Role {
    pub(crate) fn start(role: &str, path: &Path, number: usize) -> Self {
        Self::start_with(role, path, number, |command| command)
    }

    pub(crate) fn start_with(
        role: &str,
        path: &Path,
        number: usize,
        configure: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .arg("child")
            .arg(role)
            .arg(path)
            .arg(number.to_string());
        command.env_remove("ELOG").stdin(Stdio::null());
        Self(configure(&mut command).spawn().unwrap())
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        while !self.has_ended() {
            assert!(Instant::now() < deadline, "the child hangs");
            thread::sleep(Duration::from_millis(1));
        }
        self.0.wait().unwrap()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Plays a role to its end, which must be a good one.
pub(crate) fn play(role: &str, path: &Path, number: usize) {
    let status = Role::start(role, path, number).wait();
    assert!(status.success(), "{role} {number}: {status}");
}

/// Plays a role with what it prints, and with one more variable.
pub(crate) fn play_for_output(role: &str, path: &Path, variable: (&str, &str)) -> Output {
    let output = Command::new(env::current_exe().unwrap())
        .arg("child")
        .arg(role)
        .arg(path)
        .arg("0")
        .env_remove("ELOG")
        .env(variable.0, variable.1)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}
