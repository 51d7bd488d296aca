//! Tables of states: lawful pairs, in which nothing may be found, and damaged pairs, in which something must be.

use serde_json::{Value, json};

use super::{Judged, Known, Ruling, Sent, StateContext, Wrote, compare_state};
use crate::scim::{AttrPath, SchemaView, get, remove, set};
use crate::suite::model::{Change, Matcher};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

struct Nobody;

impl Known for Nobody {
    fn state(&self, _: &str) -> Option<&Value> {
        None
    }
    fn id(&self, _: &str) -> Option<&str> {
        None
    }
    fn is_own(&self, _: &str) -> bool {
        false
    }
}

/// What the client sent to create the person.
fn sent_user() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "userName": "amara@example.com",
        "externalId": "ext-1",
        "name": {"givenName": "Amara", "familyName": "Okafor"},
        "title": "Engineer",
        "emails": [
            {"type": "work", "value": "amara@example.com", "primary": true},
            {"type": "home", "value": "amara@home.example"}
        ],
        "phoneNumbers": [{"type": "work", "value": "+1 555 0100"}, {"type": "mobile", "value": "+1 555 0101"}],
        "addresses": [{"type": "work", "streetAddress": "1 Main St", "locality": "Springfield", "country": "US"}],
        "active": true,
        (ENTERPRISE): {"department": "Research", "employeeNumber": "7", "manager": {"value": "boss"}}
    })
}

/// What the server showed of it.
fn user() -> Value {
    let mut user = sent_user();
    let extra = json!({
        "id": "u1", "displayName": "Amara Okafor", "locale": "en-US", "groups": [{"value": "g1"}],
        "meta": {"resourceType": "User", "lastModified": "2026-01-01T00:00:00Z", "version": "W/\"1\""}
    });
    for (key, value) in extra.as_object().into_iter().flatten() {
        user[key] = value.clone();
    }
    set(&mut user, &path("name.formatted"), json!("Amara Okafor"));
    user
}

fn group() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g1", "displayName": "Crew", "externalId": "grp-1",
        "members": [{"value": "u1", "display": "Amara"}, {"value": "u2", "type": "User"}, {"value": "U3"}],
        "meta": {"resourceType": "Group"}
    })
}

fn path(text: &str) -> AttrPath {
    AttrPath::parse(text).expect("the tables hold paths")
}

