//! One world by its four numbers, lived and looked at.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{Fault, Kind, Outcome, Plan, check, run};

/// A world that can be lived again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// What it is like.
    pub kind: Kind,
    /// Where its chance begins.
    pub seed: u64,
    /// When calls fail.
    pub plan: Plan,
    /// How many orders there are.
    pub orders: u64,
}

impl Case {
    /// A case of the row of all worlds: every kind in turn, calm and wild ones.
    pub fn of_row(seed: u64) -> Self {
        let kinds = Kind::ALL.len() as u64;
        let kind = Kind::ALL[usize::try_from(seed % kinds).unwrap_or(0)];
        let turn = seed / kinds;
        let chance = u32::try_from(20 + turn % 4 * 30).unwrap_or(20);
        Self { kind, seed, plan: Plan::Often(chance), orders: 3 + turn % 4 }
    }

    /// Lives it, and looks whether all holds that must.
    ///
    /// # Panics
    ///
    /// With what does not hold, and with the line that makes a named test of it.
    pub fn lives(self) -> Outcome {
        let lived = catch_unwind(AssertUnwindSafe(|| {
            let outcome = run(self.kind, self.seed, self.plan, self.orders);
            check::all(&outcome);
            outcome
        }));
        lived.unwrap_or_else(|why| {
            panic!("{}\nas a line of tests/named.rs:\n    name_it: {self};", text(why.as_ref()))
        })
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind::{:?}, {}, ", self.kind, self.seed)?;
        match self.plan {
            Plan::Often(chance) => write!(f, "Plan::Often({chance})")?,
            Plan::Once(nth, fault) => write!(f, "Plan::Once({nth}, {})", name(fault))?,
        }
        write!(f, ", {}", self.orders)
    }
}

fn name(fault: Fault) -> String {
    format!("Fault::{fault:?}")
}

fn text(why: &(dyn Any + Send)) -> &str {
    let literal = why.downcast_ref::<&str>().copied();
    literal.or_else(|| why.downcast_ref::<String>().map(String::as_str)).unwrap_or("it panicked")
}
