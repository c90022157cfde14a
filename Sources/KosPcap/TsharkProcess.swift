import Glibc
package import KosCapture
import KosCore

/// A tshark that is handed packets and answers with one line each: what it takes them for.
package final class TsharkProcess {
    package struct Failure: Error {
        package let message: String
    }
    package struct Answer: Sendable {
        package let protocols: [String]
        package let name: String
        package let info: String
    }
    private static let arguments = [
        "tshark", "-n", "-l", "-r", "-", "-T", "fields", "-e", "frame.protocols",
        "-e", "_ws.col.Protocol", "-e", "_ws.col.Info",
    ]

    private var process: pid_t = 0
    private var input: Int32 = -1
    private var output: Int32 = -1
    private var writer = CaptureWriter(format: .pcapng, application: "kos-capture")
    private var numbers: [CaptureInterface: Int] = [:]
    private var outgoing: [UInt8] = []
    private var incoming: [UInt8] = []
    private var isEnded = false

    package init() throws {
        var (down, up) = ([Int32](repeating: -1, count: 2), [Int32](repeating: -1, count: 2))
        guard pipe(&down) == 0, pipe(&up) == 0 else {
            throw Failure(message: "no pipe: \(String(cString: strerror(errno)))")
        }
        for end in down + up { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer {
            close(down[0])
            close(up[1])
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, down[0], 0)
        posix_spawn_file_actions_adddup2(&actions, up[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var words: [UnsafeMutablePointer<CChar>?] =
            TsharkProcess.arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        let status = posix_spawnp(&process, "tshark", &actions, nil, &words, environ)
        guard status == 0 else {
            close(down[1])
            close(up[0])
            throw Failure(message: "tshark: \(String(cString: strerror(status)))")
        }
        (input, output) = (down[1], up[0])
        _ = fcntl(input, F_SETFL, O_NONBLOCK)
        _ = fcntl(output, F_SETFL, O_NONBLOCK)
    }

    deinit {
        if input >= 0 { close(input) }
        if output >= 0 { close(output) }
        // Without its pipes it ends by itself.
        if process > 0 { waitpid(process, nil, 0) }
    }

    /// Hands over a packet; its answer comes in its turn.
    package func ask(
        _ packet: CapturedPacket, _ interface: CaptureInterface, _ bytes: borrowing Span<UInt8>
    ) {
        var plain = interface
        (plain.received, plain.dropped) = (nil, nil)
        let number = numbers[plain] ?? writer.add(plain)
        numbers[plain] = number
        var packet = packet
        // A simple packet block would be taken for one of another interface.
        packet.time = packet.time ?? 0
        writer.add(packet, on: number, bytes)
        outgoing += writer.take()
    }

    /// No packet will follow.
    package func end() { isEnded = true }

    /// The answers that have come; with `waits` at least one, unless tshark has gone: nil then.
    package func answers(waits: Bool) throws -> [Answer]? {
        while true {
            try send()
            let isOpen = try receive()
            let answers = takeAnswers()
            if !answers.isEmpty { return answers }
            guard isOpen else { return nil }
            guard waits else { return [] }
            var watched = [
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: outgoing.isEmpty ? -1 : input, events: Int16(POLLOUT), revents: 0),
            ]
            _ = poll(&watched, 2, -1)
        }
    }

    private func send() throws {
        var done = 0
        while done < outgoing.count, input >= 0 {
            let count = outgoing.withUnsafeBytes {
                write(input, $0.baseAddress.map { $0 + done }, $0.count - done)
            }
            if count > 0 {
                done += count
            } else if errno == EAGAIN {
                break
            } else if errno != EINTR {
                throw Failure(message: "tshark has ended early")
            }
        }
        outgoing.removeFirst(done)
        if isEnded, outgoing.isEmpty, input >= 0 {
            close(input)
            input = -1
        }
    }

    /// False when tshark has said all.
    private func receive() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(output, $0.baseAddress, $0.count) }
            if count > 0 {
                incoming += chunk[..<count]
            } else if count == 0 {
                return false
            } else if errno == EAGAIN {
                return true
            } else if errno != EINTR {
                throw Failure(message: "tshark: \(String(cString: strerror(errno)))")
            }
        }
    }

    private func takeAnswers() -> [Answer] {
        guard let last = incoming.lastIndex(of: 0x0A) else { return [] }
        let lines = incoming[..<last].split(separator: 0x0A, omittingEmptySubsequences: false)
        let answers = lines.map { line in
            let parts = line.split(separator: 0x09, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            return Answer(
                protocols: parts.first.map { $0.split(separator: ":").map(String.init) } ?? [],
                name: parts.count > 1 ? parts[1] : "", info: parts.count > 2 ? parts[2] : "")
        }
        incoming.removeFirst(last + 1)
        return answers
    }
}
