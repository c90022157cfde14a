import KosCore

/// Reads pcap, pcapng and btsnoop, or gzip of these, from chunks of any size, in a bounded window.
///
/// Push octets with `withFreeSpace` or `append`, pull with `next` until it says `.more`, and at the
/// end of input ask `finish` whether the last record was whole. Byte orders, link types,
/// resolutions and snapshot lengths may differ between sections and interfaces
/// (draft-ietf-opsawg-pcapng).
package struct CaptureReader: Sendable {
    /// Octets read at a time by callers that have the choice.
    package static let windowSize = 1 << 20
    /// No packet is longer, as libpcap and Wireshark have it.
    package static let maxPacket = 262_144
    /// No block that is kept whole is longer; longer ones of other kinds are stepped over.
    static let maxBlock = 1 << 20
    /// Interfaces of one section, so that a file of nothing but interfaces stays small in memory.
    static let maxInterfaces = 131_072

    package enum Event: Sendable {
        case packet(CapturedPacket)
        /// Counters of the interface with this index have come.
        case statistics(Int)
        /// A custom block that may be copied has come: this is its body.
        case custom(Range<Int>)
        /// More octets are needed; at the end of input, call `finish`.
        case more
        /// The rest is lost.
        case damaged(CaptureDamage)
    }

    package internal(set) var interfaces: [CaptureInterface] = []
    /// Nil until the first octets have come.
    package internal(set) var format: CaptureFormat?
    /// Names that a capture gave to addresses (pcapng name resolution blocks).
    package internal(set) var names: [FrameAddress: String] = [:]
    package internal(set) var packets = 0
    /// What the first section's header says: comments, hardware, system, application.
    package internal(set) var sectionOptions: [CaptureOption] = []
    /// Blocks with secrets for decryption: they are never shown, nor copied.
    package internal(set) var secrets = 0
    /// Where the latest packet's options stand.
    var packetOptions = 0..<0
    var optionOctets = 0
    /// Sections begun: each one numbers its interfaces anew.
    package internal(set) var sections = 0

    package private(set) var window: [UInt8]
    var start = 0
    private(set) var filled = 0
    /// Octets that left the window.
    private var consumed = 0
    /// Octets of a block nobody wants that are still to come.
    var pendingSkip = 0
    package internal(set) var isBigEndian = false
    var isNanosecond = false
    var recordHeader = 16
    private var damage: CaptureDamage?
    private var gzip: GzipStream?
    private var spare: [UInt8] = []

    package init(window: Int = CaptureReader.windowSize) {
        self.window = [UInt8](repeating: 0, count: max(4096, window))
    }

    /// Octets of the capture (after gzip) that `next` is through with.
    package var position: Int { consumed + start }

    /// Whether a file that starts with these four octets is a capture.
    package static func isCapture(_ first: [UInt8]) -> Bool {
        switch first.span.be32(0) {
        case 0x1F8B_0000...0x1F8B_FFFF, 0x0A0D_0D0A, 0x6274_736E, 0xA1B2_C3D4, 0xA1B2_3C4D,
            0xA1B2_CD34, 0xD4C3_B2A1,
            0x4D3C_B2A1, 0x34CD_B2A1:
            true
        default: false
        }
    }

    /// Lets `read` fill the free part of the window; returns what it returned.
    package mutating func withFreeSpace(
        _ read: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        if gzip != nil { return unsafe withCompressedSpace(read) }
        compact()
        let used = filled
        let free = window.count - used
        let count = unsafe window.withUnsafeMutableBytes { all in
            unsafe read(UnsafeMutableRawBufferPointer(rebasing: all[used...]))
        }
        filled += max(0, min(free, count))
        return count
    }

    private mutating func withCompressedSpace(
        _ read: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        if spare.isEmpty { spare = [UInt8](repeating: 0, count: 65_536) }
        let count = unsafe spare.withUnsafeMutableBytes { unsafe read($0) }
        let chunk = spare
        gzip?.push(chunk.span.extracting(0..<max(0, min(chunk.count, count))))
        return count
    }

    /// Nothing will be added any more: call `next` until it says `.more`, then `finish`.
    package mutating func endInput() { gzip?.endInput() }

    /// Decompresses into the window; false when that needs more octets.
    private mutating func inflateMore() -> Bool {
        guard gzip != nil, damage == nil else { return false }
        compact()
        do throws(Inflate.Damage) {
            // Out of its place meanwhile: the window is written to as well.
            var stream = gzip ?? GzipStream()
            gzip = nil
            defer { gzip = stream }
            let limit = window.count - filled
            let count = try stream.pull(into: &window, at: filled, limit: limit)
            filled += count
            return count > 0
        } catch {
            _ = fail("gzip: \(error.message)", error.message == "cut off" ? .truncated : .damaged)
            return false
        }
    }

    /// Adds a chunk.
    package mutating func append(_ chunk: borrowing Span<UInt8>) {
        if gzip != nil {
            gzip?.push(chunk)
            return
        }
        compact()
        if window.count - filled < chunk.count {
            let missing = chunk.count - (window.count - filled)
            window.append(contentsOf: repeatElement(0, count: missing))
        }
        for index in chunk.indices { window[filled + index] = chunk[index] }
        filled += chunk.count
    }

    /// The next packet or what else there is to say.
    @inline(__always)
    package mutating func next() -> Event {
        while true {
            let event = nextInWindow()
            guard case .more = event, gzip != nil else { return event }
            guard inflateMore() else {
                if let damage { return .damaged(damage) }
                return .more
            }
        }
    }

    @inline(__always)
    private mutating func nextInWindow() -> Event {
        if let damage { return .damaged(damage) }
        if pendingSkip > 0, !skipPending() { return .more }
        switch format {
        case .pcap: return nextPcap()
        case .pcapng: return nextBlock()
        case .btsnoop: return nextSnoop()
        case nil: return open() ?? nextInWindow()
        }
    }

    /// Call at the end of input, when `next` has said `.more`: nil when the last record was whole.
    package mutating func finish() -> CaptureDamage? {
        if let damage { return damage }
        if format == nil {
            return CaptureDamage(
                code: .notACapture, message: "\(filled) octets are no capture", offset: 0)
        }
        guard filled > start || pendingSkip > 0 else { return nil }
        return CaptureDamage(
            code: .truncated, message: "cut off within a record, behind packet \(packets)",
            offset: consumed + start)
    }

    /// Steps over what is left of a block; true when all of it has come.
    mutating func skipPending() -> Bool {
        let step = min(pendingSkip, filled - start)
        start += step
        pendingSkip -= step
        return pendingSkip == 0
    }

    /// Remembers that the rest is lost.
    mutating func fail(_ message: String, _ code: CaptureDamage.Code = .damaged) -> Event {
        let found = CaptureDamage(code: code, message: message, offset: consumed + start)
        damage = found
        return .damaged(found)
    }

    /// Whether `count` octets are there from `start` on; makes room for them when they are not.
    mutating func has(_ count: Int) -> Bool {
        if filled - start >= count { return true }
        if window.count < count {
            window.append(contentsOf: repeatElement(0, count: count - window.count))
        }
        return false
    }

    private mutating func compact() {
        guard start > 0 else { return }
        let left = filled - start
        for index in 0..<left { window[index] = window[start + index] }
        consumed += start
        start = 0
        filled = left
    }

    /// Tells the format by its first octets; nil to go on with `next`.
    private mutating func open() -> Event? {
        guard has(4) else { return .more }
        let magic = window.span.be32(start)
        if magic >> 16 == 0x1F8B, gzip == nil {
            var stream = GzipStream()
            stream.push(window.span.extracting(start..<filled))
            gzip = stream
            start = 0
            filled = 0
            return .more
        }
        switch magic {
        case 0x0A0D_0D0A:
            format = .pcapng
            return nil
        case 0x6274_736E: return openSnoop()
        case 0xA1B2_C3D4, 0xA1B2_3C4D, 0xA1B2_CD34: isBigEndian = true
        case 0xD4C3_B2A1, 0x4D3C_B2A1, 0x34CD_B2A1: isBigEndian = false
        default:
            return fail("the first octets are those of no capture format", .notACapture)
        }
        let written = isBigEndian ? magic : magic.byteSwapped
        isNanosecond = written == 0xA1B2_3C4D
        recordHeader = written == 0xA1B2_CD34 ? 24 : 16
        return openPcap()
    }

    func u16(_ at: Int) -> UInt16 { isBigEndian ? window.span.be16(at) : window.span.le16(at) }
    func u32(_ at: Int) -> UInt32 { isBigEndian ? window.span.be32(at) : window.span.le32(at) }
    func u64(_ at: Int) -> UInt64 { isBigEndian ? window.span.be64(at) : window.span.le64(at) }
}
