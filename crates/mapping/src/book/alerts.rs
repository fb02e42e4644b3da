//! `alerts:` of a merchant's file.

use parcelwire_domain::incident::{Kind, Language};

use super::merchant::Desk;
use crate::{
    merchant::{AlertWebhook, Alerts},
    text::{Diagnostic, Diagnostics, Node},
};

impl Desk<'_> {
    /// Who of the merchant is told; nobody where nothing is written. `language` is the customers'.
    pub(super) fn alerts(
        &self,
        file: &Node,
        language: &str,
        diagnostics: &mut Diagnostics,
    ) -> Alerts {
        let Some(node) = file.get("alerts").filter(|node| node.is_map()) else {
            return Alerts::default();
        };
        let list = |key: &str| node.get(key).map(Node::one_or_many).unwrap_or_default();
        let texts =
            |key: &str| list(key).iter().filter_map(Node::as_str).map(str::to_owned).collect();
        let told = list("kinds").iter().filter_map(|kind| Kind::parse(kind.as_str()?)).collect();
        let alerts = Alerts {
            to: texts("to"),
            webhook: node.get("webhook").and_then(|node| self.alert_webhook(node, diagnostics)),
            kinds: if node.has("kinds") { told } else { Kind::ALL.to_vec() },
            language: Language::of(node.get("language").and_then(Node::as_str).unwrap_or(language)),
        };
        if alerts.to.is_empty() && !node.has("webhook") {
            let warning = Diagnostic::warning(&node.span, "`alerts:` names nobody to tell");
            diagnostics.push(warning.hint("add `to:` with an e-mail address, or `webhook:`"));
        }
        alerts
    }

    fn alert_webhook(&self, node: &Node, diagnostics: &mut Diagnostics) -> Option<AlertWebhook> {
        let url = node.get("url").and_then(|url| self.base_url(url, diagnostics));
        let place = node.get("secret")?;
        let secret = self.secret(place, diagnostics)?;
        match AlertWebhook::new(&url?, &secret) {
            Ok(webhook) => Some(webhook),
            Err(why) => {
                let error = Diagnostic::error(&place.span, why);
                diagnostics.push(
                    error.hint("make one with `openssl rand -base64 32` and put whsec_ before it"),
                );
                None
            }
        }
    }
}
