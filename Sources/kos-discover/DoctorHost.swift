import KosCore
import KosNet
import KosTool

/// What the system, its network and its libraries say.
extension Doctor {
    mutating func checkClock() throws {
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

    mutating func checkDescriptors() throws {
        guard let (now, most) = HostFacts.descriptorLimit else { return }
        let isFine = now >= 1024
        try tell(
            "descriptors", isFine ? .good : .limited, "\(now) open files, \(most) if asked for",
            isFine ? nil : "ulimit -n 1024")
    }

    mutating func checkNetwork() throws {
        let names = HostFacts.multicastInterfaces
        guard names.isEmpty else {
            return try tell("interfaces", .good, names.joined(separator: ", "))
        }
        try tell(
            "interfaces", .limited, "only the loopback is up: peers on this host alone",
            "ip link set IF up")
    }

    mutating func checkRelay() throws {
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

    mutating func checkCapture() throws {
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

    mutating func checkCustody() throws {
        let isThere = HostFacts.hasLibrary("libsqlite3.so.0")
        try tell(
            "custody", isThere ? .good : .limited,
            isThere ? "packets can be kept" : "libsqlite3 is not installed: no kos-relay --custody",
            isThere ? nil : "apt-get install libsqlite3-0")
    }
}
