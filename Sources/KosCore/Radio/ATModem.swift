/// Modems that are spoken to in lines of text: one engine, a dialect each.
package struct ATModem: Modem {
    private enum State { case closed, starting, online, failed }
    private enum Timer: Hashable, Sendable { case answer, sent, again }

    package let settings: LoRaSettings
    package let dialect: ATDialect
    /// Payloads go as the text that they are, where the dialect carries text.
    package let isRaw: Bool
    package let modulation: LoRaModulation
    private var state = State.closed
    private var timers = Timers<Timer>()
    private var lines = LineCutter()
    private var steps: [ATStep] = []
    private var tries = 0
    private var queue: [OutgoingFrame] = []
    private var flying: OutgoingFrame?
    /// A frame whose signal strength was asked for and has not been told.
    private var pending: ReceivedFrame?
    private var info = ModemInfo()

    package init(_ settings: LoRaSettings, dialect: ATDialect, isRaw: Bool = false) {
        self.settings = settings
        self.isRaw = isRaw
        self.dialect = dialect
        modulation = dialect.driven(settings.modulation)
    }

    package var mtu: Int { dialect.mtu }
    package var queueLength: Int { queue.count + (flying == nil ? 0 : 1) }
    package var nextDeadline: Instant? { timers.next }

    package func airtime(of payloadBytes: Int) -> Int64 {
        TimeOnAir(clamping: dialect.octetsOnAir(payloadBytes), modulation).microseconds
    }

    package mutating func handle(
        _ input: ModemInput, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        switch input {
        case .opened:
            do throws(ModemFault) {
                steps = try dialect.setup(settings)
                state = .starting
                speak(at: now, into: &outputs)
            } catch {
                fail(error, into: &outputs)
            }
        case .bytes(let bytes):
            for octet in bytes {
                if let line = lines.push(octet) { take(line, at: now, into: &outputs) }
            }
        case .datagram: break
        case .send(let frame): enqueue(frame, at: now, into: &outputs)
        case .stop:
            state = .closed
            timers = Timers()
            if let command = dialect.stopCommand { outputs.append(.write(dialect.line(command))) }
        }
    }

    package mutating func advance(to now: Instant, into outputs: inout [ModemOutput]) {
        while let timer = timers.popDue(at: now) {
            switch timer {
            case .answer: stepIsUnanswered(at: now, into: &outputs)
            case .again: speak(at: now, into: &outputs)
            case .sent:
                guard let frame = flying else { break }
                flying = nil
                outputs.append(
                    .failed(
                        frame.id, ModemFault(.notSent, "the modem did not say that it was sent")))
                afterFlight(at: now, into: &outputs)
            }
        }
    }

    // MARK: Steps: a command and its answer

    private mutating func speak(at now: Instant, into outputs: inout [ModemOutput]) {
        guard let step = steps.first else { return stepsAreDone(at: now, into: &outputs) }
        outputs.append(.write(dialect.line(step.command)))
        timers.set(.answer, at: now + step.patience)
    }

    private mutating func stepIsUnanswered(at now: Instant, into outputs: inout [ModemOutput]) {
        guard let step = steps.first else { return }
        tries += 1
        guard tries < 3 else {
            let why =
                state == .starting && !info.isVerified && lines.cut == 0
                ? "no \(dialect.rawValue) modem answers"
                : "the modem does not answer '\(step.command)'"
            return fail(ModemFault(state == .online ? .stalled : .noAnswer, why), into: &outputs)
        }
        speak(at: now, into: &outputs)
    }

    private mutating func stepsAreDone(at now: Instant, into outputs: inout [ModemOutput]) {
        if state == .starting {
            state = .online
            info.isVerified = dialect.isVerified
            info.model = dialect.model
            outputs.append(.ready(info))
        }
        feed(at: now, into: &outputs)
    }

    private mutating func stepIsDone(at now: Instant, into outputs: inout [ModemOutput]) {
        timers.cancel(.answer)
        tries = 0
        if let done = steps.first, done.isTransmit { flightIsAccepted(at: now, into: &outputs) }
        if !steps.isEmpty { steps.removeFirst() }
        speak(at: now, into: &outputs)
    }

    private mutating func fail(_ fault: ModemFault, into outputs: inout [ModemOutput]) {
        guard state != .failed else { return }
        state = .failed
        timers = Timers()
        outputs.append(.fault(fault))
    }

    // MARK: Lines

    private mutating func take(
        _ line: [UInt8], at now: Instant, into outputs: inout [ModemOutput]
    ) {
        let text = String(decoding: line, as: UTF8.self)
        switch dialect.meaning(of: line, text) {
        case .received(let frame): receive(frame, at: now, into: &outputs)
        case .sent: flightIsOver(nil, at: now, into: &outputs)
        case .notSent(let why) where flying != nil:
            flightIsOver(ModemFault(.notSent, why), at: now, into: &outputs)
        case .rearm, .notSent:
            if steps.isEmpty, flying == nil, state == .online {
                steps = dialect.rearm
                speak(at: now, into: &outputs)
            }
        case .answer: answer(text, at: now, into: &outputs)
        }
    }

    private mutating func answer(
        _ text: String, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        guard let step = steps.first else { return }
        switch dialect.judge(text, step) {
        case .accepted: stepIsDone(at: now, into: &outputs)
        case .value(let got):
            if step.isSignal {
                pending?.snrDb = Double(got)
                if let frame = pending { outputs.append(.received(frame)) }
                pending = nil
            } else if let asked = step.asked, !dialect.agrees(asked, got, step) {
                return fail(
                    .mismatch(step.setting, asked: asked, got: got), into: &outputs)
            }
            // The reading's own acknowledgement must not be taken for the next command's.
            if dialect.acknowledgesReadings { return steps[0].asked = nil }
            stepIsDone(at: now, into: &outputs)
        case .busy:
            tries += 1
            guard tries < 50 else {
                return fail(ModemFault(.stalled, "the modem stays busy"), into: &outputs)
            }
            timers.cancel(.answer)
            timers.set(.again, at: now + .milliseconds(100))
        case .refused(let why):
            if let other = step.instead {
                steps[0] = other
                return speak(at: now, into: &outputs)
            }
            if step.isTransmit {
                steps.removeFirst()
                timers.cancel(.answer)
                return flightIsOver(ModemFault(.notSent, why), at: now, into: &outputs)
            }
            fail(
                ModemFault(.unsupported, "the modem refuses '\(step.command)': \(why)"),
                into: &outputs)
        case .nothing: break
        }
    }

    private mutating func receive(
        _ frame: ReceivedFrame, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        guard state == .online else { return }
        let after = dialect.afterReception
        guard !after.isEmpty, steps.isEmpty else { return outputs.append(.received(frame)) }
        if after.contains(where: \.isSignal) {
            pending = frame
        } else {
            outputs.append(.received(frame))
        }
        steps = after
        speak(at: now, into: &outputs)
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
        guard state == .online, flying == nil, steps.isEmpty, !queue.isEmpty else { return }
        let frame = queue.removeFirst()
        flying = frame
        steps = dialect.transmit(
            frame.payload, isRaw: isRaw, patience: flightTime(frame))
        speak(at: now, into: &outputs)
    }

    private func flightTime(_ frame: OutgoingFrame) -> Duration {
        .microseconds(airtime(of: frame.payload.count) * 2) + .seconds(5)
    }

    /// The modem has taken the frame; in some dialects that is the last word.
    private mutating func flightIsAccepted(at now: Instant, into outputs: inout [ModemOutput]) {
        guard let frame = flying else { return }
        if dialect.reportsSent {
            timers.set(.sent, at: now + flightTime(frame))
        } else {
            flying = nil
            outputs.append(.sent(frame.id))
        }
    }

    private mutating func flightIsOver(
        _ fault: ModemFault?, at now: Instant, into outputs: inout [ModemOutput]
    ) {
        guard let frame = flying else { return }
        flying = nil
        timers.cancel(.sent)
        outputs.append(fault.map { .failed(frame.id, $0) } ?? .sent(frame.id))
        afterFlight(at: now, into: &outputs)
    }

    private mutating func afterFlight(at now: Instant, into outputs: inout [ModemOutput]) {
        if steps.isEmpty { steps = dialect.rearm }
        speak(at: now, into: &outputs)
    }
}

