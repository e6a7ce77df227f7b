//! What the local workspace shows of pandas, polars and matplotlib.
//!
//! Not among the tests that `cargo test` chooses, for they are large: `cargo xtask nightly` installs them and asks for this
//! program by its name.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;

use dbx12_exec::api;
use dbx12_exec::types::{Language, Results};
use dbx12_exec::{Outcome, Session};
use dbx12_local::Workspace;
use serde_json::{Value, json};

/// The Python that `cargo xtask nightly` prepared and named in `DBX12_FRAMES_PYTHON`; else the one it prepared before.
fn python() -> PathBuf {
    if let Some(path) = std::env::var_os("DBX12_FRAMES_PYTHON") {
        return path.into();
    }
    let prepared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/frames/bin/python");
    assert!(
        prepared.exists(),
        "there is no pandas: run `cargo xtask nightly`, which installs it"
    );
    prepared
}

/// What comes of a program in a context of its own.
async fn results(code: &str) -> Value {
    let builder = Workspace::builder().python(python()).without_spark();
    let workspace = builder.env("MPLCONFIGDIR", std::env::temp_dir()).start().await.unwrap();
    let cluster = api::Workspace::new(workspace.client()).cluster(workspace.cluster_id());
    let session = Session::open(&cluster, Language::Python).await.unwrap();
    let outcome = session.run(code).await.unwrap();
    let Outcome::Finished(results) = outcome else {
        panic!("{outcome:?}")
    };
    session.close().await.unwrap();
    workspace.shutdown().await;
    serde_json::to_value::<Results>(results).unwrap()
}

fn types(table: &Value) -> Vec<(&str, &str)> {
    let columns = table["schema"].as_array().unwrap().iter();
    columns
        .map(|column| (column["name"].as_str().unwrap(), column["type"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_frame_of_pandas_is_a_table() {
    let table = results(
        "import pandas as pd\n\
         display(pd.DataFrame({'i': [1, 2], 'f': [1.5, float('nan')], 's': ['a', None], 'b': [True, False],\n\
         't': pd.to_datetime(['2024-01-02T03:04:05Z', None]), 'c': pd.Categorical(['x', 'y']),\n\
         'n': pd.array([9007199254740993, None], dtype='Int64')}))",
    )
    .await;
    assert_eq!(
        types(&table),
        [
            ("i", "\"long\""),
            ("f", "\"double\""),
            ("s", "\"string\""),
            ("b", "\"boolean\""),
            ("t", "\"timestamp\""),
            ("c", "\"string\""),
            ("n", "\"long\""),
        ]
    );
    let rows = json!([
        [
            1,
            1.5,
            "a",
            true,
            "2024-01-02T03:04:05.000+0000",
            "x",
            9_007_199_254_740_993_i64
        ],
        [2, "NaN", null, false, null, "y", null],
    ]);
    assert_eq!((&table["data"], &table["isJsonSchema"]), (&rows, &json!(true)));
}

#[tokio::test]
async fn a_frame_of_polars_is_a_table() {
    let table = results(
        "import polars as pl, datetime as dt, decimal\n\
         display(pl.DataFrame({'i': [1, 2], 'f': [1.5, None], 's': ['a', None], 'd': [dt.date(2024, 1, 2), None],\n\
         'l': [[1, 2], [3]], 'dec': [decimal.Decimal('1.10'), None], 'bin': [b'ab', b'c']}))",
    )
    .await;
    let kinds: Vec<_> = types(&table).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds[..4], ["\"long\"", "\"double\"", "\"string\"", "\"date\""]);
    assert!(kinds[4].contains("array") && kinds[4].contains("long"), "{kinds:?}");
    assert_eq!(kinds[5..], ["\"decimal(3,2)\"", "\"binary\""]);
    let rows = json!([
        [1, 1.5, "a", "2024-01-02", [1, 2], "1.10", "YWI="],
        [2, null, null, null, [3], null, "Yw=="],
    ]);
    assert_eq!(table["data"], rows);
}

#[tokio::test]
async fn the_value_of_a_last_expression_is_its_text() {
    let text = results("import pandas as pd\npd.DataFrame({'n': [1, 2]})").await;
    assert_eq!(text, json!({"resultType": "text", "data": "   n\n0  1\n1  2"}));
}

#[tokio::test]
async fn figures_are_pictures() {
    let plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])";
    let image = results(plot).await;
    let url = image["fileName"].as_str().unwrap();
    assert!(
        image["resultType"] == "image" && url.starts_with("data:image/png;base64,iVBOR"),
        "{url:.40}"
    );
    let images = results(&format!("{plot}\nplt.show()\nplt.figure()\nplt.plot([2, 1]);")).await;
    assert_eq!(
        (&images["resultType"], images["fileNames"].as_array().unwrap().len()),
        (&json!("images"), 2)
    );

    let noise = "import numpy as np, matplotlib.pyplot as plt\nfigure = plt.figure(figsize=(12, 12))\n\
                 plt.imshow(np.random.rand(1200, 1200)); figure.savefig\ndisplay(figure)";
    let large = results(noise).await;
    let path = large["fileName"].as_str().unwrap();
    assert!(path.starts_with("/plots/") && path.ends_with(".png"), "{path:.40}");
}
