import JanusRequests

extension MemoryStatement {
  /// Prints the statement as the answer of a dry run.
  func print(json: Bool) throws(Failure) {
    if json {
      try JSONLine.print(["memory": self])
    } else {
      for line in lines { try StandardOutput.line(line) }
    }
  }

  /// The statement for people, with what each stage adds to the base.
  private var lines: [String] {
    let stages = stages.map { stage in
      "  \(Self.padded(stage.name)) weights \(Format.bytes(stage.weights)), "
        + "cache \(Format.bytes(stage.cache)), scratch \(Format.bytes(stage.scratch))"
    }
    let room = available.map { "; \(Format.bytes($0)) are available" } ?? ""
    return ["\(request): \(summary)"] + stages + [
      "  \(Self.padded("base")) \(Format.bytes(base))",
      "  \(Format.bytes(allocations)) of it cannot be evicted\(room)",
    ]
  }

  /// The peak and the stage that has it.
  var summary: String {
    let largest = stages.max {
      $0.weights + $0.cache + $0.scratch < $1.weights + $1.cache + $1.scratch
    }
    return "\(Format.bytes(peak)) at most" + (largest.map { ", in '\($0.name)'" } ?? "")
  }

  private static func padded(_ text: String) -> String {
    text + String(repeating: " ", count: max(1, 8 - text.count))
  }
}
