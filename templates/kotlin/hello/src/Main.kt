/** Greets its arguments, or the world. */
fun main() {
    for (name in arguments().ifEmpty { listOf("world") }) {
        println("Hello, $name!")
    }
}
