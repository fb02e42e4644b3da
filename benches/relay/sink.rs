//! A marketing API that takes everything at once: counts, and measures how old it is.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Instant,
};

use serde_json::json;

use crate::load::{now_us, percentile};

#[derive(Default)]
struct Seen {
    events: u64,
    lags_ms: Vec<f64>,
    first: Option<Instant>,
    last: Option<Instant>,
}

pub(crate) fn run(port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
    let seen = Arc::new(Mutex::new(Seen::default()));
    for stream in listener.incoming().flatten() {
        let seen = Arc::clone(&seen);
        std::thread::Builder::new()
            .stack_size(128 * 1024)
            .spawn(move || serve(stream, &seen))
            .expect("a thread");
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Seen>) {
    drop(stream.set_nodelay(true));
    let (mut buffer, mut filled) = (vec![0_u8; 64 * 1024], 0);
    loop {
        while let Some((head, whole)) = request(&buffer[..filled]) {
            let answer = answer(&buffer[..head], &buffer[head..whole], seen);
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
            buffer.copy_within(whole..filled, 0);
            filled -= whole;
        }
        match stream.read(&mut buffer[filled..]) {
            Ok(read) if read > 0 => filled += read,
            _ => return,
        }
    }
}

/// Where the first whole request's head and body end.
pub(crate) fn request(bytes: &[u8]) -> Option<(usize, usize)> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).ok()?.to_ascii_lowercase();
    let length = text
        .split("content-length:")
        .nth(1)
        .and_then(|rest| rest.split("\r\n").next()?.trim().parse::<usize>().ok())
        .unwrap_or(0);
    (bytes.len() >= head + length).then_some((head, head + length))
}

fn answer(head: &[u8], body: &[u8], seen: &Mutex<Seen>) -> String {
    let mut seen = seen.lock().expect("nobody panics with it");
    let (status, text) = if head.starts_with(b"POST") {
        if let Some(sent) = stamp(body) {
            seen.lags_ms.push(now_us().saturating_sub(sent) as f64 / 1000.0);
        }
        seen.events += 1;
        let now = Instant::now();
        seen.first.get_or_insert(now);
        seen.last = Some(now);
        ("202 Accepted", "{}".to_owned())
    } else {
        let took = match (seen.first, seen.last) {
            (Some(first), Some(last)) => last.duration_since(first).as_secs_f64(),
            _ => 0.0,
        };
        let per_second = if took > 0.0 { seen.events as f64 / took } else { 0.0 };
        let mut lags = std::mem::take(&mut seen.lags_ms);
        let report = json!({
            "events": seen.events, "per_second": per_second,
            "p50_ms": percentile(&mut lags, 0.50), "p99_ms": percentile(&mut lags, 0.99),
        });
        seen.lags_ms = lags;
        if head.starts_with(b"GET /reset") {
            *seen = Seen::default();
        }
        ("200 OK", report.to_string())
    };
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{text}",
        text.len()
    )
}

/// When the load generator sent the webhook: it stands in the tracking number.
fn stamp(body: &[u8]) -> Option<u64> {
    let key = b"\"tracking_number\":\"";
    let at = body.windows(key.len()).position(|window| window == key)? + key.len();
    let end = body[at..].iter().position(|byte| *byte == b'-')? + at;
    std::str::from_utf8(&body[at..end]).ok()?.parse().ok()
}
