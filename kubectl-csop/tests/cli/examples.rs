//! The files in `examples/` that `init` writes.

use crate::support::{check_generated, run};

#[test]
fn each_preset_yields_its_example() {
    for (file, args) in [
        ("smallest", "shop --image registry.example.com/shop:1.4.2 --max 10"),
        ("misk", "payments --image registry.example.com/payments:3.1.0 --preset misk --min 2 --max 10"),
        ("web", "site --image registry.example.com/site:2.0.0 --preset web --min 2 --max 6"),
        ("worker", "mailer --image registry.example.com/mailer:0.9.1 --preset worker --min 1 --max 4"),
    ] {
        let args: Vec<_> = ["init", "-o", "yaml"].into_iter().chain(args.split(' ')).collect();
        let ran = run(&args);
        assert_eq!((ran.exit.code(), ran.err.as_str()), (0, ""), "{file}");
        check_generated(&format!("examples/{file}.yaml"), &ran.out);
    }
}

#[test]
fn each_example_of_init_is_rendered_offline() {
    for file in ["smallest", "misk", "web", "worker"] {
        let path = crate::support::repository(&format!("examples/{file}.yaml"));
        let ran = run(&["render", "-f", &path.to_string_lossy(), "-o", "json"]);
        assert_eq!((ran.exit.code(), ran.err.as_str()), (0, ""), "{file}");
        let list: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let kinds: Vec<_> =
            list["items"].as_array().unwrap().iter().map(|item| item["kind"].clone()).collect();
        assert!(kinds.contains(&"Deployment".into()), "{file}: {kinds:?}");
        assert_eq!(kinds.contains(&"Service".into()), file != "worker", "{file}: {kinds:?}");
    }
}
