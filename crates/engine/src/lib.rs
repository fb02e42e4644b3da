//! Receive, process and send over ports. Must not know: actix, an HTTP client, a database, any
//! marketing tool or shop system by name.

pub mod ports;
