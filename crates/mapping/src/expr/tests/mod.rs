//! What expressions mean: by table, against minijinja where both speak the same, and by law.

mod bounds;
mod faults;
mod laws;
mod meaning;
mod values;

use parcelwire_domain::Value;

use super::*;
use crate::{json::Doc, text::SourceFile};

/// An expression that must load, over anything.
fn compiled(text: &str) -> Expr {
    let mut told = Diagnostics::default();
    let span = SourceFile::new("a.yaml", text).start();
    let compiled = Expr::compile(text, &span.part(0, text.len()), &Scope::open(), &mut told);
    compiled.unwrap_or_else(|| panic!("`{text}` does not load: {told:?}"))
}

/// The JSON of the value over these names, `missing` when there is none.
fn value(text: &str, names: &str) -> String {
    let doc = Doc::parse(names.as_bytes()).expect("the names are JSON");
    let expression = compiled(text);
    let env = Env::over(Val::from(doc.root()));
    let value: Option<Value> = expression.eval(&env).into_value();
    value.map_or("missing".to_owned(), |value| value.to_json())
}
