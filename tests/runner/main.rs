//! The runner against servers that misbehave: what is written on, what is blamed, what is left.

mod fake;
mod play;

mod cleaning;
mod judging;
mod ownership;
mod probing;

/// A person is turned off; the commonest case there is.
const TURN_OFF: &str = r#"
  - id: off
    title: a person is turned off
    given: { user: okta/user }
    steps:
      - id: off
        send: PATCH /Users/{{user.id}}
        body: {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [{"op": "replace", "value": {"active": false}}]}
        expect: { status: [200, 204] }
        changes: { user: { active: false } }
"#;
