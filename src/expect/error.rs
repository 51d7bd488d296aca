//! SCIM error bodies (RFC 7644 section 3.12).

use serde_json::Value;

use super::words::{came, one_of, show};
use super::{Answer, Judged};
use crate::scim::named;
use crate::suite::model::ErrorExpect;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Judges that the answer is a SCIM error whose status agrees, with one of the allowed keywords.
pub(super) fn judge(wanted: &ErrorExpect, answer: &Answer<'_>) -> Judged {
    let expected = if wanted.scim_type.is_empty() {
        format!(
            "a body with schemas [\"{ERROR}\"] and status \"{}\"",
            answer.status.unwrap_or(400)
        )
    } else {
        format!("scimType {}", one_of(wanted.scim_type.iter().cloned()))
    };
    let broken = |message: String| Judged::broken("error", message, expected.clone(), came(answer));
    let status = answer.status.unwrap_or(0);
    if status < 400 {
        return broken(format!("expected an error, got {status}"));
    }
    let Some(json) = answer.json else {
        return broken(if answer.body.is_empty() {
            format!("{status} came without a SCIM error body")
        } else {
            format!("the body of {status} is not JSON, expected a SCIM error")
        });
    };
    if !json.is_object() {
        return broken(format!("the body of {status} is no SCIM error object"));
    }
    let schemas = named(json, "schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|list| {
        list.iter()
            .any(|s| s.as_str().is_some_and(|s| s.eq_ignore_ascii_case(ERROR)))
    }) {
        return broken(match named(json, "schemas") {
            None => "the error has no schemas".to_owned(),
            Some(schemas) => format!(
                "schemas of the error is {}, expected [\"{ERROR}\"]",
                show(schemas)
            ),
        });
    }
    match named(json, "status") {
        Some(Value::String(text)) if *text == status.to_string() => {}
        // A number that agrees is a defect of every error of the server, and no reason why this request fails an identity
        // provider: Okta's own samples show one. The rule `rules/error-status` says it once.
        Some(Value::Number(number)) if number.as_u64() == Some(u64::from(status)) => {}
        None => return broken("the error has no status".to_owned()),
        Some(found) => {
            return broken(format!(
                "status of the error is {}, expected \"{status}\"",
                show(found)
            ));
        }
    }
    if wanted.scim_type.is_empty() {
        return Judged::held("error");
    }
    let found = named(json, "scimType").filter(|v| !v.is_null());
    let text = found.map_or(Some("none"), Value::as_str);
    if text.is_some_and(|text| wanted.scim_type.iter().any(|allowed| allowed == text)) {
        return Judged::held("error");
    }
    let wanted = one_of(wanted.scim_type.iter().map(|s| format!("\"{s}\"")));
    broken(match found {
        None => format!("the error has no scimType, expected {wanted}"),
        Some(found) => format!("scimType came as {}, expected {wanted}", show(found)),
    })
}