/// What a row says was done to a state: `PATH` and its new value (null removes it), `!KEY` for a key taken literally.
type Edits = Vec<(&'static str, Value)>;

fn edited(mut state: Value, edits: &Edits) -> Value {
    for (text, value) in edits {
        if let Some(key) = text.strip_prefix('!') {
            state[key] = value.clone();
        } else if value.is_null() {
            remove(&mut state, &path(text));
        } else {
            set(&mut state, &path(text), value.clone());
        }
    }
    state
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    Nothing,
    Patch,
    Put,
}
use How::{Nothing, Patch, Put};

struct Row {
    name: &'static str,
    how: How,
    /// Paths that were to change, and to what.
    change: Edits,
    /// What else happened.
    besides: Edits,
}

fn row(name: &'static str, how: How, change: Edits, besides: Edits) -> Row {
    Row {
        name,
        how,
        change,
        besides,
    }
}

fn compare(row: &Row, base: &Value, sent_body: &Value, schema: &SchemaView) -> Vec<Judged> {
    let mut sent = Sent::default();
    sent.note(sent_body);
    let after = edited(edited(base.clone(), &row.change), &row.besides);
    let operations: Vec<Value> = row
        .change
        .iter()
        .map(|(path, value)| json!({"op": if value.is_null() { "remove" } else { "replace" }, "path": path, "value": value}))
        .collect();
    let patch = json!({"Operations": operations});
    // A PUT says the whole resource as the client knows it, without what the server made up.
    let put = edited(sent_body.clone(), &row.change);
    let wrote = match row.how {
        Nothing => Wrote::Nothing,
        Patch => Wrote::Patch(&patch),
        Put => Wrote::Put(&put),
    };
    match wrote {
        Wrote::Nothing => {}
        Wrote::Patch(body) | Wrote::Put(body) => sent.note(body),
    }
    let paths = row
        .change
        .iter()
        .map(|(path, value)| ((*path).to_owned(), Matcher::Is(value.clone())))
        .collect();
    let gone = ["gone".to_owned()];
    let context = StateContext {
        sent: &sent,
        wrote,
        gone: &gone,
        known: &Nobody,
        schema,
    };
    compare_state(base, &after, &Change::Paths(paths), &context)
}

fn rulings(row: &Row, base: &Value, sent: &Value) -> Vec<String> {
    compare(row, base, sent, SchemaView::standard())
        .into_iter()
        .filter_map(|judged| match judged.ruling {
            Ruling::Broken { message, .. } => Some(format!("{}: {message}", judged.what)),
            Ruling::Held { .. } => None,
        })
        .collect()
}

fn lawful_users() -> Vec<Row> {
    let one = |path: &'static str, value: Value| vec![(path, value)];
    let title = || one("title", json!("Director"));
    let given = || one("name.givenName", json!("Zoë"));
    vec![
        row("nothing at all", Nothing, vec![], vec![]),
        row("only what was asked", Patch, title(), vec![]),
        row(
            "meta moves on",
            Patch,
            title(),
            one("meta.lastModified", json!("2026-02-02T00:00:00Z")),
        ),
        row(
            "meta gains a version",
            Nothing,
            vec![],
            one("meta.version", json!("W/\"9\"")),
        ),
        row("meta goes away", Nothing, vec![], one("meta", Value::Null)),
        row(
            "groups are derived",
            Nothing,
            vec![],
            one("groups", json!([{"value": "g1"}, {"value": "g2"}])),
        ),
        row(
            "groups go away",
            Nothing,
            vec![],
            one("groups", Value::Null),
        ),
        row(
            "null for absent",
            Nothing,
            vec![],
            one("!nickName", Value::Null),
        ),
        row(
            "empty array for absent",
            Nothing,
            vec![],
            one("!ims", json!([])),
        ),
        row(
            "empty object for absent",
            Nothing,
            vec![],
            one("!x509Certificates", json!([{}])),
        ),
        row(
            "email in lower case",
            Nothing,
            vec![],
            one("emails[type eq \"work\"].value", json!("AMARA@example.com")),
        ),
        row(
            "userName in other case",
            Nothing,
            vec![],
            one("userName", json!("Amara@Example.com")),
        ),
        row(
            "order of emails",
            Nothing,
            vec![],
            vec![(
                "emails",
                json!([{"value": "amara@home.example", "type": "home"}, {"primary": true, "value": "amara@example.com", "type": "work"}]),
            )],
        ),
        row(
            "order of schemas",
            Nothing,
            vec![],
            one(
                "schemas",
                json!([ENTERPRISE, "urn:ietf:params:scim:schemas:core:2.0:User"]),
            ),
        ),
        row(
            "primary false said aloud",
            Nothing,
            vec![],
            one("emails[type eq \"home\"].primary", json!(false)),
        ),
        row(
            "display of an email",
            Nothing,
            vec![],
            one(
                "emails[type eq \"home\"].display",
                json!("amara@home.example"),
            ),
        ),
        row(
            "an email's own extra attribute",
            Nothing,
            vec![],
            one("emails[type eq \"home\"].verified", json!(true)),
        ),
        row(
            "phones get a primary where none was",
            Nothing,
            vec![],
            one("phoneNumbers[type eq \"work\"].primary", json!(true)),
        ),
        row(
            "formatted address appears",
            Nothing,
            vec![],
            one(
                "addresses[type eq \"work\"].formatted",
                json!("1 Main St, Springfield"),
            ),
        ),
        row(
            "formatted name follows its parts",
            Patch,
            given(),
            one("name.formatted", json!("Zoë Okafor")),
        ),
        row(
            "display name follows the name",
            Patch,
            given(),
            one("displayName", json!("Zoë Okafor")),
        ),
        row(
            "both follow",
            Patch,
            given(),
            vec![
                ("name.formatted", json!("Zoë Okafor")),
                ("displayName", json!("Zoë Okafor")),
            ],
        ),
        row(
            "display name follows the userName",
            Patch,
            one("userName", json!("zoe@example.com")),
            one("displayName", json!("zoe@example.com")),
        ),
        row(
            "display name goes with the family name",
            Patch,
            one("name.familyName", json!("Adler")),
            one("displayName", json!("Amara Adler")),
        ),
        row(
            "formatted address follows its parts",
            Patch,
            one("addresses[type eq \"work\"].locality", json!("Shelbyville")),
            one(
                "addresses[type eq \"work\"].formatted",
                json!("1 Main St, Shelbyville"),
            ),
        ),
        row(
            "unknown attribute appears",
            Nothing,
            vec![],
            one("!lastLogin", json!("2026-01-01T00:00:00Z")),
        ),
        row(
            "unknown object appears",
            Nothing,
            vec![],
            one("!risk", json!({"score": 3})),
        ),
        row(
            "extension of the server appears",
            Nothing,
            vec![],
            one("!urn:acme:scim:1.0:User", json!({"tier": "gold"})),
        ),
        row(
            "a default locale would change on PUT",
            Put,
            title(),
            one("locale", json!("en")),
        ),
        row(
            "a default goes on PUT",
            Put,
            title(),
            one("locale", Value::Null),
        ),
        row(
            "a default comes on PUT",
            Put,
            title(),
            one("preferredLanguage", json!("en")),
        ),
        row(
            "display name is cleared by PUT without it",
            Put,
            title(),
            one("displayName", Value::Null),
        ),
        row(
            "display name is computed again by PUT without it",
            Put,
            title(),
            one("displayName", json!("Amara O.")),
        ),
        row(
            "user type by default",
            Nothing,
            vec![],
            one("userType", json!("Employee")),
        ),
        row(
            "time zone by default after PATCH",
            Patch,
            title(),
            one("timezone", json!("Etc/UTC")),
        ),
        row(
            "roles by the server",
            Nothing,
            vec![],
            one("roles", json!([{"value": "user"}])),
        ),
        row(
            "entitlements by the server",
            Nothing,
            vec![],
            one("entitlements", json!([{"value": "licence"}])),
        ),
        row(
            "profileUrl by the server",
            Nothing,
            vec![],
            one("profileUrl", json!("https://app.example/u1")),
        ),
        row(
            "photos by the server",
            Nothing,
            vec![],
            one(
                "photos",
                json!([{"type": "photo", "value": "https://app.example/u1.png"}]),
            ),
        ),
        row(
            "manager gets a name",
            Nothing,
            vec![],
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName",
                json!("Boss"),
            ),
        ),
        row(
            "manager gets a reference",
            Nothing,
            vec![],
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.$ref",
                json!("../Users/boss"),
            ),
        ),
        row(
            "department in other case",
            Nothing,
            vec![],
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                json!("RESEARCH"),
            ),
        ),
        row(
            "a home email is made",
            Patch,
            one("emails[type eq \"other\"].value", json!("x@example.com")),
            vec![],
        ),
        row(
            "a made email says primary false",
            Patch,
            one("emails[type eq \"other\"].value", json!("x@example.com")),
            one("emails[type eq \"other\"].primary", json!(false)),
        ),
        row(
            "a made email has a display",
            Patch,
            one("emails[type eq \"other\"].value", json!("x@example.com")),
            one("emails[type eq \"other\"].display", json!("x@example.com")),
        ),
        row(
            "an email's value goes and the element stays",
            Patch,
            one("emails[type eq \"home\"].value", Value::Null),
            vec![],
        ),
        row(
            "an email's value goes and the element with it",
            Patch,
            one("emails[type eq \"home\"].value", Value::Null),
            one("emails[type eq \"home\"]", Value::Null),
        ),
        row(
            "a phone is removed whole",
            Patch,
            one("phoneNumbers[type eq \"mobile\"]", Value::Null),
            vec![],
        ),
        row(
            "the last phones go",
            Patch,
            one("phoneNumbers", Value::Null),
            vec![],
        ),
        row(
            "all emails replaced",
            Patch,
            one(
                "emails",
                json!([{"value": "n@example.com", "type": "work", "primary": true}]),
            ),
            vec![],
        ),
        row(
            "a new primary takes it from the old one",
            Patch,
            one("emails[type eq \"home\"].primary", json!(true)),
            one("emails[type eq \"work\"].primary", json!(false)),
        ),
        row(
            "a new primary removes the old flag",
            Patch,
            one("emails[type eq \"home\"].primary", json!(true)),
            one("emails[type eq \"work\"].primary", Value::Null),
        ),
        row(
            "primary moves on when its element is removed",
            Patch,
            one("emails[type eq \"work\"]", Value::Null),
            one("emails[type eq \"home\"].primary", json!(true)),
        ),
        row(
            "extension removed with its URN",
            Patch,
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
                Value::Null,
            ),
            one(
                "schemas",
                json!(["urn:ietf:params:scim:schemas:core:2.0:User"]),
            ),
        ),
        row(
            "an extension's attribute removed",
            Patch,
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                Value::Null,
            ),
            vec![],
        ),
        row(
            "manager removed",
            Patch,
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
                Value::Null,
            ),
            vec![],
        ),
        row(
            "whole name replaced",
            Patch,
            one(
                "name",
                json!({"givenName": "Zoë", "familyName": "Adler", "formatted": "Zoë Adler"}),
            ),
            one("displayName", json!("Zoë Adler")),
        ),
        row("deactivated", Patch, one("active", json!(false)), vec![]),
        row(
            "deactivated by PUT",
            Put,
            one("active", json!(false)),
            vec![],
        ),
        row(
            "a number in another spelling",
            Nothing,
            vec![],
            one("!loginCount", json!(1.0)),
        ),
        row(
            "keys in another order",
            Nothing,
            vec![],
            one(
                "name",
                json!({"formatted": "Amara Okafor", "familyName": "Okafor", "givenName": "Amara"}),
            ),
        ),
        row(
            "an attribute's name in another spelling",
            Nothing,
            vec![],
            vec![("title", Value::Null), ("!Title", json!("Engineer"))],
        ),
        row(
            "type of an email in other case",
            Nothing,
            vec![],
            one("emails[type eq \"home\"].type", json!("Home")),
        ),
        row(
            "ims by the server are empty",
            Patch,
            title(),
            one("!ims", Value::Null),
        ),
        row(
            "nick name derived from the given name",
            Patch,
            given(),
            one("nickName", json!("Zoë")),
        ),
    ]
}

