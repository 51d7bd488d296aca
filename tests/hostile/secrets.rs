//! Credentials that servers send back in every place and every encoding, and all that the program then writes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::program::Sandbox;
use super::server::From::TheStart;
use super::server::Piece::{Bytes, Close};
use super::server::{Answer, Asked, Lie, Piece, liar};

/// Variable, value, and a part of the value that no escaping touches: where that part stands, the secret leaked.
const SECRETS: [(&str, &str, &str); 8] = [
    ("BEARER", "c4naryB3arer/T0ken+aa==~&<1>", "c4naryB3arer"),
    ("REVOKED", "c4naryR3voked.T0ken-bb", "c4naryR3voked"),
    ("OTHER", "c4naryOth3r$T0ken'cc", "c4naryOth3r"),
    (
        "PASSWORD",
        "c4naryPassw0rd \"quoted\" & é\\",
        "c4naryPassw0rd",
    ),
    ("HEADER", "c4naryH3aderValue;dd", "c4naryH3aderValue"),
    ("CLIENT", "c4naryCl1entSecret/+?%", "c4naryCl1entSecret"),
    ("ACCESS", "c4naryAcc3ssToken|ee", "c4naryAcc3ssToken"),
    ("LITERAL", "c4naryLit3ralToken:ff", "c4naryLit3ralToken"),
];

fn secret(name: &str) -> &'static str {
    SECRETS
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, value, _)| *value)
        .unwrap()
}

/// All secrets, in the encodings that occur in what servers and proxies write.
fn all_of_them() -> String {
    let mut text = String::new();
    for (_, value, _) in SECRETS {
        let json = serde_json::to_string(value).unwrap();
        let net: String = value
            .chars()
            .map(|c| match c {
                '+' | '&' | '<' | '>' | '\'' | '"' | 'é' => format!("\\u{:04X}", u32::from(c)),
                c => c.to_string(),
            })
            .collect();
        let percent: String = value
            .bytes()
            .map(|b| match b {
                b if b.is_ascii_alphanumeric() => char::from(b).to_string(),
                b => format!("%{b:02x}"),
            })
            .collect();
        let html: String = value
            .chars()
            .map(|c| match c {
                c if c.is_ascii_alphanumeric() => c.to_string(),
                c => format!("&#x{:X};", u32::from(c)),
            })
            .collect();
        for form in [
            value.to_owned(),
            json.trim_matches('"').replace('/', "\\/"),
            net,
            percent.replace('%', "%25"),
            percent,
            html,
            value.to_uppercase(),
            STANDARD.encode(value),
            STANDARD.encode(format!("Bearer {value}")),
            URL_SAFE_NO_PAD.encode(format!("client:{value}")),
        ] {
            text.push_str(&form);
            text.push(' ');
        }
    }
    text
}

/// Where a secret's untouchable part, plain or in base64, stands in what was written.
fn leaks(written: &[u8], known: &[&str]) -> Vec<String> {
    let text = String::from_utf8_lossy(written).to_lowercase();
    let mut found = Vec::new();
    for (name, _, part) in SECRETS {
        if !known.contains(&name) {
            continue;
        }
        let mut forms = vec![part.to_lowercase()];
        for shift in 0..3_usize {
            // Whole triples of the part: what its base64 holds whatever stands around it.
            let whole = &part.as_bytes()[shift..shift + (part.len() - shift) / 3 * 3];
            forms.push(STANDARD.encode(whole).to_lowercase());
        }
        for form in forms {
            if let Some(at) = text.find(&form) {
                let from = (0..=at.saturating_sub(60))
                    .rev()
                    .find(|i| text.is_char_boundary(*i));
                let around: String = text[from.unwrap_or(0)..].chars().take(160).collect();
                found.push(format!("{name} as {form}: ...{around}..."));
            }
        }
    }
    found
}

/// Texts that a header may have: no control characters, no characters beyond ASCII.
fn for_headers(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii() && !c.is_control())
        .collect()
}

fn instead(answer: Answer) -> Vec<Piece> {
    vec![Bytes(answer.bytes())]
}

fn asks_for_token(asked: &Asked) -> bool {
    asked.path() == "/token"
}

/// What an OAuth server says, where the client came for a token.
fn token(asked: &Asked) -> Option<Vec<Piece>> {
    asks_for_token(asked).then(|| {
        let body =
            json!({"access_token": secret("ACCESS"), "token_type": "Bearer", "expires_in": 300});
        instead(Answer::new(200, body.to_string()))
    })
}

fn error_body() -> String {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error", all_of_them()],
        "status": "400", "scimType": all_of_them(),
        "detail": format!("bad credential {}", all_of_them()),
        all_of_them(): 1
    })
    .to_string()
}

