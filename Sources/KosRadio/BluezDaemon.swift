import KosCore

/// bluetoothd, where it runs: it shares its adapter with this user, by D-Bus (BlueZ doc/*-api.txt).
final class BluezDaemon {
    struct Device {
        let address: BluetoothAddress
        let name: String?
        let rssi: Int?
        let service: ServiceAdvertisement?
        /// Whether it was heard on the classic link.
        let isClassic: Bool
    }
    private static let service = "org.bluez"
    private static let uuid = "2ceb8a4e-2053-4676-a14b-8f626df9c1c3"
    private let bus: SystemBus
    private let adapter: String

    /// Nil where no daemon has this adapter.
    init?(_ adapter: BluetoothAdapter) {
        guard let bus = SystemBus() else { return nil }
        self.bus = bus
        self.adapter = "/org/bluez/\(adapter.name)"
        guard objects()?[self.adapter]?.table?["org.bluez.Adapter1"] != nil else { return nil }
    }

    private func objects() -> [String: SystemBus.Value]? {
        bus.call(
            BluezDaemon.service, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"
        )?.first?.table
    }

    /// Looks for devices of both kinds; false where the daemon refuses.
    func startDiscovery() -> Bool {
        let isFiltered = bus.call(
            BluezDaemon.service, adapter, "org.bluez.Adapter1", "SetDiscoveryFilter",
            { bus, message in
                bus.container("a", "{sv}", in: message) {
                    bus.entry("Transport", "s", in: message) { bus.append("auto", to: message) }
                }
            })
        let answer = bus.call(
            BluezDaemon.service, adapter, "org.bluez.Adapter1", "StartDiscovery")
        return isFiltered != nil && answer != nil
    }

    func stopDiscovery() {
        _ = bus.call(BluezDaemon.service, adapter, "org.bluez.Adapter1", "StopDiscovery")
    }

    /// Devices that are in reach now.
    func devices() -> [Device] {
        (objects() ?? [:]).compactMap { path, interfaces in
            guard path.hasPrefix(adapter + "/"),
                let device = interfaces.table?["org.bluez.Device1"]?.table,
                // Told as long as the device is heard.
                device["RSSI"] != nil,
                let text = device["Address"]?.text
            else { return nil }
            let isRandom = device["AddressType"]?.text == "random"
            guard let address = BluetoothAddress(text + (isRandom ? "/random" : "")) else {
                return nil
            }
            let data = device["ServiceData"]?.table?[BluezDaemon.uuid]?.octets
            let rssi = device["RSSI"]?.number
            return Device(
                address: address, name: device["Name"]?.text, rssi: rssi == 127 ? nil : rssi,
                service: data.flatMap {
                    ServiceAdvertisement(ServiceAdvertisement.service.reversed() + $0)
                },
                // The class of device is told on the classic link alone.
                isClassic: device["Class"] != nil)
        }
    }
}
