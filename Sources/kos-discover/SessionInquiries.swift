import KosCore
import KosNet
import KosTool

/// What a method leaves open, and the node itself tells when it is asked.
extension Session {
    /// Asks whoever is at `endpoint` for what `sighting` does not say.
    func inquire(_ endpoint: Endpoint, for sighting: Sighting) throws {
        if inquiries == nil {
            let inquiries = try Inquiries(Authenticity.identity(io), options.tls.files)
            loop.watch(inquiries.descriptor)
            self.inquiries = inquiries
        }
        inquiries?.ask(Inquiries.Question(endpoint: endpoint, sighting: sighting))
    }

    /// An announcement that left capabilities out, with those that the node told before; it is
    /// asked for them again.
    func completed(_ sighting: Sighting) throws -> Sighting {
        guard sighting.isPartial, case .signed = sighting.trust else { return sighting }
        if let endpoint = sighting.addresses.streamEndpoint {
            try inquire(endpoint, for: sighting)
        }
        return sighting.adding(told[sighting.nodeId] ?? [])
    }

    func runInquiries() throws {
        guard let inquiries else { return }
        for answer in inquiries.take() {
            let sighting = answer.question.sighting
            let time = SystemClock.timestamp
            if sighting.source.method == .dht {
                try see(answer, time)
            } else if let (id, info) = answer.node, id == sighting.nodeId {
                if told.count < Session.maxTold { told[id] = info.capabilities }
                guard discovery.holds(sighting.source) else { continue }
                try feed(.seen(sighting.adding(info.capabilities), at: time))
            } else {
                io.errors.note(
                    "\(sighting.nodeId): did not answer at \(answer.question.endpoint); "
                        + "some of its capabilities are not known")
            }
        }
        for method in unsettled where inquiries.isSettled(method) {
            unsettled.remove(method)
            try complete(method)
        }
    }

    /// Nodes whose capabilities are remembered.
    private static let maxTold = 4096

    /// The method has told all; it is complete once its inquiries are answered too.
    func completeWhenSettled(_ method: DiscoveryMethodName) throws {
        if inquiries?.isSettled(method) != false { return try complete(method) }
        unsettled.insert(method)
    }
}

extension Sighting {
    /// The same with more capabilities.
    fileprivate func adding(_ more: [String]) -> Sighting {
        var copy = self
        for capability in more where !copy.capabilities.contains(capability) {
            copy.capabilities.append(capability)
        }
        return copy
    }
}
