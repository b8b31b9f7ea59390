//! Finds the words of a text, in the form in which they are counted.

const std = @import("std");

const Scanner = @This();

/// Read from `read` on; what lies before `written` holds the words found so far.
text: []u8,
read: usize = 0,
/// Never more than `read`: no word grows.
written: usize = 0,

/// The next word, or null at the end. A word lives as long as the text.
pub fn next(scanner: *Scanner) ?[]const u8 {
    while (scanner.peek(0)) |letter| : (scanner.read += letter.len) {
        if (letter.isWord()) break;
    } else return null;

    const start = scanner.written;
    while (scanner.peek(0)) |letter| {
        if (letter.isWord()) {
            scanner.take(letter);
        } else if (letter.isApostrophe() and scanner.isWordAt(letter.len)) {
            scanner.text[scanner.written] = '\'';
            scanner.written += 1;
            scanner.read += letter.len;
        } else break;
    }
    return scanner.text[start..scanner.written];
}

fn peek(scanner: Scanner, offset: usize) ?Letter {
    const rest = scanner.text[scanner.read + offset ..];
    return if (rest.len == 0) null else .decode(rest);
}

fn isWordAt(scanner: Scanner, offset: usize) bool {
    const letter = scanner.peek(offset) orelse return false;
    return letter.isWord();
}

fn take(scanner: *Scanner, letter: Letter) void {
    const from = scanner.text[scanner.read..][0..letter.len];
    const to = scanner.text[scanner.written..][0..letter.len];
    @memmove(to, from);
    to[0] = std.ascii.toLower(to[0]);
    scanner.read += letter.len;
    scanner.written += letter.len;
}

/// A code point and the bytes that it takes.
const Letter = struct {
    code_point: u21,
    len: usize,

    /// A byte that starts no well-formed sequence is one replacement character.
    fn decode(bytes: []const u8) Letter {
        const invalid: Letter = .{ .code_point = std.unicode.replacement_character, .len = 1 };
        const len = std.unicode.utf8ByteSequenceLength(bytes[0]) catch return invalid;
        if (len > bytes.len) return invalid;
        const code_point = std.unicode.utf8Decode(bytes[0..len]) catch return invalid;
        return .{ .code_point = code_point, .len = len };
    }

    fn isWord(letter: Letter) bool {
        return switch (letter.code_point) {
            '0'...'9', 'A'...'Z', 'a'...'z' => true,
            0x2000...0x206F, 0x3000...0x303F, 0xFEFF, std.unicode.replacement_character => false,
            else => letter.code_point >= 0xC0,
        };
    }

    fn isApostrophe(letter: Letter) bool {
        return letter.code_point == '\'' or letter.code_point == 0x2019;
    }
};

test "words are folded in place" {
    var text = "\u{FEFF}Don\u{2019}t stop, \xFFdon't! l'\u{C9}t\u{E9}'".*;
    var scanner: Scanner = .{ .text = &text };
    for ([_][]const u8{ "don't", "stop", "don't", "l'\u{C9}t\u{E9}" }) |word|
        try std.testing.expectEqualStrings(word, scanner.next().?);
    try std.testing.expectEqual(null, scanner.next());
}