fn damaged_users() -> Vec<Row> {
    let one = |path: &'static str, value: Value| vec![(path, value)];
    let title = || one("title", json!("Director"));
    let given = || one("name.givenName", json!("Zoë"));
    let work = || one("emails[type eq \"work\"].value", json!("new@example.com"));
    vec![
        row(
            "sibling name lost",
            Patch,
            given(),
            one("name.familyName", Value::Null),
        ),
        row("whole name lost", Patch, title(), one("name", Value::Null)),
        row(
            "home email lost",
            Patch,
            work(),
            one("emails[type eq \"home\"]", Value::Null),
        ),
        row(
            "work email's primary lost",
            Patch,
            work(),
            one("emails[type eq \"work\"].primary", Value::Null),
        ),
        row(
            "home email overwritten too",
            Patch,
            work(),
            one("emails[type eq \"home\"].value", json!("new@example.com")),
        ),
        row(
            "work email appended",
            Patch,
            work(),
            vec![(
                "emails",
                json!([
            {"type": "work", "value": "amara@example.com", "primary": true},
            {"type": "home", "value": "amara@home.example"},
            {"type": "work", "value": "new@example.com"}]),
            )],
        ),
        row(
            "work email doubled",
            Patch,
            work(),
            vec![(
                "emails",
                json!([
            {"type": "work", "value": "new@example.com", "primary": true},
            {"type": "home", "value": "amara@home.example"},
            {"type": "work", "value": "new@example.com", "primary": true}]),
            )],
        ),
        row(
            "home email doubled",
            Patch,
            title(),
            vec![(
                "emails",
                json!([
            {"type": "work", "value": "amara@example.com", "primary": true},
            {"type": "home", "value": "amara@home.example"},
            {"type": "home", "value": "amara@home.example"}]),
            )],
        ),
        row(
            "email's type lost",
            Patch,
            work(),
            one("emails[type eq \"home\"].type", Value::Null),
        ),
        row(
            "emails' types swapped",
            Nothing,
            vec![],
            vec![(
                "emails",
                json!([
            {"type": "home", "value": "amara@example.com", "primary": true}, {"type": "work", "value": "amara@home.example"}]),
            )],
        ),
        row(
            "emails flattened to strings",
            Patch,
            title(),
            one("emails", json!(["amara@example.com", "amara@home.example"])),
        ),
        row(
            "emails as an object",
            Patch,
            title(),
            one(
                "emails",
                json!({"type": "work", "value": "amara@example.com"}),
            ),
        ),
        row(
            "all emails lost",
            Patch,
            title(),
            one("emails", Value::Null),
        ),
        row(
            "phones lost",
            Patch,
            work(),
            one("phoneNumbers", Value::Null),
        ),
        row(
            "one phone lost",
            Patch,
            title(),
            one("phoneNumbers[type eq \"mobile\"]", Value::Null),
        ),
        row(
            "phone number changed",
            Patch,
            title(),
            one(
                "phoneNumbers[type eq \"mobile\"].value",
                json!("+1 555 9999"),
            ),
        ),
        row(
            "phone number as a number",
            Patch,
            title(),
            one("phoneNumbers[type eq \"mobile\"].value", json!(15_550_101)),
        ),
        row(
            "address lost a part",
            Patch,
            one("addresses[type eq \"work\"].locality", json!("Shelbyville")),
            one("addresses[type eq \"work\"].streetAddress", Value::Null),
        ),
        row(
            "address lost whole when a part was removed",
            Patch,
            one("addresses[type eq \"work\"].locality", Value::Null),
            one("addresses", Value::Null),
        ),
        row(
            "country changed",
            Patch,
            title(),
            one("addresses[type eq \"work\"].country", json!("USA")),
        ),
        row(
            "active became text",
            Patch,
            title(),
            one("active", json!("True")),
        ),
        row(
            "deactivated by a rename",
            Patch,
            title(),
            one("active", json!(false)),
        ),
        row(
            "deactivated by PUT of something else",
            Put,
            title(),
            one("active", json!(false)),
        ),
        row("active lost", Patch, title(), one("active", Value::Null)),
        row(
            "active as a number",
            Nothing,
            vec![],
            one("active", json!(1)),
        ),
        row(
            "userName changed",
            Patch,
            work(),
            one("userName", json!("new@example.com")),
        ),
        row(
            "userName lost",
            Patch,
            title(),
            one("userName", Value::Null),
        ),
        row(
            "externalId lost",
            Patch,
            title(),
            one("externalId", Value::Null),
        ),
        row(
            "externalId in other case",
            Patch,
            title(),
            one("externalId", json!("EXT-1")),
        ),
        row(
            "externalId of another",
            Patch,
            title(),
            one("externalId", json!("ext-2")),
        ),
        row("id changed", Patch, title(), one("id", json!("u2"))),
        row("id became a number", Nothing, vec![], one("id", json!(1))),
        row("id in other case", Nothing, vec![], one("id", json!("U1"))),
        row(
            "department lost",
            Patch,
            title(),
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                Value::Null,
            ),
        ),
        row(
            "extension lost",
            Patch,
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                json!("Sales"),
            ),
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
                Value::Null,
            ),
        ),
        row(
            "manager as a string",
            Patch,
            title(),
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
                json!("boss"),
            ),
        ),
        row(
            "manager swapped",
            Patch,
            title(),
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
                json!("other"),
            ),
        ),
        row(
            "manager's id in other case",
            Nothing,
            vec![],
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
                json!("BOSS"),
            ),
        ),
        row(
            "employee number as a number",
            Patch,
            title(),
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
                json!(7),
            ),
        ),
        row(
            "dotted key",
            Patch,
            given(),
            one("!name.givenName", json!("Zoë")),
        ),
        row(
            "bracketed key",
            Patch,
            work(),
            one("!emails[type eq \"work\"].value", json!("new@example.com")),
        ),
        row(
            "qualified key",
            Patch,
            title(),
            one(
                "!urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                json!("Sales"),
            ),
        ),
        row(
            "qualified key of the core",
            Patch,
            title(),
            one(
                "!urn:ietf:params:scim:schemas:core:2.0:User:title",
                json!("Director"),
            ),
        ),
        row(
            "core container",
            Patch,
            title(),
            one(
                "!urn:ietf:params:scim:schemas:core:2.0:User",
                json!({"title": "Director"}),
            ),
        ),
        row(
            "patch operation stored",
            Patch,
            title(),
            one("!op", json!("replace")),
        ),
        row(
            "patch operations stored",
            Patch,
            title(),
            one("!Operations", json!([{"op": "replace"}])),
        ),
        row(
            "second spelling",
            Patch,
            title(),
            one("!TITLE", json!("Director")),
        ),
        row(
            "dotted key in the name",
            Patch,
            given(),
            one(
                "name",
                json!({"givenName": "Zoë", "familyName": "Okafor", "name.givenName": "Zoë"}),
            ),
        ),
        row(
            "value written to another attribute",
            Patch,
            title(),
            one("userType", json!("Director")),
        ),
        row(
            "value written to the other extension attribute",
            Patch,
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                json!("Sales"),
            ),
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter",
                json!("Sales"),
            ),
        ),
        row(
            "title changed by nobody",
            Nothing,
            vec![],
            one("title", json!("Chief")),
        ),
        row(
            "title lost by PUT that names it",
            Put,
            work(),
            one("title", Value::Null),
        ),
        row(
            "phones lost by PUT that names them",
            Put,
            title(),
            one("phoneNumbers", Value::Null),
        ),
        row(
            "department lost by PUT that names it",
            Put,
            title(),
            one(
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                Value::Null,
            ),
        ),
        row(
            "display name lost by PATCH of something else",
            Patch,
            title(),
            one("displayName", Value::Null),
        ),
        row(
            "display name changed by PATCH of something else",
            Patch,
            title(),
            one("displayName", json!("Director")),
        ),
        row(
            "formatted name became something else by PATCH of the title",
            Patch,
            title(),
            one("name.formatted", json!("Director")),
        ),
        row(
            "primary moved by nobody",
            Nothing,
            vec![],
            vec![
                ("emails[type eq \"work\"].primary", json!(false)),
                ("emails[type eq \"home\"].primary", json!(true)),
            ],
        ),
        row(
            "two primaries",
            Patch,
            work(),
            one("emails[type eq \"home\"].primary", json!(true)),
        ),
        row(
            "schemas lost the type",
            Patch,
            title(),
            one("schemas", json!([ENTERPRISE])),
        ),
        row(
            "schemas got the message's URN",
            Patch,
            title(),
            one(
                "schemas",
                json!([
                    "urn:ietf:params:scim:schemas:core:2.0:User",
                    ENTERPRISE,
                    "urn:ietf:params:scim:api:messages:2.0:PatchOp"
                ]),
            ),
        ),
        row(
            "schemas as a string",
            Patch,
            title(),
            one(
                "schemas",
                json!("urn:ietf:params:scim:schemas:core:2.0:User"),
            ),
        ),
        row(
            "members on a person",
            Patch,
            title(),
            one("!members", json!([{"value": "u2"}])),
        ),
        row(
            "title as an array",
            Patch,
            work(),
            one("title", json!(["Engineer"])),
        ),
        row(
            "text with a blank more",
            Nothing,
            vec![],
            one("title", json!("Engineer ")),
        ),
        row(
            "text damaged in its letters",
            Nothing,
            vec![],
            one("name.familyName", json!("Okaf?r")),
        ),
        row(
            "the change did not happen",
            Patch,
            title(),
            one("title", json!("Engineer")),
        ),
        row(
            "the change lost its type",
            Patch,
            one("active", json!(false)),
            one("active", json!("False")),
        ),
        row(
            "the resource became empty",
            Patch,
            title(),
            vec![
                ("name", Value::Null),
                ("emails", Value::Null),
                ("userName", Value::Null),
            ],
        ),
    ]
}

