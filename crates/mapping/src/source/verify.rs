//! `verify:` as it is written → a signature method, once the instance's settings are known.

use std::time::Duration;

use parcelwire_domain::Map;

use crate::{
    blocks::verify::{
        Algorithm, DEFAULT_TOLERANCE, Encoding, Envelope, FetchedKeysSpec, Hash, HmacSpec,
        IssuedSecretSpec, IssuedTokenSpec, KeyForm, MethodSpec, Pairs, Place, PlainHashSpec,
        PublicKeySpec, StandardWebhooksSpec, StaticTokenSpec, Template as Signed, TimestampAt,
        TimestampFormat, TimestampSpec,
    },
    draft,
    expr::{Env, Expr, Scope, Template},
    text::{Diagnostic, Diagnostics, Node, Period, Span},
};

/// The keys of which one names the method.
const METHODS: [&str; 10] = [
    "hmac",
    "standard_webhooks",
    "plain_hash",
    "public_key",
    "token",
    "bearer",
    "basic",
    "url_token",
    "issued_token",
    "unsigned",
];

/// All ways to verify, in the order in which they are tried.
#[derive(Debug)]
pub(super) struct Verify {
    ways: Vec<Way>,
}

#[derive(Debug)]
struct Way {
    method: &'static str,
    when: Option<Expr>,
    options: Vec<(String, Vec<Template>)>,
    timestamp: Option<TimestampSpec>,
    pairs: Option<Pairs>,
    signed: Signed,
    tolerance: u32,
    fetched: Option<FetchedKeysSpec>,
    secret_of: Option<Vec<Place>>,
    /// What must hold beside it.
    also: Vec<Way>,
    span: Span,
}

impl Verify {
    pub(super) fn compile(
        file: &Node,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let nodes = file.get("verify")?.one_or_many();
        let ways: Vec<Option<Way>> =
            nodes.iter().map(|node| Way::compile(node, scope, diagnostics)).collect();
        let verify = Self { ways: ways.into_iter().collect::<Option<_>>()? };
        // What depends on no setting can be judged now.
        if verify.ways.iter().all(Way::is_fixed) {
            match verify.method(&Map::new()) {
                Ok(method) => {
                    for fault in method.faults() {
                        diagnostics.push(Diagnostic::error(&verify.ways.first()?.span, fault));
                    }
                }
                Err(faults) => {
                    for fault in faults {
                        diagnostics.push(Diagnostic::error(&verify.ways.first()?.span, fault));
                    }
                }
            }
        }
        Some(verify)
    }

    /// Whether an instance with these settings has a way to verify at all.
    pub(super) fn is_some(&self, settings: &Map) -> bool {
        self.ways.iter().any(|way| way.is_for(settings))
    }

    /// One of the ways for an instance with these settings: by the name of its method, or by its
    /// place among them, from 1.
    pub(super) fn method_by(&self, settings: &Map, name: &str) -> Result<MethodSpec, String> {
        let ways: Vec<&Way> = self.ways.iter().filter(|way| way.is_for(settings)).collect();
        let place = name.parse::<usize>().ok().and_then(|place| place.checked_sub(1));
        let found = place.and_then(|place| ways.get(place).copied());
        let found = found.or_else(|| ways.iter().copied().find(|way| way.method == name));
        found.map_or_else(
            || {
                let known: Vec<&str> = ways.iter().map(|way| way.method).collect();
                Err(format!("`verify:` has no way `{name}`; it has: {}", known.join(", ")))
            },
            |way| way.method(settings),
        )
    }

    /// The method for an instance with these settings.
    pub(super) fn method(&self, settings: &Map) -> Result<MethodSpec, Vec<String>> {
        let mut methods = Vec::new();
        for way in self.ways.iter().filter(|way| way.is_for(settings)) {
            let method = way.method(settings).map_err(|fault| vec![fault])?;
            let faults = method.faults();
            if !faults.is_empty() {
                return Err(faults);
            }
            methods.push(method);
        }
        match methods.len() {
            0 => Err(vec!["with these settings no way to verify is left".to_owned()]),
            1 => Ok(methods.remove(0)),
            _ => Ok(MethodSpec::AnyOf(methods)),
        }
    }
}

