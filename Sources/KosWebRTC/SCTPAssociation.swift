#if WebRTC
    import CUsrsctp
    import Glibc
    package import NIOCore

    /// usrsctp, of which a process has one, without threads: everything in it happens on the loop
    /// that was first to ask for it. Associations are numbers to it.
    enum SCTPStack {
        /// Octets that may wait in each direction of an association.
        static let buffer: UInt32 = 1 << 20
        /// Where what has come is put for the moment.
        nonisolated(unsafe) static let room = UnsafeMutableRawBufferPointer.allocate(
            byteCount: 64 * 1024, alignment: 16)
        private static let tick = TimeAmount.milliseconds(10)

        nonisolated(unsafe) private static var associations: [UInt: SCTPAssociation] = [:]
        nonisolated(unsafe) private static var lastNumber: UInt = 0
        nonisolated(unsafe) private static var hasStarted = false
        nonisolated(unsafe) private static var ticking: RepeatedTask?
        nonisolated(unsafe) private static var idleTicks = 0
        nonisolated(unsafe) private static var lastTick = NIODeadline.now()

        static func add(_ association: SCTPAssociation, on loop: any EventLoop) -> UInt {
            let lib = association.lib
            if !hasStarted {
                hasStarted = true
                kos_sctp_start(
                    lib,
                    { number, octets, size, _, _ in
                        guard let octets else { return 0 }
                        SCTPStack.associations[UInt(bitPattern: number)]?.output(
                            UnsafeRawBufferPointer(start: octets, count: size))
                        return 0
                    }, buffer, 4096)
            }
            lastNumber += 1
            associations[lastNumber] = association
            if ticking == nil { startTicking(loop) }
            return lastNumber
        }

        static func remove(_ number: UInt) {
            associations[number] = nil
            idleTicks = 0
        }

        static subscript(number: UInt) -> SCTPAssociation? { associations[number] }

        private static func startTicking(_ loop: any EventLoop) {
            lastTick = .now()
            ticking = loop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in
                let now = NIODeadline.now()
                let passed = (now - lastTick).nanoseconds / 1_000_000
                lastTick = now
                Library.usrsctp?.pointee.usrsctp_handle_timers(UInt32(clamping: passed))
                for association in Array(associations.values) { association.settle() }
                // What has ended is freed by its timers, a moment later.
                idleTicks = associations.isEmpty ? idleTicks + 1 : 0
                guard idleTicks > 200 else { return }
                ticking?.cancel()
                ticking = nil
            }
        }
    }

    /// One SCTP association inside one DTLS connection (RFC 8261).
    package final class SCTPAssociation {
        package enum Event {
            case up
            case lost
            /// The other end has closed these streams.
            case reset([UInt16])
            /// A piece of a message; the last one says so.
            case piece(stream: UInt16, payload: UInt32, UnsafeRawBufferPointer, isLast: Bool)
            case writable
        }
        /// Octets of an IP packet, less what IP, UDP and DTLS take.
        private static let mtu: UInt32 = 1120

        fileprivate let lib: Usrsctp
        private(set) var number: UInt = 0
        private var socket: OpaquePointer?
        /// Told of packets that have to go out, from within other calls.
        private let sendPacket: (UnsafeRawBufferPointer) -> Void
        private let tell: (Event) -> Void
        /// Whether usrsctp is to be believed: it calls back while it is closed.
        private var isOpen = true
        fileprivate var hasNews = false
        private var isWanted = true

        /// Nil where usrsctp is not there or has no memory for it.
        package init?(
            on loop: any EventLoop, localPort: Int,
            send: @escaping (UnsafeRawBufferPointer) -> Void,
            tell: @escaping (Event) -> Void
        ) {
            guard let lib = Library.usrsctp else { return nil }
            self.lib = lib
            sendPacket = send
            self.tell = tell
            number = SCTPStack.add(self, on: loop)
            lib.pointee.usrsctp_register_address(UnsafeMutableRawPointer(bitPattern: number))
            socket = kos_sctp_socket(
                lib, number, UInt16(clamping: localPort),
                { _, owner, _ in SCTPStack[UInt(bitPattern: owner)]?.hasNews = true },
                SCTPAssociation.mtu)
            guard socket != nil else {
                end()
                return nil
            }
        }

        /// Begins; the other end does the same.
        package func connect(remotePort: Int) -> Bool {
            guard let socket else { return false }
            return kos_sctp_connect(lib, socket, number, UInt16(clamping: remotePort)) == 0
        }

        /// A packet that came.
        package func take(_ packet: UnsafeRawBufferPointer) {
            guard isOpen, let start = packet.baseAddress else { return }
            lib.pointee.usrsctp_conninput(
                UnsafeMutableRawPointer(bitPattern: number), start, packet.count, 0)
            settle()
        }

        fileprivate func output(_ packet: UnsafeRawBufferPointer) { sendPacket(packet) }

        /// Octets of a message that were taken; nil when the association is no more.
        package func send(
            _ octets: UnsafeRawBufferPointer, stream: UInt16, payload: UInt32
        ) -> Int? {
            guard isOpen, let socket else { return nil }
            let taken = kos_sctp_send(
                lib, socket, octets.baseAddress, octets.count, stream, payload, 1)
            if taken >= 0 { return taken }
            return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? 0 : nil
        }

        /// Octets that the other end has not acknowledged yet, by the packets that they fill.
        var waitingOctets: Int {
            guard isOpen, let socket else { return 0 }
            return Int(kos_sctp_waiting(lib, socket)) * Int(SCTPAssociation.mtu)
        }

        func reset(stream: UInt16) {
            guard isOpen, let socket else { return }
            _ = kos_sctp_reset(lib, socket, stream)
        }

        /// Ends it at once; the other end is told.
        package func end() {
            guard isOpen else { return }
            if let socket { lib.pointee.usrsctp_close(socket) }
            isOpen = false
            socket = nil
            lib.pointee.usrsctp_deregister_address(UnsafeMutableRawPointer(bitPattern: number))
            SCTPStack.remove(number)
        }

        /// Hands on what has come, outside of usrsctp's own calls.
        func settle() {
            guard isOpen, hasNews else { return }
            hasNews = false
            if isWanted { read() }
            guard isOpen, let socket else { return }
            if lib.pointee.usrsctp_get_events(socket) & SCTP_EVENT_WRITE != 0 { tell(.writable) }
        }

        /// Whether to take what comes, or to leave it where it is: then the window closes.
        func read(_ isWanted: Bool) {
            self.isWanted = isWanted
            if isWanted { hasNews = true }
        }

        private func read() {
            while isOpen, isWanted, let socket {
                var stream: UInt16 = 0
                var payload: UInt32 = 0
                var flags: Int32 = 0
                let room = SCTPStack.room
                let count = kos_sctp_receive(
                    lib, socket, room.baseAddress, room.count, &stream, &payload, &flags)
                guard count > 0 else {
                    if count == 0 || errno != EAGAIN && errno != EWOULDBLOCK { tell(.lost) }
                    return
                }
                let octets = UnsafeRawBufferPointer(rebasing: room[..<count])
                if flags & MSG_NOTIFICATION != 0 {
                    notice(octets)
                    continue
                }
                let isLast = flags & Int32(MSG_EOR) != 0
                tell(.piece(stream: stream, payload: payload, octets, isLast: isLast))
            }
        }

        /// Nothing more is sent once what waits has arrived.
        func finish() {
            guard isOpen, let socket else { return }
            _ = lib.pointee.usrsctp_shutdown(socket, Int32(SHUT_WR))
        }

        private func notice(_ octets: UnsafeRawBufferPointer) {
            func word(_ at: Int) -> UInt16 {
                at + 2 <= octets.count
                    ? octets.loadUnaligned(fromByteOffset: at, as: UInt16.self) : 0
            }
            // All begin with type, flags and length (RFC 6458 §6.1).
            switch Int32(word(0)) {
            case SCTP_ASSOC_CHANGE:
                switch Int32(word(8)) {
                case SCTP_COMM_UP: tell(.up)
                case SCTP_COMM_LOST, SCTP_SHUTDOWN_COMP, SCTP_CANT_STR_ASSOC: tell(.lost)
                default: break
                }
            case SCTP_STREAM_RESET_EVENT:
                guard Int32(word(2)) & SCTP_STREAM_RESET_INCOMING_SSN != 0 else { return }
                tell(.reset(stride(from: 12, to: octets.count - 1, by: 2).map(word)))
            default: break
            }
        }
    }
#endif
