/// The block format: draft-ietf-opsawg-pcapng.
extension CaptureReader {
    private enum Block {
        static let section: UInt32 = 0x0A0D_0D0A
        static let interface: UInt32 = 1
        static let packet: UInt32 = 2
        static let simplePacket: UInt32 = 3
        static let names: UInt32 = 4
        static let statistics: UInt32 = 5
        static let enhancedPacket: UInt32 = 6
        static let secrets: UInt32 = 10
        /// A custom block that may be copied; others of its kind may not.
        static let custom: UInt32 = 0xBAD
    }
    /// Names kept at most.
    static let maxNames = 65_536
    /// Options kept of one block, and octets of those of all interfaces and the section.
    private static let maxOptions = 64
    private static let maxOptionOctets = 4 << 20

    mutating func nextBlock() -> Event {
        while true {
            guard has(12) else { return .more }
            let type = u32(start)
            if type == Block.section {
                // The byte-order magic inside decides how its own length is read.
                switch window.span.be32(start + 8) {
                case 0x1A2B_3C4D: isBigEndian = true
                case 0x4D3C_2B1A: isBigEndian = false
                default: return fail("a section header has no byte-order magic")
                }
            }
            let length = Int(u32(start + 4))
            guard length >= 12, length % 4 == 0 else {
                return fail("a block claims to be \(length) octets long")
            }
            if length > CaptureReader.maxBlock, !isPacket(type) {
                start += 8
                pendingSkip = length - 8
                guard skipPending() else { return .more }
                continue
            }
            guard length <= CaptureReader.maxBlock else {
                return fail("a packet block claims to be \(length) octets long")
            }
            guard has(length) else { return .more }
            guard u32(start + length - 4) == UInt32(truncatingIfNeeded: length) else {
                return fail("the two lengths of a block differ")
            }
            let body = start + 8..<start + length - 4
            if let event = read(type, body) {
                if case .damaged = event { return event }
                start += length
                return event
            }
            start += length
        }
    }

    private func isPacket(_ type: UInt32) -> Bool {
        type == Block.enhancedPacket || type == Block.packet || type == Block.simplePacket
    }

    /// What a block says; nil to go on with the next one.
    private mutating func read(_ type: UInt32, _ body: Range<Int>) -> Event? {
        switch type {
        case Block.enhancedPacket: return readEnhancedPacket(body)
        case Block.simplePacket: return readSimplePacket(body)
        case Block.packet: return readPacket(body)
        case Block.section:
            guard body.count >= 16 else { return fail("a section header is too short") }
            let major = u16(body.lowerBound + 4)
            guard major == 1 else { return fail("pcapng version \(major) is not 1") }
            interfaces.removeAll()
            sections += 1
            if sections == 1 { sectionOptions = kept(body.lowerBound + 16..<body.upperBound) }
            return nil
        case Block.interface: return readInterface(body)
        case Block.statistics: return readStatistics(body)
        case Block.names:
            readNames(body)
            return nil
        case Block.custom: return .custom(body)
        case Block.secrets:
            secrets += 1
            return nil
        default:
            // What must not be copied, and what is yet to be invented.
            return nil
        }
    }

    // MARK: Packets

    private mutating func readEnhancedPacket(_ body: Range<Int>) -> Event {
        guard body.count >= 20 else { return fail("a packet block is too short") }
        let at = body.lowerBound
        let (captured, length) = (u32(at + 12), u32(at + 16))
        guard let range = payload(captured, at: at + 20, in: body) else {
            return fail("packet \(packets + 1) claims \(captured) captured octets")
        }
        let number = Int(u32(at))
        guard number < interfaces.count else {
            return fail("packet \(packets + 1) is of interface \(number), which there is not")
        }
        var packet = CapturedPacket(
            number: packets + 1, interface: number,
            time: time(high: u32(at + 4), low: u32(at + 8), of: number),
            lengthBytes: Int(length), range: range)
        let options = at + 20 + (Int(captured) + 3) / 4 * 4
        packetOptions = 0..<0
        if options + 8 <= body.upperBound {
            packetOptions = options..<body.upperBound
            eachOption(packetOptions) { reader, code, value in
                if code == 2, value.count == 4 {
                    packet.direction = UInt8(truncatingIfNeeded: reader.u32(value.lowerBound) & 3)
                }
            }
        }
        packets += 1
        return .packet(packet)
    }

