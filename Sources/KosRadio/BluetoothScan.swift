package import KosCore
import Synchronization

/// Looks for nodes in reach: Low Energy advertisements, classic devices and their service records;
/// what each says of itself is fetched over L2CAP or RFCOMM.
package final class BluetoothScan: Sendable {
    package struct Sighted: Sendable {
        package let device: BluetoothAddress
        package let port: BluetoothPort
        package let adapter: String
        /// What the device or its advertisement is called.
        package let name: String?
        /// dBm.
        package let rssi: Int?
    }
    package enum Event: Sendable {
        /// The node's own word; its signature is not checked yet.
        case told(Packet, NodeInfo, Sighted)
        /// It advertises, and could not be asked.
        case advertised(ServiceAdvertisement, Sighted, reason: String)
        /// All that is in reach has been asked.
        case complete
        case note(String)
        case failed(BluetoothFailure)
    }
    package struct Settings: Sendable {
        package var adapter: String?
        /// Looks again and again.
        package var repeats: Bool
        package var carriers: Carriers

        package init(adapter: String?, repeats: Bool, carriers: Carriers) {
            self.adapter = adapter
            self.repeats = repeats
            self.carriers = carriers
        }
    }
    /// How long one look takes at the most: the inquiry, names, and devices that do not answer.
    package static let patience = Duration.seconds(20)
    private let thread: CommandThread<BluetoothScanCommand>

    /// Nil without descriptors or threads.
    package init?(_ settings: Settings, tell: @escaping @Sendable (Event) -> Void) {
        guard let thread = CommandThread<BluetoothScanCommand>() else { return nil }
        self.thread = thread
        let isStarted = thread.start { thread in
            do throws(BluetoothFailure) {
                try BluetoothScanRun(settings, thread, tell).run()
            } catch {
                tell(.failed(error))
            }
        }
        guard isStarted else { return nil }
    }

    package func stop() { thread.stop() }
}

/// What the thread of libbluetooth has found.
enum BluetoothScanCommand: Sendable {
    case classic(BluetoothInquiry.Found)
    case inquiryOver(BluetoothFailure?)
}

/// What the scan's thread does: looks for a while, then asks those that were found.
private final class BluetoothScanRun {
    private struct Candidate {
        var name: String?
        var rssi: Int?
        var service: ServiceAdvertisement?
        /// Where to ask; nil for what the service record names.
        var port: BluetoothPort?
    }
    private static let look = Duration.seconds(3)
    private static let pause = Duration.seconds(20)
    private static let maxCandidates = 256

    private let settings: BluetoothScan.Settings
    private let thread: CommandThread<BluetoothScanCommand>
    private let tell: @Sendable (BluetoothScan.Event) -> Void
    private let management: ManagementSocket
    private let adapter: BluetoothAdapter
    /// Who has the adapter, if a daemon does.
    private let daemon: BluezDaemon?
    private let station: BluetoothStation
    private var candidates: [BluetoothAddress: Candidate] = [:]
    private var asked: [Int: BluetoothAddress] = [:]
    private var channels: [Int: (device: BluetoothAddress, port: BluetoothPort)] = [:]
    private var lastRequest = 0
    private var isInquiring = false

    init(
        _ settings: BluetoothScan.Settings, _ thread: CommandThread<BluetoothScanCommand>,
        _ tell: @escaping @Sendable (BluetoothScan.Event) -> Void
    ) throws(BluetoothFailure) {
        self.settings = settings
        self.thread = thread
        self.tell = tell
        management = try ManagementSocket(now: settings.carriers.now)
        adapter = try BluetoothAdapter.choose(settings.adapter, management)
        daemon = BluezDaemon(adapter)
        station = BluetoothStation(settings.carriers)
    }

    func run() throws(BluetoothFailure) {
        repeat {
            guard try look() else { break }
            guard ask() else { break }
            tell(.complete)
            guard settings.repeats, turn(until: settings.carriers.now() + BluetoothScanRun.pause)
            else {
                break
            }
            candidates = [:]
        } while true
        station.stop()
    }

    /// Serves commands and channels; false when told to stop.
    private func turn(until end: Instant, while isWanted: () -> Bool = { true }) -> Bool {
        while settings.carriers.now() < end, isWanted() {
            let (commands, isStopping) = thread.take()
            for command in commands { obey(command) }
            guard !isStopping else { return false }
            for event in station.turn(
                thread, until: min(end, settings.carriers.now() + .milliseconds(200)))
            {
                take(event)
            }
            hear()
        }
        return true
    }

    // MARK: Looking

    private func look() throws(BluetoothFailure) -> Bool {
        guard let daemon else { return try lookAlone() }
        guard daemon.startDiscovery() else {
            throw BluetoothFailure(
                "bluetoothd refuses to look for devices", cure: "see bluetoothctl scan on")
        }
        // An inquiry of the daemon's takes ten seconds.
        let end = settings.carriers.now() + BluetoothScanRun.look * 4
        var goesOn = true
        while goesOn, settings.carriers.now() < end {
            goesOn = turn(until: min(end, settings.carriers.now() + .seconds(1)))
            for device in daemon.devices() where device.service != nil || device.isClassic {
                note(device)
            }
        }
        daemon.stopDiscovery()
        return goesOn
    }

    private func note(_ device: BluezDaemon.Device) {
        guard candidates.count < BluetoothScanRun.maxCandidates else { return }
        candidates[device.address] = Candidate(
            name: device.name, rssi: device.rssi, service: device.service,
            port: device.service.map { .lowEnergy(psm: $0.psm) })
    }

