/// The dialects that modems speak.
package enum LoRaDriver: String, Hashable, Sendable, CaseIterable {
    case rnode, kiss, meshcore, gwmp, meshtastic, rylr, rui3, rn2xx3, rf95, ebyte, sim

    /// The text dialect of the same name.
    private var dialect: ATDialect? { ATDialect(rawValue: rawValue) }

    /// Speed of a serial line that the modems have from the factory.
    package var baud: Int {
        if self == .ebyte { return 9600 }
        return dialect?.baud ?? 115_200
    }

    /// The port where one is usual: the modem's own TCP server, or the datagrams of gateways.
    package var defaultPort: UInt16? {
        switch self {
        case .rnode: 7633
        case .gwmp: 1700
        case .meshtastic: 4403
        case .sim: 47471
        default: nil
        }
    }

    /// Whether the dialect goes in datagrams.
    package var isDatagram: Bool { self == .gwmp || self == .sim }
}

extension RadioAddress {
    /// The engine for the modem.
    package func modem(seed: UInt64) -> any Modem {
        switch driver {
        case .rnode: RNodeModem(settings, isPromiscuous: isRaw)
        case .kiss: KISSModem(settings, dialect: .plain)
        case .meshcore: KISSModem(settings, dialect: .meshcore)
        case .gwmp: GWMPServer(settings, allowed: gateways, seed: seed)
        case .meshtastic: MeshtasticModem(settings, isText: isRaw, seed: seed)
        case .rylr: ATModem(settings, dialect: .rylr, isRaw: isRaw)
        case .rui3: ATModem(settings, dialect: .rui3)
        case .rn2xx3: ATModem(settings, dialect: .rn2xx3)
        case .rf95: ATModem(settings, dialect: .rf95)
        case .ebyte: EbyteModem(settings)
        case .sim: SimulatedModem(settings, site: site, seed: seed)
        }
    }
}

