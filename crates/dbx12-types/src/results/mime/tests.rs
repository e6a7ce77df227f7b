//! What notebooks get to show.

use crate::results::Column;
use crate::{Image, Images, RemoteError, Results, Table};
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};
use serde_json::{Value, json};

fn shown(results: &Results) -> Value {
    serde_json::to_value(results.mime_bundle()).unwrap()
}

fn parsed(json: &str) -> Results {
    serde_json::from_str(json).unwrap()
}

fn table(columns: &[&str], rows: &[Value]) -> Results {
    let columns: Vec<_> = columns.iter().map(|name| Column::new(*name, "\"string\"")).collect();
    Results::Table(Table::new(&columns, rows, false).unwrap())
}

#[test]
fn text_is_text_and_html_is_both() {
    assert_eq!(
        shown(&Results::text("<class 'int'>")),
        json!({"text/plain": "<class 'int'>"})
    );
    assert_eq!(shown(&Results::text("a < b\n")), json!({"text/plain": "a < b\n"}));
    let page = "\n<html><style>p { a }</style><SCRIPT>if (1 < 2) {}</SCRIPT ><!-- <p>x</p> -->\n<table><tr><th>a</th><th>b</th>\
        </tr><tr><td>1 &amp; 2</td><td>x <b>y</b> < z</td></tr></table></html>\n";
    assert_eq!(
        shown(&Results::text(page)),
        json!({"text/plain": "a\tb\n1 & 2\tx y < z", "text/html": page})
    );
    assert!(Results::text("").mime_bundle().is_empty());
    assert!(parsed(r#"{"resultType":"text"}"#).mime_bundle().is_empty());
}

#[test]
fn a_table_is_aligned_escaped_and_complete() {
    let results = table(
        &["id", "name"],
        &[
            json!([7, "<b>Al</b>"]),
            json!([-12.5, null]),
            json!([{"a": [1]}, "x\ny\u{1b}"]),
        ],
    );
    let bundle = shown(&results);
    assert_eq!(
        bundle["text/plain"],
        "id         name\n---------  ----------\n        7  <b>Al</b>\n    -12.5  null\n{\"a\":[1]}  x\\ny\\u{1b}"
    );
    assert_eq!(
        bundle["text/html"],
        "<table>\n<thead>\n<tr><th>id</th><th>name</th></tr>\n</thead>\n<tbody>\n\
         <tr><td>7</td><td>&lt;b&gt;Al&lt;/b&gt;</td></tr>\n<tr><td>-12.5</td><td>null</td></tr>\n\
         <tr><td>{&quot;a&quot;:[1]}</td><td>x\\ny\\u{1b}</td></tr>\n</tbody>\n</table>"
    );
    assert_eq!(
        bundle["application/json"],
        json!([{"id": 7, "name": "<b>Al</b>"}, {"id": -12.5, "name": null}, {"id": {"a": [1]}, "name": "x\ny\u{1b}"}])
    );
}

#[test]
fn numbers_of_a_table_stay_exact() {
    let results =
        parsed(r#"{"resultType":"table","schema":[{"name":"a"}],"data":[[123456789012345678901234567890.10]]}"#);
    let json = serde_json::to_string(&results.mime_bundle()).unwrap();
    assert!(
        json.contains(r#""application/json":[{"a":123456789012345678901234567890.10}]"#),
        "{json}"
    );
}

#[test]
fn a_long_table_is_previewed_and_a_cut_one_says_so() {
    let rows: Vec<_> = (0..103).map(|n| json!([n])).collect();
    let columns = [Column::new("n", "\"long\"")];
    let bundle = shown(&Results::Table(Table::new(&columns, &rows, true).unwrap()));
    let plain = bundle["text/plain"].as_str().unwrap();
    assert_eq!(plain.lines().count(), 104);
    assert!(
        plain.ends_with("\n99\n… and 3 more rows\nThe server cut the table: there are more rows than it sent."),
        "{plain}"
    );
    assert!(
        bundle["text/html"]
            .as_str()
            .unwrap()
            .ends_with("<p>… and 3 more rows</p>\n<p>The server cut the table: there are more rows than it sent.</p>")
    );
    assert_eq!(bundle["application/json"].as_array().unwrap().len(), 103);
}

#[test]
fn what_would_be_lost_in_objects_stays_as_it_came() {
    for (columns, row) in [
        (&["a", "a"][..], json!([1, 2])),
        (&["a"], json!([1, 2])),
        (&[], json!([1, 2])),
        (&["a"], json!({"a": 1})),
    ] {
        assert_eq!(
            shown(&table(columns, std::slice::from_ref(&row)))["application/json"],
            json!([row])
        );
    }
    let odd = shown(&parsed(r#"{"resultType":"table","schema":7,"data":"x"}"#));
    assert_eq!(odd["application/json"], "x");
    assert_eq!(shown(&parsed(r#"{"resultType":"table"}"#))["text/plain"], "");
    assert_eq!(
        shown(&table(&[], &[json!([1, "b"]), json!({"a": 1})]))["text/plain"],
        "      1  b\n{\"a\":1}"
    );
}

#[test]
fn images_are_shown_by_their_type() {
    let png = Results::Image(Image::new("data:image/png;base64,-_8"));
    assert_eq!(
        shown(&png),
        json!({"text/plain": "[image/png, 2 bytes]", "image/png": "+/8="})
    );
    let svg = Results::Image(Image::new("data:image/svg+xml;utf8,%3Csvg/%3E"));
    assert_eq!(
        shown(&svg),
        json!({"text/plain": "[image/svg+xml, 6 bytes]", "image/svg+xml": "<svg/>"})
    );
    let path = Results::Image(Image::new("/plots/1.png"));
    assert_eq!(shown(&path), json!({"text/plain": "[image at /plots/1.png]"}));
    let broken = Results::Image(Image::new("data:image/png;base64,?"));
    assert_eq!(shown(&broken), json!({"text/plain": "[image that cannot be decoded]"}));
    let page = Results::Image(Image::new("data:text/html,<script>"));
    assert_eq!(shown(&page), json!({"text/plain": "[text/html, 8 bytes]"}));

    let names = [
        "data:image/png;base64,AAAA",
        "/plots/<1>.png",
        "data:image/\"><script>;base64,AAAA",
    ];
    let several = Results::Images(Images::new(names.map(str::to_owned).into()));
    assert_eq!(
        shown(&several)["text/html"],
        "<img alt=\"[image/png, 3 bytes]\" src=\"data:image/png;base64,AAAA\">\n<p>[image at /plots/&lt;1&gt;.png]</p>\n\
         <img alt=\"[image/&quot;&gt;&lt;script&gt;, 3 bytes]\" src=\"data:image/&quot;&gt;&lt;script&gt;;base64,AAAA\">"
    );
    let one = Results::Images(Images::new(vec!["data:image/png;base64,AAAA".to_owned()]));
    assert_eq!(shown(&one)["image/png"], "AAAA");
    assert!(Results::Images(Images::default()).mime_bundle().is_empty());
}

#[test]
fn an_error_is_what_a_notebook_makes_of_one() {
    let summary = "<span class='ansi-red-fg'>KeyError</span>: &#39;a&#39;".to_owned();
    let cause = "File <command-1>:1\n\u{1b}[31mKeyError\u{1b}[0m: 'a'";
    assert_eq!(
        shown(&Results::Error(RemoteError::new(Some(summary), cause))),
        json!({
            "text/plain": "File <command-1>:1\nKeyError: 'a'",
            "application/vnd.jupyter.error": {
                "ename": "KeyError",
                "evalue": "'a'",
                "traceback": ["File <command-1>:1", "\u{1b}[31mKeyError\u{1b}[0m: 'a'"],
            },
        })
    );
    let unknown = shown(&Results::Error(RemoteError::new(
        Some("Command skipped".to_owned()),
        "",
    )));
    assert_eq!(unknown["text/plain"], "Command skipped");
    let content = json!({"ename": "Error", "evalue": "Command skipped", "traceback": ["Command skipped"]});
    assert_eq!(unknown["application/vnd.jupyter.error"], content);
}

#[test]
fn nothing_is_shown_of_nothing_and_json_of_the_unknown() {
    assert!(parsed("{}").mime_bundle().is_empty());
    let hologram = r#"{"resultType":"hologram","layers":[1,2.50]}"#;
    let mut bundle = parsed(hologram).mime_bundle();
    assert_eq!(
        bundle.iter().map(|(media_type, _)| media_type).collect::<Vec<_>>(),
        ["text/plain", "application/json"]
    );
    assert_eq!(
        serde_json::to_string(&bundle).unwrap(),
        format!("{{\"text/plain\":{},\"application/json\":{hologram}}}", json!(hologram))
    );
    assert!(bundle.remove("application/json").is_some() && bundle.get("application/json").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_can_be_shown(
        text in "\\PC*|(<|</|>|div|p|script|style|!--|-->|table|td| |&lt;|é|\n){0,20}|<div>(<|</|>|script|style|!--|é){0,20}</div>",
    ) {
        let bundle = Results::text(text.as_str()).mime_bundle();
        prop_assert!(text.is_empty() || bundle.get("text/plain").is_some());
        let _ = Results::Image(Image::new(text.as_str())).mime_bundle();
        let _ = Results::Error(RemoteError::new(Some(text.clone()), text)).mime_bundle();
    }

    #[test]
    fn no_cell_or_name_breaks_out_of_the_page(name in any::<String>(), cell in any::<String>()) {
        let bundle = shown(&table(&[&name], &[json!([cell])]));
        let page = bundle["text/html"].as_str().unwrap();
        let tags = ["<table>", "<thead>", "<tr>", "<th>", "<tbody>", "<td>"];
        let known: usize = tags.iter().map(|tag| page.matches(tag).count()).sum();
        prop_assert!(page.matches('<').count() == 2 * known && known == 7);
        prop_assert!(bundle["text/plain"].as_str().unwrap().split('\n').count() == 3);
        let records = json!([{name: cell}]);
        prop_assert!(bundle["application/json"] == records);
    }
}
