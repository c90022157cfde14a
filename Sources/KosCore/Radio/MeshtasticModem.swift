/// A Meshtastic device through its client API, on a serial line or TCP port 4403.
///
/// Frames are 94 C3, two octets of length, and a protobuf; what is outside them is console text.
/// Packets of ours are PRIVATE_APP. The device keeps the settings that its owner gave it: they are
/// read back and compared, never changed.
package struct MeshtasticModem: Modem {
    private enum State { case closed, starting, online, failed }
    private enum Timer: Hashable, Sendable { case ask, giveUp, taken, heartbeat }

    /// Fields of ToRadio and FromRadio.
    private enum ToRadio {
        static let packet = 1
        static let wantConfig = 3
        static let disconnect = 4
        static let heartbeat = 7
    }
    private enum FromRadio {
        static let packet = 2
        static let myInfo = 3
        static let config = 5
        static let complete = 7
        static let rebooted = 8
        static let channel = 10
        static let queueStatus = 11
        static let metadata = 13
    }
    private enum Port {
        static let text: UInt64 = 1
        static let privateApp: UInt64 = 256
    }
    private static let patience = Duration.seconds(5)
    private static let everybody: UInt32 = 0xFFFF_FFFF
    /// Octets of Data.payload.
    package let mtu = 233

    package let settings: LoRaSettings
    package let modulation: LoRaModulation
    /// Text messages, as people's telephones show them, instead of packets of ours.
    package let isText: Bool
    private var state = State.closed
    private var timers = Timers<Timer>()
    private var random: SplitMix64
    private var framing = MeshtasticFraming()
    private var info = ModemInfo()
    private var configID: UInt32 = 0
    private var lora: ProtobufMessage?
    private var channelName = ""
    private var hopLimit: UInt64 = 3
    private var own: UInt32 = 0
    private var queue: [OutgoingFrame] = []
    private var flying: (frame: OutgoingFrame, packet: UInt32)?
    /// Packets that the device has room for, as it said last.
    private var room = 1

    package init(_ settings: LoRaSettings, isText: Bool = false, seed: UInt64) {
        self.settings = settings
        self.isText = isText
        modulation = settings.modulation.driven(
            preamble: MeshtasticPreset.preamble, rule: .symbolTime)
        random = SplitMix64(seed: seed)
    }

    package var queueLength: Int { queue.count + (flying == nil ? 0 : 1) }
    package var nextDeadline: Instant? { timers.next }

    /// With the mesh's header of 16 octets and the Data message around the payload.
    package func airtime(of payloadBytes: Int) -> Int64 {
        TimeOnAir(clamping: payloadBytes + 22, modulation).microseconds
    }

    package mutating func handle(
        _ input: ModemInput, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        switch input {
        case .opened:
            state = .starting
            configID = UInt32.random(in: 1...UInt32.max, using: &random)
            timers.set(.giveUp, at: now + MeshtasticModem.patience)
            ask(at: now, into: &outputs)
        case .bytes(let bytes):
            for message in framing.push(bytes) { take(message, at: now, into: &outputs) }
        case .datagram: break
        case .send(let frame): enqueue(frame, at: now, into: &outputs)
        case .stop:
            guard state != .closed else { return }
            state = .closed
            timers = Timers()
            write(ProtobufMessage().with(ToRadio.disconnect, .varint(1)), into: &outputs)
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [ModemOutput]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .ask: ask(at: now, into: &outputs)
            case .giveUp:
                guard state == .starting else { break }
                fail(ModemFault(.noAnswer, "no Meshtastic device answers"), into: &outputs)
            case .taken:
                guard let flight = flying else { break }
                flying = nil
                let fault = ModemFault(.notSent, "the device did not say that it took the packet")
                outputs.append(.failed(flight.frame.id, fault))
                feed(at: now, into: &outputs)
            case .heartbeat:
                write(ProtobufMessage().with(ToRadio.heartbeat, ProtobufMessage()), into: &outputs)
                timers.set(.heartbeat, at: now + .seconds(240))
            }
        }
    }

    private func write(_ message: ProtobufMessage, into outputs: inout [ModemOutput]) {
        outputs.append(.write(MeshtasticFraming.frame(message.bytes)))
    }

    private mutating func fail(_ fault: ModemFault, into outputs: inout [ModemOutput]) {
        state = .failed
        timers = Timers()
        outputs.append(.fault(fault))
    }

    // MARK: Start

    /// Wakes a device that sleeps, and asks for all its settings.
    private mutating func ask(at now: Instant, into outputs: inout [ModemOutput]) {
        guard state == .starting else { return }
        timers.set(.ask, at: now + .seconds(1))
        outputs.append(.write([UInt8](repeating: 0xC3, count: 32)))
        write(
            ProtobufMessage().with(ToRadio.wantConfig, .varint(UInt64(configID))), into: &outputs)
    }

    private mutating func complete(at now: Instant, into outputs: inout [ModemOutput]) {
        guard state == .starting else { return }
        guard let lora else {
            return fail(
                ModemFault(.noAnswer, "the device does not tell its LoRa settings"), into: &outputs)
        }
        let names = ["frequency", "bandwidth", "spreading factor", "coding rate"]
        guard let got = settings(of: lora) else {
            return fail(
                ModemFault(.unsupported, "a preset of the device is not known here"),
                into: &outputs)
        }
        let asked = [
            settings.frequencyHz, settings.modulation.bandwidthHz,
            settings.modulation.spreadingFactor, settings.modulation.codingRate + 4,
        ]
        for (name, (asked, got)) in zip(names, zip(asked, got)) where got != 0 {
            guard abs(asked - got) <= (name == "frequency" ? 1000 : 0) else {
                return fail(.mismatch(name, asked: asked, got: got), into: &outputs)
            }
        }
        // The field is false where the owner has switched sending off.
        if lora.unsigned(9) == 0 { outputs.append(.note("the device does not send: tx_enabled")) }
        let limit = lora.unsigned(8)
        hopLimit = limit == 0 ? 3 : min(7, limit)
        state = .online
        timers.cancel(.ask)
        timers.cancel(.giveUp)
        timers.set(.heartbeat, at: now + .seconds(240))
        info.isVerified = got[0] != 0
        outputs.append(.ready(info))
        feed(at: now, into: &outputs)
    }

    /// Frequency (0 where it cannot be told), bandwidth, spreading factor, coding rate.
    private func settings(of lora: ProtobufMessage) -> [Int]? {
        var bandwidth = Int(truncatingIfNeeded: lora.unsigned(3)) * 1000
        var factor = Int(truncatingIfNeeded: lora.unsigned(4))
        var rate = Int(truncatingIfNeeded: lora.unsigned(5))
        var name = channelName
        if lora.unsigned(1) != 0 {
            guard
                let preset = MeshtasticPreset(rawValue: Int(truncatingIfNeeded: lora.unsigned(2))),
                let modulation = try? preset.modulation()
            else { return nil }
            bandwidth = modulation.bandwidthHz
            factor = modulation.spreadingFactor
            rate = modulation.codingRate + 4
            if name.isEmpty { name = preset.name }
        }
        let fixed = lora.float(14)
        if fixed > 0 { return [Int((fixed * 1e6).rounded()), bandwidth, factor, rate] }
        guard let band = MeshtasticPreset.band(code: Int(truncatingIfNeeded: lora.unsigned(7)))
        else { return [0, bandwidth, factor, rate] }
        let number = Int(truncatingIfNeeded: lora.unsigned(11))
        let frequency = MeshtasticPreset.frequency(
            band, bandwidthHz: bandwidth, channel: name, number: number)
        return [frequency, bandwidth, factor, rate]
    }

    // MARK: What the device says

    private mutating func take(
        _ bytes: [UInt8], at now: Instant, into outputs: inout [ModemOutput]
    ) {
        guard let message = ProtobufMessage(bytes) else {
            return outputs.append(.note("the device sent what is no message"))
        }
        for (number, value) in message.fields {
            switch (number, value) {
            case (FromRadio.packet, .octets(let octets)): receive(octets, into: &outputs)
            case (FromRadio.queueStatus, .octets(let octets)):
                if let status = ProtobufMessage(octets) { report(status, at: now, into: &outputs) }
            case (FromRadio.complete, .varint(let id)):
                if id == UInt64(configID) { complete(at: now, into: &outputs) }
            case (FromRadio.rebooted, .varint):
                outputs.append(.note("the device has restarted"))
                write(
                    ProtobufMessage().with(ToRadio.wantConfig, .varint(UInt64(configID))),
                    into: &outputs)
            case (_, .octets(let octets)): introduce(number, octets)
            default: break
            }
        }
    }

    private mutating func introduce(_ number: Int, _ octets: [UInt8]) {
        guard let message = ProtobufMessage(octets) else { return }
        switch number {
        case FromRadio.myInfo: own = UInt32(truncatingIfNeeded: message.unsigned(1))
        case FromRadio.config: lora = message.message(6) ?? lora
        case FromRadio.channel where message.unsigned(3) == 1:
            channelName = message.message(2)?.text(3) ?? ""
        case FromRadio.metadata:
            info.firmware = message.text(1)
            info.model = "Meshtastic (hardware \(message.unsigned(9)))"
        default: break
        }
    }

    private func receive(_ octets: [UInt8], into outputs: inout [ModemOutput]) {
        guard state == .online, let packet = ProtobufMessage(octets), let data = packet.message(4),
            let payload = data.octets(2), !payload.isEmpty,
            [Port.text, Port.privateApp].contains(data.unsigned(1))
        else { return }
        let from = UInt32(truncatingIfNeeded: packet.unsigned(1))
        guard from != own else { return }
        var frame = ReceivedFrame(payload: payload)
        // Both are absent for what came over MQTT.
        if packet.signed(12) != 0 {
            frame.rssiDbm = Double(Int32(truncatingIfNeeded: packet.signed(12)))
        }
        if packet.has(8) { frame.snrDb = packet.float(8) }
        let digits = String(from, radix: 16)
        frame.station = "!" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        outputs.append(.received(frame))
    }

    // MARK: Sending

    private mutating func enqueue(
        _ frame: OutgoingFrame, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        guard (1...mtu).contains(frame.payload.count) else {
            let fault = ModemFault(.tooLong, "\(frame.payload.count) octets, 1 to \(mtu) fit")
            return outputs.append(.failed(frame.id, fault))
        }
        guard queue.count < ModemLimits.queue else {
            return outputs.append(.failed(frame.id, ModemFault(.queueFull, "the queue is full")))
        }
        queue.append(frame)
        feed(at: now, into: &outputs)
    }

    private mutating func feed(at now: Instant, into outputs: inout [ModemOutput]) {
        guard state == .online, flying == nil, room > 0, !queue.isEmpty else { return }
        let frame = queue.removeFirst()
        let id = UInt32.random(in: 1...UInt32.max, using: &random)
        flying = (frame, id)
        let data = ProtobufMessage()
            .with(1, .varint(isText ? Port.text : Port.privateApp))
            .with(2, .octets(frame.payload))
        let packet = ProtobufMessage()
            .with(2, .fixed32(MeshtasticModem.everybody)).with(4, data).with(6, .fixed32(id))
            .with(9, .varint(hopLimit))
        write(ProtobufMessage().with(ToRadio.packet, packet), into: &outputs)
        timers.set(.taken, at: now + .seconds(5))
    }

    /// The device tells what became of a packet, and how many more it takes.
    private mutating func report(
        _ status: ProtobufMessage, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        room = Int(truncatingIfNeeded: status.unsigned(2))
        if let flight = flying, status.unsigned(4) == UInt64(flight.packet) {
            flying = nil
            timers.cancel(.taken)
            let code = status.signed(1)
            if code == 0 {
                outputs.append(.sent(flight.frame.id))
            } else {
                let fault = ModemFault(.notSent, "the device refused the packet (error \(code))")
                outputs.append(.failed(flight.frame.id, fault))
            }
        }
        feed(at: now, into: &outputs)
    }
}
