//! `objections`: who is sent no advertising, or nothing at all.

use clap::{Args, Subcommand, ValueEnum};
use parcelwire_mapping::blocks::encode::percent_encode;
use serde_json::{Value, json};

use super::{
    Done, Failure,
    client::{At, Lazy, of_merchant},
    print, say,
};

/// `parcelwire objections`
#[derive(Debug, Args)]
pub(super) struct Objections {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Put somebody on a merchant's list
    Add {
        #[command(flatten)]
        whose: Whose,
        /// Their e-mail address or telephone number; `-` reads one a line from stdin
        address: String,
        /// To what they object
        #[arg(long, value_enum, default_value = "promotional")]
        scope: To,
    },
    /// Take somebody off a merchant's list
    Remove {
        #[command(flatten)]
        whose: Whose,
        /// Their e-mail address or telephone number, or the hash that `list` shows
        address: String,
    },
    /// A merchant's list; people are shown by keyed hashes, never by their addresses
    List {
        #[command(flatten)]
        whose: Whose,
        /// Whether this one is on it
        #[arg(long)]
        address: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Whose {
    #[command(flatten)]
    at: At,
    /// The merchant
    #[arg(long)]
    merchant: String,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum To {
    /// Advertising: triggers whose purpose is promotional
    Promotional,
    /// Every message
    All,
}

impl Objections {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        match &self.what {
            What::Add { whose, address, scope } => whose.add(address, *scope, settings),
            What::Remove { whose, address } => whose.remove(address, settings),
            What::List { whose, address } => whose.list(address.as_deref(), settings),
        }
    }
}

impl Whose {
    fn path(&self) -> String {
        format!("{}/objections", of_merchant(Some(&self.merchant)))
    }

    fn add(&self, address: &str, scope: To, settings: Lazy<'_>) -> Done {
        let relay = self.at.relay(settings)?;
        let scope = match scope {
            To::Promotional => "promotional",
            To::All => "all",
        };
        for address in addresses(address)? {
            let wish = json!({ "address": address, "scope": scope });
            self.tell(&relay.ask(&self.path(), Some(&wish))?);
        }
        Ok(())
    }

    fn remove(&self, address: &str, settings: Lazy<'_>) -> Done {
        let is_hash = address.len() == 32 && address.bytes().all(|b| b.is_ascii_hexdigit());
        let name = if is_hash { "person" } else { "address" };
        let path = format!("{}?{name}={}", self.path(), percent_encode(address));
        let removed = self.at.relay(settings)?.delete(&path)?;
        if self.json {
            print(&removed.to_string());
        }
        if removed["removed"] != true {
            return Err(Failure::Wrong(format!(
                "nobody of this address was on the list of {}",
                self.merchant
            )));
        }
        Ok(())
    }

    fn list(&self, address: Option<&str>, settings: Lazy<'_>) -> Done {
        let relay = self.at.relay(settings)?;
        let items = match address {
            Some(address) => {
                let path = format!("{}?address={}", self.path(), percent_encode(address));
                let page = relay.ask(&path, None)?;
                page["items"].as_array().cloned().unwrap_or_default()
            }
            None => relay.all(Some(&self.merchant), "objections")?,
        };
        if self.json {
            print(&json!({ "items": items }).to_string());
            return Ok(());
        }
        if items.is_empty() {
            say("nobody has objected");
        }
        for item in &items {
            print(&line(item));
        }
        Ok(())
    }

    fn tell(&self, item: &Value) {
        print(&if self.json { item.to_string() } else { line(item) });
    }
}

fn line(item: &Value) -> String {
    let text = |key: &str| item[key].as_str().unwrap_or("?");
    format!("{} {} since {}", text("person"), text("scope"), text("since"))
}

/// The address of an argument, or those of stdin, which no list of processes shows.
fn addresses(given: &str) -> Result<Vec<String>, Failure> {
    if given != "-" {
        return Ok(vec![given.to_owned()]);
    }
    let lines = std::io::stdin().lines().collect::<Result<Vec<String>, _>>();
    let lines = lines.map_err(|error| Failure::Usage(format!("stdin cannot be read: {error}")))?;
    let lines = lines.into_iter().map(|line| line.trim().to_owned());
    Ok(lines.filter(|line| !line.is_empty()).collect())
}
