//! A table as Arrow IPC.

use arrow_ipc::writer::{FileWriter, StreamWriter};
use dbx12_exec::types::results::Table;
use std::error::Error;
use std::io::Write;

/// Writes Arrow's file format, which can be read from any place in it, or its stream format.
pub(super) fn write(table: &Table, as_file: bool, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let batch = table.record_batch()?;
    if as_file {
        let mut writer = FileWriter::try_new(out, &batch.schema())?;
        writer.write(&batch)?;
        return Ok(writer.finish()?);
    }
    let mut writer = StreamWriter::try_new(out, &batch.schema())?;
    writer.write(&batch)?;
    Ok(writer.finish()?)
}
