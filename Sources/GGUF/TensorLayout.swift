import JanusSystem
import Quant

extension ElementFormat {
  /// The first `janus.format_version` that has it.
  var formatVersion: Int { self == .int4CodedPanels || self == .int8Planes ? 2 : 1 }
}

/// How a tensor of a given shape is stored: its bytes, and what GGUF's tensor info says.
public struct TensorLayout: Equatable, Sendable {
  public let format: ElementFormat
  /// Logical shape, outermost dimension first: one to four dimensions.
  public let shape: [Int]
  public let byteCount: Int

  /// The matrix that is stored: a vector is one row, and of more than two dimensions the first is
  /// the rows and the rest, in row-major order, the columns.
  public var rows: Int { Self.matrix(of: shape).rows }
  public var columns: Int { Self.matrix(of: shape).columns }

  /// Throws where a dimension is below 1 or above `Limits.dimension`, or the size overflows.
  public init(format: ElementFormat, shape: [Int]) throws(ContainerError.Problem) {
    guard (1...Limits.dimensionCount).contains(shape.count),
      shape.allSatisfy({ (1...Limits.dimension).contains($0) })
    else {
      throw .invalid(
        part: "shape",
        expected: "1 to \(Limits.dimensionCount) dimensions of 1 to \(Limits.dimension)",
        found: "\(shape)")
    }
    do throws(SizeError) {
      // The whole product first: with it in range, no part of it can overflow.
      var count = 1
      for dimension in shape { count = try count.checkedMultiplying(by: dimension) }
      let (rows, columns) = Self.matrix(of: shape)
      byteCount = try format.byteCount(rows: rows, columns: columns)
    } catch {
      throw .invalid(part: "shape", expected: "a possible size", found: "\(error)")
    }
    self.format = format
    self.shape = shape
  }

  private static func matrix(of shape: [Int]) -> (rows: Int, columns: Int) {
    shape.count == 1 ? (1, shape[0]) : (shape[0], shape.dropFirst().reduce(1, *))
  }

  /// The type number that GGUF knows. Panels are bytes to it.
  var storageType: StorageType {
    switch format {
    case .f32: .f32
    case .bf16: .bf16
    case .q8Rows: .q8Rows
    case .int8Panels, .int4Panels, .int4CodedPanels, .int8Planes: .i8
    }
  }

  /// The dimensions as GGUF writes them, innermost first.
  var dimensions: [UInt64] {
    switch format {
    case .f32, .bf16, .q8Rows:
      return shape.reversed().map(UInt64.init)
    case .int8Panels, .int4Panels, .int4CodedPanels, .int8Planes:
      let panels = (rows - 1) / ElementFormat.panelRows + 1
      return [UInt64(byteCount / panels), UInt64(panels)]
    }
  }

  /// The shape as `janus.tensors.shape` holds it: "2048,5632".
  var shapeText: String { shape.map(String.init).joined(separator: ",") }

  /// The reverse of `shapeText`: decimal numbers without sign, blank or leading zero.
  static func shape(parsing text: String) -> [Int]? {
    var shape: [Int] = []
    for field in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard field.first != UInt8(ascii: "0"), field.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(Substring(field))
      else { return nil }
      shape.append(number)
    }
    return shape
  }
}
