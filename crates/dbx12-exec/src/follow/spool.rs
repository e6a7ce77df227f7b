//! The spool of one command: begun, read and ended by commands of our own.

use super::decoder::Decoder;
use super::reader::{Reading, errand};
use super::{OutputChunk, reader};
use crate::errand::{Errand, Unanswered, called, unique_name};
use crate::poll::Ticker;
use crate::{PollBudget, PollSchedule, Session};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long code runs before the second context is asked for: most is over by then.
const BEFORE_READING: Duration = Duration::from_millis(250);
/// The longest wait between two reads: live output is not to lag behind by more.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How often another second context is tried, when one does not do.
const MOST_READERS: u32 = 3;
/// How much is read at once.
const MUCH: usize = 1 << 20;
/// As much as every server returns in full: some cut text results after 50,000 characters.
const LITTLE: usize = 32 << 10;

pub(super) struct Spool<'s> {
    session: &'s Session,
    name: String,
    /// Where the spool is on the driver, in base64.
    path: String,
    most: usize,
    decoder: Decoder,
    /// The second context, once it holds the spool.
    reader: Option<Errand>,
}

impl<'s> Spool<'s> {
    /// Has the session's context spool from now on. `None` when it cannot, or does not say so in time.
    pub(super) async fn begin(session: &'s Session) -> Option<Self> {
        // What was begun is ended when this is dropped, also when nobody knows whether it was begun.
        let mut spool = Self {
            session,
            name: unique_name(),
            path: String::new(),
            most: MUCH,
            decoder: Decoder::default(),
            reader: None,
        };
        let token = unique_name();
        let call = called(&format!("begin('{token}', '{}')", spool.name));
        let main = spool.main();
        let begun = main.ask(&token, || crate::errand::with_module(&call));
        let path = timeout(reader::PATIENCE, begun).await.ok()?.ok()?;
        BASE64.decode(&path).ok()?;
        spool.path = path;
        Some(spool)
    }

    /// Reads while the code runs, for as long as that is possible.
    pub(super) async fn read_live(&mut self, chunks: &mpsc::Sender<OutputChunk>) {
        let schedule = PollSchedule {
            floor: BEFORE_READING,
            ..PollSchedule::default()
        };
        let mut before = Ticker::new(schedule, PollBudget::unlimited(), None);
        before.plan_next();
        before.tick(None).await;
        for _ in 0..MOST_READERS {
            let Some(reader) = Reading::reader(self.session).await else {
                return;
            };
            match self.take(&reader).await {
                Ok(()) => {
                    self.reader = Some(reader.clone());
                    self.read_on(&reader, chunks).await;
                    self.reader = None;
                }
                // It runs commands and cannot open the spool: neither could another.
                Err(Unanswered::NoReply) => return,
                Err(Unanswered::Call(_)) => {}
            }
            self.session.reading().forget().await;
        }
    }

    /// Opens the spool in the second context.
    async fn take(&self, reader: &Errand) -> Result<(), Unanswered> {
        let token = unique_name();
        let call = called(&format!("take('{token}', '{}', '{}')", self.name, self.path));
        reader.ask(&token, || crate::errand::with_module(&call)).await.map(drop)
    }

    /// Reads until that fails.
    async fn read_on(&mut self, reader: &Errand, chunks: &mpsc::Sender<OutputChunk>) {
        let mut schedule = self.session.schedule();
        schedule.cap = schedule.cap.min(LONGEST_WAIT);
        let mut ticker = Ticker::new(schedule, self.session.budget().clone(), None);
        loop {
            ticker.tick(None).await;
            match self.read(reader).await {
                Ok(read) if read >= LITTLE => ticker.restart(),
                Ok(_) => ticker.plan_next(),
                Err(_) => return,
            }
            self.pour(chunks).await;
        }
    }

    /// Reads what is there, when the code has ended: in the second context, or, where there is none, in the code's own when
    /// that is free. Other commands may wait there, and the outcome is not held up for long.
    pub(super) async fn drain(&mut self, own_is_free: bool, chunks: &mpsc::Sender<OutputChunk>) {
        let own = own_is_free.then(|| self.main());
        for errand in [self.reader.clone(), own].into_iter().flatten() {
            while let Ok(Ok(read)) = timeout(reader::PATIENCE, self.read(&errand)).await {
                self.pour(chunks).await;
                if read == 0 {
                    while let Some(last) = self.decoder.finish() {
                        let _ = chunks.send(last).await;
                    }
                    return;
                }
            }
        }
    }

    /// Reads once; says how many bytes. Dropping the future loses nothing.
    async fn read(&mut self, errand: &Errand) -> Result<usize, Unanswered> {
        loop {
            let (token, offset) = (unique_name(), self.decoder.offset());
            let call = called(&format!("read('{token}', '{}', {offset}, {})", self.name, self.most));
            match errand.ask(&token, || call.clone()).await {
                Ok(bytes) => {
                    let bytes = BASE64.decode(bytes).map_err(|_| Unanswered::NoReply)?;
                    self.decoder.push(&bytes);
                    return Ok(bytes.len());
                }
                // The reply may have been cut off.
                Err(Unanswered::NoReply) if self.most > LITTLE => self.most = LITTLE,
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives out what has come. Dropping the future loses nothing.
    async fn pour(&mut self, chunks: &mpsc::Sender<OutputChunk>) {
        while let Ok(place) = chunks.reserve().await {
            match self.decoder.next() {
                Some(chunk) => place.send(chunk),
                None => return,
            }
        }
    }

    fn main(&self) -> Errand {
        errand(self.session.context(), self.session.schedule())
    }
}

impl Drop for Spool<'_> {
    fn drop(&mut self) {
        let errands = [Some(self.main()), self.reader.take()];
        let end = called(&format!("end('{}')", self.name));
        self.session.in_background(async move {
            for errand in errands.into_iter().flatten() {
                // Where it fails, the context is gone, and its process with what it held.
                let _ = errand.tell(end.clone()).await;
            }
        });
    }
}
