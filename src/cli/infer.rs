//! `infer`: a source connector to start from, out of what a system sent.

use std::path::{Path, PathBuf};

use clap::Args;
use parcelwire_domain::{Value, id::MerchantId};
use parcelwire_mapping::{
    infer::{Sample, infer},
    json::Doc,
};

use super::{Done, Failure, header, now, print, say};

/// `parcelwire infer`
#[derive(Debug, Args)]
pub(super) struct Infer {
    /// Payloads as they were sent, as JSON files; several show more codes
    #[arg(required = true, value_name = "PAYLOAD")]
    payloads: Vec<PathBuf>,
    /// A header of one of the requests, as in 'X-Signature: 5f0c…': how it signs, its topic, its id
    #[arg(long = "header", value_name = "K: V")]
    headers: Vec<String>,
    /// What the connector is to be called
    #[arg(long, default_value = "warehouse")]
    name: String,
}

impl Infer {
    pub(super) fn run(&self) -> Done {
        if MerchantId::parse(&self.name).is_err() {
            return Err(Failure::Usage(format!(
                "`{}` cannot be the name of a file (hint: small letters, digits, - and _)",
                self.name
            )));
        }
        let headers =
            self.headers.iter().map(|text| header(text)).collect::<Result<Vec<_>, _>>()?;
        let samples =
            self.payloads.iter().map(|path| sample(path)).collect::<Result<Vec<_>, _>>()?;
        let text = infer(&samples, &headers, &self.name, now()).map_err(|told| {
            Failure::Wrong(format!("these payloads lead to no connector\n{}", told.trim_end()))
        })?;
        print(text.trim_end());
        let path = format!("connectors/sources/{}.yaml", self.name);
        say(&format!("next: keep it as {path}, read every line, and run  parcelwire check {path}"));
        Ok(())
    }
}

/// Reads one payload; how it looks is told, never what it says.
fn sample(path: &Path) -> Result<Sample, Failure> {
    let shown = path.display();
    let bytes = super::send::read(path)?;
    let doc = Doc::parse(&bytes)
        .map_err(|error| Failure::Wrong(format!("{shown} is no payload: {error}")))?;
    let body = doc.root().to_value().unwrap_or_else(|| Value::Map(parcelwire_domain::Map::new()));
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("payload");
    Ok(Sample { name: name.to_owned(), body })
}
