#include "scanner.h"

#include <stdint.h>
#include <string.h>

#include "utf8.h"

#define RIGHT_QUOTE 0x2019u

static bool between(uint32_t code_point, uint32_t first, uint32_t last)
{
    return first <= code_point && code_point <= last;
}

static bool is_word(uint32_t code_point)
{
    if (code_point < 0xC0)
        return between(code_point, '0', '9') || between(code_point, 'A', 'Z') || between(code_point, 'a', 'z');
    return !between(code_point, 0x2000, 0x206F) && !between(code_point, 0x3000, 0x303F)
        && code_point != 0xFEFF && code_point != UTF8_REPLACEMENT;
}

static bool is_apostrophe(uint32_t code_point)
{
    return code_point == '\'' || code_point == RIGHT_QUOTE;
}

/* What follows `offset` bytes after the reading position; a separator at the end of the text. */
static Utf8 peek(const Scanner *scanner, size_t offset)
{
    size_t at = scanner->read + offset;

    if (at >= scanner->size)
        return (Utf8){UTF8_REPLACEMENT, 0};
    return utf8_decode(scanner->text + at, scanner->size - at);
}

static void take(Scanner *scanner, Utf8 letter)
{
    unsigned char *to = scanner->text + scanner->written;

    memmove(to, scanner->text + scanner->read, letter.size);
    if (between(letter.code_point, 'A', 'Z'))
        *to += 'a' - 'A';
    scanner->read += letter.size;
    scanner->written += letter.size;
}

Scanner scanner_of(unsigned char *text, size_t size)
{
    return (Scanner){text, size, 0, 0};
}

bool scanner_next(Scanner *scanner, Slice *word)
{
    size_t start = scanner->written;
    Utf8 here;

    while (here = peek(scanner, 0), here.size > 0 && !is_word(here.code_point))
        scanner->read += here.size;
    if (here.size == 0)
        return false;
    for (;;) {
        if (is_word(here.code_point)) {
            take(scanner, here);
        } else if (is_apostrophe(here.code_point) && is_word(peek(scanner, here.size).code_point)) {
            scanner->text[scanner->written++] = '\'';
            scanner->read += here.size;
        } else {
            break;
        }
        here = peek(scanner, 0);
    }
    *word = (Slice){scanner->text + start, scanner->written - start};
    return true;
}
