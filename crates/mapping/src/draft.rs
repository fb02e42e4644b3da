//! From the tree of a file to what the expression language compiles.

use crate::{
    expr::{Built, Draft, Entry, Expr, Scope, Template},
    text::{Diagnostic, Diagnostics, Node, NodeKind, Style},
};

/// The node as structure with templates for its values.
pub fn draft(node: &Node) -> Draft {
    let span = node.span.clone();
    match &node.kind {
        NodeKind::Scalar { text, style } => {
            let quoted = matches!(style, Style::Quoted | Style::Block);
            Draft::Scalar { text: text.clone(), quoted, span }
        }
        NodeKind::List(items) => Draft::List(items.iter().map(draft).collect(), span),
        NodeKind::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| Entry {
                key: key.text.clone(),
                key_span: key.span.clone(),
                value: draft(value),
            });
            Draft::Map(entries.collect(), span)
        }
    }
}

/// Compiles a value of any form.
pub fn built(node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Built> {
    Built::compile(&draft(node), scope, diagnostics)
}

/// Compiles a scalar whose value is a text unless it is computed.
pub fn template(node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Template> {
    let text = node.as_str()?;
    Template::text(text, &node.span, scope, diagnostics)
}

/// Compiles a condition or another single expression; the leading `=` may not be left out.
pub fn expression(node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let text = node.as_str()?;
    let Some(rest) = text.strip_prefix('=').filter(|rest| !rest.starts_with('=')) else {
        let message = format!("`{text}` is a text; an expression is expected here");
        diagnostics.push(Diagnostic::error(&node.span, message).hint("start it with `=`"));
        return None;
    };
    let span = node.part(1, text.len());
    Expr::compile(rest, &span, scope, diagnostics)
}
