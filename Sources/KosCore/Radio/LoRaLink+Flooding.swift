/// Managed flooding: who repeats a packet for others, and when.
extension LoRaLink {
    /// A packet that waits to be repeated.
    struct Flood: Sendable {
        let packet: Packet
        /// The copy that was heard best, and how many were heard.
        var strongest: Double
        var copies = 1
    }

    /// Copies after which one's own would add little (Ni, Tseng, Chen and Sheu 1999: C = 3).
    static let enoughCopies = 3
    /// Whoever hears a copy so far above what can be heard at all is near its sender, and would
    /// reach hardly anybody else: dB.
    static let nearMargin = 7.0
    /// A packet without an echo is said so often in all.
    static let maxSayings = 3
    /// Windows of the farthest and of the nearest, as powers of two.
    static let windows = (least: 3, most: 6)
    static let maxSlots = 1 << windows.most

    /// One step of the wait before a packet is repeated: 2.5 symbols and what a radio needs to turn
    /// from hearing to sending, but not less than a quarter of the frame. Shorter ones would have
    /// many begin to wait for the end of the same frame, and none hear it in time to keep silent.
    static func slot(_ modulation: LoRaModulation, airtime: Duration) -> Duration {
        let least = Duration.microseconds(Int64(modulation.symbolMilliseconds * 2500) + 7600)
        return max(least, airtime * 0.25)
    }

    /// Keeps whom a node hears, from what it tells of its links.
    mutating func note(_ packet: Packet) {
        guard packet.control == .linkState, let links = packet.payload.object?["links"]?.array,
            told[packet.source.text] != nil || told.count < 1024
        else { return }
        let heard = links.compactMap { $0.object }.filter {
            $0["transport"]?.string == TransportType.lora.rawValue
        }
        told[packet.source.text] = Set(heard.compactMap { $0["destination"]?.string })
    }

    /// Whether repeating a packet can reach anybody new: not where its source says that it reaches
    /// all the nodes that this one does (self-pruning, Lim and Kim 2001). What somebody else has
    /// repeated already leaves open who has it.
    private func isNeeded(_ packet: Packet) -> Bool {
        guard let neighbours, packet.metadata.hops <= 1, let reached = told[packet.source.text]
        else { return true }
        return !neighbours.subtracting([packet.source.text]).isSubset(of: reached)
    }

    /// The farther (the weaker) a node heard the packet, the sooner it repeats it: it reaches most.
    mutating func flood(_ packet: Packet, _ heard: ReceivedFrame, at now: Instant) {
        guard forwarding != .none, packet.metadata.ttl > 0, floods.count < 64 else { return }
        guard forwarding == .blind || isNeeded(packet) else { return }
        var copy = packet
        copy.metadata.ttl -= 1
        copy.metadata.hops += 1
        let snr = heard.snrDb ?? 0
        floods[packet.id] = Flood(packet: copy, strongest: snr)
        let airtime = Duration.microseconds(
            TimeOnAir(clamping: heard.payload.count, modulation).microseconds)
        let slots =
            forwarding == .blind ? LoRaLink.maxSlots : 1 << window(of: snr)
        let wait = Int.random(in: 0..<slots, using: &random)
        timers.set(
            .flood(packet.id), at: now + LoRaLink.slot(modulation, airtime: airtime) * wait)
    }

    /// From the least that can be heard to 10 dB, where nothing gets better.
    private func window(of snr: Double) -> Int {
        let floor = modulation.snrFloorDb
        let share = (min(10, max(floor, snr)) - floor) / (10 - floor)
        let (least, most) = LoRaLink.windows
        return least + Int(share * Double(most - least))
    }

    /// Another copy of a packet: somebody repeats it.
    mutating func overhear(_ packet: Packet, _ heard: ReceivedFrame) {
        if let said = echoes[packet.id], packet.metadata.hops > said.packet.metadata.hops {
            echoes[packet.id] = nil
            timers.cancel(.echo(packet.id))
        }
        guard forwarding == .managed, var flood = floods[packet.id] else { return }
        flood.copies += 1
        flood.strongest = max(flood.strongest, heard.snrDb ?? 0)
        floods[packet.id] = flood
        let isNear = flood.strongest >= modulation.snrFloorDb + LoRaLink.nearMargin
        guard isNear || flood.copies >= LoRaLink.enoughCopies, !isOnlyWay else { return }
        floods[packet.id] = nil
        timers.cancel(.flood(packet.id))
    }

    /// Whether a neighbour hears nobody else of those whom this node hears.
    private var isOnlyWay: Bool {
        guard let neighbours else { return false }
        return neighbours.contains { told[$0].map { $0.isDisjoint(with: neighbours) } ?? false }
    }

    // MARK: Echoes

    /// What this node says to all and has somebody to repeat it is heard again: a sender that hears
    /// nothing knows that its frame was lost, as the frames of two who do not hear each other are.
    mutating func listen(for packet: Packet, at now: Instant) {
        guard forwarding == .managed, packet.source == own, packet.metadata.ttl > 0,
            packet.destination == Packet.broadcast, expectsEcho
        else { return }
        let tries = (echoes[packet.id]?.tries ?? 0) + 1
        guard tries < LoRaLink.maxSayings, echoes.count < 64 || tries > 1 else {
            echoes[packet.id] = nil
            return
        }
        echoes[packet.id] = (packet, tries)
        timers.set(.echo(packet.id), at: now + echo * 0.95)
    }

    /// Whether a neighbour hears somebody whom this node does not.
    private var expectsEcho: Bool {
        guard let neighbours, let own else { return false }
        return neighbours.contains { neighbour in
            guard let reached = told[neighbour] else { return false }
            return !reached.subtracting([own.text]).isSubset(of: neighbours)
        }
    }

    mutating func unechoed(_ id: String, at now: Instant, into outputs: inout [Output]) {
        guard let said = echoes[id] else { return }
        send(said.packet, at: now, into: &outputs)
    }
}
