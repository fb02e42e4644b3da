//! A request as it stands in a file, and what its answer means: the same in the slots of a
//! destination and in what a source asks. Must not know who sends it, nor what for.

mod answers;
mod plan;
pub(crate) mod shape;

pub(crate) use answers::{Answers, Read, scope as answer_scope, throttles, with_wait};
pub(crate) use plan::{Plan, templates, with_parameter};
