import CBluetooth
import Glibc
import KosCore

/// Sockets of L2CAP and RFCOMM, none of which blocks.
enum BluetoothSocket {
    /// Octets of a unit that this side takes on L2CAP.
    static let mtu = 4096
    /// Octets of a unit on a stream, of any length there.
    static let streamMTU = 1024
    private static let pending: Int32 = 8
    private static let solBluetooth: Int32 = 274
    private static let solL2CAP: Int32 = 6

    static func open(_ port: BluetoothPort) throws(BluetoothFailure) -> Int32 {
        let (kind, proto) =
            if case .serial = port { (SOCK_STREAM, BTPROTO_RFCOMM) } else {
                (SOCK_SEQPACKET, BTPROTO_L2CAP)
            }
        let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_BLUETOOTH, Int32(kind.rawValue) | flags, proto)
        guard descriptor >= 0 else { throw .socket(errno) }
        return descriptor
    }

    /// Says how large units may be that come; the socket is bound and not connected yet.
    static func offer(_ descriptor: Int32, _ port: BluetoothPort) {
        switch port {
        case .lowEnergy:
            var size = UInt16(mtu)
            setsockopt(descriptor, solBluetooth, BT_RCVMTU, &size, 2)
        case .classic:
            var options = l2cap_options()
            var length = socklen_t(MemoryLayout<l2cap_options>.size)
            guard getsockopt(descriptor, solL2CAP, L2CAP_OPTIONS, &options, &length) == 0 else {
                return
            }
            options.imtu = UInt16(mtu)
            options.omtu = UInt16(mtu)
            setsockopt(descriptor, solL2CAP, L2CAP_OPTIONS, &options, length)
        case .serial: break
        }
    }

    /// Octets of a unit that the other end takes; the socket is connected.
    static func negotiated(_ descriptor: Int32, _ port: BluetoothPort) -> Int {
        switch port {
        case .lowEnergy:
            var size = UInt16(0)
            var length = socklen_t(2)
            let code = getsockopt(descriptor, solBluetooth, BT_SNDMTU, &size, &length)
            return code == 0 ? min(mtu, Int(size)) : 23
        case .classic:
            var options = l2cap_options()
            var length = socklen_t(MemoryLayout<l2cap_options>.size)
            let code = getsockopt(descriptor, solL2CAP, L2CAP_OPTIONS, &options, &length)
            return code == 0 ? min(mtu, Int(options.omtu)) : 48
        case .serial: return streamMTU
        }
    }

    // MARK: Addresses

    static func address(_ device: BluetoothAddress?, _ port: BluetoothPort) -> [UInt8] {
        let octets = device?.reversed ?? [0, 0, 0, 0, 0, 0]
        switch port {
        case .serial(let channel):
            return LittleEndian.octets(UInt16(AF_BLUETOOTH)) + octets + [channel, 0]
        case .lowEnergy(let psm):
            return l2cap(psm, octets, device?.isRandom == true ? 2 : 1)
        case .classic(let psm): return l2cap(psm, octets, 0)
        }
    }

    /// sockaddr_l2: family, PSM, address, CID, kind of address.
    private static func l2cap(_ psm: UInt16, _ device: [UInt8], _ kind: UInt8) -> [UInt8] {
        LittleEndian.octets(UInt16(AF_BLUETOOTH)) + LittleEndian.octets(psm) + device
            + [0, 0, kind, 0]
    }

    /// Where this end of a socket is, without its port: to connect from one adapter.
    static func local(_ device: BluetoothAddress, for port: BluetoothPort) -> [UInt8] {
        switch port {
        case .serial: address(device, .serial(channel: 0))
        case .lowEnergy: address(device, .lowEnergy(psm: 0))
        case .classic: address(device, .classic(psm: 0))
        }
    }

    static func bind(_ descriptor: Int32, _ address: [UInt8]) -> Bool {
        call(descriptor, address, Glibc.bind) == 0
    }

    /// 0, or what errno says.
    static func connect(_ descriptor: Int32, _ address: [UInt8]) -> Int32 {
        call(descriptor, address, Glibc.connect) == 0 ? 0 : errno
    }

    private static func call(
        _ descriptor: Int32, _ address: [UInt8],
        _ body: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32
    ) -> Int32 {
        address.withUnsafeBytes { octets in
            body(
                descriptor, octets.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(octets.count))
        }
    }

    static func listen(_ descriptor: Int32) -> Bool { Glibc.listen(descriptor, pending) == 0 }

    /// The next that has called, with its address; nil when there is none.
    static func accept(
        _ descriptor: Int32, _ port: BluetoothPort
    ) -> (descriptor: Int32, peer: BluetoothAddress)? {
        var storage = [UInt8](repeating: 0, count: 32)
        let accepted = named(&storage) {
            Glibc.accept(descriptor, $0, $1)
        }
        guard accepted >= 0 else { return nil }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
        let isStream = if case .serial = port { true } else { false }
        let octets = isStream ? storage[2..<8] : storage[4..<10]
        guard let peer = BluetoothAddress(reversed: octets, isRandom: !isStream && storage[12] == 2)
        else {
            close(accepted)
            return nil
        }
        return (accepted, peer)
    }

    /// The channel that the kernel has chosen for an RFCOMM socket.
    static func channel(of descriptor: Int32) -> UInt8? {
        var storage = [UInt8](repeating: 0, count: 32)
        let code = named(&storage) { getsockname(descriptor, $0, $1) }
        return code == 0 ? storage[8] : nil
    }

    private static func named(
        _ storage: inout [UInt8],
        _ body: (UnsafeMutablePointer<sockaddr>?, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int32 {
        var length = socklen_t(storage.count)
        return storage.withUnsafeMutableBytes { octets in
            body(octets.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
        }
    }

    /// What has become of a connection that was begun.
    static func error(of descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(4)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }
}
