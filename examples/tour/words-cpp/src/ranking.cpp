#include "ranking.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "scanner.hpp"

namespace {

// Words are compared as unsigned bytes: std::char_traits<char> does.
bool is_before(const Entry& left, const Entry& right)
{
    return left.count != right.count ? left.count > right.count : left.word < right.word;
}

} // namespace

std::vector<Entry> most_frequent(std::string_view text, std::size_t top)
{
    std::unordered_map<std::string, std::uint32_t> counts;
    Scanner scanner{text};
    while (auto word = scanner.next())
        ++counts[*std::move(word)];

    std::vector<Entry> entries;
    entries.reserve(counts.size());
    while (!counts.empty()) {
        auto node = counts.extract(counts.begin());
        entries.push_back({std::move(node.key()), node.mapped()});
    }
    const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(std::min(top, entries.size()));
    std::partial_sort(entries.begin(), middle, entries.end(), is_before);
    entries.erase(middle, entries.end());
    return entries;
}
