import CBluetooth
import Glibc
package import KosCore

/// Drives one modem and whatever else the program waits for, in one thread with poll(2): the engine
/// is called synchronously for what the line brought, for what fell due and for what is to be sent.
package final class RadioLoop {
    package enum Event: Sendable {
        case ready(ModemInfo)
        case received(ReceivedFrame)
        case sent(UInt64)
        case failed(UInt64, ModemFault)
        case status(ModemInfo)
        case note(String)
        /// The line or the modem went away; it is opened again after this long, or never.
        case lost(String, retryIn: Duration?)
    }
    package let address: RadioAddress
    /// Whether a modem that is absent or went away is waited for.
    package let reconnects: Bool
    package private(set) var modem: any Modem
    package private(set) var isReady = false
    /// Octets read from and written to the line.
    package private(set) var octets: (read: Int, written: Int) = (0, 0)

    private let now: () -> Instant
    private var random: SplitMix64
    private var backoff = Backoff(first: .milliseconds(200), cap: .seconds(30))
    private var reopening: Instant?
    private var descriptor: Int32 = -1
    private var outputs: [ModemOutput] = []
    private var unwritten: [UInt8] = []
    private var events: [Event] = []
    private var watches: [Watch] = []
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private var isDatagram: Bool {
        switch address.line {
        case .udp, .simulation: true
        case .serial, .tcp: false
        }
    }

    private struct Watch {
        let descriptor: Int32
        let action: () throws -> Void
    }

    package init(
        _ address: RadioAddress, reconnects: Bool, seed: UInt64, now: @escaping () -> Instant
    ) {
        self.address = address
        self.reconnects = reconnects
        self.now = now
        random = SplitMix64(seed: seed)
        modem = address.modem(seed: seed)
    }

    deinit { close() }

    /// Calls `action` whenever `descriptor` can be read, until `unwatch`.
    package func watch(_ descriptor: Int32, _ action: @escaping () throws -> Void) {
        watches.append(Watch(descriptor: descriptor, action: action))
    }

    package func unwatch(_ descriptor: Int32) { watches.removeAll { $0.descriptor == descriptor } }

    /// Gives a frame to the modem; what becomes of it is an event.
    package func send(_ frame: OutgoingFrame) {
        feed(.send(frame))
    }

    /// Opens the line. A modem that is absent is an error, or an event when it is waited for.
    package func open() throws(RadioError) {
        do throws(RadioError) {
            descriptor = try openLine()
        } catch {
            guard reconnects else { throw error }
            return retry(error.message)
        }
        modem = address.modem(seed: random.next())
        feed(.opened)
    }

    private func openLine() throws(RadioError) -> Int32 {
        switch address.line {
        case .serial(let path): try SerialPort.open(path, baud: address.baud)
        case .tcp(let host, let port):
            try RadioSocket.connect(host: host, port: port, patience: 3000)
        case .udp(let host, let port): try RadioSocket.bind(host: host, port: port)
        case .simulation(let port): try RadioSocket.shareBroadcast(port: port)
        }
    }

    /// Leaves the radio as it should be left.
    package func stop() {
        guard descriptor >= 0 else { return }
        feed(.stop)
        for _ in 0..<10 where !unwritten.isEmpty {
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            poll(&ready, 1, 100)
            writeLine()
        }
        close()
    }

    /// Waits once, at most until `limit`, and hands out what happened. `flush` is called before the
    /// wait, so that output is not held back.
    package func turn(
        until limit: Instant?, flush: () throws -> Void = {}, _ body: (Event) throws -> Void
    ) throws {
        let time = now()
        if let due = reopening, due <= time {
            reopening = nil
            try open()
        }
        if let due = modem.nextDeadline, due <= time {
            modem.advance(to: time, into: &outputs)
            perform()
        }
        if !events.isEmpty { return try deliver(body) }
        let deadline = [limit, reopening, modem.nextDeadline].compactMap { $0 }.min()
        try flush()
        try wait(until: deadline)
        let later = now()
        modem.advance(to: later, into: &outputs)
        perform()
        try deliver(body)
    }

    private func deliver(_ body: (Event) throws -> Void) throws {
        let pending = events
        events = []
        for event in pending { try body(event) }
    }

    private func wait(until deadline: Instant?) throws {
        var polled: [pollfd] = watches.map {
            pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0)
        }
        if descriptor >= 0 {
            let interest = unwritten.isEmpty ? POLLIN : POLLIN | POLLOUT
            polled.append(pollfd(fd: descriptor, events: Int16(interest), revents: 0))
        }
        guard poll(&polled, nfds_t(polled.count), milliseconds(until: deadline)) > 0 else { return }
        let watched = watches
        for (watch, entry) in zip(watched, polled) where entry.revents != 0 { try watch.action() }
        guard polled.count > watched.count, let line = polled.last, descriptor == line.fd else {
            return
        }
        if line.revents & Int16(POLLOUT) != 0 { writeLine() }
        if line.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 { readLine() }
    }

    private func milliseconds(until deadline: Instant?) -> Int32 {
        guard let deadline else { return -1 }
        let wait = (deadline - now()).nanoseconds
        return Int32(clamping: max(0, (wait + 999_999) / 1_000_000))
    }

    // MARK: The line

    private func readLine() {
        if isDatagram { return readDatagrams() }
        // Bounded, so that a line that never pauses cannot keep the loop from everything else.
        for _ in 0..<16 {
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 {
                octets.read += count
                feed(.bytes(Array(buffer[..<count])))
                if descriptor < 0 || count < buffer.count { return }
            } else if count == 0 {
                return lose("the modem closed the line")
            } else {
                if errno != EAGAIN, errno != EINTR { lose(String(cString: strerror(errno))) }
                return
            }
        }
    }

    private func readDatagrams() {
        var peer = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
        for _ in 0..<256 {
            var length = socklen_t(peer.count)
            let count = peer.withUnsafeMutableBytes { space in
                recvfrom(
                    descriptor, &buffer, buffer.count, 0,
                    space.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
            }
            guard count >= 0 else { return }
            octets.read += count
            let from = DatagramPeer(octets: Array(peer[..<Int(length)]))
            feed(.datagram(Array(buffer[..<count]), from: from))
        }
    }

    private func writeLine() {
        while !unwritten.isEmpty, descriptor >= 0 {
            let count = unwritten.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 {
                octets.written += count
                unwritten.removeFirst(count)
            } else {
                if errno != EAGAIN, errno != EINTR { lose(String(cString: strerror(errno))) }
                return
            }
        }
    }

    private func feed(_ input: ModemInput) {
        modem.handle(input, at: now(), into: &outputs)
        perform()
    }

    private func perform() {
        let todo = outputs
        outputs = []
        for output in todo {
            switch output {
            case .write(let bytes):
                if case .simulation(let port) = address.line {
                    sendDatagram(bytes, to: RadioSocket.broadcast(port: port))
                } else {
                    unwritten += bytes
                }
            case .datagram(let bytes, let peer): sendDatagram(bytes, to: peer)
            case .ready(let info):
                isReady = true
                backoff.reset()
                events.append(.ready(info))
            case .received(let frame): events.append(.received(frame))
            case .sent(let id): events.append(.sent(id))
            case .failed(let id, let fault): events.append(.failed(id, fault))
            case .status(let info): events.append(.status(info))
            case .note(let text): events.append(.note(text))
            case .fault(let fault): lose(fault.message)
            }
        }
        if !unwritten.isEmpty { writeLine() }
    }

    private func sendDatagram(_ bytes: [UInt8], to peer: DatagramPeer) {
        let sent = SocketAddress(octets: peer.octets).withPointer { address, length in
            bytes.withUnsafeBytes {
                sendto(descriptor, $0.baseAddress, $0.count, 0, address, length)
            }
        }
        if sent > 0 { octets.written += sent }
    }

    // MARK: Loss

    private func lose(_ reason: String) {
        guard descriptor >= 0 else { return }
        if !unwritten.isEmpty {
            // The radio's last words (off, leave), as far as the line takes them at once.
            _ = unwritten.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        }
        close()
        retry(reason)
    }

    private func retry(_ reason: String) {
        let wait = reconnects ? backoff.next(using: &random) : nil
        reopening = wait.map { now() + $0 }
        events.append(.lost(reason, retryIn: wait))
    }

    private func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
        unwritten = []
        isReady = false
    }
}