fn lawful_groups() -> Vec<Row> {
    let one = |path: &'static str, value: Value| vec![(path, value)];
    vec![
        row("group at rest", Nothing, vec![], vec![]),
        row(
            "order of members",
            Nothing,
            vec![],
            one(
                "members",
                json!([{"value": "U3"}, {"value": "u2"}, {"value": "u1"}]),
            ),
        ),
        row(
            "display of a member",
            Nothing,
            vec![],
            one("members[value eq \"u2\"].display", json!("Bo")),
        ),
        row(
            "display of a member follows",
            Nothing,
            vec![],
            one("members[value eq \"u1\"].display", json!("Zoë")),
        ),
        row(
            "$ref of a member",
            Nothing,
            vec![],
            one("members[value eq \"u1\"].$ref", json!("https://x/Users/u1")),
        ),
        row(
            "type of a member",
            Nothing,
            vec![],
            one("members[value eq \"u1\"].type", json!("User")),
        ),
        row("renamed", Patch, one("displayName", json!("Team")), vec![]),
        row(
            "member added",
            Patch,
            one("members[value eq \"u4\"].value", json!("u4")),
            vec![],
        ),
        row(
            "member removed",
            Patch,
            one("members[value eq \"u2\"]", Value::Null),
            vec![],
        ),
        row(
            "members left whole",
            Patch,
            one("members", json!([{"value": "u9"}])),
            vec![],
        ),
    ]
}

