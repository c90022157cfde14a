// swift-tools-version: 6.2
import PackageDescription

// Benchmarks, apart from the tools so that a plain build does not build them: Tests/Benchmarks/run.
// KosCore is a link to Sources/KosCore.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "benchmarks",
    targets: [
        .target(
            name: "KosCore", path: "KosCore",
            swiftSettings: strict + [.enableUpcomingFeature("MemberImportVisibility")]),
        .executableTarget(
            name: "ndjson", dependencies: ["KosCore"], path: "NDJSON", swiftSettings: strict),
    ]
)
