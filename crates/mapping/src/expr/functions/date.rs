//! Functions on times. A time is a text: RFC 3339, a date, or a time without a zone. A number is
//! Unix time, in milliseconds from 100,000,000,000 on.

use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::{DateTimePrinter, Pieces};
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, Zoned};

use super::super::ast::Prepared;
use super::super::number::Decimal;
use super::super::value::Val;
use super::{Function, Given, Want, arg, option};

/// From here on a number is milliseconds: as seconds it would be the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Most of one unit in a length of time.
const MAX_SPAN: i64 = 1_000_000;

pub(super) static ROWS: &[Function] = &[
    Function {
        name: "date",
        args: &[option("zone", Want::Zone), option("format", Want::Format)],
        doc: "A time in RFC 3339. `zone` is meant where it names none; `format` is how it is written.",
        example: (
            "'22.11.2026 10:30' | date('Europe/Berlin', '%d.%m.%Y %H:%M')",
            r#""2026-11-22T10:30:00+01:00""#,
        ),
        answers: false,
        takes_missing: false,
        run: date,
    },
    Function {
        name: "format_date",
        args: &[arg("format", Want::Format), option("language", Want::Choice(&["de", "en"]))],
        doc: "A time as a text in a strftime format, names of days and months in that language.",
        example: ("'2026-11-22' | format_date('%A, %d.%m.%Y', 'de')", r#""Sonntag, 22.11.2026""#),
        answers: false,
        takes_missing: false,
        run: format_date,
    },
    Function {
        name: "in_zone",
        args: &[arg("zone", Want::Zone)],
        doc: "The same moment by the clocks of a time zone.",
        example: (
            "'2026-11-22T10:00:00Z' | in_zone('Europe/Berlin')",
            r#""2026-11-22T11:00:00+01:00""#,
        ),
        answers: false,
        takes_missing: false,
        run: |given| {
            let (Some(at), Some(zone)) = (instant(&given.input, None), zone(given, 0)) else {
                return Val::Missing;
            };
            show(given, Moment::At(at.to_zoned(zone)))
        },
    },
    Function {
        name: "add",
        args: &[arg("span", Want::Span)],
        doc: "A time later by `30m`, `12h`, `3d`, `2w`, or earlier by `-3d`.",
        example: ("'2026-11-22' | add('3d')", r#""2026-11-25""#),
        answers: false,
        takes_missing: false,
        run: |given| {
            let span = given.arg_text(0).and_then(|text| span(&text));
            let later = Moment::read(&given.input).zip(span).and_then(|(at, span)| at.plus(span));
            later.map(|later| show(given, later)).unwrap_or_default()
        },
    },
    Function {
        name: "unix",
        args: &[],
        doc: "A time as whole seconds since 1970.",
        example: ("'2026-11-22T10:00:00Z' | unix", "1795341600"),
        answers: false,
        takes_missing: false,
        run: |given| {
            instant(&given.input, None).map(|t| Val::int(t.as_second())).unwrap_or_default()
        },
    },
    Function {
        name: "unix_ms",
        args: &[],
        doc: "A time as milliseconds since 1970.",
        example: ("'2026-11-22T10:00:00Z' | unix_ms", "1795341600000"),
        answers: false,
        takes_missing: false,
        run: |given| {
            let at = instant(&given.input, None);
            at.map(|t| Val::int(t.as_millisecond())).unwrap_or_default()
        },
    },
    Function {
        name: "rfc3339",
        args: &[option("digits", Want::Number)],
        doc: "A time in RFC 3339 and UTC, with that many digits of a second (0).",
        example: (
            "'2026-11-22T11:00:00.5+01:00' | rfc3339(digits=3)",
            r#""2026-11-22T10:00:00.500Z""#,
        ),
        answers: false,
        takes_missing: false,
        run: |given| {
            let digits = given.arg_int(0).unwrap_or(0);
            let digits = u8::try_from(digits).ok().filter(|digits| *digits <= 9);
            let (Some(at), Some(digits)) = (instant(&given.input, None), digits) else {
                return Val::Missing;
            };
            given.made(DateTimePrinter::new().precision(Some(digits)).timestamp_to_string(&at))
        },
    },
];

/// A time as far as it is known.
enum Moment {
    Day(Date),
    Local(DateTime),
    At(Zoned),
}

impl Moment {
    fn read(val: &Val<'_>) -> Option<Self> {
        match val {
            Val::Number(number) => unix(Decimal::read(number)?.truncated().as_i64()?),
            Val::Text(text) => Self::read_text(text.trim()),
            Val::Missing | Val::Bool(_) | Val::List(_) | Val::Map(_) => None,
        }
    }

    fn read_text(text: &str) -> Option<Self> {
        // Seconds and milliseconds of this century have 10 and 13 digits; a day has 8.
        if matches!(text.len(), 10 | 13) && text.bytes().all(|b| b.is_ascii_digit()) {
            return unix(text.parse().ok()?);
        }
        let Ok(pieces) = Pieces::parse(text) else {
            return rfc2822::parse(text).ok().map(Self::At);
        };
        let Some(time) = pieces.time() else { return Some(Self::Day(pieces.date())) };
        let local = DateTime::from_parts(pieces.date(), time);
        let Some(offset) = pieces.to_numeric_offset() else { return Some(Self::Local(local)) };
        local.to_zoned(TimeZone::fixed(offset)).ok().map(Self::At)
    }

    fn at(self, zone: Option<&TimeZone>) -> Option<Zoned> {
        match self {
            Self::At(at) => Some(at),
            Self::Local(local) => local.to_zoned(zone?.clone()).ok(),
            Self::Day(day) => day.to_zoned(zone?.clone()).ok(),
        }
    }

    fn plus(self, span: Span) -> Option<Self> {
        Some(match self {
            Self::Day(day) => Self::Day(day.checked_add(span).ok()?),
            Self::Local(local) => Self::Local(local.checked_add(span).ok()?),
            Self::At(at) => Self::At(at.checked_add(span).ok()?),
        })
    }
}

fn unix(n: i64) -> Option<Moment> {
    let at = if n.abs() < MILLISECONDS_FROM {
        Timestamp::from_second(n)
    } else {
        Timestamp::from_millisecond(n)
    };
    at.ok().map(|at| Moment::At(at.to_zoned(TimeZone::UTC)))
}

/// The moment a value states; `zone` is meant where it names none. Without either, no moment.
pub fn instant(val: &Val<'_>, zone: Option<&TimeZone>) -> Option<Timestamp> {
    Moment::read(val)?.at(zone).map(|at| at.timestamp())
}

/// Reads a length of time as rule files write it: `45s`, `30m`, `12h`, `3d`, `2w`, `-3d`.
pub fn span(text: &str) -> Option<Span> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let unit = digits.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = digits.split_at_checked(unit)?;
    let count = sign * count.parse::<i64>().ok().filter(|count| *count <= MAX_SPAN)?;
    let span = match unit {
        "s" => Span::new().try_seconds(count),
        "m" => Span::new().try_minutes(count),
        "h" => Span::new().try_hours(count),
        "d" => Span::new().try_days(count),
        "w" => Span::new().try_weeks(count),
        _ => return None,
    };
    span.ok()
}

/// Whether a strftime format can be written for a time with a zone.
pub(in super::super) fn is_format(format: &str) -> bool {
    let sample = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    strtime::format(format, &sample).is_ok()
}

fn zone(given: &Given<'_, '_>, place: usize) -> Option<TimeZone> {
    match given.prepared {
        Prepared::Zone(zone) => Some(zone.clone()),
        Prepared::Nothing | Prepared::Pattern(_) => TimeZone::get(&given.arg_text(place)?).ok(),
    }
}

fn date<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let zone = zone(given, 0);
    if zone.is_none() && !given.args[0].is_missing() {
        return Val::Missing;
    }
    let moment = match given.arg_text(1) {
        None => Moment::read(&given.input),
        Some(format) => given.text().and_then(|text| parse(&format, text.trim())),
    };
    let moment = match (moment, &zone) {
        (Some(Moment::Local(local)), Some(zone)) => {
            Moment::Local(local).at(Some(zone)).map(Moment::At)
        }
        (moment, _) => moment,
    };
    moment.map(|moment| show(given, moment)).unwrap_or_default()
}

