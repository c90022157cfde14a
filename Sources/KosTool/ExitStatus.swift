import Glibc

/// How a tool ends (kos(7) EXIT STATUS); the same in all six.
package enum ExitStatus: Int32, Sendable, CaseIterable {
    /// Done, and the answer is yes.
    case yes = 0
    /// Done, and the answer is no.
    case no = 1
    /// Asked wrongly; nothing was attempted.
    case usage = 2
    /// Could not be done: device, file, socket, permission, resource.
    case failure = 3
    /// The input was bad.
    case badInput = 4
    /// Partly: at least one success and one failure.
    case partly = 5
    /// Another run holds the lock.
    case locked = 6

    /// Which of two statuses is told when both apply: 2 > 3 > 4 > 5 > 1 > 0, and 6 stands alone.
    package func merged(with other: ExitStatus) -> ExitStatus {
        let order: [ExitStatus] = [.usage, .failure, .locked, .badInput, .partly, .no, .yes]
        return order.first { $0 == self || $0 == other } ?? self
    }
}

/// A reason to stop: one line on stderr that says what, where and the cure, and the exit status.
package struct ToolFailure: Error, Sendable {
    package let status: ExitStatus
    /// Stable camelCase token.
    package let code: String
    package let message: String
    package let hint: String?
    package let errno: Int32?

    package init(
        _ status: ExitStatus, code: String, _ message: String, hint: String? = nil,
        errno: Int32? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.errno = errno
    }

    package static func usage(_ message: String, hint: String? = nil) -> ToolFailure {
        ToolFailure(.usage, code: "usage", message, hint: hint)
    }

    /// A failed system call: `subject: No such file or directory`, status 3.
    package static func system(
        _ code: String, _ subject: String, number: Int32 = Glibc.errno, hint: String? = nil
    ) -> ToolFailure {
        ToolFailure(
            .failure, code: code, "\(subject): \(String(cString: strerror(number)))", hint: hint,
            errno: number)
    }
}
