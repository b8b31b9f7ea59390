#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct Entry {
    std::string word;
    std::uint32_t count;
};

/// The words of a text that occur most often, in the order of the contract.
std::vector<Entry> most_frequent(std::string_view text, std::size_t top);
