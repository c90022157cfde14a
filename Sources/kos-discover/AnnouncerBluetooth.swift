import KosCore
import KosCrypto
import KosRadio
import KosTool

/// `-A -m bluetooth`: an advertisement, and for whoever connects the whole announcement, as long as
/// it is held.
extension Announcer {
    func announceOverBluetooth() throws {
        guard let mailbox = Mailbox<BluetoothHerald.Event>(capacity: 256),
            let herald = BluetoothHerald(
                adapter: options.bluetooth.adapter, word: bluetoothWord(),
                carriers: options.bluetooth.carriers(identity, name: options.announcing.name),
                tell: { mailbox.post($0) })
        else { throw ToolFailure(.failure, code: "resource", "no descriptors or threads left") }
        loop.watch(mailbox.descriptor)
        let limit = SystemClock.now + (io.timeLeft ?? .seconds(10))
        while SystemClock.now < limit {
            for event in mailbox.take() {
                switch event {
                case .listening(let addresses):
                    bluetooth = (herald, mailbox)
                    bluetoothAddresses = addresses
                    return try tell(.bluetooth)
                case .failed(let reason):
                    herald.stop()
                    return try tell(.bluetooth, error: reason)
                case .note(let text): io.errors.note("bluetooth: \(text)")
                }
            }
            _ = loop.wait(max(.zero, limit - SystemClock.now))
        }
        herald.stop()
        try tell(.bluetooth, error: "the adapter did not answer in time")
    }

    func advanceBluetooth() {
        for event in bluetooth?.1.take() ?? [] {
            switch event {
            case .note(let text), .failed(let text): io.errors.note("bluetooth: \(text)")
            case .listening: break
            }
        }
    }

    func renewBluetooth() { bluetooth?.0.say(bluetoothWord()) }

    /// The node's signed info, as it is said to whoever connects.
    private func bluetoothWord() -> [UInt8] {
        let now = SystemClock.now
        var author = Author(
            signer: identity, epoch: SystemClock.timestamp + .nanoseconds(-now.nanoseconds),
            seed: SystemClock.seed)
        var info = NodeInfo(
            name: options.announcing.name, role: .leaf, capabilities: options.capability,
            addresses: options.announcing.listen.map(\.endpoint.peerAddress),
            sequence: Int(author.timestamp(at: now).milliseconds))
        info.refreshMs = Int(ttl.nanoseconds / 1_000_000)
        return author.line(
            to: Packet.broadcast, type: Packet.Kind.discovery,
            payload: .object(info.object(kind: .nodeInfo)), at: now)
    }
}
