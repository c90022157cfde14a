/// Writes captures: pcapng with interface names, comments and drop counts, or classic pcap with
/// nanoseconds. Little-endian, as the machines are that read it.
package struct CaptureWriter: Sendable {
    package let format: CaptureFormat
    package private(set) var bytes: [UInt8] = []
    private var interfaceCount = 0

    /// Starts a file; `application` says who wrote it, `options` what else there is to say of the
    /// section (pcapng only).
    package init(format: CaptureFormat, application: String, options: [CaptureOption] = []) {
        self.format = format == .pcap ? .pcap : .pcapng
        guard self.format == .pcapng else { return }
        block(0x0A0D_0D0A) { out in
            out.put32(0x1A2B_3C4D)
            out.put16(1)
            out.put16(0)
            // The section's length is not known while it is written.
            out.put32(0xFFFF_FFFF)
            out.put32(0xFFFF_FFFF)
            for option in options where option.code != 4 {
                out.option(option.code, option.value)
            }
            out.option(4, Array(application.utf8))
            out.endOptions()
        }
    }

    /// Takes out what was written.
    package mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Declares the next interface; returns its number. Classic pcap has one.
    @discardableResult
    package mutating func add(_ interface: CaptureInterface) -> Int {
        let number = interfaceCount
        interfaceCount += 1
        if format == .pcap {
            guard number == 0 else { return 0 }
            bytes.put32(0xA1B2_3C4D)
            bytes.put16(2)
            bytes.put16(4)
            bytes.put32(0)
            bytes.put32(0)
            bytes.put32(interface.snapshotLength == 0 ? 262_144 : interface.snapshotLength)
            bytes.put32(UInt32(interface.linkType.rawValue))
            return 0
        }
        block(1) { out in
            out.put16(interface.linkType.rawValue)
            out.put16(0)
            out.put32(interface.snapshotLength)
            if let name = interface.name { out.option(2, Array(name.utf8)) }
            if let summary = interface.summary { out.option(3, Array(summary.utf8)) }
            out.option(9, [9])
            if let filter = interface.filter { out.option(11, [0] + Array(filter.utf8)) }
            if interface.checkSequenceLength > 0 {
                out.option(13, [UInt8(truncatingIfNeeded: interface.checkSequenceLength)])
            }
            for option in interface.options { out.option(option.code, option.value) }
            out.endOptions()
        }
        return number
    }

    /// Appends one packet; without a time it is a simple packet of interface 0, or in pcap of 1970.
    package mutating func add(
        _ packet: CapturedPacket, on interface: Int, _ octets: borrowing Span<UInt8>
    ) {
        let range = packet.range.clamped(to: 0..<octets.count)
        let captured = UInt32(truncatingIfNeeded: range.count)
        let length = UInt32(truncatingIfNeeded: packet.lengthBytes)
        let time = packet.time ?? 0
        if format == .pcap {
            let (seconds, nanos) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
            bytes.append(addingCapacity: 16) { out in
                out.putWords(
                    UInt32(truncatingIfNeeded: seconds), UInt32(truncatingIfNeeded: nanos))
                out.putWords(captured, length)
            }
            return bytes.put(octets, range)
        }
        let padding = (4 - range.count % 4) % 4
        let flags = packet.direction
        if packet.time == nil, interface == 0 {
            let total = UInt32(truncatingIfNeeded: 16 + range.count + padding)
            bytes.append(addingCapacity: 12) { $0.putWords(3, total, length) }
            bytes.put(octets, range)
            return bytes.append(addingCapacity: 8) { out in
                out.putZeros(padding)
                out.putWord(total)
            }
        }
        let total = UInt32(
            truncatingIfNeeded: 32 + range.count + padding + (flags != 0 ? 12 : 0))
        let ticks = UInt64(bitPattern: time)
        bytes.append(addingCapacity: 28) { out in
            out.putWords(6, total, UInt32(truncatingIfNeeded: interface))
            out.putWords(UInt32(truncatingIfNeeded: ticks >> 32), UInt32(truncatingIfNeeded: ticks))
            out.putWords(captured, length)
        }
        bytes.put(octets, range)
        bytes.append(addingCapacity: 24) { out in
            out.putZeros(padding)
            // epb_flags, and the end of the options.
            if flags != 0 { out.putWords(0x0004_0002, UInt32(flags), 0) }
            out.putWord(total)
        }
    }

    /// Appends one packet with its options: comments, direction, hash, drops (pcapng only).
    package mutating func add(
        _ packet: CapturedPacket, on interface: Int, options: [CaptureOption],
        _ octets: borrowing Span<UInt8>
    ) {
        guard format == .pcapng, !options.isEmpty else {
            return add(packet, on: interface, octets)
        }
        let range = packet.range.clamped(to: 0..<octets.count)
        let ticks = UInt64(bitPattern: packet.time ?? 0)
        block(6) { out in
            out.put32(UInt32(truncatingIfNeeded: interface))
            out.put32(UInt32(truncatingIfNeeded: ticks >> 32))
            out.put32(UInt32(truncatingIfNeeded: ticks))
            out.put32(UInt32(truncatingIfNeeded: range.count))
            out.put32(UInt32(truncatingIfNeeded: packet.lengthBytes))
            out.put(octets, range)
            for _ in 0..<(4 - range.count % 4) % 4 { out.append(0) }
            for option in options { out.option(option.code, option.value) }
            out.endOptions()
        }
    }

    /// A custom block's body as it came; of a section in the other byte order only its enterprise
    /// number can be turned round.
    package mutating func addCustom(_ octets: borrowing Span<UInt8>, isBigEndian: Bool) {
        guard format == .pcapng, octets.count >= 4 else { return }
        block(0xBAD) { out in
            out.put32(isBigEndian ? octets.be32(0) : octets.le32(0))
            out.put(octets, 4..<octets.count)
            for _ in 0..<(4 - octets.count % 4) % 4 { out.append(0) }
        }
    }

    /// A block of addresses and their names (pcapng only).
    package mutating func add(names: [FrameAddress: String]) {
        var known: [(text: String, address: FrameAddress)] = []
        for address in names.keys where address.kind == .ipv4 || address.kind == .ipv6 {
            known.append((address.text, address))
        }
        known.sort { $0.text < $1.text }
        guard format == .pcapng else { return }
        // A block that is read whole stays below a mebibyte.
        var rest = known[...]
        while !rest.isEmpty {
            let part = rest.prefix(1024)
            rest = rest.dropFirst(1024)
            block(4) { out in
                for entry in part { out.name(entry.address, names[entry.address] ?? "") }
                out.endOptions()
            }
        }
    }

    /// Interface statistics: what came and what was dropped for want of room (pcapng only).
    package mutating func addStatistics(
        interface: Int, time: Int64, received: UInt64?, dropped: UInt64?
    ) {
        guard format == .pcapng else { return }
        block(5) { out in
            out.put32(UInt32(truncatingIfNeeded: interface))
            let ticks = UInt64(bitPattern: time)
            out.put32(UInt32(truncatingIfNeeded: ticks >> 32))
            out.put32(UInt32(truncatingIfNeeded: ticks))
            for (code, number) in [(UInt16(4), received), (UInt16(7), dropped)] {
                guard let value = number else { continue }
                out.put16(code)
                out.put16(8)
                out.put32(UInt32(truncatingIfNeeded: value))
                out.put32(UInt32(truncatingIfNeeded: value >> 32))
            }
            out.endOptions()
        }
    }

    private mutating func block(_ type: UInt32, _ body: (inout [UInt8]) -> Void) {
        var inner: [UInt8] = []
        body(&inner)
        let total = UInt32(inner.count + 12)
        bytes.put32(type)
        bytes.put32(total)
        bytes += inner
        bytes.put32(total)
    }
}

