//! What is counted and measured, in the text format of Prometheus (0.0.4), which names a counter
//! by its whole name where `OpenMetrics` leaves `_total` out. No token is asked for: no line names a
//! person; some name merchants.

use std::fmt::Write as _;

use actix_web::{HttpResponse, web::Data};

use super::Shared;

const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn show(shared: Data<Shared>) -> HttpResponse {
    let mut text = prometheus(&shared.engine.metrics().text());
    text.push_str(&shared.engine.measured().await);
    HttpResponse::Ok().content_type(CONTENT_TYPE).body(text)
}

/// From `OpenMetrics`: counters under their whole name, without units and the mark of the end.
fn prometheus(open: &str) -> String {
    let counters: Vec<&str> = open
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(open.len());
    for line in open.lines().filter(|line| !line.starts_with("# UNIT") && *line != "# EOF") {
        let mut words = line.splitn(4, ' ');
        let written = match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(kind @ ("HELP" | "TYPE")), Some(name), Some(rest))
                if counters.contains(&name) =>
            {
                writeln!(text, "# {kind} {name}_total {rest}")
            }
            _ => writeln!(text, "{line}"),
        };
        written.expect("a String takes every text");
    }
    text
}

#[cfg(test)]
mod tests {
    use parcelwire_engine::metrics::Metrics;

    use super::*;

    #[test]
    fn every_sample_stands_below_its_own_help_and_type() {
        let text = prometheus(&Metrics::default().text());
        let (mut help, mut kind, mut samples) = ("", "", 0);
        for line in text.lines() {
            // The value of a label may hold spaces, and stands in the sample.
            let words: Vec<&str> = match line.strip_prefix('#') {
                Some(_) => line.split(' ').collect(),
                None => line.rsplitn(2, ' ').collect::<Vec<_>>().into_iter().rev().collect(),
            };
            match words[..] {
                ["#", "HELP", name, ..] => help = name,
                ["#", "TYPE", name, is] => {
                    assert_eq!(name, help, "{line}");
                    kind = is;
                }
                [sample, value] => {
                    samples += 1;
                    let name = sample.split('{').next().unwrap_or_default();
                    let of = name.strip_prefix(help).unwrap_or_else(|| panic!("{line}: {help}"));
                    match kind {
                        "histogram" => assert!(["_sum", "_count", "_bucket"].contains(&of)),
                        "counter" => assert!(of.is_empty() && name.ends_with("_total"), "{line}"),
                        _ => assert!(of.is_empty(), "{line}"),
                    }
                    assert!(value.parse::<f64>().is_ok(), "{line}");
                }
                _ => panic!("neither a comment nor a sample: {line}"),
            }
        }
        assert!(samples > 20, "{text}");
    }
}
