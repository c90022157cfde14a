import Crypto
import KosCore
import KosNet
import Testing

/// RFC 8785 by the files that its author publishes beside it (cyberphone/json-canonicalization):
/// each text comes to the octets that stand there, and numbers to the published digest.
@Suite struct CanonicalVectorTests {
    /// Name of the file, what goes in, what comes out.
    static let files: [(String, String, String)] = [
        (
            "arrays", #"[ 56, { "d": true, "10": null, "1": [ ] } ]"#,
            #"[56,{"1":[],"10":null,"d":true}]"#
        ),
        (
            "french",
            #"""
            { "peach": "This sorting order", "péché": "is wrong according to French",
              "pêche": "but canonicalization MUST", "sin": "ignore locale" }
            """#,
            #"{"peach":"This sorting order","péché":"is wrong according to French","#
                + #""pêche":"but canonicalization MUST","sin":"ignore locale"}"#
        ),
        (
            "structures",
            #"""
            { "1": {"f": {"f": "hi","F": 5} ,"\n": 56.0}, "10": { }, "": "empty", "a": { },
              "111": [ {"e": "yes","E": "no" } ], "A": { } }
            """#,
            #"{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"#
                + #""A":{},"a":{}}"#
        ),
        (
            "unicode", #"{ "Unnormalized Unicode": "A\u030a" }"#,
            "{\"Unnormalized Unicode\":\"A\u{030A}\"}"
        ),
        (
            "values",
            #"""
            { "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false] }
            """#,
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
                + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        ),
        (
            "weird",
            #"""
            { "\u20ac": "Euro Sign", "\r": "Carriage Return", "\u000a": "Newline", "1": "One",
              "\u0080": "Control\u007f", "\ud83d\ude02": "Smiley",
              "\u00f6": "Latin Small Letter O With Diaeresis",
              "\ufb33": "Hebrew Letter Dalet With Dagesh", "</script>": "Browser Challenge" }
            """#,
            #"{"\n":"Newline","\r":"Carriage Return","1":"One","</script>":"Browser Challenge","#
                + "\"\u{80}\":\"Control\u{7F}\",\"ö\":\"Latin Small Letter O With Diaeresis\","
                + "\"€\":\"Euro Sign\",\"😂\":\"Smiley\","
                + "\"\u{FB33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        ),
    ]

    @Test(arguments: files)
    func textsComeToTheirOctets(name: String, text: String, canonical: String) throws {
        let octets = CanonicalJSON.octets(of: try JSONValue(parsing: Array(text.utf8).span))
        #expect(octets == Array(canonical.utf8), "\(name)")
        // What is canonical stays as it is.
        let again = CanonicalJSON.octets(of: try JSONValue(parsing: octets.span))
        #expect(again == octets)
    }

    // MARK: Numbers

    /// The first values of the published sequence with their signs; it goes through them without
    /// signs afterwards.
    private static let signed: [UInt64] = [
        0xC466_9669_5DBD_1CC3, 0xC432_11ED_E497_4A35, 0xC3FC_E97C_A0F2_1056,
        0xC3C7_2130_80C1_A6AC, 0xC392_80F3_9A34_8556, 0xC35D_9B1F_5D20_D557,
        0xC327_AF4C_4A80_AAAC, 0xC2F2_F2A3_6ECD_5556, 0xC2BE_5105_7E15_5558,
        0xC288_40D1_31AA_AAAC, 0xC253_670D_C155_5557, 0xC21F_0B49_3555_5557,
        0xC1E8_D5D4_2AAA_AAAC, 0xC1B3_DE43_5555_5556, 0xC17F_CA05_5555_5556,
        0xC149_6E6A_AAAA_AAAB, 0xC114_5855_5555_5555, 0xC0E0_46AA_AAAA_AAAB,
        0xC0AA_0AAA_AAAA_AAAA, 0xC074_D555_5555_5555, 0xC040_AAAA_AAAA_AAAB,
        0xC00A_AAAA_AAAA_AAAB, 0xBFD5_5555_5555_5555, 0xBFA1_1111_1111_1111,
        0xBF6B_4E81_B4E8_1B4F, 0xBF35_D867_C3EC_E2A5, 0xBF01_79EC_9CBD_821E,
        0xBECB_F647_612F_3696, 0xBE96_5E9F_80F2_9212, 0xBE61_E54C_6728_74DB,
        0xBE2C_A213_D840_BAF8, 0xBDF6_E80F_E033_C8C6, 0xBDC2_533F_E68F_D3D2,
        0xBD8D_51FF_D74C_861C, 0xBD57_74CC_AC3D_3817, 0xBD22_C3D6_F030_F9AC,
        0xBCEE_0624_B381_8F79, 0xBCB8_04EA_2934_72C7, 0xBC83_3721_BA90_5BD3,
        0xBC4E_BE9C_5DB3_C61E, 0xBC18_987D_17C3_04E5, 0xBBE3_AD30_DFCF_371D,
        0xBBAF_7B81_6618_582F, 0xBB79_2F9A_B813_79BF, 0xBB44_2615_600F_9499,
        0xBB10_1E77_800C_76E1, 0xBAD9_CA58_CCE0_BE35, 0xBAA4_A1E0_A3E6_FE90,
        0xBA70_8180_831F_320D, 0xBA3A_68CD_9E98_5016,
    ]
    private static let edges: [UInt64] = [
        0x4024_0000_0000_0000, 0x4014_0000_0000_0000, 0x3FE0_0000_0000_0000,
        0x3FA9_9999_9999_999A, 0x3F74_7AE1_47AE_147B, 0x3F40_624D_D2F1_A9FC,
        0x3F0A_36E2_EB1C_432D, 0x3ED4_F8B5_88E3_68F1, 0x3EA0_C6F7_A0B5_ED8D,
        0x3E6A_D7F2_9ABC_AF48, 0x3E35_798E_E230_8C3A, 0x3ED5_3922_3589_FA95,
        0x3ED4_FF26_CD5A_7781, 0x3ED4_F95A_7622_83FF, 0x3ED4_F8C6_0703_520C,
        0x3ED4_F8B7_2F19_CD0D, 0x3ED4_F8B5_B31C_0C8D, 0x3ED4_F8B5_8D1C_461A,
        0x3ED4_F8B5_894F_7F0E, 0x3ED4_F8B5_88EE_37F3, 0x3ED4_F8B5_88E4_7DA4,
        0x3ED4_F8B5_88E3_849C, 0x3ED4_F8B5_88E3_6BB5, 0x3ED4_F8B5_88E3_6937,
        0x3ED4_F8B5_88E3_68F8, 0x3ED4_F8B5_88E3_68F1, 0x3FF0_0000_0000_0000,
        0xBFF0_0000_0000_0000, 0xBFEF_FFFF_FFFF_FFFA, 0xBFEF_FFFF_FFFF_FFFB,
        0x3FEF_FFFF_FFFF_FFFA, 0x3FEF_FFFF_FFFF_FFFB, 0x3FEF_FFFF_FFFF_FFFC,
        0x3FEF_FFFF_FFFF_FFFE, 0xBFEF_FFFF_FFFF_FFFF, 0xBFEF_FFFF_FFFF_FFFF,
        0x3FEF_FFFF_FFFF_FFFF, 0x3FEF_FFFF_FFFF_FFFF, 0x3FD3_3333_3333_3332,
        0x3FD3_3333_3333_3333, 0x3FD3_3333_3333_3334, 0x0010_0000_0000_0000,
        0x000F_FFFF_FFFF_FFFD, 0x000F_FFFF_FFFF_FFFF, 0x7FEF_FFFF_FFFF_FFFF,
        0xFFEF_FFFF_FFFF_FFFF, 0x4340_0000_0000_0000, 0xC340_0000_0000_0000,
        0x4430_0000_0000_0000, 0x44B5_2D02_C7E1_4AF5, 0x44B5_2D02_C7E1_4AF6,
        0x44B5_2D02_C7E1_4AF7, 0x444B_1AE4_D6E2_EF4E, 0x444B_1AE4_D6E2_EF4F,
        0x444B_1AE4_D6E2_EF50, 0x3EB0_C6F7_A0B5_ED8C, 0x3EB0_C6F7_A0B5_ED8D,
        0x41B3_DE43_5555_5553, 0x41B3_DE43_5555_5554, 0x41B3_DE43_5555_5555,
        0x41B3_DE43_5555_5556, 0x41B3_DE43_5555_5557, 0xBECB_F647_612F_3696,
        0x4314_3FF3_C1CB_0959,
    ]

    /// The bits of the sequence: known edges, two thousand of the smallest normal numbers, and then
    /// what a chain of SHA-256 holds, four doubles a digest.
    private static func sequence(_ count: Int) -> [UInt64] {
        var all: [UInt64] = [0, 1 << 63, 1, 1 << 63 | 1]
        all += signed + signed.map { $0 & ~(1 << 63) } + edges
        all += (0..<2000).map { 0x0010_0000_0000_0000 + $0 }
        var block = [UInt8](repeating: 0, count: 32)
        while all.count < count {
            block = Array(SHA256.hash(data: block))
            for start in stride(from: 0, to: 32, by: 8) {
                let bits = block[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
                let value = Double(bitPattern: bits)
                if value != 0, value.isFinite { all.append(bits) }
            }
        }
        return Array(all.prefix(count))
    }

    @Test(arguments: [
        (1000, "be18b62b6f69cdab33a7e0dae0d9cfa869fda80ddc712221570f9f40a5878687"),
        (10_000, "b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892"),
        (100_000, "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7"),
    ])
    func numbersComeToThePublishedDigest(lines: Int, digest: String) {
        var text: [UInt8] = []
        for bits in CanonicalVectorTests.sequence(lines) {
            text += String(bits, radix: 16).utf8
            text.append(0x2C)
            text += CanonicalJSON.octets(of: .number(Double(bitPattern: bits)))
            text.append(0x0A)
        }
        let found = SHA256.hash(data: text).map { octet in
            (octet < 16 ? "0" : "") + String(octet, radix: 16)
        }
        #expect(found.joined() == digest)
    }

    /// What is printed is read as what it was.
    @Test func numbersAreReadAsTheyWere() throws {
        for bits in CanonicalVectorTests.sequence(10_000) {
            let value = Double(bitPattern: bits)
            let octets = CanonicalJSON.octets(of: .number(value))
            #expect(try JSONValue(parsing: octets.span) == .number(value))
        }
    }
}
