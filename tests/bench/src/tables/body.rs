//! The answer that the tasks work on: ten columns of mixed types, the same for every run.

use std::fmt::Write as _;

const SCHEMA: &str = r#"[{"name":"id","type":"\"long\"","metadata":"{}"},
{"name":"quantity","type":"\"integer\"","metadata":"{}"},{"name":"price","type":"\"double\"","metadata":"{}"},
{"name":"discount","type":"\"double\"","metadata":"{}"},{"name":"active","type":"\"boolean\"","metadata":"{}"},
{"name":"name","type":"\"string\"","metadata":"{}"},{"name":"comment","type":"\"string\"","metadata":"{}"},
{"name":"amount","type":"\"decimal(18,2)\"","metadata":"{}"},{"name":"day","type":"\"date\"","metadata":"{}"},
{"name":"sold_at","type":"\"timestamp\"","metadata":"{}"}]"#;

const NAMES: [&str; 8] = [
    "Anna", "Bertrand", "Chiara", "Dmitri", "Eun-ji", "Farida", "Göran", "Hélène",
];

/// Most have no escape, as in most tables; some have one or two.
const COMMENTS: [&str; 10] = [
    "",
    "delivered on time",
    "returned: wrong size, refunded in full",
    "paid cash",
    "second order this week; ask whether a standing order would suit better",
    r#"said \"never again\""#,
    "two lines\\nof text",
    "naïve café, 東京",
    "ok",
    "see ticket 4711, closed",
];

/// An answer of about so many bytes, or a little more.
pub(super) fn body(bytes: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(12);
    let mut text = String::with_capacity(bytes + 2000);
    text.push_str(r#"{"id":"5b1f9f0e6a0c4c518b0e","status":"Finished","results":{"resultType":"table","data":["#);
    for id in 0.. {
        if id > 0 {
            text.push(',');
        }
        push_row(&mut text, id, &mut random);
        if text.len() + SCHEMA.len() >= bytes {
            break;
        }
    }
    let schema = SCHEMA.replace('\n', "");
    let _ = write!(text, r#"],"schema":{schema},"truncated":false,"isJsonSchema":true}}}}"#);
    text.into_bytes()
}

fn push_row(text: &mut String, id: u64, random: &mut fastrand::Rng) {
    let id = id * 4_294_967_311 + random.u64(..1000);
    let quantity = random.i32(-20..1000);
    let price = f64::from(random.u32(..10_000_000)) / 1000.0;
    let active = random.bool();
    let name = NAMES[random.usize(..NAMES.len())];
    let comment = COMMENTS[random.usize(..COMMENTS.len())];
    let (euros, cents) = (random.u32(..1_000_000), random.u32(..100));
    let (month, day) = (random.u8(1..=12), random.u8(1..=28));
    let (hour, minute, micros) = (random.u8(..24), random.u8(..60), random.u32(..60_000_000));
    let _ = write!(text, "[{id},{quantity},{price},");
    match random.u8(..4) {
        0 => text.push_str("null"),
        _ => {
            let _ = write!(text, "{}", random.f64());
        }
    }
    let _ = write!(
        text,
        r#",{active},"{name}","{comment}","{euros}.{cents:02}","2026-{month:02}-{day:02}","2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}.{:06}Z"]"#,
        micros / 1_000_000,
        micros % 1_000_000,
    );
}
