#include "scanner.hpp"

namespace {

constexpr char32_t right_quote = U'\u2019';
constexpr char32_t byte_order_mark = U'\uFEFF';

constexpr bool between(char32_t value, char32_t first, char32_t last)
{
    return first <= value && value <= last;
}

constexpr bool is_word(char32_t value)
{
    if (value < U'\u00C0')
        return between(value, U'0', U'9') || between(value, U'A', U'Z') || between(value, U'a', U'z');
    return !between(value, U'\u2000', U'\u206F') && !between(value, U'\u3000', U'\u303F') && value != byte_order_mark
        && value != utf8::replacement;
}

constexpr bool is_apostrophe(char32_t value)
{
    return value == U'\'' || value == right_quote;
}

} // namespace

std::optional<std::string> Scanner::next()
{
    utf8::Letter letter = utf8::first(rest_);
    while (!rest_.empty() && !is_word(letter.value)) {
        rest_.remove_prefix(letter.size);
        letter = utf8::first(rest_);
    }
    if (rest_.empty())
        return std::nullopt;

    std::string word;
    for (;; letter = utf8::first(rest_)) {
        if (is_word(letter.value)) {
            take(word, letter);
        } else if (is_apostrophe(letter.value) && is_word(utf8::first(rest_.substr(letter.size)).value)) {
            word += '\'';
            rest_.remove_prefix(letter.size);
        } else {
            return word;
        }
    }
}

void Scanner::take(std::string& word, const utf8::Letter& letter)
{
    if (between(letter.value, U'A', U'Z'))
        word += static_cast<char>(letter.value - U'A' + U'a');
    else
        word += rest_.substr(0, letter.size);
    rest_.remove_prefix(letter.size);
}
