//! Payload → events, worked out by reading the payloads. `null` stands for a field that must be absent.

use serde_json::{Value, json};

/// What one payload comes to.
pub(super) struct Row {
    /// Its file, in the folder of payloads.
    pub(super) file: &'static str,
    pub(super) source: &'static str,
    /// The topic, where the payload does not say it.
    pub(super) topic: Option<&'static str>,
    /// What the other system answers that is asked about it.
    pub(super) answer: Option<Value>,
    pub(super) expected: Expected,
}

pub(super) enum Expected {
    /// So many events, each with these fields.
    Events(Value),
    /// No event, and this note.
    None(&'static str),
}

/// Folders of real ones that no connector reads yet.
pub(super) const NO_CONNECTOR: &[&str] =
    &["amazon", "bigcommerce", "dhl", "easypost", "karrio", "shipbob", "shippo", "trackingmore"];

/// Headers beside payloads, and vectors that are tried over HTTP.
pub(super) const NO_PAYLOADS: &[&str] = &[
    "aftership/tracking_update.headers.json",
    "sendcloud/signature_vector.json",
    "standard_webhooks/headers_example.json",
];

fn events(
    file: &'static str,
    source: &'static str,
    topic: Option<&'static str>,
    events: Value,
) -> Row {
    Row { file, source, topic, answer: None, expected: Expected::Events(events) }
}

fn none(
    file: &'static str,
    source: &'static str,
    topic: Option<&'static str>,
    note: &'static str,
) -> Row {
    Row { file, source, topic, answer: None, expected: Expected::None(note) }
}

/// The invented ones.
pub(super) fn own() -> Vec<Row> {
    vec![
        events(
            "sendcloud/parcel_status_changed.json",
            "sendcloud",
            None,
            json!([{
                "status": "delivered", "occurred_at": "2025-11-20T09:15:00Z", "order_number": "#1001",
                "email": "kim@example.test", "tracking_number": "3SXYZ0001", "parcel_id": "987",
                "carrier": "postnl", "destination_country": "NL", "raw_code": "11",
            }]),
        ),
        events(
            "shopify/fulfillment_event.json",
            "shopify",
            Some("fulfillment_events/create"),
            json!([{
                "status": "ready_for_pickup", "occurred_at": "2026-11-20T08:30:00Z", "email": null,
                "order_id": "5000000001", "parcel_id": "6000000001", "eta_until": null,
                "location": { "city": "Leipzig", "country": "DE" },
            }]),
        ),
        none(
            "shopify/fulfillment_event.json",
            "shopify",
            Some("themes/publish"),
            "filtered: topic_not_used",
        ),
        events(
            "webhook/two_events.json",
            "webhook",
            None,
            json!([
                {
                    "status": "dispatched", "occurred_at": "2026-11-20T09:00:00Z", "time_precision": "second",
                    "tracking_number": "A1", "carrier": "dhl", "order_number": "#1001", "parcel_count": 2,
                },
                {
                    "status": "delivery_attempt_failed", "reason": "recipient_unavailable", "attempt": 1,
                    "time_precision": "received", "tracking_number": "A2", "email": "kim@example.test",
                },
            ]),
        ),
        events(
            "woocommerce/order.json",
            "woocommerce",
            Some("order.created"),
            json!([{
                "status": "order_placed", "occurred_at": "2026-11-20T09:00:00Z", "quiet": null,
                "order_id": "4711", "order_number": "4711", "email": "kim@example.test", "phone": null,
                "external_id": "12", "destination_country": "AT", "order_value": "59.90",
                "order_items": [{ "sku": "SND-38", "variant_id": null, "quantity": 2, "unit_price": "29.95" }],
            }]),
        ),
    ]
}

/// The real ones.
pub(super) fn real() -> Vec<Row> {
    let mut rows = shops();
    rows.extend(warehouses_and_carriers());
    rows
}

fn shops() -> Vec<Row> {
    let order = |quiet: Value| {
        json!([{
            "status": "order_placed", "occurred_at": "2017-03-22T19:28:02Z", "time_precision": "second",
            "quiet": quiet, "order_id": "727", "order_number": "727", "email": "john.doe@example.com",
            "phone": "+15555555555", "first_name": "John", "external_id": null, "destination_country": "US",
            "order_value": "29.35", "currency": "USD", "order_items": [
                { "product_id": "93", "name": "Woo Single #1", "quantity": 2, "unit_price": "3" },
                { "sku": "Bar3", "variant_id": "23", "quantity": 1, "unit_price": "12" },
            ],
        }])
    };
    let shopify = |file, topic, wanted| events(file, "shopify", Some(topic), wanted);
    let nothing = |file, topic, note| none(file, "shopify", Some(topic), note);
    vec![
        // An answer of the REST API, wrapped as no webhook is.
        nothing("shopify/rest_refund.json", "refunds/create", "failed: no_subject"),
        shopify(
            "shopify/webhook_fulfillment_events_create.json",
            "fulfillment_events/create",
            json!([{
                "status": "in_transit", "leg": "forward", "occurred_at": "2022-01-01T00:00:00Z",
                "order_id": "820982911946154508", "parcel_id": "123456", "location": { "country": "CA" },
                "raw_text": "Item is now in transit", "email": null, "tracking_number": null,
            }]),
        ),
        nothing(
            "shopify/webhook_fulfillment_orders_placed_on_hold.abridged.json",
            "fulfillment_orders/placed_on_hold",
            "filtered: topic_not_used",
        ),
        shopify(
            "shopify/webhook_fulfillments_create.json",
            "fulfillments/create",
            json!([{
                "status": "dispatched", "occurred_at": "2022-01-01T00:00:00Z", "email": "jon@example.com",
                "order_id": "820982911946154508", "order_number": "#9999", "parcel_id": "123456",
                "carrier": "ups", "carrier_name": "UPS", "tracking_number": "1z827wk74630",
                "tracking_url": "https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums=1z827wk74630",
                "destination_country": "US", "items": [
                    { "sku": "SKU2006-001", "name": "Aviator sunglasses", "quantity": 1, "unit_price": "89.99" },
                    { "sku": "LENS-PROTECT-2YR", "product_id": null, "unit_price": "19.99" },
                    { "sku": "CASE-LEATHER-PREM", "name": "Premium Leather Case" },
                    { "sku": "SKU2006-020", "unit_price": "159.99" },
                    { "sku": "SKU2006-035", "name": "Coffee table", "unit_price": "119.99" },
                ],
            }]),
        ),
        shopify(
            "shopify/webhook_orders_create.abridged.json",
            "orders/create",
            json!([{
                "status": "order_placed", "occurred_at": "2022-01-01T00:00:00Z", "email": "jon@example.com",
                "external_id": "115310627314723954", "first_name": "John", "last_name": "Smith",
                "language": "en", "order_id": "820982911946154508", "order_number": "#9999",
                "order_value": "404.95", "currency": "USD", "destination_country": "US", "phone": null,
                "order_status_url": "https://jsmith.myshopify.com/548380009/orders/123456abcd/authenticate?key=abcdefg",
                "order_items": [
                    { "sku": "SKU2006-001" }, { "sku": "LENS-PROTECT-2YR" }, { "sku": "CASE-LEATHER-PREM" },
                    { "sku": "SKU2006-020" }, { "sku": "SKU2006-035", "quantity": 1, "unit_price": "119.99" },
                ],
            }]),
        ),
        // No return belongs to it: remembered, and told to nobody.
        shopify(
            "shopify/webhook_refunds_create.abridged.json",
            "refunds/create",
            json!([{
                "status": "return_refunded", "quiet": true, "occurred_at": "2022-01-01T00:00:00Z",
                "order_id": "820982911946154508", "refund_id": "890088186047892319", "refund_amount": "75.00",
                "refund_currency": null,
            }]),
        ),
        // It has no time of its own.
        shopify(
            "shopify/webhook_returns_approve.json",
            "returns/approve",
            json!([{
                "status": "return_label_created", "leg": "return", "return_document": "instructions",
                "time_precision": "received", "order_id": "4783296544821", "return_id": "123134564567890",
            }]),
        ),
        nothing("shopify/webhook_returns_close.json", "returns/close", "filtered: ignored"),
        nothing("shopify/webhook_returns_decline.json", "returns/decline", "filtered: ignored"),
        none("shopware/entity_written_product.json", "shopware", None, "filtered: topic_not_used"),
        // `processing` is no second event.
        events(
            "woocommerce/order_docs_0.json",
            "woocommerce",
            Some("order.created"),
            order(Value::Null),
        ),
        events(
            "woocommerce/order_docs_0.json",
            "woocommerce",
            Some("order.updated"),
            order(true.into()),
        ),
        none("woocommerce/ping_body.txt", "woocommerce", None, "failed: unreadable"),
    ]
}

fn warehouses_and_carriers() -> Vec<Row> {
    vec![
        // The time of the milestone, not of the last scan.
        events(
            "17track/tracking_updated.minimal.thirdparty.json",
            "17track",
            None,
            json!([{
                "status": "delivered", "occurred_at": "2026-08-19T13:17:39Z", "tracking_number": "TRACK",
                "raw_code": "Delivered",
            }]),
        ),
        events(
            "aftership/tracking_update.trimmed.json",
            "aftership",
            None,
            json!([{
                "status": "in_transit", "leg": "forward", "occurred_at": "2021-01-14T00:52:00Z",
                "time_precision": "assumed_zone", "order_number": "string", "carrier": "usps",
                "tracking_number": "0000000000000000", "raw_code": "InTransit_001",
                "raw_text": "Departed Shipping Partner Facility, USPS Awaiting Item",
            }]),
        ),
        events(
            "sendcloud/event_subscription_parcel_created.abridged.json",
            "sendcloud",
            None,
            json!([{
                "status": "label_created", "occurred_at": "2026-01-15T10:00:00Z", "order_number": "ORDER-12345",
                "ordered_at": "2026-01-14T16:42:03Z", "order_value": "54.90", "currency": "EUR",
                "parcel_id": "12345678", "carrier": "dpd", "tracking_number": "3SYZXG132912330",
                "tracking_url": "https://tracking.sendcloud.sc/forward?carrier=dpd&code=3SYZXG132912330",
                "email": null, "destination_country": null,
            }]),
        ),
        // Both of its times are placeholders.
        events(
            "sendcloud/parcel_status_changed.json",
            "sendcloud",
            None,
            json!([{
                "status": "label_created", "time_precision": "received", "order_id": "AMZ23311",
                "order_number": "ORD12334", "email": "contact@sendcloud.com", "phone": "+31612345678",
                "destination_country": "NL", "parcel_id": "1", "service_level": "PostNL Standard",
                "tracking_number": "3SYZXG132912330", "raw_code": "1", "raw_text": "Ready to send",
            }]),
        ),
        // `packages` is cut off in it; the outer fields are the first of two.
        events(
            "shiphero/shipment_update.abridged.json",
            "shiphero",
            None,
            json!([{
                "status": "dispatched", "time_precision": "received", "order_id": "test-track-url",
                "order_number": "test-track-url", "tracking_number": "15619819718",
                "parcel_id": "315518042/Package #1", "items": [{ "sku": "FU2314R", "quantity": 1 }],
            }]),
        ),
        // A batch of labels is ready; it names no parcel.
        none("shipstation/v2_batch_processed.json", "shipstation_v2", None, "filtered: ignored"),
        none("shipstation/v1_ship_notify.json", "shipstation_v2", None, "filtered: topic_not_used"),
        // It leads to two labels, one of them for the way back.
        Row {
            answer: Some(json!({ "page": 1, "pages": 1, "total": 2, "shipments": [
                {
                    "shipmentId": 33_974_374, "orderId": 43_945_660, "orderKey": "8061c220", "orderNumber": "100038-1",
                    "customerEmail": "kim@example.test", "createDate": "2026-11-20T12:35:09.2600000",
                    "shipDate": "2026-11-20", "trackingNumber": "9405511899564298901175", "isReturnLabel": false,
                    "carrierCode": "stamps_com", "serviceCode": "usps_priority_mail", "voided": false,
                    "voidDate": null, "shipTo": { "name": "Kim Example", "country": "US" }, "shipmentItems": null,
                },
                {
                    "shipmentId": 33_974_375, "orderNumber": "100038-1", "customerEmail": "kim@example.test",
                    "createDate": "2026-11-20T12:36:00.0000000", "trackingNumber": "9405511899564298901176",
                    "isReturnLabel": true, "carrierCode": "stamps_com", "voided": false,
                },
            ] })),
            ..events(
                "shipstation/v1_ship_notify.json",
                "shipstation_v1",
                None,
                json!([
                    {
                        "status": "dispatched", "leg": "forward", "occurred_at": "2026-11-20T20:35:09Z",
                        "order_number": "100038-1", "order_id": "8061c220", "parcel_id": "33974374",
                        "email": "kim@example.test", "tracking_number": "9405511899564298901175",
                        "destination_country": "US", "items": null,
                    },
                    {
                        "status": "return_label_created", "leg": "return", "return_document": "label",
                        "order_number": "100038-1", "tracking_number": "9405511899564298901176",
                        "email": "kim@example.test", "parcel_id": null,
                    },
                ]),
            )
        },
        // No eta: the scheduled day is of 2019, the delivery of 2024.
        events(
            "ups/track_alert_delivered.json",
            "ups",
            None,
            json!([{
                "status": "delivered", "occurred_at": "2024-04-23T13:50:04Z", "time_precision": "second",
                "carrier": "ups", "tracking_number": "1Z204W4R0308071865", "delivered_to_name": "John",
                "location": { "city": "Charlotte", "country": "US" }, "raw_code": "FS",
                "raw_text": "Delivered", "eta_until": null, "eta_date": null,
            }]),
        ),
    ]
}