extension [UInt8] {
    fileprivate mutating func put16(_ value: UInt16) {
        append(UInt8(truncatingIfNeeded: value))
        append(UInt8(truncatingIfNeeded: value >> 8))
    }
    fileprivate mutating func put32(_ value: UInt32) {
        put16(UInt16(truncatingIfNeeded: value))
        put16(UInt16(truncatingIfNeeded: value >> 16))
    }
    fileprivate mutating func put(_ octets: borrowing Span<UInt8>, _ range: Range<Int>) {
        unsafe octets.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
    fileprivate mutating func option(_ code: UInt16, _ value: [UInt8]) {
        let kept = value.prefix(65_535)
        put16(code)
        put16(UInt16(kept.count))
        append(contentsOf: kept)
        for _ in 0..<(4 - kept.count % 4) % 4 { append(0) }
    }
    fileprivate mutating func endOptions() { put32(0) }
    /// A record of a name resolution block: address, name, NUL.
    fileprivate mutating func name(_ address: FrameAddress, _ name: String) {
        var value: [UInt8] = []
        let words = address.kind == .ipv4 ? [] : [address.high]
        for word in words + [address.low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                value.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        if address.kind == .ipv4 { value.removeFirst(4) }
        option(address.kind == .ipv4 ? 1 : 2, value + Array(name.utf8.prefix(255)) + [0])
    }
}

extension OutputSpan<UInt8> {
    @inline(__always)
    fileprivate mutating func putWords(_ one: UInt32, _ two: UInt32) {
        putWord(one)
        putWord(two)
    }
    @inline(__always)
    fileprivate mutating func putWords(_ one: UInt32, _ two: UInt32, _ three: UInt32) {
        putWords(one, two)
        putWord(three)
    }
    /// Little-endian.
    @inline(__always)
    fileprivate mutating func putWord(_ word: UInt32) {
        append(UInt8(truncatingIfNeeded: word))
        append(UInt8(truncatingIfNeeded: word >> 8))
        append(UInt8(truncatingIfNeeded: word >> 16))
        append(UInt8(truncatingIfNeeded: word >> 24))
    }
    @inline(__always)
    fileprivate mutating func putZeros(_ count: Int) {
        for _ in 0..<count { append(0) }
    }
}