/// One command, and what is to come of it.
package struct ATStep: Hashable, Sendable {
    package var command: String
    /// What a reading must be; nil for a command that is only acknowledged.
    package var asked: String?
    /// The setting's name for people.
    package var setting = ""
    package var isTransmit = false
    /// A reading of the last frame's signal-to-noise ratio.
    package var isSignal = false
    /// Tried when the modem refuses this one.
    package var alternatives: [ATStep] = []
    package var patience = Duration.milliseconds(1000)

    package init(_ command: String, asked: String? = nil, setting: String = "") {
        self.command = command
        self.asked = asked
        self.setting = setting
    }

    package var instead: ATStep? { alternatives.first }
}

/// Cuts a stream into lines, in bounded memory: CR, LF and empty lines are dropped.
package struct LineCutter: Sendable {
    package static let limit = 2048
    private var line: [UInt8] = []
    private var isTooLong = false
    /// Lines cut so far.
    package private(set) var cut = 0

    package init() {}

    package mutating func push(_ octet: UInt8) -> [UInt8]? {
        guard octet == 0x0A || octet == 0x0D else {
            if line.count < LineCutter.limit { line.append(octet) } else { isTooLong = true }
            return nil
        }
        defer {
            line = []
            isTooLong = false
        }
        guard !line.isEmpty, !isTooLong else { return nil }
        cut += 1
        return line
    }
}
