package import KosCore

/// Announces a node over Bluetooth as long as it lives: advertises, and says to whoever connects
/// who is here.
package final class BluetoothHerald: Sendable {
    package enum Event: Sendable {
        case listening([PeerAddress])
        case note(String)
        case failed(String)
    }
    private let thread: CommandThread<[UInt8]>

    /// `word` is the node's signed info, a newline behind it. Nil without descriptors or threads.
    package init?(
        adapter: String?, word: [UInt8], carriers: Carriers,
        tell: @escaping @Sendable (Event) -> Void
    ) {
        guard let thread = CommandThread<[UInt8]>() else { return nil }
        self.thread = thread
        let isStarted = thread.start { thread in
            BluetoothHerald.run(
                thread, BluetoothPlace(adapter: adapter), word, BluetoothStation(carriers), tell)
        }
        guard isStarted else { return nil }
    }

    /// What is said from now on.
    package func say(_ word: [UInt8]) { thread.post(word) }

    package func stop() { thread.stop() }

    private static func run(
        _ thread: CommandThread<[UInt8]>, _ place: BluetoothPlace, _ word: [UInt8],
        _ station: BluetoothStation, _ tell: (Event) -> Void
    ) {
        var word = word
        station.listen(1, place)
        while true {
            let (words, isStopping) = thread.take()
            word = words.last ?? word
            guard !isStopping else { break }
            for event in station.turn(thread, until: nil) {
                switch event {
                case .listening(_, let adapter, let ports):
                    tell(
                        .listening(
                            ports.map {
                                PeerAddress(
                                    type: .bluetooth, address: adapter.description, port: $0.number)
                            }))
                case .opened(let number, _, _): station.say(word, to: number)
                // Who has heard it hangs up; who says more is heard, and nothing comes of it.
                case .lines, .taken, .closed: break
                case .failed(_, let reason):
                    tell(.failed(reason))
                    return
                case .note(let text): tell(.note(text))
                }
            }
        }
        station.stop()
    }
}
