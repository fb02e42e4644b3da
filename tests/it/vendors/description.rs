//! An API's own description (OpenAPI 3, Swagger 2) beside a request: which operation it is, and what
//! is wrong with it.

use std::{collections::BTreeMap, fs, path::Path};

use parcelwire_mapping::http::HttpRequest;
use serde_json::{Value, json};

use super::schema::{self, Schemas};

/// What is told of a request that does not show who asks.
pub(super) const NO_CREDENTIAL: &str = "no credential that the description knows is shown";

/// One description.
pub(super) struct Description {
    document: Value,
    schemas: Schemas,
}

/// One operation, and what its path's parameters are in a request.
pub(super) struct Operation<'a> {
    description: &'a Description,
    /// As the description writes it, for messages.
    pub(super) name: String,
    item: &'a Value,
    stated: &'a Value,
    path: BTreeMap<String, String>,
}

impl Description {
    pub(super) fn read(file: &Path, overlapping: bool) -> Self {
        let text =
            fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::new(serde_json::from_str(&text).expect("a description is JSON"), overlapping)
    }

    pub(super) fn new(document: Value, overlapping: bool) -> Self {
        let schemas = Schemas::of(&document, overlapping);
        Self { document, schemas }
    }

    /// The operation that a request asks for.
    pub(super) fn operation(&self, method: &str, url: &str) -> Option<Operation<'_>> {
        let path = after_host(url).split('?').next().unwrap_or_default();
        let paths = self.document["paths"].as_object()?;
        paths.iter().find_map(|(template, item)| {
            let stated = item.get(method.to_lowercase())?;
            let fits = |base: String| captures(&format!("{base}{template}"), path);
            let path = self.bases().into_iter().find_map(fits)?;
            let name = format!("{method} {template}");
            Some(Operation { description: self, name, item, stated, path })
        })
    }

    /// What stands before all paths.
    fn bases(&self) -> Vec<String> {
        let servers = self.document["servers"].as_array().cloned().unwrap_or_default();
        let urls = servers.iter().filter_map(|server| server["url"].as_str());
        let mut bases: Vec<String> =
            urls.map(|url| after_host(url).trim_end_matches('/').to_owned()).collect();
        let base = self.document["basePath"].as_str().unwrap_or_default();
        bases.push(base.trim_end_matches('/').to_owned());
        bases
    }

    /// Whatever stands there, or where it refers to.
    fn resolved<'a>(&'a self, node: &'a Value) -> &'a Value {
        let target = node["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
        target.and_then(|place| self.document.pointer(place)).unwrap_or(node)
    }
}

pub(super) fn after_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|start| rest.get(start..)).unwrap_or_default()
}

/// The parameters of a path, by its template.
fn captures(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (template, path) = (template.trim_end_matches('/'), path.trim_end_matches('/'));
    let mut found = BTreeMap::new();
    let mut parts = path.split('/');
    for wanted in template.split('/') {
        let part = parts.next()?;
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !part.is_empty() => drop(found.insert(name.to_owned(), decoded(part))),
            None if wanted == part => {}
            Some(_) | None => return None,
        }
    }
    parts.next().is_none().then_some(found)
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B");
    let pairs = parcelwire_mapping::json::form::parse(&format!("x={text}"));
    pairs.get("x").and_then(|value| value.as_text()).unwrap_or_default().to_owned()
}

