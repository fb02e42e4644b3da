//! The stores behind the engine's ports.

#[cfg(test)]
mod contract;
pub mod embedded;
mod meters;
mod moment;
pub mod moving;
mod packed;
pub mod redis;
mod shown;

/// Codes that no table knows are counted one by one up to so many of a source.
pub(crate) const MAX_CODES: u32 = 200;
