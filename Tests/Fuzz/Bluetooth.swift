// libFuzzer target: what a device in reach may send. The last octet says how it comes: as an
// advertisement, an event of the kernel's, a service record or question, or a unit of a channel.
import KosCore

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    var octets = Array(UnsafeBufferPointer(start: start, count: count))
    guard let way = octets.popLast() else { return 0 }
    switch way & 3 {
    case 0:
        let data = AdvertisingData(octets)
        guard AdvertisingData(data.octets).structures == data.structures else {
            fatalError("advertising data changed on its way")
        }
        if let service = data.service, ServiceAdvertisement(service.data) != service {
            fatalError("service data changed on its way")
        }
        _ = data.name
    case 1:
        _ = ManagementEvent(octets)
        _ = AdapterInformation(octets)
        _ = AdvertisingFeatures(octets)
    case 2:
        if let element = DataElement(octets) {
            guard DataElement(element.octets) == element else {
                fatalError("a data element changed on its way")
            }
            _ = ServiceRecord(element)?.port
        }
        var directory = ServiceDirectory()
        directory.records = [ServiceRecord(handle: 1, name: "a", at: .serial(channel: 3))]
            .compactMap { $0 }
        guard directory.answer(to: octets, limit: 672).count <= 672 else {
            fatalError("longer than the channel takes")
        }
        var query = ServiceQuery(service: ServiceAdvertisement.service, transaction: 1)
        _ = query.take(octets)
    default:
        guard let own = NodeID(publicKey: Array(repeating: 1, count: 32)) else { return 0 }
        var link = BluetoothLink(own: own, mtu: 672, seed: 1) {
            $0.publicKey.map { Array($0.prefix(16)) }
        }
        var outputs: [BluetoothLink.Output] = []
        var stream = UnitStream()
        for unit in stream.take(octets) + [octets] {
            link.handle(.unit(unit), at: .zero, into: &outputs)
        }
        link.advance(to: .zero + .seconds(30), into: &outputs)
        guard outputs.count < 100_000 else { fatalError("without bounds") }
    }
    return 0
}