impl Operation<'_> {
    /// All that is wrong with a request, if it is meant to be this one.
    pub(super) fn faults(&self, request: &HttpRequest) -> Vec<String> {
        let mut faults = self.parameters(request);
        faults.extend(self.secured(request));
        match self.body() {
            Some((kinds, schema, required)) => {
                faults.extend(self.body_faults(request, &kinds, schema, required));
            }
            None if request.body.is_empty() => {}
            None => faults.push("it has a body, and the description none".to_owned()),
        }
        faults
    }

    fn parameters(&self, request: &HttpRequest) -> Vec<String> {
        let lists = [&self.item["parameters"], &self.stated["parameters"]];
        let described: Vec<&Value> = lists
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .map(|parameter| self.description.resolved(parameter))
            .collect();
        let query = request.url.split_once('?').map_or("", |(_, query)| query);
        let query = texts(&parcelwire_mapping::json::form::parse(query));
        let mut faults = Vec::new();
        for parameter in &described {
            let name = parameter["name"].as_str().unwrap_or_default();
            let place = parameter["in"].as_str().unwrap_or_default();
            let given = match place {
                "path" => self.path.get(name),
                "query" => query.get(name),
                "header" => header(request, name),
                _ => continue,
            };
            match given {
                Some(text) => {
                    let schema = parameter.get("schema").unwrap_or(parameter);
                    let told = self.description.schemas.faults_of_text(schema, text);
                    faults.extend(told.map(|fault| format!("{place} {name}: {fault}")));
                }
                None if parameter["required"] == true => {
                    faults.push(format!("{place} {name} is missing"));
                }
                None => {}
            }
        }
        let known =
            |name: &String| described.iter().any(|p| p["in"] == "query" && p["name"] == **name);
        let unknown = query.keys().filter(|name| !known(name));
        faults.extend(unknown.map(|name| format!("query {name} is not described")));
        faults
    }

    /// Whether one of the ways to show who asks is gone.
    fn secured(&self, request: &HttpRequest) -> Option<String> {
        let document = &self.description.document;
        let ways = self.stated.get("security").or(document.get("security"))?.as_array()?;
        let schemes = document.pointer("/components/securitySchemes");
        let schemes = schemes.or(document.get("securityDefinitions"))?;
        let holds = |name: &String| {
            let scheme = &schemes[name];
            let shows = |prefix: &str| {
                let value = header(request, "authorization").map(|value| value.to_lowercase());
                value.is_some_and(|value| value.starts_with(prefix))
            };
            match (scheme["type"].as_str(), scheme["scheme"].as_str()) {
                (Some("apiKey"), _) => {
                    header(request, scheme["name"].as_str().unwrap_or_default()).is_some()
                }
                (Some("basic"), _) | (Some("http"), Some("basic")) => shows("basic "),
                _ => shows("bearer "),
            }
        };
        let met = |way: &Value| way.as_object().is_some_and(|way| way.keys().all(holds));
        let missing = !ways.is_empty() && !ways.iter().any(met);
        missing.then(|| NO_CREDENTIAL.to_owned())
    }

    /// Content types, schema, and whether there has to be a body.
    fn body(&self) -> Option<(Vec<String>, Value, bool)> {
        let parameters = self.stated["parameters"].as_array();
        let swagger = parameters.into_iter().flatten().find(|p| p["in"] == "body");
        if let Some(body) = swagger {
            let required = body["required"] == true;
            return Some((vec!["application/json".to_owned()], body["schema"].clone(), required));
        }
        let body = self.description.resolved(self.stated.get("requestBody")?);
        let content = body["content"].as_object()?;
        let schema = content.values().next().map(|kind| kind["schema"].clone());
        let kinds = content.keys().cloned().collect();
        Some((kinds, schema.unwrap_or(json!({})), body["required"] == true))
    }

    fn body_faults(
        &self,
        request: &HttpRequest,
        kinds: &[String],
        schema: Value,
        required: bool,
    ) -> Vec<String> {
        if request.body.is_empty() {
            return required.then(|| "the body is missing".to_owned()).into_iter().collect();
        }
        let kind = header(request, "content-type")
            .map(|kind| kind.split(';').next().unwrap_or_default().trim().to_lowercase());
        let kind = kind.unwrap_or_default();
        if !kinds.contains(&kind) {
            return vec![format!("the content type is `{kind}`, not one of {kinds:?}")];
        }
        let schemas = &self.description.schemas;
        if kind == "application/x-www-form-urlencoded" {
            let text = String::from_utf8_lossy(&request.body);
            let fields = texts(&parcelwire_mapping::json::form::parse(&text));
            return schemas.faults(&schema, &schema::typed(&schema, &fields));
        }
        match serde_json::from_slice::<Value>(&request.body) {
            Ok(body) => schemas.faults(&schema, &body),
            Err(error) => vec![format!("the body is not JSON: {error}")],
        }
    }
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r String> {
    let found = request.headers.iter().find(|(is, _)| is.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

fn texts(map: &parcelwire_domain::Map) -> BTreeMap<String, String> {
    map.iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.as_text()?.to_owned())))
        .collect()
}
