//! Rule files: those compiled in, and those below the configured paths.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use parcelwire_mapping::{
    book::{FileKind, RuleFile, SecretRef, Secrets as _, Surroundings},
    text::{Diagnostic, Diagnostics, SourceFile},
};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use super::{RealSecrets, Settings};

/// Stands for a file that could not be read yet: no kind of file may look like this, so that it is
/// broken, and not gone.
const NEVER_READ: &str = "[]";

#[derive(RustEmbed)]
#[folder = "connectors/"]
struct Connectors;

#[derive(RustEmbed)]
#[folder = "mappings/"]
struct Mappings;

/// The files that are compiled in.
pub fn shipped() -> Vec<RuleFile> {
    let mut files = Vec::new();
    let mut add = |kind, path: &str, data: &[u8]| {
        let name = Path::new(path).file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        files.push(RuleFile {
            kind,
            name: name.to_owned(),
            path: format!("(shipped) {path}"),
            text: String::from_utf8_lossy(data).into_owned(),
        });
    };
    for path in Connectors::iter().filter(|path| path.ends_with(".yaml")) {
        let kind = if path.starts_with("sources/") {
            FileKind::SourceConnector
        } else {
            FileKind::DestinationConnector
        };
        if let Some(file) = Connectors::get(&path) {
            add(kind, &path, &file.data);
        }
    }
    for path in Mappings::iter().filter(|path| path.ends_with(".yaml")) {
        if let Some(file) = Mappings::get(&path) {
            add(FileKind::Mapping, &path, &file.data);
        }
    }
    files
}

/// Where rule files are read from.
#[derive(Debug, Clone)]
pub struct RuleFiles {
    folders: Vec<(FileKind, PathBuf)>,
    /// Finds secrets.
    pub secrets: RealSecrets,
    /// What else compiling depends on.
    pub around: Surroundings,
}

impl RuleFiles {
    /// Those of these settings.
    pub fn of(settings: &Settings) -> Self {
        let paths = &settings.paths;
        let folders = vec![
            (FileKind::SourceConnector, paths.connectors.join("sources")),
            (FileKind::DestinationConnector, paths.connectors.join("destinations")),
            (FileKind::Mapping, paths.mappings.clone()),
            (FileKind::Template, paths.templates.clone()),
            (FileKind::Feed, paths.feeds.clone()),
            (FileKind::Merchant, paths.merchants.clone()),
        ];
        let public_url = settings.http.public_url.trim_end_matches('/').to_owned();
        Self {
            folders,
            secrets: RealSecrets { directory: settings.secrets.path.clone() },
            around: Surroundings { public_url, plain_http: settings.egress.allow.clone() },
        }
    }

    /// All files, the shipped ones first. What cannot be read is told.
    pub fn read(&self) -> (Vec<RuleFile>, Diagnostics) {
        self.read_again(&[])
    }

    /// The same after a time: what cannot be read just now says what it said `before`. A file is
    /// gone only when the system says so, not when it has no descriptor left to look.
    pub fn read_again(&self, before: &[RuleFile]) -> (Vec<RuleFile>, Diagnostics) {
        let mut files = shipped();
        let mut told = Diagnostics::default();
        for (kind, folder) in &self.folders {
            let mut found = Vec::new();
            if let Err(error) = read_folder(*kind, folder, before, &mut found, &mut told) {
                told.push(unreadable(folder, &error, "check its rights"));
                let of_folder = |file: &&RuleFile| {
                    file.kind == *kind && Path::new(&file.path).parent() == Some(folder)
                };
                found = before.iter().filter(of_folder).cloned().collect();
            }
            files.append(&mut found);
        }
        (files, told)
    }

    /// The kind of a file by where it lies, for `check PATH`.
    pub fn kind_of(&self, path: &Path) -> Option<FileKind> {
        let folder = path.parent()?.canonicalize().ok()?;
        let known = self
            .folders
            .iter()
            .find(|(_, known)| known.canonicalize().is_ok_and(|known| known == folder));
        known.map(|(kind, _)| *kind).or_else(|| match folder.file_name()?.to_str()? {
            "sources" => Some(FileKind::SourceConnector),
            "destinations" => Some(FileKind::DestinationConnector),
            "mappings" => Some(FileKind::Mapping),
            "merchants" => Some(FileKind::Merchant),
            "templates" => Some(FileKind::Template),
            "feeds" => Some(FileKind::Feed),
            _ => None,
        })
    }

