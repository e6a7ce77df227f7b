//! Tables: opened, read row by row, written as CSV; against trees of values, serde alone, and Python's own modules.
//!
//! The body is an answer of `commands/status` as the service writes it, see [`body`](mod@body).

mod body;

use std::borrow::Cow;

use anyhow::{Context, Result};
use dbx12_types::{CommandInfo, Results, Table};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::task::{Bound, Counted, Goal, Program, Size, Suite, Task, Way};

/// From a page of results to far more than the service sends at once, to see how the cost grows.
const SIZES: [Size; 3] = [
    Size { amount: 1, rounds: 21 },
    Size { amount: 10, rounds: 11 },
    Size { amount: 100, rounds: 5 },
];

/// The most usual way to hold a table of unknown types.
const VALUES: &str = "Vec<Vec<Value>>";

const PYTHON: &str = include_str!("../peers/json_csv.py");

/// What is measured of tables.
pub(crate) fn suite() -> Suite {
    Suite {
        tasks: tasks(),
        unit: "MB",
        input: |megabytes| body::body(megabytes * 1_000_000),
        warm_up: || body::body(20_000),
        sizes: &SIZES,
        counted: Counted::Byte,
    }
}

fn tasks() -> Vec<Task> {
    vec![
        Task {
            name: "tables/open",
            ways: vec![
                Way::function(VALUES, |body| values(body).map(|_| 1)),
                Way::function("Table", |body| open(body).map(|_| 1)),
                Way::function("RawValue scan (floor)", |body| scan(body).map(|_| 1)),
                python("Python json", "open"),
            ],
            goals: goals("Table", Bound::Cpu(1.0 / 3.0), Bound::Memory(1.05)),
        },
        Task {
            name: "tables/rows",
            ways: vec![
                Way::function(VALUES, rows_of_values),
                Way::function("Table::rows", rows),
                Way::function("Table::rows, owned text", rows_owned),
                Way::function("Table::rows, collected", rows_collected),
                Way::function("serde, Vec<tuple>", rows_of_tuples),
            ],
            goals: [
                goals("Table::rows", Bound::Cpu(0.5), Bound::Memory(1.1)),
                goals("Table::rows, owned text", Bound::Cpu(0.5), Bound::Memory(1.1)),
            ]
            .concat(),
        },
        Task {
            name: "tables/csv",
            ways: vec![python("Python json + csv", "csv"), Way::function("Table::to_csv", csv)],
            goals: vec![Goal {
                way: "Table::to_csv",
                bound: Bound::CpuOrSpeed(0.25, 250.0),
            }],
        },
    ]
}

fn python(name: &'static str, what: &'static str) -> Way {
    Way {
        name,
        program: Program::Python(PYTHON, what),
    }
}

fn goals(way: &'static str, cpu: Bound, memory: Bound) -> Vec<Goal> {
    [cpu, memory].map(|bound| Goal { way, bound }).into()
}

/// A row as a program would declare it. Text is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Sale<'a> {
    id: i64,
    quantity: i32,
    price: f64,
    discount: Option<f64>,
    active: bool,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    comment: Cow<'a, str>,
    #[serde(borrow)]
    amount: Cow<'a, str>,
    #[serde(borrow)]
    day: Cow<'a, str>,
    #[serde(borrow)]
    sold_at: Cow<'a, str>,
}

impl Sale<'_> {
    /// A number that depends on every cell.
    fn sum(&self) -> u64 {
        let numbers = [
            self.id.cast_unsigned(),
            i64::from(self.quantity).cast_unsigned(),
            millionths(self.price),
            self.discount.map_or(0, millionths),
            u64::from(self.active),
        ];
        let texts = [&self.name, &self.comment, &self.amount, &self.day, &self.sold_at];
        let lengths = texts.into_iter().map(|text| text.len() as u64);
        numbers.into_iter().chain(lengths).fold(0, u64::wrapping_add)
    }
}

/// A number as far as all agree on it: without `float_roundtrip`, serde_json may be off by the last bit.
fn millionths(number: f64) -> u64 {
    (number * 1e6).round() as u64
}

fn scan(body: &[u8]) -> Result<&RawValue> {
    Ok(serde_json::from_slice(body)?)
}

