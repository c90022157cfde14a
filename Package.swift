// swift-tools-version: 6.2
import PackageDescription

// Three lists: the pure core, the adapters (one for each linker flag), the tools.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func core(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies,
        swiftSettings: strict + [
            .strictMemorySafety(), .enableUpcomingFeature("MemberImportVisibility"),
        ])
}

func tool(_ name: String, _ adapters: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: ["KosCore", "KosTool"] + adapters, swiftSettings: strict,
        // Swift's static library exports 34,000 symbols that nobody looks up: every start pays.
        linkerSettings: [.unsafeFlags(["-Xlinker", "--no-export-dynamic"])])
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOWebSocket", package: "swift-nio"),
    .product(name: "NIOTLS", package: "swift-nio"),
    .product(name: "NIOSSL", package: "swift-nio-ssl"),
]

let package = Package(
    name: "kos",
    products: ["kos-discover", "kos-route", "kos-send", "kos-relay", "kos-lora", "kos-capture"]
        .map { .executable(name: $0, targets: [$0]) },
    traits: [
        .trait(name: "WebRTC", description: "WebRTC data channels (usrsctp, OpenSSL)"),
        .trait(name: "NATS", description: "A NATS backplane between relays (libnats)"),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        // The core: every decision, and nothing but the Swift standard library. Two wings that
        // nothing in it needs stand apart, so that a change in them compiles alone.
        core("KosCore"),
        core("KosCapture", ["KosCore"]),
        core("KosSimulation", ["KosCore"]),

        // The adapters.
        .target(name: "KosTool", dependencies: ["KosCore", "CLinux"], swiftSettings: strict),
        .target(name: "KosCrypto", dependencies: ["KosCore", crypto], swiftSettings: strict),
        .target(
            name: "KosNet", dependencies: ["KosCore", "KosCrypto", crypto] + nio,
            swiftSettings: strict),
        .target(name: "KosRadio", dependencies: ["KosCore", "CBluetooth"], swiftSettings: strict),
        .target(name: "KosMDNS", dependencies: ["KosCore", "CAvahi"], swiftSettings: strict),
        .target(name: "KosStore", dependencies: ["KosCore", "CSQLite"], swiftSettings: strict),
        // Empty without its trait: then libnats need not be there.
        .target(
            name: "KosNATS",
            dependencies: ["KosCore", .target(name: "CNats", condition: .when(traits: ["NATS"]))],
            swiftSettings: strict),
        .target(
            name: "KosPcap", dependencies: ["KosCore", "KosCapture", "CPcap"],
            swiftSettings: strict),
        // Without its trait it says so, and needs none of the libraries below it.
        .target(
            name: "KosWebRTC",
            dependencies: [
                "KosCore", "KosCrypto", "KosNet", crypto, nio[0], nio[1],
                .target(name: "COpenSSL", condition: .when(traits: ["WebRTC"])),
                .target(name: "CUsrsctp", condition: .when(traits: ["WebRTC"])),
            ],
            swiftSettings: strict),
        .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CUsrsctp", providers: [.apt(["libusrsctp-dev"])]),
        .systemLibrary(name: "CLinux"),
        // Not by pkg-config, which would link libavahi-client and libpcap: these are loaded when
        // they are wanted, and so are the libraries of the traits.
        .systemLibrary(name: "CAvahi", providers: [.apt(["libavahi-client-dev"])]),
        .systemLibrary(
            name: "CBluetooth", pkgConfig: "bluez", providers: [.apt(["libbluetooth-dev"])]),
        .systemLibrary(
            name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CNats", providers: [.apt(["libnats-dev"])]),
        .systemLibrary(name: "CPcap", providers: [.apt(["libpcap-dev"])]),

        // The tools.
        tool("kos-discover", ["KosCrypto", "KosNet", "KosRadio", "KosMDNS"]),
        tool("kos-route", ["KosSimulation"]),
        tool("kos-send", ["KosCrypto", "KosNet", "KosRadio", "KosWebRTC"]),
        tool(
            "kos-relay",
            [
                "KosCrypto", "KosNet", "KosMDNS", "KosNATS", "KosRadio", "KosStore",
                "KosSimulation", "KosWebRTC",
            ]),
        tool("kos-lora", ["KosCrypto", "KosNet", "KosRadio"]),
        tool("kos-capture", ["KosCapture", "KosCrypto", "KosPcap"]),

        tests("KosCoreTests", ["KosCore", "KosSimulation"]),
        tests("KosCaptureTests", ["KosCore", "KosCapture"]),
        tests("KosSimulationTests", ["KosCore", "KosSimulation"]),
        tests("KosNetTests", ["KosCore", "KosCrypto", "KosNet", crypto]),
        tests("KosWebRTCTests", ["KosCore", "KosNet", "KosWebRTC", nio[0], nio[1]]),
    ]
)
