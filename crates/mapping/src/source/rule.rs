//! One rule of `events:`: from a payload to events.

use std::{collections::BTreeSet, sync::Arc};

use jiff::tz::TimeZone;
use parcelwire_domain::{
    Event, Map, Moment, Party, TimePrecision, Value,
    taxonomy::{Field, Home, Leg, Reason, Status, field},
};

use super::{
    Received, closed,
    coerce::{fit, is_blank},
    flatten,
    names::Names,
    shape::RULE_KEYS,
    statuses::{Meaning, Say, Statuses, status_and_reason},
    time::moment,
};
use crate::{
    draft,
    expr::{Built, Decision, Env, Expr, Kind, Scope, Template, Val},
    text::{Diagnostic, Diagnostics, Node, Place},
};

/// Most events of one body.
pub(super) const MAX_EVENTS: usize = 2_000;

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    topics: Vec<String>,
    names: Names,
    when: Option<Expr>,
    each: Option<(Expr, String)>,
    says: Says,
    quiet: bool,
    leg: Option<Template>,
    reason: Option<Template>,
    occurred_at: Option<Template>,
    zone: Option<TimeZone>,
    fields: Vec<(&'static Field, Built)>,
}

#[derive(Debug)]
enum Says {
    Always(Status, Option<Reason>, Place),
    Code(Vec<Template>),
}

/// What all rules of a file share.
pub(super) struct Around<'a> {
    pub(super) statuses: &'a Statuses,
    pub(super) party: Party,
    pub(super) zone: Option<&'a TimeZone>,
    pub(super) account: Option<&'a Template>,
}

/// What the rules have found so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) events: Vec<Event>,
    /// Of each event: the line of the file that gave it its status.
    pub(super) lines: Vec<Arc<str>>,
    pub(super) unmapped: Vec<String>,
    /// Codes that the table does not know beside a coarser one that it knows.
    pub(super) finer: Vec<String>,
    pub(super) notes: Vec<String>,
    /// Codes that are to be ignored, each once.
    pub(super) ignored: Vec<String>,
    pub(super) no_subject: bool,
    pub(super) other_account: bool,
    /// Accounts that elements belong to, each once.
    pub(super) accounts: Vec<String>,
}

impl Found {
    /// Notes it once, however many elements of a payload it holds for.
    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

impl Rule {
    pub(super) fn compile(
        node: &Node,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let as_name = node
            .has("each")
            .then(|| node.get("as").and_then(Node::as_str).unwrap_or("item").to_owned());
        let names = Names::compile(node, as_name.as_deref(), scope, diagnostics)?;
        let scope = &names.scope(scope);
        let each = match (node.get("each"), as_name) {
            (Some(each), Some(name)) => Some((draft::expression(each, scope, diagnostics)?, name)),
            _ => None,
        };
        let scope = match &each {
            Some((_, name)) => scope.with_local(name.clone(), Kind::Any),
            None => scope.clone(),
        };
        let scope = names.of_element.scope(scope);
        let when = match node.get("when") {
            Some(when) => Some(draft::expression(when, &scope, diagnostics)?),
            None => None,
        };
        let says = says(node, &scope, diagnostics);
        let mut one =
            |key: &str| node.get(key).map(|value| draft::template(value, &scope, diagnostics));
        let (leg, reason, occurred_at) = (one("leg"), one("reason"), one("occurred_at"));
        let zone = node.get("timezone").and_then(|zone| time_zone(zone, diagnostics));
        let mut fields = Vec::new();
        for (key, value) in node.entries() {
            let name = key.text.as_str();
            closed::check(name, value, diagnostics);
            if RULE_KEYS.contains(&name) || matches!(name, "leg" | "reason" | "occurred_at") {
                continue;
            }
            if let (Some(field), Some(built)) =
                (field(name), draft::built(value, &scope, diagnostics))
            {
                fields.push((field, built));
            }
        }
        let topics = node.get("topic").map(Node::one_or_many).unwrap_or_default();
        Some(Self {
            topics: topics.iter().filter_map(Node::as_str).map(str::to_owned).collect(),
            names,
            when,
            each,
            says: says?,
            quiet: node.get("quiet").and_then(Node::as_bool).unwrap_or(false),
            leg: flatten(leg)?,
            reason: flatten(reason)?,
            occurred_at: flatten(occurred_at)?,
            zone,
            fields,
        })
    }

