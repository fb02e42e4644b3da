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

#[tokio::test(flavor = "multi_thread")]
async fn a_round_that_is_broken_off_has_shown_nothing() {
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    let (_stop, stopped) = watch::channel(true);
    let once = Options { once: true, fast: true };
    assert!(!before(&sandbox, &once, stopped.clone()).await.expect("it ends"));
    let on_and_on = Options { once: false, fast: true };
    assert!(before(&sandbox, &on_and_on, stopped).await.expect("it ends"));
}
