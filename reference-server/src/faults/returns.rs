//! Whoever comes back, and comes back again.

use std::collections::HashMap;

use serde_json::json;

use super::memory::Memory;
use super::twist::{Twist, document};
use super::{FaultInfo, OKTA_ENTRA, own};

const LINK: &str = "RFC 7643 section 3.1";

pub(super) fn faults() -> Vec<FaultInfo> {
    vec![
        own(
            "second-return-loses-link",
            "Whoever comes back a second time has no externalId any more",
            OKTA_ENTRA,
            LINK,
            || return_loses_link(2),
        ),
        own(
            "third-return-loses-link",
            "Whoever comes back a third time has no externalId any more",
            OKTA_ENTRA,
            LINK,
            || return_loses_link(3),
        ),
    ]
}

fn return_loses_link(nth: u32) -> Vec<Twist> {
    let returns: Memory<HashMap<String, u32>> = Memory::default();
    vec![document(move |moment, before, after| {
        let was_off = before.is_some_and(|before| before.get("active") == Some(&json!(false)));
        let Some(id) = moment
            .id
            .filter(|_| was_off && after.get("active") == Some(&json!(true)))
        else {
            return;
        };
        let times = returns.with(|returns| {
            let times = returns.entry(id.to_owned()).or_default();
            *times += 1;
            *times
        });
        if times == nth {
            after.shift_remove("externalId");
        }
    })]
}