fn parse(format: &str, text: &str) -> Option<Moment> {
    let parsed = strtime::parse(format, text).ok()?;
    if let Ok(at) = parsed.to_timestamp() {
        let offset = parsed.offset().unwrap_or(Offset::UTC);
        return Some(Moment::At(at.to_zoned(TimeZone::fixed(offset))));
    }
    if let Ok(local) = parsed.to_datetime()
        && parsed.hour().is_some()
    {
        return Some(Moment::Local(local));
    }
    parsed.to_date().ok().map(Moment::Day)
}

/// The moment as a text that [`Moment::read`] reads again.
fn show<'a>(given: &Given<'a, '_>, moment: Moment) -> Val<'a> {
    given.made(match moment {
        Moment::Day(day) => day.to_string(),
        Moment::Local(local) => local.to_string(),
        Moment::At(at) if at.offset() == Offset::UTC => at.timestamp().to_string(),
        Moment::At(at) => {
            DateTimePrinter::new().timestamp_with_offset_to_string(&at.timestamp(), at.offset())
        }
    })
}

fn format_date<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let (Some(moment), Some(format)) = (Moment::read(&given.input), given.arg_text(0)) else {
        return Val::Missing;
    };
    let day = match &moment {
        Moment::Day(day) => *day,
        Moment::Local(local) => local.date(),
        Moment::At(at) => at.date(),
    };
    let german = given.arg_text(1).is_some_and(|language| language == "de");
    let format = if german { in_german(&format, day) } else { format.into_owned() };
    let text = match moment {
        Moment::Day(day) => strtime::format(&format, day),
        Moment::Local(local) => strtime::format(&format, local),
        Moment::At(at) => strtime::format(&format, &at),
    };
    text.map(|text| given.made(text)).unwrap_or_default()
}

const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const GERMAN_DAYS: [&str; 7] =
    ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];

/// The format with its names of days and months already written in German.
fn in_german(format: &str, day: Date) -> String {
    let month = usize::try_from(day.month() - 1).unwrap_or(0);
    let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
    let month = GERMAN_MONTHS.get(month).copied().unwrap_or_default();
    let weekday = GERMAN_DAYS.get(weekday).copied().unwrap_or_default();
    let mut out = String::with_capacity(format.len());
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('B') => out.push_str(month),
            Some('b') => out.extend(month.chars().take(3)),
            Some('A') => out.push_str(weekday),
            Some('a') => out.extend(weekday.chars().take(2)),
            Some(other) => out.extend(['%', other]),
            None => out.push('%'),
        }
    }
    out
}
