//! What a fault is made of: changes at the seams, each a closure, and what runs them.

use serde_json::Value;

use super::wire;
use crate::engine::Behaviour;
use crate::engine::hooks::{Deletion, Hooks, Moment};
use crate::http::Answer;
use crate::http::hooks::{Incoming, Intercept};
use crate::protocol::Object;
use crate::protocol::error::{Result, ScimError};
use crate::protocol::filter::Filter;
use crate::protocol::patch::Operation;
use crate::protocol::schema::ResourceType;
use crate::store::{Delta, Slot, State};

type Asked = dyn Fn(&mut Incoming) -> Option<Answer> + Send + Sync;
type Replied = dyn Fn(&Incoming, &mut Answer) + Send + Sync;
type Body = dyn Fn(Moment<'_>, &mut Object) + Send + Sync;
type Operations = dyn Fn(Moment<'_>, &Object, &mut Vec<Operation>) -> Result<()> + Send + Sync;
type Searched = dyn Fn(&ResourceType, Filter) -> Option<Filter> + Send + Sync;
type Clash = dyn Fn(Moment<'_>, &Value, &Value) -> bool + Send + Sync;
type Document = dyn Fn(Moment<'_>, Option<&Object>, &mut Object) -> Result<()> + Send + Sync;
type Membership = dyn Fn(Moment<'_>, &State, Option<Slot>, &mut Delta) -> Result<()> + Send + Sync;
type Removal = dyn Fn(Moment<'_>, &State, Slot) -> Deletion + Send + Sync;
type Touches = dyn Fn(Moment<'_>, bool) -> bool + Send + Sync;
type Hits = dyn Fn(&State, &mut Vec<Slot>) + Send + Sync;
type Shown = dyn Fn(Moment<'_>, &mut Object) + Send + Sync;

/// One change of behaviour.
pub(super) enum Twist {
    Behave(fn(&mut Behaviour)),
    Asked(Box<Asked>),
    Replied(Box<Replied>),
    Body(Box<Body>),
    Operations(Box<Operations>),
    Searched(Box<Searched>),
    Clash(Box<Clash>),
    Document(Box<Document>),
    Members(Box<Membership>),
    Deletion(Box<Removal>),
    Touches(Box<Touches>),
    Hits(Box<Hits>),
    Shown(Box<Shown>),
}

/// A free choice, made so that somebody is hurt by it.
pub(super) fn behave(change: fn(&mut Behaviour)) -> Twist {
    Twist::Behave(change)
}

/// A request is changed, or answered.
pub(super) fn asked(
    twist: impl Fn(&mut Incoming) -> Option<Answer> + Send + Sync + 'static,
) -> Twist {
    Twist::Asked(Box::new(twist))
}

/// A request is answered by the look of its JSON body.
pub(super) fn refuses(
    twist: impl Fn(&Incoming, &Value) -> Option<Answer> + Send + Sync + 'static,
) -> Twist {
    asked(move |request| {
        let body: Value = serde_json::from_slice(&request.body).ok()?;
        twist(request, &body)
    })
}

/// A JSON body of a request is changed.
pub(super) fn sent(twist: impl Fn(&Incoming, &mut Value) + Send + Sync + 'static) -> Twist {
    asked(move |request| {
        // What is no object is no message of SCIM's, and faults index into it.
        if let Ok(mut body) = serde_json::from_slice::<Value>(&request.body)
            && body.is_object()
        {
            twist(request, &mut body);
            request.body = body.to_string().into_bytes();
        }
        None
    })
}

/// An answer is changed.
pub(super) fn replied(twist: impl Fn(&Incoming, &mut Answer) + Send + Sync + 'static) -> Twist {
    Twist::Replied(Box::new(twist))
}

/// The JSON body of an answer is changed; the number is its status.
pub(super) fn told(twist: impl Fn(&Incoming, u16, &mut Value) + Send + Sync + 'static) -> Twist {
    replied(move |request, answer| {
        let body = answer.body.as_deref().map(serde_json::from_slice::<Value>);
        if let Some(Ok(mut body)) = body {
            twist(request, answer.status, &mut body);
            answer.body = Some(body.to_string().into_bytes());
        }
    })
}

/// Each resource in an answer is changed, after the projection.
pub(super) fn each(twist: impl Fn(&Incoming, &mut Object) + Send + Sync + 'static) -> Twist {
    told(move |request, status, body| {
        if status < 300 {
            wire::resources(body, &mut |resource| twist(request, resource));
        }
    })
}

/// The body of a POST or PUT is changed in the engine.
pub(super) fn body(twist: impl Fn(Moment<'_>, &mut Object) + Send + Sync + 'static) -> Twist {
    Twist::Body(Box::new(twist))
}

/// The operations of a PATCH are changed or refused, knowing what is stored.
pub(super) fn operations(
    twist: impl Fn(Moment<'_>, &Object, &mut Vec<Operation>) -> Result<()> + Send + Sync + 'static,
) -> Twist {
    Twist::Operations(Box::new(twist))
}

/// A filter is changed or dropped.
pub(super) fn searched(
    twist: impl Fn(&ResourceType, Filter) -> Option<Filter> + Send + Sync + 'static,
) -> Twist {
    Twist::Searched(Box::new(twist))
}

/// Whether a taken value is refused.
pub(super) fn clash(
    twist: impl Fn(Moment<'_>, &Value, &Value) -> bool + Send + Sync + 'static,
) -> Twist {
    Twist::Clash(Box::new(twist))
}

/// What will be stored is changed.
pub(super) fn document(
    twist: impl Fn(Moment<'_>, Option<&Object>, &mut Object) + Send + Sync + 'static,
) -> Twist {
    Twist::Document(Box::new(move |moment, before, after| {
        twist(moment, before, after);
        Ok(())
    }))
}

/// What will be stored is refused, knowing what was stored before.
pub(super) fn refuses_document(
    twist: impl Fn(Moment<'_>, Option<&Object>, &Object) -> Result<()> + Send + Sync + 'static,
) -> Twist {
    Twist::Document(Box::new(move |moment, before, after| {
        twist(moment, before, after)
    }))
}

/// The change of a group's members is changed or refused.
pub(super) fn membership(
    twist: impl Fn(Moment<'_>, &State, Option<Slot>, &mut Delta) -> Result<()> + Send + Sync + 'static,
) -> Twist {
    Twist::Members(Box::new(twist))
}

/// What a DELETE does.
pub(super) fn deletion(
    twist: impl Fn(Moment<'_>, &State, Slot) -> Deletion + Send + Sync + 'static,
) -> Twist {
    Twist::Deletion(Box::new(twist))
}

/// Whether a write counts as a change.
pub(super) fn touches(twist: impl Fn(Moment<'_>, bool) -> bool + Send + Sync + 'static) -> Twist {
    Twist::Touches(Box::new(twist))
}

/// The hits of a list are changed.
pub(super) fn hits(twist: impl Fn(&State, &mut Vec<Slot>) + Send + Sync + 'static) -> Twist {
    Twist::Hits(Box::new(twist))
}

/// A resource is changed as it is shown, before the projection.
pub(super) fn shown(twist: impl Fn(Moment<'_>, &mut Object) + Send + Sync + 'static) -> Twist {
    Twist::Shown(Box::new(twist))
}

/// The twists of a server.
pub(super) struct Plugged {
    twists: Vec<Twist>,
}

impl Plugged {
    pub(super) fn new(twists: Vec<Twist>) -> Self {
        Self { twists }
    }
}

impl Hooks for Plugged {
    fn body(&self, moment: Moment<'_>, body: &mut Object) {
        for twist in &self.twists {
            if let Twist::Body(twist) = twist {
                twist(moment, body);
            }
        }
    }

    fn operations(
        &self,
        moment: Moment<'_>,
        before: &Object,
        operations: &mut Vec<Operation>,
    ) -> Result<()> {
        for twist in &self.twists {
            if let Twist::Operations(twist) = twist {
                twist(moment, before, operations)?;
            }
        }
        Ok(())
    }

    fn filter(&self, kind: &ResourceType, filter: Filter) -> Option<Filter> {
        self.twists
            .iter()
            .try_fold(filter, |filter, twist| match twist {
                Twist::Searched(twist) => twist(kind, filter),
                _ => Some(filter),
            })
    }

    fn clash(&self, moment: Moment<'_>, _attribute: &str, mine: &Value, theirs: &Value) -> bool {
        self.twists.iter().all(|twist| match twist {
            Twist::Clash(twist) => twist(moment, mine, theirs),
            _ => true,
        })
    }

    fn document(
        &self,
        moment: Moment<'_>,
        before: Option<&Object>,
        after: &mut Object,
    ) -> Result<()> {
        for twist in &self.twists {
            if let Twist::Document(twist) = twist {
                twist(moment, before, after)?;
            }
        }
        Ok(())
    }

    fn members(
        &self,
        moment: Moment<'_>,
        state: &State,
        group: Option<Slot>,
        delta: &mut Delta,
    ) -> Result<()> {
        for twist in &self.twists {
            if let Twist::Members(twist) = twist {
                twist(moment, state, group, delta)?;
            }
        }
        Ok(())
    }

    fn deletion(&self, moment: Moment<'_>, state: &State, slot: Slot) -> Deletion {
        let mut deletion = Deletion::Remove;
        for twist in &self.twists {
            if let Twist::Deletion(twist) = twist
                && twist(moment, state, slot) == Deletion::Nothing
            {
                deletion = Deletion::Nothing;
            }
        }
        deletion
    }

    fn touches(&self, moment: Moment<'_>, changed: bool) -> bool {
        self.twists
            .iter()
            .fold(changed, |changed, twist| match twist {
                Twist::Touches(twist) => twist(moment, changed),
                _ => changed,
            })
    }

    fn hits(&self, state: &State, hits: &mut Vec<Slot>) {
        for twist in &self.twists {
            if let Twist::Hits(twist) = twist {
                twist(state, hits);
            }
        }
    }

    fn shown(&self, moment: Moment<'_>, resource: &mut Object) {
        for twist in &self.twists {
            if let Twist::Shown(twist) = twist {
                twist(moment, resource);
            }
        }
    }

    fn refused(&self, _moment: Moment<'_>, error: ScimError) -> ScimError {
        error
    }
}

impl Intercept for Plugged {
    fn request(&self, request: &mut Incoming) -> Option<Answer> {
        self.twists.iter().find_map(|twist| match twist {
            Twist::Asked(twist) => twist(request),
            _ => None,
        })
    }

    fn answer(&self, request: &Incoming, answer: &mut Answer) {
        for twist in &self.twists {
            if let Twist::Replied(twist) = twist {
                twist(request, answer);
            }
        }
    }
}
