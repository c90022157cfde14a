import KosCore
import KosNet
import KosTool

/// What a watch does of its own accord: it asks whether peers are still there, asks methods again,
/// and notices that the network is another one.
extension Session {
    func startLiveness() {
        network = NetworkWatch()
        if let network { loop.watch(network.descriptor) }
        guard let mailbox = Mailbox<Sighting.Source>(capacity: 4096) else { return }
        sightings = mailbox
        loop.watch(mailbox.descriptor)
        reachability = ReachabilityProbe { mailbox.post($0) }
    }

    func runLiveness() throws {
        let now = SystemClock.now
        var outputs: [Liveness.Output] = []
        var due: [DiscoveryMethodName] = []
        for source in sightings?.take() ?? [] {
            liveness.handle(.answered(source), at: now, into: &outputs)
        }
        if network?.hasChanged() == true {
            io.errors.note("the network changed, or this host slept; asking again")
            liveness.handle(.disturbed, at: now, into: &outputs)
            schedule.handle(.disturbed, at: now, into: &due)
        }
        liveness.advance(to: now, into: &outputs)
        schedule.advance(to: now, into: &due)
        for output in outputs {
            switch output {
            case .ask(let source, let addresses): reachability?.ask(source, at: addresses)
            case .unreachable(let source):
                try feed(.lost(source, .unreachable, at: SystemClock.timestamp))
            case .back(let sighting): try feed(.seen(sighting, at: SystemClock.timestamp))
            }
        }
        for method in due {
            switch method {
            case .dht: dhtStart = now
            case .gossip: rejoinGossip()
            default: break
            }
        }
    }

    /// A sighting that nothing renews: whether it still holds has to be asked.
    func watchOver(_ sighting: Sighting) {
        guard options.isWatch else { return }
        var outputs: [Liveness.Output] = []
        liveness.handle(.heard(sighting), at: SystemClock.now, into: &outputs)
    }

    func forget(_ source: Sighting.Source) {
        var outputs: [Liveness.Output] = []
        liveness.handle(.gone(source), at: SystemClock.now, into: &outputs)
    }

    /// A round of a method is over; a watch asks again later.
    func scheduleNext(_ method: DiscoveryMethodName, hasNews: Bool) {
        guard options.isWatch else { return }
        var due: [DiscoveryMethodName] = []
        schedule.handle(.ended(method, hasNews: hasNews), at: SystemClock.now, into: &due)
    }
}
