/// What crosses the border between the node and its sockets.
package enum Burst: Sendable, Hashable {
    /// A connection opened; nothing is known of who is there.
    case opened(LinkID, LinkTraits)
    /// A connection is gone.
    case closed(LinkID)
    /// Octets: a chunk of a stream, or one message.
    case octets(LinkID, [UInt8])
    /// Close this connection.
    case close(LinkID, DropReason)
    /// What was written last waits to be sent: hold the rest back.
    case busy(LinkID)
    /// There is room again.
    case ready(LinkID)
    /// Read from this connection, or leave what comes where it is.
    case read(LinkID, Bool)
}

/// Frame ↔ octets of the medium: parts packets by newlines on a stream, one packet a message
/// elsewhere.
///
/// Above this layer packets are lines, each with a newline behind it, as many in a run as came
/// together.
package struct PhysicalLayer: ProtocolLayer {
    package typealias Upper = Frame
    package typealias Lower = Burst

    private struct Medium: Sendable {
        let isStream: Bool
        /// The beginning of a line whose end has not come.
        var partial: [UInt8] = []
    }
    private var media: [LinkID: Medium] = [:]

    package init() {}

    package var nextDeadline: Instant? { nil }

    package mutating func processOutbound(
        _ unit: Frame, at now: Instant, into flow: inout Flow<Frame, Burst>
    ) {
        switch unit {
        case .close(let link, let reason): flow.down.append(.close(link, reason))
        case .read(let link, let isWanted): flow.down.append(.read(link, isWanted))
        case .lines(let link, let run):
            guard let medium = media[link] else { return }
            if medium.isStream {
                flow.down.append(.octets(link, run))
            } else {
                PhysicalLayer.forEachLine(of: run) {
                    flow.down.append(.octets(link, Array(run[$0])))
                }
            }
        case .opened, .closed, .busy, .ready: break
        }
    }

    package mutating func processInbound(
        _ unit: Burst, at now: Instant, into flow: inout Flow<Frame, Burst>
    ) {
        switch unit {
        case .opened(let link, let traits):
            media[link] = Medium(isStream: traits.isStream)
            flow.up.append(.opened(link, traits))
        case .closed(let link):
            guard media.removeValue(forKey: link) != nil else { return }
            flow.up.append(.closed(link))
        case .octets(let link, let octets): receive(octets, on: link, into: &flow)
        case .busy(let link): flow.up.append(.busy(link))
        case .ready(let link): flow.up.append(.ready(link))
        case .close, .read: break
        }
    }

    package mutating func advance(to now: Instant, into flow: inout Flow<Frame, Burst>) {}

    private mutating func receive(
        _ octets: [UInt8], on link: LinkID, into flow: inout Flow<Frame, Burst>
    ) {
        guard let isStream = media[link]?.isStream else { return }
        guard isStream else { return receive(message: octets, on: link, into: &flow) }
        guard let last = octets.lastIndex(of: 0x0A) else {
            return hold(octets[...], on: link, into: &flow)
        }
        var run = media[link]?.partial ?? []
        media[link]?.partial = []
        if run.isEmpty, last == octets.count - 1 {
            run = octets
        } else {
            run += octets[...last]
        }
        flow.up.append(.lines(link, run))
        if last + 1 < octets.count { hold(octets[(last + 1)...], on: link, into: &flow) }
    }

    /// Keeps the beginning of a line; one that grows past the limit ends the connection.
    private mutating func hold(
        _ octets: ArraySlice<UInt8>, on link: LinkID, into flow: inout Flow<Frame, Burst>
    ) {
        guard (media[link]?.partial.count ?? 0) + octets.count <= LinkTraits.maxPacket else {
            media[link]?.partial = []
            flow.notices.append(.dropped(.tooLong, packet: "", from: "link \(link.number)"))
            return flow.down.append(.close(link, .tooLong))
        }
        media[link]?.partial += octets
    }

    private func receive(
        message: [UInt8], on link: LinkID, into flow: inout Flow<Frame, Burst>
    ) {
        guard message.count <= LinkTraits.maxPacket else {
            return flow.notices.append(.dropped(.tooLong, packet: "", from: "link \(link.number)"))
        }
        guard !message.isEmpty else { return }
        // Between tokens a newline is white space; inside a string it is no JSON anyway.
        var line = message.contains(0x0A) ? message.map { $0 == 0x0A ? 0x20 : $0 } : message
        line.append(0x0A)
        flow.up.append(.lines(link, line))
    }

    /// Calls `body` with each line's range, the newline left out; blank lines are passed over.
    package static func forEachLine(of run: [UInt8], _ body: (Range<Int>) -> Void) {
        var start = 0
        let octets = run.span
        while start < octets.count {
            let end = octets.firstOffset(of: 0x0A, from: start) ?? octets.count
            var last = end
            if last > start, octets[last - 1] == 0x0D { last -= 1 }
            if last > start { body(start..<last) }
            start = end + 1
        }
    }
}
