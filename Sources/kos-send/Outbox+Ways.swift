import KosCore
import KosNet
import KosTool

/// Other ways into the network than one message for one node.
extension Outbox {
    /// Sends packets that need no answer, and tells of each at once.
    func relay(_ run: Run, _ driver: NodeDriver) throws {
        unplaced = [:]
        isRelaying = true
        driver.post(.service(.relay(run)))
        isRelaying = false
        if unplaced.isEmpty, io.common.quiet {
            succeeded += run.packets.count
            return
        }
        let now = SystemClock.timestamp
        for packet in run.packets {
            let text = run.octets.span.extracting(packet.range)
            let id = packet.scan.id.string(in: text)
            if let reason = unplaced[id] {
                try end(
                    refusal(
                        id, packet.scan.destination.string(in: text), reason.rawValue,
                        "could not be sent: \(reason.rawValue)"))
                continue
            }
            var record = SendResultRecord(
                timestamp: now, success: true, packetId: id,
                destination: packet.scan.destination.string(in: text),
                bytesSent: packet.range.count, attempts: 1)
            record.status = "sent"
            record.ref = id
            try end(record)
        }
    }

    /// A packet that could not even be handed over.
    func refuse(_ packet: Packet, code: String, _ text: String) throws {
        try end(refusal(packet.id, packet.destination, code, text))
    }

    private func refusal(
        _ id: String, _ destination: String, _ code: String, _ text: String
    ) -> SendResultRecord {
        var record = SendResultRecord(
            timestamp: SystemClock.timestamp, success: false, packetId: id,
            destination: destination)
        record.ref = id
        record.error = text
        record.errorCode = code
        return record
    }

    /// The node that was meant is out of reach: what it has not acknowledged goes to another one,
    /// which is as good (`-T` names more than one).
    func readdress(from old: NodeID, to new: NodeID, _ driver: NodeDriver) {
        for (id, entry) in entries.sorted(by: { $0.key < $1.key }) {
            guard entry.destination == old.text, var message = entry.message else { continue }
            entries[id] = nil
            driver.post(.service(.cancel(id)))
            message.destination = new.text
            post(message, route: entry.route, driver)
        }
    }
}
