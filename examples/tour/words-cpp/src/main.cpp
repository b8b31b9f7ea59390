// words: prints the words of standard input that occur most often. The contract is in ../README.md.

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ranking.hpp"

namespace {

constexpr std::uint32_t default_top = 10;
constexpr std::size_t max_digits = 9;
constexpr int failed = 1;
constexpr int misused = 2;

std::optional<std::uint32_t> parse_number(std::string_view text)
{
    std::uint32_t number = 0;
    if (text.size() > max_digits)
        return std::nullopt;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end)
        return std::nullopt;
    return number;
}

std::optional<std::uint32_t> parse_arguments(std::span<const char* const> arguments)
{
    std::optional<std::uint32_t> top = default_top;
    for (std::size_t i = 0; top && i < arguments.size(); i += 2) {
        if (std::string_view{arguments[i]} != "--top" || i + 1 == arguments.size())
            return std::nullopt;
        top = parse_number(arguments[i + 1]);
    }
    return top;
}

std::optional<std::string> read_all(std::FILE* stream)
{
    std::string text;
    std::array<char, 4096> block;
    while (const std::size_t size = std::fread(block.data(), 1, block.size(), stream))
        text.append(block.data(), size);
    if (std::ferror(stream))
        return std::nullopt;
    return text;
}

bool print(std::span<const Entry> entries)
{
    for (const Entry& entry : entries) {
        std::array<char, 10> digits;
        const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), entry.count).ptr;
        std::fwrite(digits.data(), 1, static_cast<std::size_t>(end - digits.data()), stdout);
        std::putchar(' ');
        std::fwrite(entry.word.data(), 1, entry.word.size(), stdout);
        std::putchar('\n');
    }
    return std::fflush(stdout) == 0 && !std::ferror(stdout);
}

int fail()
{
    std::perror("words");
    return failed;
}

} // namespace

int main(int argc, char** argv)
{
    const auto top = parse_arguments(std::span{argv, static_cast<std::size_t>(argc)}.subspan(argc > 0 ? 1 : 0));
    if (!top) {
        std::fputs("usage: words [--top N]\n", stderr);
        return misused;
    }
    const auto text = read_all(stdin);
    if (!text || !print(most_frequent(*text, *top)))
        return fail();
    return EXIT_SUCCESS;
}
