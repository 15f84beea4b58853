import SIMDKernels

/// What the command line asks for: `--isa NAME`, `--format int8|int4`, `--tokens 1,8`,
/// `--threads 1,2`, `--rows N --columns K`, `--seconds S` (the time each measurement may take).
struct Arguments {
  var tiers = InstructionSet.available.map(\.rawValue)
  var formats = ["int8", "int4"]
  var tokens = [1, 2, 8, 32, 64, 576]
  var threads = [1, 2]
  var shapes = [(2048, 2048), (5632, 2048), (2048, 5632), (102_400, 2048)]
  var seconds = 0.3

  struct Unusable: Error, CustomStringConvertible {
    let description: String
  }

  init(_ words: some Sequence<String>) throws {
    var rest = words.makeIterator()
    while let option = rest.next() {
      guard let value = rest.next() else { throw Unusable(description: "\(option): no value") }
      switch option {
      case "--isa": tiers = [value]
      case "--format": formats = [value]
      case "--tokens": tokens = try Self.numbers(value)
      case "--threads": threads = try Self.numbers(value)
      case "--rows": shapes = [(try Self.numbers(value)[0], shapes[0].1)]
      case "--columns": shapes = [(shapes[0].0, try Self.numbers(value)[0])]
      case "--seconds": seconds = Double(value) ?? seconds
      default: throw Unusable(description: "\(option): unknown option")
      }
    }
  }

  private static func numbers(_ list: String) throws -> [Int] {
    let numbers = list.split(separator: ",").compactMap { Int($0) }.filter { $0 > 0 }
    guard !numbers.isEmpty else {
      throw Unusable(description: "'\(list)': expected positive numbers with commas between")
    }
    return numbers
  }
}
