package words

private const val REPLACEMENT = '\uFFFD'

/**
 * Calls [action] with every word of [text], in the form in which it is counted.
 *
 * A character outside of the basic plane is two surrogates here, and both are parts of words as it is itself.
 */
inline fun forEachWord(text: String, action: (String) -> Unit) {
    val word = StringBuilder()
    for (i in text.indices) {
        val char = text[i]
        if (isWord(char)) {
            word.append(lowercase(char))
        } else if (word.isNotEmpty()) {
            if (isApostrophe(char) && i + 1 < text.length && isWord(text[i + 1])) {
                word.append('\'')
            } else {
                action(word.toString())
                word.clear()
            }
        }
    }
    if (word.isNotEmpty()) action(word.toString())
}

@PublishedApi
internal fun isWord(char: Char): Boolean = when (char) {
    in '0'..'9', in 'A'..'Z', in 'a'..'z' -> true
    in '\u2000'..'\u206F', in '\u3000'..'\u303F', '\uFEFF', REPLACEMENT -> false
    else -> char >= '\u00C0'
}

@PublishedApi
internal fun isApostrophe(char: Char): Boolean = char == '\'' || char == '\u2019'

@PublishedApi
internal fun lowercase(char: Char): Char = if (char in 'A'..'Z') char + ('a' - 'A') else char
