//! The HTML report: one file without any request to elsewhere, for two teams to read together. The template escapes
//! everything; what a target sent is text here and never markup.

mod findings;
mod tables;
mod view;

use std::io::{self, Write};

use askama::Template;

use crate::results::Run;

use view::Page;

/// Bytes of a line of text on the page.
const LINE: usize = 2_000;

/// Writes the run as one HTML document.
///
/// # Errors
/// What the writer gives.
pub fn render(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let html = Page::of(run).render().map_err(io::Error::other)?;
    out.write_all(html.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn rendered(run: &Run) -> String {
        let mut out = Vec::new();
        render(run, &mut out).expect("a vector takes everything");
        String::from_utf8(out).expect("HTML is UTF-8")
    }

    /// Everything but the style and the script, which are ours alone.
    fn body(html: &str) -> String {
        let start = html.find("<body>").expect("there is a body");
        let end = html.rfind("<script>").expect("the script is last");
        html[start..end].to_owned()
    }

    #[test]
    fn a_run_with_findings() {
        insta::assert_snapshot!(body(&rendered(&sample::run())));
    }

    #[test]
    fn all_kinds_of_runs_can_be_shown() {
        assert!(rendered(&sample::clean_run()).contains("Nothing failed."));
        assert!(rendered(&sample::untestable_run()).contains("nothing listens at 127.0.0.1:8080"));
    }

    #[test]
    fn what_the_target_sent_is_text() {
        let html = rendered(&sample::run());
        assert!(!html.contains("<script>alert"), "markup is escaped");
        assert!(html.contains("&#60;script&#62;alert"), "and shown");
        assert!(!html.contains('\u{0}') && !html.contains('\u{202e}') && !html.contains('\u{1b}'));
        assert_eq!(html.matches("<script>").count(), 1);
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        let html = rendered(&sample::run());
        for way in [
            "src=",
            "<link",
            "@import",
            "url(",
            "fetch(",
            "XMLHttpRequest",
            "innerHTML",
        ] {
            assert!(!html.contains(way), "{way}");
        }
        assert!(html.contains("default-src 'none'"));
    }

    #[test]
    fn anchors_are_unique_and_every_link_inside_leads_somewhere() {
        let html = rendered(&sample::run());
        let ids: Vec<&str> = html
            .split(" id=\"")
            .skip(1)
            .filter_map(|t| t.split('"').next())
            .collect();
        let unique: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len());
        for link in html
            .split("href=\"#")
            .skip(1)
            .filter_map(|t| t.split('"').next())
        {
            assert!(ids.contains(&link), "{link}");
        }
    }

    #[test]
    fn a_large_run_stays_small_enough_to_open() {
        let mut run = sample::run();
        let one = run.cases[0].clone();
        let mut quiet = run.cases[5].clone();
        quiet.exchanges = one.exchanges.clone();
        for number in 0..150 {
            let mut case = one.clone();
            case.id = format!("okta/users/create-{number}.aiw");
            case.exchanges[0].response_body =
                one.exchanges[0].response_body.clone().map(|mut b| {
                    b.text = "x".repeat(1_000_000);
                    b
                });
            for check in &mut case.checks {
                check.id = format!("{}#post.body.userName", case.id);
            }
            run.cases.push(case);
        }
        for number in 0..2_000 {
            let mut case = quiet.clone();
            case.id = format!("entra/users/quiet-{number}.flag");
            run.cases.push(case);
        }
        let html = rendered(&run);
        assert!(html.len() < 3_000_000, "{}", html.len());
    }
}