    /// Adds every status that the rule may state as news.
    pub(super) fn may_state(&self, table: &Statuses, found: &mut BTreeSet<Status>) {
        if self.quiet {
            return;
        }
        let mut add = |status: Status, leg: Option<Leg>| match (&self.leg, leg) {
            // A leg that the payload states may be any.
            (Some(_), _) => found.extend(Leg::ALL.map(|leg| status.on(leg))),
            (None, leg) => drop(found.insert(status.on(leg.unwrap_or(Leg::Forward)))),
        };
        match &self.says {
            Says::Always(status, ..) => add(*status, None),
            Says::Code(_) => {
                let news = table.meanings().filter(|meaning| !meaning.quiet);
                news.for_each(|meaning| add(meaning.status, meaning.leg));
            }
        }
        found.remove(&Status::Unknown);
    }

    /// Whether the rule fills this field.
    pub(super) fn brings(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field.name == name)
    }

    /// Whether the rule is for this topic. `returns/*` stands for all that begin so.
    pub(super) fn is_for(&self, topic: Option<&str>) -> bool {
        let topic = topic.unwrap_or_default();
        self.topics.is_empty()
            || self.topics.iter().any(|known| match known.strip_suffix('*') {
                Some(start) => {
                    topic.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
                }
                None => known.eq_ignore_ascii_case(topic),
            })
    }

    /// Every code or status that the rule can say by itself.
    pub(super) fn run<'a>(
        &'a self,
        env: &mut Env<'a>,
        around: &Around<'a>,
        received: &Received<'a>,
        found: &mut Found,
    ) {
        self.names.of_rule.push(env);
        self.over(env, around, received, found);
        self.names.of_rule.pop(env);
    }

    fn over<'a>(
        &'a self,
        env: &mut Env<'a>,
        around: &Around<'a>,
        received: &Received<'a>,
        found: &mut Found,
    ) {
        let Some((over, name)) = &self.each else {
            self.one(env, around, received, found);
            return;
        };
        let items = match over.eval(env) {
            Val::List(list) => list.items(),
            Val::Missing => return,
            single => vec![single],
        };
        for item in items.into_iter().take(MAX_EVENTS) {
            env.push(name, item);
            self.names.of_element.push(env);
            self.one(env, around, received, found);
            self.names.of_element.pop(env);
            env.pop();
        }
    }

    fn one<'a>(
        &'a self,
        env: &mut Env<'a>,
        around: &Around<'a>,
        received: &Received<'a>,
        found: &mut Found,
    ) {
        if found.events.len() >= MAX_EVENTS {
            return;
        }
        match self.when.as_ref().map_or(Decision::Yes, |when| when.decide(env)) {
            Decision::Yes => {}
            Decision::No => return,
            Decision::Undecided(missing) => {
                found.note(format!("a rule's condition needs `{missing}`, which is missing"));
                return;
            }
        }
        if let Some(account) = around.account {
            let account = account.eval(env).as_text().map(|text| text.trim().to_owned());
            let account = account.unwrap_or_default();
            let wanted = received.accounts;
            if !found.accounts.contains(&account) {
                found.accounts.push(account.clone());
            }
            if !wanted.is_empty() && !wanted.contains(&account) {
                found.other_account = true;
                return;
            }
        }
        let Some(said) = self.said(env, around, found) else { return };
        let mut fields = self.fields(env, &said, found);
        if !names_subject(&fields) {
            found.no_subject = true;
            return;
        }
        if let Some(code) = &said.code
            && fields.get("raw_code").is_none()
        {
            fields.set("raw_code", Value::text(code.clone()));
        }
        let occurred_at = self.occurred_at(env, around, received, found);
        let stated = self.stated_leg(env, &said);
        let status = said.status.on(stated.unwrap_or(Leg::Forward));
        found.lines.push(said.place.shown());
        found.events.push(Event {
            status,
            reason: said.reason,
            leg: match status.row().home {
                Home::Leg(leg) => leg,
                Home::Order => Leg::Forward,
                Home::Any => stated.unwrap_or(Leg::Forward),
            },
            quiet: self.quiet || said.meaning.is_some_and(|meaning| meaning.quiet),
            imported: false,
            occurred_at,
            received_at: received.received_at,
            source: received.source.clone(),
            party: around.party,
            fields,
        });
    }

    fn said<'a>(
        &'a self,
        env: &Env<'a>,
        around: &Around<'a>,
        found: &mut Found,
    ) -> Option<Said<'a>> {
        let own_reason = self.reason.as_ref().and_then(|reason| reason.eval(env).as_text());
        let own_reason = own_reason.and_then(|text| {
            let known = Reason::parse(text.trim());
            if known.is_none() && !text.trim().is_empty() {
                found.notes.push("a reason that is not on the list was left out".to_owned());
            }
            known
        });
        match &self.says {
            Says::Always(status, reason, place) => Some(Said {
                status: *status,
                reason: own_reason.or(*reason),
                meaning: None,
                code: None,
                place,
            }),
            Says::Code(codes) => {
                let mut first = None;
                for template in codes {
                    let Some(code) =
                        template.eval(env).as_text().filter(|code| !code.trim().is_empty())
                    else {
                        continue;
                    };
                    match around.statuses.look_up(&code) {
                        Some(Say::Ignore) => {
                            found.finer.extend(first);
                            let code = code.trim();
                            if !found.ignored.iter().any(|known| known == code) {
                                found.ignored.push(code.to_owned());
                            }
                            return None;
                        }
                        Some(Say::This(meaning)) => {
                            // A finer code that the table does not know yet is counted all the same.
                            found.finer.extend(first);
                            return Some(Said {
                                status: meaning.status,
                                reason: own_reason.or(meaning.reason),
                                meaning: Some(meaning),
                                code: Some(code.trim().to_owned()),
                                place: &meaning.place,
                            });
                        }
                        None => first = first.or(Some(code.trim().chars().take(100).collect())),
                    }
                }
                found.unmapped.extend(first);
                None
            }
        }
    }

    fn fields<'a>(&'a self, env: &mut Env<'a>, said: &Said<'a>, found: &mut Found) -> Map {
        let mut fields = Map::new();
        for (field, built) in &self.fields {
            if let Some(value) = built.eval(env) {
                put(&mut fields, field, value, found);
            }
        }
        for (name, built) in said.meaning.iter().flat_map(|meaning| &meaning.fields) {
            if let (Some(field), Some(value)) = (field(name), built.eval(env)) {
                put(&mut fields, field, value, found);
            }
        }
        fields
    }

    /// On which leg the source saw it, where it says so.
    fn stated_leg<'a>(&'a self, env: &Env<'a>, said: &Said<'_>) -> Option<Leg> {
        let stated = self.leg.as_ref().and_then(|leg| leg.eval(env).as_text());
        let stated = stated.and_then(|leg| Leg::parse(leg.trim()));
        stated.or(said.meaning.and_then(|meaning| meaning.leg))
    }

    fn occurred_at<'a>(
        &'a self,
        env: &Env<'a>,
        around: &Around<'a>,
        received: &Received<'a>,
        found: &mut Found,
    ) -> Moment {
        let stated = self.occurred_at.as_ref().map(|at| at.eval(env)).unwrap_or_default();
        let read = moment(&stated, self.zone.as_ref().or(around.zone));
        if read.is_none() && !stated.is_missing() {
            found
                .notes
                .push("the time could not be read; that of its arrival was taken".to_owned());
        }
        read.unwrap_or(Moment {
            at: received.received_at,
            offset_seconds: 0,
            precision: TimePrecision::Received,
        })
    }
}

