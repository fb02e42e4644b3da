//! What a message must have before it is worth a request, and what is said where it has not.

use crate::{
    blocks::outcome::Verdict,
    draft,
    expr::{Env, Expr, Scope, Template},
    text::{Diagnostics, Node},
};

/// Everything that a file or a slot asks for; the first that is not there counts.
#[derive(Debug, Default)]
pub(super) struct Needs(Vec<Need>);

#[derive(Debug)]
struct Need {
    value: Expr,
    is: Verdict,
    say: Template,
}

impl Needs {
    pub(super) fn compile(file: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Self {
        let nodes = file.get("needs").and_then(Node::as_list).unwrap_or_default();
        let needs = nodes.iter().filter_map(|node| {
            let is = node.get("is").and_then(Node::as_str).and_then(Verdict::parse);
            Some(Need {
                value: draft::expression(node.get("value")?, scope, diagnostics)?,
                is: is.unwrap_or(Verdict::Rejected),
                say: draft::template(node.get("say")?, scope, diagnostics)?,
            })
        });
        Self(needs.collect())
    }

    /// The verdict, and why, for a message that lacks something; a blank value is none.
    pub(super) fn lacking<'a>(&'a self, env: &Env<'a>) -> Option<(Verdict, String)> {
        let need = self.0.iter().find(|need| need.value.eval(env).is_blank())?;
        let said = need.say.eval(env).as_text().map(|text| text.into_owned());
        Some((need.is.clone(), said.unwrap_or_else(|| "something is missing".to_owned())))
    }
}
