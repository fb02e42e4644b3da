//! The settings of one source, destination or feed: what its map gives, found and checked.

use parcelwire_domain::{Map, Value};

use super::{
    SecretRef,
    merchant::{Desk, tell},
};
use crate::{
    blocks::verify::Secret,
    settings::{self, Setting, SettingKind},
    text::{Diagnostic, Diagnostics, Node, unknown_key},
};

/// The settings that an instance's map gives.
#[derive(Default)]
pub(super) struct Given {
    pub(super) settings: Map,
    /// Keys whose values could not be read or found, which was told.
    failed: Vec<String>,
    /// Whether a key is no setting at all, which was told.
    strange: bool,
}

impl Desk<'_> {
    /// The connector's settings out of an instance's map; secret ones are found.
    pub(super) fn given(
        &self,
        declared: &[Setting],
        node: &Node,
        reserved: &[&str],
        diagnostics: &mut Diagnostics,
    ) -> Given {
        let mut given = Given::default();
        for (key, value) in node.entries() {
            if reserved.contains(&key.text.as_str()) || value.is_null() {
                continue;
            }
            let Some(setting) = declared.iter().find(|setting| setting.name == key.text) else {
                let known = declared.iter().map(|setting| setting.name.as_str());
                diagnostics.push(unknown_key(key, known.chain(reserved.iter().copied())));
                diagnostics.conceal(&value.span);
                given.strange = true;
                continue;
            };
            match self.value(setting, value, diagnostics) {
                Some(value) => given.settings.set(key.text.clone(), value),
                None => given.failed.push(key.text.clone()),
            }
        }
        given
    }

    /// The value of one setting, found where it is.
    fn value(
        &self,
        setting: &Setting,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let fits = match setting.kind {
            SettingKind::Text => node.is_scalar(),
            SettingKind::List => node.is_list(),
            SettingKind::Map => node.is_map(),
        };
        if !fits {
            let told = setting.wrong_kind();
            let (message, hint) = told.split_once("; ").unwrap_or((&told, ""));
            let message = format!("{message}, not {}", node.kind_name());
            diagnostics.push(Diagnostic::error(&node.span, message).hint(hint));
            diagnostics.conceal(&node.span);
            return None;
        }
        if setting.kind != SettingKind::Text {
            return collection(setting, node, diagnostics);
        }
        if !setting.secret {
            return node.as_str().filter(|_| !node.is_broken()).map(Value::text);
        }
        let secret = self.secret(node, diagnostics)?;
        self.fits(setting, node, diagnostics).then(|| Value::text(secret.expose()))
    }

    /// The settings with their defaults, when they are all there and right.
    pub(super) fn complete(
        &self,
        declared: &[Setting],
        given: &Given,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<Map> {
        let complete = settings::check(declared, &given.settings, self.secrets.are_real());
        let complete = complete.map_err(|faults| {
            let told = |fault: &String| {
                given.failed.iter().any(|name| fault.starts_with(&format!("`{name}`")))
            };
            faults.into_iter().filter(|fault| !told(fault)).collect()
        });
        tell(complete, node, diagnostics).filter(|_| given.failed.is_empty() && !given.strange)
    }

    /// Whether a secret that stands in the file itself is of the kind its connector describes:
    /// the others are tested when they are in use.
    fn fits(&self, setting: &Setting, value: &Node, diagnostics: &mut Diagnostics) -> bool {
        let (Some(pattern), Some(text)) = (&setting.pattern, value.as_str()) else { return true };
        let literal = matches!(SecretRef::parse(text), SecretRef::Literal(_));
        if self.secrets.are_real() || !literal || pattern.is_match(text.trim()) {
            return true;
        }
        let message =
            format!("`{}` does not look right: it should match `{pattern}`", setting.name);
        let error = Diagnostic::error(&value.span, message);
        diagnostics.push(match &setting.found_at {
            [Some(place), _] | [None, Some(place)] => error.hint(format!("you find it at {place}")),
            [None, None] => error.hint("copy it again, whole, from the other system"),
        });
        false
    }

    /// One secret, wherever it is. Where the file holds it, no message shows its place.
    pub(super) fn secret(&self, node: &Node, diagnostics: &mut Diagnostics) -> Option<Secret> {
        if node.is_broken() {
            return None;
        }
        let place = SecretRef::parse(node.as_str()?);
        if matches!(place, SecretRef::Literal(_)) {
            diagnostics.conceal(&node.span);
            let warning = Diagnostic::warning(&node.span, "a secret stands in this file");
            diagnostics
                .push(warning.hint("write env:NAME or file:NAME, and keep it out of the file"));
        }
        match self.secrets.find(&place) {
            Ok(secret) => Some(secret),
            Err(why) => {
                let (message, hint) = why
                    .split_once("; ")
                    .unwrap_or((&why, "set it before the relay is started, or correct the name"));
                diagnostics.push(Diagnostic::error(&node.span, message).hint(hint));
                None
            }
        }
    }
}

/// A list or a map; what is wrong in it is told where it stands, and not shown.
fn collection(setting: &Setting, node: &Node, diagnostics: &mut Diagnostics) -> Option<Value> {
    let items = node.as_list().unwrap_or_default().iter().zip(1_usize..);
    let items = items.map(|(item, place)| (place.to_string(), item));
    let entries = node.entries().map(|(key, value)| (key.text.clone(), value));
    let mut sound = true;
    for (at, value) in items.chain(entries) {
        let fault = match value.as_str().filter(|_| value.is_scalar()) {
            Some(text) => setting.fault_of_entry(&at, text),
            None => Some(format!("`{}`: `{at}` must be a text", setting.name)),
        };
        if let Some(fault) = fault {
            let (message, hint) = fault.split_once("; ").unwrap_or((&fault, "write one value"));
            diagnostics.push(Diagnostic::error(&value.span, message).hint(hint));
            diagnostics.conceal(&value.span);
            sound = false;
        }
    }
    node.to_value().filter(|_| sound)
}
