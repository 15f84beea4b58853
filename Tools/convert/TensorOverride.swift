import JanusModelFile
import JanusSystem
import Quant

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `PATTERN=TYPE`: another format for the tensors whose names match.
public struct TensorOverride: Equatable, Sendable {
  /// A name of the file, in which `*` stands for any characters and `?` for one.
  public let pattern: String
  /// As it was given.
  let text: String
  private let type: String

  /// `int8` and `int4` stand for whichever of their layouts a tensor can have.
  private static let types: [(name: String, formats: [ElementFormat])] =
    [
      ("int8", [.int8Planes, .int8Panels, .q8Rows]), ("int4", [.int4CodedPanels, .int4Panels]),
    ] + ElementFormat.allCases.map { ($0.rawValue, [$0]) }

  /// Parses `PATTERN=TYPE`; throws `override` where it is none.
  public init(parsing text: String) throws(ConversionError) {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty,
      Self.types.contains(where: { $0.name == parts[1] })
    else {
      throw .override(
        text,
        problem: "expected PATTERN=TYPE with a TYPE of "
          + Self.types.map(\.name).joined(separator: ", "))
    }
    self.text = text
    pattern = String(parts[0])
    type = String(parts[1])
  }

  func matches(_ name: String) -> Bool { JanusConvert.matches(name, pattern: pattern) }

  /// The format for a tensor that matches; throws `override` where it cannot have it.
  func format(
    for tensor: TensorSpec, in quantization: Quantization
  ) throws(ConversionError) -> ElementFormat {
    let possible = tensor.role.formats.filter { format in
      format != .q8Rows || tensor.storedColumns.isMultiple(of: ElementFormat.blockColumns)
    }
    var wanted = Self.types.first { $0.name == type }?.formats ?? []
    // Of the layouts of int4 it is the recipe's.
    if wanted.count > 1, wanted[0].isInt4 { wanted = [quantization.int4Panels] }
    guard let format = wanted.first(where: possible.contains) else {
      throw .override(
        text,
        problem: "\(tensor.name) cannot be \(type), expected "
          + possible.map(\.rawValue).joined(separator: ", "))
    }
    return format
  }
}

/// Whether a name matches a shell pattern.
func matches(_ name: String, pattern: String) -> Bool { fnmatch(pattern, name, 0) == 0 }
