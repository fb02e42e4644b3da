//! Which names an expression may use, and what is known of their values when files are loaded.

/// What a value is known to be when a file is loaded.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing is known.
    Any,
    /// A truth value.
    Bool,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A list of one kind of element.
    List(Box<Kind>),
    /// A map with any keys.
    Map,
    /// A map of which all possible keys are known; any other is an error at load.
    Fields(Vec<(String, Kind)>),
}

impl Kind {
    /// A closed map.
    pub fn fields<N: Into<String>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Fields(fields.into_iter().map(|(name, kind)| (name.into(), kind)).collect())
    }

    /// A list of `element`.
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Any => "value",
            Self::Bool => "truth value",
            Self::Number => "number",
            Self::Text => "text",
            Self::List(_) => "list",
            Self::Map | Self::Fields(_) => "map",
        }
    }
}

/// The names an expression may begin a path with.
#[derive(Debug, Clone)]
pub struct Scope {
    names: Vec<(String, Kind)>,
    open: bool,
}

impl Scope {
    /// Only names that are added exist: the fields of an event, in mappings and destinations.
    pub fn closed() -> Self {
        Self { names: Vec::new(), open: false }
    }

    /// Any name may exist, as in a payload that nobody has described.
    pub fn open() -> Self {
        Self { names: Vec::new(), open: true }
    }

    /// Adds a root name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, kind: Kind) -> Self {
        self.names.push((name.into(), kind));
        self
    }

    /// Adds a name for the inside of an `each:`; it hides an earlier one.
    #[must_use]
    pub fn with_local(&self, name: impl Into<String>, kind: Kind) -> Self {
        self.clone().with(name, kind)
    }

    /// The kind of a name; `None` when it cannot exist.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        let known = self.names.iter().rev().find(|(known, _)| known == name);
        known.map(|(_, kind)| kind).or(if self.open { Some(&Kind::Any) } else { None })
    }

    /// The names that were added, for hints.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(name, _)| name.as_str())
    }
}

/// The name in `known` that `wrong` was probably meant to be.
pub fn nearest<'n>(wrong: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let limit = match wrong.chars().count() {
        0..=2 => 1,
        3..=6 => 2,
        _ => 3,
    };
    let caseless = wrong.to_lowercase();
    known
        .into_iter()
        .map(|name| (distance(&caseless, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Letters to insert, remove, replace or swap to get from one text to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (line, c) in from.chars().take(64).enumerate() {
        let mut next = vec![line + 1];
        for (at, d) in to.iter().enumerate() {
            let replaced = row[at] + usize::from(c != *d);
            let mut best = replaced.min(row[at + 1] + 1).min(next[at] + 1);
            if at > 0 && last == Some(*d) && to[at - 1] == c && !before.is_empty() {
                best = best.min(before[at - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
        last = Some(c);
    }
    row.last().copied().unwrap_or_default()
}
