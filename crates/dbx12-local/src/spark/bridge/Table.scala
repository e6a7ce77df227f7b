package dbx12

import java.io.StringWriter
import java.time.{Instant, LocalDate, LocalDateTime, ZoneId}
import java.time.format.DateTimeFormatter
import java.util.Base64

import com.fasterxml.jackson.core.{JsonFactory, JsonGenerator}
import org.apache.spark.sql.{Dataset, Row}
import org.apache.spark.sql.catalyst.util.DateTimeUtils
import org.apache.spark.sql.functions.col
import org.apache.spark.sql.types._

/** Turns the first rows of a frame into JSON: `rows`, `schema` and `truncated`, as the API has them. */
object Table {
  val Empty = """{"rows":[],"schema":[],"truncated":false}"""
  private val SizeLimit = 40 << 20
  private val CutCell = 64 << 10
  private val factory = new JsonFactory

  def json(frame: Dataset[_], rowLimit: Int): String = {
    val zone = ZoneId.of(frame.sparkSession.conf.get("spark.sql.session.timeZone"), ZoneId.SHORT_IDS)
    val types = frame.schema.fields.map(_.dataType)
    val rows = withText(frame).take(rowLimit + 1)
    val text = new StringBuilder("{\"rows\":[")
    var truncated = rows.length > rowLimit
    var count = 0
    val first = rows.iterator.take(rowLimit)
    while (first.hasNext && count >= 0) {
      val row = first.next()
      var line = write(new Cells(_, zone, Int.MaxValue).row(row, types))
      if (text.length + line.length > SizeLimit) {
        truncated = true
        line = write(new Cells(_, zone, CutCell).row(row, types))
      }
      if (text.length + line.length > SizeLimit) count = -1
      else {
        if (count > 0) text.append(',')
        text.append(line)
        count += 1
      }
    }
    text.append("],\"schema\":").append(write(schema(_, frame.schema)))
    text.append(",\"truncated\":").append(truncated).append('}').toString
  }

  /** Types that JSON has no form for are text as Spark's own cast makes it. */
  private def withText(frame: Dataset[_]): Dataset[Row] = {
    val fields = frame.schema.fields
    if (!fields.exists(field => isText(field.dataType))) return frame.toDF()
    val names = fields.indices.map("_" + _) // names may occur twice
    val columns = names.zip(fields).map { case (name, field) =>
      if (isText(field.dataType)) col(name).cast("string") else col(name)
    }
    frame.toDF(names: _*).select(columns: _*)
  }

  private def isText(kind: DataType): Boolean = kind match {
    case _: DayTimeIntervalType | _: YearMonthIntervalType | CalendarIntervalType => true
    case other => other.typeName == "variant"
  }

  private def write(content: JsonGenerator => Unit): String = {
    val text = new StringWriter
    val generator = factory.createGenerator(text)
    content(generator)
    generator.close()
    text.toString
  }

  private def schema(generator: JsonGenerator, schema: StructType): Unit = {
    generator.writeStartArray()
    schema.fields.foreach { field =>
      generator.writeStartObject()
      generator.writeStringField("name", field.name)
      generator.writeStringField("type", field.dataType.json)
      generator.writeStringField("metadata", field.metadata.json)
      generator.writeEndObject()
    }
    generator.writeEndArray()
  }

  /** Writes cells; text that is longer than `longest` characters is cut. */
  private class Cells(generator: JsonGenerator, zone: ZoneId, longest: Int) {
    def row(row: Row, types: Array[DataType]): Unit = {
      generator.writeStartArray()
      types.indices.foreach(index => cell(row.get(index), types(index)))
      generator.writeEndArray()
    }

    private def cell(value: Any, kind: DataType): Unit = (value, kind) match {
      case (null, _) => generator.writeNull()
      case (value: Boolean, _) => generator.writeBoolean(value)
      case (value: Byte, _) => generator.writeNumber(value.toInt)
      case (value: Short, _) => generator.writeNumber(value.toInt)
      case (value: Int, _) => generator.writeNumber(value)
      case (value: Long, _) => generator.writeNumber(value)
      case (value: Float, _) if !value.isNaN && !value.isInfinite => generator.writeNumber(value)
      case (value: Double, _) if !value.isNaN && !value.isInfinite => generator.writeNumber(value)
      case (value: java.math.BigDecimal, _) => generator.writeString(value.toPlainString)
      case (value: Array[Byte], _) => text(Base64.getEncoder.encodeToString(value))
      case (value: Instant, _) => generator.writeString(timestamp(value))
      case (value: java.sql.Timestamp, _) =>
        // The exact inverse of how Spark made it, also for days of the Julian calendar.
        val micros = DateTimeUtils.fromJavaTimestamp(value)
        generator.writeString(timestamp(DateTimeUtils.microsToInstant(micros)))
      case (value: java.sql.Date, _) => generator.writeString(LocalDate.ofEpochDay(DateTimeUtils.fromJavaDate(value)).toString)
      case (value: LocalDateTime, _) => generator.writeString(DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(value))
      case (value: Row, kind: StructType) =>
        generator.writeStartObject()
        kind.fields.zipWithIndex.foreach { case (field, index) =>
          generator.writeFieldName(field.name)
          cell(value.get(index), field.dataType)
        }
        generator.writeEndObject()
      case (value: scala.collection.Map[_, _], kind: MapType) =>
        generator.writeStartObject()
        value.foreach { case (key, item) =>
          generator.writeFieldName(String.valueOf(key))
          cell(item, kind.valueType)
        }
        generator.writeEndObject()
      case (value: scala.collection.Seq[_], kind: ArrayType) =>
        generator.writeStartArray()
        value.foreach(cell(_, kind.elementType))
        generator.writeEndArray()
      case _ => text(value.toString) // "NaN" and "Infinity" too
    }

    private def text(value: String): Unit = generator.writeString(if (value.length > longest) value.take(longest) else value)

    private def timestamp(value: Instant): String = Timestamp.format(value.atZone(zone))
  }

  private val Timestamp = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSxx")
}
