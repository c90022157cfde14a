import KosCore
import KosCrypto
import KosNet
import KosRadio
import KosTool

/// Options of the method `lora`.
struct LoRaOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The radio: lora:/dev/ttyUSB0?freq=868.1M&sf=8, sim:; the only USB modem if not said.",
            valueName: "uri"))
    var lora: String?

    /// How long a question and its answers take at these settings.
    var patience: Duration {
        guard let address = try? address() else { return .zero }
        return RadioBeacon.airtime(address.settings.modulation) * 20
    }

    private func address() throws -> RadioAddress {
        let ports = SerialPorts.all()
        guard let place = lora ?? (ports.count == 1 ? ports.first?.byId ?? ports.first?.path : nil)
        else { throw NoRadio(reason: ports.isEmpty ? "no modem is plugged in" : "several modems") }
        let defaults = RadioAddress.Defaults(modulation: try LoRaModulation())
        let address = try RadioAddress(place, defaults)
        _ = try (address.region ?? .eu868).subBand(
            frequencyHz: address.settings.frequencyHz,
            bandwidthHz: address.settings.modulation.bandwidthHz,
            powerDbm: Double(address.settings.powerDbm))
        return address
    }

    /// The radio with its settings.
    func plan(_ identity: NodeIdentity, isWatch: Bool) throws -> StationPlan {
        guard let ledger = LedgerFile.ofUser else {
            throw ToolFailure(
                .failure, code: "noStateDirectory",
                "there is no home directory for the air time ledger", hint: "set XDG_STATE_HOME")
        }
        do {
            var plan = StationPlan(
                try address(), ledger: ledger, seed: SystemClock.seed, now: { SystemClock.now })
            plan.own = identity.node
            plan.reconnects = isWatch
            plan.waits = isWatch
            return plan
        } catch let error as LoRaSettingError {
            throw ToolFailure.usage(
                "\(error.setting) \(error.got) is not legal", hint: "legal: \(error.legal)")
        }
    }
}

/// There is no radio to use; the other methods may go on.
struct NoRadio: Error { let reason: String }

/// LoRa as a method of a session: asks those in reach to announce themselves, and listens.
extension Session {
    func startLoRa() throws {
        guard let mailbox = Mailbox<BeaconRadio.Event>(capacity: 4096) else {
            throw ToolFailure(.failure, code: "resource", "no descriptors left")
        }
        let identity = try Authenticity.identity(io)
        let info = NodeInfo(
            name: options.announcing.name, role: .leaf, capabilities: [], addresses: [],
            sequence: 0)
        var settings = RadioBeacon.Settings(info)
        settings.asks = true
        settings.repeats = options.isWatch
        let now = SystemClock.now
        let author = Author(
            signer: identity, epoch: SystemClock.timestamp + .nanoseconds(-now.nanoseconds),
            seed: SystemClock.seed)
        do {
            let plan = try options.lora.plan(identity, isWatch: options.isWatch)
            radio = try BeaconRadio(
                plan, settings, author: author, short: { ShortID.octets(of: $0) },
                tell: { mailbox.post($0) })
        } catch let error as NoRadio {
            return try fail(.lora, error.reason, hint: "name one with --lora URI")
        }
        radioMailbox = mailbox
        loop.watch(mailbox.descriptor)
    }

    func runLoRa() throws {
        for event in radioMailbox?.take() ?? [] {
            switch event {
            case .ready: break
            case .sent: radioEnd = SystemClock.now + (radio?.patience ?? .zero)
            case .sighted(let packet, let info, let frame): try see(packet, info, frame)
            case .notSent(let reason):
                // Those who speak by themselves are still heard.
                io.errors.say("lora: the question was not sent: \(reason)")
                radioEnd = SystemClock.now + (radio?.patience ?? .zero)
            case .waits(let ms): io.errors.note("lora: waits \(ms) ms for legal air time")
            case .note(let text): io.errors.note("lora: \(text)")
            case .failed(let reason):
                radio = nil
                try fail(.lora, reason, hint: "see kos-lora ports, kos-lora info")
            }
        }
        guard let end = radioEnd, end <= SystemClock.now else { return }
        radioEnd = nil
        if !options.isWatch { try complete(.lora) }
    }

    private func see(_ packet: Packet, _ info: NodeInfo, _ frame: ReceivedFrame) throws {
        guard let object = try? JSONObject(parsing: packet.wire.span) else { return }
        let trust = Authenticity.trust(packet, object, info)
        let short = ShortID.octets(of: packet.source).map(ShortNames.text)
        let address = PeerAddress(type: .lora, address: short ?? packet.source.text)
        var sighting = Sighting(
            source: Sighting.Source(.lora, packet.source.text), nodeId: packet.source,
            addresses: [address] + info.addresses, capabilities: info.capabilities, trust: trust)
        sighting.name = info.name
        sighting.rssiDbm = frame.rssiDbm
        sighting.snrDb = frame.snrDb
        if let refresh = info.refreshMs {
            sighting.ttlMs = refresh
            sighting.lifetime = .milliseconds(Int64(refresh))
        }
        let time = SystemClock.timestamp
        try feed(.seen(sighting, at: time))
        try feed(.whole(sighting.source, at: time))
    }
}
