//! The benchmark `fleet`: thousands of services, from their making to the change of a single one.

mod birth;
mod life;

use csop_tests::Error;
use serde_json::json;

use crate::{
    machine,
    report::{Report, round},
    say,
    scene::{PARALLEL, Scene},
    statistics::{median, scaled},
};
use birth::Pair;
pub use birth::writes_of_operator;
pub use life::{rest, restart};

/// Pods that a simulated node takes.
const PODS_PER_NODE: usize = 500;
/// How often each size but the largest is made in either way. An even number, because who goes first alternates.
const ROUNDS: usize = 4;

/// Runs it.
pub async fn run(scale: f64) -> Result<Report, Error> {
    let [small, middle, large] = [100, 1000, 5000].map(|services| scaled(services, scale));
    let scene = Scene::new(large.div_ceil(PODS_PER_NODE) + 2).await?;
    let mut report = Report::new("fleet");
    machine::describe(&mut report, scale);
    report.context("parallel", PARALLEL);
    report.context("load_before", round(machine::load()));

    say("warming up");
    birth::pair(&scene, small, false).await?;
    let hundred = rounds(&scene, small).await?;
    let thousand = rounds(&scene, middle).await?;
    say(&format!("{large} services"));
    let bare = birth::bare(&scene, large).await?;
    let fleet = birth::operator(&scene, large).await?;
    let five = [Pair { bare, operator: fleet.birth.clone() }];

    for (name, pairs) in [("100", &hundred[..]), ("1000", &thousand), ("5000", &five)] {
        report.context(&format!("create_{name}"), pairs.iter().map(Pair::json).collect::<Vec<_>>());
    }
    let [.., last] = &thousand[..] else { unreachable!("there are rounds") };
    let requests = json!({"operator": last.operator.requests_each(), "bare": last.bare.requests_each()});
    report.context("requests_per_service", requests);
    report.limited("create_ratio_1000", middle_of(&thousand, Pair::ratio), 1.2);
    let growth = |of: fn(&Pair) -> f64| middle_of(&five, of) / middle_of(&thousand, of);
    report.limited("cost_growth_5000", growth(Pair::cost), 1.1);
    let wall =
        [growth(|pair| pair.operator.seconds_each()), growth(|pair| pair.bare.seconds_each())].map(round);
    report.context("wall_growth_5000", json!({"operator": wall[0], "bare": wall[1]}));
    report.figure("cpu_ms_per_service", middle_of(&thousand, Pair::cost));
    life::run(&scene, fleet, scale, &mut report).await?;
    report.context("load_after", round(machine::load()));
    Ok(report)
}

async fn rounds(scene: &Scene, services: usize) -> Result<Vec<Pair>, Error> {
    let mut pairs = vec![];
    for number in 0..ROUNDS {
        say(&format!("{services} services, round {} of {ROUNDS}", number + 1));
        pairs.push(birth::pair(scene, services, number % 2 == 1).await?);
    }
    Ok(pairs)
}

fn middle_of(pairs: &[Pair], of: impl Fn(&Pair) -> f64) -> f64 {
    median(&pairs.iter().map(of).collect::<Vec<_>>())
}
