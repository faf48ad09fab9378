//! The demo: csop at work on a local control plane, told step by step with real commands and their real output.

mod engine;
mod inside;
mod load;
mod narrator;
mod picture;
mod pods;
mod schedule;
mod servers;
mod shell;
mod stage;
mod story;
mod svg;
mod timing;
mod trust;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    pin::pin,
    time::{Duration, Instant},
};

use crate::{
    Error, binaries,
    images::{self, Image, debian},
    programs, signals,
};
use narrator::Narrator;
use pods::Pods;
use stage::Stage;

/// The programs of this repository that the demo runs.
const PROGRAMS: [&str; 5] = ["csop-operator", "kubectl-csop", "csop-cluster", "redis-worker", "http-app"];

/// How long a failed command waits for the signal that may have caused it: Ctrl-C reaches all programs at once.
const SIGNAL_WITHIN: Duration = Duration::from_millis(300);

/// How many lines of the operator's log a failure shows.
const LOG_LINES: usize = 40;

/// What can be chosen about the demo.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Leave everything running to play with, until Ctrl-C
    #[arg(long)]
    pub keep: bool,
    /// Simulate nodes and pods, as where the machine cannot run containers
    #[arg(long)]
    pub simulated: bool,
    /// Draw the most telling part as a terminal picture into this file
    #[arg(long, value_name = "FILE.svg", conflicts_with = "keep")]
    pub record: Option<PathBuf>,
}

/// How a demo came to its end.
#[derive(Debug)]
pub enum End {
    /// All of it was told.
    Told,
    /// A signal cut it short.
    Interrupted,
    /// Something did not work.
    Failed(Error),
}

/// A demo that has all its programs, and has not begun yet.
pub struct Demo {
    options: Options,
    narrator: Narrator,
    bin: PathBuf,
    pods: Pods,
    /// What real pods run.
    images: Vec<Image>,
    /// Whether there are servers for metrics to come from.
    servers: bool,
}

impl Demo {
    /// Builds what is missing, which can take minutes the first time.
    pub fn prepare(options: Options) -> Result<Self, Error> {
        let mut narrator = Narrator::on_stdout(options.record.is_some());
        narrator.heading("Build", "Build what is missing")?;
        let (pods, why) = Pods::choose(options.simulated);
        let began = Instant::now();
        binaries::of_workspace_up_to_date(&PROGRAMS)?;
        if programs::cluster_if_built().is_none() {
            narrator
                .note("The control plane is built from source once; a few minutes, and only this time.")?;
        }
        let bin = programs::cluster()?;
        let found = servers::find();
        let images = if pods.are_real() { images(found.is_ok())? } else { Vec::new() };
        let took = began.elapsed().as_secs_f32();
        narrator.output(&format!("{}: up to date after {took:.1} s", PROGRAMS.join(", ")))?;
        narrator.output(&format!("Kubernetes: ready in {}", bin.display()))?;
        if let Some(reason) = why {
            narrator.note(&format!("This machine cannot run containers: {reason}. Pods are simulated."))?;
        }
        if let Err(error) = &found {
            narrator.note(&format!("Scaling by csop's own engine will be left out: {error}"))?;
        }
        Ok(Self { options, narrator, bin, pods, images, servers: found.is_ok() })
    }

    /// Tells the story and takes everything away again, whatever the end.
    pub async fn run(mut self) -> End {
        let mut stage = Stage::new(self.bin.clone(), self.pods, self.options.record.is_some());
        let mut stopped = pin!(signals::stop());
        let mut told = tokio::select! {
            biased;
            _ = &mut stopped => return interrupted(stage),
            told = Box::pin(self.tell(&mut stage)) => told,
        };
        if told.is_err() && tokio::time::timeout(SIGNAL_WITHIN, &mut stopped).await.is_ok() {
            return interrupted(stage);
        }
        if told.is_ok() && self.options.keep {
            told = tokio::select! {
                biased;
                stopped = &mut stopped => stopped,
                ended = story::stay(&mut stage, &mut self.narrator) => ended,
            };
            if told.is_ok() {
                told = story::clean_up(&mut stage, &mut self.narrator).await;
            }
        }
        match told {
            Ok(()) => End::Told,
            Err(error) => {
                say(&stage.operator_log(LOG_LINES).await);
                End::Failed(error)
            }
        }
    }

    /// The story; unless everything stays up, also its end, the times and the picture.
    async fn tell(&mut self, stage: &mut Stage) -> Result<(), Error> {
        let narrator = &mut self.narrator;
        story::tell(stage, narrator, std::mem::take(&mut self.images), self.servers).await?;
        if self.options.keep {
            return Ok(());
        }
        story::delete(stage, narrator).await?;
        story::clean_up(stage, narrator).await?;
        narrator.times()?;
        match &self.options.record {
            Some(path) => self.draw(path),
            None => Ok(()),
        }
    }

    fn draw(&self, path: &Path) -> Result<(), Error> {
        let lines = picture::lines(self.narrator.transcript(), picture::COLUMNS);
        fs::write(path, svg::render(&lines, picture::COLUMNS)).map_err(Error::file("write", path))
    }
}

/// The images that real pods run: those of this repository, and with servers those that metrics come from.
fn images(servers: bool) -> Result<Vec<Image>, Error> {
    programs::node()?;
    let mut images = images::for_tests()?;
    if servers {
        images.extend(debian::servers()?);
    }
    Ok(images)
}

fn interrupted(stage: Stage) -> End {
    say("\ncsop-demo: interrupted, taking everything down");
    drop(stage);
    End::Interrupted
}

/// Tells the person at the terminal what is no part of the story.
pub fn say(message: &str) {
    // A closed standard error is no reason to stop.
    let _ = writeln!(io::stderr(), "{message}");
}
