import KosCore
import KosRadio
import KosTool

/// kos-lora as Wireshark's extcap: linked or copied into its extcap directory, every modem is an
/// interface there. The protocol is Wireshark's doc/extcap.4.
enum Extcap {
    /// Whether the arguments are Wireshark's.
    static func isAsked(_ arguments: [String]) -> Bool {
        arguments.contains { $0.hasPrefix("--extcap-") } || arguments.contains("--capture")
    }

    /// The answers that need no capture; nil when one is to be made.
    static func answer(_ arguments: [String]) -> String? {
        if arguments.contains("--extcap-interfaces") { return interfaces() }
        if arguments.contains("--extcap-dlts") {
            return "dlt {number=\(LoRaTap.linkType)}{name=LORATAP}{display=LoRaTap}\n"
        }
        if arguments.contains("--extcap-config") { return config }
        return nil
    }

    private static func interfaces() -> String {
        var text = "extcap {version=\(Version.toolkit)}{display=kOS LoRa}\n"
        for port in SerialPorts.all() {
            let display = port.description ?? "LoRa modem"
            text += "interface {value=kos-lora-\(port.path)}{display=\(display)}\n"
        }
        return text + "interface {value=kos-lora-sim:}{display=Simulated LoRa radio}\n"
    }

    private static let config = """
        arg {number=0}{call=--frequency}{display=Frequency}{type=string}{default=868.1M}
        arg {number=1}{call=--sf}{display=Spreading factor}{type=integer}{range=5,12}{default=7}
        arg {number=2}{call=--bandwidth}{display=Bandwidth}{type=string}{default=125k}
        arg {number=3}{call=--driver}{display=Dialect}{type=string}{default=}
        arg {number=4}{call=--region}{display=Region}{type=string}{default=EU868}

        """

    /// The same call as `kos-lora listen`, with the FIFO as the capture file.
    static func translated(_ arguments: [String]) -> [String] {
        var result = ["listen", "--frames", "-q"]
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            let value = index + 1 < arguments.count ? arguments[index + 1] : ""
            switch argument {
            case "--capture":
                index += 1
                continue
            case "--extcap-interface":
                let name = value.hasPrefix("kos-lora-") ? String(value.dropFirst(9)) : value
                result += ["-p", name]
            case "--fifo": result += ["--pcap", value]
            case "--extcap-capture-filter", "--extcap-version": break
            default:
                if !value.isEmpty { result += [argument, value] }
            }
            index += 2
        }
        return result
    }
}