/// Name, exit codes that may come, what is said.
const ECHOES: &[(&str, &[i32], Lie)] = &[
    ("right but for its headers", &[0, 1], |asked, right, _| {
        token(asked).unwrap_or_else(|| {
            let echo = for_headers(&all_of_them());
            instead(
                right
                    .clone()
                    .header("X-Echo", echo.clone())
                    .header("Set-Cookie", format!("sid={echo}"))
                    .header("X-Request-Id", asked.header("authorization"))
                    .header("ETag", format!("\"{echo}\""))
                    .header("Content-Location", format!("/a?{echo}")),
            )
        })
    }),
    ("in every text", &[1], |asked, right, _| {
        token(asked).unwrap_or_else(|| {
            instead(right.clone().each_resource(|resource| {
                resource["displayName"] = json!(all_of_them());
                resource["nickName"] = json!(all_of_them());
                resource[all_of_them()] = json!([{"value": all_of_them()}]);
                resource["schemas"] = json!([all_of_them()]);
            }))
        })
    }),
    ("in ids and locations", &[1, 3], |asked, right, _| {
        token(asked).unwrap_or_else(|| {
            instead(right.clone().each_resource(|resource| {
                resource["id"] = json!(format!("7-{}", secret("BEARER")));
                resource["meta"]["location"] = json!(all_of_them());
                resource["meta"]["version"] = json!(all_of_them());
            }))
        })
    }),
    ("in refusals of writes", &[1, 3], |asked, _, _| {
        token(asked).unwrap_or_else(|| {
            if asked.is_write() {
                instead(Answer::new(400, error_body()))
            } else {
                vec![]
            }
        })
    }),
    (
        "in raw text, then the connection breaks",
        &[1, 3],
        |asked, right, memory| {
            token(asked).unwrap_or_else(|| {
                if memory.count.fetch_add(1, Ordering::SeqCst) < 8 {
                    return vec![];
                }
                let mut head = right.head("Content-Length: 1000000\r\n");
                head.extend(all_of_them().bytes());
                vec![Bytes(head), Close]
            })
        },
    ),
    ("in a 401", &[3], |asked, _, _| {
        token(asked).unwrap_or_else(|| {
            instead(
                Answer::new(401, error_body())
                    .header("WWW-Authenticate", for_headers(&all_of_them())),
            )
        })
    }),
    ("in a redirect", &[3], |asked, _, _| {
        token(asked).unwrap_or_else(|| {
            let to = format!("http://127.0.0.2:9/login?{}", for_headers(&all_of_them()));
            instead(Answer::new(302, error_body()).header("Location", to))
        })
    }),
    ("on an HTML page", &[3], |asked, _, _| {
        token(asked).unwrap_or_else(|| {
            instead(
                Answer::new(500, format!("<html>{}</html>", all_of_them()))
                    .header("Content-Type", "text/html"),
            )
        })
    }),
    ("where HTTP ends", &[3], |asked, _, _| {
        token(asked).unwrap_or_else(|| {
            vec![
                Bytes(format!("HTTP/1.1 {}\r\n\r\n", all_of_them()).into_bytes()),
                Close,
            ]
        })
    }),
    ("at the token endpoint", &[0, 3], |asked, _, _| {
        if !asks_for_token(asked) {
            return vec![];
        }
        instead(
            Answer::new(
                400,
                json!({"error": all_of_them(), "error_description": all_of_them()}).to_string(),
            )
            .header("Location", for_headers(&all_of_them())),
        )
    }),
];

/// The ways to give a credential, and the secrets that the program then has.
const WAYS: [(&str, &[&str], &str); 5] = [
    (
        "bearer",
        &["BEARER", "REVOKED", "OTHER"],
        "[auth]\ntoken = \"${BEARER}\"\n[auth.revoked]\ntoken = \"${REVOKED}\"\n[auth.other_tenant]\ntoken = \"${OTHER}\"\n",
    ),
    (
        "basic",
        &["PASSWORD"],
        "[auth]\nbasic = { username = \"ann\", password = \"${PASSWORD}\" }\n",
    ),
    (
        "header",
        &["HEADER"],
        "[auth]\nheader = { name = \"X-Our-Own\", value = \"${HEADER}\" }\n",
    ),
    (
        "oauth",
        &["CLIENT", "ACCESS"],
        "[auth]\noauth2 = { token_url = \"TOKEN_URL\", client_id = \"id\", client_secret = \"${CLIENT}\", send_secret = \"body\" }\n",
    ),
    (
        "literal",
        &["LITERAL"],
        "[auth]\ntoken = \"c4naryLit3ralToken:ff\"\n",
    ),
];

const LEVELS: [&[&str]; 3] = [&[], &["-v"], &["-q"]];

const FILES: [&str; 6] = [
    "json=r.json",
    "junit=r.xml",
    "html=r.html",
    "markdown=r.md",
    "sarif=r.sarif",
    "har=r.har",
];

