import KosCore
import KosNet
import KosTool

/// `--doctor`: what works on this host, what does not, and the cure.
struct Doctor {
    let io: ToolIO
    private var worst = CheckRecord.State.good

    init(_ io: ToolIO) { self.io = io }

    /// Status 1 when something is bad; what is merely limited is no trouble.
    mutating func run() throws -> ExitStatus {
        try checkTools()
        try checkIdentity()
        try checkFolders()
        try checkClock()
        try checkDescriptors()
        try checkNetwork()
        try checkRelay()
        try checkCapture()
        try checkCustody()
        try MethodSurvey.each { name, reason, hint in
            try tell(
                name.rawValue, reason == nil ? .good : .limited, reason ?? "can find peers here",
                hint)
        }
        return worst == .bad ? .no : .yes
    }

    mutating func tell(
        _ name: String, _ state: CheckRecord.State, _ found: String, _ hint: String? = nil
    ) throws {
        if state == .bad || worst == .good { worst = state }
        try io.output.write(
            CheckRecord(
                timestamp: SystemClock.timestamp, name: name, state: state, found: found, hint: hint
            ))
    }

    mutating func checkTools() throws {
        let names = [
            "kos-discover", "kos-route", "kos-send", "kos-relay", "kos-lora", "kos-capture",
        ]
        let absent = names.filter { HostFacts.program($0) == nil }
        guard absent.isEmpty else {
            return try tell(
                "tools", .limited,
                "not beside this one, nor on the PATH: "
                    + absent.joined(separator: ", "), "install them, or set PATH")
        }
        try tell("tools", .good, "all six are installed; this is \(Version.toolkit)")
    }

    mutating func checkIdentity() throws {
        guard let path = try? io.directories.file("identity.pem", in: .data) else {
            return try tell("identity", .bad, "no place for the key", "set HOME or XDG_DATA_HOME")
        }
        guard let mode = HostFacts.mode(of: path) else {
            return try tell("identity", .good, "no key yet; it is made when it is needed")
        }
        guard mode & 0o077 == 0 else {
            let bits = String(mode, radix: 8)
            return try tell(
                "identity", .bad, "\(path) has mode \(bits): others can read the key",
                "chmod 600 \(path)")
        }
        do {
            try tell("identity", .good, Authenticity.identity(io).node.text)
        } catch let failure as NodeIdentity.Failure {
            try tell("identity", .bad, failure.message, "move the file away; a new key is made")
        }
    }

    mutating func checkFolders() throws {
        for kind in [StateDirectories.Kind.config, .data, .state, .runtime] {
            let name = "\(kind.rawValue)Folder"
            guard let path = io.directories.path(kind) else {
                try tell(name, .bad, "there is no place for it", "set HOME")
                continue
            }
            let isFine = kind == .config || HostFacts.canWrite(below: path)
            if isFine, kind == .runtime, !path.hasPrefix("/run/"),
                let note = io.directories.runtimeNote
            {
                try tell(name, .limited, note, "set XDG_RUNTIME_DIR")
                continue
            }
            try tell(
                name, isFine ? .good : .bad, isFine ? path : "\(path) cannot be written",
                isFine ? nil : "give it to this user, or set the XDG variable")
        }
    }
}
