//! Lists: paging by index and sorting (RFC 7644 sections 3.4.2.3 and 3.4.2.4).

use serde_json::json;

use crate::client::{Rig, id};

async fn rig_of(count: usize) -> (Rig, Vec<String>) {
    let rig = Rig::new().await;
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(id(&rig.user(&format!("user{number}"), json!({})).await).to_owned());
    }
    (rig, ids)
}

#[tokio::test]
async fn pages_cover_everything_once() {
    let (rig, ids) = rig_of(7).await;
    for (query, start, shown) in [
        ("", 1, 0..7),
        ("?startIndex=1&count=3", 1, 0..3),
        ("?startIndex=4&count=3", 4, 3..6),
        ("?startIndex=7&count=3", 7, 6..7),
        ("?startIndex=8&count=3", 8, 7..7),
        ("?startIndex=100", 100, 7..7),
        ("?startIndex=0&count=2", 1, 0..2),
        ("?startIndex=-5&count=2", 1, 0..2),
        ("?count=0", 1, 0..0),
        ("?count=-1", 1, 0..0),
        ("?count=100000", 1, 0..7),
        ("?unknown=1&count=1&aadOptscim062020", 1, 0..1),
        ("?startIndex=99999999999999999999", i64::MAX, 7..7),
    ] {
        let reply = rig.get(&format!("/Users{query}")).await.is(200);
        assert_eq!(reply.listed("id"), &ids[shown.clone()], "{query}");
        assert_eq!(reply.body["totalResults"], json!(7), "{query}");
        assert_eq!(reply.body["itemsPerPage"], json!(shown.len()), "{query}");
        assert_eq!(reply.body["startIndex"], json!(start), "{query}");
        assert_eq!(
            reply.body["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"])
        );
    }
    for query in [
        "?count=x",
        "?startIndex=1.5",
        "?count=",
        "?sortBy=userName&sortOrder=sideways",
    ] {
        rig.get(&format!("/Users{query}"))
            .await
            .refused(400, "invalidValue");
    }
}

#[tokio::test]
async fn lists_are_sorted_as_the_attribute_asks() {
    let rig = Rig::new().await;
    for (name, title, mail, family) in [
        ("b", Some("x"), "2@x", "Zed"),
        ("C", None, "1@x", "adam"),
        ("a", Some("W"), "3@x", "Mia"),
    ] {
        let mut more = json!({"name": {"familyName": family}, "emails": [{"value": "0@x"}, {"value": mail, "primary": true}]});
        if let Some(title) = title {
            more["title"] = json!(title);
        }
        rig.user(name, more).await;
    }
    for (query, order) in [
        ("sortBy=userName", "a b C"),
        ("sortBy=USERNAME&sortOrder=descending", "C b a"),
        ("sortBy=title", "a b C"),
        ("sortBy=title&sortOrder=descending", "C b a"),
        ("sortBy=emails", "C b a"),
        ("sortBy=emails.value", "C b a"),
        ("sortBy=name.familyName", "C a b"),
        ("sortBy=name", "C a b"),
        ("sortBy=meta.created&sortOrder=ascending", "b C a"),
        ("sortBy=nothing", "b C a"),
        ("sortBy=userName&startIndex=2&count=1", "b"),
        ("sortOrder=descending", "b C a"),
    ] {
        assert_eq!(
            rig.get(&format!("/Users?{query}"))
                .await
                .is(200)
                .listed("userName")
                .join(" "),
            order,
            "{query}"
        );
    }
}
