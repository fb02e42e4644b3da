//! Where data lie: on the machine's disk, or on a small one that can be made larger.

use std::{path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use super::{
    list::{Act, Fault, Setting},
    servers::Alone,
};
use crate::{disk, process::Relay, redis_server::Surroundings};

/// The room of a world's data.
pub(super) enum Room {
    Enough,
    /// Of the relay's data.
    Small(Box<disk::Room>),
    /// Of a server's data.
    SmallOfServer(Box<SmallDisk>),
}

impl Room {
    /// What the fault needs.
    pub(super) async fn of(fault: &Fault, directory: &Path) -> Self {
        match (fault.act, fault.setting) {
            (Act::DiskFull, Setting::Embedded) => {
                std::fs::create_dir(directory.join("data")).expect("it is made");
                Self::Small(Box::new(disk::Room::disk_or_file(directory).await))
            }
            (Act::DiskFull, _) => Self::SmallOfServer(Box::new(SmallDisk::mount().await)),
            _ => Self::Enough,
        }
    }

    /// A relay in it.
    pub(super) fn relay(&self) -> Command {
        match self {
            Self::Small(room) => room.command(),
            Self::Enough | Self::SmallOfServer(_) => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_parcelwire"));
                command.arg("serve");
                command
            }
        }
    }

    /// How a server is started in it.
    pub(super) fn alone(&self) -> Alone {
        match self {
            Self::SmallOfServer(disk) => disk.alone(),
            Self::Enough | Self::Small(_) => Alone::default(),
        }
    }

    /// There is room again.
    pub(super) async fn give_back(&self, relay: &Relay, directory: &Path) {
        match self {
            Self::Enough => {}
            Self::Small(room) => room.give_back(relay, directory).await,
            Self::SmallOfServer(disk) => disk.grow().await,
        }
    }
}

/// A small file system in a mount namespace that a process of its own keeps, so that a server may die in it
/// and be started again.
pub(super) struct SmallDisk {
    keeper: Child,
    directory: tempfile::TempDir,
}

impl SmallDisk {
    async fn mount() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut keeper = Command::new("unshare")
            .args([
                "-m",
                "sh",
                "-c",
                "mount -t tmpfs -o size=24m tmpfs \"$0\" && echo there && read _",
            ])
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("unshare is there");
        let mut told = BufReader::new(keeper.stdout.take().expect("it is piped")).lines();
        let told = told.next_line().await.expect("it is read");
        assert_eq!(told.as_deref(), Some("there"), "this fault needs the right to mount");
        Self { keeper, directory }
    }

    fn inside(&self) -> Vec<String> {
        let keeper = self.keeper.id().expect("it lives").to_string();
        ["nsenter", "-t", &keeper, "-m"].map(str::to_owned).into()
    }

    fn alone(&self) -> Alone {
        let place = self.directory.path().display().to_string();
        Alone {
            arguments: vec!["--dir".to_owned(), place],
            surroundings: Surroundings { through: self.inside(), environment: Vec::new() },
        }
    }

    async fn grow(&self) {
        let inside = self.inside();
        let mut command = Command::new(&inside[0]);
        command.args(&inside[1..]).args(["mount", "-o", "remount,size=256m"]);
        let grown = command.arg(self.directory.path()).output().await.expect("it runs");
        assert!(grown.status.success(), "{grown:?}");
    }
}
