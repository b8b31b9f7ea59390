package words

class Entry(val word: String, val count: Int)

/** How often each word was seen. */
class Counts {
    private val counts = HashMap<String, Int>()

    fun add(word: String) {
        counts[word] = (counts[word] ?: 0) + 1
    }

    /** All words, the most frequent first. Among equal counts the bytes of the words decide. */
    fun ranking(): List<Entry> = counts.map { (word, count) -> Entry(word, count) }.sortedWith(mostFrequentFirst)
}

private val mostFrequentFirst = Comparator<Entry> { a, b ->
    if (a.count != b.count) b.count.compareTo(a.count) else compareBytes(a.word, b.word)
}

/** Compares texts as their UTF-8 would: by code points, where [String.compareTo] sees surrogates before U+E000. */
private fun compareBytes(a: String, b: String): Int {
    val at = (0 until minOf(a.length, b.length)).firstOrNull { a[it] != b[it] } ?: return a.length - b.length
    return when {
        a[at].isSurrogate() == b[at].isSurrogate() -> a[at].compareTo(b[at])
        a[at].isSurrogate() -> 1
        else -> -1
    }
}
