//! Everything that `parcelwire check` looks at: what is wrong in all files, and their tests.

use jiff::Timestamp;

use super::{FileTest, destination, mapping, source};
use crate::{
    book::{Book, FileKind, Invented, RuleFile, Surroundings},
    text::{Diagnostics, SourceFile, read},
};

/// What a check found.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is wrong or doubtful in the files.
    pub diagnostics: Diagnostics,
    /// Their tests, by file.
    pub tests: Vec<(String, FileTest)>,
}

impl Checked {
    /// Whether nothing is wrong.
    pub fn is_fine(&self) -> bool {
        !self.diagnostics.has_errors() && self.tests.iter().all(|(_, test)| test.failure.is_none())
    }
}

/// Checks all files and runs the tests in those that `wanted` answers for. Needs no secrets.
pub fn run(
    files: &[RuleFile],
    around: &Surroundings,
    now: Timestamp,
    wanted: impl Fn(&RuleFile) -> bool,
) -> Checked {
    let (book, diagnostics) = Book::compile(files, &Invented, around, None);
    let mut tests = Vec::new();
    for file in files.iter().filter(|file| wanted(file)) {
        let mut ignored = Diagnostics::default();
        let Some(node) = read(SourceFile::new(file.path.clone(), file.text.clone()), &mut ignored)
        else {
            continue;
        };
        let done = match file.kind {
            FileKind::SourceConnector => {
                book.sources.get(&file.name).map(|connector| source::run(connector, &node, now))
            }
            FileKind::DestinationConnector => book
                .destinations
                .get(&file.name)
                .map(|connector| destination::run(connector, &node, now)),
            FileKind::Mapping => {
                book.mappings.get(&file.name).map(|known| mapping::run(known, &node, now))
            }
            FileKind::Merchant | FileKind::Template | FileKind::Feed => None,
        };
        tests.extend(done.into_iter().flatten().map(|test| (file.path.clone(), test)));
    }
    Checked { diagnostics, tests }
}