/// What a payload said.
struct Said<'a> {
    status: Status,
    reason: Option<Reason>,
    meaning: Option<&'a Meaning>,
    code: Option<String>,
    /// The line that says so.
    place: &'a Place,
}

fn put(fields: &mut Map, field: &'static Field, value: Value, found: &mut Found) {
    let is_said = !is_blank(&value);
    match fit(field, value) {
        Some(value) => fields.set(field.name, value),
        None if !is_said => {}
        None => found.notes.push(format!("`{}` did not fit and was left out", field.name)),
    }
}

fn names_subject(fields: &Map) -> bool {
    ["order_id", "order_number", "parcel_id", "tracking_number", "tracking_numbers", "return_id"]
        .iter()
        .any(|name| fields.get(name).is_some())
}

fn says(node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Says> {
    match (node.get("status"), node.get("code")) {
        (Some(status), None) => {
            let text = status.as_str()?;
            let place = Place::from(&status.span);
            status_and_reason(text, status, diagnostics)
                .map(|(status, reason)| Says::Always(status, reason, place))
        }
        (None, Some(code)) => {
            let codes = code.one_or_many();
            let codes: Vec<Option<Template>> =
                codes.iter().map(|code| draft::template(code, scope, diagnostics)).collect();
            codes.into_iter().collect::<Option<Vec<_>>>().map(Says::Code)
        }
        (Some(_), Some(_)) => {
            let message = "a rule has `status:` or `code:`, not both";
            diagnostics.push(Diagnostic::error(&node.span, message).hint("keep one of them"));
            None
        }
        (None, None) => {
            let error = Diagnostic::error(&node.span, "a rule needs `status:` or `code:`");
            diagnostics.push(
                error.hint("`status:` for a fixed one, `code:` to look it up in `statuses:`"),
            );
            None
        }
    }
}

/// Reads the name of a time zone.
pub(super) fn time_zone(node: &Node, diagnostics: &mut Diagnostics) -> Option<TimeZone> {
    let name = node.as_str()?;
    let zone = TimeZone::get(name).ok();
    if zone.is_none() {
        let error = Diagnostic::error(&node.span, format!("`{name}` is no time zone"));
        diagnostics.push(error.hint("write an IANA name, as in Europe/Berlin"));
    }
    zone
}
