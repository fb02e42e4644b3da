//! parcelwire
