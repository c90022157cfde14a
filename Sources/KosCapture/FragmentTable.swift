import KosCore

/// Takes frames apart, and puts IP fragments together (RFC 791 §3.2, RFC 8200 §4.5), in bounded
/// memory: the datagrams begun longest ago go first. Overlapping fragments are dropped with their
/// datagram, as RFC 5722 asks.
package struct FragmentTable: Sendable {
    package static let maxDatagrams = 1024
    package static let maxHeld = 16 << 20
    private static let maxPieces = 1024

    private struct Key: Hashable, Sendable {
        let source: FrameAddress
        let destination: FrameAddress
        let identification: UInt32
        let next: UInt8
    }
    private struct Datagram: Sendable {
        var pieces: [(offset: Int, octets: [UInt8])] = []
        var held = 0
        /// Known once the last fragment has come.
        var length: Int?
        var age = 0
    }
    private let dissector = Dissector()
    private var datagrams: [Key: Datagram] = [:]
    private var held = 0
    private var age = 0
    /// Datagrams given up: overlapping, too large, or begun too long ago.
    package private(set) var abandoned = 0
    /// The octets that `frame.payload` refers to when the last frame completed a datagram.
    package private(set) var datagram: [UInt8] = []

    package init() {}

    /// Fills `frame` from `packet`; true when it completed a datagram, whose octets are then in
    /// `datagram`.
    @inline(__always)
    package mutating func dissect(
        _ packet: CapturedPacket, of interface: CaptureInterface, in bytes: borrowing Span<UInt8>,
        into frame: inout CapturedFrame
    ) -> Bool {
        dissector.dissect(packet, of: interface, in: bytes, into: &frame)
        guard frame.isFragment else { return false }
        return complete(&frame, bytes)
    }

    private mutating func complete(
        _ frame: inout CapturedFrame, _ bytes: borrowing Span<UInt8>
    ) -> Bool {
        guard let octets = octets(of: frame, bytes), !octets.isEmpty,
            frame.fragmentOffset + octets.count <= 65_535
        else { return false }
        let count = octets.count
        let key = Key(
            source: frame.source, destination: frame.destination,
            identification: frame.identification, next: frame.fragmentNext)
        if datagrams[key] == nil, datagrams.count >= FragmentTable.maxDatagrams { forget() }
        while held > FragmentTable.maxHeld { forget() }
        var entry = datagrams.removeValue(forKey: key) ?? Datagram()
        held -= entry.held
        let place =
            entry.pieces.firstIndex { $0.offset >= frame.fragmentOffset } ?? entry.pieces.count
        let isRepeated =
            place < entry.pieces.count && entry.pieces[place].offset == frame.fragmentOffset
            && entry.pieces[place].octets.count == count
        if !isRepeated {
            let before = place > 0 ? entry.pieces[place - 1] : nil
            let after = place < entry.pieces.count ? entry.pieces[place] : nil
            let isOverlapping =
                before.map { $0.offset + $0.octets.count > frame.fragmentOffset } ?? false
                || after.map { frame.fragmentOffset + count > $0.offset } ?? false
            guard !isOverlapping, entry.pieces.count < FragmentTable.maxPieces else {
                abandoned += 1
                return false
            }
            entry.pieces.insert((frame.fragmentOffset, octets), at: place)
            entry.held += count
        }
        if !frame.hasMoreFragments { entry.length = frame.fragmentOffset + count }
        guard entry.length == entry.held else {
            age += 1
            if entry.age == 0 { entry.age = age }
            held += entry.held
            datagrams[key] = entry
            return false
        }
        datagram = entry.pieces.flatMap(\.octets)
        dissector.dissect(datagram: datagram.span, of: entry.pieces.count, into: &frame)
        return true
    }

    /// What a fragment holds; nil where its headers are compressed and cannot be told in full.
    private func octets(
        of frame: CapturedFrame, _ bytes: borrowing Span<UInt8>
    ) -> [UInt8]? {
        let range = frame.fragmentStart..<max(frame.fragmentStart, frame.fragmentEnd)
        guard frame.isCompressed else { return bytes.array(range) }
        return LowpanHeader.expand(
            bytes, range, size: Int(frame.identification & 0x7FF),
            link: (frame.source, frame.destination))
    }

    private mutating func forget() {
        guard let oldest = datagrams.min(by: { $0.value.age < $1.value.age }) else {
            held = 0
            return
        }
        held -= oldest.value.held
        datagrams[oldest.key] = nil
        abandoned += 1
    }
}
