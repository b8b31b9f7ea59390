//! words: prints the words of standard input that occur most often. The contract is in ../README.md.

const std = @import("std");
const ranking = @import("ranking.zig");
const Scanner = @import("scanner.zig");

const default_top = 10;
const max_digits = 9;

pub fn main(init: std.process.Init) !u8 {
    const io = init.io;
    const args = try init.minimal.args.toSlice(init.arena.allocator());
    const top = parseTop(args) catch {
        try std.Io.File.stderr().writeStreamingAll(io, "usage: words [--top N]\n");
        return 2;
    };

    var in_buffer: [4096]u8 = undefined;
    var in = std.Io.File.stdin().readerStreaming(io, &in_buffer);
    const text = try in.interface.allocRemaining(init.gpa, .unlimited);
    defer init.gpa.free(text);

    var scanner: Scanner = .{ .text = text };
    const entries = try ranking.rank(init.gpa, &scanner);
    defer init.gpa.free(entries);

    var out_buffer: [4096]u8 = undefined;
    var out = std.Io.File.stdout().writerStreaming(io, &out_buffer);
    for (entries[0..@min(top, entries.len)]) |entry|
        try out.interface.print("{d} {s}\n", .{ entry.count, entry.word });
    try out.interface.flush();
    return 0;
}

fn parseTop(args: []const [:0]const u8) error{Usage}!u32 {
    var top: u32 = default_top;
    var i: usize = 1;
    while (i < args.len) : (i += 2) {
        if (!std.mem.eql(u8, args[i], "--top") or i + 1 == args.len) return error.Usage;
        top = try parseNumber(args[i + 1]);
    }
    return top;
}

fn parseNumber(text: []const u8) error{Usage}!u32 {
    if (text.len == 0 or text.len > max_digits) return error.Usage;
    for (text) |byte| if (!std.ascii.isDigit(byte)) return error.Usage;
    return std.fmt.parseInt(u32, text, 10) catch unreachable;
}
