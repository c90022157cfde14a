import Glibc

/// Where a user's tools keep what outlives a run (XDG Base Directory Specification 0.8), always the
/// folder `kos` in them: relative values are ignored as the specification says.
package struct StateDirectories: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// `config.json`.
        case config
        /// The identity key.
        case data
        /// Peer cache, duty-cycle ledger, stored packets.
        case state
        /// Sockets and locks; gone after a reboot.
        case runtime
    }

    private let home: String?
    private let given: [Kind: String]
    private let isRoot: Bool

    /// From the environment of the process.
    package init() {
        func value(_ name: String) -> String? {
            getenv(name).map { String(cString: $0) }
        }
        self.init(environment: value, isRoot: geteuid() == 0)
    }

    package init(environment: (String) -> String?, isRoot: Bool) {
        func absolute(_ name: String) -> String? {
            environment(name).flatMap { $0.hasPrefix("/") ? $0 : nil }
        }
        home = absolute("HOME")
        self.isRoot = isRoot
        var given: [Kind: String] = [:]
        for kind in Kind.allCases {
            given[kind] = absolute(
                kind == .runtime ? "XDG_RUNTIME_DIR" : "XDG_\(kind.rawValue.uppercased())_HOME")
        }
        self.given = given
    }

    /// The folder, whether it is there or not; nil when neither HOME nor the XDG variable is set.
    package func path(_ kind: Kind) -> String? {
        if let base = given[kind] { return base + "/kos" }
        switch kind {
        case .config: return home.map { $0 + "/.config/kos" }
        case .data: return home.map { $0 + "/.local/share/kos" }
        case .state: return home.map { $0 + "/.local/state/kos" }
        // Cron sets no runtime directory: root has /run, others their state directory.
        case .runtime: return isRoot ? "/run/kos" : path(.state)
        }
    }

    /// A note that is due (`-v`) where the runtime directory is not the one that was asked for.
    package var runtimeNote: String? {
        guard given[.runtime] == nil, let path = path(.runtime) else { return nil }
        return "XDG_RUNTIME_DIR is not set; sockets and locks are in \(path)"
    }

    /// Where the file is, or would be; fails with status 3 where there is no place for it.
    package func file(_ name: String, in kind: Kind) throws(ToolFailure) -> String {
        guard let path = path(kind) else {
            let variable =
                kind == .runtime ? "XDG_RUNTIME_DIR" : "XDG_\(kind.rawValue.uppercased())_HOME"
            throw ToolFailure(
                .failure, code: "noHome", "no place for \(name): HOME is not set",
                hint: "set HOME or \(variable)")
        }
        return path + "/" + name
    }

    /// The same, with the folder made (0700) where it was missing.
    package func prepared(_ name: String, in kind: Kind) throws(ToolFailure) -> String {
        let file = try file(name, in: kind)
        let folder = String(file.dropLast(name.utf8.count + 1))
        try StateDirectories.make(folder)
        return file
    }

    private static func make(_ folder: String) throws(ToolFailure) {
        guard mkdir(folder, 0o700) != 0, errno != EEXIST else { return }
        let failure = errno
        guard failure == ENOENT, let cut = folder.lastIndex(of: "/"), cut != folder.startIndex
        else {
            throw .system("cannotCreate", folder, number: failure)
        }
        try make(String(folder[..<cut]))
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw .system("cannotCreate", folder)
        }
    }
}
