//! The load: connections that post one signed webhook after the other, as fast as they are
//! answered or at a rate.

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use parcelwire::transport::HttpTransport;
use parcelwire_engine::ports::Transport as _;
use parcelwire_mapping::http::HttpRequest;
use serde_json::json;
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{MERCHANTS, SECRET, sink::request};

pub(crate) struct Load {
    pub(crate) port: u16,
    pub(crate) connections: usize,
    pub(crate) seconds: u64,
    /// Webhooks a second over all connections; 0: as fast as they are answered.
    pub(crate) rate: u64,
    pub(crate) bytes: usize,
}

pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as u64
}

pub(crate) fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * share) as usize;
    values.get(at.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

pub(crate) fn run(load: &Load) {
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).expect("base64");
    let next = Arc::new(AtomicU64::new(0));
    let took = Arc::new(Mutex::new(Vec::new()));
    let local = tokio::task::LocalSet::new();
    let began = Instant::now();
    let end = began + Duration::from_secs(load.seconds);
    let pause = match load.rate {
        0 => Duration::ZERO,
        rate => Duration::from_secs_f64(load.connections as f64 / rate as f64),
    };
    for _ in 0..load.connections {
        let (key, next, took) = (key.clone(), Arc::clone(&next), Arc::clone(&took));
        let (port, bytes) = (load.port, load.bytes);
        local.spawn_local(async move {
            let mut wire = TcpStream::connect(("127.0.0.1", port)).await.expect("it listens");
            drop(wire.set_nodelay(true));
            let mut answer = vec![0; 16 * 1024];
            let mut mine = Vec::new();
            // Connections begin spread over one pause.
            let mut due = Instant::now() + pause.mul_f64((now_us() % 1000) as f64 / 1000.0);
            while Instant::now() < end {
                if !pause.is_zero() {
                    tokio::time::sleep_until(due.into()).await;
                    due += pause;
                }
                let webhook = webhook(&key, next.fetch_add(1, Ordering::Relaxed), bytes);
                let sent = Instant::now();
                wire.write_all(&webhook).await.expect("it reads");
                let mut filled = 0;
                while request(&answer[..filled]).is_none() {
                    let read = wire.read(&mut answer[filled..]).await.expect("it answers");
                    assert!(read > 0, "the connection was closed");
                    filled += read;
                }
                assert!(
                    answer.starts_with(b"HTTP/1.1 202"),
                    "{}",
                    String::from_utf8_lossy(&answer[..filled])
                );
                mine.push(sent.elapsed().as_secs_f64() * 1e3);
            }
            took.lock().expect("nobody panics with it").extend(mine);
        });
    }
    runtime().block_on(local);
    tell(&mut took.lock().expect("all have ended"), began.elapsed());
}

fn tell(took: &mut [f64], whole: Duration) {
    let told = json!({
        "count": took.len(), "per_second": took.len() as f64 / whole.as_secs_f64(),
        "p50_ms": percentile(took, 0.50), "p99_ms": percentile(took, 0.99),
    });
    println!("{told}");
}

/// One delivered parcel of an order of its own, with its recipient, of about so many bytes. As in
/// what shops and warehouses send, a line takes some 500 bytes, and most of what is said of order and
/// line is of no use here.
fn webhook(key: &[u8], number: u64, bytes: usize) -> Vec<u8> {
    let now = now_us();
    let mut body = format!(
        r#"{{"status":"delivered","order_number":"{now}-{number}","email":"kim.{number}@example.test","carrier":"DHL","tracking_number":"{now}-{number}","destination_country":"DE","first_name":"Kim","language":"de","warehouse":{{"id":"WH-3","name":"Lager Nord","dock":"D-07"}},"parcel":{{"weight_grams":1840,"length_mm":420,"width_mm":310,"height_mm":140,"packaging":"Karton M","label_format":"A6"}},"shipping":{{"name":"Kim Beispiel","street":"Musterweg","house_number":"{house}","postal_code":"20095","city":"Hamburg","country":"DE","phone":null,"company":null}},"tags":["prio","webshop"],"note":null,"items":["#,
        house = number % 200,
    );
    let mut item = 0;
    while item == 0 || body.len() + 480 < bytes {
        if item > 0 {
            body.push(',');
        }
        let written = write!(
            body,
            r#"{{"id":1{number}{item:02},"sku":"SND-{item:04}","name":"Sandale, braun, Groesse {item}","variant":"{item} / braun","quantity":1,"unit_price":"49.90","image_url":"https://shop.example.test/cdn/shop/products/sandale-braun-{item}.jpg?v=1718000000&width=600","product_url":"https://shop.example.test/products/sandale-braun?variant={number}{item:02}","barcode":"40{number:011}","hs_code":"640399","country_of_origin":"PT","weight_grams":460,"bin":"A-{item:02}-17","serials":[],"tax":[{{"title":"MwSt","rate":0.19,"price":"7.97"}}]}}"#
        );
        written.expect("a text takes it");
        item += 1;
    }
    body.push_str("]}");
    let (id, at) = (format!("msg-{now}-{number}"), now / 1_000_000);
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let merchant = number as usize % MERCHANTS;
    format!(
        "POST /hooks/m{merchant:02}/warehouse HTTP/1.1\r\nhost: relay\r\nwebhook-id: {id}\r\nwebhook-timestamp: {at}\r\nwebhook-signature: v1,{signature}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The relay's own client posts to the sink, 64 at a time.
pub(crate) fn post(port: u16, seconds: u64) {
    let transport = HttpTransport::new(&["127.0.0.0/8".to_owned()]).expect("a client");
    let body = Bytes::from(vec![b'x'; 2048]);
    let took = Arc::new(Mutex::new(Vec::new()));
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("one");
    runtime.block_on(async {
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let (transport, body, took) = (transport.clone(), body.clone(), Arc::clone(&took));
            all.spawn(async move {
                let mut mine = Vec::new();
                while Instant::now() < end {
                    let sent = Instant::now();
                    let request = HttpRequest {
                        method: "POST".to_owned(),
                        url: format!("http://127.0.0.1:{port}/api/events"),
                        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                        body: body.clone(),
                    };
                    let answer = transport.send(request).await.expect("the sink answers");
                    assert_eq!(answer.status, 202);
                    mine.push(sent.elapsed().as_secs_f64() * 1e3);
                }
                took.lock().expect("nobody panics with it").extend(mine);
            });
        }
        while all.join_next().await.is_some() {}
    });
    tell(&mut took.lock().expect("all have ended"), began.elapsed());
}
