/// A loaded graph with its landmark tables as one run of octets, to be mapped into memory by the
/// next call: nothing is parsed, and only what a search touches is read.
///
/// Little endian, sections aligned to eight octets. The head names the sections and has a checksum
/// of its own and one for every block of 64 KiB; a block is checked when it is first touched.
package struct PreparedGraph: Sendable {
    package enum Refusal: Error, Sendable {
        case notPrepared, otherVersion, truncated, damaged
    }
    package static let magic = Array("kosgraph".utf8)
    static let version: UInt64 = 1
    static let blockBits = 16
    static let headWords = 20
    static let slotOctets = 16
    static let arcOctets = 16
    static let rowOctets = 40

    /// Where each section starts.
    struct Sections: Sendable {
        var names = 0
        var arena = 0
        var slots = 0
        var offsets = 0
        var arcs = 0
        var rows = 0
        var table = 0
        var addresses = 0
        var addressArena = 0
    }
    package private(set) var nodeCount = 0
    package private(set) var linkCount = 0
    package private(set) var metric = Metric.weight
    private(set) var landmarkCount = 0
    private(set) var addressCount = 0
    private(set) var slotCount = 0
    private(set) var sections = Sections()
    private var length = 0
    private var checksums = 0
    /// Which blocks were found sound.
    private var isSound: [Bool] = []
    /// Whether a block that was touched was damaged; the answer is not to be used then.
    package private(set) var isDamaged = false

    /// Reads the head of `file`.
    package init(_ file: borrowing Span<UInt8>) throws(Refusal) {
        let headOctets = PreparedGraph.headWords * 8
        guard file.count >= headOctets, PreparedGraph.isPrepared(file) else { throw .notPrepared }
        guard file.word(at: 8) == PreparedGraph.version else { throw .otherVersion }
        var words: [Int] = []
        for index in 0..<PreparedGraph.headWords {
            words.append(Int(truncatingIfNeeded: file.word(at: index * 8)))
        }
        guard words[2] == file.count else { throw .truncated }
        length = words[2]
        (nodeCount, linkCount, landmarkCount, addressCount) = (
            words[4], words[5], words[6], words[7]
        )
        guard Metric.allCases.indices.contains(words[8]) else { throw .damaged }
        metric = Metric.allCases[words[8]]
        sections.names = words[9]
        sections.arena = words[10]
        sections.slots = words[11]
        sections.offsets = words[12]
        sections.arcs = words[13]
        sections.rows = words[14]
        sections.table = words[15]
        sections.addresses = words[16]
        sections.addressArena = words[17]
        checksums = words[18]
        slotCount = words[19]
        let starts = words[9...18]
        guard starts.allSatisfy({ $0 >= headOctets && $0 <= length && $0 & 7 == 0 }),
            checksums <= length, nodeCount >= 0, nodeCount <= Int(Int32.max), linkCount >= 0,
            landmarkCount >= 0, landmarkCount <= 64, slotCount >= 0,
            slotCount & (slotCount - 1) == 0
        else { throw .damaged }
        let blocks =
            (checksums - headOctets + (1 << PreparedGraph.blockBits) - 1) >> PreparedGraph.blockBits
        guard checksums + blocks * 8 == length else { throw .damaged }
        var sum = PreparedGraph.mix(file, from: 32, to: headOctets)
        sum = PreparedGraph.mix(file, from: checksums, to: length, seed: sum)
        guard Int(truncatingIfNeeded: sum) == words[3] else { throw .damaged }
        isSound = [Bool](repeating: false, count: blocks)
    }

    /// Whether a text begins as a prepared graph does.
    package static func isPrepared(_ head: borrowing Span<UInt8>) -> Bool {
        guard head.count >= magic.count else { return false }
        for index in magic.indices where head[index] != magic[index] { return false }
        return true
    }

    // MARK: Reading

    /// The eight octets at `offset`; 0 and `isDamaged` where the file is not what it was.
    @inline(__always)
    mutating func word(_ file: borrowing Span<UInt8>, _ offset: Int) -> UInt64 {
        let block = (offset - PreparedGraph.headWords * 8) >> PreparedGraph.blockBits
        guard offset >= PreparedGraph.headWords * 8, offset + 8 <= checksums, block < isSound.count
        else {
            isDamaged = true
            return 0
        }
        if !isSound[block] { check(file, block) }
        return file.word(at: offset)
    }

    @inline(never)
    private mutating func check(_ file: borrowing Span<UInt8>, _ block: Int) {
        let start = PreparedGraph.headWords * 8 + block << PreparedGraph.blockBits
        let end = min(start + 1 << PreparedGraph.blockBits, checksums)
        let sum = PreparedGraph.mix(file, from: start, to: end)
        isSound[block] = true
        if sum != file.word(at: checksums + block * 8) { isDamaged = true }
    }

    @inline(__always)
    mutating func int32(_ file: borrowing Span<UInt8>, _ offset: Int) -> Int32 {
        let word = word(file, offset & ~7)
        return Int32(truncatingIfNeeded: word >> UInt64((offset & 4) * 8))
    }

    @inline(__always)
    mutating func double(_ file: borrowing Span<UInt8>, _ offset: Int) -> Double {
        Double(bitPattern: word(file, offset))
    }

    mutating func octets(_ file: borrowing Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= checksums, range.count <= 1 << 16 else {
            isDamaged = true
            return []
        }
        var octets: [UInt8] = []
        for at in range {
            octets.append(UInt8(truncatingIfNeeded: word(file, at & ~7) >> UInt64((at & 7) * 8)))
        }
        return octets
    }

    // MARK: Checksums

    /// Four interleaved sums of products: not secret, but no slip of a disk or a program passes it.
    static func mix(
        _ file: borrowing Span<UInt8>, from start: Int, to end: Int, seed: UInt64 = 0
    ) -> UInt64 {
        var (a, b, c, d) = (seed, seed ^ 0x9E37, seed ^ 0x79B9, seed ^ 0x7F4A)
        var at = start
        let factor: UInt64 = 0x9FB2_1C65_1E98_DF25
        while at + 32 <= end {
            a = (a ^ file.word(at: at)) &* factor
            b = (b ^ file.word(at: at + 8)) &* factor
            c = (c ^ file.word(at: at + 16)) &* factor
            d = (d ^ file.word(at: at + 24)) &* factor
            a ^= a >> 29
            b ^= b >> 29
            c ^= c >> 29
            d ^= d >> 29
            at += 32
        }
        while at + 8 <= end {
            a = (a ^ file.word(at: at)) &* factor
            a ^= a >> 29
            at += 8
        }
        return (a &* factor) ^ (b &+ 1) &* factor ^ (c &+ 2) &* factor ^ (d &+ 3)
            ^ UInt64(end - start)
    }
}
