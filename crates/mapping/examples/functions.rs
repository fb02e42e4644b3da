//! Prints the page of all functions and tests:
//! `cargo run -q -p parcelwire-mapping --example functions > docs/connectors/functions.md`

#![expect(clippy::print_stdout, reason = "that is what it is for")]

fn main() {
    print!("{}", parcelwire_mapping::expr::functions::page());
}
