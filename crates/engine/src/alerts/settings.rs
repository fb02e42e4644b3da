//! What the operator decides about alerts.

use std::time::Duration;

use parcelwire_domain::incident::Pace;
use parcelwire_mapping::merchant::Alerts;

/// The settings.
#[derive(Debug, Clone)]
pub struct AlertSettings {
    /// Who of the operator's is told of everything.
    pub operator: Alerts,
    /// How long things must hold.
    pub pace: Pace,
    /// What waits for longer is too late.
    pub backlog: Duration,
    /// No time without webhooks is long that is shorter.
    pub quiet: Duration,
    /// How often it is looked.
    pub look: Duration,
}

impl Default for AlertSettings {
    fn default() -> Self {
        Self {
            operator: Alerts::default(),
            pace: Pace::default(),
            backlog: Duration::from_mins(30),
            quiet: Duration::from_hours(12),
            look: Duration::from_secs(30),
        }
    }
}
