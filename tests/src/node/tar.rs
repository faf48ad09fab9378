//! Tar archives (POSIX ustar) that depend on nothing but the content of their files.

const BLOCK: usize = 512;

/// An archive in the making.
#[derive(Debug, Default)]
pub(super) struct Tar {
    bytes: Vec<u8>,
}

impl Tar {
    /// Adds a file of root's, of the year 1970. The name is shorter than 100 bytes.
    pub(super) fn file(&mut self, name: &str, content: &[u8], mode: u32) {
        let mut header = [0; BLOCK];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, &format!("{mode:07o}"));
        put(108, "0000000");
        put(116, "0000000");
        put(124, &format!("{:011o}", content.len()));
        put(136, "00000000000");
        // The checksum counts itself as blanks.
        put(148, "        ");
        put(156, "0");
        put(257, "ustar\x0000");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend(header);
        self.bytes.extend(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(BLOCK), 0);
    }

    /// The finished archive.
    pub(super) fn end(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 2 * BLOCK, 0);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    #[test]
    fn others_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut tar = Tar::default();
        tar.file("first", b"one", 0o755);
        tar.file("in/second", &[b'x'; 600], 0o644);
        let path = folder.path().join("a.tar");
        fs::write(&path, tar.end()).unwrap();
        let mut command = Command::new("tar");
        let output = command.arg("-xvf").arg(&path).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(fs::read(folder.path().join("first")).unwrap(), b"one");
        assert_eq!(fs::read(folder.path().join("in/second")).unwrap(), [b'x'; 600]);
    }
}
