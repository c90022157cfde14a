import KosCore

/// Why a radio cannot be had.
package struct RadioError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case cannotOpen, busy, lost, fault
    }
    package let code: Code
    package let message: String
    package let errno: Int32?

    package init(_ code: Code, _ message: String, errno: Int32? = nil) {
        self.code = code
        self.message = message
        self.errno = errno
    }

    package var description: String { message }
}
