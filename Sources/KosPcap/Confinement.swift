import CPcap
import Glibc

/// Gives up what reading strangers' packets does not need: opening files (Landlock) and most system
/// calls (seccomp), where the kernel has them.
package enum Confinement {
    /// What the kernel took away.
    package struct Result: Sendable {
        package let files: Bool
        package let calls: Bool
    }

    /// Files can be made only in `folders` from now on, and none can be read.
    @discardableResult
    package static func enter(writing folders: [Int32]) -> Result {
        guard kos_no_new_privileges() == 0 else { return Result(files: false, calls: false) }
        let files = folders.withUnsafeBufferPointer {
            kos_confine_files($0.baseAddress, Int32($0.count))
        }
        return Result(files: files == 0, calls: kos_confine_calls() == 0)
    }

    /// The folder that `path` is in, to be handed to `enter`; nil when there is none.
    package static func folder(of path: String) -> Int32? {
        let parent =
            path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : path[..<$0] } ?? "."
        let descriptor = open(String(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        return descriptor >= 0 ? descriptor : nil
    }
}
