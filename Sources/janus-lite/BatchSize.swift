import ArgumentParser
import JanusLite

/// How many pictures are painted at once.
enum BatchSize: ExpressibleByArgument {
  case auto
  case count(Int)

  /// Rows beyond these take as long as they are many: the weights are read once for all of them, and
  /// eight pictures already keep the multipliers busier than the memory.
  private static let mostWorthwhile = 8

  init?(argument: String) {
    if argument == "auto" {
      self = .auto
    } else if let count = Int(argument), (1...1_024).contains(count) {
      self = .count(count)
    } else {
      return nil
    }
  }

  /// Pictures a wave, so that all waves are about equally large and their caches fit into half of
  /// what the machine has free.
  func size(for number: Int, bytesPerPicture: Int) -> Int {
    switch self {
    case .count(let count): return min(count, number)
    case .auto:
      let room = AvailableMemory.bytes.map { $0 / 2 / max(1, bytesPerPicture) } ?? 1
      let most = max(1, min(Self.mostWorthwhile, room))
      let waves = (number + most - 1) / most
      return (number + waves - 1) / waves
    }
  }

  /// What was chosen, for people.
  func statement(of size: Int, for number: Int) -> String {
    let waves = (number + size - 1) / size
    var text = "painting \(number) pictures, \(size) at once"
    if waves > 1 { text += ", in \(waves) waves" }
    if case .auto = self, let free = AvailableMemory.bytes {
      text += " (--batch auto, with \(Format.bytes(free)) of memory free)"
    }
    return text
  }
}
