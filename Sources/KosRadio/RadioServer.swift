import CBluetooth
import Glibc
package import KosCore

/// Clients of one radio on a UNIX socket, and on TCP where asked: lines in both directions.
///
/// A slow reader loses lines (counted) before it holds up anybody else.
package final class RadioServer {
    package struct Client: Hashable, Sendable { package let number: Int }

    private struct Connection {
        let client: Client
        var reader = NDJSONReader()
        var unwritten: [UInt8] = []
        var dropped = 0
    }
    package static let maxClients = 64
    private static let maxUnwritten = 1 << 20

    private let loop: RadioLoop
    private let onLine: (Client, borrowing Span<UInt8>) -> Void
    private var listeners: [Int32] = []
    private var path: String?
    private var connections: [Int32: Connection] = [:]
    private var number = 0
    /// Lines that slow readers did not get.
    package private(set) var dropped = 0
    package var clientCount: Int { connections.count }

    package init(
        _ loop: RadioLoop, onLine: @escaping (Client, borrowing Span<UInt8>) -> Void
    ) {
        self.loop = loop
        self.onLine = onLine
    }

    deinit { stop() }

    /// Listens on a UNIX socket that only this user may use. One that nobody serves is replaced.
    package func listen(path: String) throws(RadioError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = Array(path.utf8) + [0]
        guard octets.count <= MemoryLayout.size(ofValue: address.sun_path) else {
            throw RadioError(.cannotOpen, "\(path): the path of a socket is at most 107 octets")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: octets) }
        let whole = withUnsafeBytes(of: &address) { SocketAddress(octets: Array($0)) }
        if isServed(whole) { throw RadioError(.busy, "\(path) is served by another program") }
        unlink(path)
        let descriptor = try bound(whole, path)
        chmod(path, 0o600)
        self.path = path
        add(listener: descriptor)
    }

    package func listen(host: String, port: UInt16) throws(RadioError) {
        guard let address = try RadioSocket.resolve(host, port, SOCK_STREAM).first else {
            throw RadioError(.cannotOpen, "\(host): no address")
        }
        add(listener: try bound(address, "\(host):\(port)"))
    }

    private func isServed(_ address: SocketAddress) -> Bool {
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        return address.withPointer { connect(probe, $0, $1) } == 0
    }

    private func bound(_ address: SocketAddress, _ name: String) throws(RadioError) -> Int32 {
        let kind = Int32(
            SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.family, kind, 0)
        var yes: Int32 = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard descriptor >= 0, address.withPointer({ bind(descriptor, $0, $1) }) == 0,
            Glibc.listen(descriptor, 16) == 0
        else {
            let code = errno
            if descriptor >= 0 { close(descriptor) }
            throw RadioError(
                code == EADDRINUSE ? .busy : .cannotOpen,
                "\(name): \(String(cString: strerror(code)))", errno: code)
        }
        return descriptor
    }

    private func add(listener: Int32) {
        listeners.append(listener)
        loop.watch(listener) { [weak self] in self?.accept(from: listener) }
    }

    private func accept(from listener: Int32) {
        let descriptor = accept4(
            listener, nil, nil, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
        guard descriptor >= 0 else { return }
        guard connections.count < RadioServer.maxClients else {
            close(descriptor)
            return
        }
        number += 1
        connections[descriptor] = Connection(client: Client(number: number))
        loop.watch(descriptor) { [weak self] in self?.read(from: descriptor) }
    }

    private func read(from descriptor: Int32) {
        guard var connection = connections[descriptor] else { return }
        let count = connection.reader.withFreeSpace(65_536) {
            Glibc.read(descriptor, $0.baseAddress, $0.count)
        }
        if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { return drop(descriptor) }
        while let event = connection.reader.next() {
            if case .line(_, let range) = event {
                let buffer = connection.reader.buffer
                onLine(connection.client, buffer.span.extracting(range))
            }
        }
        // The answer may have been written to this client meanwhile.
        connection.unwritten = connections[descriptor]?.unwritten ?? []
        connections[descriptor] = connection
    }

    /// Gives a line to one client, or to all.
    package func write(_ line: [UInt8], to client: Client? = nil) {
        for (descriptor, connection) in connections
        where client == nil || connection.client == client {
            guard connection.unwritten.count + line.count <= RadioServer.maxUnwritten else {
                dropped += 1
                continue
            }
            connections[descriptor]?.unwritten += line
            flush(descriptor)
        }
    }

    /// Writes what slow readers could not take before; to be called once a turn.
    package func flushAll() {
        for (descriptor, connection) in connections where !connection.unwritten.isEmpty {
            flush(descriptor)
        }
    }

    private func flush(_ descriptor: Int32) {
        guard let octets = connections[descriptor]?.unwritten, !octets.isEmpty else { return }
        let count = octets.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL.rawValue))
        }
        if count > 0 {
            connections[descriptor]?.unwritten.removeFirst(count)
        } else if errno != EAGAIN, errno != EINTR {
            drop(descriptor)
        }
    }

    private func drop(_ descriptor: Int32) {
        loop.unwatch(descriptor)
        connections[descriptor] = nil
        close(descriptor)
    }

    package func stop() {
        for descriptor in listeners + Array(connections.keys) { close(descriptor) }
        listeners = []
        connections = [:]
        if let path { unlink(path) }
        path = nil
    }
}
