/// Where packets of a capture were heard.
package struct CaptureInterface: Hashable, Sendable {
    package var linkType: LinkType
    /// Octets kept of each packet at most; 0 is no limit.
    package var snapshotLength: UInt32
    package var name: String?
    package var summary: String?
    package var filter: String?
    /// Ticks a second as a power (`if_tsresol`, draft-ietf-opsawg-pcapng §4.2); 6 is microseconds.
    package var resolution: UInt8 = 6
    /// Seconds to add to each time (`if_tsoffset`).
    package var offsetSeconds: Int64 = 0
    /// Octets of frame check sequence behind each frame.
    package var checkSequenceLength: Int = 0
    /// Packets received and dropped, as the latest interface statistics block says.
    package var received: UInt64?
    package var dropped: UInt64?
    /// What else a pcapng says of it: comments, addresses, speed, system.
    package var options: [CaptureOption] = []

    package init(linkType: LinkType, snapshotLength: UInt32, name: String? = nil) {
        self.linkType = linkType
        self.snapshotLength = snapshotLength
        self.name = name
    }
}

/// One packet of a capture: who heard it, when, and where its octets are in the reader's buffer.
package struct CapturedPacket: Hashable, Sendable {
    /// Counts from 1, packets only.
    package var number: Int
    /// Index into the reader's `interfaces`.
    package var interface: Int
    /// Nanoseconds since 1970; nil when the file does not say, or says what no clock can.
    package var time: Int64?
    /// Octets on the wire.
    package var lengthBytes: Int
    /// The octets that were kept; valid until the reader is given more.
    package var range: Range<Int>
    /// 1 in, 2 out, 0 unknown.
    package var direction: UInt8

    @inline(__always)
    package init(
        number: Int, interface: Int, time: Int64?, lengthBytes: Int, range: Range<Int>,
        direction: UInt8 = 0
    ) {
        self.number = number
        self.interface = interface
        self.time = time
        self.lengthBytes = lengthBytes
        self.range = range
        self.direction = direction
    }
}

/// What a capture file says it is.
package enum CaptureFormat: String, Hashable, Sendable {
    case pcap, pcapng, btsnoop
}

/// Why the rest of a capture cannot be read. What came before is whole.
package struct CaptureDamage: Error, Hashable, Sendable {
    package enum Code: String, Sendable {
        /// The first octets are no capture's.
        case notACapture
        /// The file ends within a record.
        case truncated
        /// A record contradicts itself or the format.
        case damaged
        /// It is longer than the caller wants to read.
        case tooLong
    }

    package init(code: Code, message: String, offset: Int) {
        self.code = code
        self.message = message
        self.offset = offset
    }

    package let code: Code
    package let message: String
    /// Octets from the start of the capture (after gzip) to the record that is bad.
    package let offset: Int
}
