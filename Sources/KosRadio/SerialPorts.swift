import CBluetooth
import Glibc
import KosCore

/// Serial lines of this host that may be modems: USB ones, found in sysfs, with their lasting
/// names.
package enum SerialPorts {
    package struct Port: Hashable, Sendable {
        package let path: String
        package let usbId: String
        package let description: String?
        package let byId: String?
    }

    /// Under another root for tests.
    package static func all(root: String = "") -> [Port] {
        let names = entries(root + "/sys/class/tty").filter {
            $0.hasPrefix("ttyUSB") || $0.hasPrefix("ttyACM")
        }
        let links = lastingNames(root)
        return names.sorted().compactMap { port($0, root, links) }
    }

    private static func port(_ name: String, _ root: String, _ links: [String: String]) -> Port? {
        // The USB device is one to three directories above the line's own.
        var place = root + "/sys/class/tty/\(name)/device"
        for _ in 0..<4 {
            if let vendor = text(place + "/idVendor"), let product = text(place + "/idProduct") {
                let words = [text(place + "/manufacturer"), text(place + "/product")]
                let description = words.compactMap { $0 }.joined(separator: " ")
                return Port(
                    path: "/dev/" + name, usbId: vendor + ":" + product,
                    description: description.isEmpty ? nil : description, byId: links[name])
            }
            place += "/.."
        }
        return nil
    }

    private static func lastingNames(_ root: String) -> [String: String] {
        let place = root + "/dev/serial/by-id"
        var names: [String: String] = [:]
        for entry in entries(place) {
            var target = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(place + "/" + entry, &target, target.count - 1)
            guard count > 0 else { continue }
            let octets = target[..<count].map { UInt8(bitPattern: $0) }
            let path = String(decoding: octets, as: UTF8.self)
            if let last = path.split(separator: "/").last {
                names[String(last)] = "/dev/serial/by-id/" + entry
            }
        }
        return names
    }

    private static func entries(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    /// The first line of a small file, without its end.
    private static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &octets, octets.count)
        guard count > 0 else { return nil }
        let line = octets[..<count].prefix { $0 != 0x0A }
        return String(decoding: line, as: UTF8.self)
    }
}
