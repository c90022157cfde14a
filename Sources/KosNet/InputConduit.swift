import KosCore

/// A source of packets that is no connection (standard input): a link that packets only come from.
package final class InputConduit: Conduit {
    package let isWritable = true
    package let isDirty = false
    package let waitingOctets = 0

    package init() {}
    package func write(_ octets: [UInt8]) {}
    package func flush() {}
    package func close() {}
}
