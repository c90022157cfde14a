/// Where on a device a service is: the number after the address in an endpoint. The three kinds
/// have numbers of their own, so that one number tells all.
package enum BluetoothPort: Hashable, Sendable {
    /// A credit-based channel of Low Energy: a dynamic SPSM (Vol 3 Part A §4.22).
    case lowEnergy(psm: UInt16)
    /// A channel of the classic link: a dynamic PSM (Vol 3 Part A §4.2).
    case classic(psm: UInt16)
    /// RFCOMM (RFCOMM 1.2 §5.4).
    case serial(channel: UInt8)

    /// The SPSM at which nodes listen where none is said.
    package static let usual = BluetoothPort.lowEnergy(psm: 0x80)
    /// The same for the classic link.
    package static let usualClassic = BluetoothPort.classic(psm: 0x1081)

    package init?(_ number: Int) {
        switch number {
        case 1...30: self = .serial(channel: UInt8(number))
        case 0x80...0xFF: self = .lowEnergy(psm: UInt16(number))
        // The lowest octet is odd, the highest one even.
        case 0x1001...0xFFFF where number & 0x0101 == 1: self = .classic(psm: UInt16(number))
        default: return nil
        }
    }

    package var number: Int {
        switch self {
        case .lowEnergy(let psm), .classic(let psm): Int(psm)
        case .serial(let channel): Int(channel)
        }
    }

    package var isLowEnergy: Bool {
        if case .lowEnergy = self { true } else { false }
    }

    /// As it stands in the query of an endpoint.
    package var name: String {
        if case .serial = self { return "channel" }
        return "psm"
    }
}
