//! The standard variables of OpenTelemetry, as far as they speak of traces over HTTP.

use std::time::Duration;

use parcelwire_engine::trace::Sampler;

/// Where spans go, and what is said with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otlp {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) resource: Vec<(String, String)>,
    pub(super) timeout: Duration,
}

/// What the variables say.
#[derive(Debug, Clone)]
pub struct Variables {
    /// The collector; nothing when there is none, or all is off.
    pub otlp: Option<Otlp>,
    /// Which traces are recorded.
    pub sampler: Sampler,
    /// What cannot be followed, in plain words.
    pub doubts: Vec<String>,
}

impl Otlp {
    /// The endpoint as it may be shown: an address may carry a password or a key.
    pub(super) fn shown(&self) -> &str {
        let end = self.url.find('?').unwrap_or(self.url.len());
        let bare = self.url.get(..end).unwrap_or_default();
        if bare.contains('@') { "(an address with a password)" } else { bare }
    }
}

/// Finds a variable that is set to something.
pub(crate) type Find<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Variables {
    /// Reads them.
    pub fn read(find: Find<'_>) -> Self {
        let mut doubts = Vec::new();
        let sampler = sampler(find, &mut doubts);
        let is_off = find("OTEL_SDK_DISABLED")
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
            || find("OTEL_TRACES_EXPORTER").is_some_and(|text| text == "none");
        let url = endpoint(find).filter(|_| !is_off);
        let otlp = url.map(|url| {
            for name in ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"] {
                if let Some(other) = find(name).filter(|text| text != "http/json") {
                    doubts.push(format!("{name} is `{other}`: spans are sent as http/json"));
                }
            }
            let headers = ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"];
            let headers = headers.into_iter().filter_map(find).flat_map(|text| pairs(&text));
            Otlp {
                url,
                headers: headers.collect(),
                resource: resource(find),
                timeout: timeout(find, &mut doubts),
            }
        });
        Self { otlp, sampler, doubts }
    }
}

/// The one for traces as it is; the one for everything with the path of traces behind it.
fn endpoint(find: Find<'_>) -> Option<String> {
    find("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").or_else(|| {
        let base = find("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        Some(format!("{}/v1/traces", base.trim_end_matches('/')))
    })
}

fn timeout(find: Find<'_>, doubts: &mut Vec<String>) -> Duration {
    let told =
        find("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT").or_else(|| find("OTEL_EXPORTER_OTLP_TIMEOUT"));
    let read = told.as_ref().map(|text| text.parse::<u64>().ok().filter(|millis| *millis > 0));
    if read == Some(None) {
        doubts.push("OTEL_EXPORTER_OTLP_TIMEOUT is no number of milliseconds: 10000".to_owned());
    }
    Duration::from_millis(read.flatten().unwrap_or(10_000))
}

/// The service's name before all: it wins over the same key in the list.
fn resource(find: Find<'_>) -> Vec<(String, String)> {
    let listed = find("OTEL_RESOURCE_ATTRIBUTES").map(|text| pairs(&text)).unwrap_or_default();
    let in_list = listed.iter().find(|(key, _)| key == "service.name");
    let name = find("OTEL_SERVICE_NAME")
        .or_else(|| in_list.map(|(_, value)| value.clone()))
        .unwrap_or_else(|| "parcelwire".to_owned());
    let mut all = vec![("service.name".to_owned(), name)];
    all.push(("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
    for (key, value) in listed {
        if !all.iter().any(|(known, _)| *known == key) {
            all.push((key, value));
        }
    }
    all
}

/// `key=value,key=value`, values percent-encoded.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(key, value)| (key.trim().to_owned(), decoded(value.trim())));
    pairs.filter(|(key, _)| !key.is_empty()).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        match code.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn sampler(find: Find<'_>, doubts: &mut Vec<String>) -> Sampler {
    let name = find("OTEL_TRACES_SAMPLER");
    let name = name.as_deref().unwrap_or("parentbased_always_on");
    let (by_parent, own) = match name.strip_prefix("parentbased_") {
        Some(own) => (true, own),
        None => (false, name),
    };
    let ratio = match own {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => part(find, doubts),
        _ => {
            doubts
                .push(format!("OTEL_TRACES_SAMPLER: `{name}` is not known: parentbased_always_on"));
            return Sampler::ratio(1.0, true);
        }
    };
    Sampler::ratio(ratio, by_parent)
}

fn part(find: Find<'_>, doubts: &mut Vec<String>) -> f64 {
    let Some(text) = find("OTEL_TRACES_SAMPLER_ARG") else { return 1.0 };
    let ratio = text.trim().parse::<f64>().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.unwrap_or_else(|| {
        doubts.push(format!("OTEL_TRACES_SAMPLER_ARG: `{text}` is not between 0 and 1: 1"));
        1.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Variables {
        let find = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Variables::read(&find)
    }

    const ON: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");

    #[test]
    fn without_an_endpoint_all_is_off_and_it_can_be_switched_off() {
        assert!(read(&[]).otlp.is_none());
        assert!(read(&[ON, ("OTEL_SDK_DISABLED", "true")]).otlp.is_none());
        assert!(read(&[ON, ("OTEL_TRACES_EXPORTER", "none")]).otlp.is_none());
        assert!(read(&[ON, ("OTEL_SDK_DISABLED", "false")]).otlp.is_some());
    }

    #[test]
    fn the_endpoint_of_traces_is_taken_as_it_is() {
        assert_eq!(read(&[ON]).otlp.expect("it is on").url, "http://collector:4318/v1/traces");
        let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://t.example/in?key=geheim");
        let own = read(&[ON, own]).otlp.expect("it is on");
        assert_eq!(
            (own.url.as_str(), own.shown()),
            ("https://t.example/in?key=geheim", "https://t.example/in")
        );
    }

    #[test]
    fn headers_resource_and_timeout_are_read() {
        let told = read(&[
            ON,
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b%3D, x-team = relay ,nonsense"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment.environment=staging"),
            ("OTEL_SERVICE_NAME", "relay-eu"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2500"),
        ]);
        let otlp = told.otlp.expect("it is on");
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(otlp.headers, [pair("api-key", "a b="), pair("x-team", "relay")]);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            otlp.resource,
            [
                pair("service.name", "relay-eu"),
                pair("service.version", version),
                pair("deployment.environment", "staging")
            ]
        );
        assert_eq!(otlp.timeout, Duration::from_millis(2500));
        assert!(told.doubts.is_empty());
    }

    #[test]
    fn samplers_are_known_by_their_names_and_slips_are_told() {
        let of = |name: &str, arg: &str| {
            read(&[("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", arg)])
        };
        for (name, arg, sampler) in [
            ("always_on", "0", Sampler::ratio(1.0, false)),
            ("always_off", "1", Sampler::ratio(0.0, false)),
            ("traceidratio", "0.25", Sampler::ratio(0.25, false)),
            ("parentbased_traceidratio", "0.1", Sampler::ratio(0.1, true)),
            ("parentbased_always_off", "", Sampler::ratio(0.0, true)),
        ] {
            let told = of(name, arg);
            assert_eq!(told.sampler, sampler, "{name}");
            assert!(told.doubts.is_empty(), "{name}");
        }
        assert_eq!(read(&[]).sampler, Sampler::ratio(1.0, true));
        assert_eq!(of("jaeger_remote", "").doubts.len(), 1);
        assert_eq!(of("traceidratio", "7").doubts.len(), 1);
        let grpc = read(&[
            ON,
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ]);
        assert_eq!(grpc.doubts.len(), 2, "{:?}", grpc.doubts);
    }
}
