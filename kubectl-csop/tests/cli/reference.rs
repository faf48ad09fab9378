//! The reference of all commands, `docs/cli.md`, made from their `--help`.

use crate::support::{check_generated, run};

const HEAD: &str = "# kubectl csop\n\n\
    Every command with its flags, as `--help` prints it. Data goes to standard output and everything else to standard\n\
    error; `-o json` and `-o yaml` print what the text says, with a `schemaVersion`.\n";

fn help_of(path: &[String]) -> String {
    let mut args: Vec<_> = path.iter().map(String::as_str).collect();
    args.push("--help");
    let ran = run(&args);
    assert_eq!((ran.exit.code(), ran.err.as_str()), (0, ""), "{path:?}");
    assert!(!ran.out.contains('\u{1b}'), "{path:?}");
    ran.out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn commands(of: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
    found.push(path.to_vec());
    for command in of.get_subcommands().filter(|command| command.get_name() != "help") {
        let mut path = path.to_vec();
        path.push(command.get_name().to_owned());
        commands(command, &path, found);
    }
}

fn all() -> Vec<Vec<String>> {
    let mut found = vec![];
    commands(&kubectl_csop::command(), &[], &mut found);
    found
}

#[test]
fn the_reference_is_up_to_date() {
    let sections = all().into_iter().map(|path| {
        let title = if path.is_empty() {
            "All commands".to_owned()
        } else {
            format!("kubectl csop {}", path.join(" "))
        };
        format!("\n## {title}\n\n```text\n{}```\n", help_of(&path))
    });
    check_generated("docs/cli.md", &(HEAD.to_owned() + &sections.collect::<String>()));
}

#[test]
fn every_command_has_a_text_and_examples() {
    for path in all().into_iter().filter(|path| !path.is_empty()) {
        let help = help_of(&path);
        assert!(help.contains("\nExamples:\n"), "{path:?} has no examples");
        assert!(help.contains(&format!("Usage: kubectl csop {}", path.join(" "))), "{path:?}");
        let about: Vec<_> = help.split("\n\n").take(2).collect();
        assert!(!about[1].starts_with("Usage:"), "{path:?} has no longer text");
    }
}
