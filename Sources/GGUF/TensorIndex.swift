import JanusSystem
import Quant

/// The four parallel arrays `janus.tensors.*`: what GGUF's own tensor infos cannot say.
struct TensorIndex {
  let names: [String]
  private let formats: [String]
  private let shapes: [String]
  private let checksums: [String]

  init(_ metadata: Metadata, count: Int) throws(ContainerError) {
    func strings(_ key: String) throws(ContainerError) -> [String] {
      let array = try metadata.strings(key)
      guard array.count == count else {
        throw ContainerError(
          path: metadata.file.path,
          problem: .invalid(
            part: "metadata key '\(key)'", expected: "\(count) elements, one for each tensor",
            found: "\(array.count)"))
      }
      return try array.strings()
    }
    names = try strings(ContainerKey.tensorNames)
    formats = try strings(ContainerKey.tensorFormats)
    shapes = try strings(ContainerKey.tensorShapes)
    checksums = try strings(ContainerKey.tensorChecksums)
  }

  func layout(_ index: Int, part: String) throws(ContainerError.Problem) -> TensorLayout {
    guard let format = ElementFormat(rawValue: formats[index]) else {
      throw .invalid(
        part: "format of \(part)",
        expected: "one of " + ElementFormat.allCases.map(\.rawValue).joined(separator: ", "),
        found: "'\(printable(formats[index]))'")
    }
    guard let shape = TensorLayout.shape(parsing: shapes[index]) else {
      throw .invalid(
        part: "shape of \(part)", expected: "numbers separated by commas",
        found: "'\(printable(shapes[index]))'")
    }
    do {
      return try TensorLayout(format: format, shape: shape)
    } catch .invalid(_, let expected, let found) {
      throw .invalid(part: "shape of \(part)", expected: expected, found: found)
    }
  }

  func checksum(_ index: Int, part: String) throws(ContainerError.Problem) -> String {
    let text = checksums[index]
    let digits = Array("0123456789abcdef".utf8)
    guard text.utf8.count == 64, text.utf8.allSatisfy(digits.contains) else {
      throw .invalid(
        part: "checksum of \(part)", expected: "64 lower-case hexadecimal digits",
        found: "'\(printable(text))'")
    }
    return text
  }
}
