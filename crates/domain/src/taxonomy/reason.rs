//! Why something happened: a closed list, so that flows can branch on it.

/// A reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    /// `address_incomplete`
    AddressIncomplete,
    /// `address_not_found`
    AddressNotFound,
    /// `recipient_moved`
    RecipientMoved,
    /// `recipient_unavailable`
    RecipientUnavailable,
    /// `business_closed`
    BusinessClosed,
    /// `no_access`
    NoAccess,
    /// `no_safe_place`
    NoSafePlace,
    /// `refused`
    Refused,
    /// `not_collected`
    NotCollected,
    /// `identification_failed`
    IdentificationFailed,
    /// `payment_due`
    PaymentDue,
    /// `duties_due`
    DutiesDue,
    /// `customs_documents`
    CustomsDocuments,
    /// `customs_inspection`
    CustomsInspection,
    /// `customs_refused`
    CustomsRefused,
    /// `prohibited_goods`
    ProhibitedGoods,
    /// `weather`
    Weather,
    /// `natural_disaster`
    NaturalDisaster,
    /// `strike`
    Strike,
    /// `carrier_capacity`
    CarrierCapacity,
    /// `carrier_vehicle`
    CarrierVehicle,
    /// `missorted`
    Missorted,
    /// `out_of_service_area`
    OutOfServiceArea,
    /// `damaged`
    Damaged,
    /// `disposed`
    Disposed,
    /// `recipient_request`
    RecipientRequest,
    /// `sender_request`
    SenderRequest,
    /// `sender_data`
    SenderData,
    /// `packaging`
    Packaging,
    /// `stock`
    Stock,
    /// `fraud_check`
    FraudCheck,
    /// `carrier_rejected`
    CarrierRejected,
    /// `security`
    Security,
    /// `investigation`
    Investigation,
    /// `tracking_failed`
    TrackingFailed,
    /// `unspecified`
    Unspecified,
    /// `deceased`
    Deceased,
}

static NAMES: &[&str] = &[
    "address_incomplete",
    "address_not_found",
    "recipient_moved",
    "recipient_unavailable",
    "business_closed",
    "no_access",
    "no_safe_place",
    "refused",
    "not_collected",
    "identification_failed",
    "payment_due",
    "duties_due",
    "customs_documents",
    "customs_inspection",
    "customs_refused",
    "prohibited_goods",
    "weather",
    "natural_disaster",
    "strike",
    "carrier_capacity",
    "carrier_vehicle",
    "missorted",
    "out_of_service_area",
    "damaged",
    "disposed",
    "recipient_request",
    "sender_request",
    "sender_data",
    "packaging",
    "stock",
    "fraud_check",
    "carrier_rejected",
    "security",
    "investigation",
    "tracking_failed",
    "unspecified",
    "deceased",
];

impl Reason {
    /// All reasons.
    pub const ALL: &'static [Self] = &[
        Self::AddressIncomplete,
        Self::AddressNotFound,
        Self::RecipientMoved,
        Self::RecipientUnavailable,
        Self::BusinessClosed,
        Self::NoAccess,
        Self::NoSafePlace,
        Self::Refused,
        Self::NotCollected,
        Self::IdentificationFailed,
        Self::PaymentDue,
        Self::DutiesDue,
        Self::CustomsDocuments,
        Self::CustomsInspection,
        Self::CustomsRefused,
        Self::ProhibitedGoods,
        Self::Weather,
        Self::NaturalDisaster,
        Self::Strike,
        Self::CarrierCapacity,
        Self::CarrierVehicle,
        Self::Missorted,
        Self::OutOfServiceArea,
        Self::Damaged,
        Self::Disposed,
        Self::RecipientRequest,
        Self::SenderRequest,
        Self::SenderData,
        Self::Packaging,
        Self::Stock,
        Self::FraudCheck,
        Self::CarrierRejected,
        Self::Security,
        Self::Investigation,
        Self::TrackingFailed,
        Self::Unspecified,
        Self::Deceased,
    ];

    /// The name in events.
    pub fn name(self) -> &'static str {
        NAMES[self as usize]
    }

    /// The reason of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }

    /// Whether it is stored and never sent, whatever a mapping says.
    pub fn is_sensitive(self) -> bool {
        matches!(self, Self::Deceased | Self::Security | Self::Investigation)
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Reason {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&name)
            .ok_or_else(|| serde::de::Error::custom(format_args!("no reason is named `{name}`")))
    }
}
