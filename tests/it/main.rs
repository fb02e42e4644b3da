//! The whole, from outside: real sockets, the real store, files on disk.

#![expect(clippy::disallowed_methods, reason = "tests are an edge: they send at the time it is")]

mod alaiko;
mod api;
mod asking;
mod bad_input;
mod catalogue;
mod commands;
mod connections;
mod coverage;
mod destinations;
mod disk;
mod docs;
mod feeds;
mod fetched_keys;
mod first_start;
mod fuzz;
mod handshakes;
mod harness;
mod kill;
mod lookup;
mod mistakes;
mod newcomer;
mod openapi;
mod other;
mod poll;
mod process;
mod reload;
mod requests;
mod samples;
mod settling;
mod settling_news;
mod signing;
mod silent;
mod starting;
mod stop;
mod supply;
mod tidy;
mod unmapped;
mod vendors;
mod waking;
mod windows;
