//! Python's `spark`: attached when it is named, apart from the sessions of other contexts.

use dbx12_exec::api::types::Language;
use serde_json::json as expected;

use crate::notebook::{Notebook, json};

#[tokio::test]
async fn python() {
    let notebook = Notebook::start().await;
    let one = notebook.context(Language::Python).await;
    let two = notebook.context(Language::Python).await;
    assert_eq!(notebook.text(&one, "spark.range(5).count()").await, "5");
    assert_eq!(
        notebook
            .text(
                &two,
                "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate() is spark"
            )
            .await,
        "True"
    );
    assert_eq!(
        notebook
            .text(&two, "sc.parallelize(range(4)).map(lambda i: i * 2).sum()")
            .await,
        "12"
    );

    // What is shown of a frame is what SQL shows of it.
    let code =
        "df = spark.sql(\"select 9223372036854775807 as big, double('NaN') as n, map('k', 1) as m\")\ndisplay(df)";
    let table = json(&notebook.run(&one, code).await);
    assert_eq!(
        table["data"],
        expected!([[9_223_372_036_854_775_807_i64, "NaN", {"k": 1}]])
    );
    assert_eq!(table["schema"][0]["type"], "\"long\"");
    assert_eq!(
        notebook.text(&one, "df.select('big')").await,
        "DataFrame[big: bigint]",
        "the value of an expression is its text"
    );

    let table = json(&notebook.run(&one, "display(spark.range(10001))").await);
    assert_eq!(
        (table["data"].as_array().unwrap().len(), &table["truncated"]),
        (10_000, &expected!(true))
    );

    // Sessions are a context's own, tables the cluster's; and the context's SQL shares its session.
    notebook
        .text(
            &one,
            "spark.range(3).createOrReplaceTempView('mine'); spark.range(2).createGlobalTempView('ours')",
        )
        .await;
    let error = notebook.error(&two, "spark.table('mine').count()").await;
    assert!(error.plain().contains("mine"), "{error:?}");
    assert_eq!(
        notebook.text(&two, "spark.table('global_temp.ours').count()").await,
        "2"
    );
    let rows = json(&notebook.run_as(&one, Language::Sql, "select count(*) from mine").await);
    assert_eq!(rows["data"], expected!([[3]]));

    // User-defined functions run in the same Python.
    let code = "from pyspark.sql.functions import udf\nimport sys\n\
        spark.range(1).select(udf(lambda i: '%d.%d' % sys.version_info[:2])('id')).first()[0] == '%d.%d' % sys.version_info[:2]";
    assert_eq!(notebook.text(&one, code).await, "True");

    // Functions are called back by streams, those of two contexts at the same time.
    let stream = "import json, tempfile\nfrom pathlib import Path
folder = Path(tempfile.mkdtemp())
Path(folder, 'in').mkdir()
Path(folder, 'in', 'a.json').write_text('{\"a\": 1}\\n{\"a\": 2}\\n')
seen = []
def each(frame, number):
    seen.append((number, sorted(row.a for row in frame.collect())))
query = spark.readStream.schema('a int').json(str(folder / 'in')).writeStream.foreachBatch(each)
query.option('checkpointLocation', str(folder / 'state')).trigger(availableNow=True).start().awaitTermination()
seen";
    let (first, second) = tokio::join!(notebook.text(&one, stream), notebook.text(&two, stream));
    assert_eq!([first, second], ["[(0, [1, 2])]"; 2]);

    // Nobody ends the cluster from a notebook.
    let said = notebook.text(&one, "spark.stop()\nspark.range(1).count()").await;
    assert!(said.ends_with('1'), "{said}");
    assert_eq!(notebook.text(&two, "spark.range(1).count()").await, "1");
    notebook.workspace.shutdown().await;
}
