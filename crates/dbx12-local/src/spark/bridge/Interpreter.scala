package dbx12

import java.io.{PrintWriter, StringWriter}
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicInteger

import scala.reflect.internal.util.{CodeAction, Position}
import scala.tools.nsc.Settings
import scala.tools.nsc.interpreter.{IMain, Results}
import scala.tools.nsc.interpreter.shell.{ReplReporterImpl, ShellConfig}

/** The Scala of one context. */
class Interpreter(number: Int, context: Context) {
  private val echo = new StringWriter
  private var lastException: Throwable = _
  private val interpreter = {
    val settings = new Settings(_ => ())
    settings.processArguments(
      List("-Yrepl-class-based", "-Yrangepos", "-classpath", System.getProperty("java.class.path"), "-Wconf:cat=deprecation:s") ++ folder, true)
    // Not the loader of all: that one asks this one.
    new IMain(settings, Some(Interpreters.base), settings, new Reporter(settings, new PrintWriter(echo, true)))
  }

  /** Executors in other processes load from it what is compiled here. */
  private def folder: List[String] =
    context.session.sparkContext.getConf.getOption("spark.repl.class.outputDir").toList.flatMap(List("-Yrepl-outdir", _))

  def classLoader: ClassLoader = interpreter.classLoader

  /** Names of generated classes must not meet those of another interpreter: executors know them by name alone. */
  def begin(): Unit = {
    interpreter.initializeCompiler()
    (1 until number * Interpreters.Lines).foreach(_ => interpreter.naming.freshLineId())
    val prelude = Seq(
      "@transient val spark: org.apache.spark.sql.SparkSession = dbx12.Bridge.session(\"" + context.name + "\")",
      "@transient val sc: org.apache.spark.SparkContext = dbx12.Bridge.session(\"" + context.name + "\").sparkContext",
      "import org.apache.spark.SparkContext._",
      "import spark.implicits._",
      "import spark.sql",
      "import org.apache.spark.sql.functions._",
      "import dbx12.Show.{display, displayHTML}")
    interpreter.beQuietDuring {
      if (!prelude.forall(interpreter.interpret(_) == Results.Success))
        throw new IllegalStateException("the Scala interpreter does not start: " + takeEcho())
    }
    takeEcho()
  }

  def run(code: String, output: Output): Either[Errors.Told, Shown] =
    parts(code).foldLeft[Either[Errors.Told, Shown]](Right(Shown.Nothing)) { (before, part) =>
      before.flatMap(_ => runPart(part, output))
    }

  private def runPart(code: String, output: Output): Either[Errors.Told, Shown] = {
    takeEcho()
    val result = interpreter.interpret(code)
    val said = takeEcho()
    result match {
      case Results.Success =>
        output.append(said)
        Right(Shown.answer())
      case Results.Incomplete => Left(Errors.plain("error: the command ends in the middle of a statement"))
      case Results.Error => newException().map(Errors.runtime).orElse(mistake(said)).toLeft(Shown.Nothing)
    }
  }

  /**
   * Classes at the beginning of a command are a line of their own: Spark cannot make objects of a class whose line is not yet
   * done.
   */
  private def parts(code: String): Seq[String] = {
    import interpreter.global._
    val trees = newUnitParser(newCompilationUnit(code, "<console>")).parseStats()
    val isWrong = interpreter.reporter.hasErrors
    interpreter.reporter.reset()
    val definitions = trees.takeWhile {
      case _: ClassDef | _: ModuleDef | _: Import => true
      case _ => false
    }
    val hasClass = definitions.exists(_.isInstanceOf[ImplDef])
    if (isWrong || !hasClass || definitions.size == trees.size) return Seq(code)
    val (first, second) = code.splitAt(definitions.last.pos.end)
    Seq(first, "\n" * first.count(_ == '\n') + second) // so that mistakes have their line
  }

  /** What a compiler says; nothing of a text that is all comment. */
  private def mistake(said: String): Option[Errors.Told] = Option.unless(said.isBlank)(Errors.plain(said.stripTrailing))

  /** What the last line threw, if it got as far as to be run. */
  private def newException(): Option[Throwable] = interpreter.valueOfTerm("lastException") match {
    case Some(error: Throwable) if error ne lastException =>
      lastException = error
      Some(error)
    case _ => None
  }

  def close(): Unit = {
    Interpreters.forget(number)
    interpreter.close()
  }

  private def takeEcho(): String = {
    val said = echo.toString
    echo.getBuffer.setLength(0)
    said
  }
}

/** Says where a mistake is in the words of a compiler, not in those of a terminal. */
private class Reporter(settings: Settings, echo: PrintWriter) extends ReplReporterImpl(ShellConfig(settings), settings, echo) {
  override def doReport(position: Position, message: String, severity: Severity, actions: List[CodeAction]): Unit = {
    val kind = severity match {
      case ERROR => "error: "
      case WARNING => "warning: "
      case _ => ""
    }
    if (position.isDefined) {
      echo.println("<console>:" + position.line + ": " + kind + message)
      echo.println(position.lineContent)
      echo.println(position.lineCaret)
    } else echo.println(kind + message)
  }
}

/** All interpreters of this process, and a class loader that knows the classes of each. */
object Interpreters {
  val Lines = 100000
  val base: ClassLoader = getClass.getClassLoader
  private val all = new ConcurrentHashMap[Int, Interpreter]
  private val last = new AtomicInteger

  def make(context: Context): Interpreter = {
    val number = last.incrementAndGet()
    val made = new Interpreter(number, context)
    all.put(number, made)
    made.begin()
    made
  }

  def forget(number: Int): Unit = all.remove(number)

  val loader: ClassLoader = new ClassLoader(base) {
    private val Line = "\\$line(\\d+)\\..*".r

    override def findClass(name: String): Class[_] = name match {
      case Line(line) if all.containsKey(line.toInt / Lines) => all.get(line.toInt / Lines).classLoader.loadClass(name)
      case _ => throw new ClassNotFoundException(name)
    }
  }
}

/** What Scala commands show things with. */
object Show {
  def display(value: Any): Unit = value match {
    case frame: org.apache.spark.sql.Dataset[_] => Shown.rows(Table.json(frame, Shown.rowLimit))
    case other => println(other)
  }

  def displayHTML(html: String): Unit = Shown.html(html)
}
