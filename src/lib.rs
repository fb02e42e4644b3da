//! parcelwire: signed webhooks of shops and warehouses in, trigger events of marketing tools out.

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod http;
pub mod mail;
pub mod sandbox;
mod simulate;
pub mod telemetry;
pub mod transport;
