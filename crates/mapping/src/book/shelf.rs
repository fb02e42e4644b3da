//! The rule files as they were read, by kind and name; of several with one name the last counts.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{FileKind, RuleFile};
use crate::text::{Diagnostics, Node, SourceFile, check, read};

/// A file that could be read as YAML, checked against its kind's shape or not.
pub(super) struct Parsed {
    pub(super) node: Option<Node>,
    pub(super) sound: bool,
    pub(super) text: String,
}

/// All files.
pub(super) struct Files(BTreeMap<FileKind, BTreeMap<String, Parsed>>);

/// The files of one kind.
pub(super) struct Shelf<'p> {
    kind: FileKind,
    files: Option<&'p BTreeMap<String, Parsed>>,
}

impl Files {
    pub(super) fn parse(files: &[RuleFile], diagnostics: &mut Diagnostics) -> Self {
        let mut parsed = Self(BTreeMap::new());
        for file in in_force(files) {
            let mut found = Diagnostics::default();
            let node = read(SourceFile::new(file.path.clone(), file.text.clone()), &mut found);
            // Connectors are checked where they are compiled.
            if let Some(node) = &node
                && !matches!(file.kind, FileKind::SourceConnector | FileKind::DestinationConnector)
            {
                check(file.kind.shape(), node, &mut found);
            }
            let sound = !found.has_errors();
            diagnostics.append(found);
            let entry = Parsed { node, sound, text: file.text.clone() };
            parsed.0.entry(file.kind).or_default().insert(file.name.clone(), entry);
        }
        parsed
    }

    pub(super) fn of(&self, kind: FileKind) -> Shelf<'_> {
        Shelf { kind, files: self.0.get(&kind) }
    }

    /// A digest over all files that merchants share.
    pub(super) fn shared_digest(&self) -> Sha256 {
        let mut digest = Sha256::new();
        for (_, files) in self.0.iter().filter(|(kind, _)| **kind != FileKind::Merchant) {
            for (name, file) in files {
                digest.update(name.as_bytes());
                digest.update([0]);
                digest.update(file.text.as_bytes());
            }
        }
        digest
    }
}

/// The files that count: a later one of the same kind and name takes the place of an earlier one.
pub(crate) fn in_force(files: &[RuleFile]) -> impl Iterator<Item = &RuleFile> {
    let mut last: BTreeMap<(FileKind, &str), &RuleFile> = BTreeMap::new();
    for file in files {
        last.insert((file.kind, &file.name), file);
    }
    last.into_values()
}

impl<'p> Shelf<'p> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'p String, &'p Parsed)> + use<'p> {
        self.files.into_iter().flatten()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'p str> + use<'p> {
        self.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<&'p Parsed> {
        self.files?.get(name)
    }

    /// The file of this name, when its form is right.
    pub(super) fn sound(&self, name: &str) -> Option<&'p Node> {
        self.get(name)?.node.as_ref().filter(|_| self.get(name).is_some_and(|file| file.sound))
    }

    /// Where such files lie.
    pub(super) fn folder(&self) -> &'static str {
        match self.kind {
            FileKind::SourceConnector => "connectors/sources/",
            FileKind::DestinationConnector => "connectors/destinations/",
            FileKind::Mapping => "mappings/",
            FileKind::Merchant => "config/merchants/",
            FileKind::Template => "config/templates/",
            FileKind::Feed => "config/feeds/",
        }
    }
}
