import KosCore
import NIOCore

/// The octets that were written last, as a socket takes them: what many connections get is made
/// ready once.
struct SharedOctets {
    private var source: [UInt8] = []
    private var buffer: ByteBuffer?

    /// What `make` makes of `octets`, or has made of the very same ones just before.
    mutating func buffer(of octets: [UInt8], _ make: ([UInt8]) -> ByteBuffer) -> ByteBuffer {
        if let buffer, source.isSame(as: octets) { return buffer }
        let made = make(octets)
        source = octets
        buffer = made
        return made
    }

    mutating func forget() {
        guard buffer != nil else { return }
        source = []
        buffer = nil
    }
}
