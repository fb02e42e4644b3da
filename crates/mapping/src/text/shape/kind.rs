//! Scalar, list, map or nothing: which of them a shape takes.

use super::super::node::Node;
use super::{Field, Shape};

/// Whether lists or maps may stand here.
pub(super) fn takes_collections(shape: &Shape) -> bool {
    match shape {
        Shape::Text
        | Shape::Secret
        | Shape::Format(_)
        | Shape::Bool
        | Shape::Int { .. }
        | Shape::Number { .. }
        | Shape::Duration
        | Shape::Enum(_)
        | Shape::Expression => false,
        Shape::Template
        | Shape::Any
        | Shape::List(_)
        | Shape::OneOrMany(_)
        | Shape::Map(_)
        | Shape::Open(..)
        | Shape::MapOf(..) => true,
        Shape::OneOf(shapes) => shapes.iter().any(takes_collections),
        Shape::Ref(_, shape) => takes_collections(shape()),
    }
}

/// Whether a value left empty is fine: an empty map or list, or data.
pub(super) fn takes_nothing(shape: &Shape) -> bool {
    match shape {
        Shape::Any | Shape::List(_) | Shape::Map(_) | Shape::Open(..) | Shape::MapOf(..) => true,
        Shape::OneOf(shapes) => shapes.iter().any(takes_nothing),
        Shape::Ref(_, shape) => takes_nothing(shape()),
        Shape::Text
        | Shape::Secret
        | Shape::Format(_)
        | Shape::Bool
        | Shape::Int { .. }
        | Shape::Number { .. }
        | Shape::Duration
        | Shape::Enum(_)
        | Shape::Expression
        | Shape::Template
        | Shape::OneOrMany(_) => false,
    }
}

/// Whether a node is a scalar, list or map where the shape wants one.
pub(super) fn fits_kind(shape: &Shape, node: &Node) -> bool {
    match shape {
        Shape::Any | Shape::Template => true,
        Shape::Secret => !node.is_map(),
        Shape::Text
        | Shape::Format(_)
        | Shape::Bool
        | Shape::Int { .. }
        | Shape::Number { .. }
        | Shape::Duration
        | Shape::Enum(_)
        | Shape::Expression => node.is_scalar() && !node.is_null(),
        Shape::List(_) => node.as_list().is_some(),
        Shape::OneOrMany(item) => node.is_list() || fits_kind(item, node),
        Shape::Map(_) | Shape::Open(..) | Shape::MapOf(..) => node.as_map().is_some(),
        Shape::OneOf(shapes) => shapes.iter().any(|shape| fits_kind(shape, node)),
        Shape::Ref(_, shape) => fits_kind(shape(), node),
    }
}

/// How well a map's keys are those of the shape: known ones, less required ones that are missing.
pub(super) fn keys_known(shape: &Shape, node: &Node) -> isize {
    let missing = |fields: &[Field]| {
        fields.iter().filter(|field| field.required && !node.has(field.key)).count() as isize
    };
    match shape {
        Shape::Map(fields) => {
            let is_known = |name: &str| fields.iter().any(|field| field.key == name);
            let known = node.entries().filter(|(key, _)| is_known(&key.text)).count();
            known as isize - missing(fields)
        }
        Shape::Open(fields, _) => node.entries().count() as isize - missing(fields),
        Shape::MapOf(..) | Shape::Any | Shape::Template => node.entries().count() as isize,
        Shape::OneOf(shapes) => {
            shapes.iter().map(|shape| keys_known(shape, node)).max().unwrap_or(0)
        }
        Shape::Ref(_, shape) => keys_known(shape(), node),
        Shape::Text
        | Shape::Secret
        | Shape::Format(_)
        | Shape::Bool
        | Shape::Int { .. }
        | Shape::Number { .. }
        | Shape::Duration
        | Shape::Enum(_)
        | Shape::Expression
        | Shape::List(_)
        | Shape::OneOrMany(_) => 0,
    }
}
