//! Cursor paging (RFC 9865).

use scim_reference::Options;
use serde_json::json;

use crate::client::Rig;

#[tokio::test]
async fn a_walk_by_cursor_meets_everyone_once() {
    let rig = Rig::new().await;
    for number in 0..7 {
        rig.user(&format!("user{number}"), json!({})).await;
    }
    for query in ["", "&sortBy=userName", "&filter=userName+sw+%22user%22"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        for _ in 0..10 {
            let reply = rig
                .get(&format!("/Users?cursor={cursor}&count=3{query}"))
                .await
                .is(200);
            assert!(reply.body.get("startIndex").is_none());
            assert_eq!(reply.body["totalResults"], json!(7));
            let page = reply.listed("userName");
            match reply.body["previousCursor"].as_str() {
                None => assert!(seen.is_empty(), "only the first page has none"),
                Some(previous) => {
                    let before = rig
                        .get(&format!("/Users?cursor={previous}&count=3{query}"))
                        .await
                        .is(200);
                    assert_eq!(before.listed("userName"), seen[seen.len() - 3..]);
                    let first = before.body.get("previousCursor").is_none();
                    assert_eq!(first, seen.len() == 3, "the first page has none");
                }
            }
            seen.extend(page);
            match reply.body["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(
            seen,
            (0..7)
                .map(|number| format!("user{number}"))
                .collect::<Vec<_>>(),
            "{query}"
        );
    }
    assert!(
        rig.get("/Users?cursor&count=10")
            .await
            .is(200)
            .body
            .get("nextCursor")
            .is_none()
    );
    assert!(
        rig.get("/Users?count=3")
            .await
            .is(200)
            .body
            .get("nextCursor")
            .is_none(),
        "index paging is the default"
    );
}

#[tokio::test]
async fn cursors_are_bound_to_their_walk() {
    let rig = Rig::new().await;
    let mut paths = Vec::new();
    for number in 0..5 {
        paths.push(rig.user(&format!("user{number}"), json!({})).await);
    }
    let next = rig.get("/Users?cursor&count=2").await.body["nextCursor"]
        .as_str()
        .expect("more")
        .to_owned();
    rig.get("/Users?cursor=nonsense&count=2")
        .await
        .refused(400, "invalidCursor");
    rig.get(&format!("/Users?cursor={next}&count=2&sortBy=title"))
        .await
        .refused(400, "invalidCursor");
    rig.get(&format!("/Groups?cursor={next}&count=2"))
        .await
        .refused(400, "invalidCursor");
    rig.get(&format!("/Users?cursor={next}&count=3"))
        .await
        .refused(400, "invalidCount");
    rig.get("/Users?cursor&count=100000")
        .await
        .refused(400, "invalidCount");
    rig.delete(&paths[0]).await.is(204);
    assert_eq!(
        rig.get(&format!("/Users?cursor={next}"))
            .await
            .is(200)
            .listed("userName"),
        ["user2", "user3"],
        "a deletion shifts nothing"
    );
    let none = rig.get("/Users?cursor&count=0").await.is(200);
    assert_eq!(none.body["totalResults"], json!(4));
    assert!(none.listed("id").is_empty());
}

#[tokio::test]
async fn what_a_provider_may_leave_out_or_refuse() {
    let lawful = |name: &str| Options {
        lawful: vec![name.to_owned()],
        ..Options::default()
    };
    let forward = Rig::with(lawful("no-previous-cursors")).await;
    for number in 0..3 {
        forward.user(&format!("user{number}"), json!({})).await;
    }
    let first = forward.get("/Users?cursor&count=1").await.is(200);
    let next = first.body["nextCursor"].as_str().expect("more");
    let second = forward.get(&format!("/Users?cursor={next}&count=1")).await;
    assert!(second.is(200).body.get("previousCursor").is_none());

    let limited = Rig::with(lawful("limited-hits")).await;
    for number in 0..500 {
        limited.user(&format!("user{number}"), json!({})).await;
    }
    limited.get("/Users?count=1").await.is(200);
    limited.user("one.more", json!({})).await;
    for query in ["", "?count=1", "?cursor&count=1", "?filter=userName+pr"] {
        let reply = limited.get(&format!("/Users{query}")).await;
        reply.refused(400, "tooMany");
    }
    let few = limited.get("/Users?filter=userName+sw+%22user49%22").await;
    assert_eq!(few.is(200).body["totalResults"], json!(11));
}
