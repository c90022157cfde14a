import KosCore
import KosCrypto
import KosNet
import KosRadio
import KosTool

/// `-A -m lora`: one announcement into the air, and for as long as it is held more of them, as the
/// legal air time allows, and at once where somebody asks.
extension Announcer {
    func announceOverLoRa() throws {
        guard let mailbox = Mailbox<BeaconRadio.Event>(capacity: 4096) else {
            throw ToolFailure(.failure, code: "resource", "no descriptors left")
        }
        var settings = RadioBeacon.Settings(
            NodeInfo(
                name: options.announcing.name, role: .leaf, capabilities: options.capability,
                addresses: options.announcing.listen.map(\.endpoint.peerAddress), sequence: 0))
        settings.answers = true
        settings.repeats = true
        let now = SystemClock.now
        let author = Author(
            signer: identity, epoch: SystemClock.timestamp + .nanoseconds(-now.nanoseconds),
            seed: SystemClock.seed)
        let radio: BeaconRadio
        do {
            let plan = try options.lora.plan(identity, isWatch: false)
            guard
                let started = try BeaconRadio(
                    plan, settings, author: author, short: { ShortID.octets(of: $0) },
                    tell: { mailbox.post($0) })
            else { throw NoRadio(reason: "no descriptors or threads left") }
            radio = started
        } catch let error as NoRadio {
            return try tell(.lora, error: "\(error.reason); name one with --lora URI")
        }
        loop.watch(mailbox.descriptor)
        let limit = SystemClock.now + (io.timeLeft ?? .seconds(10))
        while SystemClock.now < limit {
            for event in mailbox.take() {
                switch event {
                case .sent(let octets):
                    self.radio = (radio, mailbox)
                    return try tell(.lora, bytesSent: octets)
                case .notSent(let reason), .failed(let reason):
                    radio.stop()
                    return try tell(.lora, error: reason)
                case .waits(let ms) where SystemClock.now + .milliseconds(ms) > limit:
                    radio.stop()
                    return try tell(
                        .lora,
                        error: "the legal air time is used up; it may go in \(ms) ms")
                case .waits(let ms): io.errors.note("lora: waits \(ms) ms for legal air time")
                case .note(let text): io.errors.note("lora: \(text)")
                case .ready, .sighted: break
                }
            }
            _ = loop.wait(max(.zero, limit - SystemClock.now))
        }
        radio.stop()
        try tell(.lora, error: "it was not sent in time")
    }

    func advanceLoRa() {
        for event in radio?.1.take() ?? [] {
            switch event {
            case .notSent(let text), .note(let text), .failed(let text):
                io.errors.note("lora: \(text)")
            case .waits(let ms): io.errors.note("lora: waits \(ms) ms for legal air time")
            case .ready, .sighted, .sent: break
            }
        }
    }
}