fn damaged_groups() -> Vec<Row> {
    let one = |path: &'static str, value: Value| vec![(path, value)];
    vec![
        row(
            "member lost by a rename",
            Patch,
            one("displayName", json!("Team")),
            one("members[value eq \"u2\"]", Value::Null),
        ),
        row(
            "members lost by a rename",
            Patch,
            one("displayName", json!("Team")),
            one("members", Value::Null),
        ),
        row(
            "group emptied by one removal",
            Patch,
            one("members[value eq \"u2\"]", Value::Null),
            one("members", json!([])),
        ),
        row(
            "members replaced by an addition",
            Patch,
            one("members[value eq \"u4\"].value", json!("u4")),
            one("members", json!([{"value": "u4"}])),
        ),
        row(
            "member twice",
            Patch,
            one("displayName", json!("Team")),
            one(
                "members",
                json!([{"value": "u1"}, {"value": "u1"}, {"value": "u2"}, {"value": "U3"}]),
            ),
        ),
        row(
            "added member twice",
            Patch,
            one("members[value eq \"u4\"].value", json!("u4")),
            one(
                "members",
                json!([{"value": "u1"}, {"value": "u2"}, {"value": "U3"}, {"value": "u4"}, {"value": "u4"}]),
            ),
        ),
        row(
            "member's id in other case",
            Nothing,
            vec![],
            one(
                "members",
                json!([{"value": "u1"}, {"value": "u2"}, {"value": "u3"}]),
            ),
        ),
        row(
            "a stranger among the members",
            Patch,
            one("displayName", json!("Team")),
            one("members[value eq \"u5\"].value", json!("u5")),
        ),
        row(
            "members as plain ids",
            Nothing,
            vec![],
            one("members", json!(["u1", "u2", "U3"])),
        ),
        row(
            "member with null",
            Patch,
            one("displayName", json!("Team")),
            one("members[value eq \"u2\"].value", Value::Null),
        ),
        row(
            "name lost by a member change",
            Patch,
            one("members[value eq \"u2\"]", Value::Null),
            one("displayName", Value::Null),
        ),
        row(
            "external id lost by a rename",
            Patch,
            one("displayName", json!("Team")),
            one("externalId", Value::Null),
        ),
    ]
}

