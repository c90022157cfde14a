/// A frame to be sent.
package struct OutgoingFrame: Hashable, Sendable {
    /// The caller's own number for it.
    package let id: UInt64
    package let payload: [UInt8]

    package init(id: UInt64, payload: [UInt8]) {
        self.id = id
        self.payload = payload
    }
}

/// A frame that was heard, and what the modem says of it.
package struct ReceivedFrame: Hashable, Sendable {
    package var payload: [UInt8]
    package var rssiDbm: Double?
    package var snrDb: Double?
    /// Hz, where the modem tells it for each frame.
    package var frequencyHz: Int?
    package var modulation: LoRaModulation?
    /// Who sent or heard it, in the dialect's own terms.
    package var station: String?

    package init(payload: [UInt8], rssiDbm: Double? = nil, snrDb: Double? = nil) {
        self.payload = payload
        self.rssiDbm = rssiDbm
        self.snrDb = snrDb
    }
}

/// What a modem told about itself; what it did not tell is nil.
package struct ModemInfo: Hashable, Sendable {
    package var model: String?
    package var firmware: String?
    package var batteryPercent: Int?
    package var temperatureC: Double?
    package var noiseFloorDbm: Double?
    /// Whether the settings were read back and found equal to those asked for.
    package var isVerified = false

    package init() {}
}

/// What a modem will not or cannot do.
package struct ModemFault: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable {
        /// Nothing that speaks this dialect answers.
        case noAnswer
        /// A setting reads back otherwise than it was asked for.
        case mismatch
        /// Older than the oldest firmware that is known to work.
        case oldFirmware
        /// The modem reports an error of its own.
        case hardware
        /// No room, or a frame was not sent.
        case queueFull, notSent, tooLong
        /// The modem stopped answering while frames were waiting.
        case stalled
        /// A setting that this dialect cannot express.
        case unsupported
    }
    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package static func mismatch(
        _ setting: String, asked: some CustomStringConvertible, got: some CustomStringConvertible
    ) -> ModemFault {
        ModemFault(.mismatch, "\(setting) mismatch: asked for \(asked), the modem has \(got)")
    }

    package var description: String { message }
}

/// Where a datagram came from or goes to: the adapter's own octets, which the core only compares.
package struct DatagramPeer: Hashable, Sendable {
    package let octets: [UInt8]
    package init(octets: [UInt8]) { self.octets = octets }
}

package enum ModemInput: Hashable, Sendable {
    /// The line is up.
    case opened
    /// What a serial line or a stream socket brought.
    case bytes([UInt8])
    case datagram([UInt8], from: DatagramPeer)
    case send(OutgoingFrame)
    /// Leave the radio as it should be left; the line closes next.
    case stop
}

package enum ModemOutput: Hashable, Sendable {
    case write([UInt8])
    case datagram([UInt8], to: DatagramPeer)
    /// Configured, and as asked.
    case ready(ModemInfo)
    case received(ReceivedFrame)
    /// The frame is in the modem's hands (or on the air, where the dialect tells).
    case sent(UInt64)
    case failed(UInt64, ModemFault)
    /// The modem cannot be used as asked; the line is to be closed.
    case fault(ModemFault)
    /// Something odd that does not stop it.
    case note(String)
    case status(ModemInfo)
}

/// A modem's dialect: octets in, octets and frames out.
package protocol Modem: Engine<ModemInput, ModemOutput> {
    /// Largest payload of one frame.
    var mtu: Int { get }
    /// Frames that wait in the engine for the modem to have room.
    var queueLength: Int { get }
    /// µs on the air of a payload of so many octets, headers of the dialect included.
    func airtime(of payloadBytes: Int) -> Int64
    /// What `airtime` goes by: the modem's own preamble and rule for the DE bit.
    var modulation: LoRaModulation { get }
}

/// How many frames an engine holds for its modem before it refuses more.
package enum ModemLimits {
    package static let queue = 256
}
