import JanusSystem

/// How many pictures are painted at once, and how often, until all are done.
package struct Waves: Equatable, Sendable {
  /// Why so many.
  package enum Reason: Equatable, Sendable {
    /// Somebody asked for it.
    case asked
    /// They are all.
    case all
    /// Half of the free memory, in bytes, holds no more.
    case memory(free: Int)
    /// More at once would be no faster.
    case speed
  }

  /// Pictures of a wave.
  package let size: Int
  package let count: Int
  /// Pictures in all.
  package let number: Int
  package let reason: Reason

  /// More at once are no faster: with eight pictures, reading the weights is already the smaller
  /// part of a step.
  private static let mostWorthwhile = 8

  /// Waves of a given size.
  package init(of size: Int, for number: Int) {
    self.init(size: size, number: number, reason: .asked)
  }

  /// Waves of about equal size whose caches fit into half of what the machine has free.
  package init(
    for number: Int, bytesPerPicture: Int, free: Int? = AvailableMemory.bytes
  ) {
    // Where the system does not say what is free, the largest worthwhile number is used.
    let free = free ?? .max
    let room = max(1, free / 2 / max(1, bytesPerPicture))
    let most = min(Self.mostWorthwhile, room)
    let waves = (number + most - 1) / most
    let reason: Reason =
      number <= most ? .all : room < Self.mostWorthwhile ? .memory(free: free) : .speed
    self.init(size: (number + waves - 1) / waves, number: number, reason: reason)
  }

  /// Waves of at most this size for fewer pictures.
  package func cut(to number: Int) -> Waves {
    Waves(size: min(size, number), number: number, reason: number <= size ? .all : reason)
  }

  private init(size: Int, number: Int, reason: Reason) {
    self.size = size
    count = (number + size - 1) / size
    self.number = number
    self.reason = reason
  }
}
