//! One rule of the proposal: what the payloads of one kind have in common.

use parcelwire_domain::Value;

use super::{
    Sample,
    clock::in_two_fields,
    each::{self, Each, Items},
    form::{has_offset, is_blank},
    hunt::{Find, SURE, hunt},
    kind::{Code, code},
    leaf::{Leaf, Place, at, leaves, together},
    words::words,
};

/// One of these must be named by an event.
const SUBJECTS: [&str; 5] =
    ["order_number", "order_id", "tracking_number", "parcel_id", "return_id"];

/// Names that say whose a payload is, in a stream for many merchants.
const ACCOUNTS: [&str; 8] = [
    "merchant id",
    "seller id",
    "client id",
    "mandant",
    "account id",
    "tenant id",
    "shop id",
    "store id",
];

/// Names of what tells a repeat.
const DELIVERIES: [&str; 6] =
    ["event id", "delivery id", "message id", "notification id", "webhook id", "request id"];

/// One kind of payload.
#[derive(Debug)]
pub(super) struct Rule<'s> {
    pub(super) topic: Option<String>,
    pub(super) samples: Vec<&'s Sample>,
    pub(super) each: Option<Each>,
    pub(super) code: Option<Code>,
    pub(super) finds: Vec<Find>,
    pub(super) items: Option<Items>,
    /// The time where no single value is it, and why: of the newest scan, or in two fields.
    pub(super) made: Option<(String, &'static str)>,
    /// A time without an offset, where there is one.
    pub(super) zoneless: Option<String>,
    pub(super) delivery: Option<Place>,
    pub(super) plain_id: Option<Place>,
    pub(super) account: Option<Place>,
}

impl<'s> Rule<'s> {
    pub(super) fn of(
        topic: Option<String>,
        samples: Vec<&'s Sample>,
        topic_at: Option<&Place>,
    ) -> Self {
        let each = samples.iter().find_map(|sample| each::each(&sample.body));
        let elements = samples.iter().flat_map(|sample| elements(&sample.body, each.as_ref()));
        let local = each.as_ref().map(|each| each.local.as_str());
        let mut all = match local {
            Some(local) => together(elements.clone().map(|one| leaves(one, Some(local)))),
            None => Vec::new(),
        };
        let root = together(samples.iter().map(|sample| leaves(&sample.body, None)));
        all.extend(root.iter().cloned());
        all.retain(|leaf| !leaf.values.iter().all(is_blank));
        let list = each.as_ref().map(|each| each.steps.as_slice());
        let code = code(&all, list, topic_at);
        let state = code.as_ref().map(|code| &code.coarse.place);
        let mut finds = chosen(hunt(&all, list, state), code.as_ref(), topic_at);
        let items = elements.clone().find_map(|one| each::items(one, local));
        let items =
            items.or_else(|| samples.iter().find_map(|sample| each::items(&sample.body, None)));
        if each.is_none() && items.as_ref().is_some_and(|items| items.place.steps.len() == 1) {
            itself(&root, &mut finds);
        }
        let zoneless = finds.iter().find(|find| find.field == "occurred_at" && find.score >= SURE);
        let zoneless = zoneless.and_then(|find| {
            let leaf = all.iter().find(|leaf| leaf.place == find.place)?;
            leaf.values.iter().find(|value| !has_offset(value))?.as_id().map(str::to_owned)
        });
        let is_time = |find: &Find| find.field == "occurred_at" && find.score >= SURE;
        let past = || samples.iter().find_map(|sample| each::newest(&sample.body));
        let has_time = finds.iter().any(|find| is_time(find) && !find.is_record);
        let made = || {
            let newest = past().map(|newest| (newest, "the newest of what happened"));
            let both = || Some((in_two_fields(&all)?, "day and clock stand in two fields"));
            newest.or_else(both)
        };
        let made = if has_time { None } else { made() };
        if made.is_some() {
            finds.retain(|find| find.field != "occurred_at");
        }
        let (delivery, plain_id) = (by_name(&root, &DELIVERIES), by_name(&root, &["id"]));
        let account = by_name(&root, &ACCOUNTS);
        Self {
            topic,
            samples,
            each,
            code,
            finds,
            items,
            made,
            zoneless,
            delivery,
            plain_id,
            account,
        }
    }