fn sent_group() -> Value {
    json!({"displayName": "Crew", "externalId": "grp-1", "members": [{"value": "u1"}, {"value": "u2"}, {"value": "U3"}]})
}

#[test]
fn lawful_pairs_are_never_accused() {
    let (users, groups) = (lawful_users(), lawful_groups());
    assert!(
        users.len() + groups.len() >= 60,
        "{}",
        users.len() + groups.len()
    );
    let mut wrong = Vec::new();
    for row in &users {
        let found = rulings(row, &user(), &sent_user());
        wrong.extend((!found.is_empty()).then(|| format!("{}: {}", row.name, found.join(" | "))));
    }
    for row in &groups {
        let found = rulings(row, &group(), &sent_group());
        wrong.extend((!found.is_empty()).then(|| format!("{}: {}", row.name, found.join(" | "))));
    }
    assert!(wrong.is_empty(), "accused wrongly:\n{}", wrong.join("\n"));
}

#[test]
fn damage_is_seen() {
    let (users, groups) = (damaged_users(), damaged_groups());
    assert!(
        users.len() + groups.len() >= 60,
        "{}",
        users.len() + groups.len()
    );
    let mut missed: Vec<&str> = Vec::new();
    missed.extend(
        users
            .iter()
            .filter(|row| rulings(row, &user(), &sent_user()).is_empty())
            .map(|row| row.name),
    );
    missed.extend(
        groups
            .iter()
            .filter(|row| rulings(row, &group(), &sent_group()).is_empty())
            .map(|row| row.name),
    );
    assert!(missed.is_empty(), "missed:\n{}", missed.join("\n"));
}

