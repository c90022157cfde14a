import KosCore
import KosNet
import KosTool

/// Keys and seals of a run.
extension KosSend {
    func credentials(_ identity: NodeIdentity) -> TLSCredentials {
        TLSCredentials(identity, tls.files, isInsecure: target.insecure) { SystemClock.timestamp }
    }
}

extension Feed {
    /// The key to seal to; nil where nothing is to be sealed, or the recipient's key is not known.
    func sealingKey(of destination: String, _ driver: NodeDriver) -> [UInt8]? {
        target.seal == false ? nil : driver.node.sealingKey(of: destination)
    }

    /// With `--seal` nothing goes out in the open.
    func mayGo(_ destination: String, _ driver: NodeDriver) -> Bool {
        target.seal != true || driver.node.sealingKey(of: destination) != nil
    }

    func refuseUnsealed(_ packet: Packet) {
        host?.guarded {
            try session.outbox.refuse(
                packet, code: "noSealingKey",
                "--seal: the sealing key of \(packet.destination) is not known")
        }
    }
}

/// Neighbours that were refused, or refuse this node.
extension SendSession {
    private static let final: Set<DropReason> = [
        .notAuthenticated, .badSignature, .wrongPeer, .replayed, .denied, .selfConnection,
    ]

    func noticed(_ notice: Notice) {
        switch notice {
        case .dropped(let reason, let packet, let from):
            io.errors.note("dropped: \(reason.rawValue) from \(from ?? "here")", level: 2)
            guard packet.isEmpty, SendSession.final.contains(reason) else { return }
            refused(from, "is refused: \(reason.rawValue)")
        case .refused(let reason, let by): refused(by, "refuses this node: \(reason.rawValue)")
        default: break
        }
    }

    private func refused(_ place: String?, _ words: String) {
        io.errors.say("\(place ?? "the neighbour") \(words)")
        guard let endpoint = dialled.keys.first(where: { $0.description == place }) else { return }
        // The other end is to hear it first.
        host?.schedule(after: .milliseconds(10)) { [unowned self] in
            try dialFailed(endpoint, words)
        }
    }
}
