/// A KISS modem, plain or with MeshCore's SetHardware commands.
///
/// Plain KISS tells nothing but received frames. MeshCore's dialect can be asked for its settings,
/// says when a frame was sent, and tells signal strengths behind each frame that it received.
package struct KISSModem: Modem {
    package enum Dialect: Hashable, Sendable { case plain, meshcore }
    private enum State { case closed, starting, online, failed }
    private enum Timer: Hashable, Sendable { case ping, giveUp, meta, sent, silence }

    /// Sub-commands of SetHardware (06); an answer has bit 7 set.
    private enum Hardware {
        static let setRadio: UInt8 = 0x09
        static let setPower: UInt8 = 0x0A
        static let getRadio: UInt8 = 0x0B
        static let getPower: UInt8 = 0x0C
        static let version: UInt8 = 0x11
        static let ping: UInt8 = 0x17
        static let signalReport: UInt8 = 0x19
        static let ok: UInt8 = 0xF0
        static let error: UInt8 = 0xF1
        static let sent: UInt8 = 0xF8
        static let meta: UInt8 = 0xF9
    }
    private static let setHardware: UInt8 = 0x06
    private static let patience = Duration.seconds(3)

    package let settings: LoRaSettings
    package let dialect: Dialect
    package let modulation: LoRaModulation
    package let mtu: Int

    private var state = State.closed
    private var timers = Timers<Timer>()
    private var decoder = KISSDecoder(limit: 1024)
    private var info = ModemInfo()
    private var queue: [OutgoingFrame] = []
    private var flying: OutgoingFrame?
    /// A frame whose signal report has not come yet.
    private var pending: ReceivedFrame?
    private var isConfirmed: (radio: Bool, power: Bool) = (false, false)

    package init(_ settings: LoRaSettings, dialect: Dialect) {
        self.settings = settings
        self.dialect = dialect
        modulation = settings.modulation
        mtu = dialect == .meshcore ? 255 : 508
    }

    package var queueLength: Int { queue.count + (flying == nil ? 0 : 1) }
    package var nextDeadline: Instant? { timers.next }

    package func airtime(of payloadBytes: Int) -> Int64 {
        var left = payloadBytes
        var total: Int64 = 0
        repeat {
            total += TimeOnAir(clamping: left, modulation).microseconds
            left -= 255
        } while left > 0
        return total
    }

    package mutating func handle(
        _ input: ModemInput, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        switch input {
        case .opened: open(at: now, into: &outputs)
        case .bytes(let bytes):
            for octet in bytes {
                if let frame = decoder.push(octet) { take(frame, at: now, into: &outputs) }
            }
            if decoder.isPartial {
                timers.set(.silence, at: now + .milliseconds(1500))
            } else {
                timers.cancel(.silence)
            }
        case .datagram: break
        case .send(let frame): enqueue(frame, at: now, into: &outputs)
        case .stop:
            flushPending(into: &outputs)
            state = .closed
            timers = Timers()
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [ModemOutput]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .ping:
                timers.set(.ping, at: now + .milliseconds(100))
                outputs.append(.write(hardware(Hardware.ping) + hardware(Hardware.version)))
            case .giveUp:
                guard state == .starting else { break }
                fail(ModemFault(.noAnswer, "no MeshCore KISS modem answers"), into: &outputs)
            case .meta: flushPending(into: &outputs)
            case .silence: decoder.reset()
            case .sent:
                guard let frame = flying else { break }
                flying = nil
                let fault = ModemFault(.notSent, "the modem did not say that the frame was sent")
                outputs.append(.failed(frame.id, fault))
                feed(at: now, into: &outputs)
            }
        }
    }

    // MARK: Start

    private mutating func open(at now: Instant, into outputs: inout [ModemOutput]) {
        guard dialect == .meshcore else {
            // Nothing answers in plain KISS. Transmit delay 0, a quarter's persistence in slots of
            // 100 ms behind a busy channel (the values of KISS itself), duplex off.
            state = .online
            var bytes: [UInt8] = []
            for (command, value) in [(1, 0), (2, 63), (3, 10), (5, 0)] as [(UInt8, UInt8)] {
                bytes += KISSFraming.encode(command: command, [value])
            }
            outputs.append(.write(bytes))
            return outputs.append(.ready(info))
        }
        state = .starting
        timers.set(.giveUp, at: now + KISSModem.patience)
        timers.set(.ping, at: now)
        advance(to: now, into: &outputs)
    }

    private mutating func configure(into outputs: inout [ModemOutput]) {
        timers.cancel(.ping)
        let modulation = settings.modulation
        var radio: [UInt8] = little(settings.frequencyHz) + little(modulation.bandwidthHz)
        radio.append(UInt8(truncatingIfNeeded: modulation.spreadingFactor))
        radio.append(UInt8(truncatingIfNeeded: modulation.codingRate + 4))
        let power = UInt8(truncatingIfNeeded: settings.powerDbm)
        outputs.append(
            .write(
                hardware(Hardware.setRadio, radio) + hardware(Hardware.setPower, [power])
                    + hardware(Hardware.signalReport, [1]) + hardware(Hardware.getRadio)
                    + hardware(Hardware.getPower)))
    }

    private mutating func fail(_ fault: ModemFault, into outputs: inout [ModemOutput]) {
        guard state != .failed else { return }
        state = .failed
        timers = Timers()
        outputs.append(.fault(fault))
    }

    // MARK: What the modem says

    private mutating func take(
        _ frame: KISSDecoder.Frame, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        if frame.command & 0x0F == 0 { return receive(frame.data, at: now, into: &outputs) }
        guard dialect == .meshcore, frame.command & 0x0F == KISSModem.setHardware,
            let sub = frame.data.first
        else { return }
        let data = Array(frame.data.dropFirst())
        switch sub {
        case Hardware.ping | 0x80, Hardware.version | 0x80:
            if sub == Hardware.version | 0x80, let version = data.first {
                info.firmware = "\(version)"
            }
            guard state == .starting, timers.deadline(of: .ping) != nil else { return }
            configure(into: &outputs)
        case Hardware.getRadio | 0x80: compareRadio(data, into: &outputs)
        case Hardware.getPower | 0x80:
            guard state == .starting, let got = data.first else { return }
            let power = Int(Int8(bitPattern: got))
            guard power == settings.powerDbm else {
                return fail(
                    .mismatch("TX power", asked: settings.powerDbm, got: power), into: &outputs)
            }
            isConfirmed.power = true
            becomeReady(into: &outputs)
        case Hardware.sent:
            guard let frame = flying else { return }
            flying = nil
            timers.cancel(.sent)
            outputs.append(
                data.first == 1
                    ? .sent(frame.id)
                    : .failed(frame.id, ModemFault(.notSent, "the modem could not send")))
            feed(at: now, into: &outputs)
        case Hardware.meta where data.count == 2: meta(data, into: &outputs)
        case Hardware.error: report(data.first ?? 0, into: &outputs)
        default: break
        }
    }

    private mutating func compareRadio(_ data: [UInt8], into outputs: inout [ModemOutput]) {
        guard state == .starting, data.count >= 10 else { return }
        let modulation = settings.modulation
        let got = [number(data, 0), number(data, 4), Int(data[8]), Int(data[9])]
        let asked = [
            settings.frequencyHz, modulation.bandwidthHz, modulation.spreadingFactor,
            modulation.codingRate + 4,
        ]
        let names = ["frequency", "bandwidth", "spreading factor", "coding rate"]
        for index in names.indices where abs(got[index] - asked[index]) > (index == 0 ? 100 : 0) {
            return fail(
                .mismatch(names[index], asked: asked[index], got: got[index]), into: &outputs)
        }
        isConfirmed.radio = true
        becomeReady(into: &outputs)
    }

    private mutating func becomeReady(into outputs: inout [ModemOutput]) {
        guard isConfirmed.radio, isConfirmed.power else { return }
        state = .online
        timers.cancel(.giveUp)
        info.model = "MeshCore KISS modem"
        info.isVerified = true
        outputs.append(.ready(info))
    }

    private mutating func receive(
        _ data: [UInt8], at now: Instant, into outputs: inout [ModemOutput]
    ) {
        guard state == .online, !data.isEmpty else { return }
        flushPending(into: &outputs)
        let frame = ReceivedFrame(payload: data)
        guard dialect == .meshcore else { return outputs.append(.received(frame)) }
        pending = frame
        timers.set(.meta, at: now + .milliseconds(250))
    }

    /// The signal report follows its frame; a frame never waits for it in vain.
    private mutating func meta(_ data: [UInt8], into outputs: inout [ModemOutput]) {
        pending?.snrDb = Double(Int8(bitPattern: data[0])) / 4
        pending?.rssiDbm = Double(Int8(bitPattern: data[1]))
        flushPending(into: &outputs)
    }

    private mutating func flushPending(into outputs: inout [ModemOutput]) {
        timers.cancel(.meta)
        guard let frame = pending else { return }
        pending = nil
        outputs.append(.received(frame))
    }

    private mutating func report(_ code: UInt8, into outputs: inout [ModemOutput]) {
        // 07 also means that the host's queue is full: only the sent report decides about a frame.
        let names: [UInt8: String] = [
            1: "length", 2: "parameter", 3: "no callback", 4: "MAC", 5: "unknown command",
            6: "encryption", 7: "busy",
        ]
        let name = names[code] ?? "code \(code)"
        if state == .starting, code == 2 || code == 1 {
            return fail(
                ModemFault(.unsupported, "the modem refuses the settings (\(name))"),
                into: &outputs)
        }
        outputs.append(.note("the modem reports an error: \(name)"))
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
        while state == .online, flying == nil, !queue.isEmpty {
            let frame = queue.removeFirst()
            outputs.append(.write(KISSFraming.encode(command: 0, frame.payload)))
            guard dialect == .meshcore else {
                outputs.append(.sent(frame.id))
                continue
            }
            flying = frame
            // Its own listening before talking may take seconds beside the air time.
            let wait = Duration.microseconds(airtime(of: frame.payload.count)) + .seconds(10)
            timers.set(.sent, at: now + wait)
        }
    }

    // MARK: Octets

    private func hardware(_ sub: UInt8, _ data: [UInt8] = []) -> [UInt8] {
        KISSFraming.encode(command: KISSModem.setHardware, [sub] + data)
    }

    private func little(_ value: Int) -> [UInt8] {
        let word = UInt32(truncatingIfNeeded: value)
        return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: word >> $0) }
    }

    private func number(_ data: [UInt8], _ at: Int) -> Int {
        data[at..<at + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
