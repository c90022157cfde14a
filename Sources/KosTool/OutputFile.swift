import Glibc

/// `-o FILE`: written under a temporary name beside it and renamed when the run has succeeded, so
/// that a reader never sees half a file and a failed run leaves the old one. In watch modes, and
/// where FILE is no regular file, it is written directly.
package final class OutputFile {
    package let path: String
    private var temporary: String?
    package private(set) var descriptor: Int32 = -1

    package init(path: String) throws(ToolFailure) {
        self.path = path
        var status = stat()
        let exists = stat(path, &status) == 0
        if exists, status.st_mode & S_IFMT != S_IFREG {
            descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY)
            guard descriptor >= 0 else { throw .system("cannotOpen", path) }
            return
        }
        let cut = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let name = "\(path[..<cut]).\(path[cut...]).\(getpid()).tmp"
        let mode = exists ? status.st_mode & 0o777 : 0o666
        // Before the file is there: a signal in between would leave it.
        Signals.removeOnDeath(name)
        descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            let failure = errno
            Signals.removeOnDeath(nil)
            throw .system("cannotCreate", path, number: failure)
        }
        temporary = name
    }

    /// Gives the file its name.
    package func commit() throws(ToolFailure) {
        guard let name = temporary else { return }
        guard rename(name, path) == 0 else {
            let failure = errno
            discard()
            throw .system("cannotRename", path, number: failure)
        }
        temporary = nil
        Signals.removeOnDeath(nil)
    }

    /// Drops what was written.
    package func discard() {
        guard let name = temporary else { return }
        unlink(name)
        temporary = nil
        Signals.removeOnDeath(nil)
    }

    /// From now on lines are added to the file itself.
    package func writeThrough() throws(ToolFailure) {
        guard temporary != nil else { return }
        discard()
        try reopen()
    }

    /// Opens the path anew, which a log rotation has moved away; the old file stays in use where
    /// that fails.
    package func reopen() throws(ToolFailure) {
        let fresh = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard fresh >= 0 else { throw .system("cannotOpen", path) }
        if descriptor >= 0 { close(descriptor) }
        descriptor = fresh
    }
}
