//! Filters (RFC 7644 section 3.4.2.2) over HTTP.

use serde_json::json;

use crate::client::{ENTERPRISE, Rig, id};

async fn people(rig: &Rig) -> String {
    let boss = rig.user("Boss", json!({"title": "Chief", "active": true, "externalId": "AbC", "emails": [{"value": "boss@x.org", "type": "work", "primary": true}]})).await;
    let more = json!({
        "active": false, "name": {"familyName": "O'Malley", "givenName": "José"},
        "emails": [{"value": "home@x.org", "type": "home"}, {"value": "w@y.org", "type": "work"}],
        ENTERPRISE: {"department": "Ops", "manager": {"value": id(&boss)}},
    });
    rig.user("omalley", more).await;
    rig.user(
        "third",
        json!({"displayName": "100% \"real\"", "userType": ""}),
    )
    .await;
    boss
}

#[tokio::test]
async fn filters_find_who_is_meant() {
    let rig = Rig::new().await;
    let boss = people(&rig).await;
    let manager = format!(
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq \"{}\"",
        id(&boss)
    );
    let meta = rig.get(&boss).await.body["meta"]["created"]
        .as_str()
        .expect("created")
        .to_owned();
    for (filter, found) in [
        ("userName eq \"BOSS\"", "Boss"),
        ("USERNAME Eq \"boss\"", "Boss"),
        (
            "urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"boss\"",
            "Boss",
        ),
        ("externalId eq \"AbC\"", "Boss"),
        ("externalId eq \"abc\"", ""),
        ("userName ne \"boss\"", "omalley third"),
        ("userName co \"MALL\"", "omalley"),
        ("userName sw \"o\"", "omalley"),
        ("userName ew \"y\"", "omalley"),
        ("name.familyName eq \"O'Malley\"", "omalley"),
        ("name.givenName eq \"Jose\u{301}\"", "omalley"),
        ("displayName eq \"100% \\\"real\\\"\"", "third"),
        ("title pr", "Boss"),
        ("userType pr", ""),
        ("not (title pr)", "omalley third"),
        ("not(title pr)", "omalley third"),
        ("name pr", "omalley"),
        ("active eq true", "Boss third"),
        ("active eq false", "omalley"),
        ("active ne true", "omalley"),
        ("emails.value eq \"W@Y.org\"", "omalley"),
        ("emails co \"x.org\"", "Boss omalley"),
        (
            "emails.type eq \"work\" and emails.value co \"home\"",
            "omalley",
        ),
        ("emails[type eq \"work\" and value co \"home\"]", ""),
        (
            "emails[type eq \"work\" and value eq \"w@y.org\"]",
            "omalley",
        ),
        (
            "emails[type eq \"work\" and (value co \"x.org\" or value co \"y.org\")]",
            "Boss omalley",
        ),
        ("emails[not (type eq \"work\")]", "omalley"),
        ("emails.primary eq true", "Boss"),
        (
            "userName eq \"third\" or title pr and active eq false",
            "third",
        ),
        (
            "(userName eq \"third\" or title pr) and active eq false",
            "",
        ),
        (
            "title pr and not (active eq false) or userName eq \"third\"",
            "Boss third",
        ),
        (&manager, "omalley"),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"OPS\"",
            "omalley",
        ),
        (&format!("id eq \"{}\"", id(&boss)), "Boss"),
        (&format!("id eq \"{}\"", id(&boss).to_uppercase()), ""),
        ("meta.resourceType eq \"User\"", "Boss omalley third"),
        // The others may be of the same millisecond, so only what holds for equal times is asked.
        (&format!("meta.created lt \"{meta}\""), ""),
        (&format!("meta.created ge \"{meta}\""), "Boss omalley third"),
        (
            "meta.lastModified ge \"2011-05-13T04:42:34Z\"",
            "Boss omalley third",
        ),
        ("meta.lastModified lt \"2011-05-13T04:42:34+02:00\"", ""),
        ("title eq null", "omalley third"),
        ("userName gt \"c\"", "omalley third"),
        ("userName le \"boss\"", "Boss"),
        ("userName eq \"' OR 1=1 --\"", ""),
        ("userName co \"%\"", ""),
        ("userName eq \"*)(uid=*\"", ""),
    ] {
        let reply = rig.filter("/Users", filter).await.is(200);
        assert_eq!(reply.listed("userName").join(" "), found, "{filter}");
        assert_eq!(
            reply.body["totalResults"],
            json!(found.split_whitespace().count()),
            "{filter}"
        );
    }
}

#[tokio::test]
async fn filters_without_sense_are_refused() {
    for rig in [Rig::new().await, Rig::strict().await] {
        people(&rig).await;
        for filter in [
            "",
            " ",
            "userName",
            "userName eq",
            "userName zz \"x\"",
            "userName eq x",
            "(userName pr",
            "userName pr or",
            "nothing eq \"x\"",
            "name.nothing pr",
            "active gt true",
            "active co \"t\"",
            "active eq \"maybe\"",
            "x509Certificates.value gt \"aa\"",
            "meta.created gt \"yesterday\"",
            "userName eq 3",
            "name eq \"x\"",
            "emails[nothing eq 1]",
            "userName[value eq 1]",
            "emails[type eq \"work\"",
            "urn:example:x:y eq 1",
        ] {
            rig.filter("/Users", filter)
                .await
                .refused(400, "invalidFilter");
        }
        rig.filter("/Users", &format!("userName eq \"{}\"", "x".repeat(20_000)))
            .await
            .refused(400, "invalidFilter");
    }
}

#[tokio::test]
async fn a_query_on_the_root_covers_all_types() {
    let rig = Rig::new().await;
    people(&rig).await;
    rig.group("Ops", &[]).await;
    assert_eq!(rig.get("").await.is(200).body["totalResults"], json!(4));
    for (filter, count) in [
        ("displayName sw \"O\"", 1),
        ("meta.resourceType eq \"Group\"", 1),
        ("meta.resourceType eq \"User\" and title pr", 1),
        ("userName pr", 3),
        ("members pr", 0),
    ] {
        assert_eq!(
            rig.filter("", filter).await.is(200).body["totalResults"],
            json!(count),
            "{filter}"
        );
    }
}
