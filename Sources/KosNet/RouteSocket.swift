import Glibc
package import KosCore

/// The kernel's routing table and what it knows of links, over rtnetlink.
package final class RouteSocket {
    package enum Event: Hashable, Sendable {
        /// An interface has no carrier any more, or was taken down.
        case interfaceDown(index: Int32)
        /// A neighbour does not answer (its address could not be resolved).
        case neighbourFailed(RouterAddress, index: Int32)
    }

    // <linux/rtnetlink.h>, <linux/neighbour.h>, <linux/if.h>
    private static let newLink: UInt16 = 16
    private static let deleteLink: UInt16 = 17
    private static let newRoute: UInt16 = 24
    private static let deleteRoute: UInt16 = 25
    private static let newNeighbour: UInt16 = 28
    private static let answer: UInt16 = 2
    private static let request: UInt16 = 1
    private static let acknowledge: UInt16 = 4
    private static let replace: UInt16 = 0x100
    private static let create: UInt16 = 0x400
    private static let running: UInt32 = 0x40
    private static let failed: UInt16 = 0x20
    private static let groups: UInt32 = 1 | 4
    /// Marks our routes: `ip route show proto 75`.
    package static let routeProtocol: UInt8 = 75

    package let descriptor: Int32
    private let table: UInt32
    private var sequence: UInt32 = 0
    private var buffer = [UInt8](repeating: 0, count: 65536)

    package init(table: UInt32) throws(SocketFailure) {
        self.table = table
        let kind =
            Int32(SOCK_RAW.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let made = socket(AF_NETLINK, kind, 0)
        guard made >= 0 else { throw SocketFailure("netlink") }
        var name: [UInt8] = []
        name.appendNative(UInt16(AF_NETLINK))
        name.appendNative(UInt16(0))
        name.appendNative(UInt32(0))
        name.appendNative(RouteSocket.groups)
        let status = name.withUnsafeBytes { bytes in
            bind(
                made, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count))
        }
        guard status == 0 else {
            let failure = SocketFailure("netlink")
            close(made)
            throw failure
        }
        descriptor = made
    }

    deinit { close(descriptor) }

    // MARK: routes

    /// Sets the route to a network: a host where `length` is 32. `gateway` may be the host itself.
    package func set(
        _ destination: RouterAddress, length: UInt8 = 32, by gateway: RouterAddress?,
        over interface: Int32, from source: RouterAddress, priority: UInt32
    ) {
        change(
            RouteSocket.newRoute, RouteSocket.create | RouteSocket.replace, destination, length,
            gateway, interface, source, priority)
    }

    package func remove(
        _ destination: RouterAddress, length: UInt8 = 32, priority: UInt32
    ) {
        change(RouteSocket.deleteRoute, 0, destination, length, nil, nil, nil, priority)
    }

    private func change(
        _ type: UInt16, _ flags: UInt16, _ destination: RouterAddress, _ length: UInt8,
        _ gateway: RouterAddress?, _ interface: Int32?, _ source: RouterAddress?,
        _ priority: UInt32
    ) {
        let hop = gateway == destination && length == 32 ? nil : gateway
        var body: [UInt8] = [UInt8(AF_INET), length, 0, 0]
        // Table 0: the attribute has it. Scope: a link where there is no gateway.
        body += [0, RouteSocket.routeProtocol, hop == nil ? 253 : 0, 1]
        // On link: the gateway need not be in a network of the interface.
        body.appendNative(UInt32(hop == nil ? 0 : 4))
        if type == RouteSocket.deleteRoute { body[6] = 255 }
        func attribute(_ kind: UInt16, _ value: UInt32) {
            body.appendNative(UInt16(8))
            body.appendNative(kind)
            body.appendNative(value)
        }
        attribute(1, destination.bits.bigEndian)
        if let interface { attribute(4, UInt32(bitPattern: interface)) }
        if let hop { attribute(5, hop.bits.bigEndian) }
        attribute(6, priority)
        if let source { attribute(7, source.bits.bigEndian) }
        attribute(15, table)
        send(type, RouteSocket.request | RouteSocket.acknowledge | flags, body)
    }

    private func send(_ type: UInt16, _ flags: UInt16, _ body: [UInt8]) {
        sequence &+= 1
        var message: [UInt8] = []
        message.appendNative(UInt32(16 + body.count))
        message.appendNative(type)
        message.appendNative(flags)
        message.appendNative(sequence)
        message.appendNative(UInt32(0))
        message += body
        _ = Glibc.send(descriptor, message, message.count, Int32(MSG_NOSIGNAL))
    }

    // MARK: news

    /// What the kernel has told since the last call, and what it refused (as errno).
    package func receive() -> (events: [Event], refusals: [Int32]) {
        var events: [Event] = []
        var refused: [Int32] = []
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            // News that did not fit are gone; the next ones come.
            if count < 0, errno == ENOBUFS { continue }
            guard count > 0 else { return (events, refused) }
            var offset = 0
            while offset + 16 <= count {
                let length = Int(buffer.native(UInt32.self, at: offset))
                guard length >= 16, offset + length <= count else { break }
                let type = buffer.native(UInt16.self, at: offset + 4)
                if type == RouteSocket.answer {
                    let number = -buffer.native(Int32.self, at: offset + 16)
                    // A route that is gone already is gone.
                    if number != 0, number != ESRCH { refused.append(number) }
                } else if let event = event(type, at: offset + 16, length - 16) {
                    events.append(event)
                }
                offset += (length + 3) / 4 * 4
            }
        }
    }

    private func event(_ type: UInt16, at offset: Int, _ length: Int) -> Event? {
        let index = buffer.native(Int32.self, at: offset + 4)
        switch type {
        case RouteSocket.deleteLink: return .interfaceDown(index: index)
        case RouteSocket.newLink:
            let flags = buffer.native(UInt32.self, at: offset + 8)
            return flags & RouteSocket.running == 0 ? .interfaceDown(index: index) : nil
        case RouteSocket.newNeighbour:
            guard length >= 12, buffer[offset] == UInt8(AF_INET),
                buffer.native(UInt16.self, at: offset + 8) & RouteSocket.failed != 0
            else { return nil }
            var at = offset + 12
            while at + 8 <= offset + length {
                let size = Int(buffer.native(UInt16.self, at: at))
                if buffer.native(UInt16.self, at: at + 2) == 1, size == 8 {
                    let bits = UInt32(bigEndian: buffer.native(UInt32.self, at: at + 4))
                    return .neighbourFailed(RouterAddress(bits), index: index)
                }
                guard size >= 4 else { return nil }
                at += (size + 3) / 4 * 4
            }
            return nil
        default: return nil
        }
    }
}
