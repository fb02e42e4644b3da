//! Rule files of sixty-four merchants with an invented warehouse and an invented marketing tool, and the
//! real engine over a store.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_engine::{
    Answer, Engine, Hook, Parts, Settings, Target,
    ports::{Clock, Transport, TransportError},
    rules::Rules,
};
use parcelwire_mapping::{
    blocks::verify::Secret,
    book::{Book, FileKind, RuleFile, SecretRef, Secrets, Surroundings},
    http::{HttpAnswer, HttpRequest},
};

use crate::{MERCHANTS, place::Place};

const KEY: &str = "the-warehouse-s-key-0001";

const DEPOT: &str = "\
title: Depot
facts: invented for a benchmark
verify: { token: true, header: X-Depot-Key }
delivery_id: =id
events:
  code: =state
  occurred_at: =at
  order_id: =order
  order_number: =order
  email: =mail
  carrier: dhl
  tracking_number: =track
statuses:
  dispatched: dispatched
  ready_for_pickup: ready_for_pickup
  delivered: delivered
tests: {}
";

const PIGEON: &str = "\
title: Pigeon
facts: invented for a benchmark
settings: { api_key: { secret: true } }
base_url: https://pigeon.test
headers: { Authorization: 'Bearer {{ settings.api_key }}' }
repeated_id: ignored
send:
  request: POST /events
  json: { id: =id, trigger: =trigger, order: =order_number, email: =email, data: =properties }
tests: {}
";

const MERCHANT: &str = "\
holds: off
country: DE
timezone: Europe/Berlin
sources: { depot: { secret: the-warehouse-s-key-0001 } }
destinations: { pigeon: { api_key: pigeon-key-0001, limits: off } }
";

/// The name of a merchant.
pub(crate) fn merchant(n: u64) -> String {
    format!("m{:02}", n % MERCHANTS)
}

pub(crate) fn book() -> Book {
    let file = |kind, name: &str, text: &str| RuleFile {
        kind,
        name: name.to_owned(),
        path: format!("{name}.yaml"),
        text: text.to_owned(),
    };
    let mut files = vec![
        file(FileKind::Mapping, "default", include_str!("../../mappings/default.yaml")),
        file(FileKind::SourceConnector, "depot", DEPOT),
        file(FileKind::DestinationConnector, "pigeon", PIGEON),
    ];
    files.extend((0..MERCHANTS).map(|n| file(FileKind::Merchant, &merchant(n), MERCHANT)));
    let (book, told) = Book::compile(&files, &Literally, &Surroundings::default(), None);
    assert!(!told.has_errors(), "the benchmark's own files: {told:?}");
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

/// The time of the machine.
struct Wall;

#[async_trait]
impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn until(&self, at: Timestamp) {
        let rest = Duration::try_from(at.duration_since(Timestamp::now()));
        tokio::time::sleep(rest.unwrap_or(Duration::ZERO)).await;
    }
}

/// A marketing tool that counts what it is told.
#[derive(Default)]
pub(crate) struct Pigeon(AtomicU64);

impl Pigeon {
    pub(crate) fn told(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Transport for Pigeon {
    async fn send(&self, _: HttpRequest) -> Result<HttpAnswer, TransportError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(HttpAnswer {
            status: 200,
            headers: Vec::new(),
            body: Bytes::from_static(b"{}"),
            truncated: false,
            took: Duration::ZERO,
        })
    }
}

/// The engine over a store.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) pigeon: Arc<Pigeon>,
}

impl World {
    pub(crate) fn over(place: &Place) -> Self {
        let pigeon = Arc::new(Pigeon::default());
        let engine = Engine::new(Parts {
            ledger: Arc::clone(&place.ledger),
            archive: Arc::clone(&place.archive),
            vault: Arc::clone(&place.vault),
            mailer: None,
            transport: Arc::clone(&pigeon) as _,
            clock: Arc::new(Wall),
            rules: Arc::new(Rules::new(book())),
            instance_key: place.key,
            seed: [3; 32],
            settings: Settings::default(),
        });
        Self { engine, pigeon }
    }

    /// A webhook of the warehouse about parcel `n`, accepted.
    pub(crate) async fn post(&self, n: u64, state: &str) {
        let of = merchant(n);
        let body = format!(
            "{{\"id\":\"{n}-{state}\",\"state\":\"{state}\",\"at\":\"{}\",\"order\":\"A-{n}\",\
             \"mail\":\"kim.{n}@example.test\",\"track\":\"T-{n}\"}}",
            Timestamp::now()
        );
        let hook = Hook {
            target: Target::Source { merchant: &of, source: "depot" },
            method: "POST",
            path: "/hooks",
            query: "",
            headers: &[("x-depot-key", KEY), ("content-type", "application/json")],
            body: Bytes::from(body),
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let answer = self.engine.receive(hook).await;
        assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
    }
}
