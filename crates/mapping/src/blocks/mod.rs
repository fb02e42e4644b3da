//! The building blocks of connectors: how a request is verified and signed, how a body is encoded,
//! how often a system may be called, what an answer means. A connector's file picks among them and
//! fills in their options; a new system that fits none of them gets one new file here.
//!
//! Must not know: YAML, the network, the clock (`now` is passed in), merchants, the store.

pub mod encode;
pub mod limits;
pub mod outcome;
pub mod sign;
pub mod verify;
