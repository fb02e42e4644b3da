//! The demo says so when something is not as it should be.

use tokio::sync::watch;

use super::{Options, before};
use crate::sandbox::{Fault, Sandbox, SandboxSettings};

async fn played(faults: &[Fault]) -> bool {
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    for fault in faults {
        sandbox.faults().order(fault.clone());
    }
    let (_stop, stopped) = watch::channel(false);
    before(&sandbox, &Options { once: true, fast: true }, stopped).await.expect("it plays")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_never_arrives_fails_the_demo() {
    let refused = Fault { status: 400, ..Fault::default() };
    assert!(!played(&[refused]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undisturbed_demo_is_fine() {
    assert!(played(&[]).await);
}
