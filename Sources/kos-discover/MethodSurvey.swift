import KosCore
import KosMDNS
import KosRadio
import KosTool

/// `--methods`: which methods work on this host, and why not.
enum MethodSurvey {
    static func run(_ io: ToolIO) throws -> ExitStatus {
        try each { name, reason, hint in
            try io.output.write(
                MethodRecord(
                    timestamp: SystemClock.timestamp, name: name, isAvailable: reason == nil,
                    reason: reason,
                    hint: hint))
        }
        return .yes
    }

    /// Every method, why it cannot work here (nil when it can), and the cure.
    static func each(_ body: (DiscoveryMethodName, String?, String?) throws -> Void) throws {
        for name in DiscoveryMethodName.allCases where name != .capture {
            let (reason, hint) = try obstacle(name)
            try body(name, reason, hint)
        }
    }

    /// Why a method cannot work here, and the cure; nil when it can.
    private static func obstacle(_ name: DiscoveryMethodName) throws -> (String?, String?) {
        switch name {
        case .mdns: return try mdns()
        case .static, .bootstrap, .capture, .dht, .gossip: return (nil, nil)
        case .lora:
            return SerialPorts.all().isEmpty
                ? ("no modem is plugged in", "name one elsewhere with --lora URI") : (nil, nil)
        case .bluetooth:
            do throws(BluetoothFailure) {
                _ = try BluetoothAdapter.choose(nil, now: { SystemClock.now })
                return (nil, nil)
            } catch {
                return (error.reason, error.cure)
            }
        }
    }

    /// Asks the daemon: it answers at once or is not there.
    private static func mdns() throws -> (String?, String?) {
        guard let loop = AvahiLoop(),
            let client = MDNSClient(
                loop: loop, interface: nil, browsing: nil, announcing: nil, seed: 0)
        else { return ("no descriptors left", nil) }
        let deadline = SystemClock.now + .seconds(2)
        client.advance(to: SystemClock.now)
        while true {
            for event in client.takeEvents() {
                switch event {
                case .running: return (nil, nil)
                case .unavailable(let reason), .lost(let reason):
                    return (reason, "start avahi-daemon")
                default: continue
                }
            }
            guard SystemClock.now < deadline else {
                return ("the Avahi daemon does not answer", "restart avahi-daemon")
            }
            _ = loop.wait(deadline - SystemClock.now)
        }
    }
}
