//! `new`: a commented file to start from, which passes `check` as it is.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use parcelwire_domain::id::MerchantId;

use super::{Done, Failure, print, say};
use crate::config::{Settings, shipped};

/// `parcelwire new`
#[derive(Debug, Args)]
pub(super) struct New {
    /// What it is
    kind: Kind,
    /// Its name: small letters, digits, - and _
    name: String,
    /// The folder that rule files lie below [default: the working directory]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// A source connector
    Source,
    /// A destination connector
    Destination,
    /// A merchant
    Merchant,
    /// A mapping
    Mapping,
}

impl New {
    pub(super) fn run(&self, settings: &Settings) -> Done {
        let Self { kind, name, .. } = self;
        if MerchantId::parse(name).is_err() {
            return Err(Failure::Usage(format!(
                "`{name}` cannot be the name of a file (hint: small letters, digits, - and _, as in hey-de)"
            )));
        }
        let folder = kind.folder(settings);
        let folder = self.dir.as_ref().map_or_else(|| folder.clone(), |root| root.join(&folder));
        let path = folder.join(format!("{name}.yaml"));
        let text = kind
            .text()
            .replace("@NAME@", name)
            .replace("@TITLE@", &title(name))
            .replace("@PATH@", &path.display().to_string());
        write(&folder, &path, &text)?;
        print(&path.display().to_string());
        for step in kind.next(name, &path) {
            say(&step);
        }
        Ok(())
    }
}

impl Kind {
    fn folder(self, settings: &Settings) -> PathBuf {
        let paths = &settings.paths;
        match self {
            Self::Source => paths.connectors.join("sources"),
            Self::Destination => paths.connectors.join("destinations"),
            Self::Merchant => paths.merchants.clone(),
            Self::Mapping => paths.mappings.clone(),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Source => include_str!("source.yaml"),
            Self::Destination => include_str!("destination.yaml"),
            Self::Merchant => include_str!("merchant.yaml"),
            Self::Mapping => include_str!("mapping.yaml"),
        }
    }

    fn next(self, name: &str, path: &Path) -> Vec<String> {
        let path = path.display();
        let mut steps = Vec::new();
        let folder = match self {
            Self::Source => "sources/",
            Self::Destination => "destinations/",
            Self::Merchant | Self::Mapping => "",
        };
        let takes_place = !folder.is_empty()
            && shipped().iter().any(|file| {
                file.name == name
                    && file.path.contains(folder)
                    && file.path.starts_with("(shipped)")
            });
        if takes_place {
            steps.push(format!("warning: it takes the place of the shipped connector `{name}`"));
        }
        steps.push(format!("next: change it, and run  parcelwire check {path}"));
        steps.push(match self {
            Self::Source => format!(
                "then: name it in a merchant's file (sources: {{ {name}: {{ secret: file:{name} }} }}) and try a payload \
                 with  parcelwire map --merchant M --source {name} payload.json"
            ),
            Self::Destination => format!(
                "then: name it in a merchant's file (destinations: {{ {name}: {{ api_key: file:{name} }} }}) and send \
                 yourself test events with  parcelwire try --merchant M --to you@example.com"
            ),
            Self::Merchant => {
                "then: write its secrets below config/secrets and run  parcelwire serve".to_owned()
            }
            Self::Mapping => format!("then: name it in a merchant's file  mapping: {name}"),
        });
        steps
    }
}

/// What is there already is never touched.
fn write(folder: &Path, path: &Path, text: &str) -> Done {
    let cannot = |error: io::Error| {
        let path = path.display();
        let is_there = error.kind() == io::ErrorKind::AlreadyExists;
        Failure::Usage(if is_there {
            format!("{path} is there already and is left as it is (hint: choose another name)")
        } else {
            format!("{path} cannot be written: {error}")
        })
    };
    fs::create_dir_all(folder).map_err(cannot)?;
    let mut file = fs::File::create_new(path).map_err(cannot)?;
    file.write_all(text.as_bytes()).map_err(cannot)
}

/// `hey-de` is called Hey De until somebody says better.
fn title(name: &str) -> String {
    let words = name.split(['-', '_']).filter(|word| !word.is_empty());
    let words: Vec<String> = words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().collect::<String>() + letters.as_str()
            })
        })
        .collect();
    words.join(" ")
}
