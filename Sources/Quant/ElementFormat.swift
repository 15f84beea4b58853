/// How the numbers of a tensor are stored.
///
/// The `panels` formats hold a matrix in the order in which the kernels read it: panels of 16 rows,
/// each a run of blocks of 32 columns. `docs/FORMAT.md` gives every byte.
public enum ElementFormat: String, CaseIterable, Sendable {
  /// IEEE binary32, row-major.
  case f32
  /// bfloat16 (the upper half of a binary32), row-major.
  case bf16
  /// Rows of blocks: one f16 scale and 32 int8 values (GGUF's Q8_0). For tables read row by row.
  case q8Rows = "q8_0"
  /// 8.5 bits a weight.
  case int8Panels = "int8-p16"
  /// 4.5 bits a weight.
  case int4Panels = "int4-p16"
  /// 4.25 bits a weight and 32 a row: the scale of a block is a code of 8 bits times its row's scale.
  case int4CodedPanels = "int4-c8-p16"

  /// 8.52 bits a weight, in two planes of which the first gives a product up to a bound: the text head.
  case int8Planes = "int8-p2-p16"

  /// Columns that share a scale in the quantised formats.
  public static let blockColumns = 32
  /// Rows of a panel.
  public static let panelRows = 16

  /// Whether it is stored in panels, for products with quantised activations.
  public var isPanels: Bool { self == .int8Panels || isInt4 }

  /// Whether a weight is one of sixteen levels before its scale.
  public var isInt4: Bool { self == .int4Panels || self == .int4CodedPanels }
}
