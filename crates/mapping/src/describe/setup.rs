//! What a person does in the other system, as the file tells it.

use serde::Serialize;

use super::{Said, text, texts};
use crate::text::Node;

/// `setup:` of a file.
#[derive(Debug, Default, Serialize)]
pub struct Setup {
    /// Where a source's secret is found, or made up.
    #[serde(skip_serializing_if = "Said::is_empty")]
    pub secret: Said,
    /// What the key must be allowed to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The steps in English.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub en: Vec<String>,
    /// The steps in German.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub de: Vec<String>,
    /// A page that says more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
}

impl Setup {
    pub(super) fn of(node: Option<&Node>) -> Self {
        let Some(node) = node else { return Self::default() };
        Self {
            secret: Said::of(node.get("secret")),
            scopes: texts(node, "scopes"),
            en: texts(node, "en"),
            de: texts(node, "de"),
            guide: text(node, "guide"),
        }
    }
}