    /// A digest over files and the secrets they name: another one means to compile again.
    pub fn digest(&self, files: &[RuleFile]) -> [u8; 32] {
        let mut digest = Sha256::new();
        for file in files {
            for part in [&file.path, &file.text] {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part.as_bytes());
            }
            for word in file.text.split([' ', ',', '[', ']', '{', '}', '\n', '"', '\'']) {
                let place = SecretRef::parse(word);
                if !matches!(place, SecretRef::Literal(_))
                    && let Ok(secret) = self.secrets.find(&place)
                {
                    digest.update(secret.expose().as_bytes());
                }
            }
        }
        digest.finalize().into()
    }
}

fn read_folder(
    kind: FileKind,
    folder: &Path,
    before: &[RuleFile],
    files: &mut Vec<RuleFile>,
    told: &mut Diagnostics,
) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // One that does not exist is empty.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        let is_yaml = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        let Some(name) = path.file_stem().and_then(|name| name.to_str()).filter(|_| is_yaml) else {
            continue;
        };
        let shown = path.display().to_string();
        if let Some(first) = files.iter().find(|file| file.kind == kind && file.name == name)
            && Path::new(&first.path).parent() == path.parent()
        {
            told.push(twice(&shown, &first.path));
            continue;
        }
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                told.push(unreadable(&path, &error, "check its rights, and that it is UTF-8"));
                let known = before.iter().find(|file| file.kind == kind && file.path == shown);
                known.map_or(NEVER_READ, |file| &file.text).to_owned()
            }
        };
        files.push(RuleFile { kind, name: name.to_owned(), path: shown, text });
    }
    Ok(())
}

fn twice(path: &str, first: &str) -> Diagnostic {
    let file = SourceFile::new(path, "");
    Diagnostic::error(&file.start(), format!("{first} has the same name and is used instead"))
        .hint("keep one of the two")
}

fn unreadable(path: &Path, error: &io::Error, hint: &str) -> Diagnostic {
    let file = SourceFile::new(path.display().to_string(), "");
    Diagnostic::error(&file.start(), format!("it cannot be read: {error}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merchants(told: &[RuleFile]) -> Vec<(&str, &str)> {
        let files = told.iter().filter(|file| file.kind == FileKind::Merchant);
        files.map(|file| (file.name.as_str(), file.text.as_str())).collect()
    }

    #[test]
    fn what_cannot_be_read_just_now_says_what_it_said() -> std::io::Result<()> {
        let directory = tempfile::tempdir()?;
        let mut settings = Settings::defaults().map_err(std::io::Error::other)?;
        let folder = directory.path().join("merchants");
        settings.paths.merchants = folder.clone();
        let files = RuleFiles::of(&settings);
        assert_eq!(merchants(&files.read().0), [], "a folder that does not exist is empty");
        fs::create_dir(&folder)?;
        fs::write(folder.join("a.yaml"), "name: A")?;
        fs::write(folder.join("b.yaml"), b"name: \xff")?;
        let (found, told) = files.read();
        assert_eq!(merchants(&found), [("a", "name: A"), ("b", NEVER_READ)]);
        assert_eq!(told.iter().count(), 1);
        // A file that breaks keeps its text; one that goes is gone.
        fs::write(folder.join("a.yaml"), b"name: \xff")?;
        fs::remove_file(folder.join("b.yaml"))?;
        let (again, told) = files.read_again(&found);
        assert_eq!(merchants(&again), [("a", "name: A")]);
        assert!(told.has_errors());
        // The same for a folder.
        fs::remove_dir_all(&folder)?;
        fs::write(&folder, "no folder")?;
        let (again, told) = files.read_again(&found);
        assert_eq!(merchants(&again), merchants(&found));
        assert!(told.has_errors());
        fs::remove_file(&folder)?;
        assert_eq!(merchants(&files.read_again(&found).0), []);
        Ok(())
    }
}
