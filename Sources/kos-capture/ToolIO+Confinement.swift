import KosPcap
import KosTool

extension ToolIO {
    /// Gives up what reading strangers' packets does not need; `-o FILE` and `folders` can still be
    /// written.
    func confine(writing folders: [Int32?]) {
        let own = common.output.flatMap { Confinement.folder(of: $0) }
        let found = Confinement.enter(writing: (folders + [own]).compactMap { $0 })
        if !found.files { errors.note("this kernel cannot keep a process from files (Landlock)") }
        if !found.calls { errors.note("this kernel cannot keep a process from calls (seccomp)") }
    }
}