fn open(body: &[u8]) -> Result<Table> {
    let info: CommandInfo = serde_json::from_slice(body)?;
    match info.results {
        Some(Results::Table(table)) => Ok(table),
        other => anyhow::bail!("no table: {other:?}"),
    }
}

fn rows(body: &[u8]) -> Result<u64> {
    let table = open(body)?;
    table.rows::<Sale<'_>>()?.try_fold(0, |sum, row| Ok(add(sum, &row?)))
}

/// A row that outlives the answer: what most programs declare first.
///
/// At 1 MB it takes a little more than half of its peer's time (0.52). An eighth of its instructions, and about as much
/// of its time, are the allocator's; two fifths of its time are the opening, which no row can make cheaper.
#[derive(Deserialize)]
struct OwnedSale {
    id: i64,
    quantity: i32,
    price: f64,
    discount: Option<f64>,
    active: bool,
    name: String,
    comment: String,
    amount: String,
    day: String,
    sold_at: String,
}

impl OwnedSale {
    fn borrowed(&self) -> Sale<'_> {
        Sale {
            id: self.id,
            quantity: self.quantity,
            price: self.price,
            discount: self.discount,
            active: self.active,
            name: self.name.as_str().into(),
            comment: self.comment.as_str().into(),
            amount: self.amount.as_str().into(),
            day: self.day.as_str().into(),
            sold_at: self.sold_at.as_str().into(),
        }
    }
}

fn rows_owned(body: &[u8]) -> Result<u64> {
    let table = open(body)?;
    table
        .rows::<OwnedSale>()?
        .try_fold(0, |sum, row| Ok(add(sum, &row?.borrowed())))
}

fn rows_collected(body: &[u8]) -> Result<u64> {
    let table = open(body)?;
    let rows = table.rows::<Sale<'_>>()?.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.iter().fold(0, add))
}

fn csv(body: &[u8]) -> Result<u64> {
    // As Python: a file that takes everything and keeps nothing.
    open(body)?.to_csv(std::fs::File::create("/dev/null")?)?;
    Ok(1)
}

fn add(sum: u64, row: &Sale<'_>) -> u64 {
    sum.wrapping_add(row.sum())
}

/// An answer, read as far as a program must that asks for rows of one kind.
#[derive(Deserialize)]
struct Answer<R> {
    results: AnswerTable<R>,
}

#[derive(Deserialize)]
struct AnswerTable<R> {
    data: Vec<R>,
}

fn values(body: &[u8]) -> Result<Vec<Vec<Value>>> {
    let answer: Answer<Vec<Value>> = serde_json::from_slice(body)?;
    Ok(answer.results.data)
}

fn rows_of_values(body: &[u8]) -> Result<u64> {
    let rows = values(body)?;
    let mut sales = rows.iter().map(|row| sale(row).context("a cell is of another type"));
    sales.try_fold(0, |sum, row| Ok(add(sum, &row?)))
}

fn sale(row: &[Value]) -> Option<Sale<'_>> {
    let text = |index: usize| row[index].as_str().map(Cow::Borrowed);
    Some(Sale {
        id: row[0].as_i64()?,
        quantity: i32::try_from(row[1].as_i64()?).ok()?,
        price: row[2].as_f64()?,
        discount: row[3].as_f64(),
        active: row[4].as_bool()?,
        name: text(5)?,
        comment: text(6)?,
        amount: text(7)?,
        day: text(8)?,
        sold_at: text(9)?,
    })
}

/// A row whose columns are known, in order, before the program is compiled.
#[derive(Deserialize)]
struct Cells<'a>(
    i64,
    i32,
    f64,
    Option<f64>,
    bool,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
);

fn rows_of_tuples(body: &[u8]) -> Result<u64> {
    let answer: Answer<Cells<'_>> = serde_json::from_slice(body)?;
    let sales = answer.results.data.into_iter().map(|row| Sale {
        id: row.0,
        quantity: row.1,
        price: row.2,
        discount: row.3,
        active: row.4,
        name: row.5,
        comment: row.6,
        amount: row.7,
        day: row.8,
        sold_at: row.9,
    });
    Ok(sales.fold(0, |sum, row| add(sum, &row)))
}
