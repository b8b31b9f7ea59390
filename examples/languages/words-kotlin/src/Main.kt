/** words: prints the words of standard input that occur most often. The contract is in ../README.md. */
package words

private const val DEFAULT_TOP = 10
private const val MAX_DIGITS = 9
private const val FAILED = 1
private const val MISUSED = 2

private class UsageException : Exception("usage: words [--top N]")

fun main() {
    try {
        printTop(parseArguments(arguments()))
    } catch (exception: UsageException) {
        fail(MISUSED, exception.message)
    } catch (exception: WasiException) {
        fail(FAILED, "words: ${exception.message}")
    }
}

private fun fail(code: Int, message: String?): Nothing {
    Stream.ERROR.write("$message\n")
    exit(code)
}

private fun printTop(top: Int) {
    val counts = Counts()
    forEachWord(Stream.INPUT.readAll().decodeToString(), counts::add)
    Stream.OUTPUT.write(counts.ranking().take(top).joinToString("") { "${it.count} ${it.word}\n" })
}

/** How many words to print. */
private fun parseArguments(arguments: List<String>): Int {
    var top = DEFAULT_TOP
    for (pair in arguments.chunked(2)) {
        if (pair.size < 2 || pair[0] != "--top") throw UsageException()
        top = parseNumber(pair[1])
    }
    return top
}

private fun parseNumber(text: String): Int {
    if (text.length !in 1..MAX_DIGITS || text.any { it !in '0'..'9' }) throw UsageException()
    return text.toInt()
}
