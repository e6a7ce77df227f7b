def hex(bytes: Array[Byte]): String = bytes.map(byte => f"$byte%02x").mkString

def described(value: Any): String = value match {
  case null => """["null"]"""
  case flag: Boolean => s"""["bool",$flag]"""
  case number: Long => s"""["integer","$number"]"""
  case number: Double if number.isNaN => """["float","nan"]"""
  case number: Double => f"""["float","${java.lang.Double.doubleToRawLongBits(number)}%016x"]"""
  case number: BigDecimal => s"""["decimal","${number.bigDecimal.toPlainString}"]"""
  case text: String => s"""["text","${hex(text.getBytes("UTF-8"))}"]"""
  case bytes: Array[Byte] => s"""["bytes","${hex(bytes)}"]"""
  case date: java.time.LocalDate => s"""["date","$date"]"""
  case time: java.time.Instant =>
    val format = java.time.format.DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS").withZone(java.time.ZoneOffset.UTC)
    s"""["timestamp","${format.format(time)}+00:00"]"""
  case items: List[_] => items.map(described).mkString("""["list",[""", ",", "]]")
  case entries: Map[_, _] =>
    val pairs = entries.toSeq.map { case (name, value) => (hex(name.toString.getBytes("UTF-8")), described(value)) }
    pairs.sorted.map { case (name, value) => s"""["$name",$value]""" }.mkString("""["map",[""", ",", "]]")
}

def show[A](value: A)(implicit manifest: Manifest[A]): Unit = println(s"@@$manifest\t${described(value)}")
