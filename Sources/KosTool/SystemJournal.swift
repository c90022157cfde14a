import Glibc

/// The system's journal, where stderr is connected to it: messages with fields of their own
/// (systemd's native journal protocol) in place of lines.
struct SystemJournal {
    private static let place = "/run/systemd/journal/socket"

    private let tool: String
    private let end: Int32

    /// Nil where stderr is something else (`$JOURNAL_STREAM`, systemd.exec(5)), or no journal is
    /// there.
    init?(tool: String) {
        var status = stat()
        guard let stream = getenv("JOURNAL_STREAM").map({ String(cString: $0) }),
            fstat(2, &status) == 0, stream == "\(status.st_dev):\(status.st_ino)"
        else { return nil }
        end = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard end >= 0 else { return nil }
        self.tool = tool
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: SystemJournal.place.utf8)
        }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(end, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else {
            close(end)
            return nil
        }
    }

    /// Whether the journal has taken the message. `priority` is syslog's: 3 error, 5 notice, 6
    /// info, 7 debug; values hold no line break.
    func tell(_ message: String, priority: Int, _ fields: [(name: String, value: String?)]) -> Bool
    {
        var text = "MESSAGE=\(message)\nPRIORITY=\(priority)\nSYSLOG_IDENTIFIER=\(tool)\n"
        for (name, value) in fields {
            if let value { text += "\(name)=\(value)\n" }
        }
        let octets = Array(text.utf8)
        return octets.withUnsafeBytes {
            send(end, $0.baseAddress, $0.count, Int32(truncatingIfNeeded: MSG_NOSIGNAL)) == $0.count
        }
    }
}
