//! What `display` and its kind make of values.

use super::*;

async fn table(python: &mut Notebook, code: &str) -> (String, Vec<(String, String)>, bool) {
    match python.run(code).await.end {
        End::Table {
            rows,
            schema,
            truncated,
        } => {
            assert!(schema.iter().all(|column| column.metadata == "{}"));
            let schema = schema.into_iter().map(|column| (column.name, column.data_type));
            (rows.get().to_owned(), schema.collect(), truncated)
        }
        end => panic!("{code}: {end:?}"),
    }
}

fn columns(schema: &[(String, String)]) -> Vec<(&str, &str)> {
    schema
        .iter()
        .map(|(name, kind)| (name.as_str(), kind.as_str()))
        .collect()
}

#[tokio::test]
async fn tables_have_exact_cells_and_the_types_of_spark() {
    let mut python = Notebook::start().await;
    let (rows, schema, truncated) = table(
        &mut python,
        "display([{'a': 2**60 + 1, 'b': 'é'}, {'a': None, 'c': 1.5}])",
    )
    .await;
    assert_eq!(rows, r#"[[1152921504606846977, "é", null],[null, null, 1.5]]"#);
    assert_eq!(
        columns(&schema),
        [("a", r#""long""#), ("b", r#""string""#), ("c", r#""double""#)]
    );
    assert!(!truncated);

    let code = "import collections, datetime, decimal\n\
                utc = datetime.timezone.utc\n\
                R = collections.namedtuple('R', 'when day price raw nested flag')\n\
                display([R(datetime.datetime(2024, 1, 2, 3, 4, 5, 678000, utc), datetime.date(2024, 1, 2),\n\
                    decimal.Decimal('1.1'), b'ab', {'k': [1, 2]}, True),\n\
                    R(None, None, decimal.Decimal('20.25'), None, {}, None)])";
    let (rows, schema, _) = table(&mut python, code).await;
    assert_eq!(
        rows,
        r#"[["2024-01-02T03:04:05.678+0000", "2024-01-02", "1.10", "YWI=", {"k": [1, 2]}, true],[null, null, "20.25", null, {}, null]]"#
    );
    assert_eq!(schema[0], ("when".to_owned(), r#""timestamp""#.to_owned()));
    assert_eq!(schema[2].1, r#""decimal(4,2)""#);
    assert!(schema[4].1.contains(r#""type": "map""#), "{schema:?}");

    let code = "nan = float('nan')\ndisplay({'x': [1, nan, float('-inf')], 'y': ['a', nan, 2], 'z': [2**70, 1, 0]})";
    let (rows, schema, _) = table(&mut python, code).await;
    assert_eq!(
        rows,
        r#"[[1.0, "a", "1180591620717411303424"],["NaN", null, "1"],["-Infinity", "2", "0"]]"#
    );
    assert_eq!(schema[2].1, r#""decimal(38,0)""#);
}

#[tokio::test]
async fn tables_end_at_the_row_limit_and_before_they_are_too_large() {
    let mut python = Notebook::start().await;
    let (rows, schema, truncated) = table(&mut python, "display([(i, str(i)) for i in range(1001)])").await;
    assert!(truncated);
    assert_eq!(schema[1].0, "_2");
    assert!(rows.ends_with(r#",[999, "999"]]"#));
    let (_, _, truncated) = table(&mut python, "display([(i,) for i in range(1000)])").await;
    assert!(!truncated);

    let end = python
        .interpreter
        .execute(77, "display([(i,) for i in range(9)])", 2)
        .await
        .end;
    assert!(
        matches!(&end, End::Table { rows, truncated: true, .. } if rows.get() == "[[0],[1]]"),
        "{end:?}"
    );

    let (rows, _, truncated) = table(&mut python, "display([(i, 'x' * 1_000_000) for i in range(65)])").await;
    assert!(truncated);
    assert!((50 << 20..64 << 20).contains(&rows.len()), "{}", rows.len());
}

#[tokio::test]
async fn one_result_is_chosen_and_the_output_stays_beside_it() {
    let mut python = Notebook::start().await;
    let execution = python
        .run("print('out')\ndisplay([(1,)])\ndisplay([(2,)])\ndisplayHTML('<b>x</b>')")
        .await;
    assert_eq!(execution.output, "out");
    assert!(matches!(execution.end, End::Table { rows, .. } if rows.get() == "[[2]]"));

    let code = "class H:\n    def _repr_html_(self): return '<i>é</i>'\ndisplay(H())\ndisplay(H)";
    let execution = python.run(code).await;
    assert!(matches!(execution.end, End::Html(html) if html == "<i>é</i>"));
    assert!(execution.output.starts_with("<class "), "{}", execution.output);

    let code = "class P:\n    def _repr_png_(self): return b'png'\ndisplayHTML('<b>')\ndisplay(P(), P())";
    let picture = "data:image/png;base64,cG5n";
    let end = python.run(code).await.end;
    assert!(
        matches!(&end, End::Images(images) if *images == [picture, picture]),
        "{end:?}"
    );

    assert_eq!(python.text("display(1, 'a', [], [1], {})").await, "1\n'a'\n[]\n[1]\n{}");
    let (summary, cause) = python.error("display([(1,)])\nH().x").await;
    assert!(summary.contains("AttributeError") && cause.contains("----> 2 H().x"));
    let code = "class B:\n    def _repr_html_(self): return 1/0\ndisplay(B())";
    let (_, cause) = python.error(code).await;
    assert!(cause.contains("in _repr_html_") && !cause.contains("dbx12"), "{cause}");
}

/// Stand-ins for pandas and matplotlib, of which only what the worker touches is there. The real ones are not on every
/// machine.
#[tokio::test]
async fn frames_and_figures_of_libraries() {
    let mut python = Notebook::start().await;
    python
        .text(
            "import sys, types\n\
             pandas = types.ModuleType('pandas'); sys.modules['pandas'] = pandas\n\
             import datetime\n\
             class Timestamp(datetime.datetime):\n\
             \x20   def astimezone(self, zone): raise OSError('a zone is needed')\n\
             \x20   def to_pydatetime(self): return self.replace(tzinfo=datetime.timezone.utc)\n\
             class DataFrame:\n\
             \x20   columns = ['n', 's', 't', 'e']; dtypes = ['int32', 'object', 'datetime64[ns]', 'object']\n\
             \x20   def head(self, n): return self\n\
             \x20   def itertuples(self, index, name): return iter([\n\
             \x20       (1, 'a', Timestamp(2024, 1, 2), None), (2, float('nan'), None, None)])\n\
             DataFrame.__module__ = 'pandas.core.frame'",
        )
        .await;
    let (rows, schema, _) = table(&mut python, "display(DataFrame())").await;
    assert_eq!(
        rows,
        r#"[[1, "a", "2024-01-02T00:00:00.000+0000", null],[2, null, null, null]]"#
    );
    let kinds = [r#""integer""#, r#""string""#, r#""timestamp""#, r#""string""#];
    assert!(schema.iter().map(|column| &column.1).eq(kinds), "{schema:?}");

    python
        .text(
            "class Figure:\n\
             \x20   def savefig(self, file, format, bbox_inches): file.write(b'png')\n\
             open_figures = {}\n\
             figure = types.ModuleType('matplotlib.figure'); figure.Figure = Figure\n\
             pyplot = types.ModuleType('matplotlib.pyplot')\n\
             pyplot.get_fignums = lambda: list(open_figures)\n\
             pyplot.figure = open_figures.get\n\
             def close(which):\n\
             \x20   for number in [n for n, f in open_figures.items() if which in ('all', f)]: del open_figures[number]\n\
             pyplot.close = close\n\
             sys.modules['matplotlib.figure'] = figure; sys.modules['matplotlib.pyplot'] = pyplot",
        )
        .await;
    let end = python.run("open_figures.update({1: Figure(), 2: Figure()})").await.end;
    assert!(matches!(&end, End::Images(images) if images.len() == 2), "{end:?}");
    assert_eq!(python.text("open_figures").await, "{}");
    python.error("open_figures[3] = Figure()\n1/0").await;
    assert_eq!(python.text("open_figures").await, "{}");
    let end = python.run("display(Figure())").await.end;
    assert!(matches!(&end, End::Images(images) if images.len() == 1), "{end:?}");
}
