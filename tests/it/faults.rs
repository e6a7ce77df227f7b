//! Invariant 3 over every fault and every operation: what the peer saw, and what the caller was told.
//!
//! The counts are the table of `crates/dbx12-http/src/faults.md`. `cargo xtask faults` writes it.

use dbx12_exec::http::{Client, Credentials, Error, RetryPolicy};
use dbx12_exec::types::{Idempotency, ListClusters, endpoint};
use dbx12_tests::{Authority, Call, Fault, FaultPeer, Sightings};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/dbx12-http/src/faults.md");

/// What came of one operation under one fault.
struct Cell {
    seen: Sightings,
    told: Result<(), Error>,
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_3_under_every_fault_every_operation_is_seen_as_often_as_it_may() {
    let authority = Authority::new("ours");
    let faults = Fault::all(&authority);
    let calls = Call::all();
    assert_eq!(
        calls.each_ref().map(|call| call.idempotency),
        endpoint::all().map(|operation| operation.idempotency)
    );
    let cells = run_all(&faults, &authority).await;
    for (fault, row) in faults.iter().zip(&cells) {
        for (call, cell) in calls.iter().zip(row) {
            check(fault, call, cell);
        }
    }
    let table = table(&faults, &cells);
    if std::env::var_os("DBX12_WRITE_FAULTS").is_some() {
        std::fs::write(TABLE, &table).unwrap();
    }
    let kept = std::fs::read_to_string(Path::new(TABLE)).unwrap_or_default();
    for (kept, made) in kept.lines().zip(table.lines()) {
        assert_eq!(
            kept, made,
            "run `cargo xtask faults`, and see that the difference is what you mean"
        );
    }
    assert_eq!(kept.lines().count(), table.lines().count(), "run `cargo xtask faults`");
}

/// Every cell, many at a time; those that are about time when nothing else keeps this program busy.
async fn run_all(faults: &[Fault], authority: &Authority) -> Vec<Vec<Cell>> {
    let pem: Arc<str> = authority.pem().into();
    let mut done = Vec::new();
    for (hangs, most) in [(false, 16), (true, Semaphore::MAX_PERMITS)] {
        let room = Arc::new(Semaphore::new(most));
        let mut running = JoinSet::new();
        for (row, fault) in faults.iter().enumerate().filter(|(_, fault)| fault.hangs == hangs) {
            for column in 0..Call::all().len() {
                let (fault, pem, room) = (fault.clone(), Arc::clone(&pem), Arc::clone(&room));
                running.spawn(async move {
                    let _place = room.acquire_owned().await.unwrap();
                    (row, column, run(&fault, &Call::all()[column], &pem).await)
                });
            }
        }
        done.extend(running.join_all().await);
    }
    done.sort_by_key(|(row, column, _)| (*row, *column));
    let mut cells: Vec<Vec<Cell>> = faults.iter().map(|_| Vec::new()).collect();
    for (row, _, cell) in done {
        cells[row].push(cell);
    }
    cells
}

async fn run(fault: &Fault, call: &Call, pem: &str) -> Cell {
    let peer = FaultPeer::start(fault).await;
    let client = client(&peer, fault, pem);
    let mut before = 0;
    if fault.needs_kept_connection() {
        client.send(&ListClusters::new()).await.unwrap();
        before = peer.seen().whole;
    }
    let told = call.make(client).await;
    let mut seen = peer.seen();
    seen.whole -= before;
    Cell { seen, told }
}

/// A client that loses no time between attempts, and none with those who never answer.
fn client(peer: &FaultPeer, fault: &Fault, pem: &str) -> Client {
    let quick = RetryPolicy::default()
        .base(Duration::from_millis(1))
        .cap(Duration::from_millis(2));
    let patience = Duration::from_millis(if fault.hangs { 1_500 } else { 60_000 });
    let client = Client::builder(peer.host())
        .credentials(Credentials::none())
        .retry(quick)
        .connect_timeout(patience)
        .attempt_timeout(patience)
        .response_limit(1 << 20)
        .ca_certificate_pem(pem);
    client.build().unwrap()
}

/// What must hold in every cell, whatever the table says.
fn check(fault: &Fault, call: &Call, Cell { seen, told }: &Cell) {
    let context = format!("{}: {}: {seen:?}, {told:?}", fault.name, call.operation);
    let times = seen.whole + seen.partial;
    let (attempts, maybe_delivered) = match told {
        Ok(()) => (4, true),
        Err(error) => (error.attempts() as usize, error.maybe_delivered()),
    };
    assert!(times <= attempts && attempts <= 4, "{context}");
    if call.idempotency == Idempotency::Once && !fault.refuses {
        assert!(times <= 1, "{context}");
    }
    if !maybe_delivered {
        let refused = told.as_ref().is_err_and(|error| error.status().is_some());
        assert!(times == 0 || refused, "{context}");
    }
}

fn table(faults: &[Fault], cells: &[Vec<Cell>]) -> String {
    let calls = Call::all();
    let mut order: Vec<usize> = (0..calls.len()).collect();
    order.sort_by_key(|index| calls[*index].idempotency == Idempotency::Once);
    let mut text = String::from(INTRODUCTION);
    let names = order.iter().map(|index| {
        let name = calls[*index].operation.replace('/', "/<wbr>");
        match calls[*index].idempotency {
            Idempotency::Idempotent => name,
            Idempotency::Once => format!("**{name}**"),
        }
    });
    let names: Vec<_> = names.collect();
    let _ = writeln!(text, "| fault | the caller is told | {} |", names.join(" | "));
    let _ = writeln!(text, "|---|---{}|", "|---".repeat(names.len()));
    for (fault, row) in faults.iter().zip(cells) {
        let numbers: Vec<_> = order.iter().map(|index| number(&row[*index])).collect();
        let told = order.iter().map(|index| told(&row[*index]));
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            fault.name,
            distinct(told),
            numbers.join(" | ")
        );
    }
    text
}

const INTRODUCTION: &str = "\
<!-- Written by `cargo xtask faults`: what a peer counted. Not to be edited. -->

What reaches the other side when something goes wrong, and what the caller is told: counted by a peer on a real socket.

A cell is `seen/attempts`: how often the peer read the request to its end, with `½` for each of which it read the
beginning, and how often the error says that it was tried ([`Error::attempts`](crate::Error::attempts), of at most four).
`?`: the error says that the operation may have been carried out
([`Error::maybe_delivered`](crate::Error::maybe_delivered)). A number alone: the call succeeded. Operations in bold must
happen once; they are seen twice only where each earlier answer said that they were refused before they were processed.

";

fn number(Cell { seen, told }: &Cell) -> String {
    let halves = "½".repeat(seen.partial);
    let doubt = if told.as_ref().is_err_and(Error::maybe_delivered) {
        "?"
    } else {
        ""
    };
    let attempts = told
        .as_ref()
        .map_or_else(|error| format!("/{}", error.attempts()), |()| String::new());
    format!("{}{halves}{attempts}{doubt}", seen.whole)
}

fn told(cell: &Cell) -> String {
    match &cell.told {
        Ok(()) => "the answer".to_owned(),
        Err(error) => format!("`{:?}`", error.kind()),
    }
}

fn distinct(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<_> = texts.collect();
    texts.dedup();
    let mut kept = Vec::new();
    for text in texts {
        if !kept.contains(&text) {
            kept.push(text);
        }
    }
    kept.join(" or ")
}
