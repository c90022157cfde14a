import CPcap
import Glibc
package import KosCapture

/// One interface being listened to through libpcap.
package final class LiveCapture {
    package struct Settings: Sendable {
        /// Octets kept of each packet.
        package var snapshotLength: Int32 = 262_144
        /// Octets of the kernel's ring.
        package var bufferBytes: Int32 = 16 << 20
        /// How long the kernel may gather packets before it hands them over, in milliseconds.
        package var timeoutMs: Int32 = 10
        /// Hand over each packet at once. The kernel's ring has frames of snapshot length then,
        /// so that the length must be small.
        package var isImmediate = false
        package var isPromiscuous = true
        package var filter: String?

        package init() {}
    }
    /// Why an interface cannot be listened to.
    package struct Failure: Error {
        package enum Cause: Sendable { case noPermission, noInterface, badFilter, noLibrary, other }
        package let cause: Cause
        package let message: String
    }
    package struct Statistics: Sendable {
        package let received: UInt64
        package let dropped: UInt64
        package let interfaceDropped: UInt64
    }

    package let interface: CaptureInterface
    private let handle: OpaquePointer
    private let pcap: PcapLibrary
    private var deliver: ((CapturedPacket, borrowing Span<UInt8>) -> Void)?
    private var number = 0

    package init(_ name: String, _ settings: Settings) throws {
        guard let pcap = PcapLibrary.shared else {
            throw Failure(cause: .noLibrary, message: "libpcap is not installed")
        }
        self.pcap = pcap
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let handle = pcap.create(name, &message) else {
            throw Failure(cause: .other, message: LiveCapture.text(message))
        }
        self.handle = handle
        do {
            try LiveCapture.activate(pcap, handle, name, settings)
        } catch {
            pcap.close(handle)
            throw error
        }
        var found = CaptureInterface(
            linkType: LiveCapture.linkType(pcap.datalink(handle)),
            snapshotLength: UInt32(pcap.snapshot(handle)), name: name)
        found.resolution = 9
        found.filter = settings.filter
        interface = found
    }

    deinit { pcap.close(handle) }

    private static func activate(
        _ pcap: PcapLibrary, _ handle: OpaquePointer, _ name: String, _ settings: Settings
    ) throws {
        _ = pcap.setSnaplen(handle, settings.snapshotLength)
        _ = pcap.setPromisc(handle, settings.isPromiscuous ? 1 : 0)
        _ = pcap.setTimeout(handle, settings.timeoutMs)
        _ = pcap.setBufferSize(handle, settings.bufferBytes)
        _ = pcap.setPrecision(handle, PCAP_TSTAMP_PRECISION_NANO)
        if settings.isImmediate { _ = pcap.setImmediateMode(handle, 1) }
        let status = pcap.activate(handle)
        if status < 0 {
            let cause: Failure.Cause
            switch status {
            case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED: cause = .noPermission
            case PCAP_ERROR_NO_SUCH_DEVICE, PCAP_ERROR_IFACE_NOT_UP: cause = .noInterface
            default: cause = .other
            }
            let detail = pcap.failure(handle)
            let generic = pcap.statusText(status).map { String(cString: $0) } ?? ""
            throw Failure(
                cause: cause, message: "\(name): \(detail.isEmpty ? generic : detail)")
        }
        // `any` says which interface it was only in the second cooked form.
        if name == "any" { _ = pcap.setDatalink(handle, 276) }
        if let filter = settings.filter {
            var program = bpf_program()
            guard pcap.compile(handle, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0 else {
                throw Failure(cause: .badFilter, message: pcap.failure(handle))
            }
            defer { pcap.freeCode(&program) }
            guard pcap.setFilter(handle, &program) == 0 else {
                throw Failure(cause: .badFilter, message: pcap.failure(handle))
            }
        }
        _ = pcap.setNonblock(handle, 1, nil)
    }

    /// To be watched for reading.
    package var descriptor: Int32 { pcap.selectableDescriptor(handle) }

    /// Hands out the packets that are there, at most `limit`; returns how many. -1 when the
    /// interface has gone.
    package func read(
        limit: Int = .max, _ body: (CapturedPacket, borrowing Span<UInt8>) -> Void
    ) -> Int {
        withoutActuallyEscaping(body) { body in
            deliver = body
            defer { deliver = nil }
            let me = Unmanaged.passUnretained(self).toOpaque()
            let count = pcap.dispatch(
                handle, limit >= Int(Int32.max) ? -1 : Int32(max(1, limit)),
                { me, header, octets in
                    guard let me, let header, let octets else { return }
                    Unmanaged<LiveCapture>.fromOpaque(me).takeUnretainedValue()
                        .take(header.pointee, octets)
                }, UnsafeMutablePointer(OpaquePointer(me)))
            return count < 0 ? -1 : Int(count)
        }
    }

    private func take(_ header: pcap_pkthdr, _ octets: UnsafePointer<UInt8>) {
        number += 1
        let bytes = UnsafeBufferPointer(start: octets, count: Int(header.caplen))
        let time = Int64(header.ts.tv_sec) * 1_000_000_000 + Int64(header.ts.tv_usec)
        let packet = CapturedPacket(
            number: number, interface: 0, time: time, lengthBytes: Int(header.len),
            range: 0..<bytes.count)
        deliver?(packet, bytes.span)
    }

    /// What the kernel counted since the start.
    package var statistics: Statistics {
        var counts = pcap_stat()
        guard pcap.stats(handle, &counts) == 0 else {
            return Statistics(received: 0, dropped: 0, interfaceDropped: 0)
        }
        return Statistics(
            received: UInt64(counts.ps_recv), dropped: UInt64(counts.ps_drop),
            interfaceDropped: UInt64(counts.ps_ifdrop))
    }

    /// Name of the interface with this index; nil when there is none any more.
    package static func name(ofIndex index: UInt32) -> String? {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(index, &name) != nil else { return nil }
        return text(name)
    }

    private static func linkType(_ dlt: Int32) -> LinkType {
        dlt == 12 ? .raw : LinkType(rawValue: UInt16(truncatingIfNeeded: dlt))
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Waits until one of `descriptors` can be read or `milliseconds` have passed; false when a signal
/// came first.
package func waitForPackets(_ descriptors: [Int32], milliseconds: Int32) -> Bool {
    var watched = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    return poll(&watched, nfds_t(watched.count), milliseconds) >= 0
}
