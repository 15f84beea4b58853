import GGUF
import JanusModelFile
import JanusSystem

/// The open file that weights point into. A network holds it, so that its weights stay valid.
package final class WeightFile: Sendable {
  let container: Container
  let levels: LevelTable

  package init(_ container: Container, levels: LevelTable) {
    self.container = container
    self.levels = levels
  }

  /// Bytes of the tensors of some parts.
  package func byteCount(of parts: Set<ModelPart>) -> Int {
    ranges(of: parts).reduce(0) { $0 + $1.count }
  }

  /// Advises the system with MADV_RANDOM not to read ahead in tables of which single rows are read.
  package func adviseRandomAccess(of parts: Set<ModelPart>) {
    for range in ranges(of: parts) { container.file.advise(.random, range) }
  }

  /// Gives back the pages of parts that are no longer needed, with MADV_DONTNEED. They stay in the
  /// system's page cache as long as nobody needs the room, so that using them again costs little.
  package func giveBack(_ parts: Set<ModelPart>) {
    for range in ranges(of: parts) { container.file.advise(.dontNeed, range) }
  }

  /// Where the tensors of some parts lie, neighbours in one range.
  private func ranges(of parts: Set<ModelPart>) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var isOpen = false
    for tensor in container.tensors {
      let belongs = parts.contains(ModelPart(tensor: tensor.name))
      if belongs, isOpen, let last = ranges.popLast() {
        ranges.append(last.lowerBound..<tensor.range.upperBound)
      } else if belongs {
        ranges.append(tensor.range)
      }
      isOpen = belongs
    }
    return ranges
  }
}
