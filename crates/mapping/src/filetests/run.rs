//! Everything that `parcelwire check` looks at: what is wrong in all files, and their tests.

use jiff::Timestamp;

use super::{FileTest, destination, mapping, source};
use crate::{
    book::{Book, FileKind, Invented, RuleFile, Surroundings, in_force},
    coverage,
    text::{Diagnostics, Node, SourceFile, read},
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
///
/// Of several files of one kind and name only the one in force is looked at.
pub fn run(
    files: &[RuleFile],
    around: &Surroundings,
    now: Timestamp,
    wanted: impl Fn(&RuleFile) -> bool,
) -> Checked {
    let (book, diagnostics) = Book::compile(files, &Invented, around, None);
    let mut checked = Checked { diagnostics, tests: Vec::new() };
    for file in in_force(files).filter(|file| wanted(file)) {
        let mut ignored = Diagnostics::default();
        let source = SourceFile::new(file.path.clone(), file.text.clone());
        if let Some(node) = read(source, &mut ignored) {
            let tests = checked.tests_of(file, &node, &book, now);
            checked.tests.extend(tests.into_iter().map(|test| (file.path.clone(), test)));
        }
    }
    for file in in_force(files).filter(|file| file.kind == FileKind::Merchant && wanted(file)) {
        if let Some(merchant) = book.merchant(&file.name) {
            let place = SourceFile::new(file.path.clone(), file.text.clone()).start();
            for told in coverage::diagnostics(&coverage::coverage(merchant), &place) {
                checked.diagnostics.push(told);
            }
        }
    }
    checked.diagnostics.sort();
    checked
}

impl Checked {
    fn tests_of(
        &mut self,
        file: &RuleFile,
        node: &Node,
        book: &Book,
        now: Timestamp,
    ) -> Vec<FileTest> {
        let tests = match file.kind {
            FileKind::SourceConnector => book.sources.get(&file.name).map(|connector| {
                let (tests, doubt) = source::run_all(connector, node, now);
                if let Some(doubt) = doubt {
                    self.diagnostics.push(doubt);
                }
                tests
            }),
            FileKind::DestinationConnector => book
                .destinations
                .get(&file.name)
                .map(|connector| destination::run(connector, node, now)),
            FileKind::Mapping => {
                book.mappings.get(&file.name).map(|known| mapping::run(known, node, now))
            }
            FileKind::Merchant | FileKind::Template | FileKind::Feed => None,
        };
        tests.unwrap_or_default()
    }
}
