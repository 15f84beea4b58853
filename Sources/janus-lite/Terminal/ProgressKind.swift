import ArgumentParser

/// How progress is shown.
enum ProgressKind: String, CaseIterable, ExpressibleByArgument {
  /// A line that is written over on a terminal, lines elsewhere.
  case auto
  /// Lines.
  case plain
  case none

  /// Whether a line of the terminal is written over.
  var writesOver: Bool { self == .auto && StandardError.writesOver }
}

/// The option of commands whose work can be long.
struct ProgressOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How to show progress: auto, plain or none.", valueName: "kind"))
  var progress = ProgressKind.auto
}
