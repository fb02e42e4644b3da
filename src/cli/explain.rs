//! `explain`: what happened to an order and why, in plain words.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use parcelwire_mapping::blocks::encode::percent_encode;
use serde_json::{Value, json};

use super::{
    Done, Failure,
    client::{At, Lazy, Relay, of_merchant},
    print,
};

/// `parcelwire explain`
#[derive(Debug, Args)]
pub(super) struct Explain {
    #[command(flatten)]
    at: At,
    /// The number or id of an order, parcel or return
    order: String,
    /// Whose order [default: every merchant's that is found under this number]
    #[arg(long)]
    merchant: Option<String>,
    /// The language of the text [default: the merchant's]
    #[arg(long, value_enum)]
    lang: Option<Lang>,
    /// As JSON: what the text is made of, with the recipient in full
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    En,
    De,
}

impl Explain {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        let relay = self.at.relay(settings)?;
        let merchants = match &self.merchant {
            Some(merchant) => BTreeSet::from([merchant.clone()]),
            None => self.merchants(&relay)?,
        };
        let told = merchants.iter().map(|merchant| relay.ask(&self.path(merchant), None));
        let told = told.collect::<Result<Vec<Value>, Failure>>()?;
        if self.json {
            let told = match &told[..] {
                [only] if self.merchant.is_some() => only.clone(),
                _ => json!({ "items": told }),
            };
            print(&told.to_string());
            return Ok(());
        }
        let texts: Vec<&str> = told.iter().filter_map(|one| one["text"].as_str()).collect();
        print(&texts.join("\n\n"));
        Ok(())
    }

    fn path(&self, merchant: &str) -> String {
        let lang = match self.lang {
            None => "",
            Some(Lang::En) => "&lang=en",
            Some(Lang::De) => "&lang=de",
        };
        let order = percent_encode(&self.order);
        format!("{}/explain?order={order}{lang}", of_merchant(Some(merchant)))
    }

    /// The merchants that have events under this name.
    fn merchants(&self, relay: &Relay) -> Result<BTreeSet<String>, Failure> {
        let mut found = BTreeSet::new();
        for by in ["order", "tracking_number"] {
            let path = format!("/events?limit=500&{by}={}", percent_encode(&self.order));
            let page = relay.ask(&path, None)?;
            let items = page["items"].as_array().into_iter().flatten();
            found.extend(items.filter_map(|item| item["merchant"].as_str().map(str::to_owned)));
        }
        if found.is_empty() {
            let told = format!("no merchant has an order or tracking number `{}`", self.order);
            let hint = "name the merchant by --merchant: more names are looked for, and it is told what may be the reason";
            return Err(Failure::Wrong(format!("{told} (hint: {hint})")));
        }
        Ok(found)
    }
}
