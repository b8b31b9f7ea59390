#include "utf8.h"

static const Utf8 INVALID = {UTF8_REPLACEMENT, 1};

Utf8 utf8_decode(const unsigned char *bytes, size_t size)
{
    unsigned char lead = bytes[0];
    uint32_t code_point;
    uint32_t smallest;
    size_t length;

    if (lead < 0x80)
        return (Utf8){lead, 1};
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
        smallest = 0x80;
        code_point = lead & 0x1Fu;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        smallest = 0x800;
        code_point = lead & 0x0Fu;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        smallest = 0x10000;
        code_point = lead & 0x07u;
    } else {
        return INVALID;
    }
    if (length > size)
        return INVALID;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return INVALID;
        code_point = code_point << 6 | (bytes[i] & 0x3Fu);
    }
    if (code_point < smallest || code_point > 0x10FFFF)
        return INVALID;
    if (code_point >= 0xD800 && code_point <= 0xDFFF)
        return INVALID;
    return (Utf8){code_point, length};
}
