import KosCore
import Synchronization

/// What libnats' threads have brought, for the event loop to take in one go.
final class NATSInbox: Sendable {
    private static let maxInputs = 65_536
    private static let maxOctets = 64 << 20

    private struct Waiting: Sendable {
        var inputs: [BackplaneSession.Input] = []
        var octets = 0
        var dropped = 0
    }
    private let waiting = Mutex(Waiting())
    private let wake: @Sendable () -> Void

    /// `wake` is called, from any thread, when something waits that nobody was told of yet.
    init(_ wake: @escaping @Sendable () -> Void) { self.wake = wake }

    func post(_ input: BackplaneSession.Input) {
        let isFirst = waiting.withLock { waiting in
            if case .message(let message) = input {
                guard waiting.inputs.count < NATSInbox.maxInputs,
                    waiting.octets + message.octets.count <= NATSInbox.maxOctets
                else {
                    waiting.dropped += 1
                    return false
                }
                waiting.octets += message.octets.count
            }
            waiting.inputs.append(input)
            return waiting.inputs.count == 1
        }
        if isFirst { wake() }
    }

    /// What came since the last time, and how many messages found no room.
    func take() -> (inputs: [BackplaneSession.Input], dropped: Int) {
        waiting.withLock { waiting in
            defer { waiting = Waiting() }
            return (waiting.inputs, waiting.dropped)
        }
    }
}
