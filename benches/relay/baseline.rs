//! The same server verifying the same webhooks and answering 202, without storing anything.

use std::{path::Path, sync::Arc};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    web::{self, Bytes, Data},
};
use jiff::Timestamp;
use parcelwire::config::{RuleFiles, Settings};
use parcelwire_mapping::{
    blocks::verify::{Headers, Incoming},
    book::Book,
};

use crate::system::settings_file;

pub(crate) fn run(port: u16, directory: &Path) {
    std::env::set_current_dir(directory).expect("it is there");
    let settings = Settings::load(Some(&settings_file(directory))).expect("they are in order");
    let files = RuleFiles::of(&settings);
    let (found, _) = files.read();
    let (book, told) = Book::compile(&found, &files.secrets, &files.around, None);
    assert!(!told.has_errors());
    let book = Data::from(Arc::new(book));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(book.clone())
            .route("/readyz", web::get().to(HttpResponse::Ok))
            .route("/hooks/{merchant}/{source}", web::post().to(take))
    })
    .workers(std::thread::available_parallelism().map_or(2, usize::from))
    .bind(("127.0.0.1", port))
    .expect("a port");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(server.run()).expect("it runs");
}

async fn take(
    request: HttpRequest,
    body: Bytes,
    book: Data<Book>,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    let headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let incoming = Incoming::post(Headers::new(&headers), &body);
    let merchant = book.merchant(&path.0).expect("it is known");
    let source = merchant.sources.values().next().expect("it has one");
    match source.ready.verify(&incoming, Timestamp::now()) {
        Ok(_) => HttpResponse::Accepted().json(serde_json::json!({ "status": "accepted" })),
        Err(_) => HttpResponse::Unauthorized().finish(),
    }
}