#[test]
fn references_to_deleted_resources_may_go() {
    let mut base = group();
    set(
        &mut base,
        &path("members"),
        json!([{"value": "u1"}, {"value": "gone"}]),
    );
    let row = row(
        "reference",
        Nothing,
        vec![],
        vec![("members[value eq \"gone\"]", Value::Null)],
    );
    assert_eq!(rulings(&row, &base, &sent_group()), Vec::<String>::new());
}

#[test]
fn what_the_target_declares_read_only_is_its_own() {
    let document = json!({"id": "urn:ietf:params:scim:schemas:core:2.0:User", "attributes": [
        {"name": "title", "type": "string", "mutability": "readOnly"}, {"name": "userName", "type": "string"}]});
    let schema = SchemaView::with_target(&[document]);
    let row = row(
        "title",
        Patch,
        vec![("active", json!(false))],
        vec![("title", json!("Leaver"))],
    );
    assert!(
        compare(&row, &user(), &sent_user(), &schema)
            .iter()
            .all(Judged::is_held)
    );
    assert!(
        !compare(&row, &user(), &sent_user(), SchemaView::standard())
            .iter()
            .all(Judged::is_held)
    );
}

#[test]
fn a_display_name_that_was_sent_may_be_made_anew_of_the_name() {
    let mut said = sent_user();
    said["displayName"] = json!("Amara Okafor");
    for how in [Patch, Put] {
        for (shown, held) in [
            ("Zoë Okafor", true),
            ("Okafor, Zoë", true),
            ("Zoë", false),
            ("Amara Okafor (left)", false),
            ("Nobody", false),
        ] {
            let row = row(
                shown,
                how,
                vec![("name.givenName", json!("Zoë"))],
                vec![("displayName", json!(shown))],
            );
            let judged = compare(&row, &user(), &said, SchemaView::standard());
            assert_eq!(judged.iter().all(Judged::is_held), held, "{shown}");
        }
    }
}

