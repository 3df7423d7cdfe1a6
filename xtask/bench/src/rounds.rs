//! How a scenario is measured on a machine that is never quiet.
//!
//! A server's own slices differ by half, and separate runs by a quarter. So all
//! servers are up at once, the load goes round them in short slices, and a server is
//! compared with the floor's slice of the same round.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use indicatif::ProgressBar;

use crate::fleet::{FLOOR, Running};
use crate::load::{self, Load};
use crate::results::{Estimate, Latency, ScenarioResult, ServerResult};
use crate::scenario::{Scenario, Shape};

/// Short enough that the machine is the same for all servers of a round.
pub(crate) const SLICE: Duration = Duration::from_millis(30);

/// What a slice takes on average at most, with what comes before and after it: on a
/// machine that is busy with something else the rounds end early.
const LONGEST_SLICE: Duration = Duration::from_millis(60);

/// What one server did in one round.
#[derive(Clone, Copy, Debug)]
struct Sample {
    cpu_ns: f64,
    per_second: f64,
}

/// A server with its client, and what they did in each round.
struct Lane<'a> {
    server: &'a Running<'a>,
    shape: Shape,
    load: Load,
    latencies: Histogram<u64>,
    samples: Vec<Sample>,
}

pub(crate) fn measure(
    scenario: &Scenario,
    fleet: &[Running],
    rounds: usize,
    progress: &ProgressBar,
) -> Result<ScenarioResult> {
    let mut lanes = fleet
        .iter()
        .filter(|server| server.contestant.prefix == 0 || scenario.load.suits_prefixed())
        .map(|server| Lane::open(server, scenario).with_context(|| failure(server, scenario)))
        .collect::<Result<Vec<_>>>()?;
    let count = lanes.len();
    let deadline = Instant::now() + LONGEST_SLICE * (rounds * count) as u32;
    for round in 0..rounds {
        if round > 0 && Instant::now() > deadline {
            progress.inc((rounds - round) as u64);
            break;
        }
        for place in 0..count {
            // Each server has each place in the round, and each neighbour, as often
            // as the others.
            let lane = &mut lanes[(round + place) % count];
            let server = lane.server;
            lane.run().with_context(|| failure(server, scenario))?;
        }
        progress.inc(1);
    }
    let floor = lanes
        .iter()
        .find(|lane| lane.server.contestant.name() == FLOOR)
        .map(|lane| lane.samples.clone())
        .context("the floor takes part in every scenario")?;
    let servers = lanes
        .iter()
        .map(|lane| lane.result(&floor))
        .collect::<Option<Vec<_>>>()
        .context("there was no round")?;
    Ok(ScenarioResult {
        key: scenario.key.to_owned(),
        title: scenario.title.to_owned(),
        rounds: lanes.first().map_or(0, |lane| lane.samples.len()),
        servers,
    })
}

/// Connects, and has the server do all of it once without being measured.
fn connect(server: &Running, shape: Shape) -> Result<Load> {
    let mut load = Load::connect(shape, server.server.addr(), server.contestant.prefix)?;
    load.run(SLICE / 3, &mut load::histogram()?)?;
    Ok(load)
}

fn failure(server: &Running, scenario: &Scenario) -> String {
    format!("{}, {}", server.contestant.name(), scenario.title)
}

impl<'a> Lane<'a> {
    fn open(server: &'a Running<'a>, scenario: &Scenario) -> Result<Self> {
        let shape = scenario.load;
        Ok(Self {
            server,
            shape,
            load: connect(server, shape)?,
            latencies: load::histogram()?,
            samples: Vec::new(),
        })
    }

    fn run(&mut self) -> Result<()> {
        if self.shape.is_stream() {
            self.load = connect(self.server, self.shape)?;
        }
        let before = self.server.clock.when_idle()?;
        let slice = self.load.run(SLICE, &mut self.latencies)?;
        let used = self.server.clock.when_idle()? - before;
        if slice.echoes == 0 {
            bail!("not one echo in {SLICE:?}");
        }
        let echoes = slice.echoes as f64;
        self.samples.push(Sample {
            cpu_ns: used.as_nanos() as f64 / echoes,
            per_second: echoes / slice.took.as_secs_f64(),
        });
        Ok(())
    }

    fn result(&self, floor: &[Sample]) -> Option<ServerResult> {
        let each =
            |value: fn(&Sample) -> f64| Estimate::of(self.samples.iter().map(value).collect());
        let ratio = |value: fn(&Sample) -> f64| {
            let pairs = self.samples.iter().zip(floor);
            Estimate::of(
                pairs
                    .map(|(own, floor)| value(own) / value(floor))
                    .collect(),
            )
        };
        Some(ServerResult {
            server: self.server.contestant.name().to_owned(),
            cpu_ns: each(|sample| sample.cpu_ns)?,
            cpu_ratio: ratio(|sample| sample.cpu_ns)?,
            per_second: each(|sample| sample.per_second)?,
            per_second_ratio: ratio(|sample| sample.per_second)?,
            latency: Latency::of(&self.latencies),
        })
    }
}
