//! Whatever a server sends, nothing panics, and the ways to read a table agree.

use super::typed;
use crate::results::{Results, Table};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use serde_json::Value;

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Quarters: `serde_json` reads others with an error of one bit.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 4.0)),
        "[a-zA-Z0-9,|\"\\\\\r\n\\[\\]{} :.\u{e9}\u{1f600}-]{0,12}".prop_map(Value::from),
        "(NaN|Infinity|2024-02-29( 12:00:00)?|aGk=|1\\.10|[0-9]{1,30})".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec(("[a-c\"]{0,2}", inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Rows of the same length, and as many column types.
fn rows() -> impl Strategy<Value = (Vec<&'static str>, Vec<Vec<Value>>)> {
    let types = vec![
        "c int",
        "c bigint",
        "c double",
        "c decimal(10,2)",
        "c string",
        "c binary",
        "c date",
        "c timestamp",
        "c boolean",
        "c array<int>",
        "c struct<a:int,b:string>",
        "c map<string,int>",
        "c void",
        "c \"long\"",
        "c",
        "c hologram<1>",
    ];
    (0usize..5).prop_flat_map(move |width| {
        let column = proptest::sample::select(types.clone());
        (
            proptest::collection::vec(column, width),
            proptest::collection::vec(proptest::collection::vec(json(), width), 0..6),
        )
    })
}

/// Every way to read and to write it. What comes out does not matter here, only that something does.
fn exercise(table: &Table) {
    let _ = table.row_count();
    let _ = format!("{table:?}");
    let names: Vec<_> = table
        .columns()
        .into_iter()
        .flatten()
        .map(|column| column.name)
        .collect();
    for name in names {
        let _ = table.column::<i64>(&name).map(Iterator::count);
    }
    let _ = table.rows::<(i8, String)>().map(Iterator::count);
    let _ = table.rows::<Value>().map(Iterator::count);
    let _ = table.cells().map(Iterator::count);
    let _ = table.to_csv(std::io::sink());
    let _ = table.to_json_lines(std::io::sink());
    let _ = table.to_markdown(std::io::sink());
    #[cfg(feature = "arrow")]
    let _ = table.record_batch();
}

#[test]
fn no_depth_exhausts_the_stack() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for data_type in ["string", "array<array<int>>", "struct<a:int>", ""] {
        let table = typed(&[&format!("c {data_type}")], &format!("[[{deep}],{deep}]"));
        exercise(&table);
        assert_eq!(table.row_count().unwrap(), 2);
        assert!(table.rows::<Value>().unwrap().all(|row| row.is_err()));
        let mut lines = Vec::new();
        table.to_json_lines(&mut lines).unwrap();
        assert_eq!(
            lines.len(),
            r#"{"c":}"#.len() + deep.len() + 1 + r#"{"c":}"#.len() + deep.len() - 2 + 1
        );
    }
}

/// The records of a CSV, quoted fields as text, empty unquoted ones as `None`.
fn parse_csv(csv: &str) -> Vec<Vec<Option<String>>> {
    let mut records = vec![Vec::new()];
    let mut rest = csv;
    while !rest.is_empty() {
        let field = if let Some(quoted) = rest.strip_prefix('"') {
            let mut text = String::new();
            let mut after = quoted;
            loop {
                let (part, next) = after.split_once('"').unwrap();
                text.push_str(part);
                after = next;
                match after.strip_prefix('"') {
                    Some(next) => after = next,
                    None => break,
                }
                text.push('"');
            }
            rest = after;
            Some(text)
        } else {
            let end = rest.find([',', '\r']).unwrap();
            let (text, after) = rest.split_at(end);
            rest = after;
            (!text.is_empty()).then(|| text.to_owned())
        };
        records.last_mut().unwrap().push(field);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None => {
                rest = rest.strip_prefix("\r\n").unwrap();
                records.push(Vec::new());
            }
        }
    }
    records.pop();
    records
}

fn as_field(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_read_or_refused(schema in json(), data in json(), truncated in json()) {
        let results = serde_json::json!({"resultType": "table", "schema": schema, "data": data, "truncated": truncated});
        if let Ok(Results::Table(table)) = serde_json::from_value(results) {
            exercise(&table);
        }
    }

    #[test]
    fn all_ways_to_read_agree((types, rows) in rows(), pretty in any::<bool>()) {
        let data = if pretty { serde_json::to_string_pretty(&rows) } else { serde_json::to_string(&rows) }.unwrap();
        let table = typed(&types, &data);
        exercise(&table);
        assert_eq!(table.row_count().unwrap(), rows.len());
        assert_eq!(table.rows::<Vec<Value>>().unwrap().collect::<Result<Vec<_>, _>>().unwrap(), rows);

        let types: Vec<_> = types.iter().enumerate().map(|(index, it)| it.replacen('c', &format!("c{index}"), 1)).collect();
        let table = typed(&types.iter().map(String::as_str).collect::<Vec<_>>(), &data);
        for index in 0..types.len() {
            let column = table.column::<Value>(&format!("c{index}")).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
            assert_eq!(column, rows.iter().map(|row| row[index].clone()).collect::<Vec<_>>());
        }

        let mut lines = Vec::new();
        table.to_json_lines(&mut lines).unwrap();
        let lines = String::from_utf8(lines).unwrap();
        assert_eq!(lines.lines().count(), rows.len());
        for (line, row) in lines.lines().zip(&rows) {
            let object: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
            assert_eq!(object.len(), row.len());
            assert!(row.iter().enumerate().all(|(index, cell)| object[&format!("c{index}")] == *cell));
        }

        if !types.is_empty() {
            let table = typed(&types.iter().map(String::as_str).collect::<Vec<_>>(), &serde_json::to_string(&rows).unwrap());
            let mut csv = Vec::new();
            table.to_csv(&mut csv).unwrap();
            let mut records = parse_csv(&String::from_utf8(csv).unwrap());
            assert_eq!(records.remove(0).len(), types.len());
            let mut expected: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(as_field).collect()).collect();
            for row in &mut expected {
                if let [only @ None] = &mut row[..] {
                    *only = Some(String::new());
                }
            }
            assert_eq!(records, expected);
        }
    }
}
