use super::script::Act;
use super::*;

#[tokio::test(start_paused = true)]
async fn a_query_is_asked_at_once_and_then_once_in_its_period() {
    let (stage, script) = (Stage::new(), Script::saying(7.0));
    let feed = stage.one("x", want(&script, "q", SECOND * 5));
    assert_eq!(feed.latest().attempts, 0);
    sleep(Duration::from_millis(1)).await;
    assert_eq!((value(&feed.latest()), feed.latest().attempts), (Some(7.0), 1));
    sleep(SECOND * 300).await;
    let times = script.times();
    assert!((60..=61).contains(&times.len()), "{times:?}");
    assert!(times[1] - times[0] >= SECOND * 2, "{times:?}");
    for pair in times[1..].windows(2) {
        assert!((pair[1] - pair[0]).abs_diff(SECOND * 5) < Duration::from_millis(2), "{times:?}");
    }
    assert_eq!(stage.times("x"), times.len());
}

#[tokio::test(start_paused = true)]
async fn queries_that_begin_together_are_spread_over_the_period() {
    let stage = Stage::new();
    let scripts: Vec<_> = (0..400).map(|_| Script::saying(1.0)).collect();
    for (at, script) in scripts.iter().enumerate() {
        stage.one(&format!("x{at}"), want(script, &format!("q{at}"), SECOND));
    }
    sleep(SECOND * 3).await;
    let mut tenths = [0; 10];
    for script in &scripts {
        let last = script.times().into_iter().rfind(|time| *time < SECOND * 3).unwrap();
        tenths[(last.subsec_millis() / 100) as usize] += 1;
    }
    assert!(tenths.iter().all(|count| (15..=75).contains(count)), "{tenths:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_long_leaves_beats_out_and_is_never_asked_for_twice() {
    let stage = Stage::new();
    let slow = Arc::new(Script::new("a", Act::SayAfter(Duration::from_millis(2500), 1.0)));
    stage.one("x", want(&slow, "q", SECOND));
    sleep(SECOND * 60).await;
    assert_eq!(slow.most_open(), 1);
    let times = slow.times();
    assert!((19..=21).contains(&times.len()), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn the_shortest_interval_counts_and_changes_keep_the_latest() {
    let (stage, script) = (Stage::new(), Script::saying(7.0));
    let slow = stage.one("slow", want(&script, "q", SECOND * 30));
    sleep(SECOND * 120).await;
    let before = script.times().len();
    assert!((4..=6).contains(&before), "{before}");
    let fast = stage.one("fast", want(&script, "q", SECOND));
    assert_eq!(value(&fast.latest()), Some(7.0));
    sleep(SECOND * 60).await;
    let during = script.times().len() - before;
    assert!((59..=61).contains(&during), "{during}");
    stage.sampling.unsubscribe(&"fast".into());
    sleep(SECOND * 120).await;
    let after = script.times().len() - before - during;
    assert!((3..=5).contains(&after), "{after}");
    assert_eq!(slow.latest().attempts as usize, script.times().len());
    assert_eq!(stage.sampling.questions(), 1);
}