    /// Without a daemon, through the kernel.
    private func lookAlone() throws(BluetoothFailure) -> Bool {
        let supported = adapter.information.supported
        var isScanning = false
        if supported.contains(.lowEnergy) {
            try adapter.enable(.lowEnergy, with: .setLowEnergy(true), management)
            // 6: Low Energy, devices with public and with random addresses.
            switch management.ask(.startDiscovery(6), index: adapter.index) {
            case .success: isScanning = true
            case .failure(let refusal) where refusal.status == ManagementStatus.busy:
                // Another program looks already: its finds are told here as well.
                tell(.note("\(adapter.name) is looking for another program as well"))
            case .failure(let refusal): throw refusal.failure(adapter.name)
            }
        }
        if supported.contains(.classic) {
            isInquiring = BluetoothInquiry.run(adapter) { [thread] result in
                switch result {
                case .success(let found?): thread.post(.classic(found))
                case .success(nil): thread.post(.inquiryOver(nil))
                case .failure(let failure): thread.post(.inquiryOver(failure))
                }
            }
        }
        let goesOn = turn(until: settings.carriers.now() + BluetoothScanRun.look)
        if isScanning { _ = management.ask(.stopDiscovery(6), index: adapter.index) }
        return goesOn
            && turn(until: settings.carriers.now() + BluetoothScan.patience, while: { isInquiring })
    }

    private func hear() {
        for event in management.take() {
            guard event.index == adapter.index, case .found(let found) = event.content,
                found.isLowEnergy
            else { continue }
            note(found.address, found)
        }
    }

    /// An advertisement, or the scan response of one that was heard.
    private func note(_ device: BluetoothAddress, _ found: DeviceFound) {
        guard found.data.service != nil || candidates[device] != nil else { return }
        guard candidates.count < BluetoothScanRun.maxCandidates else { return }
        var candidate = candidates[device] ?? Candidate()
        if let service = found.data.service,
            candidate.service.map({ $0.id.count < service.id.count }) ?? true
        {
            candidate.service = service
            candidate.port = .lowEnergy(psm: service.psm)
        }
        candidate.name = found.data.name ?? candidate.name
        candidate.rssi = found.rssi ?? candidate.rssi
        candidates[device] = candidate
    }

    private func obey(_ command: BluetoothScanCommand) {
        switch command {
        case .classic(let found):
            guard candidates.count < BluetoothScanRun.maxCandidates else { return }
            candidates[found.device, default: Candidate()].name =
                found.name
                ?? candidates[found.device]?.name
        case .inquiryOver(let failure):
            isInquiring = false
            if let failure { tell(.note("no inquiry: \(failure.reason)")) }
        }
    }

    // MARK: Asking

    /// Asks every device, one after the other: a controller makes one connection at a time.
    private func ask() -> Bool {
        for (device, candidate) in candidates.sorted(by: { $0.key.description < $1.key.description }
        ) {
            lastRequest += 1
            asked[lastRequest] = device
            let number = lastRequest
            var place = BluetoothPlace(adapter: adapter.name, device: device, port: candidate.port)
            // A classic device without a service record of ours is none of ours.
            place.isRecordOnly = candidate.port == nil
            station.call(number, place)
            guard
                turn(
                    until: settings.carriers.now() + BluetoothScan.patience,
                    while: { asked[number] != nil })
            else { return false }
            asked[number] = nil
        }
        return true
    }

    private func sighted(_ device: BluetoothAddress, _ port: BluetoothPort) -> BluetoothScan.Sighted
    {
        let candidate = candidates[device]
        return BluetoothScan.Sighted(
            device: device, port: port, adapter: adapter.name, name: candidate?.name,
            rssi: candidate?.rssi)
    }

    private func take(_ event: BluetoothStation.Event) {
        switch event {
        case .opened(let number, let peer, _): channels[number] = (peer.device, peer.port)
        case .lines(let number, let lines):
            guard let (device, port) = channels[number],
                let (packet, info) = BluetoothScanRun.nodeInfo(lines)
            else { return }
            tell(.told(packet, info, sighted(device, port)))
            channels[number] = nil
            station.close(number)
            settle(device)
        case .closed(let number):
            guard let (device, _) = channels.removeValue(forKey: number) else { return }
            fail(device, "it has hung up")
        case .failed(let request, let reason):
            if let device = asked[request] { fail(device, reason) }
        case .note(let text): tell(.note(text))
        case .listening, .taken: break
        }
    }

    private func settle(_ device: BluetoothAddress) {
        for (request, other) in asked where other == device { asked[request] = nil }
    }

    private func fail(_ device: BluetoothAddress, _ reason: String) {
        if let service = candidates[device]?.service {
            tell(
                .advertised(
                    service, sighted(device, .lowEnergy(psm: service.psm)), reason: reason))
        } else {
            tell(.note("\(device): \(reason)"))
        }
        settle(device)
    }

    private static func nodeInfo(_ lines: [UInt8]) -> (Packet, NodeInfo)? {
        for line in lines.split(separator: 0x0A) {
            guard let object = try? JSONObject(parsing: Array(line).span),
                let packet = try? Packet(RecordFields(object)),
                packet.metadata.type == Packet.Kind.discovery, packet.control == .nodeInfo,
                let info = packet.payload.object?.nodeInfo
            else { continue }
            return (packet, info)
        }
        return nil
    }
}
