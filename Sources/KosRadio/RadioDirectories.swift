import CBluetooth
import Glibc
import KosCore

/// Where radios keep what must survive (XDG Base Directory Specification 0.8).
package enum RadioDirectories {
    /// `$XDG_STATE_HOME/kos`, else `$HOME/.local/state/kos`; nil without either. Relative paths are
    /// ignored, as the specification says.
    package static var state: String? {
        if let given = absolute("XDG_STATE_HOME") { return given + "/kos" }
        return absolute("HOME").map { $0 + "/.local/state/kos" }
    }

    /// `$XDG_DATA_HOME/kos`, else `$HOME/.local/share/kos`; nil without either.
    package static var data: String? {
        if let given = absolute("XDG_DATA_HOME") { return given + "/kos" }
        return absolute("HOME").map { $0 + "/.local/share/kos" }
    }

    /// `$XDG_RUNTIME_DIR/kos`, else `/run/kos` for root, else the state directory.
    package static var runtime: String? {
        if let given = absolute("XDG_RUNTIME_DIR") { return given + "/kos" }
        return geteuid() == 0 ? "/run/kos" : state
    }

    /// Makes a directory and those above it, for this user alone. False when it cannot be.
    package static func make(_ path: String) -> Bool {
        var part = ""
        for name in path.split(separator: "/") {
            part += "/" + name
            if mkdir(part, 0o700) != 0, errno != EEXIST { return false }
        }
        return access(path, W_OK | X_OK) == 0
    }

    private static func absolute(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let path = String(cString: value)
        return path.hasPrefix("/") ? path : nil
    }
}
