//! parcelwire: signed webhooks of shops and warehouses in, trigger events of marketing tools out.

pub mod sandbox;
