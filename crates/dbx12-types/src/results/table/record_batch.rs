//! Tables as Arrow's record batches.

use super::Table;
use super::error::{Problem, TableError};
use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use builder::Builder;
use std::sync::Arc;

mod builder;
mod decimal;
mod misfit;
mod nested;
mod primitive;
#[cfg(test)]
mod tests;
mod time;

pub(super) use misfit::Misfit;

/// Arrow's offsets have 32 bits; no array made of so much text needs more.
const MOST_BYTES: usize = i32::MAX as usize;

impl Table {
    /// The table as one record batch of Arrow, whose schema follows from the columns' Spark types.
    ///
    /// | Spark | Arrow | the cell in JSON |
    /// |---|---|---|
    /// | `void` | `Null` | |
    /// | `boolean` | `Boolean` | `true`, `false` |
    /// | `tinyint`, `smallint`, `int`, `bigint` | `Int8`, `Int16`, `Int32`, `Int64` | a whole number |
    /// | `float`, `double` | `Float32`, `Float64` | a number; `"NaN"`, `"Infinity"`, `"-Infinity"` |
    /// | `decimal(p,s)` | `Decimal128(p, s)` | a number, or its text |
    /// | `string`, `char(n)`, `varchar(n)` | `Utf8` | text |
    /// | `binary` | `Binary` | base64 |
    /// | `date` | `Date32` | `"2024-02-29"` |
    /// | `timestamp` | `Timestamp(Microsecond, "UTC")` | `"2024-02-29T12:00:00.000+0000"`: with an offset |
    /// | `timestamp_ntz` | `Timestamp(Microsecond)` | `"2024-02-29T12:00:00.000"`: without |
    /// | `array<…>` | `List` | an array |
    /// | `struct<…>` | `Struct` | an object; members may be missing, as Spark leaves out those that are `null` |
    /// | `map<…>` | `Map` | an object with each key once; keys of other types than text are in quotes |
    /// | intervals, `variant`, unknown types | `Utf8` | text as it is, anything else as its JSON text |
    ///
    /// A type that a library defines is taken as the type below it.
    ///
    /// ```
    /// use arrow_array::{cast::AsArray, types::Int64Type};
    /// use dbx12_types::{Table, results::Column};
    /// let columns = [Column::new("id", "\"long\""), Column::new("day", "\"date\"")];
    /// let table = Table::new(&columns, &[(1, Some("2024-02-29")), (2, None)], false)?;
    /// let batch = table.record_batch()?;
    /// assert_eq!(batch.column(0).as_primitive::<Int64Type>().values(), &[1, 2]);
    /// assert_eq!(batch.column(1).null_count(), 1);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the table cannot be read; when there are rows but no schema; when the rows are more than 2 GiB of text; and
    /// when a cell is not of its column's type, with the row, the column and the place inside a nested cell. A cell
    /// becomes a null of Arrow only if it is `null`.
    pub fn record_batch(&self) -> Result<RecordBatch, TableError> {
        let bytes = self.rows_text().len();
        if bytes > MOST_BYTES {
            return Err(Problem::TooLarge { bytes }.into());
        }
        let (names, types) = (self.names()?.unwrap_or_default(), self.types()?);
        let mut builders: Vec<_> = types.iter().map(|data_type| Builder::new(data_type, None)).collect();
        let rows = self.fill(&mut builders)?;

        let fields = names.into_iter().zip(&builders);
        let fields: Vec<_> = fields
            .map(|(name, builder)| Field::new(name.as_ref(), builder.data_type(), true))
            .collect();
        let arrays: Result<_, _> = builders.into_iter().map(Builder::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = arrays
            .and_then(|arrays| RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options));
        Ok(batch.map_err(Problem::Arrow)?)
    }

    /// Gives every cell to the builder of its column. Returns the number of rows.
    fn fill(&self, builders: &mut [Builder]) -> Result<usize, TableError> {
        let mut walk = self.walk()?;
        let mut rows = 0;
        while walk.enter_row()? {
            if walk.names().is_none() {
                return Err(Problem::NoColumn { names: Vec::new() }.into());
            }
            let mut columns = builders.iter_mut();
            while let Some(cell) = walk.cell() {
                // A cell too many has no column; the row is refused at its end.
                let appended = columns.next().map_or(Ok(()), |column| column.append(cell));
                appended.map_err(|misfit| walk.in_cell(Problem::Misfit(misfit)))?;
            }
            walk.check_length()?;
            rows += 1;
        }
        Ok(rows)
    }
}
