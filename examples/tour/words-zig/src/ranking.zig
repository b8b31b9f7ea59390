//! Counts words and puts the most frequent first.

const std = @import("std");
const Scanner = @import("scanner.zig");

pub const Entry = struct {
    word: []const u8,
    count: u32,

    fn isBefore(_: void, left: Entry, right: Entry) bool {
        if (left.count != right.count) return left.count > right.count;
        return std.mem.lessThan(u8, left.word, right.word);
    }
};

/// Every word that `scanner` finds, once. The caller owns the slice; the words are the scanner's.
pub fn rank(gpa: std.mem.Allocator, scanner: *Scanner) std.mem.Allocator.Error![]Entry {
    var counts: std.StringHashMapUnmanaged(u32) = .empty;
    defer counts.deinit(gpa);
    while (scanner.next()) |word| {
        const place = try counts.getOrPutValue(gpa, word, 0);
        place.value_ptr.* += 1;
    }

    const entries = try gpa.alloc(Entry, counts.count());
    var found = counts.iterator();
    for (entries) |*entry| {
        const place = found.next().?;
        entry.* = .{ .word = place.key_ptr.*, .count = place.value_ptr.* };
    }
    std.mem.sortUnstable(Entry, entries, {}, Entry.isBefore);
    return entries;
}
