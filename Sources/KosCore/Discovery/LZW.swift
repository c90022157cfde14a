/// Lempel, Ziv, Welch as Go's `compress/lzw` writes it with `LSB` and 8-bit literals: codes of 9 to
/// 12 bits from the lowest bit up, 256 clears the table, 257 ends.
package enum LZW {
    package static let clear = 256
    package static let end = 257
    private static let maxWidth = 12
    private static let maxCode = 1 << maxWidth - 1

    /// Nil when a code is wrong, the end is missing, or more than `limit` octets would come out.
    package static func decompress(_ octets: some Collection<UInt8>, limit: Int) -> [UInt8]? {
        var output: [UInt8] = []
        var prefixes = [UInt16](repeating: 0, count: maxCode + 1)
        var suffixes = [UInt8](repeating: 0, count: maxCode + 1)
        var scratch: [UInt8] = []
        var bits = LowBits(octets)
        var width = 9
        // `high` is the code that the next one defines; none is defined by the first after a clear.
        var high = end
        var last: Int?
        while let code = bits.next(width) {
            if code == clear {
                width = 9
                high = end
                last = nil
                continue
            }
            if code == end { return output }
            guard code <= high || code < clear else { return nil }
            scratch.removeAll(keepingCapacity: true)
            var walk = code
            if code == high, code > end, let before = last {
                // The code that is being defined: what was last, and its first octet again.
                walk = before
                var first = before
                while first > end { first = Int(prefixes[first]) }
                scratch.append(UInt8(truncatingIfNeeded: first))
            }
            while walk > end {
                scratch.append(suffixes[walk])
                walk = Int(prefixes[walk])
            }
            scratch.append(UInt8(truncatingIfNeeded: walk))
            guard output.count + scratch.count <= limit else { return nil }
            output.append(contentsOf: scratch.reversed())
            if let before = last, high <= maxCode, high > end {
                suffixes[high] = UInt8(truncatingIfNeeded: walk)
                prefixes[high] = UInt16(truncatingIfNeeded: before)
            }
            last = code
            high += 1
            if high >= 1 << width {
                if width < maxWidth {
                    width += 1
                } else {
                    // The table is full: nothing is defined until the writer clears it.
                    last = nil
                    high -= 1
                }
            }
        }
        return nil
    }

    package static func compress(_ octets: [UInt8]) -> [UInt8] {
        var writer = LowBitWriter()
        var table: [UInt32: UInt16] = [:]
        var width = 9
        var high = end
        writer.put(clear, width)
        guard var code = octets.first.map({ Int($0) }) else {
            writer.put(end, width)
            return writer.finished
        }
        for octet in octets.dropFirst() {
            let key = UInt32(truncatingIfNeeded: code) << 8 | UInt32(octet)
            if let known = table[key] {
                code = Int(known)
                continue
            }
            writer.put(code, width)
            code = Int(octet)
            high += 1
            if high == 1 << width { width += 1 }
            if high == maxCode {
                writer.put(clear, maxWidth)
                table.removeAll(keepingCapacity: true)
                width = 9
                high = end
            } else {
                table[key] = UInt16(truncatingIfNeeded: high)
            }
        }
        writer.put(code, width)
        high += 1
        if high == 1 << width { width += 1 }
        if high == maxCode {
            writer.put(clear, maxWidth)
            width = 9
        }
        writer.put(end, width)
        return writer.finished
    }
}

private struct LowBits<Octets: Collection<UInt8>> {
    private var iterator: Octets.Iterator
    private var word: UInt32 = 0
    private var held = 0

    init(_ octets: Octets) { iterator = octets.makeIterator() }

    mutating func next(_ width: Int) -> Int? {
        while held < width {
            guard let octet = iterator.next() else { return nil }
            word |= UInt32(octet) << UInt32(held)
            held += 8
        }
        defer {
            word >>= UInt32(width)
            held -= width
        }
        return Int(word & (1 << UInt32(width) - 1))
    }
}

private struct LowBitWriter {
    private var octets: [UInt8] = []
    private var word: UInt32 = 0
    private var held = 0

    mutating func put(_ code: Int, _ width: Int) {
        word |= UInt32(truncatingIfNeeded: code) << UInt32(held)
        held += width
        while held >= 8 {
            octets.append(UInt8(truncatingIfNeeded: word))
            word >>= 8
            held -= 8
        }
    }

    var finished: [UInt8] {
        held > 0 ? octets + [UInt8(truncatingIfNeeded: word)] : octets
    }
}
