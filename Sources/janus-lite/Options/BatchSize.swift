import ArgumentParser
import JanusRequests

/// How many pictures are painted at once.
enum BatchSize: ExpressibleByArgument {
  case auto
  case count(Int)

  static let limit = 1_024

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else if let count = Int(argument) {
      self = .count(count)
    } else {
      return nil
    }
  }

  /// How `number` pictures are painted.
  func waves(for number: Int, bytesPerPicture: Int) -> Waves {
    switch self {
    case .auto: Waves(for: number, bytesPerPicture: bytesPerPicture)
    case .count(let count): Waves(of: min(count, number), for: number)
    }
  }
}

extension Waves {
  /// What was chosen and why, for people to read.
  var statement: String {
    let what =
      "painting \(number) pictures, \(size) at once" + (count > 1 ? ", in \(count) waves" : "")
    return switch reason {
    case .asked, .all: what
    case .memory(let free):
      what + " (--batch auto: half of the \(Format.bytes(free)) that are free hold no more)"
    case .speed: what + " (--batch auto: more at once are no faster)"
    }
  }
}
