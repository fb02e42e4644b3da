//! `token`: who else may ask a running relay, and how much they see.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{
    Done, Failure,
    client::{At, Lazy},
    now, print, say,
};

/// `parcelwire token`
#[derive(Debug, Args)]
pub(super) struct Tokens {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a token; it is printed this once
    New(New),
    /// The tokens there are
    List(List),
    /// End a token; it opens nothing from now on
    Revoke(Revoke),
}

#[derive(Debug, Args)]
struct New {
    #[command(flatten)]
    at: At,
    /// What it opens
    #[arg(long)]
    role: Role,
    /// Whose it is: a person or a system, for whoever has to revoke it
    #[arg(long)]
    name: String,
    /// Whose data it opens, with --role merchant
    #[arg(long)]
    merchant: Option<String>,
    /// It ends after so many days [default: never]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Role {
    /// Everything
    Admin,
    /// Reads everything, personal data masked
    Support,
    /// One merchant's data, its people included
    Merchant,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    at: At,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    at: At,
    /// Its id, as `token list` shows it
    id: String,
}

impl Tokens {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        match &self.verb {
            Verb::New(new) => new.run(settings),
            Verb::List(list) => list.run(settings),
            Verb::Revoke(revoke) => revoke.run(settings),
        }
    }
}

impl New {
    fn run(&self, settings: Lazy<'_>) -> Done {
        let role = match self.role {
            Role::Admin => "admin",
            Role::Support => "support",
            Role::Merchant => "merchant",
        };
        let mut wish = json!({ "name": self.name, "role": role });
        if let Some(merchant) = &self.merchant {
            wish["merchant"] = merchant.as_str().into();
        }
        if let Some(days) = self.days {
            let end = now() + Duration::from_hours(24 * u64::from(days));
            wish["expires_at"] = end.to_string().into();
        }
        let made = self.at.relay(settings)?.ask("/tokens", Some(&wish))?;
        if self.json {
            print(&made.to_string());
            return Ok(());
        }
        let text = |name: &str| made[name].as_str().unwrap_or_default();
        print(text("token"));
        say(&format!("This is shown once. `parcelwire token revoke {}` ends it.", text("id")));
        Ok(())
    }
}

impl List {
    fn run(&self, settings: Lazy<'_>) -> Done {
        let items = self.at.relay(settings)?.all(None, "tokens")?;
        if self.json {
            print(&json!({ "items": items }).to_string());
            return Ok(());
        }
        if items.is_empty() {
            say("there is no token but the admin's own");
        }
        for item in &items {
            print(&line(item));
        }
        Ok(())
    }
}

fn line(item: &Value) -> String {
    let text = |name: &str, absent: &str| item[name].as_str().unwrap_or(absent).to_owned();
    let role = match item["merchant"].as_str() {
        Some(merchant) => format!("merchant {merchant}"),
        None => text("role", "?"),
    };
    format!(
        "{}  {role:20} made {}  last used {}  ends {}  {}",
        text("id", "?"),
        text("created_at", "?"),
        text("last_used_at", "never"),
        text("expires_at", "never"),
        text("name", "?"),
    )
}

impl Revoke {
    fn run(&self, settings: Lazy<'_>) -> Done {
        let is_id = !self.id.is_empty() && self.id.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_id {
            let text = format!("`{}` is no token's id (hint: parcelwire token list)", self.id);
            return Err(Failure::Usage(text));
        }
        let gone = self.at.relay(settings)?.delete(&format!("/tokens/{}", self.id))?;
        say(&format!("{} opens nothing any more", gone["name"].as_str().unwrap_or("it")));
        Ok(())
    }
}
