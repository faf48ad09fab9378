//! The data files, row by row.

use crate::row::Row;
use std::{env, fs, path::PathBuf};

/// More data files are taken from the folder that this variable names.
const FOLDER: &str = "CSOP_SCALE_VECTORS";

fn files() -> Vec<(String, String)> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scale/vectors");
    let folders = [Some(own), env::var_os(FOLDER).map(PathBuf::from)];
    let mut files = vec![];
    for folder in folders.into_iter().flatten() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
                files.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_row_gives_what_it_says() {
    let mut faults = vec![];
    let mut rows_seen = 0;
    for (file, text) in files() {
        let rows: Vec<serde_json::Value> =
            serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
        for value in rows {
            let id = value["id"].clone();
            let row: Row = serde_json::from_value(value).unwrap_or_else(|e| panic!("{file}: {id}: {e}"));
            rows_seen += 1;
            faults.extend(row.faults().into_iter().map(|fault| format!("{file}: {}: {fault}", row.id)));
        }
    }
    assert!(rows_seen > 100, "only {rows_seen} rows");
    assert!(faults.is_empty(), "{} rows differ:\n{}", faults.len(), faults.join("\n"));
}
