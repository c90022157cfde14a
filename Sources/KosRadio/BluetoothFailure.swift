import Glibc

/// Why Bluetooth cannot be had here, and the cure: each on one line.
package struct BluetoothFailure: Error, Sendable, CustomStringConvertible {
    package let reason: String
    package let cure: String

    package init(_ reason: String, cure: String) {
        self.reason = reason
        self.cure = cure
    }

    package var description: String { "\(reason); \(cure)" }

    /// What the kernel says to a socket.
    static func socket(_ code: Int32) -> BluetoothFailure {
        switch code {
        case EAFNOSUPPORT, EPROTONOSUPPORT:
            BluetoothFailure(
                "this kernel has no Bluetooth (errno \(code))",
                cure: "plug an adapter in and load its driver (modprobe btusb)")
        case EPERM, EACCES:
            BluetoothFailure(
                "this user may not use the Bluetooth adapter",
                cure: "run as root, or setcap cap_net_admin,cap_net_raw+ep on the tool")
        case EADDRINUSE:
            BluetoothFailure(
                "another program listens there already", cure: "give another psm or channel")
        default:
            BluetoothFailure(String(cString: strerror(code)), cure: "see dmesg and btmon")
        }
    }

    static let noAdapter = BluetoothFailure(
        "there is no Bluetooth adapter", cure: "plug one in; btmgmt info lists them")
}
