//! Child processes that end with the value that stands for them.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{self, ChildStdout, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

/// How often a child's end is looked for.
const POLL: Duration = Duration::from_millis(2);

/// The children that have not been waited for: none of these numbers can belong to another
/// process yet.
static RUNNING: Mutex<Vec<Target>> = Mutex::new(Vec::new());

/// What a signal goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Process(Pid),
    Group(Pid),
}

impl Target {
    fn pid(self) -> Pid {
        match self {
            Self::Process(pid) | Self::Group(pid) => pid,
        }
    }

    fn kill(self) {
        // What has ended in the meantime needs no signal.
        let _ = match self {
            Self::Process(pid) => kill(pid, Signal::SIGKILL),
            Self::Group(pid) => killpg(pid, Signal::SIGKILL),
        };
    }
}

/// Kills every [`Child`] and calls `action`, which may end the program: until it returns,
/// no thread can start another child.
pub fn kill_all_and<T>(action: impl FnOnce() -> T) -> T {
    let running = running();
    running.iter().for_each(|target| target.kill());
    action()
}

/// A child process, which is killed when this value is dropped.
#[derive(Debug)]
pub struct Child {
    pub(crate) inner: process::Child,
    target: Target,
    status: Option<ExitStatus>,
    was_signalled: bool,
}

impl Child {
    /// Starts a program in a process group of its own: Ctrl-C at the terminal does not reach
    /// it, and what it starts itself is killed with it.
    ///
    /// # Errors
    ///
    /// Passes on why the program cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        Self::start(command.process_group(0), Target::Group)
    }

    /// Starts a program in the caller's process group: Ctrl-C at the terminal ends both, even
    /// if the caller does not handle it.
    ///
    /// # Errors
    ///
    /// Passes on why the program cannot be started.
    pub fn spawn_beside(command: &mut Command) -> io::Result<Self> {
        Self::start(command, Target::Process)
    }

    fn start(command: &mut Command, target: fn(Pid) -> Target) -> io::Result<Self> {
        let mut running = running();
        let inner = command.spawn()?;
        let target = target(Pid::from_raw(inner.id().cast_signed()));
        running.push(target);
        Ok(Self {
            inner,
            target,
            status: None,
            was_signalled: false,
        })
    }

    /// The process's number.
    pub fn pid(&self) -> Pid {
        self.target.pid()
    }

    /// The pipe at the child's stdout, once.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.inner.stdout.take()
    }

    /// Sends a signal to the process.
    ///
    /// # Errors
    ///
    /// Fails when the child has been waited for.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        // Its number may be another process's by now.
        if self.status.is_some() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(kill(self.pid(), signal)?)
    }

    /// What Ctrl-C would do.
    ///
    /// # Errors
    ///
    /// Fails when the child has been waited for.
    pub fn interrupt(&mut self) -> io::Result<()> {
        self.was_signalled = true;
        self.signal(Signal::SIGINT)
    }

    /// Suspends the child until [`resume`](Self::resume), and returns when it is suspended.
    ///
    /// # Errors
    ///
    /// Fails when the child has ended.
    pub fn pause(&self) -> io::Result<()> {
        self.signal(Signal::SIGSTOP)?;
        waitid(Id::Pid(self.pid()), WaitPidFlag::WSTOPPED)?;
        Ok(())
    }

    /// Ends what [`pause`](Self::pause) began.
    ///
    /// # Errors
    ///
    /// Fails when the child has been waited for.
    pub fn resume(&self) -> io::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    /// Kills the child, if it still runs, and with [`spawn`](Self::spawn) all that it started.
    pub fn kill(&mut self) {
        if self.status.is_none() {
            self.was_signalled = true;
            let mut running = running();
            self.target.kill();
            self.status = self.inner.wait().ok();
            running.retain(|target| *target != self.target);
        }
    }

    /// Whether [`interrupt`](Self::interrupt) or [`kill`](Self::kill) was used on the child:
    /// its end is then no accident.
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
                running.retain(|target| *target != self.target);
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
    pub fn wait(&mut self, timeout: Duration) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + timeout;
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

fn running() -> MutexGuard<'static, Vec<Target>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;
    use crate::{TIMEOUT, wait_until};

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn dropping_a_child_kills_it_and_its_own_children() {
        let child = Child::spawn(&mut shell("sleep 1000 & wait")).unwrap();
        let group = child.pid();
        assert!(killpg(group, None).is_ok());
        drop(child);
        // init waits for the grandchild, which takes a moment.
        wait_until("the group has gone", || killpg(group, None).is_err());
        assert!(!running().contains(&Target::Group(group)));
    }

    #[test]
    fn a_child_beside_this_process_is_killed_alone() {
        let mut child = Child::spawn_beside(&mut shell("exec sleep 1000")).unwrap();
        child.kill();
        let status = child.status().unwrap().unwrap();
        assert_eq!(status.signal(), Some(Signal::SIGKILL as i32));
        assert!(child.signal(Signal::SIGTERM).is_err());
    }

    #[test]
    fn the_exit_status_stays_known() {
        let mut child = Child::spawn(&mut shell("exit 3")).unwrap();
        assert_eq!(child.wait(TIMEOUT).unwrap().unwrap().code(), Some(3));
        assert_eq!(child.status().unwrap().unwrap().code(), Some(3));
        // A shell that waits for a child of its own does not end by the signal.
        let mut child = Child::spawn(&mut shell("exec sleep 1000")).unwrap();
        assert_eq!(child.wait(Duration::ZERO).unwrap(), None);
        child.interrupt().unwrap();
        let status = child.wait(TIMEOUT).unwrap().unwrap();
        assert_eq!(status.signal(), Some(Signal::SIGINT as i32));
    }

    #[test]
    fn a_paused_child_goes_on_when_it_is_resumed() {
        let mut child = Child::spawn(&mut shell("exec cat")).unwrap();
        child.pause().unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.pid())).unwrap();
        assert!(stat.contains(") T "), "{stat}");
        child.signal(Signal::SIGTERM).unwrap();
        assert_eq!(child.status().unwrap(), None);
        child.resume().unwrap();
        let status = child.finish().unwrap();
        assert_eq!(status.signal(), Some(Signal::SIGTERM as i32));
    }
}