/// Runs one command in a folder with a configuration, and gives its exit code and everything that it wrote.
fn written(arguments: &[&str], config: &str) -> (Option<i32>, Vec<(String, Vec<u8>)>) {
    let sandbox = Sandbox::new();
    sandbox.write("scimproof.toml", config);
    let mut command = sandbox.command(arguments);
    command
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full");
    for (name, value, _) in SECRETS {
        command.env(name, value);
    }
    let ended = sandbox.run(&mut command, Duration::from_secs(60));
    let files = sandbox
        .files()
        .into_iter()
        .filter(|path| !path.ends_with("scimproof.toml"))
        .map(|path| (path.display().to_string(), std::fs::read(&path).unwrap()))
        .collect();
    (ended.code, files)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_ever_written() {
    let (mut runs, mut found, mut bytes, mut wrong) = (0, Vec::new(), 0, Vec::new());
    for (place, (name, codes, lie)) in ECHOES.iter().enumerate() {
        let server = liar(*lie, TheStart, scim_reference::Options::default()).await;
        for (at, (way, known, config)) in WAYS.iter().enumerate() {
            // Each server meets each second way, and the token endpoint those who ask it.
            let wanted = if *name == "at the token endpoint" {
                *way == "oauth"
            } else {
                (at + place) % 2 == 0
            };
            if !wanted {
                continue;
            }
            let config = config.replace("TOKEN_URL", &format!("{}/token", server.base_url));
            let config = format!("[target]\nurl = \"{}\"\n{config}", server.base_url);
            let mut arguments = vec![
                "run",
                "--timeout",
                "3",
                "--deadline",
                "20",
                "--case",
                "rfc/create/user",
                "--case",
                "okta/users/create",
            ];
            arguments.extend(LEVELS[runs % LEVELS.len()]);
            for file in FILES {
                arguments.extend(["--report", file]);
            }
            let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
            let (code, files) = tokio::task::spawn_blocking(move || {
                let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
                written(&arguments, &config)
            })
            .await
            .unwrap();
            runs += 1;
            if !code.is_some_and(|code| codes.contains(&code)) || files.len() < 8 {
                wrong.push(format!(
                    "{name}, {way}: exit {code:?}, {} files; {}",
                    files.len(),
                    files
                        .iter()
                        .filter(|(f, _)| f.ends_with("stderr"))
                        .map(|(_, b)| String::from_utf8_lossy(b).into_owned())
                        .collect::<String>()
                ));
            }
            for (file, content) in files {
                bytes += content.len();
                found.extend(
                    leaks(&content, known)
                        .into_iter()
                        .map(|leak| format!("{name}, {way}: {file}: {leak}")),
                );
            }
        }
    }
    println!(
        "secrets found {} in {bytes} bytes of {runs} runs",
        found.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        found.is_empty(),
        "{} leaks, such as\n{}",
        found.len(),
        found
            .iter()
            .take(12)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    );
    assert!(bytes > 100_000, "there was something to look through");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_command_writes_a_secret_either() {
    let (_, _, refuses) = ECHOES[5];
    let (_, _, talks) = ECHOES[1];
    let mut found = Vec::new();
    let mut ran = 0;
    for (lie, commands) in [
        (
            refuses,
            vec![
                vec!["probe"],
                vec!["init", "--output-file", "made.toml"],
                vec!["cleanup"],
            ],
        ),
        (
            talks,
            vec![
                vec!["probe", "-v"],
                vec!["init", "--output-file", "made.toml"],
                vec!["cleanup"],
            ],
        ),
    ] {
        let server = liar(lie, TheStart, scim_reference::Options::default()).await;
        for arguments in commands {
            let config = format!("[target]\nurl = \"{}\"\n{}", server.base_url, WAYS[0].2);
            let shown = arguments.join(" ");
            let (code, files) = tokio::task::spawn_blocking(move || written(&arguments, &config))
                .await
                .unwrap();
            assert!(matches!(code, Some(0..=3)), "{shown}: {code:?}");
            ran += 1;
            for (file, content) in files {
                found.extend(
                    leaks(&content, WAYS[0].1)
                        .into_iter()
                        .map(|leak| format!("{shown}: {file}: {leak}")),
                );
            }
        }
    }
    // What is wrong with a configuration is told without what stands in it.
    for config in [
        "[auth]\ntoken = \"c4naryB3arer\ntokenn = 1",
        "[auth]\ntoken = 'c4naryB3arer é'",
        "[auth]\ntoken = \"${BEARER}\"\nbasic = { username = 'c', password = 'c4naryPassw0rd' }",
        "[auth]\nbasic = { username = 'c', passwort = 'c4naryPassw0rd' }",
        "[auth]\nheader = { name = 'b:d', value = 'c4naryH3aderValue\\n' }",
        "[target]\nurl = 'https://ann:c4naryPassw0rd@h.example/'",
    ] {
        let (code, files) = written(
            &[
                "run",
                "--target",
                "https://h.example/scim",
                "--timeout",
                "1",
            ],
            config,
        );
        assert!(matches!(code, Some(2 | 3)), "{config}: {code:?}");
        ran += 1;
        for (file, content) in files {
            found.extend(
                leaks(&content, &SECRETS.map(|(name, ..)| name))
                    .into_iter()
                    .map(|leak| format!("{config:?}: {file}: {leak}")),
            );
        }
    }
    println!("secrets found {} in {ran} other commands", found.len());
    assert!(found.is_empty(), "{}", found.join("\n"));
}
