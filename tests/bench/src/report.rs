//! What people read: a table for each task, and its goals with what was reached.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use crate::callgrind::Count;
use crate::rounds::{Median, Outcome, WayOutcome};

/// The numbers as a page, for those who were not there.
pub(crate) fn page(facts: &str, numbers: &str) -> String {
    format!(
        "<!-- Written by `cargo xtask bench --save`. Not to be edited. -->

# Benchmarks

Each number is a ratio against the first way of its table, measured in the same run and in turns: the median of the rounds,
and in parentheses the quartiles. Times in milliseconds are of CPU, and of this machine alone. `ok` and `MISS` are about
the goals of the project; what is missed is explained in ARCHITECTURE.md.

{facts}
Compared with:

{}
{numbers}",
        crate::machine::peers()
    )
}

/// The numbers as text.
pub(crate) fn text(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let _ = writeln!(text, "\n{}, {} {}", outcome.task, outcome.amount, outcome.unit);
        if !outcome.ways.is_empty() {
            let _ = writeln!(text, "{}", ways(outcome));
        }
        for goal in &outcome.goals {
            let verdict = if goal.reached { "ok" } else { "MISS" };
            let _ = writeln!(text, "{verdict:<4} {}: {}", goal.goal, goal.measured);
        }
    }
    text
}

fn ways(outcome: &Outcome) -> Table {
    let peer = outcome.ways.first().map_or("", |it| it.way);
    let header = [
        "way".to_owned(),
        "CPU ms".to_owned(),
        format!("× {peer}"),
        format!("{}/s of CPU", outcome.unit),
        "memory MB".to_owned(),
        "connections".to_owned(),
    ];
    let mut table = table(header, 1);
    table.add_rows(outcome.ways.iter().map(|way| row(outcome, way)));
    table
}

fn row(outcome: &Outcome, way: &WayOutcome) -> [String; 6] {
    let speed = outcome.amount as f64 / (way.cpu_ms.median / 1e3);
    [
        way.way.to_owned(),
        with_spread(way.cpu_ms, 1),
        with_spread(way.ratio, 3),
        format!("{speed:.0}"),
        with_spread(way.memory, 1),
        match way.connections {
            0 => String::new(),
            connections => connections.to_string(),
        },
    ]
}

/// The median, and the quartiles around it.
fn with_spread(Median { median, low, high }: Median, digits: usize) -> String {
    format!("{median:.digits$} ({low:.digits$}–{high:.digits$})")
}

/// The instruction counts as text. `None`: there is nothing to count them with.
pub(crate) fn instructions(counts: Option<&[Count]>) -> String {
    let Some(counts) = counts else {
        return "\ninstructions: skipped: no valgrind\n".to_owned();
    };
    let header = ["task", "way", "instructions", "for one of", "× the peer"];
    let mut table = table(header.map(str::to_owned), 2);
    for count in counts {
        table.add_row([
            count.task.to_owned(),
            count.way.to_owned(),
            format!("{:.2}", count.each),
            count.unit.to_owned(),
            format!("{:.3}", count.ratio),
        ]);
    }
    format!("\ninstructions (callgrind)\n{table}\n")
}

/// A table whose first `names` columns are names, and the others numbers.
fn table<const N: usize>(header: [String; N], names: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(names) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
