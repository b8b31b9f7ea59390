#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "utf8.hpp"

/// Finds the words of a text, in the form in which they are counted.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_{text} {}

    std::optional<std::string> next();

private:
    void take(std::string& word, const utf8::Letter& letter);

    std::string_view rest_;
};
