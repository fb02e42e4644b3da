//! The stores behind the engine's ports.

pub mod embedded;