    /// Whether anything says which order, parcel or return it is about.
    pub(super) fn has_subject(&self) -> bool {
        self.sure().any(|find| SUBJECTS.contains(&find.field))
    }

    pub(super) fn sure(&self) -> impl Iterator<Item = &Find> {
        self.finds.iter().filter(|find| find.score >= SURE)
    }

    /// Whether it is about an order before it is about parcels.
    pub(super) fn is_of_order(&self) -> bool {
        self.each.is_none() && !self.sure().any(|find| find.field == "tracking_number")
    }

    /// Every code that was seen, of the past too, each once; and whether it is a finer one, whose
    /// words alone could say the opposite of the coarse one's.
    pub(super) fn codes(&self) -> Vec<(String, bool)> {
        let Some(code) = &self.code else {
            return self.topic.iter().map(|topic| (topic.clone(), false)).collect();
        };
        let mut found: Vec<(String, bool)> = Vec::new();
        let finer = code.finer.iter().map(|leaf| (leaf, true));
        for (leaf, is_finer) in [(&code.coarse, false)].into_iter().chain(finer) {
            let key = leaf.place.steps.last();
            let mut values = leaf.values.clone();
            for sample in &self.samples {
                in_lists(&sample.body, key, false, &mut values);
            }
            for value in values {
                let text = value.as_id().unwrap_or_default().trim();
                let is_new = !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(text));
                if is_new && !text.is_empty() && text.chars().count() <= 60 {
                    found.push((text.to_owned(), is_finer));
                }
            }
        }
        found
    }
}

/// What is an order itself, with its items, has its own id and number at the root.
fn itself(root: &[Leaf], finds: &mut Vec<Find>) {
    let names: Vec<&str> = finds.iter().filter(|f| f.score >= SURE).map(|f| f.field).collect();
    if names.contains(&"tracking_number") || names.contains(&"order_id") {
        return;
    }
    for (key, field) in [("number", "order_number"), ("id", "order_id")] {
        let is_known = finds.iter().any(|find| find.field == field && find.score >= SURE);
        let leaf = root.iter().find(|leaf| leaf.place.steps == [key] && !leaf.place.first);
        if let Some(leaf) = leaf.filter(|_| !is_known) {
            let why = format!("the payload is an order, and this its {key}");
            let place = leaf.place.clone();
            finds.retain(|find| find.field != field && find.place != place);
            finds.insert(0, Find { field, place, score: SURE, why, is_record: false });
        }
    }
}

/// The elements of the list that is gone through.
fn elements<'v>(
    root: &'v Value,
    each: Option<&Each>,
) -> impl Iterator<Item = &'v Value> + Clone + use<'v> {
    let list = each.and_then(|each| at(root, &each.steps)?.as_list()).unwrap_or_default();
    list.iter()
}

/// The finds without those of the code's place, and each place for one field only.
fn chosen(finds: Vec<Find>, code: Option<&Code>, topic: Option<&Place>) -> Vec<Find> {
    let is_code = |place: &Place| {
        topic == Some(place)
            || code.is_some_and(|code| {
                code.coarse.place == *place
                    || code.finer.as_ref().is_some_and(|finer| finer.place == *place)
            })
    };
    let mut kept: Vec<Find> = Vec::new();
    for find in finds.into_iter().filter(|find| !is_code(&find.place)) {
        match kept.iter_mut().find(|known| known.place == find.place) {
            Some(known) if known.score < find.score => *known = find,
            Some(_) => {}
            None => kept.push(find),
        }
    }
    kept
}

fn by_name(leaves: &[Leaf], names: &[&str]) -> Option<Place> {
    let leaf = leaves.iter().find(|leaf| {
        leaf.place.steps.len() <= 2
            && !leaf.place.first
            && leaf.place.steps.last().is_some_and(|key| names.contains(&&*words(key).join(" ")))
    });
    leaf.map(|leaf| leaf.place.clone())
}

/// The values of this key inside of lists: the states a parcel had before.
fn in_lists(value: &Value, key: Option<&String>, inside: bool, found: &mut Vec<Value>) {
    match value {
        Value::Map(map) => {
            for (name, value) in map.iter() {
                if inside && Some(name) == key.map(String::as_str) && value.as_id().is_some() {
                    found.push(value.clone());
                } else {
                    in_lists(value, key, inside, found);
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| in_lists(item, key, true, found)),
        Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
    }
}
