//! From the bytes of a spool to chunks of text.

use super::{OutputChunk, OutputStream};

/// A record is the stream, the length of what was written, and that.
const HEAD: usize = 5;
/// How much text a chunk may have before it is given out.
const ENOUGH: usize = 56 << 10;

/// Bytes of a spool, in order, cut anywhere.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// How many bytes of the spool came so far.
    offset: u64,
    bytes: Vec<u8>,
    /// The beginnings of characters whose ends have not come, by stream.
    begun: [Vec<u8>; 2],
}

impl Decoder {
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
    }

    /// What was written to one stream before something was written to the other, as far as it has come.
    pub(super) fn next(&mut self) -> Option<OutputChunk> {
        let (mut used, mut chunk) = (0, None::<(u8, Vec<u8>)>);
        while let Some((stream, data)) = record(&self.bytes[used..]) {
            let (of, text) = chunk.get_or_insert_with(|| (stream, Vec::new()));
            if *of != stream || text.len() > ENOUGH {
                break;
            }
            text.extend_from_slice(data);
            used += HEAD + data.len();
        }
        self.bytes.drain(..used);
        let (stream, data) = chunk?;
        let begun = &mut self.begun[usize::from(stream)];
        begun.extend_from_slice(&data);
        let whole = begun.len() - unfinished(begun);
        let text = String::from_utf8_lossy(&begun[..whole]).into_owned();
        begun.drain(..whole);
        if text.is_empty() {
            return self.next();
        }
        Some(OutputChunk {
            stream: name(stream),
            text,
        })
    }

    /// What will not be completed any more.
    pub(super) fn finish(&mut self) -> Option<OutputChunk> {
        let stream = self.begun.iter().position(|begun| !begun.is_empty())?;
        let begun = std::mem::take(&mut self.begun[stream]);
        Some(OutputChunk {
            stream: [OutputStream::Stdout, OutputStream::Stderr][stream],
            text: String::from_utf8_lossy(&begun).into_owned(),
        })
    }
}

/// The first record, when all of it is there.
fn record(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (&[stream, a, b, c, d], rest) = bytes.split_first_chunk::<HEAD>()?;
    let data = rest.get(..u32::from_be_bytes([a, b, c, d]) as usize)?;
    Some((stream.min(1), data))
}

/// How many bytes at the end are the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    match std::str::from_utf8(&bytes[bytes.len().saturating_sub(4)..]) {
        Ok(_) => 0,
        Err(_) => bytes.utf8_chunks().last().map_or(0, |last| match last.invalid().len() {
            length if std::str::from_utf8(last.invalid()).is_err_and(|error| error.error_len().is_none()) => length,
            _ => 0,
        }),
    }
}

fn name(stream: u8) -> OutputStream {
    match stream {
        0 => OutputStream::Stdout,
        _ => OutputStream::Stderr,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spooled(records: &[(u8, &[u8])]) -> Vec<u8> {
        let record = |(stream, data): &(u8, &[u8])| {
            let length = u32::try_from(data.len()).unwrap().to_be_bytes();
            [&[*stream], &length[..], data].concat()
        };
        records.iter().flat_map(record).collect()
    }

    fn all(decoder: &mut Decoder) -> Vec<(OutputStream, String)> {
        std::iter::from_fn(|| decoder.next())
            .map(|chunk| (chunk.stream, chunk.text))
            .collect()
    }

    #[test]
    fn bytes_may_be_cut_anywhere() {
        let snowman = "☃é".as_bytes();
        let records = [
            (0, &b"a\n"[..]),
            (0, &snowman[..1]),
            (1, &b"err"[..]),
            (0, &snowman[1..4]),
            (0, &snowman[4..]),
        ];
        let bytes = spooled(&records);
        for step in 1..bytes.len() {
            let mut decoder = Decoder::default();
            let mut texts = [String::new(), String::new()];
            for piece in bytes.chunks(step) {
                decoder.push(piece);
                for (stream, text) in all(&mut decoder) {
                    texts[usize::from(stream == OutputStream::Stderr)] += &text;
                }
            }
            assert_eq!(texts, ["a\n☃é", "err"], "{step}");
            assert_eq!((decoder.offset(), decoder.finish()), (bytes.len() as u64, None));
        }
    }

    #[test]
    fn writes_to_one_stream_are_one_chunk_and_order_is_kept() {
        let mut decoder = Decoder::default();
        decoder.push(&spooled(&[(0, b"1"), (0, b"2"), (1, b"3"), (0, b""), (0, b"4")]));
        let expected = [
            (OutputStream::Stdout, "12".to_owned()),
            (OutputStream::Stderr, "3".to_owned()),
            (OutputStream::Stdout, "4".to_owned()),
        ];
        assert_eq!(all(&mut decoder), expected);
    }

    #[test]
    fn what_is_no_utf8_is_replaced_at_once_and_what_may_become_some_at_the_end() {
        let mut decoder = Decoder::default();
        decoder.push(&spooled(&[(0, b"a\xff"), (1, b"b\xe2\x98")]));
        assert_eq!(decoder.next().unwrap().text, "a\u{fffd}");
        assert_eq!(decoder.next().unwrap().text, "b");
        assert_eq!(decoder.next(), None);
        let last = decoder.finish().unwrap();
        assert_eq!((last.stream, last.text.as_str()), (OutputStream::Stderr, "\u{fffd}"));
        assert_eq!(decoder.finish(), None);
    }

    #[test]
    fn chunks_are_bounded() {
        let mut decoder = Decoder::default();
        let piece = vec![b'x'; 8 << 10];
        decoder.push(&spooled(&vec![(0, &piece[..]); 100]));
        let chunks = all(&mut decoder);
        assert!(chunks.iter().all(|(_, text)| text.len() <= 64 << 10));
        assert_eq!(chunks.iter().map(|(_, text)| text.len()).sum::<usize>(), 800 << 10);
    }
}