    /// The obsolete block, with 16 bits of interface and 16 of drops.
    private mutating func readPacket(_ body: Range<Int>) -> Event {
        guard body.count >= 20 else { return fail("a packet block is too short") }
        let at = body.lowerBound
        let (captured, length) = (u32(at + 12), u32(at + 16))
        guard let range = payload(captured, at: at + 20, in: body) else {
            return fail("packet \(packets + 1) claims \(captured) captured octets")
        }
        packetOptions = 0..<0
        let number = Int(u16(at))
        guard number < interfaces.count else {
            return fail("packet \(packets + 1) is of interface \(number), which there is not")
        }
        packets += 1
        return .packet(
            CapturedPacket(
                number: packets, interface: number,
                time: time(high: u32(at + 4), low: u32(at + 8), of: number),
                lengthBytes: Int(length), range: range))
    }

    private mutating func readSimplePacket(_ body: Range<Int>) -> Event {
        guard body.count >= 4, let first = interfaces.first else {
            return fail("a simple packet comes before its interface")
        }
        let length = u32(body.lowerBound)
        packetOptions = 0..<0
        var captured = UInt32(truncatingIfNeeded: body.count - 4)
        captured = min(captured, length)
        if first.snapshotLength > 0 { captured = min(captured, first.snapshotLength) }
        guard let range = payload(captured, at: body.lowerBound + 4, in: body) else {
            return fail("packet \(packets + 1) claims \(captured) captured octets")
        }
        packets += 1
        return .packet(
            CapturedPacket(
                number: packets, interface: 0, time: nil, lengthBytes: Int(length), range: range))
    }

    private func payload(_ captured: UInt32, at: Int, in body: Range<Int>) -> Range<Int>? {
        guard captured <= CaptureReader.maxPacket, at + Int(captured) <= body.upperBound else {
            return nil
        }
        return at..<at + Int(captured)
    }

    /// Ticks of interface `number` as nanoseconds since 1970; nil beyond the years 1970 to 2262.
    private func time(high: UInt32, low: UInt32, of number: Int) -> Int64? {
        let interface = interfaces[number]
        let ticks = UInt64(high) << 32 | UInt64(low)
        if interface.resolution == 6, interface.offsetSeconds == 0 {
            return ticks < 9_223_372_036_854_775 ? Int64(ticks) * 1000 : nil
        }
        var seconds: UInt64
        var nanos: UInt64
        let power = UInt64(interface.resolution & 0x7F)
        if interface.resolution & 0x80 != 0 {
            guard power < 64 else { return nil }
            seconds = power == 0 ? ticks : ticks >> power
            let fraction = power == 0 ? 0 : ticks & ((1 << power) &- 1)
            let product = fraction.multipliedFullWidth(by: 1_000_000_000)
            nanos = power == 0 ? 0 : product.high << (64 - power) | product.low >> power
        } else {
            guard power <= 19 else { return nil }
            var unit: UInt64 = 1
            for _ in 0..<power { unit &*= 10 }
            (seconds, nanos) = ticks.quotientAndRemainder(dividingBy: unit)
            nanos = unit.dividingFullWidth(nanos.multipliedFullWidth(by: 1_000_000_000)).quotient
        }
        guard let whole = Int64(exactly: seconds) else { return nil }
        let (sum, overflow) = whole.addingReportingOverflow(interface.offsetSeconds)
        guard !overflow, sum >= 0, sum < 9_223_372_036 else { return nil }
        return sum * 1_000_000_000 + Int64(nanos)
    }

    // MARK: Interfaces

