/// The host side of RNode firmware: KISS frames with commands of its own.
///
/// Nothing is slept: the modem is asked whether it is there until it answers, every setting is read
/// back before the radio is used, and room is asked for before a frame is given to a queue that
/// drops in silence when it is full.
package struct RNodeModem: Modem {
    package enum Command {
        static let data: UInt8 = 0x00
        static let frequency: UInt8 = 0x01
        static let bandwidth: UInt8 = 0x02
        static let power: UInt8 = 0x03
        static let spreadingFactor: UInt8 = 0x04
        static let codingRate: UInt8 = 0x05
        static let radioState: UInt8 = 0x06
        static let detect: UInt8 = 0x08
        static let leave: UInt8 = 0x0A
        static let promiscuous: UInt8 = 0x0E
        static let ready: UInt8 = 0x0F
        static let rssi: UInt8 = 0x23
        static let snr: UInt8 = 0x24
        static let channel: UInt8 = 0x25
        static let battery: UInt8 = 0x27
        static let temperature: UInt8 = 0x29
        static let board: UInt8 = 0x47
        static let platform: UInt8 = 0x48
        static let firmware: UInt8 = 0x50
        static let error: UInt8 = 0x90
    }
    private enum State { case closed, detecting, configuring, online, failed }
    private enum Timer: Hashable, Sendable { case detect, giveUp, silence, roomAnswer, askAgain }

    package static let splitMTU = 508
    package static let rawMTU = 255
    private static let oldestFirmware = (1, 52)
    /// Frames given without asking for room; the firmware's queue holds 24 at least.
    private static let freeFrames = 4
    private static let patience = Duration.seconds(3)

    package let settings: LoRaSettings
    /// Raw frames without RNode's one octet of header.
    package let isPromiscuous: Bool
    package let modulation: LoRaModulation

    private var state = State.closed
    private var timers = Timers<Timer>()
    private var decoder = KISSDecoder(limit: 2048, dataCloses: true)
    private var info = ModemInfo()
    private var confirmed: Set<UInt8> = []
    private var rssi: Double?
    private var snr: Double?
    private var queue: [OutgoingFrame] = []
    /// When the frames that the modem holds will have been sent, by our own count of air time.
    private var outstanding: [Instant] = []
    private var isAskingRoom = false
    private var unansweredAsks = 0
    /// Whether octets so far can have come from a modem at another speed.
    private var sawAnything = false

    package init(_ settings: LoRaSettings, isPromiscuous: Bool = false) {
        self.settings = settings
        self.isPromiscuous = isPromiscuous
        modulation = RNodeModem.driven(settings.modulation)
    }

    /// The firmware's preamble (24 ms, at least 18 symbols; 6 ms above 30 kbit/s) and its own rule
    /// for low data rate optimisation.
    private static func driven(_ modulation: LoRaModulation) -> LoRaModulation {
        let target = modulation.bitRate > 30_000 ? 6.0 : 24.0
        let symbols = (target / modulation.symbolMilliseconds).rounded(.up)
        return modulation.driven(preamble: max(18, Int(symbols)), rule: .rnode)
    }

    package var mtu: Int { isPromiscuous ? RNodeModem.rawMTU : RNodeModem.splitMTU }
    package var queueLength: Int { queue.count }
    package var nextDeadline: Instant? { timers.next }

    package func airtime(of payloadBytes: Int) -> Int64 {
        if isPromiscuous { return TimeOnAir(clamping: payloadBytes, modulation).microseconds }
        let first = min(payloadBytes, 254)
        var total = TimeOnAir(clamping: first + 1, modulation).microseconds
        if payloadBytes > 254 {
            total += TimeOnAir(clamping: payloadBytes - 254 + 1, modulation).microseconds
        }
        return total
    }

    // MARK: Engine

    package mutating func handle(
        _ input: ModemInput, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        switch input {
        case .opened:
            state = .detecting
            timers.set(.giveUp, at: now + RNodeModem.patience)
            askWhoIsThere(at: now, into: &outputs)
        case .bytes(let bytes):
            sawAnything = sawAnything || !bytes.isEmpty
            for octet in bytes {
                if let frame = decoder.push(octet) { take(frame, at: now, into: &outputs) }
            }
            // A frame that stops in the middle is given up after what a slow bridge may need.
            if decoder.isPartial {
                timers.set(.silence, at: now + .milliseconds(1500))
            } else {
                timers.cancel(.silence)
            }
        case .datagram: break
        case .send(let frame): enqueue(frame, at: now, into: &outputs)
        case .stop:
            state = .closed
            timers = Timers()
            // Switched off, the modem would drop what it has not sent yet: the air time of its
            // frames, and what it may wait for a clear channel.
            if let last = outstanding.last, last + .milliseconds(500) > now { return }
            outputs.append(
                .write(
                    command(Command.radioState, [0]) + command(Command.leave, [0xFF])))
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [ModemOutput]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .detect: askWhoIsThere(at: now, into: &outputs)
            case .giveUp: giveUp(into: &outputs)
            case .silence: decoder.reset()
            case .roomAnswer: roomIsUnanswered(at: now, into: &outputs)
            case .askAgain: askRoom(at: now, into: &outputs)
            }
        }
    }

    // MARK: Start

    private mutating func askWhoIsThere(at now: Instant, into outputs: inout [ModemOutput]) {
        guard state == .detecting else { return }
        timers.set(.detect, at: now + .milliseconds(100))
        outputs.append(
            .write(
                command(Command.detect, [0x73]) + command(Command.firmware, [0])
                    + command(Command.platform, [0]) + command(Command.board, [0])))
    }

    private mutating func giveUp(into outputs: inout [ModemOutput]) {
        switch state {
        case .detecting:
            let why =
                sawAnything
                ? "something answers that is no RNode (another firmware, or another speed)"
                : "no RNode answers"
            fail(ModemFault(.noAnswer, why), into: &outputs)
        case .configuring:
            let missing = RNodeModem.settingNames.filter { !confirmed.contains($0.key) }
                .map(\.value).sorted().joined(separator: ", ")
            fail(ModemFault(.noAnswer, "the modem does not confirm \(missing)"), into: &outputs)
        default: break
        }
    }

    private mutating func fail(_ fault: ModemFault, into outputs: inout [ModemOutput]) {
        guard state != .failed else { return }
        if state == .configuring || state == .online {
            outputs.append(
                .write(
                    command(Command.radioState, [0]) + command(Command.leave, [0xFF])))
        }
        state = .failed
        timers = Timers()
        outputs.append(.fault(fault))
    }

    private mutating func configure(at now: Instant, into outputs: inout [ModemOutput]) {
        state = .configuring
        timers.cancel(.detect)
        timers.set(.giveUp, at: now + RNodeModem.patience)
        let modulation = settings.modulation
        var bytes = command(Command.frequency, big(settings.frequencyHz))
        bytes += command(Command.bandwidth, big(modulation.bandwidthHz))
        bytes += command(Command.power, [UInt8(truncatingIfNeeded: settings.powerDbm)])
        bytes += command(
            Command.spreadingFactor, [UInt8(truncatingIfNeeded: modulation.spreadingFactor)])
        bytes += command(Command.codingRate, [UInt8(truncatingIfNeeded: modulation.codingRate + 4)])
        if isPromiscuous { bytes += command(Command.promiscuous, [1]) }
        bytes += command(Command.radioState, [1])
        outputs.append(.write(bytes))
    }

    private static let settingNames: [UInt8: String] = [
        Command.frequency: "frequency", Command.bandwidth: "bandwidth", Command.power: "TX power",
        Command.spreadingFactor: "spreading factor", Command.codingRate: "coding rate",
        Command.radioState: "radio state",
    ]

    /// Compares a setting that the modem reads back with what was asked.
    private mutating func confirm(
        _ command: UInt8, _ got: Int, _ asked: Int, tolerance: Int = 0,
        into outputs: inout [ModemOutput]
    ) {
        guard state == .configuring || state == .online else { return }
        guard abs(got - asked) <= tolerance else {
            let name = RNodeModem.settingNames[command] ?? "setting"
            return fail(.mismatch(name, asked: asked, got: got), into: &outputs)
        }
        confirmed.insert(command)
        guard state == .configuring, confirmed.count == RNodeModem.settingNames.count else {
            return
        }
        state = .online
        timers.cancel(.giveUp)
        info.isVerified = true
        outputs.append(.ready(info))
    }

    // MARK: What the modem says

    private mutating func take(
        _ frame: KISSDecoder.Frame, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        let data = frame.data
        switch frame.command {
        case Command.data: receive(data, into: &outputs)
        case Command.rssi where data.count == 1: rssi = Double(data[0]) - 157
        case Command.snr where data.count == 1: snr = Double(Int8(bitPattern: data[0])) / 4
        case Command.ready where data.count == 1: roomIsAnswered(data[0] != 0, now, &outputs)
        case Command.error where data.count >= 1: report(data[0], into: &outputs)
        case Command.channel where data.count == 11, Command.battery where data.count == 2,
            Command.temperature where data.count == 1:
            note(frame)
        case Command.detect, Command.firmware, Command.platform, Command.board:
            introduce(frame, at: now, into: &outputs)
        default: compare(frame, into: &outputs)
        }
    }

    private mutating func introduce(
        _ frame: KISSDecoder.Frame, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        let data = frame.data
        switch frame.command {
        case Command.firmware where data.count == 2:
            info.firmware = "\(data[0]).\(data[1])"
            if (Int(data[0]), Int(data[1])) < RNodeModem.oldestFirmware {
                let oldest = "\(RNodeModem.oldestFirmware.0).\(RNodeModem.oldestFirmware.1)"
                return fail(
                    ModemFault(
                        .oldFirmware,
                        "firmware \(data[0]).\(data[1]) is too old: at least version \(oldest)"),
                    into: &outputs)
            }
            if state == .detecting { configure(at: now, into: &outputs) }
        case Command.platform where data.count == 1:
            let names: [UInt8: String] = [0x90: "AVR", 0x80: "ESP32", 0x70: "nRF52"]
            info.model = names[data[0]].map { "RNode (\($0))" } ?? "RNode"
        default: break
        }
    }

    private mutating func compare(
        _ frame: KISSDecoder.Frame, into outputs: inout [ModemOutput]
    ) {
        let data = frame.data
        let modulation = settings.modulation
        switch frame.command {
        case Command.frequency where data.count == 4:
            // The synthesiser's step rounds a frequency by up to 61 Hz.
            confirm(
                frame.command, number(data), settings.frequencyHz, tolerance: 100, into: &outputs)
        case Command.bandwidth where data.count == 4:
            confirm(frame.command, number(data), modulation.bandwidthHz, into: &outputs)
        case Command.power where data.count == 1:
            let got = Int(Int8(bitPattern: data[0]))
            confirm(frame.command, got, settings.powerDbm, into: &outputs)
        case Command.spreadingFactor where data.count == 1:
            confirm(frame.command, Int(data[0]), modulation.spreadingFactor, into: &outputs)
        case Command.codingRate where data.count == 1:
            confirm(frame.command, Int(data[0]), modulation.codingRate + 4, into: &outputs)
        case Command.radioState where data.count == 1:
            confirm(frame.command, Int(data[0]), 1, into: &outputs)
        default: break
        }
    }

    private mutating func note(_ frame: KISSDecoder.Frame) {
        switch frame.command {
        case Command.channel: info.noiseFloorDbm = Double(frame.data[9]) - 157
        case Command.battery: info.batteryPercent = min(100, Int(frame.data[1]))
        default: info.temperatureC = Double(frame.data[0]) - 120
        }
    }

    private mutating func receive(_ data: [UInt8], into outputs: inout [ModemOutput]) {
        defer {
            rssi = nil
            snr = nil
        }
        guard state == .online, !data.isEmpty else { return }
        outputs.append(.received(ReceivedFrame(payload: data, rssiDbm: rssi, snrDb: snr)))
    }

    private mutating func report(_ code: UInt8, into outputs: inout [ModemOutput]) {
        switch code {
        case 1:
            fail(
                ModemFault(.hardware, "hardware initialisation error (code 01)"), into: &outputs)
        case 2: outputs.append(.note("the modem could not send a frame (code 02)"))
        case 4: outputs.append(.note("the modem's queue was full: a frame is lost (code 04)"))
        case 5: outputs.append(.note("the modem is short of memory (code 05)"))
        default:
            let digits = String(code, radix: 16)
            fail(ModemFault(.hardware, "the modem reports error code \(digits)"), into: &outputs)
        }
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

    /// Gives the modem what it surely has room for, and asks for room beyond that.
    private mutating func feed(at now: Instant, into outputs: inout [ModemOutput]) {
        guard state == .online else { return }
        outstanding.removeAll { $0 <= now }
        while !queue.isEmpty, !isAskingRoom, outstanding.count < RNodeModem.freeFrames {
            give(at: now, into: &outputs)
        }
        if !queue.isEmpty, !isAskingRoom { askRoom(at: now, into: &outputs) }
    }

    private mutating func askRoom(at now: Instant, into outputs: inout [ModemOutput]) {
        isAskingRoom = true
        timers.set(.roomAnswer, at: now + .milliseconds(1500))
        outputs.append(.write(command(Command.ready, [0])))
    }

    private mutating func give(at now: Instant, into outputs: inout [ModemOutput]) {
        let frame = queue.removeFirst()
        let start = max(outstanding.last ?? now, now)
        outstanding.append(start + .microseconds(airtime(of: frame.payload.count)))
        outputs.append(.write(KISSFraming.encode(command: Command.data, frame.payload)))
        outputs.append(.sent(frame.id))
    }

    private mutating func roomIsAnswered(
        _ hasRoom: Bool, _ now: Instant, _ outputs: inout [ModemOutput]
    ) {
        // Firmware that says so by itself after each frame is heard as well.
        guard isAskingRoom, state == .online else { return }
        unansweredAsks = 0
        timers.cancel(.roomAnswer)
        guard hasRoom else { return timers.set(.askAgain, at: now + .milliseconds(20)) }
        isAskingRoom = false
        if !queue.isEmpty { give(at: now, into: &outputs) }
        feed(at: now, into: &outputs)
    }

    /// A full queue is normal at slow settings; silence is not.
    private mutating func roomIsUnanswered(at now: Instant, into outputs: inout [ModemOutput]) {
        unansweredAsks += 1
        guard unansweredAsks < 3 else {
            return fail(ModemFault(.stalled, "the modem stopped taking frames"), into: &outputs)
        }
        askRoom(at: now, into: &outputs)
    }

    // MARK: Octets

    private func command(_ code: UInt8, _ data: [UInt8]) -> [UInt8] {
        KISSFraming.encode(command: code, data)
    }

    private func big(_ value: Int) -> [UInt8] {
        let word = UInt32(truncatingIfNeeded: value)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
    }

    private func number(_ data: [UInt8]) -> Int { data.reduce(0) { $0 << 8 | Int($1) } }
}
