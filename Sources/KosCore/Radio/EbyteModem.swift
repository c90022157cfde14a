/// Ebyte's transparent UART modules (E22, E32 in mode 0): a byte stream without frames, so each
/// frame is put between KISS delimiters with a checksum behind it.
///
/// Settings are made with the module's pins and its own program; nothing can be asked or read back
/// in this mode, which `isVerified` says.
package struct EbyteModem: Modem {
    private enum Timer: Hashable, Sendable { case silence, drain }

    package let settings: LoRaSettings
    package let modulation: LoRaModulation
    private var decoder = KISSDecoder(limit: 512)
    private var timers = Timers<Timer>()
    private var queue: [OutgoingFrame] = []
    private var busyUntil: Instant = .zero
    /// Frames with a wrong checksum.
    package private(set) var damaged = 0

    /// One sub-packet of 240 octets, less delimiters, checksum and some room for escapes.
    package let mtu = 224
    package var queueLength: Int { queue.count }
    package var nextDeadline: Instant? { timers.next }

    package init(_ settings: LoRaSettings) {
        self.settings = settings
        modulation = settings.modulation
    }

    package func airtime(of payloadBytes: Int) -> Int64 {
        TimeOnAir(clamping: payloadBytes + 5, modulation).microseconds
    }

    package mutating func handle(
        _ input: ModemInput, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        switch input {
        case .opened:
            var info = ModemInfo()
            info.model = "Ebyte, transparent"
            outputs.append(.ready(info))
            outputs.append(.note("the module's own settings hold; they cannot be read back"))
        case .bytes(let bytes):
            for octet in bytes {
                if let frame = decoder.push(octet) { take(frame, into: &outputs) }
            }
            if decoder.isPartial {
                timers.set(.silence, at: now + .seconds(5))
            } else {
                timers.cancel(.silence)
            }
        case .send(let frame):
            guard (1...mtu).contains(frame.payload.count) else {
                let fault = ModemFault(.tooLong, "\(frame.payload.count) octets, 1 to \(mtu) fit")
                return outputs.append(.failed(frame.id, fault))
            }
            guard queue.count < ModemLimits.queue else {
                return outputs.append(
                    .failed(frame.id, ModemFault(.queueFull, "the queue is full")))
            }
            queue.append(frame)
            drain(at: now, into: &outputs)
        case .datagram, .stop: break
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [ModemOutput]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .silence: decoder.reset()
            case .drain: drain(at: now, into: &outputs)
            }
        }
    }

    private mutating func take(
        _ frame: KISSDecoder.Frame, into outputs: inout [ModemOutput]
    ) {
        guard frame.command == 0, frame.data.count > 2 else { return }
        let payload = Array(frame.data.dropLast(2))
        let sum = UInt16(frame.data[payload.count]) << 8 | UInt16(frame.data[payload.count + 1])
        guard RadioChecksum.crc16(payload) == sum else {
            damaged &+= 1
            return
        }
        outputs.append(.received(ReceivedFrame(payload: payload)))
    }

    /// The module tells nothing of its buffer: the next frame waits until the last has been sent.
    private mutating func drain(at now: Instant, into outputs: inout [ModemOutput]) {
        while let frame = queue.first, now >= busyUntil {
            queue.removeFirst()
            let sum = RadioChecksum.crc16(frame.payload)
            let data = frame.payload + [UInt8(sum >> 8), UInt8(truncatingIfNeeded: sum)]
            outputs.append(.write(KISSFraming.encode(command: 0, data)))
            outputs.append(.sent(frame.id))
            busyUntil = now + .microseconds(airtime(of: frame.payload.count))
        }
        if !queue.isEmpty { timers.set(.drain, at: busyUntil) }
    }
}

/// Checksums on radio links.
package enum RadioChecksum {
    /// CRC-16/CCITT-FALSE: polynomial 1021, start FFFF; "123456789" gives 29B1.
    package static func crc16(_ octets: some Sequence<UInt8>) -> UInt16 {
        var sum: UInt16 = 0xFFFF
        for octet in octets {
            sum ^= UInt16(octet) << 8
            for _ in 0..<8 { sum = sum & 0x8000 != 0 ? sum << 1 ^ 0x1021 : sum << 1 }
        }
        return sum
    }
}