    private mutating func readInterface(_ body: Range<Int>) -> Event? {
        guard body.count >= 8 else { return fail("an interface description is too short") }
        guard interfaces.count < CaptureReader.maxInterfaces else {
            return fail("more than \(CaptureReader.maxInterfaces) interfaces in a section")
        }
        var interface = CaptureInterface(
            linkType: LinkType(rawValue: u16(body.lowerBound)),
            snapshotLength: u32(body.lowerBound + 4))
        eachOption(body.lowerBound + 8..<body.upperBound) { reader, code, value in
            switch code {
            case 2: interface.name = reader.text(value)
            case 3: interface.summary = reader.text(value)
            case 9 where value.count >= 1:
                interface.resolution = reader.window.span.octet(value.lowerBound)
            case 11 where value.count >= 1:
                interface.filter = reader.text(value.lowerBound + 1..<value.upperBound)
            case 13 where value.count >= 1:
                interface.checkSequenceLength = Int(reader.window.span.octet(value.lowerBound))
            case 14 where value.count >= 8:
                interface.offsetSeconds = Int64(bitPattern: reader.u64(value.lowerBound))
            default: break
            }
        }
        interface.options = kept(
            body.lowerBound + 8..<body.upperBound, without: [2, 3, 9, 11, 13, 14])
        interfaces.append(interface)
        return nil
    }

    private mutating func readStatistics(_ body: Range<Int>) -> Event? {
        guard body.count >= 12 else { return fail("interface statistics are too short") }
        let number = Int(u32(body.lowerBound))
        guard number < interfaces.count else { return nil }
        var (received, dropped): (UInt64?, UInt64?)
        eachOption(body.lowerBound + 12..<body.upperBound) { reader, code, value in
            guard value.count >= 8 else { return }
            switch code {
            case 4: received = reader.u64(value.lowerBound)
            case 5: dropped = (dropped ?? 0) &+ reader.u64(value.lowerBound)
            case 7: dropped = (dropped ?? 0) &+ reader.u64(value.lowerBound)
            default: break
            }
        }
        if let received { interfaces[number].received = received }
        if let dropped { interfaces[number].dropped = dropped }
        return .statistics(number)
    }

    private mutating func readNames(_ body: Range<Int>) {
        var at = body.lowerBound
        while at + 4 <= body.upperBound {
            let (type, length) = (u16(at), Int(u16(at + 2)))
            let value = at + 4..<at + 4 + length
            guard type != 0, value.upperBound <= body.upperBound else { return }
            let width = type == 1 ? 4 : 16
            if type == 1 || type == 2, length > width, names.count < CaptureReader.maxNames {
                let address =
                    type == 1
                    ? FrameAddress.ipv4(window.span.be32(value.lowerBound))
                    : FrameAddress.ipv6(
                        window.span.be64(value.lowerBound), window.span.be64(value.lowerBound + 8))
                names[address] = text(value.lowerBound + width..<value.upperBound)
            }
            at = value.lowerBound + (length + 3) / 4 * 4
        }
    }

    // MARK: Options

    /// The options of the packet that `next` has just given: comments, hashes, drops.
    package var optionsOfPacket: [CaptureOption] {
        packetOptions.isEmpty
            ? [] : options(packetOptions, without: [], numbers: [2, 4, 5, 6])
    }

    private mutating func kept(
        _ range: Range<Int>, without own: Set<UInt16> = []
    ) -> [CaptureOption] {
        guard range.lowerBound < range.upperBound,
            optionOctets < CaptureReader.maxOptionOctets
        else { return [] }
        optionOctets += range.count
        // `if_speed` is the only number.
        return options(range, without: own, numbers: [8])
    }

    private func options(
        _ range: Range<Int>, without own: Set<UInt16>, numbers: Set<UInt16>
    ) -> [CaptureOption] {
        var found: [CaptureOption] = []
        eachOption(range) { reader, code, value in
            guard !own.contains(code), found.count < CaptureReader.maxOptions else { return }
            var octets = reader.window.span.array(value)
            if numbers.contains(code), reader.isBigEndian { octets.reverse() }
            found.append(CaptureOption(code: code, value: octets))
        }
        return found
    }

    private func eachOption(
        _ range: Range<Int>, _ body: (CaptureReader, UInt16, Range<Int>) -> Void
    ) {
        var at = range.lowerBound
        while at + 4 <= range.upperBound {
            let (code, length) = (u16(at), Int(u16(at + 2)))
            guard code != 0, at + 4 + length <= range.upperBound else { return }
            body(self, code, at + 4..<at + 4 + length)
            at += 4 + (length + 3) / 4 * 4
        }
    }

    /// Text up to its first NUL; wrong UTF-8 is replaced.
    private func text(_ range: Range<Int>) -> String {
        String(decoding: window.span.array(range).prefix { $0 != 0 }, as: UTF8.self)
    }
}
