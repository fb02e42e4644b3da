//! The rule files of every world: an invented warehouse, an invented marketing tool.

use std::sync::LazyLock;

use parcelwire_mapping::{
    blocks::verify::Secret,
    book::{Book, FileKind, RuleFile, SecretRef, Secrets, Surroundings},
};

/// The merchants of every world: of two relays, or three, each works for at least one of them.
pub(crate) const MERCHANTS: [&str; 4] = ["anna", "frida", "gustav", "jan"];

pub(crate) const KEY: &str = "the-warehouse-s-key-0001";

const DEPOT: &str = "\
title: Depot
facts: invented for simulation
verify: { token: true, header: X-Depot-Key }
delivery_id: =id
events:
  code: =state
  occurred_at: =at
  order_id: =order
  order_number: =order
  email: =mail
  tracking_number: =track
statuses:
  order_placed: order_placed
  dispatched: dispatched
  in_transit: in_transit
  out_for_delivery: out_for_delivery
  ready_for_pickup: ready_for_pickup
  delivered: delivered
tests: {}
";

/// The same warehouse where its webhooks only say what is to be asked for.
const POINTING: &str = "\
title: Depot
facts: invented for simulation
settings: { key: { secret: true } }
verify: { token: true, header: X-Depot-Key }
delivery_id: =id
lookup:
  request: GET https://depot.test/facts/{{ fact }}
  headers: { Authorization: 'Bearer {{ settings.key }}' }
events:
  code: =answer.state
  occurred_at: =answer.at
  order_id: =answer.order
  order_number: =answer.order
  email: =answer.mail
  tracking_number: =answer.track
statuses:
  order_placed: order_placed
  dispatched: dispatched
  out_for_delivery: out_for_delivery
  delivered: delivered
tests: {}
";

const PIGEON: &str = "\
title: Pigeon
facts: invented for simulation
settings: { api_key: { secret: true } }
base_url: https://pigeon.test
headers: { Authorization: 'Bearer {{ settings.api_key }}' }
repeated_id: ignored
send:
  request: POST /events
  json: { id: =id, trigger: =trigger, name: =name, order: =order_number, email: =email, data: =properties }
tests: {}
";

const MERCHANT: &str = "\
holds: off
mapping: plain
sources: { depot: { secret: the-warehouse-s-key-0001 } }
destinations: { pigeon: { api_key: MERCHANT-key, limits: off } }
";

const ASKING: &str = "\
holds: off
mapping: plain
sources: { depot: { secret: the-warehouse-s-key-0001, key: the-key-for-questions } }
destinations: { pigeon: { api_key: MERCHANT-key, limits: off } }
";

const PLAIN: &str = "\
extends: default
triggers: { dispatched: on, out_for_delivery: on, delivered: on, order_placed: off }
";

/// A merchant of which everything is told that may follow from silence.
pub(crate) const WATCHFUL: &str = "dora";

const DORA: &str = "\
holds: off
timezone: Europe/Berlin
country: DE
mapping: watchful
alerts: { to: shop@dora.test }
sources: { depot: { secret: the-warehouse-s-key-0001 } }
destinations: { pigeon: { api_key: MERCHANT-key, limits: off } }
";

const WATCHFUL_RULES: &str = "\
extends: default
triggers: { fulfilment_stalled: on, carrier_pickup_stalled: on, shipment_stalled: on, presumed_lost: on }
";

/// The files of a world whose webhooks say all. Compiled once: there are many worlds.
pub(crate) fn telling() -> Book {
    static BOOK: LazyLock<Book> = LazyLock::new(|| telling_without(""));
    BOOK.clone()
}

/// The same after the watchful merchant chose German names.
pub(crate) fn telling_in_german() -> Book {
    let german = DORA.replace("mapping: watchful", "mapping: watchful\nnames: de");
    book(&Files { dora: &german, ..Files::default() })
}

/// The same without the files of one merchant.
pub(crate) fn telling_without(merchant: &str) -> Book {
    book(&Files { without: merchant, ..Files::default() })
}

/// The files of a world whose webhooks point to what they are about.
pub(crate) fn asking() -> Book {
    static BOOK: LazyLock<Book> = LazyLock::new(|| {
        book(&Files { depot: POINTING, merchant: ASKING, without: WATCHFUL, ..Files::default() })
    });
    BOOK.clone()
}

/// Whose key this is, as a request shows it.
pub(crate) fn merchant_of(authorization: &str) -> Option<&str> {
    authorization.strip_prefix("Bearer ")?.strip_suffix("-key")
}

/// What differs between worlds.
struct Files<'a> {
    depot: &'a str,
    merchant: &'a str,
    dora: &'a str,
    without: &'a str,
}

impl Default for Files<'_> {
    fn default() -> Self {
        Self { depot: DEPOT, merchant: MERCHANT, dora: DORA, without: "" }
    }
}

fn book(differs: &Files<'_>) -> Book {
    let Files { depot, merchant, dora, without } = *differs;
    let file = |kind, name: &str, text: &str| RuleFile {
        kind,
        name: name.to_owned(),
        path: format!("{name}.yaml"),
        text: text.replace("MERCHANT", name),
    };
    let default = include_str!("../../../mappings/default.yaml");
    let mut files = vec![
        file(FileKind::Mapping, "default", default),
        file(FileKind::Mapping, "plain", PLAIN),
        file(FileKind::Mapping, "watchful", WATCHFUL_RULES),
        file(FileKind::Merchant, WATCHFUL, dora),
        file(FileKind::SourceConnector, "depot", depot),
        file(FileKind::DestinationConnector, "pigeon", PIGEON),
    ];
    files.extend(MERCHANTS.iter().map(|name| file(FileKind::Merchant, name, merchant)));
    files.retain(|file| file.name != without);
    let (book, told) = Book::compile(&files, &Literally, &Surroundings::default(), None);
    assert!(!told.has_errors(), "the world's own files: {told:?}");
    book
}

/// Secrets that stand in the files.
struct Literally;

impl Secrets for Literally {
    fn find(&self, place: &SecretRef) -> Result<Secret, String> {
        let SecretRef::Literal(text) = place else { return Err("it is not here".to_owned()) };
        Secret::new(text.clone()).map_err(|fault| fault.to_string())
    }

    fn are_real(&self) -> bool {
        true
    }
}
