//! The port [`Turnstile`], on Redis: each credential's turns are one value in a slot of their own.

use std::{fmt::Write as _, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_engine::ports::{LedgerResult, Limits, TurnWish, Turns, Turnstile};

use super::{
    Inner, Redis,
    answer::{Fields, misfit, number},
    connect::Arguments,
    scripts,
};

/// What an instance has under way is believed for so many leases after it was told: longer than any
/// request lasts.
const BELIEVED: u32 = 12;

#[async_trait]
impl Turnstile for Redis {
    async fn turns(&self, wish: TurnWish, _: Timestamp) -> LedgerResult<Turns> {
        self.inner.turns(&wish, Duration::ZERO).await
    }

    async fn rest(
        &self,
        credential: [u8; 16],
        limits: Limits,
        span: Duration,
        _: Timestamp,
    ) -> LedgerResult<()> {
        // What is under way is told with the next wish.
        let limits = Limits { concurrent: None, ..limits };
        let wish = TurnWish { credential, limits, under_way: 0, turns: 0 };
        self.inner.turns(&wish, span).await.map(|_| ())
    }
}

impl Inner {
    async fn turns(&self, wish: &TurnWish, rest: Duration) -> LedgerResult<Turns> {
        let mut arguments = Arguments::default();
        arguments
            .add(self.me.as_str())
            .number(wish.under_way)
            .number(wish.turns)
            .number((self.leases.length() * BELIEVED).as_millis())
            .number(rest.as_millis())
            .number(wish.limits.concurrent.map_or(0, std::num::NonZeroU32::get))
            .number(Turns::LAST.as_millis());
        let windows: Vec<(Duration, u32)> = wish.limits.windows().collect();
        arguments.number(windows.len());
        for (length, limit) in windows {
            arguments.number(length.as_secs()).number(limit);
        }
        let answer = self.link.run(&scripts::TURNS, &key(wish.credential), &arguments).await?;
        let mut answer = Fields::of(answer)?;
        let granted = u32::try_from(number(&answer.text()?)?).map_err(|_| misfit("turns"))?;
        let wait = answer.optional()?.filter(|wait| !wait.is_empty());
        let wait = wait.map(|wait| number(&wait)).transpose()?;
        // Not at the very moment: else the next wish may come too early by a part of a millisecond.
        let wait = wait.map(|wait| Duration::from_millis(1 + wait.max(0).unsigned_abs()));
        Ok(Turns { granted, wait })
    }
}

/// The beginning of a credential's keys: a slot of its own, whatever partition asks.
fn key(credential: [u8; 16]) -> String {
    let mut key = "pw:{c:".to_owned();
    for byte in credential {
        write!(key, "{byte:02x}").expect("a String takes every text");
    }
    key.push_str("}:");
    key
}
