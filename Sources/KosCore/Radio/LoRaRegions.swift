// The tables of the law. Each row says where its numbers stand; a regulation changes, so does a
// row.

extension LoRaRegion {
    package static let all: [LoRaRegion] = [eu868, us915, eu433, au915, as923, in865, kr920]

    package static let eu868 = LoRaRegion(
        "EU868", defaultHz: 868_100_000,
        source: "ERC/REC 70-03 annex 1 h; ETSI EN 300 220-2 V3.2.1 table B.1",
        [
            SubBand("k", ["g0"], 863_000_000...865_000_000, powerDbm: 14, .erp, .duty(0.001)),
            SubBand("l", ["g"], 865_000_000...868_000_000, powerDbm: 14, .erp, .duty(0.01)),
            SubBand("g1", ["m"], 868_000_000...868_600_000, powerDbm: 14, .erp, .duty(0.01)),
            SubBand("g2", ["n"], 868_700_000...869_200_000, powerDbm: 14, .erp, .duty(0.001)),
            SubBand("g3", ["p"], 869_400_000...869_650_000, powerDbm: 27, .erp, .duty(0.1)),
            SubBand("g4", ["q"], 869_700_000...870_000_000, powerDbm: 14, .erp, .duty(0.01)),
            SubBand("g4-5mw", ["r"], 869_700_000...870_000_000, powerDbm: 7, .erp, .duty(1)),
        ])

    package static let eu433 = LoRaRegion(
        "EU433", defaultHz: 433_175_000,
        source: "ERC/REC 70-03 annex 1 f; ETSI EN 300 220-2 V3.2.1 table B.1",
        [SubBand("f", [], 433_050_000...434_790_000, powerDbm: 10, .erp, .duty(0.1))])

    package static let us915 = LoRaRegion(
        "US915", defaultHz: 914_900_000, source: "47 CFR 15.247 (a)(1)(i), (a)(2), (b)",
        [
            // 50 channels or more, each below 250 kHz.
            SubBand(
                "hop50", [], 902_000_000...928_000_000, powerDbm: 30, .conducted,
                .dwell(ms: 400, windowMs: 20_000), bandwidths: 0...249_999),
            // 25 to 49 channels.
            SubBand(
                "hop25", [], 902_000_000...928_000_000, powerDbm: 24, .conducted,
                .dwell(ms: 400, windowMs: 10_000), bandwidths: 250_000...499_999),
            // Digital modulation, 8 dBm in any 3 kHz.
            SubBand(
                "dts", [], 902_000_000...928_000_000, powerDbm: 30, .conducted, .none,
                bandwidths: 500_000...2_000_000),
        ])

    package static let au915 = LoRaRegion(
        "AU915", defaultHz: 916_800_000,
        source: "RP002-1.0.4 §2.8 (dwell time); ACMA LIPD class licence item 46",
        [
            SubBand(
                "au", [], 915_000_000...928_000_000, powerDbm: 30, .eirp,
                .frame(ms: 400, duty: 1))
        ])

    package static let as923 = LoRaRegion(
        "AS923", defaultHz: 923_200_000, source: "RP002-1.0.4 §2.10",
        [
            SubBand(
                "as", [], 915_000_000...928_000_000, powerDbm: 16, .eirp,
                .frame(ms: 400, duty: 0.01))
        ])

    package static let in865 = LoRaRegion(
        "IN865", defaultHz: 865_062_500, source: "WPC G.S.R. 564(E); RP002-1.0.4 §2.12",
        [SubBand("in", [], 865_000_000...867_000_000, powerDbm: 30, .eirp, .none)])

    package static let kr920 = LoRaRegion(
        "KR920", defaultHz: 922_100_000, source: "RP002-1.0.4 §2.11",
        [
            SubBand(
                "low", [], 920_800_000...922_000_000, powerDbm: 10, .eirp, .none,
                mustListenFirst: true),
            SubBand(
                "high", [], 922_000_000...923_400_000, powerDbm: 14, .eirp, .none,
                mustListenFirst: true),
        ])
}
