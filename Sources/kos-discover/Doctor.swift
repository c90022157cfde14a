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

    private mutating func tell(
        _ name: String, _ state: CheckRecord.State, _ found: String, _ hint: String? = nil
    ) throws {
        if state == .bad || worst == .good { worst = state }
        try io.output.write(
            CheckRecord(
                timestamp: SystemClock.timestamp, name: name, state: state, found: found, hint: hint
            ))
    }

    private mutating func checkTools() throws {
        let names = [
            "kos-discover", "kos-route", "kos-send", "kos-relay", "kos-lora", "kos-capture",
        ]
        let absent = names.filter { HostFacts.program($0) == nil }
        guard absent.isEmpty else {
            return try tell(
                "tools", .limited, "not beside this one, nor on the PATH: "
                    + absent.joined(separator: ", "), "install them, or set PATH")
        }
        try tell("tools", .good, "all six are installed; this is \(Version.toolkit)")
    }

    private mutating func checkIdentity() throws {
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

    private mutating func checkFolders() throws {
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

    private mutating func checkClock() throws {
        switch HostFacts.isClockSynchronized {
        case true: try tell("clock", .good, "kept by a time service")
        case false:
            try tell(
                "clock", .limited,
                "nothing keeps it right; signed packets count for two minutes only",
                "run chrony or systemd-timesyncd")
        case nil: try tell("clock", .limited, "whether something keeps it right is not told")
        }
    }

    private mutating func checkDescriptors() throws {
        guard let (now, most) = HostFacts.descriptorLimit else { return }
        let isFine = now >= 1024
        try tell(
            "descriptors", isFine ? .good : .limited, "\(now) open files, \(most) if asked for",
            isFine ? nil : "ulimit -n 1024")
    }

    private mutating func checkNetwork() throws {
        let names = HostFacts.multicastInterfaces
        guard names.isEmpty else {
            return try tell("interfaces", .good, names.joined(separator: ", "))
        }
        try tell(
            "interfaces", .limited, "only the loopback is up: peers on this host alone",
            "ip link set IF up")
    }

    private mutating func checkRelay() throws {
        let isFree = HostFacts.isFree(tcpPort: Endpoint.defaultPort)
        if let path = try? io.directories.file("relay.sock", in: .runtime),
            ControlSocket.isAnswered(path)
        {
            return try tell("relay", .good, "one answers at \(path)")
        }
        try tell(
            "relay", isFree ? .good : .limited,
            isFree
                ? "none runs; port \(Endpoint.defaultPort) is free"
                : "port \(Endpoint.defaultPort) is taken by another program or user",
            isFree ? nil : "name another port with kos-relay --listen")
    }

    private mutating func checkCapture() throws {
        guard HostFacts.hasLibrary("libpcap.so.0.8") || HostFacts.hasLibrary("libpcap.so.1") else {
            return try tell(
                "capture", .limited, "libpcap is not installed: files only",
                "apt-get install libpcap0.8")
        }
        guard let program = HostFacts.program("kos-capture") else { return }
        let may = HostFacts.mayCapture(program)
        try tell(
            "capture", may ? .good : .limited,
            may ? "live and from files" : "files only: this user may not open interfaces",
            may ? nil : "sudo setcap cap_net_raw+ep \(program)")
    }

    private mutating func checkCustody() throws {
        let isThere = HostFacts.hasLibrary("libsqlite3.so.0")
        try tell(
            "custody", isThere ? .good : .limited,
            isThere ? "packets can be kept" : "libsqlite3 is not installed: no kos-relay --custody",
            isThere ? nil : "apt-get install libsqlite3-0")
    }
}
