import CBluetooth
import Glibc
import KosCore

/// Sockets for modems behind TCP and UDP.
enum RadioSocket {
    /// A connected stream socket that does not block.
    static func connect(
        host: String, port: UInt16, patience milliseconds: Int32
    ) throws(RadioError) -> Int32 {
        var last: Int32 = ENOENT
        for address in try resolve(host, port, SOCK_STREAM) {
            let descriptor = socket(address.family, flags(SOCK_STREAM), 0)
            guard descriptor >= 0 else {
                last = errno
                continue
            }
            let code = connect(descriptor, address, milliseconds)
            if code == 0 {
                var yes: Int32 = 1
                setsockopt(
                    descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes,
                    socklen_t(MemoryLayout<Int32>.size))
                return descriptor
            }
            last = code
            close(descriptor)
        }
        throw RadioError(
            .cannotOpen, "tcp://\(host):\(port): \(String(cString: strerror(last)))", errno: last)
    }

    private static func connect(
        _ descriptor: Int32, _ address: SocketAddress, _ milliseconds: Int32
    ) -> Int32 {
        let result = address.withPointer { Glibc.connect(descriptor, $0, $1) }
        if result == 0 { return 0 }
        guard errno == EINPROGRESS else { return errno }
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&ready, 1, milliseconds) == 1 else { return ETIMEDOUT }
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        return code
    }

    /// A datagram socket that talks to one address alone.
    static func connectDatagrams(host: String, port: UInt16) throws(RadioError) -> Int32 {
        var last: Int32 = ENOENT
        for address in try resolve(host, port, SOCK_DGRAM) {
            let descriptor = socket(address.family, flags(SOCK_DGRAM), 0)
            guard descriptor >= 0 else {
                last = errno
                continue
            }
            if address.withPointer({ Glibc.connect(descriptor, $0, $1) }) == 0 { return descriptor }
            last = errno
            close(descriptor)
        }
        throw RadioError(
            .cannotOpen, "udp://\(host):\(port): \(String(cString: strerror(last)))", errno: last)
    }

    /// A datagram socket bound to `host` and `port`.
    static func bind(host: String, port: UInt16) throws(RadioError) -> Int32 {
        var last: Int32 = ENOENT
        for address in try resolve(host, port, SOCK_DGRAM) {
            let descriptor = socket(address.family, flags(SOCK_DGRAM), 0)
            guard descriptor >= 0 else {
                last = errno
                continue
            }
            var size: Int32 = 1 << 21
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
            if address.withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0 { return descriptor }
            last = errno
            close(descriptor)
        }
        throw RadioError(
            last == EADDRINUSE ? .busy : .cannotOpen,
            "udp://\(host):\(port): \(String(cString: strerror(last)))", errno: last)
    }

    /// A datagram socket that shares `port` with others of this host: each gets every broadcast.
    static func shareBroadcast(port: UInt16) throws(RadioError) -> Int32 {
        let descriptor = socket(AF_INET, flags(SOCK_DGRAM), 0)
        guard descriptor >= 0 else {
            throw RadioError(.cannotOpen, String(cString: strerror(errno)), errno: errno)
        }
        var yes: Int32 = 1
        for option in [SO_REUSEADDR, SO_BROADCAST] {
            setsockopt(
                descriptor, SOL_SOCKET, option, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        let address = SocketAddress(octets: broadcast(port: port).octets)
        guard address.withPointer({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
            let code = errno
            close(descriptor)
            throw RadioError(
                .cannotOpen, "sim:\(port): \(String(cString: strerror(code)))", errno: code)
        }
        return descriptor
    }

    /// 127.255.255.255: everybody on this host.
    static func broadcast(port: UInt16) -> DatagramPeer {
        let family = UInt16(AF_INET)
        return DatagramPeer(octets: [
            UInt8(truncatingIfNeeded: family), UInt8(family >> 8), UInt8(port >> 8),
            UInt8(truncatingIfNeeded: port), 127, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0,
        ])
    }

    static func resolve(
        _ host: String, _ port: UInt16, _ kind: __socket_type
    ) throws(RadioError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(kind.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            throw RadioError(.cannotOpen, "\(host): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let pointer = entry.ai_addr {
                let octets = UnsafeRawBufferPointer(start: pointer, count: Int(entry.ai_addrlen))
                addresses.append(SocketAddress(octets: Array(octets)))
            }
            next = entry.ai_next
        }
        return addresses
    }

    private static func flags(_ kind: __socket_type) -> Int32 {
        Int32(kind.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    }
}

/// A socket address as its octets, which is what the core keeps of a datagram's peer.
struct SocketAddress: Sendable {
    let octets: [UInt8]

    var family: Int32 {
        guard octets.count >= 2 else { return AF_UNSPEC }
        return Int32(UInt16(octets[0]) | UInt16(octets[1]) << 8)
    }

    func withPointer<Result>(
        _ body: (UnsafePointer<sockaddr>?, socklen_t) -> Result
    ) -> Result {
        octets.withUnsafeBytes {
            body($0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }
}
