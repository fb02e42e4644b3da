//! Real payloads go through `parcelwire map` and come to what a person who reads them expects. Where
//! the folder of real ones is not named, invented ones of the same systems are tried alone.

mod table;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde_json::Value;
use sha2::Sha256;

use crate::harness::{next, spawn_with, write};
use table::{Expected, NO_CONNECTOR, NO_PAYLOADS, Row};

/// A merchant with each source that a payload is there for.
const MERCHANT: &str = r#"
name: Hey Example
sources:
  17track: { secret: x }
  aftership: { secret: x }
  sendcloud: { secret: secretkey }
  shiphero: { secret: x }
  shipstation_v1: { secret: x, api_key: x, api_secret: x }
  shipstation_v2: { secret: x, scheme: header }
  shopify: { secret: x }
  shopware: { secret: x }
  ups: { secret: x }
  webhook: { secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwQUJDREVGR0g=" }
  woocommerce: { secret: x }
destinations:
  klaviyo: { api_key: pk_test_0001 }
"#;

/// What is told of a payload that does not stand in the table.
const NO_ROW: &str = "no row in the table says what it comes to";

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples")
}

/// The folder with the real ones, where this machine has it.
fn real() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("PARCELWIRE_REFERENCE")?).join("samples"))
}

#[test]
fn invented_payloads_come_to_what_the_table_says() {
    assert_eq!(faults(&own(), &table::own(), &[]), Vec::<String>::new());
}

#[test]
fn real_payloads_come_to_what_the_table_says() {
    let Some(folder) = real() else {
        eprintln!("PARCELWIRE_REFERENCE names no folder: only invented payloads are tried");
        return;
    };
    let mut unread: Vec<String> = NO_PAYLOADS.iter().map(|file| (*file).to_owned()).collect();
    for system in NO_CONNECTOR {
        unread.extend(payloads(&folder).into_iter().filter(|file| in_folder(file, system)));
    }
    let unread: Vec<&str> = unread.iter().map(String::as_str).collect();
    assert_eq!(faults(&folder, &table::real(), &unread), Vec::<String>::new());
}

#[test]
fn a_system_with_a_connector_has_its_payloads_read() {
    let mut connectors = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors/sources");
    crate::tidy::files(&folder, &["yaml"], &mut connectors);
    assert!(connectors.len() > 8);
    for name in connectors.iter().filter_map(|path| path.file_stem()?.to_str()) {
        let system = name.split('_').next().unwrap_or_default();
        assert!(!NO_CONNECTOR.contains(&system), "{name} is there: give its payloads rows");
    }
}

fn in_folder(file: &str, folder: &str) -> bool {
    file.split_once('/').is_some_and(|(is, _)| is == folder)
}

/// All payloads below a folder, by their path in it.
fn payloads(folder: &Path) -> BTreeSet<String> {
    let mut found = Vec::new();
    crate::tidy::files(folder, &["json", "txt"], &mut found);
    found
        .iter()
        .filter_map(|path| Some(path.strip_prefix(folder).ok()?.to_str()?.to_owned()))
        .collect()
}

#[test]
fn a_payload_without_a_row_and_a_row_that_is_wrong_are_told() {
    let mut rows = table::own();
    rows.retain(|row| row.source != "sendcloud");
    for row in &mut rows {
        if let Expected::Events(events) = &mut row.expected
            && row.source == "woocommerce"
        {
            events[0]["order_value"] = "1.00".into();
        }
    }
    let told = faults(&own(), &rows, &["shopify/gone.json"]);
    assert_eq!(
        told,
        [
            format!("sendcloud/parcel_status_changed.json: {NO_ROW}"),
            "shopify/gone.json: it is not there".to_owned(),
            "woocommerce/order.json as order.created: 0.order_value: expected \"1.00\", found \"59.90\""
                .to_owned(),
        ]
    );
}

/// What is wrong with a folder of payloads, sorted.
fn faults(folder: &Path, rows: &[Row], unread: &[&str]) -> Vec<String> {
    let found = payloads(folder);
    let named: BTreeSet<String> =
        rows.iter().map(|row| row.file).chain(unread.iter().copied()).map(str::to_owned).collect();
    let mut told: Vec<String> = Vec::new();
    told.extend(found.difference(&named).map(|file| format!("{file}: {NO_ROW}")));
    told.extend(named.difference(&found).map(|file| format!("{file}: it is not there")));
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "config/merchants/hey.yaml", MERCHANT);
    for row in rows.iter().filter(|row| found.contains(row.file)) {
        if let Err(fault) = row.holds(directory.path(), folder) {
            told.push(format!("{} as {}: {fault}", row.file, row.topic.unwrap_or(row.source)));
        }
    }
    told.sort();
    told
}

