//! Worlds that once showed something, each by its name. A line comes from a failing world's message;
//! its comment says what went wrong before it was mended.

use parcelwire_sim::{Case, Kind, Plan};

/// A test for each line: what the world is like, its seed, when calls fail, how many orders there are.
macro_rules! named {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:expr, $seed:expr, $plan:expr, $orders:expr;)+) => {
        $(
            $(#[doc = $doc])+
            #[test]
            fn $name() {
                Case { kind: $kind, seed: $seed, plan: $plan, orders: $orders }.lives();
            }
        )+
    };
}

named! {
    /// The sending stage waited for eight milliseconds by a clock that had gone back by hours meanwhile:
    /// nothing was sent for as long.
    a_clock_that_goes_back_during_a_look_does_not_hold_up_sending:
        Kind::Jumping, 122, Plan::Often(20), 3;
    /// The same where several share the store: its lane waited for as long as the leases were kept.
    a_clock_that_goes_back_holds_up_no_instance_of_several:
        Kind::SeveralJumping, 185, Plan::Often(80), 5;
    /// It had taken a message up and stood still before its request went out. When it went on, another
    /// instance had long told the same; it sent all the same.
    who_stood_still_before_sending_is_silent_when_its_turn_is_over:
        Kind::SeveralAsking, 214, Plan::Often(110), 6;
    /// It waited for the store before its request, lost its lease and got another one: its message was taken
    /// back by then and the next one of the order handed out, and it sent both at once.
    who_got_another_lease_meanwhile_does_not_send_what_it_had_taken_up:
        Kind::SeveralAsking, 142, Plan::Often(110), 6;
}
