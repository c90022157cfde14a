import Glibc
import Synchronization

/// Values from other threads for a loop that waits on descriptors: `post` from anywhere, and
/// `descriptor` can be read until `take` was called.
package final class Mailbox<Message: Sendable>: Sendable {
    private let messages = Mutex<[Message]>([])
    private let capacity: Int
    private let ends: (read: Int32, write: Int32)
    private let dropped = Mutex<Int>(0)

    /// Holds `capacity` messages at most; what comes beyond is dropped and counted. Nil without
    /// descriptors.
    package init?(capacity: Int) {
        self.capacity = capacity
        var pair: [Int32] = [0, 0]
        guard pipe(&pair) == 0 else { return nil }
        for end in pair {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        ends = (pair[0], pair[1])
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    package var descriptor: Int32 { ends.read }
    package var droppedCount: Int { dropped.withLock { $0 } }

    package func post(_ message: Message) {
        let isFirst = messages.withLock { messages in
            guard messages.count < capacity else {
                dropped.withLock { $0 += 1 }
                return false
            }
            messages.append(message)
            return messages.count == 1
        }
        guard isFirst else { return }
        var octet: UInt8 = 0
        _ = write(ends.write, &octet, 1)
    }

    package func take() -> [Message] {
        var octets = [UInt8](repeating: 0, count: 64)
        while read(ends.read, &octets, octets.count) == octets.count {}
        return messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}

/// What the standard streams are connected to.
package enum Streams {
    package static var isErrorTerminal: Bool { isatty(2) == 1 }

    /// stdout when it is a pipe or a socket, which a poll for reading tells of once its reader has
    /// left.
    package static var pipedOutput: Int32? {
        var status = stat()
        guard fstat(1, &status) == 0 else { return nil }
        let kind = status.st_mode & S_IFMT
        return kind == S_IFIFO ? 1 : nil
    }
}