impl Way {
    fn compile(node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Self> {
        let named: Vec<&'static str> =
            METHODS.into_iter().filter(|method| node.has(method)).collect();
        let [method] = named[..] else {
            let message = format!("one of {} must stand here", METHODS.join(", "));
            diagnostics.push(Diagnostic::error(&node.span, message));
            return None;
        };
        let when = match node.get("when") {
            Some(node) => Some(draft::expression(node, scope, diagnostics)?),
            None => None,
        };
        let mut options = Vec::new();
        for (key, value) in node.entries() {
            if NOT_TEXTS.contains(&key.text.as_str()) || value.as_map().is_some() {
                continue;
            }
            let templates: Vec<Option<Template>> = value
                .one_or_many()
                .iter()
                .map(|value| draft::template(value, scope, diagnostics))
                .collect();
            options.push((key.text.clone(), templates.into_iter().collect::<Option<_>>()?));
        }
        let signed = match node.get("signed") {
            None => Signed::default(),
            Some(text) => match Signed::parse(text.as_str()?) {
                Ok(signed) => signed,
                Err(fault) => {
                    let span = text.part(fault.at, fault.at + 1);
                    diagnostics.push(Diagnostic::error(&span, fault.message));
                    return None;
                }
            },
        };
        let timestamp = match node.get("timestamp") {
            None => None,
            Some(node) => Some(timestamp(node, diagnostics)?),
        };
        let pairs = node.get("pairs").map(|pairs| Pairs {
            separator: pairs
                .get("separator")
                .and_then(Node::as_str)
                .and_then(|s| s.chars().next())
                .unwrap_or(','),
            signature: pairs.get("signature").and_then(Node::as_str).unwrap_or_default().to_owned(),
        });
        let tolerance = node.get("tolerance").and_then(Node::as_int);
        let tolerance = tolerance.and_then(|n| u32::try_from(n).ok()).unwrap_or(DEFAULT_TOLERANCE);
        let span = node.span.clone();
        let fetched = node.get("keys").and_then(fetched);
        let secret_of = node.get("secret_of").map(places);
        let also = node.get("also").map(Node::one_or_many).unwrap_or_default();
        let also = also.iter().map(|node| Self::compile(node, scope, diagnostics));
        let also = also.collect::<Vec<_>>().into_iter().collect::<Option<_>>()?;
        Some(Self {
            method,
            when,
            options,
            timestamp,
            pairs,
            signed,
            tolerance,
            fetched,
            secret_of,
            also,
            span,
        })
    }

    fn is_for(&self, settings: &Map) -> bool {
        let env = Env::new().with("settings", settings);
        self.when.as_ref().is_none_or(|when| when.eval(&env).truth() == Some(true))
    }

    fn is_fixed(&self) -> bool {
        let fixed = |template: &Template| template.constant().is_some();
        self.when.is_none()
            && self.options.iter().all(|(_, texts)| texts.iter().all(fixed))
            && self.also.iter().all(Self::is_fixed)
    }

    fn method(&self, settings: &Map) -> Result<MethodSpec, String> {
        let env = Env::new().with("settings", settings);
        let texts = |key: &str| -> Vec<String> {
            let options = self.options.iter().filter(|(name, _)| name == key);
            options
                .flat_map(|(_, templates)| templates)
                .filter_map(|template| template.eval(&env).as_text().map(|text| text.into_owned()))
                .filter(|text| !text.is_empty())
                .collect()
        };
        let method = self.plain(&texts)?;
        let method = match &self.secret_of {
            None => method,
            Some(names) => MethodSpec::IssuedSecret(IssuedSecretSpec {
                names: names.clone(),
                method: Box::new(method),
            }),
        };
        let mut all = vec![method];
        for way in self.also.iter().filter(|way| way.is_for(settings)) {
            all.push(way.method(settings)?);
        }
        Ok(if all.len() > 1 { MethodSpec::AllOf(all) } else { all.remove(0) })
    }

    fn plain(&self, texts: &dyn Fn(&str) -> Vec<String>) -> Result<MethodSpec, String> {
        let text = |key: &str| texts(key).into_iter().next();
        Ok(match self.method {
            "hmac" => MethodSpec::Hmac(HmacSpec {
                hash: hash(text("hmac"))?,
                key: key_form(text("key"))?,
                strip: text("strip").unwrap_or_default(),
                envelope: self.envelope(&texts)?,
            }),
            "plain_hash" => MethodSpec::PlainHash(PlainHashSpec {
                hash: hash(text("plain_hash"))?,
                key: key_form(text("key"))?,
                envelope: self.envelope(&texts)?,
            }),
            "public_key" => MethodSpec::PublicKey(PublicKeySpec {
                algorithm: text("public_key").and_then(|name| Algorithm::parse(&name)).ok_or(
                    "`public_key` must be rsa_sha256, rsa_sha512, rsa_pss_sha256 or ed25519",
                )?,
                keys: texts("keys"),
                fetched: self.fetched.clone(),
                envelope: self.envelope(&texts)?,
            }),
            "standard_webhooks" => {
                MethodSpec::StandardWebhooks(StandardWebhooksSpec { tolerance: self.tolerance })
            }
            "token" => MethodSpec::StaticToken(StaticTokenSpec::Header {
                names: texts("header"),
                prefix: text("prefix").unwrap_or_default(),
            }),
            "bearer" => MethodSpec::StaticToken(StaticTokenSpec::Bearer),
            "basic" => MethodSpec::StaticToken(StaticTokenSpec::Basic { user: text("user") }),
            "url_token" => MethodSpec::StaticToken(match text("url_token").as_deref() {
                Some("path") | None => StaticTokenSpec::Path,
                Some(name) => StaticTokenSpec::Query(name.to_owned()),
            }),
            "issued_token" => {
                let lives = text("issued_token").as_deref().and_then(seconds);
                MethodSpec::IssuedToken(IssuedTokenSpec {
                    lives: lives.ok_or("`issued_token` is how long one lives, as in 24h")?,
                })
            }
            _ => MethodSpec::Unsigned,
        })
    }

    fn envelope(&self, texts: &dyn Fn(&str) -> Vec<String>) -> Result<Envelope, String> {
        let text = |key: &str| texts(key).into_iter().next();
        let signature = match (texts("header"), text("query"), text("body")) {
            (headers, None, None) if !headers.is_empty() => Place::Header(headers),
            (_, Some(name), None) => Place::Query(name),
            (_, None, Some(path)) => Place::Body(path),
            _ => return Err("`header` is missing: where does the signature stand?".to_owned()),
        };
        let encoding = text("encoding").unwrap_or_else(|| "hex".to_owned());
        Ok(Envelope {
            signature,
            prefix: text("prefix").unwrap_or_default(),
            pairs: self.pairs.clone(),
            encoding: Encoding::parse(&encoding)
                .ok_or_else(|| format!("`encoding` must be hex or base64, not {encoding}"))?,
            signed: self.signed.clone(),
            id: text("id").map(Place::header),
            timestamp: self.timestamp.clone(),
        })
    }
}

/// Keys of a way that are not texts to be filled in.
const NOT_TEXTS: [&str; 6] = ["when", "timestamp", "pairs", "signed", "tolerance", "also"];

/// Where keys are fetched, where `keys:` says so.
fn fetched(keys: &Node) -> Option<FetchedKeysSpec> {
    let text = |key: &str| keys.get(key).and_then(Node::as_str);
    let cache = text("cache").and_then(seconds).unwrap_or(24 * 3600);
    Some(FetchedKeysSpec {
        url: text("url")?.to_owned(),
        by: text("by").unwrap_or_default().to_owned(),
        cache: Duration::from_secs(u64::from(cache)),
    })
}

/// The places in which a sender's id may stand, the body first.
fn places(node: &Node) -> Vec<Place> {
    let texts = |key: &str| -> Vec<String> {
        let nodes = node.get(key).map(Node::one_or_many).unwrap_or_default();
        nodes.iter().filter_map(Node::as_str).map(str::to_owned).collect()
    };
    let in_body = texts("body").into_iter().map(Place::Body);
    let in_headers = Some(texts("header")).filter(|names| !names.is_empty()).map(Place::Header);
    let in_query = texts("query").into_iter().map(Place::Query);
    in_body.chain(in_headers).chain(in_query).collect()
}

/// A length of time in whole seconds.
fn seconds(text: &str) -> Option<u32> {
    let seconds = text.parse::<Period>().ok()?.seconds()?;
    u32::try_from(seconds).ok().filter(|seconds| *seconds > 0)
}

fn hash(name: Option<String>) -> Result<Hash, String> {
    let name = name.unwrap_or_default();
    Hash::parse(&name).ok_or_else(|| format!("the hash must be sha1, sha256 or sha512, not {name}"))
}

fn key_form(name: Option<String>) -> Result<KeyForm, String> {
    let Some(name) = name else { return Ok(KeyForm::default()) };
    KeyForm::parse(&name).ok_or_else(|| format!("`key` cannot be {name}"))
}

fn timestamp(node: &Node, diagnostics: &mut Diagnostics) -> Option<TimestampSpec> {
    let text = |key: &str| node.get(key).and_then(Node::as_str);
    let at = match (text("header"), text("query"), text("body"), text("pair")) {
        (Some(name), None, None, None) => TimestampAt::Place(Place::header(name)),
        (None, Some(name), None, None) => TimestampAt::Place(Place::Query(name.to_owned())),
        (None, None, Some(path), None) => TimestampAt::Place(Place::Body(path.to_owned())),
        (None, None, None, Some(name)) => TimestampAt::Pair(name.to_owned()),
        _ => {
            let message = "one of header, query, body and pair says where the time stands";
            diagnostics.push(Diagnostic::error(&node.span, message));
            return None;
        }
    };
    let format = text("format").and_then(TimestampFormat::parse).unwrap_or_default();
    let tolerance = match text("tolerance") {
        None => Some(DEFAULT_TOLERANCE),
        Some("off") => None,
        Some(seconds) => Some(seconds.parse().ok().or_else(|| {
            let message = "`tolerance` is a number of seconds, or `off`";
            diagnostics.push(Diagnostic::error(&node.span, message));
            None
        })?),
    };
    Some(TimestampSpec { at, format, tolerance })
}
