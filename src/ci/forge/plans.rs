//! The plans in the archives that workflows and pipelines left behind. What they say can only refuse.

use std::io::{Cursor, Read as _};

use crate::plan::PlanDocument;

/// Largest archive, in bytes.
pub(super) const LARGEST: usize = 64 << 20;
/// Largest plan in an archive, in bytes.
const LARGEST_PLAN: u64 = 64 << 20;
/// Most files of one archive that are looked at.
const FILES: usize = 64;

/// What was planned for the last state of a pull request.
#[derive(Debug, Default)]
pub struct Made {
    /// The plans.
    pub plans: Vec<PlanDocument>,
    /// Whether there was another one, which the forge does not keep any more.
    pub gone: bool,
}

/// The plans in an archive. Nothing is written to a disk, and no name in it is used.
pub(super) fn unpacked(archive: Vec<u8>) -> Vec<PlanDocument> {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(archive)) else { return Vec::new() };
    let mut plans = Vec::new();
    for index in 0..archive.len().min(FILES) {
        let Ok(file) = archive.by_index(index) else { continue };
        if !file.is_file() || file.size() > LARGEST_PLAN {
            continue;
        }
        let mut bytes = Vec::new();
        // What the archive says about the size need not be true.
        if file.take(LARGEST_PLAN).read_to_end(&mut bytes).is_err() {
            continue;
        }
        plans.extend(serde_json::from_slice::<PlanDocument>(&bytes).ok());
    }
    plans
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use std::io::Write as _;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn only_plans_are_taken_out_of_an_archive() {
        let plan = crate::plan::build::document(
            serde_json::from_str(
                r#"{"desired":null,"branch":null,"base":null,"base_name":null,"merged":null,"dirty":false,"today":"2026-11-20"}"#,
            )
            .unwrap(),
            Vec::new(),
        );
        let bytes = serde_json::to_vec(&plan).unwrap();
        let files: [(&str, &[u8]); 3] =
            [("../../etc/passwd", bytes.as_slice()), ("a.json", b"{}"), ("b.json", b"\xff")];
        assert_eq!(unpacked(archive(&files)), [plan]);
        assert_eq!(unpacked(b"no archive".to_vec()), []);
    }
}
