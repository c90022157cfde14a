import KosCore
import KosCrypto
import KosNet
import KosRadio
import KosTool

/// Options of the method `bluetooth`.
struct BluetoothOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The Bluetooth adapter: hci0, or its address; the first if not said.",
            valueName: "name"))
    var adapter: String?

    /// How long a look around and what follows it may take.
    static let patience = BluetoothScan.patience + .seconds(5)

    func carriers(_ identity: NodeIdentity, name: String?) -> Carriers {
        Carriers(
            own: identity.node, name: name, isRelay: false, seed: SystemClock.seed,
            short: { ShortID.octets(of: $0) }, now: { SystemClock.now })
    }
}

/// Bluetooth as a method of a session: hears who advertises, and asks each for its announcement.
extension Session {
    func startBluetooth() throws {
        guard let mailbox = Mailbox<BluetoothScan.Event>(capacity: 4096) else {
            throw ToolFailure(.failure, code: "resource", "no descriptors left")
        }
        let settings = BluetoothScan.Settings(
            adapter: options.bluetooth.adapter, repeats: options.isWatch,
            carriers: options.bluetooth.carriers(try Authenticity.identity(io), name: nil))
        guard let scan = BluetoothScan(settings, tell: { mailbox.post($0) }) else {
            throw ToolFailure(.failure, code: "resource", "no threads left")
        }
        bluetooth = (scan, mailbox)
        loop.watch(mailbox.descriptor)
    }

    func runBluetooth() throws {
        for event in bluetooth?.1.take() ?? [] {
            switch event {
            case .told(let packet, let info, let seen): try see(packet, info, seen)
            case .advertised(let service, let seen, let reason):
                try see(service, seen)
                io.errors.note("bluetooth: \(seen.device) did not tell who it is: \(reason)")
            case .complete: if !options.isWatch { try complete(.bluetooth) }
            case .note(let text): io.errors.note("bluetooth: \(text)")
            case .failed(let failure):
                try fail(.bluetooth, failure.reason, hint: failure.cure)
            }
        }
    }

    private func address(_ seen: BluetoothScan.Sighted) -> PeerAddress {
        PeerAddress(
            type: .bluetooth, address: seen.device.description, port: seen.port.number,
            interface: seen.adapter)
    }

    private func see(
        _ packet: Packet, _ info: NodeInfo, _ seen: BluetoothScan.Sighted
    ) throws {
        guard let object = try? JSONObject(parsing: packet.wire.span) else { return }
        var sighting = Sighting(
            source: Sighting.Source(.bluetooth, packet.source.text), nodeId: packet.source,
            addresses: [address(seen)] + info.addresses, capabilities: info.capabilities,
            trust: Authenticity.trust(packet, object, info))
        sighting.name = info.name ?? seen.name
        if let refresh = info.refreshMs { sighting.ttlMs = refresh }
        try feed(sighting, seen)
    }

    /// A node that advertises and cannot be asked: its short id is all that is known.
    private func see(_ service: ServiceAdvertisement, _ seen: BluetoothScan.Sighted) throws {
        guard let node = NodeID(ShortNames.text(of: service.id)) else { return }
        var sighting = Sighting(
            source: Sighting.Source(.bluetooth, node.text), nodeId: node,
            addresses: [address(seen)], capabilities: [], trust: .opaque)
        sighting.name = seen.name
        try feed(sighting, seen)
    }

    private func feed(_ sighting: Sighting, _ seen: BluetoothScan.Sighted) throws {
        var sighting = sighting
        sighting.rssiDbm = seen.rssi.map(Double.init)
        // A look that has not found it three times is a minute and more.
        sighting.lifetime = .seconds(90)
        let time = SystemClock.timestamp
        try feed(.seen(sighting, at: time))
        try feed(.whole(sighting.source, at: time))
    }
}
