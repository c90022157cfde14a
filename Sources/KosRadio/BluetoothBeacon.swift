import KosCore

/// What an adapter shows of the node: advertisements, and for the classic link that it answers.
///
/// An advertisement ends by itself soon after the node has, however it ended.
final class BluetoothBeacon {
    private static let lifetime: UInt16 = 120
    private static let interval = Duration.seconds(50)

    private let adapter: BluetoothAdapter
    private let service: ServiceAdvertisement?
    private let name: String?
    private let isClassic: Bool
    private var instances: [ManagementCommand.Advertising] = []
    private(set) var renewal = Instant.distantFuture

    init(
        _ adapter: BluetoothAdapter, _ service: ServiceAdvertisement?, name: String?,
        isClassic: Bool
    ) {
        self.adapter = adapter
        self.service = service
        self.name = name
        self.isClassic = isClassic
    }

    func start(
        _ socket: ManagementSocket, at now: Instant
    ) throws(BluetoothFailure) {
        try adapter.enable(.connectable, with: .setConnectable(true), socket)
        if isClassic { discoverable(socket) }
        renewal = now + BluetoothBeacon.interval
        guard let service else { return }
        guard case .success(let body) = socket.ask(.readAdvertisingFeatures, index: adapter.index),
            let features = AdvertisingFeatures(body), let first = features.freeInstance
        else {
            throw BluetoothFailure(
                "\(adapter.name) has no advertisement left", cure: "end another program's")
        }
        let flags = ManagementCommand.Advertising.Flag.self
        // In 31 octets, so that everybody hears it; the kernel puts the flags in front, and takes
        // the commands of extended advertising where the controller has them.
        let legacy = ManagementCommand.Advertising(
            instance: first, flags: flags.connectable | flags.discoverable,
            timeout: BluetoothBeacon.lifetime, data: service.advertisement(room: 31).octets,
            response: ServiceAdvertisement.response(name: name).octets)
        if case .failure(let refusal) = socket.ask(.addAdvertising(legacy), index: adapter.index) {
            throw refusal.failure(adapter.name)
        }
        instances.append(legacy)
    }

    private func discoverable(_ socket: ManagementSocket) {
        _ = socket.ask(
            .setDiscoverable(1, timeout: BluetoothBeacon.lifetime), index: adapter.index)
    }

    func advance(to now: Instant, _ socket: ManagementSocket) {
        guard renewal <= now else { return }
        renewal = now + BluetoothBeacon.interval
        if isClassic { discoverable(socket) }
        for instance in instances {
            _ = socket.ask(.addAdvertising(instance), index: adapter.index)
        }
    }

    /// Takes it back, and leaves the adapter as it was.
    func stop(_ socket: ManagementSocket) {
        for instance in instances {
            _ = socket.ask(.removeAdvertising(instance: instance.instance), index: adapter.index)
        }
        instances = []
        if isClassic, !adapter.information.current.contains(.discoverable) {
            _ = socket.ask(.setDiscoverable(0, timeout: 0), index: adapter.index)
        }
        if !adapter.information.current.contains(.connectable) {
            _ = socket.ask(.setConnectable(false), index: adapter.index)
        }
    }
}
