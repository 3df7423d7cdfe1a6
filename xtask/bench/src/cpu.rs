//! Which CPU does what, and how long a server kept its own busy.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::time::ClockId;
use nix::unistd::Pid;

/// A server that has used no time for this long waits for its next client.
const QUIET: Duration = Duration::from_micros(200);

/// A server that keeps computing without a client is measured anyway.
const IDLE_TIMEOUT: Duration = Duration::from_millis(50);

/// The servers' CPU and the client's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cpus {
    pub(crate) server: CpuSet,
    client: CpuSet,
}

impl Cpus {
    /// The first and the last that this process may use: neighbours in the numbering
    /// may be two halves of one core.
    pub(crate) fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let mut cpus = (0..CpuSet::count()).filter(|&cpu| allowed.is_set(cpu) == Ok(true));
        let (Some(first), Some(last)) = (cpus.next(), cpus.next_back()) else {
            bail!("a server and its client need a CPU each, and there is only one");
        };
        let (mut server, mut client) = (CpuSet::new(), CpuSet::new());
        server.set(first)?;
        client.set(last)?;
        Ok(Self { server, client })
    }

    /// Puts this thread on the client's CPU.
    pub(crate) fn be_client(&self) -> Result<()> {
        sched_setaffinity(Pid::from_raw(0), &self.client).context("cannot choose a CPU")
    }
}

/// The clock that counts the CPU time of a process, all threads together, those that
/// have ended included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CpuClock(ClockId);

impl CpuClock {
    pub(crate) fn of(pid: Pid) -> Result<Self> {
        let clock = ClockId::pid_cpu_clock_id(pid).context("a server has ended")?;
        Ok(Self(clock))
    }

    /// The time used when the process has done what it had to do.
    pub(crate) fn when_idle(self) -> Result<Duration> {
        let deadline = Instant::now() + IDLE_TIMEOUT;
        let mut before = self.now()?;
        loop {
            thread::sleep(QUIET);
            let now = self.now()?;
            if now == before || Instant::now() > deadline {
                return Ok(now);
            }
            before = now;
        }
    }

    fn now(self) -> Result<Duration> {
        Ok(self.0.now().context("a server has ended")?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_counts_what_is_computed_and_not_what_is_waited() {
        let clock = CpuClock::of(Pid::this()).unwrap();
        let before = clock.now().unwrap();
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(30) {}
        assert!(clock.now().unwrap() > before + Duration::from_millis(5));
    }
}
