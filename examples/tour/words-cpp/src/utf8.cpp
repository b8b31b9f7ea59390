#include "utf8.hpp"

#include <array>

namespace {

struct Form {
    unsigned char mask;
    unsigned char lead;
    std::size_t size;
    char32_t least;
};

constexpr std::array<Form, 4> forms{{
    {0x80, 0x00, 1, 0x00},
    {0xE0, 0xC0, 2, 0x80},
    {0xF0, 0xE0, 3, 0x800},
    {0xF8, 0xF0, 4, 0x10000},
}};

constexpr bool is_scalar(char32_t value)
{
    return value < 0xD800 || (value > 0xDFFF && value <= 0x10FFFF);
}

} // namespace

utf8::Letter utf8::first(std::string_view text)
{
    if (text.empty())
        return {replacement, 0};
    const auto lead = static_cast<unsigned char>(text.front());
    for (const Form& form : forms) {
        if ((lead & form.mask) != form.lead)
            continue;
        char32_t value = lead & static_cast<unsigned char>(~form.mask);
        for (const char next : text.substr(1, form.size - 1)) {
            if ((next & 0xC0) != 0x80)
                return {replacement, 1};
            value = value << 6 | (next & 0x3F);
        }
        if (form.size > text.size() || value < form.least || !is_scalar(value))
            return {replacement, 1};
        return {value, form.size};
    }
    return {replacement, 1};
}
