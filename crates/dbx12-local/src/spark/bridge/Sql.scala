package dbx12

import org.apache.spark.sql.catalyst.parser.ParseException
import org.apache.spark.sql.classic.SparkSession

/** Runs the text of an SQL command. Of several statements the last one's result counts. */
object Sql {
  def run(session: SparkSession, text: String): Either[Errors.Told, Shown] =
    try {
      val results = statements(session, text).map(statement => session.sql(statement))
      Right(Shown.Rows(results.lastOption.fold(Table.Empty)(Table.json(_, Shown.rowLimit))))
    } catch {
      case error: Throwable => Left(Errors.sql(error))
    }

  /** One statement, or a `BEGIN … END` script, is the parser's own business, so that its errors name the right place. */
  private def statements(session: SparkSession, text: String): Seq[String] = {
    val parts = split(text)
    if (parts.size < 2) return parts
    try {
      session.sessionState.sqlParser.parsePlan(text)
      Seq(text)
    } catch { case _: ParseException => parts }
  }

  /** The statements between semicolons that are not in quotes or comments, without the empty ones. */
  def split(text: String): Seq[String] = {
    val parts = Seq.newBuilder[String]
    var start, at = 0
    var hasCode = false

    def end(): Unit = {
      if (hasCode) parts += text.substring(start, at).trim
      start = at + 1
      hasCode = false
    }

    while (at < text.length) {
      text.charAt(at) match {
        case quote @ ('\'' | '"' | '`') =>
          hasCode = true
          at += 1
          while (at < text.length && text.charAt(at) != quote) at += (if (text.charAt(at) == '\\' && quote != '`') 2 else 1)
        case '-' if text.startsWith("--", at) =>
          while (at + 1 < text.length && text.charAt(at + 1) != '\n') at += 1
        case '/' if text.startsWith("/*", at) =>
          if (text.startsWith("/*+", at)) hasCode = true
          at = endOfComment(text, at)
        case ';' => end()
        case character => hasCode |= !character.isWhitespace
      }
      at += 1
    }
    at = at.min(text.length)
    end()
    parts.result()
  }

  /** Where the last character of a bracketed comment is; they may be nested. */
  private def endOfComment(text: String, start: Int): Int = {
    var at, depth = 0
    at = start
    while (at < text.length) {
      if (text.startsWith("/*", at)) { depth += 1; at += 1 }
      else if (text.startsWith("*/", at)) { depth -= 1; at += 1 }
      if (depth == 0) return at
      at += 1
    }
    at
  }
}
