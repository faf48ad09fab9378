use super::*;

fn hosts(entries: &[&str]) -> Hosts {
    Hosts::new(entries).unwrap()
}

#[test]
fn what_the_operator_alone_can_reach_is_refused() {
    let refused = [
        "127.0.0.1",
        "127.8.8.8",
        "[::1]",
        "0.0.0.0",
        "0.1.2.3",
        "[::]",
        "169.254.169.254",
        "169.254.1.2",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "100.100.100.200",
        "168.63.129.16",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "224.0.0.1",
        "255.255.255.255",
        "[ff02::1]",
        "metadata.google.internal",
        "Metadata.Google.Internal.",
        "instance-data",
    ];
    for host in refused {
        let Err(Failure::Unasked(message)) = hosts(&[]).check(host) else { panic!("{host} may be asked") };
        assert!(message.contains("--allow-metric-hosts"), "{message}");
    }
}

#[test]
fn other_hosts_may_be_asked() {
    for host in
        ["10.0.0.1", "192.168.1.1", "8.8.8.8", "[fd12::1]", "[2001:db8::1]", "prometheus.monitoring", "a"]
    {
        assert_eq!(hosts(&[]).check(host), Ok(()), "{host}");
    }
}

#[test]
fn the_flag_allows_names_suffixes_addresses_and_ranges() {
    let allowed = hosts(&["localhost, *.local.example", "127.0.0.0/8", "fe80::/10", "169.254.7.7"]);
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "[fe80::9]", "169.254.7.7"] {
        assert_eq!(allowed.check(host), Ok(()), "{host}");
    }
    for host in ["[::1]", "169.254.169.254", "169.254.7.8"] {
        assert!(allowed.check(host).is_err(), "{host}");
    }
    let loopback = IpAddr::from([127, 0, 0, 1]);
    let bare = hosts(&["LocalHost", "*.local.example"]);
    assert_eq!(bare.check_address("localhost", loopback), Ok(()));
    assert_eq!(bare.check_address("a.local.example", loopback), Ok(()));
    assert!(bare.check_address("local.example", loopback).is_err());
    assert!(bare.check_address("xlocal.example", loopback).is_err());
}

#[test]
fn a_range_of_all_addresses_and_one_of_a_single_one_are_exact() {
    assert_eq!(hosts(&["0.0.0.0/0"]).check("127.0.0.1"), Ok(()));
    assert!(hosts(&["0.0.0.0/0"]).check("[::1]").is_err());
    assert_eq!(hosts(&["::/0"]).check("[::1]"), Ok(()));
    assert_eq!(hosts(&["::1/128"]).check("[::1]"), Ok(()));
}

#[test]
fn entries_that_are_nothing_are_named() {
    for entry in ["10.0.0.0/33", "a b", "http://x", "*", "*.", "-/8", "a..b"] {
        let message = Hosts::new([entry]).unwrap_err().to_string();
        assert!(message.contains(&format!("{entry:?}")), "{message}");
    }
    assert!(Hosts::new(["", " , "]).is_ok());
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to() {
    let refused = hosts(&[]).resolve("localhost", 80).await;
    assert!(matches!(refused, Err(Failure::Unasked(_))), "{refused:?}");
    let found = hosts(&["localhost"]).resolve("localhost", 80).await.unwrap();
    assert!(found.iter().all(|address| address.port() == 80 && address.ip().is_loopback()), "{found:?}");
    let literal = hosts(&["127.0.0.1"]).resolve("127.0.0.1", 81).await.unwrap();
    assert_eq!(literal, [SocketAddr::from(([127, 0, 0, 1], 81))]);
}

#[test]
fn of_several_addresses_those_that_may_be_asked_are_left() {
    let both = [SocketAddr::from(([127, 0, 0, 1], 1)), SocketAddr::from(([10, 0, 0, 1], 1))];
    assert_eq!(hosts(&[]).permitted("both", both.into_iter()), Ok(vec![both[1]]));
}