impl Row {
    fn holds(&self, directory: &Path, folder: &Path) -> Result<(), String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parcelwire"));
        command.args(["map", "--merchant", "hey", "--source", self.source]);
        if let Some(topic) = self.topic {
            command.args(["--topic", topic]);
        }
        if let Some(answer) = &self.answer {
            write(directory, "answer.json", &answer.to_string());
            command.args(["--answer", "answer.json"]);
        }
        let ran = command.arg(folder.join(self.file)).current_dir(directory).env_clear().output();
        let ran = ran.map_err(|error| error.to_string())?;
        if !ran.status.success() {
            return Err(String::from_utf8_lossy(&ran.stderr).into_owned());
        }
        let told: Value = serde_json::from_slice(&ran.stdout).map_err(|error| error.to_string())?;
        match &self.expected {
            Expected::Events(wanted) => agrees("", wanted, &told["events"]),
            Expected::None(note) => {
                agrees("", &Value::Array(Vec::new()), &told["events"])?;
                let notes = told["notes"].as_array().into_iter().flatten();
                let says = notes.clone().any(|is| is == note);
                if says {
                    Ok(())
                } else {
                    Err(format!("`{note}` is not among {:?}", told["notes"]))
                }
            }
        }
    }
}

/// Whether what is there has all that is wanted: objects may have more, lists are as long, times may
/// be written in another zone, and `null` is wanted to be absent.
fn agrees(place: &str, wanted: &Value, is: &Value) -> Result<(), String> {
    let inner =
        |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    match (wanted, is) {
        (Value::Object(wanted), Value::Object(_)) => {
            wanted.iter().try_for_each(|(key, wanted)| agrees(&inner(key), wanted, &is[key]))
        }
        (Value::Array(wanted), Value::Array(is)) if wanted.len() == is.len() => (0..)
            .zip(wanted.iter().zip(is))
            .try_for_each(|(n, (wanted, is))| agrees(&inner(&i32::to_string(&n)), wanted, is)),
        _ if wanted == is => Ok(()),
        _ if instant(wanted).is_some() && instant(wanted) == instant(is) => Ok(()),
        _ => Err(format!("{place}: expected {wanted}, found {is}")),
    }
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// What is no event is answered as its sender wants: an unsigned ping, and a signature of the vendor's
/// own documentation.
#[tokio::test]
async fn pings_and_signatures_of_the_vendors_are_known() {
    let app = spawn_with(|directory, _| {
        write(directory, "merchants/hey.yaml", MERCHANT);
    })
    .await;
    let text = |path: &str| real().and_then(|folder| fs::read_to_string(folder.join(path)).ok());
    let ping = text("woocommerce/ping_body.txt").unwrap_or_else(|| "webhook_id=7".to_owned());
    let request = app
        .client
        .post(app.url("/hooks/hey/woocommerce"))
        .header("content-type", "application/x-www-form-urlencoded");
    let told = request.body(ping).send().await.expect("it answers");
    assert_eq!(told.status().as_u16(), 200);
    assert_eq!(told.text().await.expect("a body"), "");
    assert_eq!(app.stats().await["receipts"]["accepted"], 0);
    assert_eq!(app.stats().await["receipts"]["refused"], 0);

    let (body, header, signature) = vector(text("sendcloud/signature_vector.json"));
    let post = |signature: String| {
        let request = app.client.post(app.url("/hooks/hey/sendcloud"));
        request.header(&header, signature).body(body.clone()).send()
    };
    assert_eq!(post(signature.clone()).await.expect("it answers").status().as_u16(), 200);
    let forged = signature.replace(|c: char| c.is_ascii_digit(), "a");
    assert_eq!(post(forged).await.expect("it answers").status().as_u16(), 401);
    let stats = app.stats().await;
    assert_eq!(
        (&stats["receipts"]["accepted"], &stats["receipts"]["refused"]),
        (&1.into(), &1.into())
    );
}

/// Body, header and signature for the secret `secretkey`: the vendor's, or one made here.
fn vector(text: Option<String>) -> (String, String, String) {
    if let Some(vector) = text.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
        let part = |name: &str| vector[name].as_str().expect("it is there").to_owned();
        assert_eq!(part("secret"), "secretkey");
        return (part("body"), part("header"), part("expected_hex_hmac_sha256_per_docs"));
    }
    let body = format!("{{\"key\": {}}}", next());
    let mut mac = Hmac::<Sha256>::new_from_slice(b"secretkey").expect("any key will do");
    mac.update(body.as_bytes());
    (body, "Sendcloud-Signature".to_owned(), hex::encode(mac.finalize().into_bytes()))
}
