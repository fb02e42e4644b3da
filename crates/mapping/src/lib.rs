//! Rule files: YAML text → checked plan → event → request. Pure, total, bounded.
//! Must not know: HTTP clients, tokio, clocks, the file system, any store.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "syntax trees and values of the expression language are matched for single forms"
)]

mod ask;
pub mod blocks;
pub mod book;
pub mod coverage;
pub mod describe;
pub mod destination;
pub mod draft;
pub mod expr;
pub mod filetests;
pub mod http;
pub mod import;
pub mod infer;
pub mod json;
pub mod merchant;
pub mod scenario;
pub mod settings;
pub mod source;
pub mod text;
pub mod unmapped;
