//! How the engine holds up with a million users: memory for each, lookups against a small tenant,
//! and one member more in a large group. Prints figures and ratios; `cargo bench --bench scale`,
//! with the number of users as an argument.

use std::io::Write;
use std::time::{Duration, Instant};

use scim_reference::engine::{Behaviour, Condition, Engine, Query};
use scim_reference::protocol::Object;
use scim_reference::protocol::projection::Wanted;
use scim_reference::protocol::schema::{Registry, slots};
use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A lookup of the person of a number, whose id is given as well.
type Lookup<'a> = &'a dyn Fn(&Tenant, usize, &str);

struct Tenant {
    engine: Engine,
    ids: Vec<String>,
}

impl Tenant {
    fn of(users: usize) -> Self {
        let behaviour = Behaviour::new(false);
        let registry = Registry::built_in(&behaviour.leniency).expect("the shipped schemas load");
        let engine = Engine::new(
            registry,
            behaviour,
            "http://127.0.0.1/scim/v2".to_owned(),
            None,
            None,
        )
        .expect("an empty store opens");
        let kind = engine.registry().kind(slots::USER).clone();
        let create = |number| {
            engine
                .create(&kind, user(number), &Wanted::default())
                .expect("is created")
                .id
        };
        let ids = (0..users).map(create).collect();
        Self { engine, ids }
    }

    fn group(&self, members: usize) -> String {
        let members: Vec<Value> = self
            .ids
            .iter()
            .take(members)
            .map(|id| json!({"value": id}))
            .collect();
        let body = json!({"schemas": [GROUP], "displayName": format!("group of {}", members.len()), "members": members});
        let kind = self.engine.registry().kind(slots::GROUP);
        let wanted = Wanted {
            attributes: Some(vec!["id".to_owned()]),
            excluded: None,
        };
        self.engine
            .create(kind, object(body), &wanted)
            .expect("is created")
            .id
    }

    fn find(&self, query: &Query, found: usize) {
        let kind = self.engine.registry().kind(slots::USER);
        let page = self.engine.list(Some(kind), query).expect("is listed");
        assert_eq!(page.total, found, "{query:?}");
    }
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn user(number: usize) -> Object {
    object(json!({
        "schemas": [USER], "userName": format!("person.{number}@example.com"), "externalId": format!("00u{number:017}"),
        "name": {"givenName": "Amara", "familyName": format!("Okafor {number}"), "formatted": format!("Amara Okafor {number}")},
        "displayName": format!("Amara Okafor {number}"), "title": "Field Engineer", "locale": "en-US", "active": true,
        "emails": [{"value": format!("person.{number}@example.com"), "type": "work", "primary": true}],
        "phoneNumbers": [{"value": "+31 30 555 0117", "type": "work"}, {"value": "+31 6 5550 0118", "type": "mobile"}],
        "addresses": [{"type": "work", "streetAddress": "Kanaalweg 20", "locality": "Utrecht", "postalCode": "3511 AB", "country": "NL"}],
    }))
}

/// Kibibytes of memory that the process holds.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// The median time of a call; what is needed for it is made before the clock starts.
fn median<T>(mut ready: impl FnMut(usize) -> T, mut call: impl FnMut(T)) -> Duration {
    let mut times: Vec<Duration> = (0..501)
        .map(|round| {
            let with = ready(round);
            let start = Instant::now();
            call(with);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    let users = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(1_000_000);
    let mut out = std::io::stdout().lock();
    let small = Tenant::of(1_000);
    let before = resident();
    let start = Instant::now();
    let large = Tenant::of(users);
    let took = start.elapsed();
    // The ids that the bench keeps are not the store's.
    let kept = users * (24 + 48) / 1024;
    let each = (resident() - before - kept) * 1024 / users;
    let _ = writeln!(out, "create {users} users: {took:.2?}, {each} bytes each");

    let filter = |filter: String| Query {
        filter: Some(filter),
        ..Query::default()
    };
    let lookups: [(&str, Lookup<'_>); 6] = [
        ("id", &|tenant, _, id| {
            let kind = tenant.engine.registry().kind(slots::USER);
            tenant
                .engine
                .read(kind, id, &Wanted::default())
                .expect("is there");
        }),
        ("userName eq", &|tenant, at, _| {
            tenant.find(
                &filter(format!("userName eq \"PERSON.{at}@example.com\"")),
                1,
            )
        }),
        ("externalId eq", &|tenant, at, _| {
            tenant.find(&filter(format!("externalId eq \"00u{at:017}\"")), 1)
        }),
        ("emails.value eq", &|tenant, at, _| {
            tenant.find(
                &filter(format!("emails.value eq \"person.{at}@example.com\"")),
                1,
            )
        }),
        ("emails[...].value eq", &|tenant, at, _| {
            tenant.find(
                &filter(format!(
                    "emails[type eq \"work\"].value eq \"person.{at}@example.com\""
                )),
                1,
            );
        }),
        ("last page", &|tenant, _, _| {
            let start = i64::try_from(tenant.ids.len() - 9).unwrap_or(1);
            tenant.find(
                &Query {
                    start_index: Some(start),
                    count: Some(10),
                    ..Query::default()
                },
                tenant.ids.len(),
            );
        }),
    ];
    for (name, call) in lookups {
        // A request brings its id with it: to find it in the bench's own list is no part of the lookup.
        let time = |tenant: &Tenant, step: usize| {
            median(
                |round| {
                    let at = (round * step) % tenant.ids.len();
                    (at, tenant.ids[at].clone())
                },
                |(at, id)| call(tenant, at, &id),
            )
        };
        let (one, many) = (time(&small, 1), time(&large, 7919));
        let _ = writeln!(
            out,
            "{name}: {one:.2?} of 1000, {many:.2?} of {users}, ratio {:.2}",
            many.as_secs_f64() / one.as_secs_f64()
        );
    }

    let size = 100_000.min(users / 2);
    let (ten, big) = (large.group(10), large.group(size));
    let kind = large.engine.registry().kind(slots::GROUP);
    let add = |group: &str, at: usize| {
        let value = json!([{"value": large.ids[large.ids.len() - 1 - at]}]);
        let body = object(
            json!({"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "members", "value": value}]}),
        );
        large
            .engine
            .patch(
                kind,
                group,
                &body,
                &Condition::default(),
                &Wanted::default(),
            )
            .expect("is patched");
    };
    let few = median(|round| round, |round| add(&ten, round));
    let many = median(|round| round, |round| add(&big, round));
    let _ = writeln!(
        out,
        "add a member: {few:.2?} to 10, {many:.2?} to {size}, ratio {:.2}",
        many.as_secs_f64() / few.as_secs_f64()
    );
    let probe = |group: &str, at: usize| {
        let query = filter(format!(
            "id eq \"{group}\" and members eq \"{}\"",
            large.ids[at]
        ));
        let query = Query {
            wanted: Wanted {
                attributes: Some(vec!["id".to_owned()]),
                excluded: None,
            },
            ..query
        };
        assert_eq!(
            large
                .engine
                .list(Some(kind), &query)
                .expect("is listed")
                .total,
            1
        );
    };
    let few = median(|round| round % 10, |at| probe(&ten, at));
    let many = median(|round| round, |at| probe(&big, at));
    let _ = writeln!(
        out,
        "membership probe: {few:.2?} of 10, {many:.2?} of {size}, ratio {:.2}",
        many.as_secs_f64() / few.as_secs_f64()
    );
}
