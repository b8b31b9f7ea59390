#pragma once

#include <cstddef>
#include <string_view>

namespace utf8 {

inline constexpr char32_t replacement = U'\uFFFD';

/// A code point and the bytes that it takes.
struct Letter {
    char32_t value;
    std::size_t size;
};

/// The first code point of a text. A byte that starts no well-formed sequence is one replacement character; an empty text is one
/// of size 0.
Letter first(std::string_view text);

} // namespace utf8