/// Where a modem is and how it is to be set, from one URI:
/// `lora:/dev/ttyUSB0?driver=rnode&freq=868.1M&sf=8`, `lora:tcp://HOST:7633`, or a bare device
/// path.
package struct RadioAddress: Hashable, Sendable {
    package enum Line: Hashable, Sendable {
        case serial(path: String)
        case tcp(host: String, port: UInt16)
        case udp(host: String, port: UInt16)
        /// All simulated radios of one port of this host.
        case simulation(port: UInt16)
    }
    package let line: Line
    package let driver: LoRaDriver
    package let settings: LoRaSettings
    package let region: LoRaRegion?
    /// Raw frames, without the dialect's own header.
    package let isRaw: Bool
    /// Speed of a serial line.
    package let baud: Int
    /// Gateways that may use a gwmp server; empty: all.
    package let gateways: Set<UInt64>
    /// Where a simulated radio stands.
    package let site: SimulatedModem.Site
    /// The address as messages and records name it: without the settings.
    package var name: String {
        switch line {
        case .serial(let path): path
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        case .udp(let host, let port): "udp://\(host):\(port)"
        case .simulation(let port):
            "sim:\(port)" + (site == SimulatedModem.Site() ? "" : "@\(site.x),\(site.y)")
        }
    }

    /// What holds where the URI says nothing.
    package struct Defaults: Sendable {
        package var driver: LoRaDriver?
        package var frequencyHz: Int?
        package var modulation: LoRaModulation
        package var powerDbm: Int?
        package var syncWord: UInt8 = LoRaSettings.privateSyncWord
        package var region: LoRaRegion?
        package var isRaw = false
        package var baud: Int?

        package init(modulation: LoRaModulation) { self.modulation = modulation }
    }

    package init(_ text: String, _ defaults: Defaults) throws(LoRaSettingError) {
        var rest = text[...]
        if rest.hasPrefix("lora:") { rest = rest.dropFirst(5) }
        var place = rest
        var query: [String: String] = [:]
        if let mark = rest.firstIndex(of: "?") {
            place = rest[..<mark]
            query = try RadioAddress.query(rest[rest.index(after: mark)...])
        }
        let given = try query["driver"].map { (name) throws(LoRaSettingError) in
            try RadioAddress.driver(name)
        }
        let driver = given ?? defaults.driver ?? RadioAddress.usualDriver(place)
        self.driver = driver
        line = try RadioAddress.line(place, driver)
        region =
            try query["region"].map { (name) throws(LoRaSettingError) in
                try LoRaRegion.named(name)
            } ?? defaults.region
        settings = try RadioAddress.settings(
            query, try RadioAddress.preset(query, defaults, driver, region), region)
        gateways = try RadioAddress.gateways(query["eui"])
        site = try RadioAddress.site(query)
        isRaw = query["raw"].map { $0 != "0" } ?? defaults.isRaw
        baud = query["baud"].flatMap { Int($0) } ?? defaults.baud ?? driver.baud
    }

    /// With Meshtastic's names the settings are those of a preset; a device of theirs has the usual
    /// one where nothing is said.
    private static func preset(
        _ query: [String: String], _ defaults: Defaults, _ driver: LoRaDriver,
        _ region: LoRaRegion?
    ) throws(LoRaSettingError) -> Defaults {
        let isPlain = try defaults.modulation == LoRaModulation() && defaults.frequencyHz == nil
        let usual = driver == .meshtastic && isPlain ? MeshtasticPreset.longFast.name : nil
        guard let name = query["preset"] ?? usual else { return defaults }
        guard let preset = MeshtasticPreset(named: name) else {
            throw LoRaSettingError(
                "preset", got: name,
                legal: MeshtasticPreset.allCases.map(\.name).joined(separator: ", "))
        }
        var result = defaults
        result.modulation = try preset.modulation()
        result.syncWord = MeshtasticPreset.syncWord
        result.frequencyHz =
            defaults.frequencyHz ?? preset.frequency(in: region ?? defaults.region ?? .eu868)
        return result
    }

    package static func driver(_ name: String) throws(LoRaSettingError) -> LoRaDriver {
        guard let driver = LoRaDriver(rawValue: name.lowercased()) else {
            let all = LoRaDriver.allCases.map(\.rawValue).joined(separator: ", ")
            throw LoRaSettingError("driver", got: name, legal: all)
        }
        return driver
    }

    private static func usualDriver(_ place: Substring) -> LoRaDriver {
        if place.hasPrefix("sim:") || place == "sim" { return .sim }
        return place.hasPrefix("udp://") ? .gwmp : .rnode
    }

    /// `0016c001ff10a235,…`
    private static func gateways(_ text: String?) throws(LoRaSettingError) -> Set<UInt64> {
        var gateways: Set<UInt64> = []
        for part in text?.split(separator: ",") ?? [] {
            guard part.count == 16, let eui = UInt64(part, radix: 16) else {
                throw LoRaSettingError(
                    "eui", got: String(part), legal: "16 hexadecimal digits, with commas between")
            }
            gateways.insert(eui)
        }
        return gateways
    }

    private static func site(
        _ query: [String: String]
    ) throws(LoRaSettingError) -> SimulatedModem.Site {
        var site = SimulatedModem.Site()
        func number(
            _ name: String, _ legal: ClosedRange<Double>, _ fallback: Double
        ) throws(LoRaSettingError) -> Double {
            guard let text = query[name] else { return fallback }
            guard let value = Double(text), legal.contains(value) else {
                throw LoRaSettingError(
                    name, got: text, legal: "\(legal.lowerBound) to \(legal.upperBound)")
            }
            return value
        }
        site.x = try number("x", -1e7...1e7, 0)
        site.y = try number("y", -1e7...1e7, 0)
        site.pathLossExponent = try number("exponent", 1...6, site.pathLossExponent)
        site.loss = try number("loss", 0...1, 0)
        return site
    }

    private static func query(_ text: Substring) throws(LoRaSettingError) -> [String: String] {
        let known = [
            "driver", "freq", "sf", "bw", "cr", "power", "sync", "preamble", "region", "raw",
            "baud",
            "preset", "eui", "x", "y", "exponent", "loss",
        ]
        var query: [String: String] = [:]
        for part in text.split(separator: "&").prefix(32) {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, known.contains(String(pair[0])) else {
                let names = known.joined(separator: ", ")
                throw LoRaSettingError("setting", got: String(part), legal: "\(names), each with =")
            }
            query[String(pair[0])] = String(pair[1])
        }
        return query
    }

    private static func line(
        _ place: Substring, _ driver: LoRaDriver
    ) throws(LoRaSettingError) -> Line {
        if driver == .sim {
            let text = place.drop { $0 != ":" }.dropFirst()
            guard let port = text.isEmpty ? driver.defaultPort : UInt16(text), port > 0 else {
                throw LoRaSettingError("channel", got: String(text), legal: "sim: or sim:PORT")
            }
            return .simulation(port: port)
        }
        for scheme in ["tcp", "udp"] where place.hasPrefix("\(scheme)://") {
            let host = place.dropFirst(6)
            let end = host.lastIndex(of: ":") ?? host.endIndex
            var name = host[..<end]
            let given =
                end < host.endIndex ? UInt16(host[host.index(after: end)...]) : driver.defaultPort
            if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
            guard let port = given, !name.isEmpty, (scheme == "udp") == driver.isDatagram else {
                throw LoRaSettingError(
                    "address", got: String(place),
                    legal: "\(driver.isDatagram ? "udp" : "tcp")://HOST:PORT for \(driver.rawValue)"
                )
            }
            return scheme == "tcp"
                ? .tcp(host: String(name), port: port) : .udp(host: String(name), port: port)
        }
        guard place.hasPrefix("/"), !driver.isDatagram else {
            throw LoRaSettingError(
                "port", got: String(place),
                legal: "a device path, tcp://HOST:PORT, udp://HOST:PORT (gwmp), sim:, or lora:…")
        }
        return .serial(path: String(place))
    }

    private static func settings(
        _ query: [String: String], _ defaults: Defaults, _ region: LoRaRegion?
    ) throws(LoRaSettingError) -> LoRaSettings {
        func number(_ name: String, _ fallback: Int) throws(LoRaSettingError) -> Int {
            guard let text = query[name] else { return fallback }
            guard let value = Int(text) else {
                throw LoRaSettingError(name, got: text, legal: "a whole number")
            }
            return value
        }
        func hertz(
            _ name: String, _ unit: Int, _ below: Double, _ fallback: Int
        ) throws(LoRaSettingError) -> Int {
            guard let text = query[name] else { return fallback }
            guard let value = LoRaFrequency.parse(text, bareUnit: unit, bareUnitBelow: below)
            else { throw LoRaSettingError(name, got: text, legal: "868.1M, 125k, 868100000") }
            return value
        }
        let base = defaults.modulation
        var rate = base.codingRate
        if let text = query["cr"] {
            guard let value = LoRaModulation.codingRate(text) else {
                throw LoRaSettingError("cr", got: text, legal: "5 to 8, or 4/5 to 4/8")
            }
            rate = value
        }
        let modulation = try LoRaModulation(
            spreadingFactor: try number("sf", base.spreadingFactor),
            bandwidthHz: try hertz("bw", 1000, 2000, base.bandwidthHz), codingRate: rate,
            preambleSymbols: try number("preamble", base.preambleSymbols),
            explicitHeader: base.explicitHeader, crc: base.crc, chip: base.chip,
            lowDataRateRule: base.lowDataRateRule)
        let fallback = defaults.frequencyHz ?? (region ?? .eu868).defaultFrequencyHz
        let frequency = try hertz("freq", 1_000_000, 10_000, fallback)
        try LoRaSettingError.check("frequency in Hz", frequency, in: 137_000_000...2_500_000_000)
        let power = try number("power", defaults.powerDbm ?? 14)
        try LoRaSettingError.check("power in dBm", power, in: -9...30)
        let sync = try number("sync", Int(defaults.syncWord))
        try LoRaSettingError.check("sync word", sync, in: 0...255)
        return LoRaSettings(
            frequencyHz: frequency, modulation: modulation, powerDbm: power,
            syncWord: UInt8(truncatingIfNeeded: sync))
    }
}
