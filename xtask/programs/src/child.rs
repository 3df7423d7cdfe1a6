//! Child processes that do not outlive the tool that started them.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{self, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// How often a condition is looked at again that no system call can wait for.
pub(crate) const POLL: Duration = Duration::from_millis(2);

/// The exit code by which shells tell that Ctrl-C ended a program.
const INTERRUPTED: i32 = 130;

/// The children that have not been waited for, so that none of these numbers can
/// belong to another process yet.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// From here on Ctrl-C and SIGTERM end every [`Child`], then the program.
///
/// # Errors
///
/// Fails when the signals have a handler already.
pub fn end_children_on_interrupt() -> Result<()> {
    let handler = || {
        // The lock is kept to the end: nobody starts a child any more.
        let running = running();
        for child in running.iter() {
            // A child that has ended in the meantime needs no end.
            let _ = killpg(*child, Signal::SIGKILL);
        }
        eprintln!("interrupted");
        process::exit(INTERRUPTED);
    };
    ctrlc::set_handler(handler).context("cannot handle Ctrl-C")
}

/// A child process in a process group of its own: a Ctrl-C at the terminal
/// reaches the tool alone, and what the child itself starts ends with it.
#[derive(Debug)]
pub struct Child {
    inner: process::Child,
    status: Option<ExitStatus>,
    was_signalled: bool,
}

impl Child {
    /// Starts a program.
    ///
    /// # Errors
    ///
    /// Passes on why it cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let mut running = running();
        let inner = command.process_group(0).spawn()?;
        running.push(pid_of(&inner));
        Ok(Self {
            inner,
            status: None,
            was_signalled: false,
        })
    }

    /// The process's number.
    pub fn pid(&self) -> Pid {
        pid_of(&self.inner)
    }

    /// What Ctrl-C would do.
    ///
    /// # Errors
    ///
    /// Fails when the child has ended.
    pub fn interrupt(&mut self) -> io::Result<()> {
        self.was_signalled = true;
        Ok(kill(self.pid(), Signal::SIGINT)?)
    }

    /// Keeps the child from running until [`resume`](Self::resume).
    ///
    /// # Errors
    ///
    /// Fails when the child has ended.
    pub fn pause(&self) -> io::Result<()> {
        Ok(kill(self.pid(), Signal::SIGSTOP)?)
    }

    /// Ends what [`pause`](Self::pause) began.
    ///
    /// # Errors
    ///
    /// Fails when the child has ended.
    pub fn resume(&self) -> io::Result<()> {
        Ok(kill(self.pid(), Signal::SIGCONT)?)
    }

    /// Ends the child at once, if it is still there, and all that it started.
    pub fn kill(&mut self) {
        if self.status.is_none() {
            self.was_signalled = true;
            let mut running = running();
            // The group may be empty but for the child that nobody has waited for.
            let _ = killpg(self.pid(), Signal::SIGKILL);
            self.status = self.inner.wait().ok();
            running.retain(|pid| *pid != pid_of(&self.inner));
        }
    }

    /// Whether [`interrupt`](Self::interrupt) or [`kill`](Self::kill) was used on
    /// the child: its end is then no accident.
    pub fn was_signalled(&self) -> bool {
        self.was_signalled
    }

    /// How the child ended, if it has.
    ///
    /// # Errors
    ///
    /// Passes on the error of waitpid(2).
    pub fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            let mut running = running();
            self.status = self.inner.try_wait()?;
            if self.status.is_some() {
                running.retain(|pid| *pid != pid_of(&self.inner));
            }
        }
        Ok(self.status)
    }

    /// Waits for the child to end by itself, however long that takes.
    ///
    /// # Errors
    ///
    /// Passes on the error of waitpid(2).
    pub fn finish(&mut self) -> io::Result<ExitStatus> {
        loop {
            match self.status()? {
                Some(status) => return Ok(status),
                None => thread::sleep(POLL),
            }
        }
    }

    /// Waits for the child to end by itself, for a bounded time.
    ///
    /// # Errors
    ///
    /// Passes on the error of waitpid(2).
    pub fn wait(&mut self, patience: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + patience;
        loop {
            match self.status()? {
                None if Instant::now() < deadline => thread::sleep(POLL),
                status => return Ok(status),
            }
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

fn pid_of(child: &process::Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn shell(script: &str) -> Child {
        Child::spawn(Command::new("sh").args(["-c", script])).unwrap()
    }

    #[test]
    fn a_child_ends_with_its_guard_and_takes_its_own_children_along() {
        let child = shell("sleep 1000 & wait");
        let group = child.pid();
        assert!(killpg(group, None).is_ok());
        drop(child);
        // The grandchild is nobody's to wait for but init's, which takes a moment.
        let deadline = Instant::now() + Duration::from_secs(10);
        while killpg(group, None).is_ok() {
            assert!(Instant::now() < deadline, "the group is still there");
            thread::sleep(POLL);
        }
        assert!(!running().contains(&group));
    }

    #[test]
    fn how_a_child_ended_is_known_for_good() {
        let mut child = shell("exit 3");
        let patience = Duration::from_secs(10);
        assert_eq!(child.wait(patience).unwrap().unwrap().code(), Some(3));
        assert_eq!(child.status().unwrap().unwrap().code(), Some(3));
        // A shell that waits for a child of its own does not end by the signal.
        let mut child = shell("exec sleep 1000");
        assert_eq!(child.wait(Duration::ZERO).unwrap(), None);
        child.interrupt().unwrap();
        let status = child.wait(patience).unwrap().unwrap();
        assert_eq!(status.signal(), Some(Signal::SIGINT as i32));
    }
}
