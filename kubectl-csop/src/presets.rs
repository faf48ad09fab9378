//! The presets of `init`: each a container contract, in one table.

use clap::ValueEnum;
use csop_shared::api::cash_service::{Contract, ContractType, Scheme};

/// The name of a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// HTTPS on 8443, health on plain HTTP 8080 (the default contract)
    Misk,
    /// One plain HTTP port, 8080 unless --port says otherwise, probed at /
    Web,
    /// No port and no Service: it takes no traffic
    Worker,
}

/// A preset.
#[derive(Debug)]
pub struct Preset {
    /// Its name.
    pub name: Name,
    /// What it is for, in a line.
    pub summary: &'static str,
    /// What the generated manifest says of it, a line each.
    pub comment: &'static [&'static str],
    /// The port, where the contract has one and a user may choose it.
    pub default_port: Option<u16>,
    contract: fn(Option<u16>) -> Option<Contract>,
}

/// All presets, in the order in which they are offered.
pub const ALL: [Preset; 3] = [
    Preset {
        name: Name::Misk,
        summary: "misk    HTTPS on 8443, health on plain HTTP 8080",
        comment: &[
            "The default contract: the container serves HTTPS on 8443, and answers 200 to",
            "GET /_liveness and GET /_readiness on plain HTTP 8080.",
        ],
        default_port: Some(8443),
        contract: |port| port.map(|port| Contract { port: Some(port.into()), ..Contract::default() }),
    },
    Preset {
        name: Name::Web,
        summary: "web     one plain HTTP port, probed at /",
        comment: &["One plain HTTP port; the probes ask for / on it."],
        default_port: Some(8080),
        contract: |port| {
            let port = port.unwrap_or(8080).into();
            Some(Contract {
                port: Some(port),
                scheme: Some(Scheme::HTTP),
                health_port: Some(port),
                liveness_path: Some("/".to_owned()),
                readiness_path: Some("/".to_owned()),
                ..Contract::default()
            })
        },
    },
    Preset {
        name: Name::Worker,
        summary: "worker  no port, no Service",
        comment: &["Takes no traffic. With a healthPort its health paths are probed."],
        default_port: None,
        contract: |_| Some(Contract { type_: Some(ContractType::Worker), ..Contract::default() }),
    },
];

impl Name {
    /// The preset of this name.
    pub fn preset(self) -> &'static Preset {
        ALL.iter().find(|preset| preset.name == self).expect("every name has its preset")
    }
}

impl Preset {
    /// The contract, with the port that was chosen; none where it is the default one.
    pub fn contract(&self, port: Option<u16>) -> Option<Contract> {
        // The default port is left out, as every default is.
        let chosen = port.filter(|port| self.default_port != Some(*port));
        (self.contract)(chosen)
    }
}
