//! Cursor paging (RFC 9865).

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
            assert!(
                reply.body.get("previousCursor").is_none()
                    && reply.body.get("startIndex").is_none()
            );
            assert_eq!(reply.body["totalResults"], json!(7));
            seen.extend(reply.listed("userName"));
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
