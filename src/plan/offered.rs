//! What a target's policy leaves out or promises, and what that means for a case.

use serde_json::Value;

use super::{Conditions, Skip};
use crate::results::{Policy, SkipKind};
use crate::suite::model::{Case, Credential, Step};

/// Why a case is not played against this target, if it is not.
pub(super) fn skip_of(case: &Case, conditions: &Conditions) -> Option<Skip> {
    let policy = &conditions.policy;
    unmet_condition(case, policy)
        .or_else(|| left_out(case, policy))
        .or_else(|| missing_credential(case, conditions))
}

/// The first feature that the case uses and the policy leaves out. A case about the absence of a feature may name it
/// in `uses` through its suite's defaults.
fn left_out(case: &Case, policy: &Policy) -> Option<Skip> {
    let about = case.when.get("not_offered").and_then(Value::as_str);
    let feature = case
        .uses
        .iter()
        .find(|feature| about != Some(feature.as_str()) && is_left_out(feature, policy))?;
    // Who never removes people promises to keep them, and no provider stops working for it.
    let promised = feature == "hard-delete" && policy.hard_delete == Some(false);
    Some(Skip {
        kind: if promised {
            SkipKind::Optional
        } else {
            SkipKind::Policy
        },
        reason: format!("the target's policy leaves out {feature}"),
    })
}

fn is_left_out(feature: &str, policy: &Policy) -> bool {
    let named = |name: &str| policy.not_offered.iter().any(|word| word == name);
    named(feature)
        || match feature {
            "groups" => policy.groups.as_deref() == Some("none"),
            // Where there are no groups, nothing can change in them.
            "group-updates" => policy.groups.as_deref() == Some("none") || named("groups"),
            "hard-delete" => policy.hard_delete == Some(false),
            // Where people cannot be changed, nothing of them can.
            "deactivation" | "passwords" | "roles" => named("updates"),
            _ => false,
        }
}

/// The first condition of `when` that the policy does not meet.
fn unmet_condition(case: &Case, policy: &Policy) -> Option<Skip> {
    case.when.iter().find_map(|(word, wanted)| {
        if word == "not_offered" {
            let feature = wanted.as_str().unwrap_or_default();
            return (!is_left_out(feature, policy)).then(|| Skip {
                kind: SkipKind::Optional,
                reason: format!("only for targets whose policy leaves out {feature}"),
            });
        }
        let (promised, expected) = match word.as_str() {
            "deactivation" => (text(policy.deactivation.as_deref()), Value::from("keep")),
            "hard_delete" => (policy.hard_delete.map(Value::Bool), Value::Bool(true)),
            "groups" => (text(policy.groups.as_deref()), Value::from("groups")),
            _ => (text(policy.matching.as_deref()), Value::from("userName")),
        };
        if promised.as_ref().unwrap_or(&expected) == wanted {
            return None;
        }
        // Where the case is about what providers expect of everybody, the policy is what leaves it out. Otherwise it
        // is about a promise that this target never made, and its absence changes nothing.
        let kind = if *wanted == expected {
            SkipKind::Policy
        } else {
            SkipKind::Optional
        };
        let wanted = wanted
            .as_str()
            .map_or_else(|| wanted.to_string(), str::to_owned);
        let reason = match promised.as_ref().map(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        }) {
            Some(promised) => {
                format!("only for targets with policy {word} = {wanted}; this one says {promised}")
            }
            None => format!("only for targets with policy {word} = {wanted}"),
        };
        Some(Skip { kind, reason })
    })
}

fn text(word: Option<&str>) -> Option<Value> {
    word.map(Value::from)
}

fn missing_credential(case: &Case, conditions: &Conditions) -> Option<Skip> {
    let sends = case.steps.iter().flat_map(|step| match step {
        Step::Send(send) => std::slice::from_ref(&**send),
        Step::Together(sends) => sends.as_slice(),
        Step::Walk(_) => &[],
    });
    sends.into_iter().find_map(|send| {
        let (name, given) = match send.credential {
            Credential::Revoked => ("auth.revoked", conditions.revoked_credential),
            Credential::OtherTenant => ("auth.other_tenant", conditions.other_tenant_credential),
            Credential::Target
            | Credential::None
            | Credential::Wrong
            | Credential::Literal(_)
            | Credential::Application => return None,
        };
        (!given).then(|| Skip {
            kind: SkipKind::Optional,
            reason: format!("needs the optional credential `{name}` of the config"),
        })
    })
}
