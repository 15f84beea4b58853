import ArgumentParser
import JanusEngine
import JanusLite
import JanusMeasure
import JanusModelFile
import JanusSystem
import JanusWords

/// How many pictures are painted at once.
enum BatchSize: ExpressibleByArgument {
  case auto
  case count(Int)

  /// More at once are no faster: with eight pictures, reading the weights is already the smaller
  /// part of a step.
  private static let mostWorthwhile = 8

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

  /// How many pictures are painted at once, and how often, until all are done.
  struct Waves {
    let size: Int
    let count: Int
    /// What was chosen and why, for people to read.
    let statement: String

    fileprivate init(of size: Int, for number: Int, because reason: String?) {
      self.size = size
      count = (number + size - 1) / size
      statement =
        "painting \(number) pictures, \(size) at once" + (count > 1 ? ", in \(count) waves" : "")
        + (reason.map { " (--batch auto: \($0))" } ?? "")
    }
  }

  /// With `auto`, waves of about equal size whose caches fit into half of what the machine has free.
  func waves(for number: Int, bytesPerPicture: Int) -> Waves {
    if case .count(let count) = self {
      return Waves(of: min(count, number), for: number, because: nil)
    }
    // Where the system does not say what is free, the largest worthwhile number is used.
    let free = AvailableMemory.bytes ?? .max
    let room = max(1, free / 2 / max(1, bytesPerPicture))
    let most = min(Self.mostWorthwhile, room)
    let waves = (number + most - 1) / most
    let reason: String? =
      if number <= most {
        nil
      } else if room < Self.mostWorthwhile {
        "half of the \(Format.bytes(free)) that are free hold no more"
      } else {
        "more at once are no faster"
      }
    return Waves(of: (number + waves - 1) / waves, for: number, because: reason)
  }
}
