import CBluetooth
import Glibc
import KosCore

/// The Bluetooth sockets of one thread: those that listen, and the channels with what waits to be
/// written on each.
final class BluetoothHub {
    enum Event {
        case accepted(Int, BluetoothAddress, listener: Int)
        case connected(Int)
        case failed(Int, String)
        case unit(Int, [UInt8])
        case lost(Int, String)
    }
    private enum State {
        case listening
        case connecting(until: Instant)
        case open
    }
    private struct Channel {
        let descriptor: Int32
        let port: BluetoothPort
        var state: State
        var stream = UnitStream()
        /// Units, or on a stream the octets, that the kernel has not taken.
        var unwritten: [[UInt8]] = []
        var isEnding = false
    }
    private static let maxChannels = 64
    private static let maxUnwritten = 1024
    /// How long a device may take to answer.
    private static let patience = Duration.seconds(8)

    private let now: () -> Instant
    private var channels: [Int: Channel] = [:]
    private var lastNumber = 0
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private var events: [Event] = []

    init(now: @escaping () -> Instant) { self.now = now }

    deinit { for channel in channels.values { close(channel.descriptor) } }

    // MARK: Sockets

    func listen(
        _ port: BluetoothPort, on adapter: BluetoothAddress
    ) throws(BluetoothFailure) -> (number: Int, port: BluetoothPort) {
        let descriptor = try BluetoothSocket.open(port)
        BluetoothSocket.offer(descriptor, port)
        guard BluetoothSocket.bind(descriptor, BluetoothSocket.address(adapter, port)),
            BluetoothSocket.listen(descriptor)
        else {
            let code = errno
            close(descriptor)
            throw .socket(code)
        }
        var actual = port
        if case .serial(0) = port, let channel = BluetoothSocket.channel(of: descriptor) {
            actual = .serial(channel: channel)
        }
        return (add(Channel(descriptor: descriptor, port: actual, state: .listening)), actual)
    }

    func connect(
        _ device: BluetoothAddress, _ port: BluetoothPort, from adapter: BluetoothAddress
    ) throws(BluetoothFailure) -> Int {
        guard channels.count < BluetoothHub.maxChannels else { throw .socket(EMFILE) }
        let descriptor = try BluetoothSocket.open(port)
        guard BluetoothSocket.bind(descriptor, BluetoothSocket.local(adapter, for: port)) else {
            let code = errno
            close(descriptor)
            throw .socket(code)
        }
        BluetoothSocket.offer(descriptor, port)
        let code = BluetoothSocket.connect(descriptor, BluetoothSocket.address(device, port))
        guard code == 0 || code == EINPROGRESS else {
            close(descriptor)
            throw .socket(code)
        }
        return add(
            Channel(
                descriptor: descriptor, port: port,
                state: .connecting(until: now() + BluetoothHub.patience)))
    }

    private func add(_ channel: Channel) -> Int {
        lastNumber += 1
        channels[lastNumber] = channel
        return lastNumber
    }

    /// Octets of a unit that the other end of a channel takes.
    func mtu(of number: Int) -> Int {
        channels[number].map { BluetoothSocket.negotiated($0.descriptor, $0.port) } ?? 0
    }

    func port(of number: Int) -> BluetoothPort? { channels[number]?.port }

    /// False when so much waits that the unit is dropped.
    @discardableResult
    func write(_ unit: [UInt8], to number: Int) -> Bool {
        guard let channel = channels[number],
            channel.unwritten.count < BluetoothHub.maxUnwritten
        else { return false }
        let isStream = if case .serial = channel.port { true } else { false }
        channels[number]?.unwritten.append(isStream ? UnitStream.framed(unit) : unit)
        flush(number)
        return true
    }

    /// Closes a channel, when what waits has been written.
    func end(_ number: Int) {
        channels[number]?.isEnding = true
        if channels[number]?.unwritten.isEmpty ?? true { remove(number) }
    }

    private func remove(_ number: Int) {
        guard let channel = channels.removeValue(forKey: number) else { return }
        close(channel.descriptor)
    }

    // MARK: Waiting

    var nextDeadline: Instant? {
        channels.values.compactMap { channel in
            if case .connecting(let until) = channel.state { until } else { nil }
        }.min()
    }

    /// What to wait for, with the number of each.
    var interests: [(number: Int, entry: pollfd)] {
        channels.sorted { $0.key < $1.key }.map { number, channel in
            var wanted = Int16(POLLIN)
            if case .connecting = channel.state { wanted = Int16(POLLOUT) }
            if !channel.unwritten.isEmpty { wanted |= Int16(POLLOUT) }
            return (number, pollfd(fd: channel.descriptor, events: wanted, revents: 0))
        }
    }

    /// Acts on what poll(2) has said, and tells what came of it.
    func serve(_ ready: [(number: Int, revents: Int16)]) -> [Event] {
        for (number, revents) in ready where revents != 0 {
            guard let channel = channels[number] else { continue }
            switch channel.state {
            case .listening: accept(number, channel)
            case .connecting: settle(number, channel)
            case .open:
                if revents & Int16(POLLOUT) != 0 { flush(number) }
                if revents & ~Int16(POLLOUT) != 0 { receive(number) }
            }
        }
        let time = now()
        for (number, channel) in channels {
            guard case .connecting(let until) = channel.state, until <= time else { continue }
            remove(number)
            events.append(.failed(number, "the device does not answer"))
        }
        defer { events = [] }
        return events
    }

    private func accept(_ number: Int, _ channel: Channel) {
        while let (descriptor, peer) = BluetoothSocket.accept(channel.descriptor, channel.port) {
            guard channels.count < BluetoothHub.maxChannels else {
                close(descriptor)
                continue
            }
            let caller = add(Channel(descriptor: descriptor, port: channel.port, state: .open))
            events.append(.accepted(caller, peer, listener: number))
        }
    }

    private func settle(_ number: Int, _ channel: Channel) {
        let code = BluetoothSocket.error(of: channel.descriptor)
        guard code == 0 else {
            remove(number)
            return events.append(.failed(number, String(cString: strerror(code))))
        }
        channels[number]?.state = .open
        events.append(.connected(number))
    }

    private func receive(_ number: Int) {
        // A bound, so that one channel cannot keep the others waiting.
        for _ in 0..<64 {
            guard let channel = channels[number] else { return }
            let count = read(channel.descriptor, &buffer, buffer.count)
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            guard count > 0 else {
                remove(number)
                return events.append(.lost(number, "the device has hung up"))
            }
            let octets = Array(buffer[..<count])
            guard case .serial = channel.port else {
                events.append(.unit(number, octets))
                continue
            }
            for unit in channels[number]?.stream.take(octets) ?? [] {
                events.append(.unit(number, unit))
            }
        }
    }

    private func flush(_ number: Int) {
        while let channel = channels[number], let first = channel.unwritten.first {
            guard case .open = channel.state else { return }
            let count = Glibc.send(channel.descriptor, first, first.count, Int32(MSG_NOSIGNAL))
            guard count >= 0 else {
                // Who is gone shows when the channel is read next.
                if errno != EAGAIN, errno != EINTR { channels[number]?.unwritten = [] }
                break
            }
            if count < first.count, case .serial = channel.port {
                channels[number]?.unwritten[0] = Array(first.dropFirst(count))
            } else {
                channels[number]?.unwritten.removeFirst()
            }
        }
        if let channel = channels[number], channel.isEnding, channel.unwritten.isEmpty {
            remove(number)
        }
    }
}
