/// The closed set of records that this release writes; everything else passes through untouched.
package enum RecordTypes {
    package static let all: [any Record.Type] = [
        PeerRecord.self,
        LinkRecord.self,
        RouteRecord.self,
        MatrixRecord.self,
        AnalysisRecord.self,
        ScenarioRecord.self,
        SimulationRecord.self,
        SimulationSampleRecord.self,
        PacketRecord.self,
        SendResultRecord.self,
        MetricsRecord.self,
        RelayEventRecord.self,
        JoinResultRecord.self,
        RouteEventRecord.self,
        AnnouncementRecord.self,
        MethodRecord.self,
        CheckRecord.self,
        ProbeRecord.self,
        HopRecord.self,
        FrameRecord.self,
        ReportRecord.self,
        DiffRecord.self,
        PathRecord.self,
        StatisticsRecord.self,
        AirtimeRecord.self,
        BudgetRecord.self,
        RadioRecord.self,
        LinkBudgetRecord.self,
        SummaryRecord.self,
        ErrorRecord.self,
        LogRecord.self,
        SettingRecord.self,
        UserEventRecord.self,
    ]

    package static var names: [String] { all.map { $0.type.description } }

    package static func named(_ name: String) -> (any Record.Type)? {
        all.first { $0.type.description == name }
    }
}
