import KosCore
import KosNet
import KosTool

/// A gossip cluster as a method of a session: its members are peers. Some of those named may not
/// answer; only when none does has the method failed.
extension Session {
    func startGossip() throws {
        let seeds = try options.gossip.seeds()
        guard !seeds.isEmpty else {
            return try fail(
                .gossip, "no member to begin with", hint: "name one with --gossip-join address")
        }
        guard let mailbox = Mailbox<GossipClient.Event>(capacity: 65536) else {
            throw ToolFailure(.failure, code: "resource", "no descriptors left")
        }
        var name = "onlooker"
        var tags: [String: String]?
        if options.gossipMember {
            let identity = try Authenticity.identity(io)
            name = identity.node.text
            tags = try Authenticity.tags(identity, options, endpoints: [])
        }
        let setup = try Authenticity.membership(name, tags, seeds, options)
        gossipMailbox = mailbox
        loop.watch(mailbox.descriptor)
        gossipSeeds = seeds
        gossipOpen = Set(seeds)
        let client = GossipClient(
            setup, seed: SystemClock.seed, now: { SystemClock.now }, tell: { mailbox.post($0) })
        gossip = client
        client.post(.join(Array(gossipOpen)))
    }

    func runGossip() throws {
        for event in gossipMailbox?.take() ?? [] {
            switch event {
            case .listening(let contact):
                if options.gossipMember { io.errors.note("gossip: listens at \(contact)") }
            case .failed(let reason):
                gossip = nil
                try fail(.gossip, reason, hint: "choose another --gossip-bind")
            case .output(let output): try take(output)
            }
        }
    }

    private func take(_ output: Gossip.Output) throws {
        let time = SystemClock.timestamp
        switch output {
        case .member(let member):
            if let reason = member.reason {
                try feed(.lost(member.source, reason, at: time))
            } else if let sighting = member.sighting(trust: {
                $0.trust(by: Authenticity.verifier)
            }) {
                try feed(.seen(try completed(sighting), at: time))
                try feed(.whole(member.source, at: time))
            } else {
                io.errors.note("gossip: '\(member.node.name)' cannot be read; left out")
            }
        case .joined(let contact, let members):
            io.errors.note("gossip: \(contact) told of \(members) members")
            gossipOpen.remove(contact)
            hasJoined = true
            try settleGossip()
        case .refused(let contact, let reason):
            gossipOpen.remove(contact)
            // Said once: a watch asks again and again.
            if discovery.failures[.gossip] == nil, !hasJoined {
                io.errors.say("gossip: \(contact): \(reason)")
            } else {
                io.errors.note("gossip: \(contact): \(reason)")
            }
            try settleGossip()
        case .conflict(let node):
            io.errors.note("gossip: another '\(node.name)' is at \(node.address)")
        case .departed: hasDeparted = true
        case .keys(let keys): options.gossip.keep(keys, io)
        case .event(let event):
            guard options.isWatch else { return }
            try io.output.write(event.record(at: time))
        case .send, .open, .answer: break
        }
    }

    /// Over when every member that was named answered or did not.
    private func settleGossip() throws {
        guard gossipOpen.isEmpty else { return }
        scheduleNext(.gossip, hasNews: hasJoined)
        if hasJoined { return try completeWhenSettled(.gossip) }
        try fail(.gossip, "no member answered", hint: "are they running, with the same keys?")
    }

    /// Asks the members that were named again: a cluster that came apart, or was not there.
    func rejoinGossip() {
        // A name may stand for other addresses by now; while nobody knows it, the old ones do.
        gossipSeeds = (try? options.gossip.seeds()) ?? gossipSeeds
        gossipOpen = Set(gossipSeeds)
        gossip?.post(.join(gossipSeeds))
    }

    /// A member takes leave, and waits for a while until it is known.
    func leaveGossip() {
        guard let gossip, let gossipMailbox else { return }
        if options.gossipMember, hasJoined {
            gossip.post(.leave)
            let end = SystemClock.now + .seconds(5)
            while !hasDeparted, SystemClock.now < end {
                _ = loop.wait(max(.zero, end - SystemClock.now))
                for case .output(.departed) in gossipMailbox.take() { hasDeparted = true }
            }
        }
        for (drop, count) in gossip.drops.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            io.errors.note("gossip: \(count) messages left out: \(drop.rawValue)")
        }
        gossip.stop()
    }
}
