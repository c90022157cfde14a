import KosCore
import KosMDNS
import KosTool

/// mDNS as a method of a session.
extension Session {
    func startMDNS() throws {
        var browsing = MDNSClient.Browsing()
        browsing.type = options.service == "any" ? nil : options.service
        browsing.domain = options.domain
        browsing.isWatch = options.isWatch
        browsing.isCacheEnough = options.cached
        guard
            let client = MDNSClient(
                loop: loop, interface: options.interface, browsing: browsing, announcing: nil,
                seed: SystemClock.seed)
        else {
            throw ToolFailure(
                .failure, code: "noInterface", "no interface '\(options.interface ?? "")'")
        }
        mdns = client
        client.advance(to: SystemClock.now)
    }

    /// Hands what Avahi told to the engine.
    func collect() throws {
        for event in mdns?.takeEvents() ?? [] {
            let time = SystemClock.timestamp
            switch event {
            case .resolved(let instance): try see(instance, time)
            case .whole(let source):
                if inquiries?.isSettled(.mdns) != false { try feed(.whole(source, at: time)) }
            case .removed(let source):
                forget(source)
                try feed(.lost(source, .goodbye, at: time))
            case .unreachable(let source):
                forget(source)
                try feed(.lost(source, .unreachable, at: time))
            case .complete: try completeWhenSettled(.mdns)
            case .running:
                if wasRunning { io.errors.note("mdns: the Avahi daemon is back") }
                wasRunning = true
            case .lost(let reason):
                io.errors.note("mdns: \(reason)")
                try feed(.doubted(.mdns, within: Session.patience))
            case .unavailable(let reason): try unavailable(reason)
            case .published, .publishFailed: break
            }
        }
    }

    /// How long peers of a daemon that went away are still believed in.
    private static let patience = Duration.seconds(20)

    private func see(_ instance: ServiceInstance, _ time: Timestamp) throws {
        guard let sighting = instance.sighting(by: Authenticity.verifier) else {
            io.errors.note(
                "mdns: '\(instance.name)' at \(instance.address) cannot be read; left out")
            return
        }
        try feed(.seen(try completed(sighting), at: time))
        watchOver(sighting)
    }

    private func unavailable(_ reason: String) throws {
        guard !options.isWatch else {
            if !wasRunning { io.errors.say("mdns: \(reason); waiting for it") }
            wasRunning = true
            return
        }
        mdns = nil
        try fail(.mdns, reason, hint: "start avahi-daemon, or name a relay with --bootstrap URI")
    }
}