#[test]
fn what_may_become_anything_is_no_check() {
    let mut sent = Sent::default();
    sent.note(&sent_user());
    let before = user();
    let after = edited(user(), &vec![("title", json!("Harbour Master"))]);
    let operations =
        json!({"Operations": [{"op": "replace", "path": "title", "value": "Harbour Master"}]});
    let context = StateContext {
        sent: &sent,
        wrote: Wrote::Patch(&operations),
        gone: &[],
        known: &Nobody,
        schema: SchemaView::standard(),
    };
    let change = Change::Paths(vec![("title".to_owned(), Matcher::Any)]);
    let judged = compare_state(&before, &after, &change, &context);
    let whats: Vec<&str> = judged.iter().map(|judged| judged.what.as_str()).collect();
    assert_eq!(whats, ["state.rest"]);
    assert!(judged[0].is_held(), "{:?}", judged[0]);
}

#[test]
fn sent_reads_patches_as_clients_write_them() {
    let mut sent = Sent::default();
    sent.note(&json!({"Operations": [
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "a@b.c"},
        {"op": "add", "value": {"name.givenName": "Zoë", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department": "R"}},
        {"op": "replace", "value": {"name": {"familyName": "Adler"}}},
        {"op": "remove", "path": "title"}]}));
    for (at, value) in [
        ("emails[type eq \"work\"].value", json!("a@b.c")),
        ("name.givenName", json!("Zoë")),
        ("name.familyName", json!("Adler")),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            json!("R"),
        ),
    ] {
        assert!(sent.mentions(&path(at)), "{at}");
        assert_eq!(get(sent.resource(), &path(at)), vec![&value], "{at}");
    }
    assert!(sent.mentions(&path("title")));
    assert!(!sent.mentions(&path("nickName")));
    assert!(!sent.mentions(&path("emails.display")));
}
