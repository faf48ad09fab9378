//! The files of an image, as a tar archive that depends on nothing but their content.

use std::{collections::BTreeMap, io::Write as _};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

/// Files by their path, without the first slash. All are root's, of the year 1970.
#[derive(Debug, Default)]
pub struct Layer {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug)]
struct Entry {
    kind: EntryType,
    mode: u32,
    content: Vec<u8>,
}

/// How a layer is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is: made at once, for a registry on the same machine.
    Plain,
    /// Compressed by gzip.
    Gzip,
}

/// A layer as it is stored, and the same uncompressed, whose digest an image's configuration names.
#[derive(Debug)]
pub struct Packed {
    pub(super) form: Form,
    pub(super) stored: Vec<u8>,
    pub(super) diff_id: String,
}

impl Layer {
    /// Adds a file, and the folders above it.
    pub fn file(&mut self, path: &str, content: impl Into<Vec<u8>>, mode: u32) {
        for (end, _) in path.match_indices('/') {
            self.folder(&path[..end], 0o755);
        }
        self.entries
            .insert(path.to_owned(), Entry { kind: EntryType::Regular, mode, content: content.into() });
    }

    /// Adds a folder, unless it is there.
    pub fn folder(&mut self, path: &str, mode: u32) {
        let folder = || Entry { kind: EntryType::Directory, mode, content: Vec::new() };
        self.entries.entry(path.to_owned()).or_insert_with(folder);
    }

    /// The archive.
    ///
    /// # Panics
    /// When a path is longer than 255 bytes.
    pub fn tar(&self) -> Vec<u8> {
        let size = self.entries.values().map(|entry| entry.content.len() + 1024).sum();
        let mut archive = Builder::new(Vec::with_capacity(size));
        for (path, entry) in &self.entries {
            let mut header = Header::new_ustar();
            header.set_entry_type(entry.kind);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            header.set_mode(entry.mode);
            header.set_size(entry.content.len() as u64);
            let added = archive.append_data(&mut header, path, &*entry.content);
            added.expect("a path of ours fits, and memory takes what is written");
        }
        archive.into_inner().expect("memory takes what is written")
    }

    /// The layer as it is stored.
    pub fn pack(&self, form: Form) -> Packed {
        let tar = self.tar();
        let diff_id = super::digest(&tar);
        let stored = match form {
            Form::Plain => tar,
            Form::Gzip => compress(&tar),
        };
        Packed { form, stored, diff_id }
    }
}

fn compress(content: &[u8]) -> Vec<u8> {
    // Without a name, and of no time.
    let mut stream = GzBuilder::new().write(Vec::new(), Compression::default());
    let written = stream.write_all(content).and_then(|()| stream.finish());
    written.expect("memory takes what is written")
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    fn layer(names: [&str; 2]) -> Layer {
        let mut layer = Layer::default();
        for name in names {
            layer.file(name, [b'x'; 600], 0o755);
        }
        layer.folder("tmp", 0o1777);
        layer
    }

    #[test]
    fn the_order_in_which_files_are_added_does_not_matter() {
        let (one, other) = (layer(["first", "in/second"]), layer(["in/second", "first"]));
        for form in [Form::Plain, Form::Gzip] {
            assert_eq!(one.pack(form).stored, other.pack(form).stored);
        }
        assert_ne!(one.tar(), layer(["first", "in/third"]).tar());
    }

    #[test]
    fn others_can_read_it_in_either_form() {
        for form in [Form::Plain, Form::Gzip] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.tar");
            fs::write(&path, layer(["first", "in/second"]).pack(form).stored).unwrap();
            let mut command = Command::new("tar");
            let output = command.arg("-xvf").arg(&path).current_dir(folder.path()).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            assert_eq!(fs::read(folder.path().join("in/second")).unwrap(), [b'x'; 600]);
            assert!(folder.path().join("tmp").is_dir());
        }
    }

    #[test]
    fn nothing_of_the_machine_is_in_it() {
        let tar = layer(["first", "in/second"]).tar();
        for entry in tar::Archive::new(&*tar).entries().unwrap() {
            let header = entry.unwrap().header().clone();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
            assert_eq!((header.username().unwrap(), header.groupname().unwrap()), (Some(""), Some("")));
        }
    }
}
