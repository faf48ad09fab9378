//! The files that are generated from the API types and the reasons are as those say. `BLESS=1 cargo test` rewrites them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod reference;
mod troubleshooting;

use csop_shared::api::all_crds;
use kube::ResourceExt;
use std::{env, fs, path::PathBuf};

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn check(path: &str, wanted: &str) {
    let file = repository().join(path);
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, wanted).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == wanted,
        "{path} is not what the code yields: run `BLESS=1 cargo test` and commit the result"
    );
}

#[test]
fn crds_are_up_to_date() {
    for crd in all_crds() {
        let yaml = csop_shared::yaml::quoted(&serde_yaml::to_string(&crd).unwrap());
        check(&format!("crds/{}.yaml", crd.name_any()), &yaml);
    }
}

#[test]
fn every_file_in_crds_belongs_to_a_kind() {
    let known: Vec<_> = all_crds().iter().map(|crd| format!("{}.yaml", crd.name_any())).collect();
    for file in fs::read_dir(repository().join("crds")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "crds/{name} belongs to no kind");
    }
}

/// A client-side `kubectl apply` keeps the manifest in an annotation of at most 256 KiB.
#[test]
fn crds_fit_a_client_side_apply() {
    for crd in all_crds() {
        let size = serde_json::to_string(&crd).unwrap().len();
        assert!(size < 250_000, "{} has {size} bytes", crd.name_any());
    }
}

#[test]
fn the_field_reference_is_up_to_date() {
    for crd in all_crds() {
        let page = reference::page(&crd);
        check(&format!("docs/reference/{}.md", crd.spec.names.singular.as_deref().unwrap()), &page);
    }
}

#[test]
fn the_page_of_troubleshooting_is_up_to_date() {
    check("docs/troubleshooting.md", &troubleshooting::page());
}
